"""One line in the log for each request, once its body was sent."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any

from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["AccessLogMiddleware"]


class AccessLogMiddleware:
    """Logs method, path, status, bytes and milliseconds to ``fwtrace.access``."""

    def __init__(self, app: WSGIApp, *, logger: str = "fwtrace.access") -> None:
        self.app = app
        self.logger = logging.getLogger(logger)

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        entry = _Entry(self.logger, environ)

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            entry.status = status[:3]
            return start_response(status, headers, *exc_info)

        try:
            entry.body = self.app(environ, start)
        except BaseException:
            entry.status = "500"
            entry.write()
            raise
        return entry


class _Entry:
    """The body, counted while it passes; closing it writes the line."""

    def __init__(self, logger: logging.Logger, environ: Environ) -> None:
        self.started = perf_counter()
        self.logger = logger
        self.status = "-"
        self.sent = 0
        self.body: Iterable[bytes] = ()
        # Escaping keeps a path from writing lines of its own.
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        self.request = f"{environ['REQUEST_METHOD']} {ascii(path)[1:-1]}"

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.body:
            self.sent += len(chunk)
            yield chunk

    def close(self) -> None:
        try:
            close = getattr(self.body, "close", None)
            if close is not None:
                close()
        finally:
            self.write()

    def write(self) -> None:
        took = (perf_counter() - self.started) * 1000
        self.logger.info(
            "%s %s %d bytes %.2f ms", self.request, self.status, self.sent, took
        )
