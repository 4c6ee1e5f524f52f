"""``atomic`` as context manager and as decorator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ContextDecorator
from types import TracebackType
from typing import Any

from fwtrace.toolkit.orm.database import get_database

__all__ = ["Atomic"]


class Atomic(ContextDecorator):
    """A block of statements of which all count, or none; it may be entered again."""

    def __init__(self, using: str, savepoint: bool, durable: bool) -> None:
        self.using = using
        self.savepoint = savepoint
        self.durable = durable
        self._entered: list[AbstractContextManager[None]] = []

    def __call__(self, function: Callable[..., Any]) -> Any:
        return super().__call__(function)

    def _recreate_cm(self) -> Atomic:
        """Each call of a decorated function has a block of its own."""
        return Atomic(self.using, self.savepoint, self.durable)

    def __enter__(self) -> None:
        block = get_database(self.using).atomic(self.savepoint, self.durable)
        block.__enter__()
        self._entered.append(block)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return self._entered.pop().__exit__(kind, error, traceback)
