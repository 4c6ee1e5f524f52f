"""The in-process host: a synthetic request through a WSGI app, no socket anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fwtrace.toolkit.wsgi.client import build_environ, run_app

__all__ = ["send"]


def send(
    app: Any,
    method: str = "GET",
    target: str = "/",
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Call the app as a server would: ``(status line, headers, body)``.

    ``target`` is a path with an optional query string, percent-encoded as on the wire.
    What the app raises comes out.
    """
    environ = build_environ(method, target, headers=headers, body=body)
    return run_app(app, environ)
