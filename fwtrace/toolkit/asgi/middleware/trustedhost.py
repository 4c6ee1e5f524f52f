"""Refuses requests for hosts that are not ours."""

from __future__ import annotations

from collections.abc import Sequence

from fwtrace.toolkit.asgi.datastructures import URL, Headers, parse_host
from fwtrace.toolkit.asgi.responses import (
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from fwtrace.toolkit.asgi.types import ASGIApp, Receive, Scope, Send

__all__ = ["TrustedHostMiddleware"]


class TrustedHostMiddleware:
    """Lets ``example.org``, ``*.example.org`` or ``*`` through, at any port."""

    def __init__(
        self,
        app: ASGIApp,
        allowed_hosts: Sequence[str] | None = None,
        www_redirect: bool = True,
    ) -> None:
        hosts = ["*"] if allowed_hosts is None else allowed_hosts
        for host in hosts:
            if "*" in host and (host.rfind("*") > 0 or host[1:2] not in ("", ".")):
                raise AssertionError(
                    f"{host!r}: a star stands for all hosts or for subdomains, "
                    "as in '*.example.org'."
                )
        self.app = app
        self.allowed_hosts = [host.lower() for host in hosts]
        self.allow_any = "*" in hosts
        self.www_redirect = www_redirect
        stars = (host for host in self.allowed_hosts if host.startswith("*"))
        self._suffixes = tuple(host[1:] for host in stars)
        self._names = frozenset(self.allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.allow_any or scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        host = parse_host(Headers(scope=scope).get("host"))
        name = "" if host is None else host.name.lower()
        if name and (name in self._names or name.endswith(self._suffixes)):
            return await self.app(scope, receive, send)
        response: Response = PlainTextResponse("Invalid host header", 400)
        if name and self.www_redirect and f"www.{name}" in self._names:
            url = URL(scope=scope)
            response = RedirectResponse(url.replace(netloc=f"www.{url.netloc}"))
        return await response(scope, receive, send)
