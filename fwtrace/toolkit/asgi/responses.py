"""The response: an ASGI app that answers with a status, headers and a body."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from fwtrace.toolkit.asgi.background import BackgroundTask
from fwtrace.toolkit.asgi.concurrency import iterate_in_threadpool, ungrouped
from fwtrace.toolkit.asgi.datastructures import URL, Headers, MutableHeaders
from fwtrace.toolkit.asgi.requests import ClientDisconnect
from fwtrace.toolkit.asgi.types import Message, Receive, Scope, Send

__all__ = [
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
]

_CONTENT_TYPES: dict[tuple[str, str], tuple[bytes, bytes]] = {}


class Response:
    """A whole answer: ``content`` is text or bytes, ``background`` runs after it."""

    media_type: str | None = None
    charset = "utf-8"
    body: Any

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        self.status_code = status_code
        if media_type is not None:
            self.media_type = media_type
        self.background = background
        self.body = self.render(content)
        self.init_headers(headers)

    def render(self, content: Any) -> Any:
        """The content as bytes."""
        if content is None:
            return b""
        if isinstance(content, bytes):
            return content
        if isinstance(content, memoryview):
            return content.cast("B") if content.c_contiguous else content.tobytes()
        return content.encode(self.charset)

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        raw: list[tuple[bytes, bytes]] = []
        has_length = has_type = False
        if headers:
            raw = [
                (key.lower().encode("latin-1"), value.encode("latin-1"))
                for key, value in headers.items()
            ]
            names = {name for name, _ in raw}
            has_length = b"content-length" in names
            has_type = b"content-type" in names
        status = self.status_code
        if not has_length and status >= 200 and status not in (204, 304):
            body = getattr(self, "body", None)
            if body is not None:
                raw.append((b"content-length", b"%d" % len(body)))
        kind = self.media_type
        if kind is not None and not has_type:
            field = _CONTENT_TYPES.get((kind, self.charset))
            raw.append(field or self._content_type(kind))
        self.raw_headers = raw

    def _content_type(self, kind: str) -> tuple[bytes, bytes]:
        """The field, kept for the next response of this type."""
        full = kind
        if kind.startswith("text/") and "charset=" not in kind.lower():
            full += f"; charset={self.charset}"
        field = (b"content-type", full.encode("latin-1"))
        if len(_CONTENT_TYPES) < 1000:
            _CONTENT_TYPES[kind, self.charset] = field
        return field

    @property
    def headers(self) -> MutableHeaders:
        found: MutableHeaders | None = self.__dict__.get("_headers")
        if found is None:
            found = self.__dict__["_headers"] = MutableHeaders(raw=self.raw_headers)
        return found

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: int | None = None,
        expires: datetime | str | int | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Send a cookie; ``max_age`` and a number ``expires`` are seconds from now."""
        from email.utils import format_datetime
        from http.cookies import SimpleCookie

        if samesite is not None and samesite.lower() not in ("strict", "lax", "none"):
            raise AssertionError("samesite must be 'strict', 'lax' or 'none'")
        cookie: SimpleCookie = SimpleCookie()
        cookie[key] = value
        morsel = cookie[key]
        if isinstance(expires, datetime):
            expires = format_datetime(expires, usegmt=True)
        said = {
            "max-age": max_age,
            "expires": expires,
            "path": path,
            "domain": domain,
            "samesite": samesite,
            "secure": secure or None,
            "httponly": httponly or None,
        }
        for name, text in said.items():
            if text is not None:
                morsel[name] = text
        header = cookie.output(header="").strip()
        if partitioned:
            header += "; Partitioned"
        self.raw_headers.append((b"set-cookie", header.encode("latin-1")))

    def delete_cookie(
        self,
        key: str,
        path: str = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Have the browser drop the cookie of this name, path and domain."""
        self.set_cookie(
            key,
            max_age=0,
            expires=0,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            send = denying(send)
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        await send({"type": "http.response.body", "body": self.body})
        if self.background is not None:
            await self.background()


def denying(send: Send) -> Send:
    """Sends a response as the denial of a WebSocket (the ASGI extension for it)."""

    async def denied(message: Message) -> None:
        if message["type"] in ("http.response.start", "http.response.body"):
            message = {**message, "type": f"websocket.{message['type']}"}
        await send(message)

    return denied


class HTMLResponse(Response):
    media_type = "text/html"


class PlainTextResponse(Response):
    media_type = "text/plain"


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _make_dumps() -> Callable[[Any], str]:
    """``_encoder.encode``, without making its C part anew for each value."""
    from json import encoder as module

    make: Any = getattr(module, "c_make_encoder", None)
    if make is None:
        return _encoder.encode
    options = (None, ":", ",", False, False, False)
    iterate = make(None, _encoder.default, module.encode_basestring, *options)
    return lambda value: "".join(iterate(value, 0))


_dumps = _make_dumps()


def json_bytes(value: Any) -> bytes:
    """Data as JSON; TypeError for what is no data, ValueError for NaN."""
    try:
        return _dumps(value).encode()
    except UnicodeEncodeError:  # half a character, which JSON can write with an escape
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


class JSONResponse(Response):
    """Data as JSON; ValueError for NaN and infinity, which it has not."""

    media_type = "application/json"

    def __init__(
        self,
        content: Any,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        super().__init__(content, status_code, headers, media_type, background)

    def render(self, content: Any) -> bytes:
        return json_bytes(content)


class RedirectResponse(Response):
    """Sends the client elsewhere; the URL is percent-encoded where it has to be."""

    def __init__(
        self,
        url: str | URL,
        status_code: int = 307,
        headers: Mapping[str, str] | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        super().__init__(b"", status_code, headers, background=background)
        self.headers["location"] = quote(str(url), safe=":/%#?=@[]!$&'()*+,;")


def spec_version(scope: Scope) -> tuple[int, ...]:
    """The version of the ASGI HTTP spec that the server speaks: ``(2, 3)``."""
    text = scope.get("asgi", {}).get("spec_version", "2.0")
    return (2, 4) if text == "2.4" else tuple(map(int, text.split(".")))


async def until_disconnect(
    work: Callable[[], Awaitable[None]], receive: Receive
) -> None:
    """Do the work, but give it up when the client goes away."""
    import anyio

    with ungrouped():
        async with anyio.create_task_group() as group:

            async def finish() -> None:
                await work()
                group.cancel_scope.cancel()

            group.start_soon(finish)
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()


class StreamingResponse(Response):
    """An answer that is produced while it is sent, of an iterator of either kind."""

    body_iterator: AsyncIterable[Any]

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        if isinstance(content, AsyncIterable):
            self.body_iterator = content
        else:
            self.body_iterator = iterate_in_threadpool(content)
        self.status_code = status_code
        if media_type is not None:
            self.media_type = media_type
        self.background = background
        self.init_headers(headers)

    async def stream_response(self, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        async for chunk in self.body_iterator:
            if not isinstance(chunk, (bytes, memoryview)):
                chunk = chunk.encode(self.charset)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self.stream_response(denying(send))
        elif spec_version(scope) >= (2, 4):
            # Such a server raises where the client is gone.
            try:
                await self.stream_response(send)
            except OSError:
                raise ClientDisconnect() from None
        else:
            await until_disconnect(partial(self.stream_response, send), receive)
        if self.background is not None:
            await self.background()


class FileResponse(Response):
    """A file, streamed, with its validators, and ranges honoured (RFC 9110, 14).

    Raises RuntimeError, when it is sent, where there is no such file.
    """

    chunk_size = 64 * 1024
    max_ranges = 100

    def __init__(
        self,
        path: str | os.PathLike[str],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
        filename: str | None = None,
        stat_result: os.stat_result | None = None,
        content_disposition_type: str = "attachment",
    ) -> None:
        from mimetypes import guess_type

        self.path = path
        self.status_code = status_code
        self.filename = filename
        if media_type is None:
            named = os.path.basename(os.fspath(filename or path))
            media_type = guess_type(f"/{named}")[0] or "application/octet-stream"
        self.media_type = media_type
        self.background = background
        self.init_headers(headers)
        self.headers.setdefault("accept-ranges", "bytes")
        if filename is not None:
            quoted = quote(filename)
            how = content_disposition_type
            if quoted == filename:
                disposition = f'{how}; filename="{filename}"'
            else:
                disposition = f"{how}; filename*=utf-8''{quoted}"
            self.headers.setdefault("content-disposition", disposition)
        self.stat_result = stat_result
        if stat_result is not None:
            self.set_stat_headers(stat_result)

    def set_stat_headers(self, stat_result: os.stat_result) -> None:
        import hashlib
        from email.utils import formatdate

        base = f"{stat_result.st_mtime}-{stat_result.st_size}"
        tag = hashlib.md5(base.encode(), usedforsecurity=False).hexdigest()
        headers = self.headers
        headers.setdefault("content-length", str(stat_result.st_size))
        headers.setdefault(
            "last-modified", formatdate(stat_result.st_mtime, usegmt=True)
        )
        headers.setdefault("etag", f'"{tag}"')

    async def _stat(self) -> os.stat_result:
        import stat

        from anyio import to_thread

        if self.stat_result is not None:
            return self.stat_result
        try:
            found = await to_thread.run_sync(os.stat, self.path)
        except FileNotFoundError:
            raise RuntimeError(f"File at path {self.path} does not exist.") from None
        self.set_stat_headers(found)
        if not stat.S_ISREG(found.st_mode):
            raise RuntimeError(f"File at path {self.path} is not a file.")
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        method = scope.get("method", "GET").upper()
        is_head = kind == "http" and method == "HEAD"
        can_pathsend = kind == "http" and (
            "http.response.pathsend" in scope.get("extensions", {})
        )
        if kind == "websocket":
            send = denying(send)
        size = (await self._stat()).st_size
        headers = Headers(scope=scope)
        wanted = headers.get("range")
        condition = headers.get("if-range")
        ranges: list[tuple[int, int]] = []
        if (
            self.status_code == 200
            and wanted is not None
            and (kind != "http" or method in ("GET", "HEAD"))
            and (condition is None or self._holds(condition))
        ):
            from fwtrace.toolkit.asgi.ranges import MalformedRange, NoSuchRange, parse

            try:
                ranges = parse(wanted, size, self.max_ranges)
            except MalformedRange as error:
                response = PlainTextResponse(str(error), status_code=400)
                return await response(scope, receive, send)
            except NoSuchRange:
                fields = {"Content-Range": f"bytes */{size}"}
                response = PlainTextResponse(status_code=416, headers=fields)
                return await response(scope, receive, send)
        send_pathsend = can_pathsend and not ranges
        work = partial(self._send_file, send, ranges, size, is_head, send_pathsend)
        if kind != "http" or is_head or send_pathsend or spec_version(scope) >= (2, 4):
            await work()
        else:
            await until_disconnect(work, receive)
        if self.background is not None:
            await self.background()
        return None

    def _holds(self, condition: str) -> bool:
        """If-Range: whether the client has what we have."""
        known = (self.headers["last-modified"], self.headers["etag"])
        return not condition.startswith("W/") and condition in known

    async def _send_file(
        self,
        send: Send,
        ranges: list[tuple[int, int]],
        size: int,
        is_head: bool,
        pathsend: bool,
    ) -> None:
        status, headers, parts = self._plan(ranges, size)
        await send(
            {"type": "http.response.start", "status": status, "headers": headers.raw}
        )
        if is_head:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif pathsend:
            await send({"type": "http.response.pathsend", "path": str(self.path)})
        else:
            await self._send_parts(send, parts)

    def _plan(
        self, ranges: list[tuple[int, int]], size: int
    ) -> tuple[int, MutableHeaders, list[bytes | tuple[int, int]]]:
        """Status, headers, and what the body is made of: bytes, and spans of the file;
        without ranges all of it, however long it is by then."""
        if not ranges:
            return self.status_code, self.headers, [(0, -1)]
        headers = MutableHeaders(raw=list(self.raw_headers))
        parts: list[bytes | tuple[int, int]]
        if len(ranges) == 1:
            ((start, stop),) = ranges
            headers["content-range"] = f"bytes {start}-{stop - 1}/{size}"
            headers["content-length"] = str(stop - start)
            return 206, headers, [(start, stop)]
        from secrets import token_hex

        boundary = token_hex(13)
        parts = []
        length = 0
        for start, stop in ranges:
            head = (
                f"--{boundary}\r\nContent-Type: {headers['content-type']}\r\n"
                f"Content-Range: bytes {start}-{stop - 1}/{size}\r\n\r\n"
            ).encode("latin-1")
            parts += [head, (start, stop), b"\r\n"]
            length += len(head) + stop - start + 2
        end = f"--{boundary}--".encode("latin-1")
        headers["content-type"] = f"multipart/byteranges; boundary={boundary}"
        headers["content-length"] = str(length + len(end))
        return 206, headers, [*parts, end]

    async def _send_parts(
        self, send: Send, parts: list[bytes | tuple[int, int]]
    ) -> None:
        import anyio

        file = await anyio.open_file(self.path, "rb")
        try:
            for number, part in enumerate(parts):
                is_last = number == len(parts) - 1
                if isinstance(part, bytes):
                    await _send_chunk(send, part, not is_last)
                else:
                    await self._send_span(send, file, *part, is_last=is_last)
        finally:
            # The file is closed even where sending was given up.
            with anyio.CancelScope(shield=True):
                await file.aclose()

    async def _send_span(
        self, send: Send, file: Any, start: int, stop: int, is_last: bool
    ) -> None:
        if start:
            await file.seek(start)
        while True:
            size = self.chunk_size if stop < 0 else min(self.chunk_size, stop - start)
            chunk = await file.read(size)
            start += len(chunk)
            is_done = len(chunk) < self.chunk_size or start == stop
            if not is_last and 0 <= start < stop and is_done:
                raise RuntimeError(
                    f"File at path {self.path} is shorter than expected."
                )
            await _send_chunk(send, chunk, not (is_done and is_last))
            if is_done:
                return


async def _send_chunk(send: Send, chunk: bytes, more: bool) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": more})
