"""From one task to another, a message at a time: far cheaper than anyio's streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fwtrace.toolkit.asgi.types import Message

if TYPE_CHECKING:
    from anyio import Event

__all__ = ["Pipe"]


class Pipe:
    """Holds one message; who is too early waits. Either side may close it."""

    __slots__ = ("_changed", "_is_closed", "_message")

    def __init__(self) -> None:
        self._message: Message | None = None
        self._is_closed = False
        # One event is enough: there is never something to wait for on both sides.
        self._changed: Event | None = None

    async def put(self, message: Message) -> bool:
        """Hand the message over; False where nobody will take it any more."""
        while self._message is not None and not self._is_closed:
            await self._wait()
        if self._is_closed:
            return False
        self._message = message
        self._notify()
        return True

    async def take(self) -> Message | None:
        """The next message; None where there will be none."""
        while self._message is None:
            if self._is_closed:
                return None
            await self._wait()
        message, self._message = self._message, None
        self._notify()
        return message

    def close(self) -> None:
        self._is_closed = True
        self._notify()

    async def _wait(self) -> None:
        from anyio import Event

        if self._changed is None:
            self._changed = Event()
        await self._changed.wait()

    def _notify(self) -> None:
        changed, self._changed = self._changed, None
        if changed is not None:
            changed.set()
