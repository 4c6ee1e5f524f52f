"""Between coroutines and threads."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import TracebackType
from typing import Any, TypeVar

from fwtrace.frameworks.fastapi.exceptions import FastAPIDeprecationWarning
from fwtrace.toolkit.asgi.concurrency import iterate_in_threadpool, run_in_threadpool

__all__ = [
    "contextmanager_in_threadpool",
    "iterate_in_threadpool",
    "run_in_threadpool",
    "run_until_first_complete",
]

T = TypeVar("T")


class _InThreads(AbstractAsyncContextManager[T, bool]):
    def __init__(self, manager: AbstractContextManager[T, bool | None]) -> None:
        self._manager = manager

    async def __aenter__(self) -> T:
        return await run_in_threadpool(self._manager.__enter__)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        from anyio import CancelScope, CapacityLimiter, to_thread

        # All threads may be taken by those who wait for what is given back here, so
        # this one has its own limit. It runs even where the request is cancelled.
        with CancelScope(shield=True):
            found = await to_thread.run_sync(
                self._manager.__exit__,
                kind,
                error,
                traceback,
                limiter=CapacityLimiter(1),
            )
        return bool(found)


def contextmanager_in_threadpool(
    cm: AbstractContextManager[T, bool | None],
) -> AbstractAsyncContextManager[T, bool]:
    """The context manager for ``async with``: entered and left in worker threads."""
    return _InThreads(cm)


async def run_until_first_complete(
    *args: tuple[Callable[..., Awaitable[Any]], dict[str, Any]],
) -> None:
    """Call all these functions at once; when one is done, give up the others."""
    import anyio

    warnings.warn(
        "run_until_first_complete is deprecated: use a task group of anyio.",
        FastAPIDeprecationWarning,
        stacklevel=2,
    )
    async with anyio.create_task_group() as group:

        async def run(func: Callable[..., Awaitable[Any]], kwargs: Any) -> None:
            await func(**kwargs)
            group.cancel_scope.cancel()

        for func, kwargs in args:
            group.start_soon(run, func, kwargs)
