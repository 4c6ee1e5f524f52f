"""Tells the client how long the app took, in ``Server-Timing``."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter
from typing import Any

from fwtrace.toolkit.http.headers import Headers
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["TimingMiddleware"]


class TimingMiddleware:
    """Adds ``Server-Timing: app;dur=1.23``: milliseconds until the response began."""

    def __init__(self, app: WSGIApp, *, name: str = "app") -> None:
        Headers([(name, "")])  # W3C Server Timing: a metric's name is a token
        self.app = app
        self.name = name

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        started = perf_counter()

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            took = f"{self.name};dur={(perf_counter() - started) * 1000:.2f}"
            return start_response(
                status, [*headers, ("Server-Timing", took)], *exc_info
            )

        return self.app(environ, start)
