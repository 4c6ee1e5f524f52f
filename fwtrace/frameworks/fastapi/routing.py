"""Routers: path operations that have a prefix, dependencies, ... in common."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, Literal, Unpack

from fwtrace.frameworks.fastapi import params
from fwtrace.frameworks.fastapi.datastructures import Default
from fwtrace.frameworks.fastapi.exceptions import FastAPIError
from fwtrace.frameworks.fastapi.handler import (
    FORM_LIMITS,
)
from fwtrace.frameworks.fastapi.inclusion import (
    IncludedRouter,
    Inclusion,
    iter_route_contexts,
)
from fwtrace.frameworks.fastapi.routes import (
    APIRoute,
    APIWebSocketRoute,
    OperationOptions,
    Responses,
    form_limits_of,
    request_response,
    websocket_session,
)
from fwtrace.frameworks.fastapi.types import DecoratedCallable
from fwtrace.frameworks.fastapi.utils import (
    check_body_size,
    first_given,
    generate_unique_id,
    get_value_or_default,
)
from fwtrace.toolkit.asgi import routing
from fwtrace.toolkit.asgi.concurrency import is_async_callable
from fwtrace.toolkit.asgi.responses import JSONResponse, Response
from fwtrace.toolkit.asgi.routing import (
    BaseRoute,
    Host,
    Match,
    Mount,
)
from fwtrace.toolkit.asgi.types import ASGIApp, Lifespan, Receive, Scope, Send

__all__ = [
    "APIRoute",
    "APIRouter",
    "APIWebSocketRoute",
    "Host",
    "Match",
    "Mount",
    "iter_route_contexts",
    "request_response",
    "websocket_session",
]


class _EventLifespan:
    """The lifespan of a router without one: its functions for startup and shutdown."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router

    def __call__(self, app: Any) -> _EventLifespan:
        return self

    async def __aenter__(self) -> None:
        await _call_all(self._router.on_startup)

    async def __aexit__(self, *error: object) -> None:
        await _call_all(self._router.on_shutdown)


async def _call_all(handlers: list[Callable[[], Any]]) -> None:
    for each in handlers:
        found = each()
        if is_async_callable(each):
            await found


def _merged(outer: Lifespan, inner: Lifespan) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: Any) -> Any:
        async with outer(app) as outer_state, inner(app) as inner_state:
            if outer_state is None and inner_state is None:
                yield None
            else:
                yield {**(inner_state or {}), **(outer_state or {})}

    return lifespan


def _check_prefix(prefix: str) -> None:
    if prefix and not prefix.startswith("/"):
        raise AssertionError("A path prefix must start with '/'")
    if prefix.endswith("/"):
        raise AssertionError(
            "A path prefix must not end with '/', as the routes will start with '/'"
        )


class APIRouter(routing.Router):
    """Path operations that have a prefix, tags, dependencies, ... in common."""

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: list[str | Enum] | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        responses: Responses | None = None,
        callbacks: list[BaseRoute] | None = None,
        routes: list[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        dependency_overrides_provider: Any = None,
        route_class: type[APIRoute] = APIRoute,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Lifespan | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        generate_unique_id_function: Callable[[APIRoute], str] = Default(
            generate_unique_id
        ),
        strict_content_type: bool = Default(True),
        max_body_size: int | None = None,
        form_limits: dict[str, int] | None = None,
    ) -> None:
        check_body_size(max_body_size)
        _check_prefix(prefix)
        self.on_startup = list(on_startup or ())
        self.on_shutdown = list(on_shutdown or ())
        super().__init__(
            routes=routes,
            redirect_slashes=redirect_slashes,
            default=default,
            lifespan=_EventLifespan(self) if lifespan is None else lifespan,
        )
        self.prefix = prefix
        self.tags = tags or []
        self.dependencies = list(dependencies or ())
        self.deprecated = deprecated
        self.include_in_schema = include_in_schema
        self.responses = responses or {}
        self.callbacks = callbacks or []
        self.dependency_overrides_provider = dependency_overrides_provider
        self.route_class = route_class
        self.default_response_class: Any = default_response_class
        self.generate_unique_id_function: Any = generate_unique_id_function
        self.strict_content_type: Any = strict_content_type
        self.max_body_size = max_body_size
        self.form_limits = form_limits_of(form_limits)
        if self.form_limits:
            self.middleware_stack = self._limit_forms
        self._frontends: list[APIRoute] = []
        self._rest = self.default
        self.default = self._frontend_or_rest

    async def _frontend_or_rest(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """What no route answers: the frontend of the longest path, if there is one."""
        if scope["type"] == "http":
            from fwtrace.frameworks.fastapi.frontend import FRONTEND_PATH

            path = routing.get_route_path(scope)
            best: tuple[int, str, APIRoute] | None = None
            for route in self.frontends():
                root = route.path.rstrip("/")
                if path == root or path.startswith(f"{root}/"):
                    if best is None or len(root) > best[0]:
                        best = len(root), path[len(root) :], route
            if best is not None:
                scope[FRONTEND_PATH] = best[1]
                return await best[2].app(scope, receive, send)
        await self._rest(scope, receive, send)
        return None

    def frontends(self) -> Iterator[APIRoute]:
        """Those of this router, and of the routers that it includes."""
        yield from self._frontends
        for route in self.routes:
            if isinstance(route, IncludedRouter):
                yield from route.frontends()

    def frontend(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Literal["auto", "index.html", "404.html"] | None = "auto",
        check_dir: bool | Literal["auto"] = "auto",
    ) -> None:
        """Serve the files of a built frontend where no route answers.

        ``fallback`` is the page for what is missing. Raises RuntimeError where the
        directory or the page is not there.
        """
        from fwtrace.frameworks.fastapi import frontend

        files = frontend.FrontendFiles(directory, fallback, check_dir)
        route = APIRoute(
            frontend.join(self.prefix, frontend.normalized(path)),
            files.serve,
            response_model=None,
            include_in_schema=False,
            dependencies=self.dependencies,
            dependency_overrides_provider=self.dependency_overrides_provider,
        )
        self._frontends.append(route)

    async def _limit_forms(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[FORM_LIMITS] = {**scope.get(FORM_LIMITS, {}), **self.form_limits}
        await self.app(scope, receive, send)

    # Adding routes.

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Iterable[str] | None = None,
        route_class_override: type[APIRoute] | None = None,
        strict_content_type: bool = Default(True),
        **options: Unpack[OperationOptions],
    ) -> None:
        """Compile a path operation and add it."""
        given: dict[str, Any] = {**options}
        given["responses"] = {**self.responses, **(given.get("responses") or {})}
        for name in ("tags", "dependencies", "callbacks"):
            given[name] = [*getattr(self, name), *(given.get(name) or ())]
        given["deprecated"] = given.get("deprecated") or self.deprecated
        shown = given.get("include_in_schema", True)
        given["include_in_schema"] = shown and self.include_in_schema
        for name, inherited, default in (
            ("response_class", self.default_response_class, Default(JSONResponse)),
            (
                "generate_unique_id_function",
                self.generate_unique_id_function,
                Default(generate_unique_id),
            ),
        ):
            given[name] = get_value_or_default(given.get(name, default), inherited)
        limit = first_given(given.get("max_body_size"), self.max_body_size)
        given["max_body_size"] = limit
        if given.get("form_limits") is None:
            given.pop("form_limits", None)
        route = (route_class_override or self.route_class)(
            self.prefix + path,
            endpoint,
            methods=methods,
            dependency_overrides_provider=self.dependency_overrides_provider,
            strict_content_type=get_value_or_default(
                strict_content_type, self.strict_content_type
            ),
            **given,
        )
        self.routes.append(route)

    def api_route(
        self,
        path: str,
        *,
        methods: list[str] | None = None,
        **options: Unpack[OperationOptions],
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Decorates the function of a path operation with these methods."""

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_api_route(path, function, methods=methods, **options)
            return function

        return decorate

    def get(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        return self.api_route(path, methods=["GET"], **options)

    def put(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        return self.api_route(path, methods=["PUT"], **options)

    def post(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        return self.api_route(path, methods=["POST"], **options)

    def delete(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        return self.api_route(path, methods=["DELETE"], **options)

    def options(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        return self.api_route(path, methods=["OPTIONS"], **options)

    def head(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        return self.api_route(path, methods=["HEAD"], **options)

    def patch(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        return self.api_route(path, methods=["PATCH"], **options)

    def trace(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        return self.api_route(path, methods=["TRACE"], **options)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[params.Depends] | None = None,
    ) -> None:
        route = APIWebSocketRoute(
            self.prefix + path,
            endpoint,
            name=name,
            dependencies=[*self.dependencies, *(dependencies or ())],
            dependency_overrides_provider=self.dependency_overrides_provider,
        )
        self.routes.append(route)

    def websocket(
        self,
        path: str,
        name: str | None = None,
        *,
        dependencies: Sequence[params.Depends] | None = None,
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Decorates the function that talks to the WebSockets of this path."""

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_api_websocket_route(
                path, function, name=name, dependencies=dependencies
            )
            return function

        return decorate

    def websocket_route(
        self, path: str, name: str | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Decorates a function of a WebSocket alone, without dependencies."""

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_websocket_route(path, function, name=name)
            return function

        return decorate

    def route(
        self,
        path: str,
        methods: Sequence[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Decorates a function of a request alone, without dependencies."""

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_route(path, function, methods, name, include_in_schema)
            return function

        return decorate

    def include_router(
        self,
        router: APIRouter,
        *,
        prefix: str = "",
        tags: list[str | Enum] | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        responses: Responses | None = None,
        callbacks: list[BaseRoute] | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        generate_unique_id_function: Callable[[APIRoute], str] = Default(
            generate_unique_id
        ),
        max_body_size: int | None = None,
        form_limits: dict[str, int] | None = None,
    ) -> None:
        """Take all routes of the router, below the prefix; those added later too."""
        if router is self:
            raise AssertionError(
                "Cannot include the same APIRouter instance into itself. "
                "Did you mean to include a different router?"
            )
        if router._contains(self):
            raise AssertionError(
                "Cannot include an APIRouter instance that already includes this "
                "router. Did you mean to include a different router?"
            )
        _check_prefix(prefix)
        if not prefix:
            for route in iter_route_contexts(router.routes):
                if getattr(route, "path", None) == "" and not isinstance(route, Mount):
                    name = getattr(route, "name", "unknown")
                    raise FastAPIError(
                        f"Prefix and path cannot be both empty (path operation: {name})"
                    )
        check_body_size(max_body_size)
        inclusion = Inclusion(
            self.prefix + prefix,
            [*self.tags, *(tags or ())],
            [*self.dependencies, *(dependencies or ())],
            get_value_or_default(default_response_class, self.default_response_class),
            {**self.responses, **(responses or {})},
            [*self.callbacks, *(callbacks or ())],
            deprecated or self.deprecated,
            include_in_schema and self.include_in_schema,
            get_value_or_default(
                generate_unique_id_function, self.generate_unique_id_function
            ),
            self.strict_content_type,
            self.dependency_overrides_provider,
            first_given(router.max_body_size, max_body_size, self.max_body_size),
            {**form_limits_of(form_limits), **router.form_limits},
        )
        included = IncludedRouter(router, inclusion)
        if self.dependency_overrides_provider is not None:
            # This is an app's: its routes are compiled now, not with a request.
            list(included.candidates())
        self.routes.append(included)
        for handler in router.on_startup:
            self.add_event_handler("startup", handler)
        for handler in router.on_shutdown:
            self.add_event_handler("shutdown", handler)
        self.lifespan_context = _merged(self.lifespan_context, router.lifespan_context)

    def _contains(self, router: APIRouter) -> bool:
        included = [each for each in self.routes if isinstance(each, IncludedRouter)]
        return any(e.router is router or e.router._contains(router) for e in included)

    # Events.

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        if event_type not in ("startup", "shutdown"):
            raise AssertionError(f"There is no event {event_type!r}.")
        handlers = self.on_startup if event_type == "startup" else self.on_shutdown
        handlers.append(func)

    def on_event(
        self, event_type: str
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Deprecated: a lifespan says both what to do first and what at the end."""
        warnings.warn(
            "on_event is deprecated, use lifespan event handlers instead.",
            category=DeprecationWarning,
            stacklevel=2,
        )

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_event_handler(event_type, function)
            return function

        return decorate
