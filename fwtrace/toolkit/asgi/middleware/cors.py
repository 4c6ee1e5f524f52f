"""Which other sites may use the app from a browser (the Fetch standard: CORS)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Collection
from functools import partial

from fwtrace.toolkit.asgi.datastructures import Headers, MutableHeaders
from fwtrace.toolkit.asgi.responses import PlainTextResponse, Response
from fwtrace.toolkit.asgi.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ALL_METHODS", "SAFELISTED_HEADERS", "CORSMiddleware"]

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")
SAFELISTED_HEADERS = {"Accept", "Accept-Language", "Content-Language", "Content-Type"}
_ASKED = "access-control-request"


class CORSMiddleware:
    """Answers preflights itself, and tells on every other response who may read it."""

    def __init__(
        self,
        app: ASGIApp,
        allow_origins: Collection[str] = (),
        allow_methods: Collection[str] = ("GET",),
        allow_headers: Collection[str] = (),
        allow_credentials: bool = False,
        allow_origin_regex: str | None = None,
        allow_private_network: bool = False,
        expose_headers: Collection[str] = (),
        max_age: int = 600,
    ) -> None:
        self.app = app
        self.allow_origins = allow_origins
        self.allow_all_origins = "*" in allow_origins
        self.allow_origin_regex = (
            None if allow_origin_regex is None else re.compile(allow_origin_regex)
        )
        self.allow_methods = ALL_METHODS if "*" in allow_methods else allow_methods
        self.allow_all_headers = "*" in allow_headers
        known = sorted(SAFELISTED_HEADERS | set(allow_headers))
        self.allow_headers = [name.lower() for name in known]
        self.allow_credentials = allow_credentials
        self.allow_private_network = allow_private_network
        # "*" is for anyone; with credentials the origin has to be named.
        self.preflight_explicit_allow_origin = (
            allow_credentials or not self.allow_all_origins
        )

        self.simple_headers: dict[str, str] = {}
        if self.allow_all_origins:
            self.simple_headers["Access-Control-Allow-Origin"] = "*"
        if allow_credentials:
            self.simple_headers["Access-Control-Allow-Credentials"] = "true"
        if expose_headers:
            names = ", ".join(expose_headers)
            self.simple_headers["Access-Control-Expose-Headers"] = names

        self.preflight_headers = {
            "Vary": "Origin, Access-Control-Request-Method, "
            "Access-Control-Request-Headers, Access-Control-Request-Private-Network",
            "Access-Control-Allow-Methods": ", ".join(self.allow_methods),
            "Access-Control-Max-Age": str(max_age),
        }
        if not self.preflight_explicit_allow_origin:
            self.preflight_headers["Access-Control-Allow-Origin"] = "*"
        if not self.allow_all_headers:
            self.preflight_headers["Access-Control-Allow-Headers"] = ", ".join(known)
        if allow_credentials:
            self.preflight_headers["Access-Control-Allow-Credentials"] = "true"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        if (
            scope["method"] == "OPTIONS"
            and "origin" in headers
            and f"{_ASKED}-method" in headers
        ):
            response = self.preflight_response(request_headers=headers)
            return await response(scope, receive, send)
        return await self.simple_response(scope, receive, send, request_headers=headers)

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether a page of this origin may read responses."""
        if self.allow_all_origins or origin in self.allow_origins:
            return True
        pattern = self.allow_origin_regex
        return pattern is not None and pattern.fullmatch(origin) is not None

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to the browser's question whether it may send a request."""
        origin = request_headers["origin"]
        names = request_headers.get(f"{_ASKED}-headers")
        headers = dict(self.preflight_headers)
        refused = []
        if not self.is_allowed_origin(origin):
            refused.append("origin")
        elif self.preflight_explicit_allow_origin:
            headers["Access-Control-Allow-Origin"] = origin
        if request_headers[f"{_ASKED}-method"] not in self.allow_methods:
            refused.append("method")
        if names is not None and self.allow_all_headers:
            headers["Access-Control-Allow-Headers"] = names
        elif names is not None:
            wanted = {name.strip().lower() for name in names.split(",")}
            if not wanted.issubset(self.allow_headers):
                refused.append("headers")
        if f"{_ASKED}-private-network" in request_headers:
            if self.allow_private_network:
                headers["Access-Control-Allow-Private-Network"] = "true"
            else:
                refused.append("private-network")
        if refused:
            text = f"Disallowed CORS {', '.join(refused)}"
            return PlainTextResponse(text, 400, headers)
        return PlainTextResponse("OK", 200, headers)

    async def simple_response(
        self, scope: Scope, receive: Receive, send: Send, request_headers: Headers
    ) -> None:
        """Let the app answer, with the headers of CORS on its response."""
        told = partial(self.send, send=send, request_headers=request_headers)
        await self.app(scope, receive, told)

    def send(
        self, message: Message, send: Send, request_headers: Headers
    ) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            message.setdefault("headers", [])
            headers = MutableHeaders(scope=message)
            origin = request_headers.get("origin")
            if origin is not None:
                headers.update(self.simple_headers)
                if self.preflight_explicit_allow_origin and self.is_allowed_origin(
                    origin
                ):
                    headers["Access-Control-Allow-Origin"] = origin
            # Also without an origin: a cache may keep the response for other sites.
            headers.add_vary_header("Origin")
        return send(message)
