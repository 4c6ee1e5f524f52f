"""Middleware: each layer's way in, its way out, and what it changed on both.

Neither WSGI nor ASGI middleware has a registry. What it has is the next app, kept on
an attribute or in a closure; following that from the outermost app inwards gives the
stack, of any framework. Each link is replaced by a wrapper that notes what passes: the
environ or scope as the layer got it and handed it on, the status and headers as it got
and gave them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any

from fwtrace.probes.passage import PASSAGE, Passage, describe_passage
from fwtrace.probes.scope import header_pairs, status_line
from fwtrace.tracer.awaiting import timed_coroutine
from fwtrace.tracer.model import Span
from fwtrace.tracer.protocol import NotAnApp, Protocol, protocol_of
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.seam import Detach, replace
from fwtrace.tracer.values import function_name

__all__ = [
    "attach_layers",
    "built_layers",
    "layer_code",
    "layer_name",
    "layers",
    "trace_asgi_layer",
    "trace_layer",
]

# The names under which apps keep the next one; an app object keeps its own stack first.
_OWN_STACK = ("stack", "wsgi_app", "middleware_stack")
_NEXT = ("app", "application", "wsgi_app", "_app", "_application", "wrapped")
_BUILDER = "build_middleware_stack"
"""What makes ``middleware_stack`` when the first request comes, as Starlette has it."""
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
    ``wsgi_app``, ``middleware_stack``) is not a layer of it: its stack is.
    """
    links = list(_links(app))
    inner = [*links[1:], None]
    return [
        link
        for link, next_ in zip(links, inner, strict=True)
        if next_ is None or next_.name not in _OWN_STACK
    ]


def _links(app: Any) -> Iterator[Link]:
    link: Link | None = Link(app)
    protocol = _protocol(app)
    seen: set[int] = set()
    last: Any = None
    while link is not None and id(link.app) not in seen and len(seen) < _DEPTH:
        seen.add(id(link.app))
        yield link
        last, link = link.app, _next(link.app)
        if link is None or _protocol(link.app) != protocol:
            return  # what is wrapped is no app, or one of another kind
        owner = getattr(link.app, "__self__", None)
        if owner is last and protocol == "asgi":
            return  # a router's own method, with nothing around it
        if id(owner) in seen:
            yield link  # a bound method of an app object that came before: the core
            return


def _protocol(app: Any) -> Protocol | None:
    try:
        return protocol_of(app)
    except NotAnApp:
        return None


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
    code = layer_code(app)
    if isinstance(code, MethodType):
        return f"{type(code.__self__).__name__}.{code.__name__}"
    outer, within, inner = function_name(code).rpartition(".<locals>.")
    if not within:
        return inner
    # A function that a function made is its maker's: of all others, its own name.
    is_made = code is app and isinstance(code, FunctionType)
    return outer.split(".<locals>")[0] if is_made else inner


def layer_code(app: Any) -> Any:
    """The user's function, of a layer that exists to call it (Starlette's http one)."""
    dispatch = _instance_attribute(app, "dispatch_func")
    return dispatch if isinstance(dispatch, FunctionType) else app


def attach_layers(app: Any) -> tuple[Any, Detach]:
    """Trace every layer below ``app``: what to call in its place, and the undo."""
    undo: list[Detach] = []

    def detach() -> None:
        while undo:
            undo.pop()()

    return _attach(app, [], undo), detach


def _attach(app: Any, names: list[str], undo: list[Detach]) -> Any:
    links = layers(app)
    trace = trace_asgi_layer if _protocol(app) == "asgi" else trace_layer
    first = len(names)
    # Layers that a stack gets later are told of by the same list.
    names += [layer_name(link.app) for link in links]
    core = links[-1].app
    if _is_unbuilt(core):
        undo.append(replace(core, _BUILDER, partial(_attach_built, names, undo, core)))
    if len(links) == 1 and links[0].owner is None and not first:
        return app
    undo += [
        replace(link.owner, link.name, partial(trace, depth=first + depth, names=names))
        for depth, link in enumerate(links)
        if link.owner is not None
    ]
    return trace(app, first, names) if links[0].owner is None else app


def built_layers(app: Any) -> list[Link]:
    """The stack, with that part of it which the app has yet to build."""
    links = layers(app)
    core = links[-1].app
    if _is_unbuilt(core):
        return [*links[:-1], *layers(getattr(core, _BUILDER)())]
    return links


def _is_unbuilt(app: Any) -> bool:
    state = getattr(app, "__dict__", {})
    return state.get("middleware_stack", app) is None and callable(
        getattr(app, _BUILDER, None)
    )


def _attach_built(names: list[str], undo: list[Detach], app: Any, build: Any) -> Any:
    """The builder of an app's stack, which traces the layers of what it builds."""

    def built() -> Any:
        stack = build()
        if not undo:
            return stack  # nobody looks any more
        traced = _attach(stack, names, undo)

        def plain() -> None:
            if app.middleware_stack is traced:
                app.middleware_stack = stack

        undo.append(plain)
        return traced

    return built


def trace_layer(app: Any, depth: int, names: list[str]) -> Any:
    """The app with its passage noted; a span for all but the innermost."""
    is_core = depth == len(names) - 1
    name = names[depth]

    def traced(environ: dict[str, Any], start_response: Any) -> Any:
        __traceback_hide__ = True
        current = CURRENT.get()
        if current is None:
            return app(environ, start_response)
        recorder, parent = current
        entered = recorder.clock()
        passage = Passage("environ", dict(environ))
        outer = PASSAGE.get()
        if outer is not None:
            outer.inner = passage
        span = None if is_core else recorder.open("middleware", name, parent)
        token = CURRENT.set((recorder, span or parent))
        passage_token = PASSAGE.set(passage)

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
                _describe(recorder, span, passage, names, depth, app, True)
            PASSAGE.reset(passage_token)
            CURRENT.reset(token)
            recorder.charge(left)
            raise
        ended = span if span is not None else probe
        left = recorder.stop(ended)
        passage.left = ended.end
        PASSAGE.reset(passage_token)
        CURRENT.reset(token)
        if span is not None:
            _describe(recorder, span, passage, names, depth, app)
        recorder.charge(left)
        return result

    return traced


def trace_asgi_layer(app: Any, depth: int, names: list[str]) -> Any:
    """The same of an ASGI app; its lifespan passes unseen."""
    is_core = depth == len(names) - 1
    name = names[depth]

    async def traced(scope: dict[str, Any], receive: Any, send: Any) -> None:
        __traceback_hide__ = True
        current = CURRENT.get()
        if current is None or scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        recorder, parent = current
        entered = recorder.clock()
        passage = _passage(scope)
        outer = PASSAGE.get()
        if outer is not None:
            outer.inner = passage
        span = None if is_core else recorder.open("middleware", name, parent)
        token = CURRENT.set((recorder, span or parent))
        passage_token = PASSAGE.set(passage)

        async def noting(message: dict[str, Any]) -> None:
            __traceback_hide__ = True
            began = recorder.clock()
            try:
                _note(passage, message)
            except Exception as fault:
                recorder.fault(span or parent, fault)
            recorder.charge(began)
            await send(message)

        timed = span if span is not None else Span("call", name)
        recorder.start(timed, entered)
        passage.called = timed.start
        raised = False
        try:
            await timed_coroutine(app(scope, receive, noting), timed)
        except BaseException as error:
            raised = True
            recorder.fail(timed, error)
            raise
        finally:
            left = recorder.stop(timed)
            passage.left = timed.end
            PASSAGE.reset(passage_token)
            CURRENT.reset(token)
            if span is not None:
                _describe(recorder, span, passage, names, depth, app, raised)
            recorder.charge(left)

    return traced


def _passage(scope: dict[str, Any]) -> Passage:
    """The scope as it is now: layers change its headers and its state in place."""
    keys = {key: value for key, value in scope.items() if key not in _INSIDE}
    state = scope.get("state")
    if isinstance(state, dict):
        keys |= {f"state[{key!r}]": value for key, value in state.items()}
    return Passage("scope", keys, header_pairs(scope.get("headers", ())))


_INSIDE = ("headers", "state")


def _note(passage: Passage, message: dict[str, Any]) -> None:
    kind = message["type"]
    if kind in ("http.response.start", "websocket.http.response.start"):
        passage.status = status_line(message["status"])
    elif kind == "websocket.accept":
        passage.status = status_line(101)
    elif kind == "websocket.close" and not passage.status:
        passage.status = status_line(403)  # ASGI: a close before the accept
        return
    else:
        return
    passage.headers = header_pairs(message.get("headers", ()))


def _describe(
    recorder: Recorder,
    span: Span,
    passage: Passage,
    names: list[str],
    depth: int,
    app: Any,
    raised: bool = False,
) -> None:
    skipped = [*names[depth + 1 : -1], "resolver", "view"]
    try:
        describe_passage(recorder, span, passage, skipped, layer_code(app), raised)
    except Exception as fault:
        recorder.fault(span, fault)
