"""Cross-origin requests: which sites' pages may read the answers (Fetch, CORS)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["CORSMiddleware"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class CORSMiddleware:
    """Answers preflights itself, and marks the answers that an origin may read.

    ``origins`` are such as ``"https://example.org"``, or ``"*"`` for any; ``headers``
    those that requests may carry besides the simple ones, ``expose`` those of the
    response that scripts may see, ``max_age`` seconds a preflight stays good.
    """

    def __init__(
        self,
        app: WSGIApp,
        *,
        origins: Sequence[str] = ("*",),
        methods: Sequence[str] = METHODS,
        headers: Sequence[str] = ("Content-Type", "Authorization"),
        expose: Sequence[str] = (),
        credentials: bool = False,
        max_age: int = 600,
    ) -> None:
        if credentials and "*" in origins:
            raise ValueError(
                "CORS: browsers refuse credentials for any origin ('*'). Name the "
                "origins that may send them."
            )
        self.app = app
        self.origins = frozenset(origins)
        self.any_origin = "*" in origins
        self._always: list[tuple[str, str]] = []
        if credentials:
            self._always.append(("Access-Control-Allow-Credentials", "true"))
        self._actual = [*self._always]
        if expose:
            self._actual.append(("Access-Control-Expose-Headers", ", ".join(expose)))
        self._preflight = [
            *self._always,
            ("Access-Control-Allow-Methods", ", ".join(methods)),
            ("Access-Control-Allow-Headers", ", ".join(headers)),
            ("Access-Control-Max-Age", str(max_age)),
        ]

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        allowed = self._allowed(origin)
        if (
            origin is not None
            and environ["REQUEST_METHOD"] == "OPTIONS"
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        ):
            fields = [*allowed, *self._preflight] if allowed else []
            start_response("204 No Content", [*fields, *self._vary()])
            return ()

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            added = [*allowed, *self._actual] if allowed else []
            return start_response(status, [*headers, *added, *self._vary()], *exc_info)

        return self.app(environ, start)

    def _allowed(self, origin: str | None) -> list[tuple[str, str]]:
        if origin is None:
            return []
        if self.any_origin:
            return [("Access-Control-Allow-Origin", "*")]
        if origin in self.origins:
            return [("Access-Control-Allow-Origin", origin)]
        return []

    def _vary(self) -> list[tuple[str, str]]:
        return [] if self.any_origin else [("Vary", "Origin")]
