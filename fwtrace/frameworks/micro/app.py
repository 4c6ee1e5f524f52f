"""The micro framework's app: a request's whole life, in ``App.handle``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from fwtrace.toolkit.http.errors import HTTPError
from fwtrace.toolkit.http.headers import Headers
from fwtrace.toolkit.http.multidict import MultiDict
from fwtrace.toolkit.http.urls import quote_path
from fwtrace.toolkit.routing.router import Match, Router
from fwtrace.toolkit.routing.table import URLPattern, flatten
from fwtrace.toolkit.templates.jinja import Templates
from fwtrace.toolkit.wsgi.client import Client
from fwtrace.toolkit.wsgi.dispatch import error_response, no_match, shift_path
from fwtrace.toolkit.wsgi.middleware import stack
from fwtrace.toolkit.wsgi.request import Request as BaseRequest
from fwtrace.toolkit.wsgi.response import JsonResponse, Response
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["App", "Request", "render_template", "url_for"]

View = TypeVar("View", bound=Callable[..., Any])
Handler = Callable[[Any, Any], Any]

_current: ContextVar[Request] = ContextVar("fwtrace_micro_request")


class Request(BaseRequest):
    """The toolkit's request, with Django's names for what it holds.

    ``app`` is the one that is handling it.
    """

    __slots__ = ("app",)

    app: App

    @property
    def GET(self) -> MultiDict[str]:
        return self.query

    @property
    def POST(self) -> MultiDict[str]:
        return self.form

    @property
    def FILES(self) -> MultiDict[Any]:
        return self.files

    @property
    def COOKIES(self) -> dict[str, str]:
        return self.cookies


class App:
    """A WSGI application.

    ``folder`` is where ``templates`` and ``static`` are looked for: a path, a
    module's ``__name__``, or nothing for the folder of the file that makes the app.
    """

    request_class = Request

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        templates: str | Path = "templates",
        static: str | Path = "static",
        debug: bool = False,
    ) -> None:
        self.folder = _folder(folder)
        self.debug = debug
        self.router = Router()
        self.templates = Templates([self.folder / templates], url_for=self.url_for)
        self.middleware: list[tuple[Callable[..., WSGIApp], dict[str, Any]]] = []
        self.stack: WSGIApp = self.wsgi_app
        self._handlers: dict[int | type[BaseException], Handler] = {}
        self._urlpatterns: list[URLPattern] = []
        if (self.folder / static).is_dir():
            from fwtrace.toolkit.wsgi.static import StaticFiles

            self.mount("/static", StaticFiles(self.folder / static))
        if debug:
            from fwtrace.toolkit.wsgi.middleware.errors import ErrorsMiddleware

            self.add_middleware(ErrorsMiddleware, debug=True)

    def __repr__(self) -> str:
        return f"<App in {str(self.folder)!r}, {len(self.router.routes)} routes>"

    # Putting it together.

    def route(
        self,
        path: str,
        methods: Iterable[str] | None = None,
        name: str | None = None,
    ) -> Callable[[View], View]:
        """Decorator: the function answers this path, in GET unless methods are given.

        Its name is the route's, for :meth:`url_for`.
        """

        def add(view: View) -> View:
            given = ["GET"] if methods is None else methods
            label = name or getattr(view, "__name__", None)
            self.router.add(path, view, methods=given, name=label)
            return view

        return add

    def get(self, path: str, name: str | None = None) -> Callable[[View], View]:
        return self.route(path, ["GET"], name)

    def post(self, path: str, name: str | None = None) -> Callable[[View], View]:
        return self.route(path, ["POST"], name)

    def put(self, path: str, name: str | None = None) -> Callable[[View], View]:
        return self.route(path, ["PUT"], name)

    def patch(self, path: str, name: str | None = None) -> Callable[[View], View]:
        return self.route(path, ["PATCH"], name)

    def delete(self, path: str, name: str | None = None) -> Callable[[View], View]:
        return self.route(path, ["DELETE"], name)

    @property
    def urlpatterns(self) -> list[URLPattern]:
        """A table of ``path()`` lines; setting it adds its routes to the app's."""
        return list(self._urlpatterns)

    @urlpatterns.setter
    def urlpatterns(self, table: list[URLPattern]) -> None:
        added = [line for line in table if line not in self._urlpatterns]
        self._urlpatterns += added
        self.router.extend(flatten(added))

    def mount(self, prefix: str, app: WSGIApp) -> None:
        """Pass all requests below the prefix on to another WSGI app."""
        self.router.mount(prefix, app)

    def add_middleware(self, layer: Callable[..., WSGIApp], **options: Any) -> None:
        """Put ``layer(app, **options)`` inside those that were added before."""
        self.middleware.append((layer, options))
        self.stack = stack(self.wsgi_app, self.middleware)

    def error_handler(
        self, kind: int | type[BaseException]
    ) -> Callable[[Handler], Handler]:
        """Decorator: ``handler(request, error)`` answers a status or an exception."""

        def add(handler: Handler) -> Handler:
            self._handlers[kind] = handler
            return handler

        return add

    # The life of a request.

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        return self.stack(environ, start_response)

    def wsgi_app(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """The app inside its middleware."""
        request = self.request_class(environ)
        request.app = self
        token = _current.set(request)
        try:
            response = self.handle(request)
        except BaseException:
            request.close()
            raise
        finally:
            _current.reset(token)
        if request.holds_files:
            response.on_close(request.close)
        return response(environ, start_response)

    def handle(self, request: Request) -> Response:
        """A request in, a response out: every phase is a line."""
        try:
            match = self.resolve(request)
            value = self.call_view(request, match)
            return self.make_response(value, match.route.endpoint)
        except Exception as error:
            return self.handle_exception(request, error)

    def resolve(self, request: Request) -> Match:
        """The route that the request takes; an HTTPError says why there is none."""
        found = self.router.match(request.method, request.path)
        if isinstance(found, Match):
            return found
        error = no_match(found, request)
        if found is None and self.debug:
            near = " or ".join(self.router.near_misses(request.method, request.path))
            error.detail += f" Did you mean {near}?" if near else ""
        raise error

    def call_view(self, request: Request, match: Match) -> Any:
        """What the view returns for the request and the route's parameters."""
        if match.rest is not None:
            return _Mounted(match.route.endpoint, match.rest)
        return match.route.endpoint(request, **match.params)

    def make_response(self, value: Any, view: Any = None) -> Response:
        """A response of whatever a view may return.

        Response, str (HTML), bytes, dict or list (JSON), a generator (streamed), or a
        tuple ``(value, status[, headers])``. Raises TypeError for anything else,
        naming the view.
        """
        if isinstance(value, Response):
            return value
        if isinstance(value, (str, bytes, Iterator)):
            return Response(value)
        if isinstance(value, (dict, list)):
            return JsonResponse(value)
        if isinstance(value, tuple) and len(value) in (2, 3):
            body, status, *headers = value
            response = self.make_response(body, view)
            response.status = status
            for name, text in Headers(*headers).items():
                response.headers[name] = text
            return response
        name = getattr(view, "__qualname__", None) or "The view"
        forgot = " Is a return missing?" if value is None else ""
        raise TypeError(
            f"{name} returned {type(value).__name__}, which is no response.{forgot} "
            "Return a Response, str, bytes, dict, list, generator, or (value, status)."
        )

    def handle_exception(self, request: Request, error: Exception) -> Response:
        """The response to an error: its handler's, or the status of an HTTPError.

        An error that nobody handles is raised on, to the middleware or the server.
        """
        handler = self.find_handler(error)
        if handler is not None:
            try:
                return self.make_response(handler(request, error), handler)
            except HTTPError as another:
                error = another
        if isinstance(error, HTTPError):
            return error_response(request.environ, error)
        raise error

    def find_handler(self, error: Exception) -> Handler | None:
        """The handler of the error's status, else of the nearest of its classes."""
        status = error.status if isinstance(error, HTTPError) else 500
        if status < 400:  # a redirect, or the answer to OPTIONS: not an error
            return None
        if isinstance(error, HTTPError) and status in self._handlers:
            return self._handlers[status]
        for kind in type(error).__mro__:
            if kind in self._handlers:
                return self._handlers[kind]
        return self._handlers.get(status)

    # What views use.

    def url_for(self, name: str, /, **params: Any) -> str:
        """The path of a named route; what it has no place for is the query string.

        Within a request it begins with the prefix below which the app is mounted.
        """
        path = self.router.url_for(name, **params)
        request = _current.get(None)
        if request is None or request.app is not self:
            return path
        prefix = request.script_name
        return quote_path(prefix) + path if prefix else path

    def render(self, template: str, /, **context: Any) -> str:
        """The text of a template with this context."""
        return self.templates.render(template, context)

    # Serving it.

    def test_client(self) -> Client:
        return Client(self)

    def run(self, host: str = "127.0.0.1", port: int = 8000) -> None:
        """Serve with the standard library's server, for development only."""
        from fwtrace.toolkit.wsgi.development import make_server

        shown = "localhost" if host in ("127.0.0.1", "") else host
        try:
            server = make_server(host, port, self)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            message = f"Cannot serve on {shown}:{port}: {reason}. Try another port."
            print(message, file=sys.stderr)
            raise SystemExit(1) from None
        with server:
            print(f"Serving on http://{shown}:{server.server_port}", flush=True)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                print()


class _Mounted(Response):
    """A mounted app in the place of a response: it answers for itself."""

    __slots__ = ("app", "rest")

    def __init__(self, app: WSGIApp, rest: str) -> None:
        super().__init__()
        self.app = app
        self.rest = rest

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        return self.app(shift_path(environ, self.rest), start_response)


def _folder(given: str | Path | None) -> Path:
    """The folder that is meant by a path, a module's name, or the caller's file."""
    if given is None:
        file = sys._getframe(2).f_globals.get("__file__")
    else:
        file = getattr(sys.modules.get(str(given)), "__file__", None)
    if file is None:
        return Path(given or "").absolute()
    return Path(file).absolute().parent


def current_app() -> App:
    """The app whose request is being handled."""
    try:
        return _current.get().app
    except LookupError:
        raise RuntimeError(
            "render_template() and url_for() need a request that is being handled. "
            "Outside of one, call app.render(...) and app.url_for(...)."
        ) from None


def render_template(template: str, /, **context: Any) -> Response:
    """A response of the current app's template, autoescaped."""
    return Response(current_app().render(template, **context))


def url_for(name: str, /, **params: Any) -> str:
    """The path of the current app's named route."""
    return current_app().url_for(name, **params)
