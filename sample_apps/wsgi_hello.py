"""A WSGI application without a framework (project 1): hello, login, profile.

gunicorn sample_apps.wsgi_hello:application
curl "http://localhost:8000/hello?name=World"
curl -X POST -d "username=alice" http://localhost:8000/login
curl -b "session_id=<the id>" http://localhost:8000/profile
"""

from __future__ import annotations

import os

from fwtrace.toolkit.http.errors import abort
from fwtrace.toolkit.routing import path
from fwtrace.toolkit.wsgi.dispatch import Dispatcher
from fwtrace.toolkit.wsgi.middleware import stack
from fwtrace.toolkit.wsgi.middleware.session import SessionMiddleware
from fwtrace.toolkit.wsgi.request import Request
from fwtrace.toolkit.wsgi.response import Response
from fwtrace.toolkit.wsgi.sessions import SQLiteStore

__all__ = ["application"]


def text(line: str) -> Response:
    return Response(f"{line}\n", content_type="text/plain; charset=utf-8")


def hello(request: Request) -> Response:
    return text(f"Hello, {request.query.get('name', 'World')}!")


def login(request: Request) -> Response:
    username = request.form.get("username", "").strip()
    if not username:
        abort(400, "Give a username.")
    session = request.session
    session.rotate()  # an id from before the login is worth nothing after it
    session["username"] = username
    return text(f"Welcome, {username}! Session ID: {session.id}")


def profile(request: Request) -> Response:
    username = request.session.get("username")
    if username is None:
        abort(401, "Log in first.")
    return text(f"Profile for {username} (authenticated)")


urlpatterns = [
    path("hello", hello, name="hello", methods=["GET"]),
    path("login", login, name="login", methods=["POST"]),
    path("profile", profile, name="profile", methods=["GET"]),
]


def session_file() -> str:
    """Where sessions are kept: ``SESSION_FILE``, or a file of this user's.

    A file, because a server runs several processes, and the one that is asked for the
    profile need not be the one that took the login.
    """
    given = os.environ.get("SESSION_FILE")
    if given:
        return given
    from tempfile import gettempdir

    owner = os.getuid()
    folder = os.path.join(gettempdir(), f"fwtrace-{owner}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.lstat(folder).st_uid != owner:
        # Anybody may have made a folder of that name in a shared place.
        raise PermissionError(f"{folder} is not yours: set SESSION_FILE to a file.")
    return os.path.join(folder, "wsgi_hello.sqlite")


application = stack(
    Dispatcher(urlpatterns),
    [(SessionMiddleware, {"store": SQLiteStore(session_file())})],
)
