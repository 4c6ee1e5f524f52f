"""Authentication: asks a backend who it is before the app is asked."""

from __future__ import annotations

from collections.abc import Callable

from fwtrace.toolkit.asgi.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    UnauthenticatedUser,
)
from fwtrace.toolkit.asgi.requests import HTTPConnection
from fwtrace.toolkit.asgi.responses import PlainTextResponse, Response
from fwtrace.toolkit.asgi.types import ASGIApp, Receive, Scope, Send

__all__ = ["AuthenticationMiddleware"]


class AuthenticationMiddleware:
    """Sets ``scope["auth"]`` and ``scope["user"]``; ``on_error`` makes the refusal."""

    def __init__(
        self,
        app: ASGIApp,
        backend: AuthenticationBackend,
        on_error: Callable[[HTTPConnection, AuthenticationError], Response]
        | None = None,
    ) -> None:
        self.app = app
        self.backend = backend
        self.on_error = on_error or self.default_on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            conn = HTTPConnection(scope)
            try:
                found = await self.backend.authenticate(conn)
            except AuthenticationError as error:
                response = self.on_error(conn, error)
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": 1000})
                else:
                    await response(scope, receive, send)
                return
            scope["auth"], scope["user"] = (
                (AuthCredentials(), UnauthenticatedUser()) if found is None else found
            )
        await self.app(scope, receive, send)

    @staticmethod
    def default_on_error(conn: HTTPConnection, exc: Exception) -> Response:
        return PlainTextResponse(str(exc), 400)
