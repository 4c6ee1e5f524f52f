"""Compresses what is worth it, for clients that take it; streams stay streams."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from fwtrace.toolkit.http.accept import Accept
from fwtrace.toolkit.wsgi.middleware._body import Body
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["GZipMiddleware"]

_BODILESS = ("1", "204", "206", "304")
# Compressed by their own format: trying again costs time and gains nothing.
_COMPRESSED = (
    "application/gzip",
    "application/pdf",
    "application/vnd.rar",
    "application/x-7z",
    "application/x-bzip",
    "application/x-xz",
    "application/zip",
    "application/zstd",
    "audio/",
    "font/woff",
    "image/",
    "video/",
    # An event is to arrive when it happens; proxies hold compressed ones back.
    "text/event-stream",
)
_GZIP_FORMAT = 31  # zlib's wbits: the largest window, with gzip's header and trailer


class GZipMiddleware:
    """``minimum_size``: bytes below which a body of known length is left alone.

    The length of what is compressed is not known in advance, so ``Content-Length``
    goes; a strong ``ETag`` becomes a weak one, since the bytes are others.
    """

    def __init__(
        self, app: WSGIApp, *, minimum_size: int = 500, level: int = 6
    ) -> None:
        if not 1 <= level <= 9:
            raise ValueError(f"gzip's level is 1 (fast) to 9 (small), not {level}.")
        self.app = app
        self.minimum_size = minimum_size
        self.level = level

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        takes = (
            _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
            and environ["REQUEST_METHOD"] != "HEAD"
        )
        packed = _Packed(self, takes, start_response)
        body = self.app(environ, packed.start)
        if not packed.started:
            packed.body = body  # a generator: it will say when it is asked for a chunk
            return packed
        if packed.press is None:
            return body
        packed.body = body
        if type(body) in (list, tuple):
            return (b"".join(packed),)
        return packed

    def is_worth_it(self, status: str, headers: list[tuple[str, str]]) -> bool:
        """Whether to compress: not what is small, encoded already, or a part."""
        if status.startswith(_BODILESS):
            return False
        for name, value in headers:
            name = name.lower()
            if name == "content-length":
                if value.isdecimal() and int(value) < self.minimum_size:
                    return False
            elif name == "content-type":
                kind = value.lower()
                if kind.startswith(_COMPRESSED) and "svg" not in kind:
                    return False
            elif name in ("content-encoding", "content-range"):
                return False
            elif name == "cache-control" and "no-transform" in value.lower():
                return False
        return True


@lru_cache(maxsize=128)
def _takes_gzip(header: str) -> bool:
    # RFC 9110, 12.5.3: without the header anything goes, but who sends none seldom
    # reads gzip.
    accept = Accept(header)
    quality = accept.quality("gzip") if accept else 0.0
    plain = accept.quality("identity") if "identity" in header.lower() else 0.0
    return quality > 0 and quality >= plain


class _Packed(Body):
    """The compressed body, each chunk flushed so that the client gets it at once.

    ``press`` is None where the body goes out as it is.
    """

    __slots__ = ("layer", "press", "start_response", "started", "takes", "write_on")

    def __init__(
        self, layer: GZipMiddleware, takes: bool, start_response: StartResponse
    ) -> None:
        super().__init__(())
        self.layer = layer
        self.takes = takes
        self.start_response: Any = start_response
        self.started = False
        self.press: Any = None
        self.write_on: Callable[[bytes], object] | None = None

    def start(
        self, status: str, headers: list[tuple[str, str]], *exc_info: Any
    ) -> Callable[[bytes], object]:
        self.started = True
        self.press = None
        if self.layer.is_worth_it(status, headers):
            if self.takes:
                self.press = zlib.compressobj(self.layer.level, wbits=_GZIP_FORMAT)
                headers = [*_recoded(headers), ("Content-Encoding", "gzip")]
            if not _varies(headers):
                headers = [*headers, ("Vary", "Accept-Encoding")]
        write: Callable[[bytes], object]
        write = self.start_response(status, headers, *exc_info)
        if self.press is None:
            return write
        self.write_on = write
        return self.write

    def write(self, data: bytes) -> None:
        assert self.write_on is not None
        self.write_on(self.pack(data))

    def pack(self, chunk: bytes) -> bytes:
        if self.press is None or not chunk:
            return chunk
        packed: bytes = self.press.compress(chunk)
        packed += self.press.flush(zlib.Z_SYNC_FLUSH)
        return packed

    def __iter__(self) -> Iterator[bytes]:
        if type(self.body) in (list, tuple) and self.press is not None:
            yield from map(self.press.compress, self.body)
        else:
            for chunk in self.body:
                yield self.pack(chunk)
        if self.press is not None:
            yield self.press.flush()


def _recoded(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of the same content in other bytes (RFC 9110, 8.8.1)."""
    kept = []
    for name, value in headers:
        lower = name.lower()
        if lower == "etag" and not value.startswith("W/"):
            value = f"W/{value}"
        # Ranges are of the bytes that are sent, and those nobody can seek in.
        if lower not in ("content-length", "accept-ranges"):
            kept.append((name, value))
    return kept


def _varies(headers: list[tuple[str, str]]) -> bool:
    return any(
        name.lower() == "vary" and ("accept-encoding" in value.lower() or value == "*")
        for name, value in headers
    )
