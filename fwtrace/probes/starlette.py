"""Starlette, the clone and the original: routing, endpoints, errors, what comes after.

An endpoint stands in the closure of the app that was made of it, so while its route
handles a request something stands in for it there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import CellType, FunctionType
from typing import Any

from fwtrace.probes.calls import describe_function, kwarg_texts
from fwtrace.probes.exceptions import describe_exception
from fwtrace.probes.layers import layers
from fwtrace.probes.paths import describe_path, find, near_paths
from fwtrace.probes.standins import (
    is_async,
    named_arguments,
    plain_function,
    stand_in,
)
from fwtrace.tracer.frames import location_of
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.seam import Probe, Seam, replace, spanned
from fwtrace.tracer.values import clip, function_name, show

__all__ = [
    "STARLETTE",
    "STREAMED",
    "handling_apps",
    "handling_errors",
    "handling_route",
    "parsed",
]

_HANDLERS = "starlette.exception_handlers"

# Routing: a span from the router's first look to the route that handles.


class _Search:
    """One router's search; the scope is kept as it was before."""

    def __init__(
        self, recorder: Recorder, span: Span, router: Any, scope: dict[str, Any]
    ) -> None:
        self.recorder = recorder
        self.span = span
        self.router = router
        self.scope = {**scope}
        self.is_over = False

    def end(self, route: Any = None, scope: dict[str, Any] | None = None) -> None:
        if self.is_over:
            return
        self.is_over = True
        left = self.recorder.stop(self.span)
        try:
            self._describe(route, scope or {})
        except Exception as fault:
            self.recorder.fault(self.span, fault)
        self.recorder.charge(left)

    def _describe(self, route: Any, scope: dict[str, Any]) -> None:
        recorder, span, before = self.recorder, self.span, self.scope
        found = find(self.router, before)
        attributes = span.attributes
        attributes["fwtrace.resolver.tried"] = found.tried[: recorder.limits.items]
        attributes["fwtrace.resolver.routes"] = len(self.router.routes)
        method, path = before.get("method", "WS"), before["path"]
        chosen = found.route
        if chosen is None and route is not None and not found.allowed:
            chosen = route  # one that decides for itself
        if chosen is not None:
            attributes.update(describe_path(chosen))
            params = scope.get("path_params") or {}
            attributes["fwtrace.route.kwargs"] = kwarg_texts(params)
            span.name = attributes["http.route"]
            span.location = location_of(
                plain_function(getattr(chosen, "endpoint", None))
            )
            root = recorder.root.attributes
            # What is mounted goes on where its mount ended.
            prefix = root.get("http.route", "") if "app_root_path" in before else ""
            root["http.route"] = prefix.rstrip("/") + span.name
        elif found.allowed:
            span.name = f"405 for {method} {path}"
            attributes["fwtrace.resolver.allowed"] = found.allowed
        elif found.redirect:
            span.name = f"redirect to {found.redirect}"
            attributes["fwtrace.resolver.redirect"] = found.redirect
        else:
            span.name = f"no route for {path}"
            attributes["fwtrace.resolver.near"] = near_paths(self.router, path)


_SEARCH: ContextVar[_Search | None] = ContextVar("fwtrace_search", default=None)


def _routing(call: Any) -> Any:
    @functools.wraps(call)
    async def traced(
        router: Any, scope: dict[str, Any], receive: Any, send: Any
    ) -> Any:
        __traceback_hide__ = True
        current = CURRENT.get()
        if current is None or scope["type"] not in ("http", "websocket"):
            return await call(router, scope, receive, send)
        recorder, parent = current
        entered = recorder.clock()
        span = recorder.open("resolver", "match", parent)
        if span is None:
            return await call(router, scope, receive, send)
        search = _Search(recorder, span, router, scope)
        token = _SEARCH.set(search)
        recorder.start(span, entered)
        try:
            return await call(router, scope, receive, send)
        finally:
            search.end()
            _SEARCH.reset(token)

    return traced


# Endpoints.


def handling_route(handle: Any) -> Any:
    """A route's ``handle``, where the search for it is over."""

    @functools.wraps(handle)
    async def traced(route: Any, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        __traceback_hide__ = True
        current = CURRENT.get()
        if current is None:
            return await handle(route, scope, receive, send)
        search = _SEARCH.get()
        if search is not None:
            search.end(route, scope)
        with _watched(route, current[0]):
            return await handle(route, scope, receive, send)

    return traced


@contextmanager
def _watched(route: Any, recorder: Recorder) -> Iterator[None]:
    """While the route handles, its endpoint is a span where it is a function."""
    entered = recorder.clock()
    cell = _cell_of(getattr(route, "app", None), getattr(route, "endpoint", None))
    if cell is None:
        yield
        return
    undo = replace(cell, "cell_contents", _endpoint)
    recorder.charge(entered)
    try:
        yield
    finally:
        undo()


def _cell_of(app: Any, endpoint: Any) -> CellType | None:
    """The cell in which the app that was made of the endpoint keeps it."""
    if endpoint is None or endpoint is app:
        return None
    for link in reversed(layers(app)):
        if not isinstance(link.app, FunctionType):
            continue
        for cell in link.app.__closure__ or ():
            try:
                held = cell.cell_contents
            except ValueError:  # it is empty
                continue
            if held is endpoint or _hops_to(held, endpoint):
                return cell
    return None


def _hops_to(held: Any, endpoint: Any) -> bool:
    """Whether it is ``partial(run_in_threadpool, endpoint)``."""
    return (
        isinstance(held, functools.partial)
        and function_name(held.func) == "run_in_threadpool"
        and held.args[:1] == (endpoint,)
    )


def _endpoint(held: Any) -> Any:
    is_hop = isinstance(held, functools.partial) and _hops_to(held, held.args[0])
    if not is_hop:
        return stand_in(held, "view")
    return functools.partial(held.func, stand_in(held.args[0], "view"))


def _dispatching(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    """Of a class: the method that serves."""
    (endpoint,) = args
    method = endpoint.scope.get("method", "").lower()
    name = method if method and hasattr(endpoint, method) else "dispatch"
    if method == "head" and name == "dispatch" and hasattr(endpoint, "get"):
        name = "get"
    describe_function(span, getattr(type(endpoint), name), {})


STREAMED: ContextVar[tuple[Any, dict[str, Any]] | None] = ContextVar(
    "fwtrace_streamed", default=None
)
"""The generator function, and its arguments, whose items are the response's body."""


def _streaming(stream: Any) -> Any:
    """``stream_response``: the time in which the items are made and sent."""

    @functools.wraps(stream)
    async def traced(response: Any, send: Any) -> Any:
        __traceback_hide__ = True
        if CURRENT.get() is None:
            return await stream(response, send)
        spans: list[Span] = []
        is_over = False

        def before(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
            spans.append(span)
            endpoint = STREAMED.get()
            if endpoint is not None:
                span.stage = "view"
                describe_function(span, *endpoint)

        async def noting(message: dict[str, Any]) -> None:
            nonlocal is_over
            is_over = is_over or not message.get("more_body", True)
            await send(message)

        try:
            return await spanned("call", "stream", before)(stream)(response, noting)
        except BaseException as error:
            # Who waits for the client to hang up cancels who has sent all there is.
            is_ended = is_over and type(error).__name__ == "CancelledError"
            if is_ended and spans:
                spans[0].error = None
            raise

    return traced


# Errors: which handler took it, and why.


def _handlers(scope: dict[str, Any]) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """By class and by status."""
    found: tuple[dict[Any, Any], dict[Any, Any]] | None = scope.get(_HANDLERS)
    return found or ({}, {})


def _describe_handler(
    span: Span, scope: dict[str, Any], error: BaseException, handler: Any
) -> None:
    by_class, by_status = _handlers(scope)
    status = getattr(error, "status_code", None)
    reason = "answers what nobody else handled"
    if by_status.get(status) is handler:
        reason = f"registered for the status {status}"
    else:
        for kind in type(error).__mro__:
            if kind in by_class:
                of = "" if kind is type(error) else ", which it is one of"
                reason = f"registered for {kind.__qualname__}{of}"
                break
    span.attributes["fwtrace.exception.handler"] = function_name(handler)
    span.attributes["code.function.name"] = (
        f"{getattr(handler, '__module__', '?')}.{function_name(handler)}"
    )
    span.attributes["fwtrace.exception.handler.reason"] = reason


def _describe_error(recorder: Recorder, span: Span, error: BaseException) -> None:
    describe_exception(recorder, span, error)
    errors = getattr(error, "errors", None)
    if type(error).__name__.endswith("ValidationError") and callable(errors):
        # Its own text repeats what was sent, secrets too.
        parts = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in errors()]
        many = "" if len(parts) == 1 else "s"
        text = f"{len(parts)} validation error{many}: {'; '.join(parts)}"
        span.attributes["exception.message"] = clip(text, recorder.limits.text)


def handling_errors(handle: Any) -> Any:
    """The clone's ``handle(error, handler, connection, receive, sender)``."""

    def before(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
        error, handler, connection = args[:3]
        _describe_error(recorder, span, error)
        _describe_handler(span, connection.scope, error, handler)

    return spanned("exception", "handle", before)(handle)


def handling_apps(wrap: Any) -> Any:
    """Starlette's ``wrap_app_handling_exceptions``: from the error to its answer."""
    if wrap is None:
        raise AttributeError("there is no such function to trace")

    @functools.wraps(wrap)
    def traced(app: Any, connection: Any) -> Any:
        current = CURRENT.get()
        if current is None:
            return wrap(app, connection)
        recorder = current[0]
        opened: list[tuple[Span, Any]] = []

        async def noting(scope: Any, receive: Any, send: Any) -> None:
            __traceback_hide__ = True
            try:
                await app(scope, receive, send)
            except Exception as error:
                _open_handling(connection.scope, error, opened)
                raise

        handling = wrap(noting, connection)

        async def handled(scope: Any, receive: Any, send: Any) -> None:
            __traceback_hide__ = True
            try:
                await handling(scope, receive, send)
            except BaseException as error:
                for span, _ in opened:
                    recorder.fail(span, error)
                raise
            finally:
                for span, before in opened:
                    left = recorder.stop(span)
                    CURRENT.set(before)
                    recorder.charge(left)

        return handled

    return traced


def _open_handling(
    scope: dict[str, Any], error: Exception, opened: list[tuple[Span, Any]]
) -> None:
    """A span that is open until the handler's response was sent."""
    current = CURRENT.get()
    handler = _handler_of(scope, error)
    if current is None or handler is None:
        return
    recorder, parent = current
    entered = recorder.clock()
    span = recorder.open("exception", type(error).__qualname__, parent)
    if span is None:
        return
    try:
        _describe_error(recorder, span, error)
        _describe_handler(span, scope, error, handler)
    except Exception as fault:
        recorder.fault(span, fault)
    opened.append((span, current))
    CURRENT.set((recorder, span))
    recorder.start(span, entered)


def _handler_of(scope: dict[str, Any], error: Exception) -> Any:
    by_class, by_status = _handlers(scope)
    handler = by_status.get(getattr(error, "status_code", None))
    if handler is not None:
        return handler
    kinds = (kind for kind in type(error).__mro__ if kind in by_class)
    return next((by_class[kind] for kind in kinds), None)


def _unhandled(respond: Any) -> Any:
    """What answers an error that nobody handled."""

    def before(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
        _describe_error(recorder, span, args[2])
        _describe_handler(span, {}, args[2], respond)

    return spanned("exception", "handle", before)(respond)


def _server_errors(call: Any) -> Any:
    """The handler of 500, which the outermost layer keeps for itself."""

    @functools.wraps(call)
    async def traced(layer: Any, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        __traceback_hide__ = True
        if CURRENT.get() is None or layer.handler is None or scope["type"] != "http":
            return await call(layer, scope, receive, send)
        undo = replace(layer, "handler", _last_handler)
        try:
            return await call(layer, scope, receive, send)
        finally:
            undo()

    return traced


def _last_handler(handler: Any) -> Any:
    def before(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
        _describe_error(recorder, span, args[1])
        _describe_handler(span, {}, args[1], handler)

    traced: Any
    if is_async(handler):

        async def traced(request: Any, error: Any) -> Any:
            __traceback_hide__ = True
            return await handler(request, error)

    else:

        def traced(request: Any, error: Any) -> Any:
            __traceback_hide__ = True
            return handler(request, error)

    return spanned("exception", "handle", before)(traced)


# After the response, and the body of the request.


def _background(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    (task,) = args
    arguments = named_arguments(task.func, task.args, task.kwargs)
    describe_function(span, plain_function(task.func), arguments)
    span.name = f"background {span.name}"
    span.attributes["fwtrace.hook"] = "background"


def _once(name: str, kept: str, label: str, after: Any) -> Any:
    """A span the first time: what was read is kept on the request."""

    def wrap(read: Any) -> Any:
        seen = spanned("request", label, after=after)(read)

        @functools.wraps(read)
        async def traced(request: Any, *args: Any, **kwargs: Any) -> Any:
            __traceback_hide__ = True
            is_read = vars(request).get(kept) is not None
            if CURRENT.get() is None or is_read:
                return await read(request, *args, **kwargs)
            return await seen(request, *args, **kwargs)

        return traced

    return Seam(f"requests:Request.{name}", wrap)


def _body(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    span.attributes["http.request.body.size"] = len(result)
    span.attributes["fwtrace.body.type"] = args[0].headers.get("content-type", "")


def _form(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    span.attributes["fwtrace.body.type"] = args[0].headers.get("content-type", "")
    fields, files = {}, []
    for name, value in result.multi_items()[: recorder.limits.items]:
        if hasattr(value, "filename"):
            size = getattr(value, "size", None)
            files.append({"name": name, "filename": value.filename, "size": size})
        else:
            fields[name] = value
    span.attributes["fwtrace.request.fields"] = kwarg_texts(fields)
    if files:
        span.attributes["fwtrace.request.files"] = files


def parsed(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    """The members of what JSON was parsed to."""
    if isinstance(result, dict):
        found = {str(k): v for k, v in list(result.items())[:20]}
        span.attributes["fwtrace.request.fields"] = kwarg_texts(found)
    else:
        span.attributes["fwtrace.request.fields"] = {"": show(result)}


_ERRORS = "middleware.errors:ServerErrorMiddleware"

STARLETTE = Probe(
    "starlette",
    ("fwtrace.toolkit.asgi", "starlette"),
    (
        Seam("routing:Router.__call__", _routing),
        *(
            Seam(f"routing:{name}.handle", handling_route)
            for name in ("Route", "WebSocketRoute", "Mount", "Host")
        ),
        *(
            Seam(f"endpoints:{name}.dispatch", spanned("view", before=_dispatching))
            for name in ("HTTPEndpoint", "WebSocketEndpoint")
        ),
        Seam("responses:StreamingResponse.stream_response", _streaming),
        Seam("routing:handle", handling_errors),
        Seam("middleware.exceptions:handle", handling_errors),
        Seam("routing:wrap_app_handling_exceptions", handling_apps),
        Seam("middleware.exceptions:wrap_app_handling_exceptions", handling_apps),
        Seam(f"{_ERRORS}.error_response", _unhandled),
        Seam(f"{_ERRORS}.debug_response", _unhandled),
        Seam(f"{_ERRORS}.__call__", _server_errors),
        Seam(
            "background:BackgroundTask.__call__",
            spanned("after", "background", before=_background),
        ),
        _once("body", "_body", "read body", _body),
        _once("json", "_json", "parse JSON", parsed),
        _once("_get_form", "_form", "parse form", _form),
    ),
)
