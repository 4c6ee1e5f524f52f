"""Errors that are answers: of HTTP by status, of WebSockets by close code."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

__all__ = ["HTTPException", "WebSocketException"]


class HTTPException(Exception):
    """Answers with this status; ``detail`` is for the client, its phrase by default."""

    def __init__(
        self,
        status_code: int,
        detail: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status_code = status_code
        self.detail = phrase_of(status_code) if detail is None else detail
        self.headers = headers

    def __str__(self) -> str:
        return f"{self.status_code}: {self.detail}"

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}(status_code={self.status_code!r}, detail={self.detail!r})"


class WebSocketException(Exception):
    """Closes the WebSocket with this code (RFC 6455, 7.4) and reason."""

    def __init__(self, code: int, reason: str | None = None) -> None:
        self.code = code
        self.reason = reason or ""

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, reason={self.reason!r})"


def phrase_of(status_code: int) -> str:
    """The phrase of the code; empty for one that is not known."""
    try:
        return HTTPStatus(status_code).phrase
    except ValueError:
        return ""
