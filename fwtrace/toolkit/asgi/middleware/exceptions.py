"""Exceptions that someone handles become responses, where the endpoint raised them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fwtrace.toolkit.asgi.concurrency import is_async_callable, run_in_threadpool
from fwtrace.toolkit.asgi.exceptions import HTTPException, WebSocketException
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import PlainTextResponse, Response
from fwtrace.toolkit.asgi.sending import Sender, as_sender
from fwtrace.toolkit.asgi.types import ASGIApp, ExceptionHandler, Receive, Scope, Send
from fwtrace.toolkit.asgi.websockets import WebSocket

__all__ = ["ExceptionMiddleware", "find_handler", "handle"]

HANDLERS = "starlette.exception_handlers"


class ExceptionMiddleware:
    """Answers with ``handlers``: by status of an HTTPException, or by class.

    The nearest class counts, and a status comes before any class. What it has no
    handler for goes on to whoever called it.
    """

    def __init__(
        self,
        app: ASGIApp,
        handlers: Mapping[Any, ExceptionHandler] | None = None,
        debug: bool = False,
    ) -> None:
        self.app = app
        self.debug = debug
        self._by_class: dict[Any, ExceptionHandler] = {
            HTTPException: self.http_exception,
            WebSocketException: self.websocket_exception,
        }
        self._by_status: dict[int, ExceptionHandler] = {}
        # The routes handle theirs with these, before their own middleware sees them.
        self._handlers = self._by_class, self._by_status
        for key, handler in (handlers or {}).items():
            self.add_exception_handler(key, handler)

    def add_exception_handler(
        self,
        exc_class_or_status_code: int | type[Exception],
        handler: ExceptionHandler,
    ) -> None:
        if isinstance(exc_class_or_status_code, int):
            self._by_status[exc_class_or_status_code] = handler
        elif issubclass(exc_class_or_status_code, Exception):
            self._by_class[exc_class_or_status_code] = handler
        else:
            raise AssertionError(f"{exc_class_or_status_code!r} is no Exception.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        scope[HANDLERS] = self._handlers
        sender = as_sender(send)
        try:
            await self.app(scope, receive, sender)
        except Exception as error:
            handler = find_handler(scope, error)
            if handler is None:
                raise
            connection = (Request if kind == "http" else WebSocket)(
                scope, receive, sender
            )
            await handle(error, handler, connection, receive, sender)

    async def http_exception(self, request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)
        status = exc.status_code
        if status in (204, 304):
            return Response(status_code=status, headers=exc.headers)
        return PlainTextResponse(exc.detail, status_code=status, headers=exc.headers)

    async def websocket_exception(self, websocket: WebSocket, exc: Exception) -> None:
        assert isinstance(exc, WebSocketException)
        await websocket.close(code=exc.code, reason=exc.reason)


def find_handler(scope: Scope, error: Exception) -> ExceptionHandler | None:
    """Who handles the error in this scope; None where nobody does."""
    by_class: dict[Any, ExceptionHandler]
    by_status: dict[int, ExceptionHandler]
    by_class, by_status = scope.get(HANDLERS, ({}, {}))
    if by_status and isinstance(error, HTTPException):
        handler = by_status.get(error.status_code)
        if handler is not None:
            return handler
    for cls in type(error).__mro__:
        if cls in by_class:
            return by_class[cls]
    return None


async def handle(
    error: Exception,
    handler: ExceptionHandler,
    connection: Request | WebSocket,
    receive: Receive,
    sender: Sender,
) -> None:
    """Answer with the handler's response; RuntimeError if one has begun already."""
    if sender.has_started:
        raise RuntimeError(
            "Caught handled exception, but response already started."
        ) from error
    if is_async_callable(handler):
        response = await handler(connection, error)
    else:
        response = await run_in_threadpool(handler, connection, error)
    if response is not None:
        await response(connection.scope, receive, sender)
    # An exception that is raised again and again would gather all its tracebacks.
    error.__traceback__ = None
