"""The environ: every key, its value, and who put it there."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fwtrace.tracer.redaction import REDACTED, is_secret, redact_text
from fwtrace.tracer.values import clip, show

__all__ = ["describe_environ", "origin", "show_entry"]

# PEP 3333, "environ Variables": the CGI names a server must or may set.
_CGI = frozenset(
    {
        "AUTH_TYPE",
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "GATEWAY_INTERFACE",
        "PATH_INFO",
        "PATH_TRANSLATED",
        "QUERY_STRING",
        "REMOTE_ADDR",
        "REMOTE_HOST",
        "REMOTE_IDENT",
        "REMOTE_PORT",
        "REMOTE_USER",
        "REQUEST_METHOD",
        "SCRIPT_NAME",
        "SERVER_NAME",
        "SERVER_PORT",
        "SERVER_PROTOCOL",
        "SERVER_SOFTWARE",
    }
)
_PEP3333 = frozenset(
    {
        "wsgi.version",
        "wsgi.url_scheme",
        "wsgi.input",
        "wsgi.errors",
        "wsgi.multithread",
        "wsgi.multiprocess",
        "wsgi.run_once",
        "wsgi.file_wrapper",
        "wsgi.input_terminated",
    }
)


@lru_cache(maxsize=1024)
def origin(key: str) -> str:
    """``"PEP 3333"``, ``"CGI"``, ``"HTTP header"``, or ``"server"`` for the rest."""
    if key.startswith("HTTP_"):
        return "HTTP header"
    if key in _CGI:
        return "CGI"
    return "PEP 3333" if key in _PEP3333 else "server"


def show_entry(key: str, value: Any) -> str:
    """The value as text, redacted by its key."""
    if is_secret(key):
        return REDACTED
    if type(value) is not str:
        return _version(value) if key == "wsgi.version" else show(value)
    plain = len(value) < 200 and "=" not in value and '"' not in value
    return value if plain else clip(redact_text(value))


def _version(value: Any) -> str:
    """PEP 3333 has ``(1, 0)``, of every server, with every request."""
    return "(1, 0)" if value == (1, 0) else show(value)


def describe_environ(environ: dict[str, Any]) -> list[dict[str, str]]:
    """``[{"key", "value", "origin"}]`` in the order of the environ."""
    return [
        _known_entry(key, value)
        if type(value) is bool or (type(value) is str and len(value) < 200)
        else {"key": key, "value": show_entry(key, value), "origin": origin(key)}
        for key, value in environ.items()
    ]


@lru_cache(maxsize=2048, typed=True)
def _known_entry(key: str, value: str | bool) -> dict[str, str]:
    """Most entries are the same from request to request."""
    return {"key": key, "value": show_entry(key, value), "origin": origin(key)}
