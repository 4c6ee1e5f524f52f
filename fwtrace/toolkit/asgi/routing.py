"""Routing: which app a path, a method and a host are for, and the way back.

Routes with a path stand in the toolkit's trie; what decides for itself (a Host, a
route with a ``matches`` of its own) is asked, each in its turn.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from enum import Enum
from typing import Any, TypeAlias

from fwtrace.toolkit.asgi.concurrency import is_async_callable, run_in_threadpool
from fwtrace.toolkit.asgi.convertors import CONVERTOR_TYPES, Convertor, matching
from fwtrace.toolkit.asgi.datastructures import URL, Headers, URLPath, parse_host
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.middleware import Middleware
from fwtrace.toolkit.asgi.middleware.exceptions import find_handler, handle
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import PlainTextResponse, RedirectResponse, Response
from fwtrace.toolkit.asgi.sending import as_sender
from fwtrace.toolkit.asgi.types import ASGIApp, Lifespan, Receive, Scope, Send
from fwtrace.toolkit.asgi.websockets import WebSocket, WebSocketClose
from fwtrace.toolkit.routing.matcher import Found, Matcher
from fwtrace.toolkit.routing.patterns import Literal, Param, Pattern, Piece

__all__ = [
    "BaseRoute",
    "Host",
    "Match",
    "Mount",
    "NoMatchFound",
    "Route",
    "Router",
    "WebSocketRoute",
    "compile_path",
    "get_name",
    "get_route_path",
    "replace_params",
    "request_response",
    "websocket_session",
]

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response] | Response]
SocketEndpoint: TypeAlias = Callable[[WebSocket], Awaitable[None]]


class NoMatchFound(Exception):
    """No route has this name and takes these parameters."""

    def __init__(self, name: str, path_params: dict[str, Any]) -> None:
        params = ", ".join(path_params)
        super().__init__(f'No route exists for name "{name}" and params "{params}".')


class Match(Enum):
    """PARTIAL: the path is right, the method is not."""

    NONE = 0
    PARTIAL = 1
    FULL = 2


def request_response(func: Endpoint) -> ASGIApp:
    """An ASGI app of a function that takes a request and gives a response."""
    call: Any = func
    if not is_async_callable(func):
        call = functools.partial(run_in_threadpool, func)  # type: ignore[call-arg]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        sender = as_sender(send)
        request = Request(scope, receive, sender)
        try:
            response = await call(request)
            await response(scope, receive, sender)
        except Exception as error:
            handler = find_handler(scope, error)
            if handler is None:
                raise
            await handle(error, handler, request, receive, sender)

    return app


def websocket_session(func: SocketEndpoint) -> ASGIApp:
    """An ASGI app of a coroutine function that talks to a WebSocket."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        sender = as_sender(send)
        session = WebSocket(scope, receive, sender)
        try:
            await func(session)
        except Exception as error:
            handler = find_handler(scope, error)
            if handler is None:
                raise
            await handle(error, handler, session, receive, sender)

    return app


def get_name(endpoint: Callable[..., Any]) -> str:
    return getattr(endpoint, "__name__", type(endpoint).__name__)


def get_route_path(scope: Scope) -> str:
    """The path below where the app is mounted."""
    path: str = scope["path"]
    root = scope.get("root_path", "")
    if root and path.startswith(root) and path[len(root) :][:1] in ("", "/"):
        return path[len(root) :]
    return path


_PARAM = re.compile(r"\{([a-zA-Z_][a-zA-Z0-9_]*)(?::([a-zA-Z_][a-zA-Z0-9_]*))?\}")


def _parse(path: str) -> tuple[list[Piece], str, dict[str, Convertor[Any]]]:
    """The pieces of a path, its format ``"/users/{id}"``, its convertors by name."""
    pieces: list[Piece] = []
    convertors: dict[str, Convertor[Any]] = {}
    twice: set[str] = set()
    form, end = "", 0
    for found in _PARAM.finditer(path):
        name, kind = found[1], found[2] or "str"
        if kind not in CONVERTOR_TYPES:
            raise AssertionError(f"Unknown path convertor '{kind}'")
        if name in convertors:
            twice.add(name)
        convertors[name] = CONVERTOR_TYPES[kind]
        before = path[end : found.start()]
        if before:
            pieces.append(Literal(before))
        pieces.append(Param(name, matching(convertors[name]), kind))
        form += f"{before}{{{name}}}"
        end = found.end()
    if twice:
        plural = "s" if len(twice) > 1 else ""
        names = ", ".join(sorted(twice))
        raise ValueError(f"Duplicated param name{plural} {names} at path {path}")
    if path[end:]:
        pieces.append(Literal(path[end:]))
    return pieces, form + path[end:], convertors


def compile_path(path: str) -> tuple[re.Pattern[str], str, dict[str, Convertor[Any]]]:
    """Of a path or a host: its regular expression, its format, its convertors.

    "/users/{id:int}" -> ^/users/(?P<id>[0-9]+)$, "/users/{id}", {"id": <int>}
    """
    pieces, form, convertors = _parse(path)
    is_host = not path.startswith("/")
    if is_host and pieces and isinstance(pieces[-1], Literal):
        # A host is compared without its port; brackets hold an IPv6 address.
        last = pieces[-1].text
        name = last if last.endswith("]") else last.rsplit(":", 1)[0]
        pieces[-1] = Literal(name)
    source = "".join(
        f"(?P<{piece.name}>{convertors[piece.name].regex})"
        if isinstance(piece, Param)
        else re.escape(piece.text)
        for piece in pieces
        if isinstance(piece, Literal | Param)
    )
    # RFC 9110, 4.2.3: the case of a host is of no account.
    return re.compile(f"^{source}$", re.IGNORECASE if is_host else 0), form, convertors


def replace_params(
    path: str, param_convertors: dict[str, Convertor[Any]], path_params: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The format with its parameters put in, and the parameters that are left over;
    a parameter that is missing stays in its braces."""
    left = dict(path_params)

    def put(found: re.Match[str]) -> str:
        name = found[1]
        if name not in left:
            return found[0]
        return param_convertors[name].to_string(left.pop(name))

    return _PARAM.sub(put, path), left


def _is_function(endpoint: Any) -> bool:
    while isinstance(endpoint, functools.partial):
        endpoint = endpoint.func
    return inspect.isfunction(endpoint) or inspect.ismethod(endpoint)


def _wrap(
    app: ASGIApp,
    middleware: Sequence[Middleware] | None,
    max_body_size: int | None = None,
) -> ASGIApp:
    """The app within its middleware, the first of them outermost."""
    for cls, args, kwargs in reversed(middleware or ()):
        app = cls(app, *args, **kwargs)
    if max_body_size is not None:
        from fwtrace.toolkit.asgi.middleware.body_limit import (
            RequestBodyLimitMiddleware,
        )

        app = RequestBodyLimitMiddleware(app, max_body_size=max_body_size)
    return app


class BaseRoute:
    """What a router asks, in order; also an app by itself."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """How well it fits, and what it adds to the scope."""
        raise NotImplementedError

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NotImplementedError

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError

    def candidates(self) -> Iterable[BaseRoute]:
        """The routes that it stands for: itself, for all but groups of them."""
        return (self,)

    def lists(self) -> Iterable[RouteList]:
        """The lists of routes that its candidates come from."""
        return ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match, found = self.matches(scope)
        if match is not Match.NONE:
            scope.update(found)
            await self.handle(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse("Not Found", status_code=404)(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)


class _PathRoute(BaseRoute):
    """A route that is found by its path: the router asks the trie, not the route."""

    path: str
    name: str | None
    app: ASGIApp
    endpoint: Any
    kinds: tuple[str, ...]

    def _compile(self, path: str) -> None:
        pieces, self.path_format, self.param_convertors = _parse(path)
        self.pattern = Pattern(path, pieces)

    @functools.cached_property
    def path_regex(self) -> re.Pattern[str]:
        return compile_path(self.pattern.text)[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] not in self.kinds:
            return Match.NONE, {}
        params = self.pattern.match(get_route_path(scope))
        if params is None:
            return Match.NONE, {}
        return self.match_method(scope), self.found(scope, params)

    def match_method(self, scope: Scope) -> Match:
        return Match.FULL

    def found(self, scope: Scope, params: dict[str, Any]) -> Scope:
        """What is added to the scope of a request that matched."""
        before = scope.get("path_params")
        if before:
            params = {**before, **params}
        return {"endpoint": self.endpoint, "path_params": params}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class _EndpointRoute(_PathRoute):
    """A path for one endpoint."""

    protocol = ""

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        if name != self.name or path_params.keys() != self.param_convertors.keys():
            raise NoMatchFound(name, path_params)
        path, _ = replace_params(self.path_format, self.param_convertors, path_params)
        return URLPath(path=path, protocol=self.protocol)


def _require_slash(path: str) -> None:
    if not path.startswith("/"):
        raise AssertionError("Routed paths must start with '/'")


class Route(_EndpointRoute):
    """A path for HTTP; the endpoint is a function, or an ASGI app such as a class.

    A function takes GET and HEAD unless ``methods`` says otherwise, an app all.
    """

    kinds = ("http",)
    protocol = "http"

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
        middleware: Sequence[Middleware] | None = None,
        max_body_size: int | None = None,
    ) -> None:
        _require_slash(path)
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        self.include_in_schema = include_in_schema
        app: ASGIApp = endpoint
        if _is_function(endpoint):
            app = request_response(endpoint)
            methods = ["GET"] if methods is None else methods
        self.app = _wrap(app, middleware, max_body_size)
        self.methods: set[str] | None = None
        if methods is not None:
            self.methods = {method.upper() for method in methods}
            if "GET" in self.methods:
                self.methods.add("HEAD")
        self._compile(path)

    def match_method(self, scope: Scope) -> Match:
        if self.methods and scope["method"] not in self.methods:
            return Match.PARTIAL
        return Match.FULL

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.methods and scope["method"] not in self.methods:
            headers = {"Allow": ", ".join(sorted(self.methods))}
            if "app" in scope:
                raise HTTPException(status_code=405, headers=headers)
            response = PlainTextResponse("Method Not Allowed", 405, headers)
            await response(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Route)
            and self.path == other.path
            and self.endpoint == other.endpoint
            and self.methods == other.methods
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        kind, methods = type(self).__name__, sorted(self.methods or ())
        return f"{kind}(path={self.path!r}, name={self.name!r}, methods={methods!r})"


class WebSocketRoute(_EndpointRoute):
    """A path for WebSockets."""

    kinds = ("websocket",)
    protocol = "websocket"

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        middleware: Sequence[Middleware] | None = None,
    ) -> None:
        _require_slash(path)
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        is_function = _is_function(endpoint)
        self.app = _wrap(
            websocket_session(endpoint) if is_function else endpoint, middleware
        )
        self._compile(path)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, WebSocketRoute)
            and self.path == other.path
            and self.endpoint == other.endpoint
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(path={self.path!r}, name={self.name!r})"


class _Group(BaseRoute):
    """Routes of an app within: reached by ``"<name>:<name of the route>"``."""

    name: str | None
    app: ASGIApp
    _inner: Any

    @property
    def routes(self) -> list[BaseRoute]:
        found: list[BaseRoute] = getattr(self._inner, "routes", [])
        return found

    def _name_within(self, name: str, params: dict[str, Any]) -> str:
        """The name as the app within knows it; NoMatchFound for that of another."""
        if self.name is None:
            return name
        if name.startswith(f"{self.name}:"):
            return name[len(self.name) + 1 :]
        raise NoMatchFound(name, params)

    def _url_within(self, name: str, params: dict[str, Any]) -> URLPath:
        for route in self.routes or ():
            try:
                return route.url_path_for(name, **params)
            except NoMatchFound:
                pass
        raise NoMatchFound(name, params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Mount(_Group, _PathRoute):
    """An app for all paths below one; it sees its own part of the path."""

    kinds = ("http", "websocket")

    def __init__(
        self,
        path: str,
        app: ASGIApp | None = None,
        routes: Sequence[BaseRoute] | None = None,
        name: str | None = None,
        *,
        middleware: Sequence[Middleware] | None = None,
        max_body_size: int | None = None,
    ) -> None:
        if path:
            _require_slash(path)
        if app is None and routes is None:
            raise AssertionError("Either 'app=...', or 'routes=' must be specified")
        self.path = path.rstrip("/")
        self._inner = Router(routes=routes) if app is None else app
        self.app = self.endpoint = _wrap(self._inner, middleware, max_body_size)
        self.name = name
        self._compile(self.path + "/{path:path}")

    def found(self, scope: Scope, params: dict[str, Any]) -> Scope:
        rest = "/" + params.pop("path")
        found = super().found(scope, params)
        root = scope.get("root_path", "")
        path = get_route_path(scope)
        # url_for begins at the outermost app, however deep it is asked.
        found["app_root_path"] = scope.get("app_root_path", root)
        found["root_path"] = root + path[: len(path) - len(rest)]
        return found

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        own = self.path_format, self.param_convertors
        if self.name is not None and name == self.name and "path" in path_params:
            path_params["path"] = path_params["path"].lstrip("/")
            path, left = replace_params(*own, path_params)
            if left:
                raise NoMatchFound(name, path_params)
            return URLPath(path=path)
        within = self._name_within(name, path_params)
        prefix, left = replace_params(*own, {**path_params, "path": ""})
        if "path" in path_params:
            left["path"] = path_params["path"]
        try:
            found = self._url_within(within, left)
        except NoMatchFound:
            raise NoMatchFound(name, path_params) from None
        return URLPath(path=prefix.rstrip("/") + str(found), protocol=found.protocol)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Mount)
            and self.path == other.path
            and self.app == other.app
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        kind, name = type(self).__name__, self.name or ""
        return f"{kind}(path={self.path!r}, name={name!r}, app={self.app!r})"


class Host(_Group):
    """An app for a host, which may have parameters: ``"{tenant}.example.org"``."""

    def __init__(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        if host.startswith("/"):
            raise AssertionError("Host must not start with '/'")
        self.host = host
        self.app = self._inner = app
        self.name = name
        self.host_regex, self.host_format, self.param_convertors = compile_path(host)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] not in ("http", "websocket"):
            return Match.NONE, {}
        host = parse_host(Headers(scope=scope).get("host"))
        found = None if host is None else self.host_regex.match(host.name.lower())
        if found is None:
            return Match.NONE, {}
        params = {
            name: self.param_convertors[name].convert(text)
            for name, text in found.groupdict().items()
        }
        params = {**scope.get("path_params", {}), **params}
        return Match.FULL, {"path_params": params, "endpoint": self.app}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        own = self.host_format, self.param_convertors
        if self.name is not None and name == self.name and "path" in path_params:
            path = path_params.pop("path")
            host, left = replace_params(*own, path_params)
            if left:
                raise NoMatchFound(name, path_params)
            return URLPath(path=path, host=host)
        within = self._name_within(name, path_params)
        host, left = replace_params(*own, path_params)
        try:
            found = self._url_within(within, left)
        except NoMatchFound:
            raise NoMatchFound(name, path_params) from None
        return URLPath(path=str(found), protocol=found.protocol, host=host)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Host)
            and self.host == other.host
            and self.app == other.app
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        kind, name = type(self).__name__, self.name or ""
        return f"{kind}(host={self.host!r}, name={name!r}, app={self.app!r})"


def _changing(name: str) -> Any:
    change = getattr(list, name)

    def changed(self: RouteList, *args: Any, **kwargs: Any) -> Any:
        self.forget()
        return change(self, *args, **kwargs)

    return functools.wraps(change)(changed)


class RouteList(list[BaseRoute]):
    """The routes of a router; what was compiled of them lasts until they change.

    ``version`` counts the changes, those of the lists within included.
    """

    def __init__(self, routes: Iterable[BaseRoute] = ()) -> None:
        super().__init__(routes)
        self.table: Table | None = None
        self.version = 0
        self._users: list[RouteList] = []

    def forget(self) -> None:
        self.table = None
        self.version += 1
        for user in self._users:
            user.forget()

    for _name in (
        *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
        *("__setitem__", "__delitem__", "__iadd__", "__imul__"),
    ):
        locals()[_name] = _changing(_name)
    del _name

    def compiled(self) -> Table:
        """The table of the routes, which is made anew after a change."""
        if self.table is None:
            self.watch()
            self.table = Table(self)
        return self.table

    def watch(self) -> None:
        """Notice changes of the lists within."""
        for route in self:
            for within in route.lists():
                if all(user is not self for user in within._users):
                    within._users.append(self)


_MATCHES = _PathRoute.matches


class Table:
    """Routes, compiled: those of a path in a trie, the others in a list."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._matcher = Matcher()
        self._others: list[tuple[int, BaseRoute]] = []
        self._orders: list[int] = []
        # What is found for a path without parameters is found once.
        self._plain: dict[str, list[Found]] = {}
        listed = (each for route in routes for each in route.candidates())
        paths: list[_PathRoute] = []
        for order, route in enumerate(listed):
            if isinstance(route, _PathRoute) and type(route).matches is _MATCHES:
                self._matcher.add(route.pattern, route)
                self._orders.append(order)
                paths.append(route)
            else:
                self._others.append((order, route))
        for pattern in (route.pattern for route in paths):
            if not pattern.params:
                self._plain[pattern.text] = self._matcher.find(pattern.text)

    def find(self, scope: Scope, path: str) -> tuple[BaseRoute | None, Scope, bool]:
        """The first route that fits as a whole, else the first that fits but for its
        method; what it adds to the scope; whether it fits as a whole."""
        kind = scope["type"]
        partial: tuple[BaseRoute | None, Scope, bool] = (None, {}, False)
        if self._others:
            return self._find_in_order(scope, path)
        plain = self._plain.get(path)
        for _, route, params in self._matcher.find(path) if plain is None else plain:
            if kind in route.kinds:
                if plain is not None:
                    params = {**params}
                if route.match_method(scope) is Match.FULL:
                    return route, route.found(scope, params), True
                if partial[0] is None:
                    partial = route, route.found(scope, params), False
        return partial

    def _find_in_order(
        self, scope: Scope, path: str
    ) -> tuple[BaseRoute | None, Scope, bool]:
        partial: tuple[BaseRoute | None, Scope, bool] = (None, {}, False)
        found = self._matcher.find(path)
        candidates = [(self._orders[order], route) for order, route, _ in found]
        for _, route in sorted([*candidates, *self._others], key=lambda each: each[0]):
            match, added = route.matches(scope)
            if match is Match.FULL:
                return route, added, True
            if match is Match.PARTIAL and partial[0] is None:
                partial = route, added, False
        return partial


def _as_lifespan(lifespan: Any) -> Lifespan:
    """A context manager, of the older generator functions too."""
    if inspect.isasyncgenfunction(lifespan):
        return asynccontextmanager(lifespan)
    if inspect.isgeneratorfunction(lifespan):
        manage = contextmanager(lifespan)

        @asynccontextmanager
        async def within(app: Any) -> Any:
            with manage(app) as state:
                yield state

        return within
    found: Lifespan = lifespan
    return found


def _warm_up() -> None:
    """Import what threads and task groups need, or the first request would."""
    with suppress(ImportError):
        from anyio.lowlevel import current_token

        current_token()


class _NoLifespan(AbstractAsyncContextManager[None]):
    def __call__(self, app: Any) -> _NoLifespan:
        return self

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *error: object) -> None:
        return None


class Router:
    """Routes in order: the first that fits takes the request.

    A path that fits but for its last slash is redirected; ``default`` takes the rest.
    """

    def __init__(
        self,
        routes: Sequence[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        lifespan: Lifespan | None = None,
        *,
        middleware: Sequence[Middleware] | None = None,
        max_body_size: int | None = None,
    ) -> None:
        self._routes = RouteList(routes or ())
        self.redirect_slashes = redirect_slashes
        self.default: ASGIApp = default or self.not_found
        self.lifespan_context: Lifespan = (
            _NoLifespan() if lifespan is None else _as_lifespan(lifespan)
        )
        self.middleware_stack = _wrap(self.app, middleware, max_body_size)

    @property
    def routes(self) -> list[BaseRoute]:
        return self._routes

    @routes.setter
    def routes(self, routes: Iterable[BaseRoute]) -> None:
        self._routes = RouteList(routes)

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        elif "app" in scope:  # its handlers say what a 404 looks like
            raise HTTPException(status_code=404)
        else:
            await PlainTextResponse("Not Found", status_code=404)(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of a named route; NoMatchFound where there is none."""
        for route in self.routes:
            try:
                return route.url_path_for(name, **path_params)
            except NoMatchFound:
                pass
        raise NoMatchFound(name, path_params)

    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start up, wait, shut down (ASGI, "Lifespan Protocol")."""
        phase = "startup"
        await receive()
        try:
            async with self.lifespan_context(scope.get("app")) as state:
                if state is not None:
                    if "state" not in scope:
                        raise RuntimeError(
                            'The server does not support "state" in the lifespan scope.'
                        )
                    scope["state"].update(state)
                self._routes.compiled()
                _warm_up()
                await send({"type": "lifespan.startup.complete"})
                phase = "shutdown"
                await receive()
        except BaseException:
            from traceback import format_exc

            await send({"type": f"lifespan.{phase}.failed", "message": format_exc()})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.middleware_stack(scope, receive, send)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if "router" not in scope:
            scope["router"] = self
        if kind == "lifespan":
            return await self.lifespan(scope, receive, send)
        if kind not in ("http", "websocket"):
            raise AssertionError(f"A router takes no {kind!r}.")
        table = self._routes.table or self._routes.compiled()
        path = get_route_path(scope)
        route, found, _ = table.find(scope, path)
        if route is not None:
            scope["route"] = route
            scope.update(found)
            return await route.handle(scope, receive, send)
        if kind == "http" and self.redirect_slashes and path != "/":
            moved = self._redirect(table, scope, path)
            if moved is not None:
                return await moved(scope, receive, send)
        await self.default(scope, receive, send)
        return None

    def _redirect(self, table: Table, scope: Scope, path: str) -> Response | None:
        whole = scope["path"]
        other = whole.rstrip("/") if path.endswith("/") else whole + "/"
        scope = {**scope, "path": other}
        if table.find(scope, get_route_path(scope))[0] is None:
            return None
        return RedirectResponse(URL(scope=scope))

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        self.routes.append(Mount(path, app=app, name=name))

    def host(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        self.routes.append(Host(host, app=app, name=name))

    def add_route(
        self,
        path: str,
        endpoint: Endpoint,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        route = Route(
            path,
            endpoint,
            methods=methods,
            name=name,
            include_in_schema=include_in_schema,
        )
        self.routes.append(route)

    def add_websocket_route(
        self, path: str, endpoint: SocketEndpoint, name: str | None = None
    ) -> None:
        self.routes.append(WebSocketRoute(path, endpoint, name=name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Router) and self.routes == other.routes

    __hash__ = None  # type: ignore[assignment]
