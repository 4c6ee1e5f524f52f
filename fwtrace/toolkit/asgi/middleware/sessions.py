"""Sessions that live in a signed cookie: the client can read, but not change them."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Awaitable
from typing import Any, Literal

from fwtrace.toolkit.asgi.datastructures import MutableHeaders, Secret
from fwtrace.toolkit.asgi.requests import HTTPConnection
from fwtrace.toolkit.asgi.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Session", "SessionMiddleware"]


def _changing(name: str) -> Any:
    """The method of a dict that also notes that the session was changed."""
    method = getattr(dict, name)

    def change(self: Session, *args: Any, **kwargs: Any) -> Any:
        self.mark_modified()
        return method(self, *args, **kwargs)

    change.__name__ = name
    return change


class Session(dict[str, Any]):
    """A dict that knows whether it was read and changed.

    A change inside of a value goes unnoticed: set it again, or ``mark_modified()``.
    """

    accessed = False
    modified = False

    def mark_accessed(self) -> None:
        self.accessed = True

    def mark_modified(self) -> None:
        self.accessed = self.modified = True

    __setitem__ = _changing("__setitem__")
    __delitem__ = _changing("__delitem__")
    __ior__ = _changing("__ior__")
    clear = _changing("clear")
    update = _changing("update")
    popitem = _changing("popitem")

    def pop(self, key: str, *default: Any) -> Any:
        if key in self:
            self.mark_modified()
        return super().pop(key, *default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self.mark_modified()
        return super().setdefault(key, default)


class SessionMiddleware:
    """Keeps ``request.session`` for ``max_age`` seconds, or until the browser closes.

    The cookie is the session as JSON in base64, with a time and a signature.
    """

    def __init__(
        self,
        app: ASGIApp,
        secret_key: str | Secret,
        session_cookie: str = "session",
        max_age: int | None = 14 * 24 * 60 * 60,
        path: str = "/",
        same_site: Literal["lax", "strict", "none"] = "lax",
        https_only: bool = False,
        domain: str | None = None,
        partitioned: bool = False,
    ) -> None:
        from itsdangerous import BadSignature, TimestampSigner

        self.app = app
        self.signer = TimestampSigner(str(secret_key))
        self.session_cookie = session_cookie
        self.max_age = max_age
        self.path = path
        flags = ["httponly", f"samesite={same_site}"]
        flags += ["secure"] * https_only
        flags += [] if domain is None else [f"domain={domain}"]
        flags += ["partitioned"] * partitioned
        self.security_flags = "; ".join(flags)
        self._not_ours = (BadSignature, ValueError, TypeError)
        self._name = session_cookie.encode("latin-1")
        age = "" if max_age is None else f"Max-Age={max_age}; "
        self._kept = f"; path={path}; {age}{self.security_flags}"
        self._dropped = (
            f"{session_cookie}=null; path={path}; "
            f"expires=Thu, 01 Jan 1970 00:00:00 GMT; {self.security_flags}"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        found = self._load(scope)
        was_there = found is not None
        scope["session"] = Session() if found is None else found
        if kind == "websocket":  # it has no response to set a cookie on
            return await self.app(scope, receive, send)

        def send_with_cookie(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                self._save(scope["session"], message, was_there)
            return send(message)

        return await self.app(scope, receive, send_with_cookie)

    def _load(self, scope: Scope) -> Session | None:
        """The session of the cookie; None where it is forged, expired or not there."""
        cookies = (value for name, value in scope["headers"] if name == b"cookie")
        if not any(self._name in value for value in cookies):
            return None
        signed = HTTPConnection(scope).cookies.get(self.session_cookie)
        if signed is None:
            return None
        try:
            data = self.signer.unsign(signed.encode(), max_age=self.max_age)
            return Session(json.loads(b64decode(data)))
        except self._not_ours:
            return None

    def _save(self, session: Session, message: Message, was_there: bool) -> None:
        if not session.accessed:
            return
        message.setdefault("headers", [])
        headers = MutableHeaders(scope=message)
        headers.add_vary_header("Cookie")
        if session.modified and session:
            data = self.signer.sign(b64encode(json.dumps(session).encode())).decode()
            headers.append("set-cookie", f"{self.session_cookie}={data}{self._kept}")
        elif session.modified and was_there:
            headers.append("set-cookie", self._dropped)
