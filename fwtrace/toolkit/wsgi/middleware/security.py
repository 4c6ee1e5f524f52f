"""Headers that make browsers careful, where the app has not said otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fwtrace.toolkit.http.headers import Headers
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
        fields = Headers(
            [
                ("X-Content-Type-Options", "nosniff"),
                ("X-Frame-Options", frame),
                ("Referrer-Policy", "same-origin"),
                ("Cross-Origin-Opener-Policy", "same-origin"),
            ]
        )
        self._fields = fields.to_list()
        if hsts:
            fields.add("Strict-Transport-Security", f"max-age={hsts}")
        self._secure = fields.to_list()
        self._names = frozenset(name.lower() for name in fields)

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        secure = environ.get("wsgi.url_scheme") == "https"
        fields = self._secure if secure else self._fields
        names = self._names

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            for name, _ in headers:
                if name.lower() in names:
                    added = _unsaid(fields, headers)
                    return start_response(status, [*headers, *added], *exc_info)
            return start_response(status, [*headers, *fields], *exc_info)

        return self.app(environ, start)


def _unsaid(
    fields: list[tuple[str, str]], headers: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The fields whose name is not among the headers."""
    said = {name.lower() for name, _ in headers}
    return [field for field in fields if field[0].lower() not in said]
