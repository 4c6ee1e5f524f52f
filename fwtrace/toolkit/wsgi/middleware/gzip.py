"""Compresses what is worth it, for clients that take it; streams stay streams."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from fwtrace.toolkit.http.accept import Accept
from fwtrace.toolkit.http.headers import Headers
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp

__all__ = ["GZipMiddleware"]

_COMPRESSED = ("image/", "video/", "audio/", "font/", "application/zip")


class GZipMiddleware:
    """``minimum_size``: bytes below which a body of known length is left alone."""

    def __init__(
        self, app: WSGIApp, *, minimum_size: int = 500, level: int = 6
    ) -> None:
        self.app = app
        self.minimum_size = minimum_size
        self.level = level

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        accepted = environ.get("HTTP_ACCEPT_ENCODING")
        if not accepted or Accept(accepted).best(["gzip", "identity"]) != "gzip":
            return self.app(environ, self._varying(start_response))
        compressing = False

        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            nonlocal compressing
            fields = Headers(headers)
            _vary(fields)
            compressing = self.is_worth_it(status, fields, environ)
            if compressing:
                fields["Content-Encoding"] = "gzip"
                del fields["Content-Length"]
                etag = fields.get("ETag")
                if etag and not etag.startswith("W/"):
                    fields["ETag"] = f"W/{etag}"  # RFC 9110, 8.8.1: other bytes
            write = start_response(status, fields.to_list(), *exc_info)
            return _refuse_write if compressing else write

        body = self.app(environ, start)
        if type(body) in (list, tuple):
            return self._whole(body) if compressing else body
        return _Compressed(body, self.level, lambda: compressing)

    def _whole(self, body: Iterable[bytes]) -> Iterable[bytes]:
        pressed = zlib.compressobj(self.level, wbits=31)
        return (b"".join([*map(pressed.compress, body), pressed.flush()]),)

    def is_worth_it(self, status: str, fields: Headers, environ: Environ) -> bool:
        """Whether to compress: not what is small, encoded already, or a part."""
        if environ["REQUEST_METHOD"] == "HEAD" or not status.startswith("2"):
            return False
        if status.startswith(("204", "206")) or "Content-Encoding" in fields:
            return False
        if "no-transform" in fields.get("Cache-Control", ""):
            return False
        kind = fields.get("Content-Type", "")
        if kind.startswith(_COMPRESSED) or kind.startswith("text/event-stream"):
            return False
        length = fields.get("Content-Length", "")
        return not length.isdigit() or int(length) >= self.minimum_size

    def _varying(self, start_response: StartResponse) -> Any:
        def start(status: str, headers: Any, *exc_info: Any) -> Any:
            fields = Headers(headers)
            _vary(fields)
            return start_response(status, fields.to_list(), *exc_info)

        return start


def _vary(fields: Headers) -> None:
    if not any("accept-encoding" in v.lower() for v in fields.getlist("Vary")):
        fields.add("Vary", "Accept-Encoding")


def _refuse_write(data: bytes) -> None:
    raise RuntimeError("GZipMiddleware compresses the body, so write() cannot be used.")


class _Compressed:
    """A streamed body, each chunk flushed so that the client gets it at once."""

    def __init__(self, body: Iterable[bytes], level: int, compressing: Any) -> None:
        self._body = body
        self._level = level
        self._compressing = compressing

    def __iter__(self) -> Iterator[bytes]:
        chunks = iter(self._body)
        # The app may call start_response as late as with its first chunk.
        first = next(chunks, b"")
        if not self._compressing():
            yield first
            yield from chunks
            return
        pressed = zlib.compressobj(self._level, wbits=31)
        yield pressed.compress(first) + pressed.flush(zlib.Z_SYNC_FLUSH)
        for chunk in chunks:
            yield pressed.compress(chunk) + pressed.flush(zlib.Z_SYNC_FLUSH)
        yield pressed.flush()

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
