"""What kind of callable a dependency or an endpoint is."""

from __future__ import annotations

import functools
import inspect
from functools import lru_cache
from typing import Any

__all__ = ["is_async_generator", "is_coroutine", "is_generator", "unwrapped"]


def _impartial(call: Any) -> Any:
    while isinstance(call, functools.partial):
        call = call.func
    return call


def unwrapped(call: Any) -> Any:
    """What a decorated callable or a partial calls in the end; None for None."""
    return None if call is None else inspect.unwrap(_impartial(call))


def _faces(call: Any) -> list[Any]:
    """The callable, what it wraps, and for an object both of its ``__call__``."""
    call = _impartial(call)
    unwrapped = inspect.unwrap(call)
    found = [call, unwrapped]
    if not inspect.isclass(unwrapped):
        for each in (call, unwrapped):
            method = _impartial(getattr(each, "__call__", None))  # noqa: B004
            found += [method, inspect.unwrap(method)]
    return found


@lru_cache(maxsize=4096)
def _kinds(call: Any) -> tuple[bool, bool, bool]:
    """Whether it is a coroutine function, a generator function, an async one."""
    faces = _faces(call)
    tests = (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    )
    first, second, third = (any(map(test, faces)) for test in tests)
    return first, second, third


def _kind(call: Any, which: int) -> bool:
    if call is None:
        return False
    try:
        return _kinds(call)[which]
    except TypeError:  # an object that cannot be hashed
        return _kinds.__wrapped__(call)[which]


def is_coroutine(call: Any) -> bool:
    return _kind(call, 0)


def is_generator(call: Any) -> bool:
    return _kind(call, 1)


def is_async_generator(call: Any) -> bool:
    return _kind(call, 2)
