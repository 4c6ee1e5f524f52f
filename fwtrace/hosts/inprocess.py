"""The in-process host: a synthetic request through an app, no socket anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from fwtrace.toolkit.wsgi.client import build_environ, run_app
from fwtrace.tracer.protocol import protocol_of

__all__ = ["send", "send_wsgi"]

Response: TypeAlias = tuple[str, list[tuple[str, str]], bytes]


def send(
    app: Any,
    method: str = "GET",
    target: str = "/",
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
) -> Response:
    """Call the app as a server would: ``(status line, headers, body)``.

    ``target`` is a path with an optional query string, percent-encoded as on the wire.
    What the app raises comes out.
    """
    if protocol_of(app) == "asgi":
        from fwtrace.hosts import asgi

        return asgi.send(app, method, target, headers, body)
    return send_wsgi(app, method, target, headers, body)


def send_wsgi(
    app: Any,
    method: str = "GET",
    target: str = "/",
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
) -> Response:
    """The same for an app that is known to be one of WSGI."""
    environ = build_environ(method, target, headers=headers, body=body)
    return run_app(app, environ)
