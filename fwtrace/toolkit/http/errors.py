"""Errors that are answers: raise one anywhere and the client gets that status.

HTTPError
 ├─ BadRequest 400            ├─ PreconditionFailed 412
 ├─ Unauthorized 401          ├─ ContentTooLarge 413
 ├─ Forbidden 403             ├─ UnsupportedMediaType 415
 ├─ NotFound 404              ├─ RangeNotSatisfiable 416
 ├─ MethodNotAllowed 405      └─ RequestHeaderFieldsTooLarge 431
 └─ NotAcceptable 406
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from fwtrace.toolkit.http.status import PHRASES

__all__ = [
    "BadRequest",
    "ContentTooLarge",
    "Forbidden",
    "HTTPError",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "PreconditionFailed",
    "RangeNotSatisfiable",
    "RequestHeaderFieldsTooLarge",
    "Unauthorized",
    "UnsupportedMediaType",
    "abort",
]


class HTTPError(Exception):
    """An answer other than the one the view would have given.

    ``status`` is the code, ``detail`` a sentence for the client, ``headers`` go out
    with the response.
    """

    def __init__(
        self, status: int, detail: str = "", headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.headers = list(headers)

    @property
    def phrase(self) -> str:
        return PHRASES.get(self.status, "Unknown")

    def __str__(self) -> str:
        line = f"{self.status} {self.phrase}"
        return f"{line}: {self.detail}" if self.detail else line


class _Fixed(HTTPError):
    """An HTTPError whose class says the status."""

    code: int

    def __init__(
        self, detail: str = "", headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        super().__init__(self.code, detail, headers)


class BadRequest(_Fixed):
    code = 400


class Unauthorized(_Fixed):
    code = 401


class Forbidden(_Fixed):
    code = 403


class NotFound(_Fixed):
    code = 404


class MethodNotAllowed(_Fixed):
    """405; RFC 9110, 15.5.6: the answer must list the methods in ``Allow``."""

    code = 405

    def __init__(self, allowed: Iterable[str], detail: str = "") -> None:
        self.allowed = tuple(sorted(allowed))
        super().__init__(detail, [("Allow", ", ".join(self.allowed))])


class NotAcceptable(_Fixed):
    code = 406


class PreconditionFailed(_Fixed):
    code = 412


class ContentTooLarge(_Fixed):
    code = 413


class UnsupportedMediaType(_Fixed):
    code = 415


class RangeNotSatisfiable(_Fixed):
    """416; RFC 9110, 15.5.17: the answer tells the size in ``Content-Range``."""

    code = 416

    def __init__(self, size: int, detail: str = "") -> None:
        self.size = size
        super().__init__(detail, [("Content-Range", f"bytes */{size}")])


class RequestHeaderFieldsTooLarge(_Fixed):
    code = 431


def abort(status: int, detail: str = "") -> NoReturn:
    """Answer with this status from wherever the request is."""
    raise HTTPError(status, detail)
