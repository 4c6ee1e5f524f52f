"""Turns what an app lets through into a page; in development, one that tells all."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from fwtrace.toolkit.http.errors import HTTPError
from fwtrace.toolkit.wsgi.dispatch import error_response
from fwtrace.toolkit.wsgi.middleware._body import Body
from fwtrace.toolkit.wsgi.response import Response
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["ErrorsMiddleware"]


class ErrorsMiddleware:
    """Answers 500 for an exception, and logs it to ``fwtrace.errors``.

    With ``debug`` the page shows the traceback with its source; never serve that to
    strangers. Where the client got a part of the response already, the exception goes
    on to the server: it is too late for another answer.
    """

    def __init__(self, app: WSGIApp, *, debug: bool = False) -> None:
        self.app = app
        self.debug = debug
        self.logger = logging.getLogger("fwtrace.errors")

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            body = self.app(environ, start_response)
        except Exception as error:
            return self.answer(environ, start_response, error)
        if type(body) in (tuple, list) or _is_file(environ, body):
            return body  # nothing in it that could raise
        return _Guarded(self, environ, start_response, body)

    def answer(
        self, environ: Environ, start_response: StartResponse, error: Exception
    ) -> Iterable[bytes]:
        """Send the error in place of the response.

        PEP 3333, "Error Handling": given ``exc_info``, ``start_response`` replaces
        headers that are not sent yet, and raises the error if they are.
        """
        response = self.handle_exception(environ, error)
        replace: Any = start_response

        def start(status: str, headers: Any, *_: Any) -> Any:
            exc_info = (type(error), error, error.__traceback__)
            return replace(status, headers, exc_info)

        return response(environ, start)

    def handle_exception(self, environ: Environ, error: Exception) -> Response:
        """The response to an exception that nobody handled."""
        if isinstance(error, HTTPError):
            return error_response(environ, error)
        self.logger.error(
            "%s %s failed",
            ascii(environ["REQUEST_METHOD"])[1:-1],
            ascii(environ.get("PATH_INFO", ""))[1:-1],
            exc_info=(type(error), error, error.__traceback__),
        )
        if not self.debug:
            return error_response(environ, HTTPError(500))
        from fwtrace.toolkit.wsgi.middleware import debug_page

        if "json" in environ.get("HTTP_ACCEPT", ""):
            detail = f"{type(error).__name__}: {debug_page.message(error)}"
            return error_response(environ, HTTPError(500, detail))
        return Response(debug_page.render(environ, error), 500, debug_page.HEADERS)


class _Guarded(Body):
    """A body that may raise while it is sent."""

    __slots__ = ("environ", "layer", "start_response")

    def __init__(
        self,
        layer: ErrorsMiddleware,
        environ: Environ,
        start_response: StartResponse,
        body: Iterable[bytes],
    ) -> None:
        super().__init__(body)
        self.layer = layer
        self.environ = environ
        self.start_response = start_response

    def __iter__(self) -> Iterator[bytes]:
        try:
            # `yield from` would close the app's body a second time.
            for chunk in self.body:  # noqa: UP028
                yield chunk
        except Exception as error:
            yield from self.layer.answer(self.environ, self.start_response, error)


def _is_file(environ: Environ, body: Iterable[bytes]) -> bool:
    """Whether the server will send a file its own way ("Optional Platform-Specific
    File Handling"), which it would not with another object around it.
    """
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(body, wrapper)
