"""Loads the client's session before the app, saves it as the response starts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    The cookie travels in the headers, so a session is to be changed before
    ``start_response`` is called; a change after that raises RuntimeError.
    """

    def __init__(
        self,
        app: WSGIApp,
        *,
        store: SessionStore | None = None,
        secret: str | Sequence[str] | None = None,
        cookie: str = "session_id",
        max_age: int = TWO_WEEKS,
        path: str = "/",
        secure: bool = False,
        httponly: bool = True,
        samesite: Literal["Lax", "Strict", "None"] = "Lax",
    ) -> None:
        if store is not None and secret is not None:
            raise ValueError(
                "A session is kept in a store, or in a cookie signed with a secret. "
                "Give SessionMiddleware one of the two."
            )
        self.app = app
        self.store: SessionStore = store if store is not None else MemoryStore()
        if secret is not None:
            self.store = SignedCookieStore(secret)
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
        session = self.load(environ)
        environ["fwtrace.session"] = session
        started = False
        sent: list[tuple[str, str]] = []

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            nonlocal started
            started = True
            # An error page that takes the place of a response keeps its cookie.
            if session.modified:
                sent[:] = self.save(session)
            if sent or session.accessed:
                headers = [*headers, *sent, ("Vary", "Cookie")]
            return start_response(status, headers, *exc_info)

        body = self.app(environ, start)
        if session.modified and started:
            close = getattr(body, "close", None)
            if close is not None:
                close()
            raise RuntimeError(
                "The session was changed after start_response, too late for its "
                "cookie. Change it before."
            )
        return body

    def load(self, environ: Environ) -> Session:
        """The session whose token the request's cookie holds, or a new one."""
        header = environ.get("HTTP_COOKIE")
        if not header or self.cookie not in header:
            return Session()
        session = self.store.load(parse_cookies(header).get(self.cookie))
        session.accessed = False  # by the app, that is
        return session

    def save(self, session: Session) -> list[tuple[str, str]]:
        """Keep what changed; the header that tells the client, if it must know."""
        session.modified = False
        if session:
            token = self.store.save(session, self.max_age)
            return self._set_cookie(token, self.max_age) if token else []
        if session.new and session.replaced_id is None:
            return []
        self.store.delete(session)
        return self._set_cookie("", 0)

    def _set_cookie(self, token: str, max_age: int) -> list[tuple[str, str]]:
        expires = None if max_age else 0
        cookie = dump_cookie(
            self.cookie, token, max_age=max_age, expires=expires, **self.attributes
        )
        return [("Set-Cookie", cookie)]
