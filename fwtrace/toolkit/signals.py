"""Signals: something happened, and whoever connected hears of it (project 4).

``send`` takes no lock: the connections are an immutable tuple that is replaced as a
whole, so receivers may connect and disconnect while a signal is being sent.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any, TypeVar, overload

__all__ = ["Connection", "Signal"]

F = TypeVar("F", bound=Callable[..., Any])

logger = logging.getLogger("fwtrace.signals")


class Connection:
    """One receiver's wish to hear a signal, from one sender or from any (None)."""

    __slots__ = ("_ref", "_sender", "uid")

    def __init__(
        self,
        receiver: Callable[..., Any],
        sender: Any,
        uid: Any,
        ref: Callable[[], Any],
    ) -> None:
        self.uid = (uid,) if uid is not None else _identity(receiver)
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


class Signal:
    """An event that others may listen to; ``name`` is how traces call it."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.connections: tuple[Connection, ...] = ()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Signal {self.name!r}>" if self.name else f"<Signal at {id(self):#x}>"

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
            self.connections = alive
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
                self.connections = self._alive()
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
            self.connections = kept
            found = len(kept) < len(alive)
        return found

    def has_listeners(self, sender: Any = None) -> bool:
        """Whether a send from this sender would reach anyone."""
        return bool(self.connections) and bool(self.receivers_for(sender))

    def receivers_for(self, sender: Any) -> list[Callable[..., Any]]:
        """The live receivers that listen to this sender, in order of connection."""
        found = []
        for connection in self.connections:
            wanted = connection._sender
            if wanted is _anyone or (sender is not None and wanted() is sender):
                receiver = connection._ref()
                if receiver is not None:
                    found.append(receiver)
        return found

    def send(self, sender: Any = None, **named: Any) -> list[tuple[Any, Any]]:
        """Call each receiver; ``[(receiver, what it returned)]``.

        What a receiver raises comes out, and the rest are not called.
        """
        if not self.connections:
            return []
        return [
            (receiver, receiver(sender=sender, signal=self, **named))
            for receiver in self.receivers_for(sender)
        ]

    def send_robust(self, sender: Any = None, **named: Any) -> list[tuple[Any, Any]]:
        """As :meth:`send`; an Exception is logged and given in place of a result."""
        responses = []
        for receiver in self.receivers_for(sender):
            try:
                response = receiver(sender=sender, signal=self, **named)
            except Exception as error:
                logger.exception("Receiver %r of %r failed", receiver, self)
                response = error
            responses.append((receiver, response))
        return responses

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
