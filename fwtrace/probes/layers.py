"""Middleware: each layer's way in, its way out, and what it changed on both.

WSGI middleware has no registry. What it has is the next app, kept on an attribute or
in a closure; following that from the outermost app inwards gives the stack, of any
framework. Each link is replaced by a wrapper that notes what passes: the environ as
the layer got it and handed it on, the status and headers as it got and gave them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial
from types import CellType, FunctionType
from typing import Any

from fwtrace.probes.environ import show_entry
from fwtrace.tracer.frames import location_of
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.redaction import REDACTED, is_secret
from fwtrace.tracer.seam import Detach, replace
from fwtrace.tracer.values import clip, function_name

__all__ = ["attach_layers", "layer_name", "layers", "trace_layer"]

# The names under which apps keep the next one; an app object keeps its own stack first.
_OWN_STACK = ("stack", "wsgi_app")
_NEXT = ("app", "application", "wsgi_app", "_app", "_application", "wrapped")
_DEPTH = 100


class Link:
    """One app of the stack and the place that holds it: an owner's attribute."""

    __slots__ = ("app", "name", "owner")

    def __init__(self, app: Any, owner: Any = None, name: str = "") -> None:
        self.app = app
        self.owner = owner
        self.name = name


def layers(app: Any) -> list[Link]:
    """The stack from the outermost app to the innermost.

    An app object that keeps its stack on an instance attribute (``stack``,
    ``wsgi_app``) is not a layer of it: its stack is.
    """
    links = list(_links(app))
    if len(links) > 1 and links[1].name in _OWN_STACK:
        return links[1:]
    return links


def _links(app: Any) -> Iterator[Link]:
    link: Link | None = Link(app)
    seen: set[int] = set()
    while link is not None and id(link.app) not in seen and len(seen) < _DEPTH:
        seen.add(id(link.app))
        yield link
        link = _next(link.app)
        if link is not None and id(getattr(link.app, "__self__", None)) in seen:
            yield link  # a bound method of an app object that came before: the core
            return


def _next(app: Any) -> Link | None:
    if isinstance(app, FunctionType):
        for name, cell in zip(
            app.__code__.co_freevars, app.__closure__ or (), strict=True
        ):
            if name in _NEXT and _is_filled(cell) and callable(cell.cell_contents):
                return Link(cell.cell_contents, cell, "cell_contents")
        return None
    for name in _OWN_STACK + _NEXT:
        value = _instance_attribute(app, name)
        if callable(value):
            return Link(value, app, name)
    return None


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _instance_attribute(app: Any, name: str) -> Any:
    """The attribute if the instance itself holds it, in its dict or in a slot."""
    state = getattr(app, "__dict__", None)
    if isinstance(state, dict) and name in state:
        return state[name]
    descriptor = getattr(type(app), name, None)
    if type(descriptor).__name__ == "member_descriptor":
        return getattr(app, name, None)
    return None


def layer_name(app: Any) -> str:
    """What a reader calls the layer: its class, or the function that made it."""
    if hasattr(app, "__self__"):
        return f"{type(app.__self__).__name__}.{app.__name__}"
    name = function_name(app)
    return name.split(".<locals>")[0] if "<locals>" in name else name


def attach_layers(app: Any) -> tuple[Any, Detach]:
    """Trace every layer below ``app``: what to call in its place, and the undo."""
    links = layers(app)
    if len(links) == 1 and links[0].owner is None:
        return app, lambda: None
    names = [layer_name(link.app) for link in links]
    undo = [
        replace(link.owner, link.name, partial(trace_layer, depth=depth, names=names))
        for depth, link in enumerate(links)
        if link.owner is not None
    ]

    def detach() -> None:
        while undo:
            undo.pop()()

    outermost = app
    if links[0].owner is None:
        outermost = trace_layer(app, 0, names)
    return outermost, detach


class _Passage:
    """What passed one layer during one request."""

    __slots__ = ("called", "environ", "headers", "inner", "left", "status")

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = dict(environ)
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.inner: _Passage | None = None
        self.called = 0
        self.left = 0


_PASSAGE: ContextVar[_Passage | None] = ContextVar("fwtrace_passage", default=None)


def trace_layer(app: Any, depth: int, names: list[str]) -> Any:
    """The app with its passage noted; a span for all but the innermost."""
    is_core = depth == len(names) - 1
    name = names[depth]
    skipped = [*names[depth + 1 : -1], "resolver", "view"]

    def traced(environ: dict[str, Any], start_response: Any) -> Any:
        __traceback_hide__ = True  # noqa: F841
        current = CURRENT.get()
        if current is None:
            return app(environ, start_response)
        recorder, parent = current
        entered = recorder.clock()
        passage = _Passage(environ)
        outer = _PASSAGE.get()
        if outer is not None:
            outer.inner = passage
        span = None if is_core else recorder.open("middleware", name, parent)
        token = CURRENT.set((recorder, span or parent))
        passage_token = _PASSAGE.set(passage)

        def noting(status: str, headers: Any, *exc_info: Any) -> Any:
            passage.status, passage.headers = status, list(headers)
            return start_response(status, headers, *exc_info)

        if span is not None:
            recorder.start(span, entered)
            passage.called = span.start
        else:
            probe = Span("call", name)
            recorder.start(probe, entered)
            passage.called = probe.start
        try:
            result = app(environ, noting)
        except BaseException as error:
            left = recorder.clock()
            if span is not None:
                left = recorder.stop(span)
                recorder.fail(span, error)
                _describe(recorder, span, passage, skipped, app, raised=True)
            _PASSAGE.reset(passage_token)
            CURRENT.reset(token)
            recorder.charge(left)
            raise
        ended = span if span is not None else probe
        left = recorder.stop(ended)
        passage.left = ended.end
        _PASSAGE.reset(passage_token)
        CURRENT.reset(token)
        if span is not None:
            try:
                _describe(recorder, span, passage, skipped, app)
            except Exception as fault:
                recorder.fault(span, fault)
        recorder.charge(left)
        return result

    return traced


def _describe(
    recorder: Recorder,
    span: Span,
    passage: _Passage,
    skipped: list[str],
    app: Any,
    raised: bool = False,
) -> None:
    attributes = span.attributes
    attributes["code.function.name"] = f"{type(app).__module__}.{span.name}"
    span.location = location_of(app)
    inner = passage.inner
    if inner is None:
        if not raised:
            attributes["fwtrace.answered"] = True
            attributes["fwtrace.answered.reason"] = f"answered {passage.status} itself"
            attributes["fwtrace.skipped"] = skipped
        return
    attributes["fwtrace.middleware.in"] = max(0, inner.called - span.start)
    if not raised:
        attributes["fwtrace.middleware.out"] = max(0, span.end - inner.left)
    changes = _environ_changes(passage.environ, inner.environ)
    if not raised:
        changes += _response_changes(inner, passage)
    if changes:
        attributes["fwtrace.changes"] = changes[: recorder.limits.items]


def _environ_changes(
    before: dict[str, Any], after: dict[str, Any]
) -> list[dict[str, Any]]:
    changes = []
    for key, value in after.items():
        if key not in before:
            changes.append(_change("in", "environ", "added", key, value))
        elif before[key] is not value:
            changes.append(_change("in", "environ", "changed", key, value, before[key]))
    changes += [
        _change("in", "environ", "removed", key, None, value)
        for key, value in before.items()
        if key not in after
    ]
    return changes


def _change(
    half: str, what: str, op: str, key: str, value: Any, old: Any = None
) -> dict[str, Any]:
    change: dict[str, Any] = {"half": half, "what": what, "op": op, "key": key}
    if op != "removed":
        change["value"] = show_entry(key, value)
    if op != "added":
        change["old"] = show_entry(key, old)
    return change


def _response_changes(inner: _Passage, outer: _Passage) -> list[dict[str, Any]]:
    """What the layer did to the status and the headers on the way out."""
    changes = []
    if inner.status != outer.status:
        changes.append(
            _change("out", "status", "changed", "status", outer.status, inner.status)
        )
    if inner.headers == outer.headers:
        return changes
    before, after = _grouped(inner.headers), _grouped(outer.headers)
    for name, value in after.items():
        if name not in before:
            changes.append(_header_change("added", name, value))
        elif before[name] != value:
            changes.append(_header_change("changed", name, value, before[name]))
    changes += [
        _header_change("removed", name, "", value)
        for name, value in before.items()
        if name not in after
    ]
    return changes


def _header_change(op: str, name: str, value: str, old: str = "") -> dict[str, Any]:
    change: dict[str, Any] = {"half": "out", "what": "header", "op": op, "key": name}
    if op != "removed":
        change["value"] = REDACTED if is_secret(name) else clip(value)
    if op != "added":
        change["old"] = REDACTED if is_secret(name) else clip(old)
    return change


def _grouped(headers: list[tuple[str, str]]) -> dict[str, str]:
    grouped: dict[str, str] = {}
    for name, value in headers:
        name = name.title()
        grouped[name] = f"{grouped[name]}, {value}" if name in grouped else value
    return grouped
