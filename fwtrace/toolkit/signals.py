"""Signals: something happened, and whoever connected hears of it (project 4).

``send`` takes no lock: the connections are an immutable tuple that is replaced as a
whole, so receivers may connect and disconnect while a signal is being sent.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any, TypeVar, overload

__all__ = ["Connection", "Signal", "receiver"]

F = TypeVar("F", bound=Callable[..., Any])

logger = logging.getLogger("fwtrace.signals")


class Connection:
    """One receiver's wish to hear a signal, from one sender or from any (None)."""

    __slots__ = ("_ref", "_sender", "is_async", "uid")

    def __init__(
        self,
        receiver: Callable[..., Any],
        sender: Any,
        uid: Any,
        ref: Callable[[], Any],
    ) -> None:
        self.uid = (uid,) if uid is not None else _identity(receiver)
        self.is_async = _is_async(receiver)
        self._ref = ref
        self._sender = _reference(sender)

    @property
    def receiver(self) -> Any:
        """The receiver; None once it was garbage-collected."""
        return self._ref()

    @property
    def sender(self) -> Any:
        """The only sender it listens to; None for any."""
        return self._sender()

    def wants(self, sender: Any) -> bool:
        # A sender that died is None too, and must not be taken for a send from None.
        wanted = self._sender
        return wanted is _anyone or (sender is not None and wanted() is sender)

    def is_for(self, uid: tuple[Any, ...], sender: Any) -> bool:
        return (
            self.uid == uid
            and self.wants(sender)
            and (sender is not None or self._sender is _anyone)
        )


_CO_COROUTINE = 128


def _is_async(receiver: Any) -> bool:
    """Whether calling it gives something to await."""
    receiver = getattr(receiver, "__wrapped__", receiver)
    function = getattr(receiver, "__func__", receiver)
    code = getattr(function, "__code__", None)
    if code is None:
        code = getattr(getattr(type(receiver), "__call__", None), "__code__", None)  # noqa: B004
    return code is not None and bool(code.co_flags & _CO_COROUTINE)


def _run(coroutine: Any) -> Any:
    """Its result, from a loop of its own: in a thread, where this one has a loop."""
    import asyncio
    import contextvars

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    results: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(coroutine))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,))
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _anyone() -> None:
    """The sender of a connection that listens to all."""


def _reference(sender: Any) -> Callable[[], Any]:
    if sender is None:
        return _anyone
    try:
        return weakref.ref(sender)
    except TypeError:
        return lambda: sender


def _identity(receiver: Callable[..., Any]) -> tuple[Any, ...]:
    """Two bound methods of one object are one receiver, though not one object."""
    if isinstance(receiver, MethodType):
        return (id(receiver.__self__), id(receiver.__func__))
    return (id(receiver),)


_Group = tuple[Callable[[], Any], tuple[Callable[[], Any], ...]]


class Signal:
    """An event that others may listen to; ``name`` is how traces call it."""

    def __init__(self, name: str = "", use_caching: bool = False) -> None:
        """``use_caching`` is Django's; here what a sender reaches is always kept."""
        self.name = name
        self.use_caching = use_caching
        self.connections: tuple[Connection, ...] = ()
        self._lock = threading.Lock()
        self._general: tuple[Callable[[], Any], ...] = ()
        """Receivers of any sender, as references."""
        self._of_sender: dict[int, _Group] = {}
        """Receivers of senders that somebody asked for by name, by their ids."""
        self._has_async = False

    def __repr__(self) -> str:
        return f"<Signal {self.name!r}>" if self.name else f"<Signal at {id(self):#x}>"

    def _set(self, connections: tuple[Connection, ...]) -> None:
        """Take these connections, and work out whom each sender reaches."""
        asked = {id(c.sender): c._sender for c in connections if c.sender is not None}
        groups = {}
        for key, reference in asked.items():
            sender = reference()
            refs = tuple(c._ref for c in connections if c.wants(sender))
            groups[key] = (reference, refs)
        self.connections = connections
        self._general = tuple(c._ref for c in connections if c._sender is _anyone)
        self._has_async = any(c.is_async for c in connections)
        self._of_sender = groups

    @overload
    def connect(
        self,
        receiver: F,
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> F: ...

    @overload
    def connect(
        self,
        receiver: None = None,
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> Callable[[F], F]: ...

    def connect(
        self,
        receiver: Callable[..., Any] | None = None,
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> Any:
        """Call ``receiver(sender=..., **named)`` for each :meth:`send`.

        signal.connect(receiver)      @signal.connect      @signal.connect(sender=User)

        The receiver is held weakly unless ``weak`` is false. Connecting it twice, or
        two with one ``dispatch_uid``, is connecting once. Returns the receiver.
        """
        if receiver is None:
            return lambda function: self.connect(function, sender, weak, dispatch_uid)
        if not callable(receiver):
            raise TypeError(f"A receiver is called: {receiver!r} cannot be.")
        made = Connection(receiver, sender, dispatch_uid, self._refer(receiver, weak))
        with self._lock:
            alive = self._alive()
            if not any(each.is_for(made.uid, sender) for each in alive):
                alive = (*alive, made)
            self._set(alive)
        return receiver

    def _refer(self, receiver: Callable[..., Any], weak: bool) -> Callable[[], Any]:
        if not weak:
            return lambda: receiver
        if isinstance(receiver, MethodType):
            return weakref.WeakMethod(receiver, self._forget)
        return weakref.ref(receiver, self._forget)

    def _alive(self) -> tuple[Connection, ...]:
        return tuple(c for c in self.connections if c._ref() is not None)

    def _forget(self, ref: Any) -> None:
        """A receiver died, perhaps while its own thread holds the lock: whoever holds
        it now, or connects next, sorts it out then."""
        if self._lock.acquire(blocking=False):
            try:
                self._set(self._alive())
            finally:
                self._lock.release()

    def disconnect(
        self,
        receiver: Callable[..., Any] | None = None,
        sender: Any = None,
        dispatch_uid: Any = None,
    ) -> bool:
        """Undo a :meth:`connect` of the same arguments; whether there was one."""
        if dispatch_uid is not None:
            uid: tuple[Any, ...] = (dispatch_uid,)
        elif receiver is not None:
            uid = _identity(receiver)
        else:
            raise TypeError("disconnect() needs the receiver or its dispatch_uid.")
        with self._lock:
            alive = self._alive()
            kept = tuple(c for c in alive if not c.is_for(uid, sender))
            self._set(kept)
            found = len(kept) < len(alive)
        return found

    def has_listeners(self, sender: Any = None) -> bool:
        """Whether a send from this sender would reach anyone."""
        return bool(self.connections) and bool(self.receivers_for(sender))

    def receivers_for(self, sender: Any) -> list[Callable[..., Any]]:
        """The live receivers that listen to this sender, in order of connection."""
        refs = self._general
        if self._of_sender and sender is not None:
            group = self._of_sender.get(id(sender))
            # An id may be another's by now, whose predecessor died.
            if group is not None and group[0]() is sender:
                refs = group[1]
        return [found for ref in refs if (found := ref()) is not None]

    def send(self, sender: Any = None, **named: Any) -> list[tuple[Any, Any]]:
        """Call each receiver; ``[(receiver, what it returned)]``.

        What a receiver raises comes out, and the rest are not called. Asynchronous
        receivers run together, after the others, in a loop of their own.
        """
        if not self.connections:
            return []
        receivers = self.receivers_for(sender)
        if self._has_async:
            return self._send_mixed(receivers, False, sender, named)
        return [
            (receiver, receiver(sender=sender, signal=self, **named))
            for receiver in receivers
        ]

    def send_robust(self, sender: Any = None, **named: Any) -> list[tuple[Any, Any]]:
        """As :meth:`send`; an Exception is logged and given in place of a result."""
        if not self.connections:
            return []
        receivers = self.receivers_for(sender)
        if self._has_async:
            return self._send_mixed(receivers, True, sender, named)
        return [
            (receiver, self._try(receiver, sender, named)) for receiver in receivers
        ]

    def _try(self, receiver: Any, sender: Any, named: dict[str, Any]) -> Any:
        try:
            return receiver(sender=sender, signal=self, **named)
        except Exception as error:
            return self._failed(receiver, error)

    def _failed(self, receiver: Any, error: Exception) -> Exception:
        logger.exception("Receiver %r of %r failed", receiver, self)
        return error

    def _send_mixed(
        self, receivers: list[Any], robust: bool, sender: Any, named: dict[str, Any]
    ) -> list[tuple[Any, Any]]:
        plain = [each for each in receivers if not _is_async(each)]
        waiting = [each for each in receivers if _is_async(each)]
        call = self._try if robust else self._call
        responses = [(each, call(each, sender, named)) for each in plain]
        if waiting:
            gathered = self._gather(waiting, robust, sender, named)
            responses += zip(waiting, _run(gathered), strict=True)
        return responses

    def _call(self, receiver: Any, sender: Any, named: dict[str, Any]) -> Any:
        return receiver(sender=sender, signal=self, **named)

    async def _gather(
        self, receivers: list[Any], robust: bool, sender: Any, named: dict[str, Any]
    ) -> list[Any]:
        """What asynchronous receivers return, run together."""
        import asyncio

        async def one(receiver: Any) -> Any:
            try:
                return await receiver(sender=sender, signal=self, **named)
            except Exception as error:
                if not robust:
                    raise
                return self._failed(receiver, error)

        return await asyncio.gather(*map(one, receivers))

    async def asend(self, sender: Any = None, **named: Any) -> list[tuple[Any, Any]]:
        """As :meth:`send`, awaited: other receivers run in a thread."""
        return await self._asend(False, sender, named)

    async def asend_robust(
        self, sender: Any = None, **named: Any
    ) -> list[tuple[Any, Any]]:
        """As :meth:`send_robust`, awaited."""
        return await self._asend(True, sender, named)

    async def _asend(
        self, robust: bool, sender: Any, named: dict[str, Any]
    ) -> list[tuple[Any, Any]]:
        if not self.connections:
            return []
        import asyncio

        receivers = self.receivers_for(sender)
        plain = [each for each in receivers if not _is_async(each)]
        waiting = [each for each in receivers if _is_async(each)]
        call = self._try if robust else self._call

        def call_all() -> list[Any]:
            return [call(each, sender, named) for each in plain]

        first = await asyncio.to_thread(call_all) if plain else []
        then = await self._gather(waiting, robust, sender, named)
        return [*zip(plain, first, strict=True), *zip(waiting, then, strict=True)]

    @contextmanager
    def connected_to(
        self, receiver: Callable[..., Any], sender: Any = None
    ) -> Iterator[None]:
        """Connect for the length of a ``with`` block."""
        self.connect(receiver, sender, weak=False)
        try:
            yield
        finally:
            self.disconnect(receiver, sender)


def receiver(signal: Signal | Iterable[Signal], **options: Any) -> Callable[[F], F]:
    """Decorator: connect the function to a signal, or to several."""
    signals = (signal,) if isinstance(signal, Signal) else tuple(signal)

    def connect(function: F) -> F:
        for each in signals:
            each.connect(function, **options)
        return function

    return connect
