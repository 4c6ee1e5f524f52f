"""The outermost layer: an answer to what nobody handled; the error goes on."""

from __future__ import annotations

from typing import Any

from fwtrace.toolkit.asgi.concurrency import is_async_callable, run_in_threadpool
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import HTMLResponse, PlainTextResponse, Response
from fwtrace.toolkit.asgi.sending import as_sender
from fwtrace.toolkit.asgi.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

__all__ = ["ServerErrorMiddleware"]


class ServerErrorMiddleware:
    """Answers 500 for an exception, then raises it on: the server logs it.

    With ``debug`` the answer is the traceback; never serve that to strangers. Else
    ``handler(request, error)`` makes it, where there is one.
    """

    def __init__(
        self,
        app: ASGIApp,
        handler: ExceptionHandler | None = None,
        debug: bool = False,
    ) -> None:
        self.app = app
        self.handler = handler
        self.debug = debug

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        sender = as_sender(send)
        try:
            return await self.app(scope, receive, sender)
        except Exception as error:
            response = await self._respond(Request(scope), error)
            if not sender.has_started:
                await response(scope, receive, sender)
            raise

    async def _respond(self, request: Request, error: Exception) -> Any:
        if self.debug:  # it reads source files
            return await run_in_threadpool(self.debug_response, request, error)
        if self.handler is None:
            return self.error_response(request, error)
        if is_async_callable(self.handler):
            return await self.handler(request, error)
        return await run_in_threadpool(self.handler, request, error)

    def debug_response(self, request: Request, exc: Exception) -> Response:
        """The traceback: a page for browsers, text for others."""
        if "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse(self.generate_plain_text(exc), 500)
        from fwtrace.toolkit.asgi.middleware.wsgi import build_environ
        from fwtrace.toolkit.wsgi.middleware import debug_page

        environ = build_environ(request.scope, b"")
        environ["wsgiorg.routing_args"] = ((), request.path_params)
        page = debug_page.render(environ, exc)
        return HTMLResponse(page, 500, dict(debug_page.HEADERS))

    def generate_plain_text(self, exc: Exception) -> str:
        import traceback

        return "".join(traceback.format_exception(exc))

    def error_response(self, request: Request, exc: Exception) -> Response:
        """The answer that tells nothing."""
        return PlainTextResponse("Internal Server Error", 500)
