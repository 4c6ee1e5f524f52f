"""Refuses requests whose body is too long, before it is all read."""

from __future__ import annotations

from collections.abc import Awaitable

from fwtrace.toolkit.asgi.datastructures import Headers
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.responses import PlainTextResponse
from fwtrace.toolkit.asgi.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["MAX_BODY_SIZE_SCOPE_KEY", "RequestBodyLimitMiddleware"]

MAX_BODY_SIZE_SCOPE_KEY = "starlette.max_body_size"
_LIMIT = "fwtrace.body_limit"
_TOO_LARGE = "Content Too Large"


class _TooLarge(HTTPException):
    def __init__(self) -> None:
        super().__init__(413, _TOO_LARGE)


class _Refused(Exception):
    """Ends an app whose response was replaced by a 413."""


class RequestBodyLimitMiddleware:
    """Answers 413 to a body of more bytes; of several limits the innermost counts.

    What is too long shows when the app reads it, or, by its Content-Length, when it
    answers without reading.
    """

    def __init__(self, app: ASGIApp, max_body_size: int) -> None:
        self.app = app
        self.max_body_size = max_body_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        scope[MAX_BODY_SIZE_SCOPE_KEY] = self.max_body_size
        outer: _Limit | None = scope.get(_LIMIT)
        if outer is not None:
            outer.size = self.max_body_size
            outer.check(outer.total)
            return await self.app(scope, receive, send)
        limit = scope[_LIMIT] = _Limit(self.max_body_size, scope, receive, send)
        try:
            await self.app(scope, limit.receive, limit.send)
        except _TooLarge:
            if limit.is_started:
                raise
            await limit.refuse()
        except _Refused:
            pass
        finally:
            # The limit is no more around what may be called next with this scope.
            scope.pop(_LIMIT, None)
            scope.pop(MAX_BODY_SIZE_SCOPE_KEY, None)
        return None


class _Limit:
    """What was read of one request, and what it may be."""

    def __init__(self, size: int, scope: Scope, receive: Receive, send: Send) -> None:
        self.size = size
        self.total = 0
        self.is_started = False
        self.scope = scope
        self.server_receive = receive
        self.server_send = send
        try:
            self.declared = int(Headers(scope=scope).get("content-length", 0))
        except ValueError:
            self.declared = 0

    def check(self, length: int) -> None:
        if length > self.size:
            raise _TooLarge

    async def refuse(self) -> None:
        response = PlainTextResponse(_TOO_LARGE, 413)
        await response(self.scope, self.server_receive, self.server_send)

    async def receive(self) -> Message:
        self.check(self.declared)
        message = await self.server_receive()
        if message["type"] == "http.request":
            self.total += len(message.get("body", b""))
            self.check(self.total)
        return message

    def send(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.is_started = True
            if self.declared > self.size:
                return self._replace()
        return self.server_send(message)

    async def _replace(self) -> None:
        await self.refuse()
        raise _Refused
