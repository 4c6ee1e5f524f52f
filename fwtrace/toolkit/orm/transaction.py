"""Transactions, under the names of ``django.db.transaction``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ContextDecorator
from inspect import iscoroutinefunction
from types import TracebackType
from typing import Any

from fwtrace.toolkit.orm.database import get_database
from fwtrace.toolkit.orm.exceptions import TransactionManagementError
from fwtrace.toolkit.orm.tasks import OwnThread, in_thread, is_in_block

__all__ = [
    "Atomic",
    "TransactionManagementError",
    "atomic",
    "commit",
    "get_autocommit",
    "get_rollback",
    "on_commit",
    "rollback",
    "savepoint",
    "savepoint_commit",
    "savepoint_rollback",
    "set_autocommit",
    "set_rollback",
]


class Atomic(ContextDecorator):
    """A block of statements of which all count, or none; it may be entered again.

    With ``async with``, or around a coroutine function, its statements are those of the
    asynchronous methods, and run in a thread that is the block's alone.
    """

    def __init__(self, using: str, savepoint: bool, durable: bool) -> None:
        self.using = using
        self.savepoint = savepoint
        self.durable = durable
        self._entered: list[tuple[AbstractContextManager[None], OwnThread | None]] = []

    def __call__(self, function: Callable[..., Any]) -> Any:
        if not iscoroutinefunction(function):
            return super().__call__(function)
        from functools import wraps

        @wraps(function)
        async def inner(*args: Any, **kwargs: Any) -> Any:
            async with self._recreate_cm():
                return await function(*args, **kwargs)

        return inner

    def _recreate_cm(self) -> Atomic:
        """Each call of a decorated function has a block of its own."""
        return Atomic(self.using, self.savepoint, self.durable)

    def _block(self) -> AbstractContextManager[None]:
        return get_database(self.using).atomic(self.savepoint, self.durable)

    def __enter__(self) -> None:
        block = self._block()
        block.__enter__()
        self._entered.append((block, None))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        block, _ = self._entered.pop()
        return block.__exit__(kind, error, traceback)

    async def __aenter__(self) -> None:
        own = None
        if not is_in_block() and OwnThread.current() is None:
            own = OwnThread()
            own.enter()
        block = self._block()
        try:
            await in_thread(block.__enter__)
        except BaseException:
            if own is not None:
                own.end()
            raise
        self._entered.append((block, own))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        import asyncio

        block, own = self._entered.pop()
        try:
            # A cancelled task still ends its transaction.
            ended = asyncio.ensure_future(
                in_thread(block.__exit__, kind, error, traceback)
            )
            return await asyncio.shield(ended)
        finally:
            if own is not None:
                own.end()


def atomic(
    using: str | Callable[..., Any] | None = None,
    savepoint: bool = True,
    durable: bool = False,
) -> Any:
    """All statements of the ``with`` or ``async with`` block, or of the function that
    it decorates, or none of them: :meth:`Database.atomic`."""
    if callable(using):
        return Atomic("default", savepoint, durable)(using)
    return Atomic(using or "default", savepoint, durable)


def on_commit(
    func: Callable[[], Any], using: str | None = None, robust: bool = False
) -> None:
    """Call the function once the outermost block has committed: see
    :meth:`Database.on_commit`."""
    get_database(using or "default").on_commit(func, robust)


def savepoint(using: str | None = None) -> str | None:
    """Set a savepoint; its name, or None where there is no transaction."""
    return get_database(using or "default").savepoint()


def savepoint_commit(sid: str | None, using: str | None = None) -> None:
    """Forget the savepoint, keeping what was done since."""
    get_database(using or "default").savepoint_commit(sid)


def savepoint_rollback(sid: str | None, using: str | None = None) -> None:
    """Undo what was done since the savepoint."""
    get_database(using or "default").savepoint_rollback(sid)


def commit(using: str | None = None) -> None:
    """End a transaction that autocommit being off has begun."""
    get_database(using or "default").commit()


def rollback(using: str | None = None) -> None:
    """Undo the transaction that autocommit being off has begun."""
    get_database(using or "default").rollback()


def get_autocommit(using: str | None = None) -> bool:
    """Whether each statement outside of ``atomic`` counts at once."""
    return get_database(using or "default").get_autocommit()


def set_autocommit(autocommit: bool, using: str | None = None) -> None:
    """Off, a statement begins a transaction that goes on until ``commit``."""
    get_database(using or "default").set_autocommit(autocommit)


def get_rollback(using: str | None = None) -> bool:
    """Whether the innermost block will be rolled back at its end."""
    return get_database(using or "default").get_rollback()


def set_rollback(rollback: bool, using: str | None = None) -> None:
    """Have the innermost block rolled back at its end, or not any more."""
    get_database(using or "default").set_rollback(rollback)
