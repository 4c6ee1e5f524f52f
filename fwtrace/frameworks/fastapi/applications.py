"""The application: path operations, their documentation, and how they are served."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Unpack

from fwtrace.frameworks.fastapi import params
from fwtrace.frameworks.fastapi.datastructures import Default
from fwtrace.frameworks.fastapi.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from fwtrace.frameworks.fastapi.exceptions import (
    FastAPIDeprecationWarning,
    RequestValidationError,
    WebSocketRequestValidationError,
)
from fwtrace.frameworks.fastapi.routes import (
    APIRoute,
    OperationOptions,
    Responses,
)
from fwtrace.frameworks.fastapi.routing import APIRouter
from fwtrace.frameworks.fastapi.types import DecoratedCallable
from fwtrace.frameworks.fastapi.utils import generate_unique_id
from fwtrace.toolkit.asgi.applications import Starlette
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.middleware import Middleware
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import HTMLResponse, JSONResponse, Response
from fwtrace.toolkit.asgi.routing import BaseRoute
from fwtrace.toolkit.asgi.types import (
    ExceptionHandler,
    Lifespan,
    Receive,
    Scope,
    Send,
)

__all__ = ["FastAPI"]

_Decorator = Callable[[DecoratedCallable], DecoratedCallable]


class FastAPI(Starlette):
    """An application; what it does not say itself, its routers may.

    ``openapi_url=None`` leaves out the schema and both pages that show it. Errors of a
    declaration are raised where it stands, not with the first request.
    """

    def __init__(
        self,
        *,
        debug: bool = False,
        routes: list[BaseRoute] | None = None,
        title: str = "FastAPI",
        summary: str | None = None,
        description: str = "",
        version: str = "0.1.0",
        openapi_url: str | None = "/openapi.json",
        openapi_tags: list[dict[str, Any]] | None = None,
        servers: list[dict[str, Any]] | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        redirect_slashes: bool = True,
        docs_url: str | None = "/docs",
        redoc_url: str | None = "/redoc",
        swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect",
        swagger_ui_init_oauth: dict[str, Any] | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: Mapping[Any, ExceptionHandler] | None = None,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Lifespan | None = None,
        terms_of_service: str | None = None,
        contact: dict[str, Any] | None = None,
        license_info: dict[str, Any] | None = None,
        openapi_prefix: str = "",
        root_path: str = "",
        root_path_in_servers: bool = True,
        responses: Responses | None = None,
        callbacks: list[BaseRoute] | None = None,
        webhooks: APIRouter | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        swagger_ui_parameters: dict[str, Any] | None = None,
        generate_unique_id_function: Callable[[APIRoute], str] = Default(
            generate_unique_id
        ),
        separate_input_output_schemas: bool = True,
        openapi_external_docs: dict[str, Any] | None = None,
        strict_content_type: bool = True,
        max_body_size: int | None = None,
        form_limits: dict[str, int] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(
            debug=debug,
            middleware=middleware,
            exception_handlers=exception_handlers,
            max_body_size=max_body_size,
        )
        self.title = title
        self.summary = summary
        self.description = description
        self.version = version
        self.terms_of_service = terms_of_service
        self.contact = contact
        self.license_info = license_info
        self.openapi_url = openapi_url
        self.openapi_tags = openapi_tags
        self.root_path_in_servers = root_path_in_servers
        self.docs_url = docs_url
        self.redoc_url = redoc_url
        self.swagger_ui_oauth2_redirect_url = swagger_ui_oauth2_redirect_url
        self.swagger_ui_init_oauth = swagger_ui_init_oauth
        self.swagger_ui_parameters = swagger_ui_parameters
        self.servers = servers or []
        self.separate_input_output_schemas = separate_input_output_schemas
        self.openapi_external_docs = openapi_external_docs
        self.extra = extra
        self.openapi_version = "3.1.0"
        self.openapi_schema: dict[str, Any] | None = None
        self._openapi_of_version = -1
        if openapi_url and not title:
            raise AssertionError("A title must be provided for OpenAPI, e.g.: 'My API'")
        if openapi_url and not version:
            raise AssertionError(
                "A version must be provided for OpenAPI, e.g.: '2.1.0'"
            )
        self.webhooks = webhooks or APIRouter()
        if root_path or openapi_prefix:
            warnings.warn(
                "The `root_path` parameter is deprecated: tell the server, for example "
                "with uvicorn --root-path /api/v1.",
                category=FastAPIDeprecationWarning,
                stacklevel=2,
            )
        self.root_path = root_path or openapi_prefix
        self.dependency_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
        self.router: APIRouter = APIRouter(
            routes=routes,
            redirect_slashes=redirect_slashes,
            dependency_overrides_provider=self,
            on_startup=on_startup,
            on_shutdown=on_shutdown,
            lifespan=lifespan,
            default_response_class=default_response_class,
            dependencies=dependencies,
            callbacks=callbacks,
            deprecated=deprecated,
            include_in_schema=include_in_schema,
            responses=responses,
            generate_unique_id_function=generate_unique_id_function,
            strict_content_type=strict_content_type,
            max_body_size=max_body_size,
            form_limits=form_limits,
        )
        handlers: dict[Any, ExceptionHandler] = {
            HTTPException: http_exception_handler,
            RequestValidationError: request_validation_exception_handler,
            WebSocketRequestValidationError: (
                websocket_request_validation_exception_handler
            ),
        }
        self.exception_handlers = {**handlers, **self.exception_handlers}
        self.setup()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        if self.root_path:
            scope["root_path"] = self.root_path
        stack = self.middleware_stack
        if stack is None:
            stack = self.middleware_stack = self.build_middleware_stack()
        await stack(scope, receive, send)

    # The documentation.

    def openapi(self) -> dict[str, Any]:
        """The schema of the application (OpenAPI 3.1), made anew when routes change."""
        routes = self.router._routes
        routes.watch()
        if not self.openapi_schema or self._openapi_of_version != routes.version:
            from fwtrace.frameworks.fastapi.openapi.utils import get_openapi

            self.openapi_schema = get_openapi(
                title=self.title,
                version=self.version,
                openapi_version=self.openapi_version,
                summary=self.summary,
                description=self.description,
                terms_of_service=self.terms_of_service,
                contact=self.contact,
                license_info=self.license_info,
                routes=self.routes,
                webhooks=self.webhooks.routes,
                tags=self.openapi_tags,
                servers=self.servers,
                separate_input_output_schemas=self.separate_input_output_schemas,
                external_docs=self.openapi_external_docs,
            )
            self._openapi_of_version = routes.version
        return self.openapi_schema

    def setup(self) -> None:
        """Add the routes of the schema and of the pages that show it."""
        if not self.openapi_url:
            return
        self._add_assets()
        redirect = self.swagger_ui_oauth2_redirect_url if self.docs_url else None
        for path, serve, name in (
            (self.openapi_url, self._serve_schema, "openapi"),
            (self.docs_url, self._serve_docs, "swagger_ui_html"),
            (redirect, _serve_redirect, "swagger_ui_redirect"),
            (self.redoc_url, self._serve_redoc, "redoc_html"),
        ):
            if path:
                self.add_route(path, serve, name=name, include_in_schema=False)

    def _add_assets(self) -> None:
        """Serve the scripts of the pages, where they are installed here."""
        from fwtrace.frameworks.fastapi.openapi.assets import find_assets

        page = self.docs_url or self.redoc_url
        self._assets = found = find_assets() if page else None
        if found is not None:
            from fwtrace.frameworks.fastapi.frontend import FrontendFiles

            self._assets_path = f"{page}/assets"
            files = FrontendFiles(found.directory, fallback=None)
            route = APIRoute(self._assets_path, files.serve, response_model=None)
            # Below all else that the application may serve by that path.
            self.router._frontends.append(route)

    async def _serve_schema(self, request: Request) -> JSONResponse:
        schema = self.openapi()
        root = _root_path(request)
        servers = schema.get("servers", [])
        is_known = any(server.get("url") == root for server in servers)
        if root and self.root_path_in_servers and not is_known:
            schema = {**schema, "servers": [{"url": root}, *servers]}
        return JSONResponse(schema)

    async def _serve_docs(self, request: Request) -> HTMLResponse:
        from fwtrace.frameworks.fastapi.openapi.docs import get_swagger_ui_html

        root, local = _root_path(request), {}
        if self._assets is not None:
            local = self._assets.swagger_urls(root + self._assets_path)
        redirect = self.swagger_ui_oauth2_redirect_url
        return get_swagger_ui_html(
            openapi_url=f"{root}{self.openapi_url}",
            title=f"{self.title} - Swagger UI",
            oauth2_redirect_url=root + redirect if redirect else None,
            init_oauth=self.swagger_ui_init_oauth,
            swagger_ui_parameters=self.swagger_ui_parameters,
            **local,
        )

    async def _serve_redoc(self, request: Request) -> HTMLResponse:
        from fwtrace.frameworks.fastapi.openapi.docs import get_redoc_html

        root, local = _root_path(request), {}
        if self._assets is not None:
            local = self._assets.redoc_urls(root + self._assets_path)
        return get_redoc_html(
            openapi_url=f"{root}{self.openapi_url}",
            title=f"{self.title} - ReDoc",
            with_google_fonts=not local,
            **local,
        )

    # Path operations: those of the router.

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Iterable[str] | None = None,
        **options: Unpack[OperationOptions],
    ) -> None:
        self.router.add_api_route(path, endpoint, methods=methods, **options)

    def api_route(
        self,
        path: str,
        *,
        methods: list[str] | None = None,
        **options: Unpack[OperationOptions],
    ) -> _Decorator[Any]:
        return self.router.api_route(path, methods=methods, **options)

    def get(self, path: str, **options: Unpack[OperationOptions]) -> _Decorator[Any]:
        return self.router.get(path, **options)

    def put(self, path: str, **options: Unpack[OperationOptions]) -> _Decorator[Any]:
        return self.router.put(path, **options)

    def post(self, path: str, **options: Unpack[OperationOptions]) -> _Decorator[Any]:
        return self.router.post(path, **options)

    def delete(self, path: str, **options: Unpack[OperationOptions]) -> _Decorator[Any]:
        return self.router.delete(path, **options)

    def options(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> _Decorator[Any]:
        return self.router.options(path, **options)

    def head(self, path: str, **options: Unpack[OperationOptions]) -> _Decorator[Any]:
        return self.router.head(path, **options)

    def patch(self, path: str, **options: Unpack[OperationOptions]) -> _Decorator[Any]:
        return self.router.patch(path, **options)

    def trace(self, path: str, **options: Unpack[OperationOptions]) -> _Decorator[Any]:
        return self.router.trace(path, **options)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[params.Depends] | None = None,
    ) -> None:
        self.router.add_api_websocket_route(
            path, endpoint, name=name, dependencies=dependencies
        )

    def websocket(
        self,
        path: str,
        name: str | None = None,
        *,
        dependencies: Sequence[params.Depends] | None = None,
    ) -> _Decorator[Any]:
        return self.router.websocket(path, name=name, dependencies=dependencies)

    def websocket_route(self, path: str, name: str | None = None) -> _Decorator[Any]:
        return self.router.websocket_route(path, name=name)

    def frontend(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Literal["auto", "index.html", "404.html"] | None = "auto",
        check_dir: bool | Literal["auto"] = "auto",
    ) -> None:
        """Serve the files of a built frontend where no route answers."""
        self.router.frontend(
            path, directory=directory, fallback=fallback, check_dir=check_dir
        )

    def include_router(self, router: APIRouter, **options: Any) -> None:
        """``APIRouter.include_router`` says what the options are."""
        self.router.include_router(router, **options)

    # Events, middleware, exceptions.

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        self.router.add_event_handler(event_type, func)

    def on_event(self, event_type: str) -> _Decorator[Any]:
        """Deprecated: a lifespan says both what to do first and what at the end."""
        return self.router.on_event(event_type)

    def middleware(self, middleware_type: str) -> _Decorator[Any]:
        """Decorates ``async def add_header(request, call_next) -> response``."""
        if middleware_type != "http":
            raise AssertionError('Currently only middleware("http") is supported.')

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            from fwtrace.toolkit.asgi.middleware.base import BaseHTTPMiddleware

            self.add_middleware(BaseHTTPMiddleware, dispatch=function)
            return function

        return decorate

    def exception_handler(
        self, exc_class_or_status_code: int | type[Exception]
    ) -> _Decorator[Any]:
        """Decorates ``(request, error) -> response`` for a class or a status."""

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_exception_handler(exc_class_or_status_code, function)
            return function

        return decorate


def _root_path(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")


async def _serve_redirect(request: Request) -> HTMLResponse:
    from fwtrace.frameworks.fastapi.openapi.docs import (
        get_swagger_ui_oauth2_redirect_html,
    )

    return get_swagger_ui_oauth2_redirect_html()
