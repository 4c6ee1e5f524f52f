"""Cross-origin requests: which sites' pages may read the answers (Fetch, CORS)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fwtrace.toolkit.http.headers import Headers
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["CORSMiddleware"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
VARY = ("Vary", "Origin")


class CORSMiddleware:
    """Answers preflights itself, and marks the answers that an origin may read.

    ``origins`` are such as ``"https://example.org"``, or ``"*"`` for any; ``headers``
    those that requests may carry besides the simple ones, ``expose`` those of the
    response that scripts may see, ``max_age`` seconds a preflight stays good. An app
    that sets ``Access-Control-Allow-Origin`` itself is left to it.
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
        if isinstance(origins, str):
            raise TypeError(f"CORS: origins is a list, such as [{origins!r}].")
        if credentials and "*" in origins:
            raise ValueError(
                "CORS: browsers refuse credentials for any origin ('*'). Name the "
                "origins that may send them."
            )
        self.app = app
        self.origins = frozenset(origins)
        self.any_origin = "*" in origins
        actual = Headers()
        if credentials:
            actual.add("Access-Control-Allow-Credentials", "true")
        preflight = actual.copy()
        preflight.add("Access-Control-Allow-Methods", ", ".join(methods))
        preflight.add("Access-Control-Allow-Headers", ", ".join(headers))
        preflight.add("Access-Control-Max-Age", str(max_age))
        if expose:
            actual.add("Access-Control-Expose-Headers", ", ".join(expose))
        self._actual = actual.to_list()
        self._preflight = preflight.to_list()
        # The answer is the same for every origin only if any may read it.
        self._vary = [] if self.any_origin else [VARY]

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        if origin is None and self.any_origin:
            return self.app(environ, start_response)
        allowed = self.allow(origin)
        if (
            origin is not None
            and environ["REQUEST_METHOD"] == "OPTIONS"
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        ):
            granted = [*allowed, *self._preflight] if allowed else []
            start_response("204 No Content", [*granted, *self._vary])
            return ()
        added = [*allowed, *self._actual, *self._vary] if allowed else self._vary

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            if allowed and any(
                name.lower() == "access-control-allow-origin" for name, _ in headers
            ):
                return start_response(status, headers, *exc_info)
            return start_response(status, [*headers, *added], *exc_info)

        return self.app(environ, start)

    def allow(self, origin: str | None) -> list[tuple[str, str]]:
        """The header that lets the origin read the answer, or none."""
        if origin is None:
            return []
        if self.any_origin:
            return [("Access-Control-Allow-Origin", "*")]
        if origin in self.origins:
            return [("Access-Control-Allow-Origin", origin)]
        return []
