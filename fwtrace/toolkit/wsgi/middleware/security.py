"""Headers that make browsers careful, where the app has not said otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["SecurityHeadersMiddleware"]


class SecurityHeadersMiddleware:
    """Adds nosniff, frame, referrer and opener policies, and HSTS over https.

    ``hsts`` is for how many seconds browsers are to use https only; 0 leaves it out.
    """

    def __init__(
        self, app: WSGIApp, *, frame: str = "DENY", hsts: int = 31_536_000
    ) -> None:
        self.app = app
        self._fields = [
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", frame),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
        ]
        self._secure = [*self._fields]
        if hsts:
            self._secure.append(("Strict-Transport-Security", f"max-age={hsts}"))

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        secure = environ.get("wsgi.url_scheme") == "https"
        fields = self._secure if secure else self._fields

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            said = {name.lower() for name, _ in headers}
            added = [field for field in fields if field[0].lower() not in said]
            return start_response(status, [*headers, *added], *exc_info)

        return self.app(environ, start)
