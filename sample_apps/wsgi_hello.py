"""A WSGI application from scratch (project 1): hello, login, profile.

gunicorn sample_apps.wsgi_hello:application
curl "http://localhost:8000/hello?name=World"
curl -X POST -d "username=alice" http://localhost:8000/login
curl -b "session_id=<the id>" http://localhost:8000/profile
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from functools import cache

from fwtrace.toolkit.http.errors import HTTPError, MethodNotAllowed, NotFound
from fwtrace.toolkit.wsgi.dispatch import error_response
from fwtrace.toolkit.wsgi.middleware.session import SessionMiddleware
from fwtrace.toolkit.wsgi.request import Request
from fwtrace.toolkit.wsgi.response import Response
from fwtrace.toolkit.wsgi.sessions import SQLiteStore
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["application"]

TEXT = "text/plain; charset=utf-8"


def hello(request: Request) -> Response:
    return Response(
        f"Hello, {request.query.get('name', 'World')}!\n", content_type=TEXT
    )


def login(request: Request) -> Response:
    username = request.form.get("username", "")
    if not username:
        return Response("Give a username.\n", 400, content_type=TEXT)
    session = request.session
    session.rotate()  # an id from before the login is worth nothing after it
    session["username"] = username
    return Response(
        f"Welcome, {username}! Session ID: {session.id}\n", content_type=TEXT
    )


def profile(request: Request) -> Response:
    username = request.session.get("username")
    if username is None:
        return Response("Log in first.\n", 401, content_type=TEXT)
    return Response(f"Profile for {username} (authenticated)\n", content_type=TEXT)


ROUTES = {
    ("GET", "/hello"): hello,
    ("POST", "/login"): login,
    ("GET", "/profile"): profile,
}


def dispatch(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The whole of routing when there is no router: a dict."""
    request = Request(environ)
    method = "GET" if request.method == "HEAD" else request.method
    try:
        view = ROUTES.get((method, request.path))
        if view is None:
            allowed = [m for m, path in ROUTES if path == request.path]
            raise MethodNotAllowed(allowed) if allowed else NotFound()
        response = view(request)
    except HTTPError as error:
        response = error_response(environ, error)
    return response(environ, start_response)


@cache
def with_sessions() -> WSGIApp:
    """Sessions in a file, because a server may run several processes."""
    path = os.environ.get("SESSION_FILE") or os.path.join(
        tempfile.gettempdir(), f"wsgi_hello_{os.getuid()}.sqlite"
    )
    return SessionMiddleware(dispatch, store=SQLiteStore(path))


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    return with_sessions()(environ, start_response)
