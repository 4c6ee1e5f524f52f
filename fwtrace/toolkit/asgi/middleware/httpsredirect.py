"""Sends clients that come unencrypted to the encrypted address."""

from __future__ import annotations

from fwtrace.toolkit.asgi.datastructures import URL
from fwtrace.toolkit.asgi.responses import (
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from fwtrace.toolkit.asgi.types import ASGIApp, Receive, Scope, Send

__all__ = ["HTTPSRedirectMiddleware"]

_SECURE = {"http": "https", "ws": "wss"}


class HTTPSRedirectMiddleware:
    """Redirects ``http`` to ``https`` and ``ws`` to ``wss``, to the same path."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_connection = scope["type"] in ("http", "websocket")
        if not is_connection or scope["scheme"] not in _SECURE:
            return await self.app(scope, receive, send)
        url = URL(scope=scope)
        response: Response = PlainTextResponse("The Host header is not valid.", 400)
        if url.netloc:
            scheme = _SECURE[url.scheme]
            # The usual port of the one is not that of the other.
            change = {"port": None} if url.port in (80, 443) else {}
            response = RedirectResponse(url.replace(scheme=scheme, **change))
        return await response(scope, receive, send)
