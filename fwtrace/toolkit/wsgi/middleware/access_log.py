"""One line in the log for each request, once its body was sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any

from fwtrace.toolkit.wsgi.middleware._body import Body
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["AccessLogMiddleware"]


class AccessLogMiddleware:
    """Logs method, path, status, bytes and milliseconds to ``fwtrace.access``.

    ``127.0.0.1 GET /users/1 200 512 bytes 1.23 ms``

    The query string is left out: it may hold what no log should keep. Where the
    logger does not take INFO the requests pass untouched.
    """

    def __init__(self, app: WSGIApp, *, logger: str = "fwtrace.access") -> None:
        self.app = app
        self.logger = logging.getLogger(logger)

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        if not self.logger.isEnabledFor(logging.INFO):
            return self.app(environ, start_response)
        entry = _Entry(self.logger, environ, start_response)
        try:
            entry.body = self.app(environ, entry.start)
        except BaseException:
            entry.status = "500"
            entry.log()
            raise
        return entry


class _Entry(Body):
    """The body, counted while it passes; closing it logs the line."""

    __slots__ = (
        "environ",
        "logger",
        "sent",
        "start_response",
        "started",
        "status",
        "write_on",
    )

    def __init__(
        self, logger: logging.Logger, environ: Environ, start_response: StartResponse
    ) -> None:
        super().__init__(())
        self.started = perf_counter()
        self.logger = logger
        self.environ = environ
        self.start_response: Any = start_response
        self.write_on: Callable[[bytes], object] | None = None
        self.status = "-"
        self.sent = 0

    def start(
        self, status: str, headers: list[tuple[str, str]], *exc_info: Any
    ) -> Callable[[bytes], object]:
        self.status = status[:3]
        self.write_on = self.start_response(status, headers, *exc_info)
        return self.write

    def write(self, data: bytes) -> None:
        self.sent += len(data)
        assert self.write_on is not None
        self.write_on(data)

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self.body:
                self.sent += len(chunk)
                yield chunk
        except Exception:
            # 500 only if the client did not get another status before.
            if not self.sent:
                self.status = "500"
            raise

    def close(self) -> None:
        if self.closed:
            return
        try:
            super().close()
        finally:
            self.log()

    def log(self) -> None:
        took = (perf_counter() - self.started) * 1000
        environ = self.environ
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        self.logger.info(
            "%s %s %s %s %d bytes %.2f ms",
            environ.get("REMOTE_ADDR") or "-",
            _plain(environ["REQUEST_METHOD"]),
            _plain(path),
            self.status,
            self.sent,
            took,
        )


def _plain(text: str) -> str:
    """As on the wire: a path cannot write lines or escapes of its own into a log."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    from urllib.parse import quote

    return quote(text, "/:@!$&'()*+,;=~-._%", "latin-1", "replace")
