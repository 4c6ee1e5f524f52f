"""The end of what dependencies yield, also where the request was cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

__all__ = ["limited", "shielded"]


@asynccontextmanager
async def shielded(
    manager: AbstractAsyncContextManager[Any], stack: AsyncExitStack
) -> AsyncIterator[Any]:
    """The manager, whose end is awaited even where the request was cancelled."""
    import anyio
    from anyio.lowlevel import checkpoint_if_cancelled

    # Entered before the manager, so that scopes which it opens end before this one.
    scope = getattr(stack, "cleanup_scope", None)
    if scope is None:
        scope = stack.enter_context(anyio.CancelScope())
        stack.cleanup_scope = scope  # type: ignore[attr-defined]
    before = scope.shield
    try:
        async with manager as value:
            try:
                yield value
            finally:
                scope.shield = True
    finally:
        scope.shield = before
    await checkpoint_if_cancelled()


@asynccontextmanager
async def limited(
    manager: AbstractAsyncContextManager[Any], semaphore: Any
) -> AsyncIterator[Any]:
    """The manager, for as long as the semaphore has a place for it."""
    async with semaphore, manager as value:
        yield value
