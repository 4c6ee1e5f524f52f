"""Turns what an app lets through into a page; in development, one that tells all."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import Any

from fwtrace.toolkit.http.errors import HTTPError
from fwtrace.toolkit.wsgi.dispatch import error_response
from fwtrace.toolkit.wsgi.response import Response
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["ErrorsMiddleware"]


class ErrorsMiddleware:
    """Answers 500 for an exception, and logs it to ``fwtrace.errors``.

    With ``debug`` the page shows the traceback with its source; never serve that to
    strangers. An exception after the response began is raised on: it is too late.
    """

    def __init__(self, app: WSGIApp, *, debug: bool = False) -> None:
        self.app = app
        self.debug = debug
        self.logger = logging.getLogger("fwtrace.errors")

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        started = False

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            nonlocal started
            started = True
            return start_response(status, headers, *exc_info)

        try:
            return self.app(environ, start)
        except Exception as error:
            if started:
                raise
            response = self.handle_exception(environ, error)
            return response(environ, start_response)

    def handle_exception(self, environ: Environ, error: Exception) -> Response:
        """The response to an exception that nobody handled."""
        if isinstance(error, HTTPError):
            return error_response(environ, error)
        path = ascii(environ.get("PATH_INFO", ""))
        self.logger.error(
            "%s %s failed", environ["REQUEST_METHOD"], path, exc_info=sys.exc_info()
        )
        wants_json = "json" in environ.get("HTTP_ACCEPT", "")
        if self.debug and not wants_json:
            from fwtrace.toolkit.wsgi.middleware.debug_page import render

            return Response(render(environ, error), 500)
        detail = f"{type(error).__name__}: {error}" if self.debug else ""
        return error_response(environ, HTTPError(500, detail))
