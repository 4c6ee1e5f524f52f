"""The application: a router within its middleware."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fwtrace.toolkit.asgi.datastructures import State, URLPath
from fwtrace.toolkit.asgi.middleware import Middleware
from fwtrace.toolkit.asgi.middleware.errors import ServerErrorMiddleware
from fwtrace.toolkit.asgi.middleware.exceptions import ExceptionMiddleware
from fwtrace.toolkit.asgi.routing import BaseRoute, Endpoint, Router
from fwtrace.toolkit.asgi.types import (
    ASGIApp,
    ExceptionHandler,
    Lifespan,
    Receive,
    Scope,
    Send,
)

__all__ = ["Starlette"]


class Starlette:
    """Routes, middleware (the first outermost), exception handlers and a lifespan.

    ``exception_handlers`` are functions of a request and an exception, by status or
    class; those of 500 and ``Exception`` answer what nobody else handled.
    ``max_body_size`` is in bytes.
    """

    def __init__(
        self,
        debug: bool = False,
        routes: Sequence[BaseRoute] | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: Mapping[Any, ExceptionHandler] | None = None,
        lifespan: Lifespan | None = None,
        *,
        max_body_size: int | None = None,
    ) -> None:
        self.debug = debug
        self.state = State()
        self.router = Router(routes, lifespan=lifespan)
        self.max_body_size = max_body_size
        self.exception_handlers = dict(exception_handlers or {})
        self.user_middleware = list(middleware or ())
        self.middleware_stack: ASGIApp | None = None

    def build_middleware_stack(self) -> ASGIApp:
        """errors ( body limit ( the app's own ( exceptions ( router ))))"""
        handlers = dict(self.exception_handlers)
        last = [handlers.pop(key) for key in list(handlers) if key in (500, Exception)]
        layers = [
            Middleware(
                ServerErrorMiddleware,
                handler=last[-1] if last else None,
                debug=self.debug,
            )
        ]
        if self.max_body_size is not None:
            from fwtrace.toolkit.asgi.middleware.body_limit import (
                RequestBodyLimitMiddleware,
            )

            limit = self.max_body_size
            layers.append(Middleware(RequestBodyLimitMiddleware, max_body_size=limit))
        layers += self.user_middleware
        layers.append(
            Middleware(ExceptionMiddleware, handlers=handlers, debug=self.debug)
        )
        app: ASGIApp = self.router
        for cls, args, kwargs in reversed(layers):
            app = cls(app, *args, **kwargs)
        return app

    @property
    def routes(self) -> list[BaseRoute]:
        return self.router.routes

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        return self.router.url_path_for(name, **path_params)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        stack = self.middleware_stack
        if stack is None:
            stack = self.middleware_stack = self.build_middleware_stack()
        await stack(scope, receive, send)

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        self.router.mount(path, app=app, name=name)

    def host(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        self.router.host(host, app=app, name=name)

    def add_middleware(
        self, middleware_class: Callable[..., ASGIApp], *args: Any, **kwargs: Any
    ) -> None:
        """Put it around what is there; RuntimeError once the app has begun."""
        if self.middleware_stack is not None:
            raise RuntimeError("Cannot add middleware after an application has started")
        self.user_middleware.insert(0, Middleware(middleware_class, *args, **kwargs))

    def add_exception_handler(
        self,
        exc_class_or_status_code: int | type[Exception],
        handler: ExceptionHandler,
    ) -> None:
        self.exception_handlers[exc_class_or_status_code] = handler

    def add_route(
        self,
        path: str,
        route: Endpoint,
        methods: list[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        self.router.add_route(path, route, methods, name, include_in_schema)
