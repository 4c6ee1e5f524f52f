"""The graph of dependencies as it is solved: what needs what, and what was sent for it.

A :class:`Walk` holds the dependencies that are being solved, each a span around those
that it needs. FastAPI tells of them by its recursion, the clone by the order of its
plan; both describe the parameters of a callable once all were read.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from fwtrace.probes.calls import describe_function
from fwtrace.probes.standins import plain_function
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.redaction import REDACTED, is_secret, redact_text
from fwtrace.tracer.values import function_name, show, show_named

__all__ = [
    "WALK",
    "Walk",
    "cleaning_up",
    "expects_manager",
    "safe_arguments",
    "show_value",
    "validating",
]

_SOURCES = ("path", "query", "header", "cookie", "body")


class Walk:
    """The dependencies of one request that are open, the innermost last."""

    def __init__(self, recorder: Recorder, overrides: Mapping[Any, Any]) -> None:
        self.recorder = recorder
        self.overrides = overrides
        self.open: list[tuple[Span | None, Any, Any]] = []
        self.validated: dict[int, Span] = {}
        self.entering: Any = None
        self.failed: set[Any] = set()

    def enter(self, dependant: Any) -> int:
        """Open the span of a dependency; returns how many are open now."""
        recorder = self.recorder
        entered = recorder.clock()
        before = CURRENT.get()
        parent = before[1] if before else recorder.root
        span = recorder.open("dependency", "dependency", parent)
        self.open.append((span, before, dependant))
        if span is not None:
            try:
                self._describe(span, dependant)
            except Exception as fault:
                recorder.fault(span, fault)
            CURRENT.set((recorder, span))
            recorder.start(span, entered)
        return len(self.open)

    def leave(
        self, depth: int, value: Any = None, error: BaseException | None = None
    ) -> None:
        """Close what is open from this depth on."""
        while len(self.open) >= depth:
            span, before, dependant = self.open.pop()
            if span is None:
                continue
            left = self.recorder.stop(span)
            CURRENT.set(before)
            if error is not None:
                self.recorder.fail(span, error)
            elif value is not None:
                shown = _shown(dependant, value)
                span.attributes["fwtrace.dependency.value"] = shown
            self.recorder.charge(left)

    def cached(self, depth: int) -> None:
        """What is open at this depth has its value from before."""
        span = self.open[depth - 1][0] if len(self.open) >= depth else None
        if span is not None:
            span.attributes["fwtrace.dependency.cached"] = True
            # FastAPI reads its parameters once more, to no effect.
            span.children.clear()

    def fails(self, depth: int, dependant: Any) -> None:
        """What is open at this depth was not called: its parameters are wrong.

        Where that was so before, it was told with what it needs at that place.
        """
        span = self.open[depth - 1][0] if len(self.open) >= depth else None
        if span is not None:
            span.attributes["fwtrace.dependency.called"] = False
            if dependant.use_cache and dependant.call in self.failed:
                span.children.clear()
        self.failed.add(dependant.call)

    def _describe(self, span: Span, dependant: Any) -> None:
        call = dependant.call
        describe_function(span, plain_function(call), {})
        attributes = span.attributes
        del attributes["fwtrace.arguments"]
        attributes["fwtrace.dependency.cached"] = False
        attributes["fwtrace.dependency.parameter"] = dependant.name
        scope = getattr(dependant, "scope", None)  # 0.121 and later
        scope = scope or ("request" if _yields(call) else None)
        if scope is not None:
            attributes["fwtrace.dependency.scope"] = scope
        for declared, used in self.overrides.items():
            if used is call:
                span.name = function_name(plain_function(declared))
                attributes["fwtrace.dependency.overridden_by"] = function_name(call)
        if _yields(call):
            attributes["fwtrace.dependency.half"] = "set-up"

    def parameters(
        self, dependant: Any, values: Mapping[str, Any], errors: Sequence[Any]
    ) -> None:
        """The parameters of a callable, in the order in which they are declared;
        also those that nothing was sent for."""
        entered = self.recorder.clock()
        current = CURRENT.get()
        parent = current[1] if current else self.recorder.root
        try:
            self._parameters(parent, dependant, values, errors)
        except Exception as fault:
            self.recorder.fault(parent, fault)
        self.recorder.charge(entered)

    def _parameters(
        self, parent: Span, dependant: Any, values: Any, errors: Any
    ) -> None:
        for source, field in _fields(dependant):
            span = self.validated.pop(id(field), None)
            if span is None:
                span = self._left_out(parent, source, field, values, errors)
            elif span in parent.children:
                parent.children.remove(span)
                parent.children.append(span)

    def _left_out(
        self, parent: Span, source: str, field: Any, values: Any, errors: Any
    ) -> Span | None:
        span = self.recorder.open("validation", f"{source} {field.name}", parent)
        if span is None:
            return None
        span.start = span.end = max(0, self.recorder.now())
        attributes = span.attributes
        attributes |= {
            "fwtrace.parameter.name": field.name,
            "fwtrace.parameter.source": source,
        }
        wrong = [
            error
            for error in errors
            if error["loc"][0] == source
            and (len(error["loc"]) == 1 or _is_named(field, str(error["loc"][1])))
        ]
        if wrong:
            attributes["fwtrace.parameter.errors"] = _errors(wrong)
        elif field.name in values:
            attributes["fwtrace.parameter.default"] = True
            shown = show_value(field.name, values[field.name])
            attributes["fwtrace.parameter.value"] = shown
        return span


def _is_named(field: Any, name: str) -> bool:
    names = {field.name, field.alias, getattr(field, "validation_alias", None)}
    return name in names or name.replace("-", "_") in names


WALK: ContextVar[Walk | None] = ContextVar("fwtrace_walk", default=None)


def _fields(dependant: Any) -> Iterator[tuple[str, Any]]:
    for source in _SOURCES:
        for field in getattr(dependant, f"{source}_params"):
            yield source, field


def _yields(call: Any) -> bool:
    import inspect

    for each in (plain_function(call), getattr(type(call), "__call__", None)):  # noqa: B004
        if inspect.isgeneratorfunction(each) or inspect.isasyncgenfunction(each):
            return True
    return False


def _is_scheme(call: Any) -> bool:
    """Whether what it finds are credentials: an API key, a token."""
    kinds = type(call).__mro__
    return any(kind.__name__ == "SecurityBase" for kind in kinds)


def _shown(dependant: Any, value: Any) -> str:
    name = function_name(dependant.call)
    if _is_scheme(dependant.call) or is_secret(name):
        return REDACTED
    return show_value(dependant.name or "", value)


def safe_arguments(dependant: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of an endpoint, credentials replaced."""
    hidden = {
        each.name
        for each in dependant.dependencies
        if _is_scheme(each.call) or is_secret(function_name(each.call))
    }
    return {k: REDACTED if k in hidden else v for k, v in values.items()}


def show_value(name: str, value: Any) -> str:
    """As :func:`show_named`; of a model its fields."""
    kind = type(value)
    if not hasattr(kind, "__pydantic_fields__") or is_secret(name):
        return show_named(name, value)
    state = object.__getattribute__(value, "__dict__")
    parts = [f"{key}={show_named(key, each)}" for key, each in list(state.items())[:10]]
    return f"{kind.__qualname__}({', '.join(parts)})"


# Parameters.


def validating(validate: Any) -> Any:
    """``ModelField.validate(value, values, loc=loc)`` of a parameter."""

    @functools.wraps(validate)
    def traced(field: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        __traceback_hide__ = True
        walk, current, loc = WALK.get(), CURRENT.get(), kwargs.get("loc", ())
        is_parameter = bool(loc) and loc[0] in _SOURCES
        if walk is None or current is None or not is_parameter:
            return validate(field, value, *args, **kwargs)
        recorder, parent = current
        entered = recorder.clock()
        span = recorder.open("validation", f"{loc[0]} {field.name}", parent)
        if span is None:
            return validate(field, value, *args, **kwargs)
        # Not the current one: a validator of the app's own may be asked in between.
        recorder.start(span, entered)
        try:
            result = validate(field, value, *args, **kwargs)
        except BaseException as error:
            left = recorder.stop(span)
            recorder.fail(span, error)
            recorder.charge(left)
            raise
        left = recorder.stop(span)
        walk.validated[id(field)] = span
        try:
            _describe_parameter(span, field, value, loc, *result)
        except Exception as fault:
            recorder.fault(span, fault)
        recorder.charge(left)
        return result

    return traced


def _describe_parameter(
    span: Span, field: Any, raw: Any, loc: Any, value: Any, errors: Any
) -> None:
    alias = str(loc[1]) if len(loc) > 1 else field.name
    is_hidden = is_secret(alias) or is_secret(field.name)
    attributes = span.attributes
    attributes |= {
        "fwtrace.parameter.name": field.name,
        "fwtrace.parameter.source": loc[0],
        "fwtrace.parameter.raw": REDACTED if is_hidden else show(raw),
    }
    if alias != field.name:
        attributes["fwtrace.parameter.alias"] = alias
    if errors:
        attributes["fwtrace.parameter.errors"] = _errors(errors)
    else:
        shown = REDACTED if is_hidden else show_value(field.name, value)
        attributes["fwtrace.parameter.value"] = shown


def _errors(errors: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "loc": [part if isinstance(part, int) else str(part) for part in e["loc"]],
            "type": str(e["type"]),
            "message": redact_text(str(e["msg"])),
        }
        for e in errors[:20]
    ]


# What yields: the end of it.


class _CleanedUp:
    """A context manager whose exit is a span: the clean-up of a dependency."""

    def __init__(self, manager: Any, recorder: Recorder, call: Any) -> None:
        self.manager = manager
        self.recorder = recorder
        self.call = call

    async def __aenter__(self) -> Any:
        __traceback_hide__ = True
        return await self.manager.__aenter__()

    async def __aexit__(self, *error: Any) -> Any:
        __traceback_hide__ = True
        current = CURRENT.get()
        if current is None or current[0] is not self.recorder:
            return await self.manager.__aexit__(*error)
        with self.recorder.span("dependency", "clean-up") as span:
            if span is not None:
                describe_function(span, plain_function(self.call), {})
                span.name = f"clean up {span.name}"
                del span.attributes["fwtrace.arguments"]
                span.attributes["fwtrace.dependency.half"] = "clean-up"
            return await self.manager.__aexit__(*error)


def cleaning_up(enter: Any) -> Any:
    """``AsyncExitStack.enter_async_context``, of what a dependency yields."""

    @functools.wraps(enter)
    async def traced(stack: Any, manager: Any) -> Any:
        __traceback_hide__ = True
        walk = WALK.get()
        if walk is None or walk.entering is None or CURRENT.get() is None:
            return await enter(stack, manager)
        call, walk.entering = walk.entering, None
        return await enter(stack, _CleanedUp(manager, walk.recorder, call))

    return traced


def expects_manager(dependant: Any) -> Any:
    """The callable whose context manager is entered next, if it yields."""
    return dependant.call if _yields(dependant.call) else None
