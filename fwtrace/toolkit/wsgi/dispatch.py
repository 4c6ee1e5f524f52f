"""Everything is a WSGI app: a view through one adapter, a table through another.

The router's answer travels in ``environ["wsgiorg.routing_args"]``, which is the WSGI
community's own convention for it: ``(positional, named)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fwtrace.toolkit.http.accept import Accept
from fwtrace.toolkit.http.errors import HTTPError, MethodNotAllowed, NotFound
from fwtrace.toolkit.http.urls import quote_path
from fwtrace.toolkit.routing.patterns import Rest
from fwtrace.toolkit.routing.router import Match, NotAllowed, Redirect, Route, Router
from fwtrace.toolkit.routing.table import URLPattern, flatten
from fwtrace.toolkit.wsgi.request import Request
from fwtrace.toolkit.wsgi.response import JsonResponse, Response, redirect
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["Dispatcher", "ViewApp", "error_response", "no_match", "shift_path"]


class ViewApp:
    """A function ``view(request, **params) -> Response`` as a WSGI app."""

    def __init__(
        self,
        func: Callable[..., Response],
        request_class: type[Request] = Request,
    ) -> None:
        self.func = func
        self.request_class = request_class

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        request = self.request_class(environ)
        params = environ.get("wsgiorg.routing_args", ((), {}))[1]
        try:
            response = self.call_view(request, params)
        except HTTPError as error:
            response = error_response(environ, error)
        except BaseException:
            request.close()
            raise
        if request.holds_files:
            response.on_close(request.close)
        return response(environ, start_response)

    def call_view(self, request: Request, params: dict[str, Any]) -> Response:
        """What the function returns for the request and the route's parameters."""
        return self.func(request, **params)


class Dispatcher:
    """A WSGI app that passes each request on to the view that its path leads to.

    ``routes`` is a table of ``path()`` lines, a list of routes, or a Router; their
    endpoints are views.
    """

    def __init__(self, routes: Router | Sequence[URLPattern] | Sequence[Route]) -> None:
        if isinstance(routes, Router):
            self.router = routes
        else:
            table = [r for r in routes if isinstance(r, URLPattern)]
            self.router = Router(
                flatten(table) if table else [r for r in routes if isinstance(r, Route)]
            )
        for route in self.router.routes:
            mounted = isinstance(route.pattern.pieces[-1], Rest)
            if not mounted and not isinstance(route.endpoint, ViewApp):
                route.endpoint = ViewApp(route.endpoint)

    def mount(self, prefix: str, app: WSGIApp) -> None:
        """Pass all requests below the prefix on to another WSGI app."""
        self.router.mount(prefix, app)

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            match = self.resolve(Request(environ))
        except HTTPError as error:
            return error_response(environ, error)(environ, start_response)
        if match.rest is not None:
            environ = shift_path(environ, match.rest)
        environ["wsgiorg.routing_args"] = ((), match.params)
        app: WSGIApp = match.route.endpoint
        return app(environ, start_response)

    def resolve(self, request: Request) -> Match:
        """The route of the request; an HTTPError says why there is none."""
        found = self.router.match(request.method, request.path)
        if isinstance(found, Match):
            return found
        raise no_match(found, request)


def no_match(found: Redirect | NotAllowed | None, request: Request) -> HTTPError:
    """The error that answers a request which no route takes."""
    if isinstance(found, NotAllowed):
        if request.method == "OPTIONS":
            return HTTPError(204, "", [("Allow", ", ".join(found.allowed))])
        return MethodNotAllowed(found.allowed)
    if isinstance(found, Redirect):
        target = quote_path(request.script_name + found.path)
        query = f"?{request.query_string}" if request.query_string else ""
        # RFC 9110, 15.4.9: 308 keeps the method and the body.
        return HTTPError(308, "", redirect(target + query, 308).headers.items())
    return NotFound(f"Nothing is at {request.path}.")


def shift_path(environ: Environ, rest: str) -> Environ:
    """The environ as an app mounted below a prefix sees it (PEP 3333, SCRIPT_NAME)."""
    whole = environ.get("PATH_INFO", "")
    raw = rest.encode("utf-8").decode("latin-1")
    taken = whole[: len(whole) - len(raw)] if raw else whole
    return {
        **environ,
        "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + taken,
        "PATH_INFO": raw,
    }


def error_response(environ: Environ, error: HTTPError) -> Response:
    """The error as the client likes it: JSON where it asks for that, else text."""
    if error.status < 400:
        return Response(b"", error.status, error.headers)
    if _prefers_json(environ):
        data = {"error": error.phrase, "detail": error.detail}
        return JsonResponse(data, error.status, error.headers)
    text = f"{error.status} {error.phrase}"
    if error.detail:
        text += f"\n{error.detail}"
    return Response(
        text + "\n", error.status, error.headers, "text/plain; charset=utf-8"
    )


def _prefers_json(environ: Environ) -> bool:
    """By Accept; where that leaves it open, who sends JSON gets JSON."""
    accepted = environ.get("HTTP_ACCEPT", "")
    if not accepted or accepted == "*/*":
        kind: str = environ.get("CONTENT_TYPE", "")
        return kind.startswith("application/json")
    offers = ("text/plain", "text/html", "application/json")
    return Accept(accepted).best(offers) == "application/json"
