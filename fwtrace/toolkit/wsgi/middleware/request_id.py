"""Gives each request an id, for its logs and for its client."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["RequestIdMiddleware"]

_SAFE = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.")


class RequestIdMiddleware:
    """Puts the id in ``environ["fwtrace.request_id"]`` and on the response.

    An id that the client sends is kept when it is short and plain.
    """

    def __init__(self, app: WSGIApp, *, header: str = "X-Request-ID") -> None:
        self.app = app
        self.header = header
        self._key = "HTTP_" + header.upper().replace("-", "_")

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        given = environ.get(self._key, "")
        usable = 0 < len(given) <= 64 and _SAFE.issuperset(given)
        request_id = given if usable else os.urandom(16).hex()
        environ["fwtrace.request_id"] = request_id

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            return start_response(
                status, [*headers, (self.header, request_id)], *exc_info
            )

        return self.app(environ, start)
