"""What is announced, for all who listen: they wait on one condition."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

__all__ = ["Announcement", "Feed"]


@dataclass(frozen=True, slots=True)
class Announcement:
    """``number`` counts from 1; ``kind`` is what happened to the item."""

    number: int
    kind: str
    item: int


class Feed:
    """The newest announcements, and those to come."""

    def __init__(self, kept: int = 100) -> None:
        self.count = 0
        self._kept: deque[Announcement] = deque(maxlen=kept)
        self._changed = asyncio.Condition()

    async def announce(self, kind: str, item: int) -> None:
        self.count += 1
        self._kept.append(Announcement(self.count, kind, item))
        async with self._changed:
            self._changed.notify_all()

    async def after(self, number: int) -> AsyncIterator[Announcement]:
        """All after this number, without an end."""
        while True:
            for announcement in [each for each in self._kept if each.number > number]:
                number = announcement.number
                yield announcement
            async with self._changed:
                while self.count <= number:
                    await self._changed.wait()
