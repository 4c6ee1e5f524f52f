"""Compresses responses, as a whole or while they are streamed."""

from __future__ import annotations

from typing import Any

from fwtrace.toolkit.asgi.datastructures import Headers, MutableHeaders
from fwtrace.toolkit.asgi.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["DEFAULT_EXCLUDED_CONTENT_TYPES", "GZipMiddleware"]

DEFAULT_EXCLUDED_CONTENT_TYPES = (
    # Compressed already, or, for the last, not to be held back.
    *("application/grpc", "application/gzip", "application/x-gzip", "application/zip"),
    *("audio/*", "font/woff", "font/woff2", "image/avif", "image/gif", "image/jpeg"),
    *("image/png", "image/webp", "video/*"),
    "text/event-stream",
)


class GZipMiddleware:
    """Compresses for clients that take it, what has ``minimum_size`` bytes or streams.

    Chunks of ``thread_minimum_size`` bytes are compressed in a thread.
    """

    def __init__(
        self,
        app: ASGIApp,
        minimum_size: int = 500,
        compresslevel: int = 9,
        thread_minimum_size: int = 128 * 1024,
        *,
        exclude_content_types: tuple[str, ...] = DEFAULT_EXCLUDED_CONTENT_TYPES,
    ) -> None:
        self.app = app
        self.minimum_size = minimum_size
        self.compresslevel = compresslevel
        self.thread_minimum_size = thread_minimum_size
        self.exclude_content_types = frozenset(map(_bare, exclude_content_types))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        accepted = Headers(scope=scope).get("accept-encoding", "")
        response = _Response(self, "gzip" in accepted, send)
        return await self.app(scope, receive, response.send)

    def is_excluded(self, content_type: str) -> bool:
        kind = _bare(content_type)
        names = {kind, kind.partition("/")[0] + "/*"}
        if kind.startswith("application/grpc+"):
            names.add("application/grpc")
        return not names.isdisjoint(self.exclude_content_types)


def _bare(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


class _Response:
    """One response on its way: its start waits for its first chunk, which decides."""

    def __init__(self, layer: GZipMiddleware, is_wanted: bool, send: Send) -> None:
        self.layer = layer
        self.is_wanted = is_wanted
        self.server_send = send
        self.start: Message | None = None
        self.compressor: Any = None

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            message.setdefault("headers", [])
            headers = MutableHeaders(scope=message)
            if (
                message["status"] != 206
                and "content-encoding" not in headers
                and not self.layer.is_excluded(headers.get("content-type", ""))
            ):
                self.start = message
                return
        elif kind == "http.response.body":
            message = await self._body(message)
        elif kind == "http.response.pathsend":
            await self._send_start()
        await self.server_send(message)

    async def _send_start(self) -> None:
        start, self.start = self.start, None
        if start is not None:
            await self.server_send(start)

    async def _body(self, message: Message) -> Message:
        """The chunk, as it is to be sent; before the first the start is sent."""
        body = message.get("body", b"")
        more = message.get("more_body", False)
        start = self.start
        if start is not None:
            if more or (body and len(body) >= self.layer.minimum_size):
                headers = MutableHeaders(scope=start)
                headers.add_vary_header("Accept-Encoding")
                if self.is_wanted:
                    body = await self._begin(body, more)
                    headers["content-encoding"] = "gzip"
                    if more or start.get("trailers", False):
                        del headers["content-length"]
                    else:
                        headers["content-length"] = str(len(body))
            await self._send_start()
        elif self.compressor is not None:
            body = await self._compress(body, more)
        return {**message, "body": body}

    async def _begin(self, body: bytes, more: bool) -> bytes:
        import zlib

        # 16: with the header and the checksum of gzip.
        window = 16 + zlib.MAX_WBITS
        level = self.layer.compresslevel
        self.compressor = zlib.compressobj(level, zlib.DEFLATED, window)
        return await self._compress(body, more)

    async def _compress(self, body: bytes, more: bool) -> bytes:
        if len(body) < self.layer.thread_minimum_size:
            return self._compress_now(body, more)
        from anyio import to_thread

        return await to_thread.run_sync(
            self._compress_now, body, more, limiter=_limiter()
        )

    def _compress_now(self, body: bytes, more: bool) -> bytes:
        import zlib

        flush = zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH
        packed: bytes = self.compressor.compress(body) + self.compressor.flush(flush)
        return packed


_limiters: Any = None


def _limiter() -> Any:
    """The threads of this event loop to compress in.

    Not those of views: a view may hold its thread until its response was sent.
    """
    global _limiters
    from anyio import CapacityLimiter
    from anyio.lowlevel import RunVar

    if _limiters is None:
        _limiters = RunVar("fwtrace.gzip")
    try:
        return _limiters.get()
    except LookupError:
        limiter = CapacityLimiter(40)
        _limiters.set(limiter)
        return limiter
