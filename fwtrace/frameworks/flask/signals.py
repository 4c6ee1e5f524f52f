"""The signals of an app, with blinker's calling form: ``receiver(sender, **named)``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fwtrace.toolkit import signals as toolkit

__all__ = [
    "ANY",
    "Namespace",
    "NamedSignal",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "got_request_exception",
    "message_flashed",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "template_rendered",
]

ANY: Any = None
"""The sender of a receiver that listens to all."""


class NamedSignal(toolkit.Signal):
    """A signal of a namespace. Its receivers take the sender as their first argument.

    connect(receiver), connect(receiver, sender=app), @signal.connect_via(app),
    with signal.connected_to(receiver, app): ...
    """

    def connect(  # type: ignore[override]
        self, receiver: Any, sender: Any = ANY, weak: bool = True
    ) -> Any:
        return super().connect(receiver, sender, weak)

    def connect_via(self, sender: Any, weak: bool = False) -> Callable[[Any], Any]:
        """Decorator: listen to this sender."""
        return lambda receiver: self.connect(receiver, sender, weak)

    def disconnect(  # type: ignore[override]
        self, receiver: Any, sender: Any = ANY
    ) -> None:
        super().disconnect(receiver, sender)

    def has_receivers_for(self, sender: Any) -> bool:
        return self.has_listeners(sender)

    def __bool__(self) -> bool:
        return bool(self.connections)

    @property
    def receivers(self) -> dict[int, Any]:
        return {id(c.receiver): c.receiver for c in self.connections}

    def send(
        self,
        sender: Any = None,
        *,
        _async_wrapper: Callable[[Any], Any] | None = None,
        **named: Any,
    ) -> list[tuple[Any, Any]]:
        """Call each receiver; ``[(receiver, what it returned)]``. ``_async_wrapper``
        makes a function of one that is asynchronous."""
        if not self.connections:
            return []
        return [
            (
                receiver,
                (_async_wrapper(receiver) if _async_wrapper else receiver)(
                    sender, **named
                ),
            )
            for receiver in self.receivers_for(sender)
        ]

    async def send_async(
        self,
        sender: Any = None,
        *,
        _sync_wrapper: Callable[[Any], Any] | None = None,
        **named: Any,
    ) -> list[tuple[Any, Any]]:
        """The same, awaiting what receivers return."""
        from inspect import isawaitable

        found = []
        for receiver in self.receivers_for(sender):
            answer = (_sync_wrapper(receiver) if _sync_wrapper else receiver)(
                sender, **named
            )
            found.append((receiver, await answer if isawaitable(answer) else answer))
        return found

    @contextmanager
    def connected_to(self, receiver: Any, sender: Any = ANY) -> Iterator[None]:
        """Connect for the length of a ``with`` block."""
        with super().connected_to(receiver, sender):
            yield

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Nobody hears of it within the ``with`` block."""
        connections, self.connections = self.connections, ()
        try:
            yield
        finally:
            self.connections = connections


class Namespace(dict[str, NamedSignal]):
    """Signals by their names; ``signal(name)`` makes one that is new."""

    def signal(self, name: str, doc: str | None = None) -> NamedSignal:
        found = self.get(name)
        if found is None:
            found = self[name] = NamedSignal(name)
            if doc:
                found.__doc__ = doc
        return found


_signals = Namespace()

template_rendered = _signals.signal("template-rendered")
before_render_template = _signals.signal("before-render-template")
request_started = _signals.signal("request-started")
request_finished = _signals.signal("request-finished")
request_tearing_down = _signals.signal("request-tearing-down")
got_request_exception = _signals.signal("got-request-exception")
appcontext_tearing_down = _signals.signal("appcontext-tearing-down")
appcontext_pushed = _signals.signal("appcontext-pushed")
appcontext_popped = _signals.signal("appcontext-popped")
message_flashed = _signals.signal("message-flashed")
