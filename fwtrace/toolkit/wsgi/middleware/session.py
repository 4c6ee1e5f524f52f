"""Loads the client's session before the app, saves it after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from fwtrace.toolkit.http.cookies import dump_cookie, parse_cookies
from fwtrace.toolkit.wsgi.sessions import (
    MemoryStore,
    Session,
    SessionStore,
    SignedCookieStore,
)
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["SessionMiddleware"]

TWO_WEEKS = 14 * 24 * 3600


class SessionMiddleware:
    """Puts the session in ``environ["fwtrace.session"]``; sends its cookie on change.

    Kept in memory unless a ``store`` is given, or a ``secret`` for a signed cookie.
    """

    def __init__(
        self,
        app: WSGIApp,
        *,
        store: SessionStore | None = None,
        secret: str | None = None,
        cookie: str = "session_id",
        max_age: int = TWO_WEEKS,
        path: str = "/",
        secure: bool = False,
        httponly: bool = True,
        samesite: Literal["Lax", "Strict", "None"] = "Lax",
    ) -> None:
        self.app = app
        self.store = store or (SignedCookieStore(secret) if secret else MemoryStore())
        self.cookie = cookie
        self.max_age = max_age
        self.attributes: dict[str, Any] = {
            "path": path,
            "secure": secure,
            "httponly": httponly,
            "samesite": samesite,
        }
        dump_cookie(cookie, **self.attributes)  # refuse bad settings now

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        token = None
        if "HTTP_COOKIE" in environ:
            token = parse_cookies(environ["HTTP_COOKIE"]).get(self.cookie)
        session = self.load(token)
        environ["fwtrace.session"] = session

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            if session.modified:
                headers = [*headers, *self.save(session)]
            return start_response(status, headers, *exc_info)

        return self.app(environ, start)

    def load(self, token: str | None) -> Session:
        return self.store.load(token) if token else Session()

    def save(self, session: Session) -> list[tuple[str, str]]:
        """Keep what changed; the headers that tell the client."""
        session.modified = False
        if session.flushed and not session:
            self.store.delete(session)
            cookie = dump_cookie(self.cookie, max_age=0, expires=0, **self.attributes)
        else:
            token = self.store.save(session, self.max_age)
            cookie = dump_cookie(
                self.cookie, token, max_age=self.max_age, **self.attributes
            )
        return [("Set-Cookie", cookie), ("Vary", "Cookie")]
