"""Between coroutines and threads, by anyio."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from anyio import CapacityLimiter

__all__ = [
    "is_async_callable",
    "iterate_in_threadpool",
    "run_in_threadpool",
    "ungrouped",
]

P = ParamSpec("P")
T = TypeVar("T")


def is_async_callable(obj: Any) -> bool:
    """Whether calling it gives something to await: a function, partial or object."""
    from inspect import iscoroutinefunction

    while isinstance(obj, functools.partial):
        obj = obj.func
    return iscoroutinefunction(obj) or (
        callable(obj) and iscoroutinefunction(getattr(obj, "__call__", None))  # noqa: B004
    )


class _Place:
    """A place among the threads that may run at once: a free one is taken at once.

    The limiter itself lets the event loop go round first, even where nobody waits.
    """

    __slots__ = ("_limiter",)

    def __init__(self, limiter: CapacityLimiter) -> None:
        self._limiter = limiter

    async def __aenter__(self) -> None:
        await self.acquire_on_behalf_of(self)

    async def __aexit__(self, *error: object) -> None:
        self.release_on_behalf_of(self)

    async def acquire_on_behalf_of(self, borrower: object) -> None:
        from anyio import WouldBlock

        try:
            self._limiter.acquire_on_behalf_of_nowait(borrower)
        except WouldBlock:
            await self._limiter.acquire_on_behalf_of(borrower)

    def release_on_behalf_of(self, borrower: object) -> None:
        self._limiter.release_on_behalf_of(borrower)


async def run_in_threadpool(
    func: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call the function in a worker thread, with this context's variables."""
    from anyio import to_thread

    place: Any = _Place(to_thread.current_default_thread_limiter())
    call = functools.partial(func, *args, **kwargs)
    return await to_thread.run_sync(call, limiter=place)


_end: Any = object()


async def iterate_in_threadpool(iterator: Iterable[T]) -> AsyncIterator[T]:
    """Each step of the iterator in a worker thread."""
    from anyio import to_thread

    steps: Iterator[T] = iter(iterator)
    while True:
        # StopIteration cannot pass through a coroutine.
        found = await to_thread.run_sync(next, steps, _end)
        if found is _end:
            return
        yield found


@contextmanager
def ungrouped() -> Iterator[None]:
    """Lets the one error of a task group out as it is, not as a group of one."""
    try:
        yield
    except BaseExceptionGroup as errors:
        if len(errors.exceptions) != 1:
            raise
        (error,) = errors.exceptions
        context = None if error.__suppress_context__ else error.__context__
        raise error from error.__cause__ or context
