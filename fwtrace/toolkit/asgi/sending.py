"""A ``send`` that knows whether the response has begun."""

from __future__ import annotations

from collections.abc import Awaitable

from fwtrace.toolkit.asgi.types import Message, Send

__all__ = ["Sender", "as_sender"]


class Sender:
    """Passes on what is sent; ``has_started`` once the response has a status."""

    __slots__ = ("has_started", "send")

    def __init__(self, send: Send) -> None:
        self.send = send
        self.has_started = False

    # No coroutine of its own: it would cost one for each message.
    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.has_started = True
        return self.send(message)


def as_sender(send: Send) -> Sender:
    """The same, where an outer layer has made it one."""
    return send if type(send) is Sender else Sender(send)
