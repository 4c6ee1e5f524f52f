"""Middleware as one function: a request in, ``call_next``, a response out."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from fwtrace.toolkit.asgi.concurrency import ungrouped
from fwtrace.toolkit.asgi.middleware._pipe import Pipe
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import Response
from fwtrace.toolkit.asgi.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from anyio import CancelScope
    from anyio.abc import TaskGroup

__all__ = ["BaseHTTPMiddleware", "DispatchFunction", "RequestResponseEndpoint"]

RequestResponseEndpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
DispatchFunction: TypeAlias = Callable[
    [Request, RequestResponseEndpoint], Awaitable[Response]
]


class BaseHTTPMiddleware:
    """Override ``dispatch``, or give a function like it.

    The app runs in a task of its own, so the context variables that it sets stay there.
    """

    def __init__(self, app: ASGIApp, dispatch: DispatchFunction | None = None) -> None:
        self.app = app
        self.dispatch_func = self.dispatch if dispatch is None else dispatch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        import anyio

        request = _CachedRequest(scope, receive, send)
        with ungrouped():
            async with anyio.create_task_group() as group:
                exchange = _Exchange(self.app, request, send, group)
                response = await self.dispatch_func(request, exchange.call_next)
                await response(scope, request.wrapped_receive, send)
                exchange.end()
        if exchange.error is not None:
            raise exchange.error
        return None

    async def dispatch(
        self, request: Request, call_next: RequestResponseEndpoint
    ) -> Response:
        """Answer, most often with what ``call_next(request)`` gives."""
        raise NotImplementedError(
            f"{type(self).__name__} needs a dispatch method, or dispatch=function."
        )


class _CachedRequest(Request):
    """A request that the app gets to read again where the middleware read it."""

    _is_passed_on = False

    async def wrapped_receive(self) -> Message:
        """What the app receives: all after ``body()``, nothing after ``stream()``."""
        body = self.__dict__.get("_body")
        if not self._is_passed_on and (body is not None or self._stream_consumed):
            self._is_passed_on = True
            return {"type": "http.request", "body": body or b"", "more_body": False}
        if self._is_disconnected:
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._is_disconnected = True
        elif not message.get("more_body", False):
            self._stream_consumed = self._is_passed_on = True
        return message


class _Exchange:
    """The app's side of one request: its task, what it receives and what it sends."""

    def __init__(
        self, app: ASGIApp, request: _CachedRequest, send: Send, group: TaskGroup
    ) -> None:
        import anyio

        self.app = app
        self.request = request
        self.server_send = send
        self.group = group
        self.ended = anyio.Event()
        self.error: Exception | None = None
        self.pipes: list[Pipe] = []
        self.waiting: set[CancelScope] = set()

    async def call_next(self, request: Request) -> Response:
        """Run the app until its response begins."""
        pipe = Pipe()
        self.pipes.append(pipe)
        self.group.start_soon(self._run, pipe)
        info = None
        while (message := await pipe.take()) is not None:
            if message["type"] == "http.response.start":
                body = self._body(pipe)
                response = _StreamingResponse(body, message["status"], info=info)
                response.raw_headers = list(message.get("headers", ()))
                return response
            info = message["info"]
        self._raise_error()
        raise RuntimeError("The app ended without a response: it sent nothing.")

    async def _run(self, pipe: Pipe) -> None:
        try:
            send = partial(self._send, pipe)
            await self.app(self.request.scope, self._receive, send)
        except Exception as error:
            self.error = error
        finally:
            pipe.close()

    async def _receive(self) -> Message:
        import anyio

        if not self.ended.is_set():
            with anyio.CancelScope() as scope:
                self.waiting.add(scope)
                try:
                    message = await self.request.wrapped_receive()
                finally:
                    self.waiting.discard(scope)
            if not self.ended.is_set():
                return message
        return {"type": "http.disconnect"}

    async def _send(self, pipe: Pipe, message: Message) -> None:
        kind = message["type"]
        if kind in ("http.response.early_hint", "http.response.push"):
            return await self.server_send(message)
        is_last = kind == "http.response.pathsend" or (
            kind == "http.response.body" and not message.get("more_body", False)
        )
        if not await pipe.put(message):
            from anyio.lowlevel import checkpoint

            # There was another answer. An endless body must let the others run.
            await checkpoint()
        elif is_last:
            # What the app does after its response has to wait for the whole response.
            await self.ended.wait()
        return None

    async def _body(self, pipe: Pipe) -> AsyncIterator[Any]:
        """The chunks; also a message for a file that the server is to send."""
        while (message := await pipe.take()) is not None:
            if message["type"] != "http.response.body":
                yield message
                return
            body = message.get("body", b"")
            if body:
                yield body
            if not message.get("more_body", False):
                return
        # So a body that broke off does not look whole.
        self._raise_error()

    def _raise_error(self) -> None:
        """Raise what the app raised, once: from here on dispatch may handle it."""
        error, self.error = self.error, None
        if error is not None:
            raise error

    def end(self) -> None:
        """All was sent: whatever the app still receives, it is that nobody is there."""
        self.ended.set()
        for pipe in self.pipes:
            pipe.close()
        for scope in self.waiting:
            scope.cancel()


class _StreamingResponse(Response):
    """The app's response, while it is produced."""

    def __init__(
        self,
        content: AsyncIterable[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        info: Mapping[str, Any] | None = None,
    ) -> None:
        self.info = info
        self.body_iterator = content
        self.status_code = status_code
        self.media_type = media_type
        self.background = None
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.info is not None:
            await send({"type": "http.response.debug", "info": self.info})
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        is_body = True
        async for chunk in self.body_iterator:
            is_body = not isinstance(chunk, dict)
            message = {"type": "http.response.body", "body": chunk, "more_body": True}
            await send(message if is_body else chunk)
        if is_body:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        if self.background is not None:
            await self.background()
