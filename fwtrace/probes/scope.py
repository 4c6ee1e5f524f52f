"""The scope: every key, its value, and who put it there; and the request in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from fwtrace.probes.environ import show_entry
from fwtrace.tracer.redaction import REDACTED, is_secret, redact_text
from fwtrace.tracer.values import clip

__all__ = [
    "describe_request",
    "describe_scope",
    "header_pairs",
    "scope_origin",
    "status_line",
]

# ASGI, "HTTP & WebSocket ASGI Message Format": the keys of a connection's scope.
_ORIGINS = {
    **dict.fromkeys(("type", "asgi", "extensions"), "ASGI"),
    **dict.fromkeys(
        ("http_version", "method", "path", "raw_path", "query_string"), "request line"
    ),
    "headers": "HTTP header",
    "subprotocols": "HTTP header",
    "state": "lifespan",
}


def scope_origin(key: str) -> str:
    """``"ASGI"``, ``"request line"``, ``"HTTP header"``, ``"lifespan"``, or
    ``"server"`` for the rest."""
    return _ORIGINS.get(key, "server")


def describe_scope(scope: dict[str, Any]) -> list[dict[str, str]]:
    """``[{"key", "value", "origin"}]`` in the order of the scope, headers by name."""
    return list(_entries(scope))


def _entries(scope: dict[str, Any]) -> Iterator[dict[str, str]]:
    for key, value in scope.items():
        if key == "headers":
            for name, text in header_pairs(value):
                yield _entry(name, text, "HTTP header")
        else:
            text = _text(value) if type(value) is bytes else value
            yield _entry(key, text, scope_origin(key))


def _entry(key: str, value: Any, origin: str) -> dict[str, str]:
    return {"key": key, "value": show_entry(key, value), "origin": origin}


def describe_request(scope: dict[str, Any]) -> dict[str, Any]:
    """The request as a trace keeps it, redacted: method, target, headers, body size.

    A WebSocket has no method, a lifespan neither method nor path: their type stands
    for it, as on a command line.
    """
    query = _text(scope.get("query_string", b""))
    path = str(scope.get("path", ""))
    headers = header_pairs(scope.get("headers", ()))
    kind = "WS" if scope["type"] == "websocket" else scope["type"].upper()
    length = next((v for name, v in headers if name.lower() == "content-length"), "")
    return {
        "method": scope.get("method") or kind,
        "target": clip(redact_text(f"{path}?{query}" if query else path), 2000),
        "headers": [
            [_title(name), REDACTED if is_secret(name) else clip(value)]
            for name, value in headers
        ],
        "body_size": int(length) if length.isdecimal() else 0,
    }


def header_pairs(headers: Any) -> list[tuple[str, str]]:
    """The names and values of a scope or a message, as text."""
    return [(_text(name), _text(value)) for name, value in headers]


@lru_cache(maxsize=256)
def status_line(status: int) -> str:
    """``200`` -> ``"200 OK"``"""
    try:
        return f"{int(status)} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{int(status)} "


def _text(value: Any) -> str:
    return bytes(value).decode("latin-1")


@lru_cache(maxsize=256)
def _title(name: str) -> str:
    return name.title()
