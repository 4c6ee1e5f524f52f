"""FastAPI, the clone and the original: dependencies, parameters, views, serialisation.

The original solves dependencies by recursion and calls them in the middle of it. What
it keeps in its cache tells when a call has ended, so a cache that tells is given to it.
The clone has a plan: its steps are told as the same tree.
"""

from __future__ import annotations

import copy
import functools
import inspect
import json
from collections.abc import Iterator
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from fwtrace.probes.dependencies import (
    WALK,
    Walk,
    cleaning_up,
    expects_manager,
    safe_arguments,
    validating,
)
from fwtrace.probes.standins import plain_function, stand_in
from fwtrace.probes.starlette import (
    STREAMED,
    handling_apps,
    handling_errors,
    handling_route,
    parsed,
)
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.seam import Probe, Seam, replace, spanned

__all__ = ["EXIT_STACKS", "FASTAPI"]

# The original: its recursion.


class _Cache(dict[Any, Any]):
    """The values of dependencies; tells the walk what is taken, and what is kept."""

    def __init__(self, walk: Walk) -> None:
        super().__init__()
        self.walk = walk
        self.pending: list[int] = []

    def __bool__(self) -> bool:
        return True  # older versions take an empty one for none

    def settle(self, value: Any = None) -> None:
        """The dependency that was called last has its value."""
        if self.pending and self.pending[-1]:
            self.walk.leave(self.pending[-1], value)
            self.pending[-1] = 0

    def __getitem__(self, key: Any) -> Any:
        value = super().__getitem__(key)
        if self.pending and self.pending[-1]:
            self.walk.entering = None
            self.walk.cached(self.pending[-1])
            self.settle(value)
        return value

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self.settle(value)


def _solving(solve: Any) -> Any:
    if solve is None:
        raise AttributeError("there is no such function to trace")

    @functools.wraps(solve)
    async def traced(**given: Any) -> Any:
        __traceback_hide__ = True
        current = CURRENT.get()
        cache = given.get("dependency_cache")
        if current is None:
            return await solve(**given)
        if isinstance(cache, _Cache):
            return await _solve_one(solve, cache, given)
        if cache is not None:
            return await solve(**given)
        provider = given.get("dependency_overrides_provider")
        walk = Walk(current[0], getattr(provider, "dependency_overrides", None) or {})
        cache = _Cache(walk)
        token = WALK.set(walk)
        cache.pending.append(0)
        try:
            solved = await solve(**{**given, "dependency_cache": cache})
        except BaseException as error:
            walk.leave(1, error=error)
            raise
        finally:
            WALK.reset(token)
        walk.leave(1)
        dependant = given["dependant"]
        walk.parameters(dependant, solved.values, solved.errors)
        if not solved.errors:
            _expect_view(dependant, solved.values, given["request"])
        return solved

    return traced


async def _solve_one(solve: Any, cache: _Cache, given: dict[str, Any]) -> Any:
    """One dependency, but for its call: its span is open until that has ended."""
    __traceback_hide__ = True
    walk, dependant = cache.walk, given["dependant"]
    cache.settle()
    depth = walk.enter(dependant)
    cache.pending.append(0)
    try:
        solved = await solve(**given)
        cache.settle()
    finally:
        cache.pending.pop()
    walk.parameters(dependant, solved.values, solved.errors)
    if solved.errors:
        walk.fails(depth, dependant)
        walk.leave(depth)
    else:
        walk.entering = expects_manager(dependant)
        cache.pending[-1] = depth
    return solved


def _expect_view(dependant: Any, values: dict[str, Any], connection: Any) -> None:
    """What is called next, where no function of FastAPI's own calls it."""
    call = dependant.call
    if _is_generator(call):
        STREAMED.set((call, safe_arguments(dependant, values)))
    elif connection.scope["type"] == "websocket":
        undo: list[Any] = []

        def once(function: Any) -> Any:
            watched = stand_in(
                function, "view", arguments=safe_arguments(dependant, values)
            )

            def called(**arguments: Any) -> Any:
                undo.pop()()
                return watched(**arguments)

            return called

        undo.append(replace(dependant, "call", once))


def _is_generator(call: Any) -> bool:
    call = plain_function(call)
    return inspect.isgeneratorfunction(call) or inspect.isasyncgenfunction(call)


def _running(run: Any) -> Any:
    """``run_endpoint_function``, which is given something that stands in."""
    if run is None:
        raise AttributeError("there is no such function to trace")

    @functools.wraps(run)
    async def traced(*, dependant: Any, values: Any, is_coroutine: bool) -> Any:
        __traceback_hide__ = True
        if CURRENT.get() is not None:
            told = safe_arguments(dependant, values)
            call = stand_in(dependant.call, "view", arguments=told)
            dependant = SimpleNamespace(call=call)
        return await run(dependant=dependant, values=values, is_coroutine=is_coroutine)

    return traced


# The clone: its plan.


class _Steps:
    """The steps of a plan in the order of the tree: which are entered, which left."""

    def __init__(self, walk: Walk, plan: Any) -> None:
        self.walk = walk
        self.plan = plan
        self.found: dict[int, Any] = {}
        self.failed: dict[int, Any] = {}
        self.events = self._below(plan.endpoint)
        self.at: Any = None

    def _below(self, step: Any) -> Iterator[Any]:
        for number in step.below:
            below = self.plan.steps[number]
            depth = self.walk.enter(below.dependant)
            if number not in self.found:
                yield from self._below(below)
                yield below
            elif number not in self.failed:
                self.walk.cached(depth)
            if number in self.failed:
                self.walk.fails(depth, below.dependant)
            self.walk.leave(depth, self.found[number])

    def before(self, step: Any, solution: Any) -> None:
        """Enter what is to be entered before the step, leave what has its value."""
        if self.at is not None:
            number = self.at.number
            self.failed = solution.failed
            is_failed = number in solution.failed
            self.found[number] = None if is_failed else solution.values[number]
        self.at = next(self.events, None)


_STEPS: ContextVar[_Steps | None] = ContextVar("fwtrace_steps", default=None)


def _planned(solve: Any) -> Any:
    @functools.wraps(solve)
    async def traced(plan: Any, solution: Any) -> Any:
        __traceback_hide__ = True
        current = CURRENT.get()
        if current is None:
            return await solve(plan, solution)
        walk = Walk(current[0], plan._overrides)
        tokens = WALK.set(walk), _STEPS.set(_Steps(walk, plan))
        try:
            values = await solve(plan, solution)
        except BaseException as error:
            walk.leave(1, error=error)
            raise
        finally:
            WALK.reset(tokens[0])
            _STEPS.reset(tokens[1])
        walk.leave(1)
        if not solution.errors and plan.endpoint.yields:
            told = safe_arguments(plan.dependant, values)
            STREAMED.set((plan.endpoint.call, told))
        return values

    return traced


def _gathering(gather: Any) -> Any:
    @functools.wraps(gather)
    async def traced(step: Any, solution: Any) -> Any:
        __traceback_hide__ = True
        steps, current = _STEPS.get(), CURRENT.get()
        if steps is None or current is None:
            return await gather(step, solution)
        try:
            steps.before(step, solution)
        except Exception as fault:
            current[0].fault(current[1], fault)
        values, errors = await gather(step, solution)
        steps.walk.parameters(step.dependant, values, errors)
        is_called = not errors and step is not steps.plan.endpoint
        steps.walk.entering = expects_manager(step.dependant) if is_called else None
        return values, errors

    return traced


def _handler(call: Any) -> Any:
    """A handler whose endpoint is a span: a copy of it, with one that stands in."""

    @functools.wraps(call)
    async def traced(handler: Any, connection: Any) -> Any:
        __traceback_hide__ = True
        if CURRENT.get() is None:
            return await call(handler, connection)
        if _is_generator(handler.call):
            STREAMED.set((handler.call, {}))
            return await call(handler, connection)
        watched = copy.copy(handler)
        watched.call = _view(handler)
        return await call(watched, connection)

    return traced


def _view(handler: Any) -> Any:
    """Knows its arguments when it is called."""
    function, dependant = handler.call, handler.plan.dependant

    def called(**values: Any) -> Any:
        __traceback_hide__ = True
        told = safe_arguments(dependant, values)
        return stand_in(function, "view", arguments=told)(**values)

    return called


# Serialisation: what the response model left of the value.


def _serialized(
    recorder: Recorder,
    span: Span,
    value: Any,
    field: Any,
    options: dict[str, Any],
    result: Any,
) -> None:
    attributes = span.attributes
    attributes["fwtrace.serializer.type"] = type(value).__qualname__
    if field is None:
        return
    if isinstance(result, bytes):
        attributes["fwtrace.serializer.size"] = len(result)
    model = field.field_info.annotation
    attributes["fwtrace.serializer.model"] = getattr(model, "__qualname__", str(model))
    chosen = {k: v for k, v in options.items() if v and k != "by_alias"}
    if chosen:
        attributes["fwtrace.serializer.options"] = {
            k: str(v) for k, v in chosen.items()
        }
    removed = list(_removed(value, _data(result), model, options))
    if removed:
        attributes["fwtrace.serializer.removed"] = removed[: recorder.limits.items]


_READABLE = 100_000


def _data(result: Any) -> Any:
    if not isinstance(result, bytes):
        return result
    return json.loads(result) if len(result) <= _READABLE else None


def _removed(
    value: Any, data: Any, model: Any, options: dict[str, Any]
) -> Iterator[dict[str, str]]:
    """Keys that the value had and the response has not, and why: of a list, those of
    its first item."""
    if isinstance(data, list) and isinstance(value, (list, tuple)) and data and value:
        value, data = value[0], data[0]
        model = next(iter(getattr(model, "__args__", ())), None)
    if not isinstance(data, dict):
        return
    fields = getattr(model, "__pydantic_fields__", {})
    given = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    for key in {**dict.fromkeys(given), **dict.fromkeys(fields)}:
        info = fields.get(key)
        names = (key, getattr(info, "serialization_alias", None))
        if any(name in data for name in names):
            continue
        found = given.get(key, getattr(info, "default", None))
        if fields and info is None:
            reason = f"is no field of {getattr(model, '__name__', model)}"
        elif options.get("exclude_none") and found is None:
            reason = "is None"
        elif options.get("exclude_unset") and key not in _set_fields(value):
            reason = "was not set"
        elif options.get("exclude_defaults") and info is not None:
            reason = "has its default"
        else:
            reason = "is excluded"
        yield {"key": str(key), "reason": reason}


def _set_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    return getattr(value, "__pydantic_fields_set__", ())


_OPTIONS = (
    *("include", "exclude", "by_alias"),
    *("exclude_unset", "exclude_defaults", "exclude_none"),
)


def _serializing(serialize: Any) -> Any:
    """The original's ``serialize_response``, all of whose arguments have names."""

    def after(
        recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any
    ) -> None:
        (given,) = args
        options = {name: given.get(name) for name in _OPTIONS}
        value, field = given.get("response_content"), given.get("field")
        _serialized(recorder, span, value, field, options, result)

    if serialize is None:
        raise AttributeError("there is no such function to trace")

    async def call(given: dict[str, Any]) -> Any:
        __traceback_hide__ = True
        return await serialize(**given)

    seen = spanned("serializer", "JSON", after=after)(call)

    @functools.wraps(serialize)
    async def traced(**given: Any) -> Any:
        __traceback_hide__ = True
        return await seen(given)

    return traced


def _dumped(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    handler, value = args[:2]
    _serialized(recorder, span, value, handler.field, handler.dump_options, result)


FASTAPI = Probe(
    "fastapi",
    ("fwtrace.frameworks.fastapi", "fastapi"),
    (
        # The original.
        Seam("routing:solve_dependencies", _solving),
        Seam("dependencies.utils:solve_dependencies", _solving),
        Seam("routing:run_endpoint_function", _running),
        Seam("routing:serialize_response", _serializing),
        Seam("routing:wrap_app_handling_exceptions", handling_apps),
        Seam("routing:APIRoute.handle", handling_route),
        Seam("_compat:ModelField.validate", validating),
        # The clone.
        Seam("handler:RequestHandler.__call__", _handler),
        Seam(
            "handler:RequestHandler.serialize",
            spanned("serializer", "JSON", after=_dumped),
        ),
        Seam("handler:WebSocketHandler.__call__", _handler),
        Seam("handler:_parse", spanned("request", "parse JSON", after=parsed)),
        Seam("dependencies.plan:Plan.solve", _planned),
        Seam("dependencies.plan:Step.gather", _gathering),
        Seam("routes:handle", handling_errors),
        Seam("fields:ModelField.validate", validating),
    ),
)

EXIT_STACKS = Probe(
    "exit stacks",
    ("contextlib",),
    (Seam(":AsyncExitStack.enter_async_context", cleaning_up),),
)
"""What a dependency yields is cleaned up by the stack that it was entered in."""
