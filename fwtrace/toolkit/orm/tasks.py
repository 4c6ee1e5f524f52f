"""asyncio: in which thread the statements of a task run.

The drivers block, so the asynchronous methods run in threads, and each thread has a
connection of its own. The statements of an ``async with atomic()`` run in a thread that
is the block's alone, and that is how they share a transaction with nobody else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = [
    "OwnThread",
    "async_form",
    "block_of_task",
    "in_thread",
    "is_in_block",
    "running_task",
]

block_of_task: ContextVar[Any] = ContextVar("fwtrace_orm_block_of_task", default=None)
"""The task that has entered a ``with atomic()``: its statements run where it runs."""


def running_task() -> Any:
    """The asyncio task that is running in this thread, or None."""
    asyncio = sys.modules.get("asyncio")  # unless it is imported, there is no task
    if asyncio is None or asyncio._get_running_loop() is None:
        return None
    return asyncio.current_task()


class OwnThread:
    """A thread for the statements of one task, and of those that it starts."""

    _current: ContextVar[OwnThread | None] = ContextVar("fwtrace_orm_thread")

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._executor: Executor | None = ThreadPoolExecutor(1, "fwtrace-orm")

    @classmethod
    def current(cls) -> OwnThread | None:
        """The one that this task has entered."""
        found = cls._current.get(None)
        return found if found is not None and found._executor is not None else None

    def enter(self) -> None:
        """From here on, all of the task's statements run in it, until it ends."""
        self._current.set(self)

    def end(self) -> None:
        """Its connections close with it."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False)

    async def call(self, function: Callable[..., Any], *args: Any) -> Any:
        return await _call(self._executor, partial(function, *args))


async def in_thread(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call the function where the statements of the running task are to run."""
    if is_in_block():
        return function(*args, **options)
    own = OwnThread.current()
    call = partial(function, *args, **options)
    return await (_call(None, call) if own is None else own.call(call))


def async_form(name: str) -> Any:
    """The method ``a<name>`` that awaits the method of that name."""

    async def method(self: Any, *args: Any, **options: Any) -> Any:
        return await in_thread(getattr(self, name), *args, **options)

    method.__name__ = method.__qualname__ = f"a{name}"
    method.__doc__ = f"As :meth:`{name}`, awaited."
    return method


def is_in_block() -> bool:
    """Whether this task has entered a ``with atomic()``, in the thread it runs in."""
    task = running_task()
    return task is not None and block_of_task.get() is task


async def _call(executor: Executor | None, call: Callable[[], Any]) -> Any:
    import asyncio

    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(executor, copy_context().run, call)
