"""Class-based endpoints: an instance is one request, or one WebSocket."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any, Literal, NoReturn

from fwtrace.toolkit.asgi import status
from fwtrace.toolkit.asgi.concurrency import is_async_callable, run_in_threadpool
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import PlainTextResponse, Response
from fwtrace.toolkit.asgi.types import Message, Receive, Scope, Send
from fwtrace.toolkit.asgi.websockets import WebSocket

__all__ = ["HTTPEndpoint", "WebSocketEndpoint"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")


class HTTPEndpoint:
    """Has a method for each HTTP method it takes: ``get``, ``post``; HEAD is a get."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise AssertionError(f"{scope['type']!r} is no HTTP request.")
        self.scope = scope
        self.receive = receive
        self.send = send
        self._allowed_methods = [each for each in METHODS if self._handler(each)]

    def _handler(self, method: str) -> Any:
        found = getattr(self, method.lower(), None)
        if found is None and method == "HEAD":
            found = getattr(self, "get", None)
        return found

    def __await__(self) -> Generator[Any, None, None]:
        return self.dispatch().__await__()

    async def dispatch(self) -> None:
        request = Request(self.scope, self.receive, self.send)
        handler: Any = self.method_not_allowed
        # "DISPATCH" is an attribute too.
        if request.method in self._allowed_methods:
            handler = self._handler(request.method)
        if is_async_callable(handler):
            response = await handler(request)
        else:
            response = await run_in_threadpool(handler, request)
        await response(self.scope, self.receive, self.send)

    async def method_not_allowed(self, request: Request) -> Response:
        headers = {"Allow": ", ".join(self._allowed_methods)}
        if "app" in self.scope:  # it may have a handler for this
            raise HTTPException(405, headers=headers)
        return PlainTextResponse("Method Not Allowed", 405, headers)


class WebSocketEndpoint:
    """Override ``on_connect``, ``on_receive`` and ``on_disconnect``.

    ``encoding`` is what ``on_receive`` gets; None: text or bytes, as it came.
    """

    encoding: Literal["text", "bytes", "json"] | None = None

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            raise AssertionError(f"{scope['type']!r} is no WebSocket.")
        self.scope = scope
        self.receive = receive
        self.send = send

    def __await__(self) -> Generator[Any, None, None]:
        return self.dispatch().__await__()

    async def dispatch(self) -> None:
        websocket = WebSocket(self.scope, self.receive, self.send)
        await self.on_connect(websocket)
        close_code = status.WS_1000_NORMAL_CLOSURE
        try:
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    close_code = int(message.get("code") or close_code)
                    break
                if message["type"] == "websocket.receive":
                    data = await self.decode(websocket, message)
                    await self.on_receive(websocket, data)
        except Exception:
            close_code = status.WS_1011_INTERNAL_ERROR
            raise
        finally:
            await self.on_disconnect(websocket, close_code)

    async def decode(self, websocket: WebSocket, message: Message) -> Any:
        """What came, in the encoding; what is not in it closes the WebSocket."""
        encoding = self.encoding
        if encoding not in (None, "text", "bytes", "json"):
            raise AssertionError(
                f"'encoding' is {encoding!r}: give 'text', 'bytes', 'json' or None."
            )
        text = message.get("text")
        if encoding == "bytes" or (encoding is None and text is None):
            if message.get("bytes") is None:
                await self._refuse(websocket, "Expected bytes, but got text.")
            return message["bytes"]
        if encoding == "json":
            try:
                return json.loads(message["bytes"].decode() if text is None else text)
            except json.JSONDecodeError:
                await self._refuse(websocket, "Expected JSON, but it is malformed.")
        if text is None:
            await self._refuse(websocket, "Expected text, but got bytes.")
        return text

    async def _refuse(self, websocket: WebSocket, why: str) -> NoReturn:
        await websocket.close(status.WS_1003_UNSUPPORTED_DATA)
        raise RuntimeError(why)

    async def on_connect(self, websocket: WebSocket) -> None:
        await websocket.accept()

    async def on_receive(self, websocket: WebSocket, data: Any) -> None:
        """Called with each message, decoded."""

    async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
        """Called at the end, whoever made it; an error's code is 1011."""
