"""Gives each request an id, for its logs and for its client."""

from __future__ import annotations

from collections.abc import Iterable
from os import urandom
from typing import Any

from fwtrace.toolkit.http.headers import Headers
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["RequestIdMiddleware"]

_SAFE = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.")


class RequestIdMiddleware:
    """Puts the id in ``environ["fwtrace.request_id"]`` and on the response.

    An id that the client sends is kept when it is short and plain.
    """

    def __init__(self, app: WSGIApp, *, header: str = "X-Request-ID") -> None:
        Headers([(header, "")])  # refuse a bad name now
        self.app = app
        self.header = header
        self._key = "HTTP_" + header.upper().replace("-", "_")

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        given = environ.get(self._key)
        if given and len(given) <= 64 and _SAFE.issuperset(given):
            request_id = given
        else:
            # Not from `random`: forked workers would share its state.
            request_id = urandom(16).hex()
        environ["fwtrace.request_id"] = request_id
        field = (self.header, request_id)

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            return start_response(status, [*headers, field], *exc_info)

        return self.app(environ, start)
