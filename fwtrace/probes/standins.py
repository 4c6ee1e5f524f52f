"""What stands in for a function of the application while a request is traced."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from fwtrace.probes.calls import describe_function
from fwtrace.probes.threads import describe_thread
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import Recorder
from fwtrace.tracer.seam import After, spanned

__all__ = ["is_async", "named_arguments", "plain_function", "stand_in", "viewed"]


def is_async(function: Any) -> bool:
    """Whether calling it gives something to await, as Starlette tells it."""
    function = plain_function(function)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(type(function), "__call__", None)  # noqa: B004
    )


def plain_function(function: Any) -> Any:
    """The function within any partials."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def named_arguments(function: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """The arguments by the names that the function has for them."""
    try:
        bound = inspect.signature(function).bind_partial(*args, **kwargs)
    except (TypeError, ValueError):
        return {**{str(n): value for n, value in enumerate(args)}, **kwargs}
    return dict(bound.arguments)


def viewed(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    span.attributes["fwtrace.return_type"] = type(result).__qualname__


def stand_in(
    function: Any,
    stage: str,
    after: After | None = viewed,
    arguments: dict[str, Any] | None = None,
) -> Any:
    """The function with each call a span; of the same kind, coroutine or plain.

    ``arguments`` are told in the place of those that it is called with.
    """

    def before(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
        _, given, named = args
        found = named_arguments(function, given, named)
        told = found if arguments is None else arguments
        describe_function(span, plain_function(function), told)
        describe_thread(span)

    traced: Any
    if is_async(function):
        awaited = spanned(stage, stage, before, after)(_acall)

        async def traced(*args: Any, **kwargs: Any) -> Any:
            __traceback_hide__ = True
            return await awaited(function, args, kwargs)

    else:
        called = spanned(stage, stage, before, after)(_call)

        def traced(*args: Any, **kwargs: Any) -> Any:
            __traceback_hide__ = True
            return called(function, args, kwargs)

    return functools.update_wrapper(traced, function, updated=())


def _call(function: Any, args: Any, kwargs: Any) -> Any:
    __traceback_hide__ = True
    return function(*args, **kwargs)


async def _acall(function: Any, args: Any, kwargs: Any) -> Any:
    __traceback_hide__ = True
    return await function(*args, **kwargs)
