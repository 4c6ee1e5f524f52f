"""The response: a WSGI app that answers with a status, headers and a body."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from fwtrace.toolkit.http.conditional import evaluate, generate_etag, if_range_holds
from fwtrace.toolkit.http.cookies import dump_cookie
from fwtrace.toolkit.http.dates import http_date, parse_http_date
from fwtrace.toolkit.http.errors import RangeNotSatisfiable
from fwtrace.toolkit.http.headers import Headers
from fwtrace.toolkit.http.ranges import parse_range
from fwtrace.toolkit.http.status import status_line
from fwtrace.toolkit.http.urls import quote_path
from fwtrace.toolkit.wsgi.types import Environ, StartResponse

__all__ = ["FileResponse", "JsonResponse", "Response", "redirect"]

HTML = "text/html; charset=utf-8"
# RFC 9110, 15.3.5 and 15.4.5: these have no content.
_BODILESS = ("1", "204", "304")


class Response:
    """An answer: ``Response("Hello")``, ``Response(chunks, 200, content_type="...")``.

    A str or bytes body is sent whole, any other iterable is streamed; its str chunks
    are encoded as UTF-8. ``status`` is a number, a phrase or a line.
    """

    __slots__ = ("__dict__", "_headers", "_iterable", "body", "content_type", "status")

    def __init__(
        self,
        body: str | bytes | Iterable[str | bytes] = b"",
        status: int | str = 200,
        headers: Any = None,
        content_type: str | None = HTML,
    ) -> None:
        self.status = "200 OK" if status == 200 else status_line(status)
        self.content_type = content_type
        self._headers = Headers(headers) if headers else None
        self._iterable: Iterable[str | bytes] | None = None
        if isinstance(body, str):
            self.body = body.encode()
        elif isinstance(body, bytes):
            self.body = body
        else:
            self.body = b""
            self._iterable = body

    @property
    def status_code(self) -> int:
        return int(self.status[:3])

    @property
    def headers(self) -> Headers:
        """The headers beside Content-Type and Content-Length, to read and to change."""
        if self._headers is None:
            self._headers = Headers()
        return self._headers

    @property
    def streamed(self) -> bool:
        """Whether the body is produced while it is sent."""
        return self._iterable is not None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status} {self.content_type}>"

    def set_cookie(self, name: str, value: str = "", **attributes: Any) -> None:
        """Send a cookie; ``attributes`` as :func:`dump_cookie` takes them."""
        self.headers.add("Set-Cookie", dump_cookie(name, value, **attributes))

    def delete_cookie(
        self, name: str, path: str = "/", domain: str | None = None
    ) -> None:
        self.set_cookie(name, "", path=path, domain=domain, max_age=0, expires=0)

    def add_etag(self, weak: bool = False) -> None:
        """Tag a whole body with a hash of it, unless it has a tag."""
        if not self.streamed:
            self.headers.setdefault("ETag", generate_etag(self.body, weak))

    def on_close(self, function: Callable[[], None]) -> None:
        """Call the function once the response was sent, or given up."""
        self.__dict__.setdefault("closers", []).append(function)

    def make_conditional(self, environ: Environ) -> Response:
        """Honour the request's preconditions and range (RFC 9110, 13 and 14).

        The response becomes 304, 412 or 206 where they ask for it; raises
        RangeNotSatisfiable for a range outside the body. Takes the environ or a
        request, returns itself.
        """
        environ = getattr(environ, "environ", environ)
        if self.status_code != 200:
            return self
        header = _header_of(environ)
        etag, modified = self.headers.get("ETag"), self.headers.get("Last-Modified")
        last_modified = parse_http_date(modified) if modified else None
        method = environ["REQUEST_METHOD"]
        outcome = evaluate(method, header, etag, last_modified)
        if outcome != 200:
            self.status = status_line(outcome)
            self._drop_body()
        elif not self.streamed and method == "GET":
            self._take_range(header, etag, last_modified, len(self.body))
        return self

    def _take_range(
        self,
        header: Callable[[str], str | None],
        etag: str | None,
        last_modified: datetime | None,
        size: int,
    ) -> None:
        self.headers["Accept-Ranges"] = "bytes"
        wanted = header("Range")
        if wanted is None or not if_range_holds(
            header("If-Range"), etag, last_modified
        ):
            return
        found = parse_range(wanted, size)
        if found is not None:
            start, stop = found
            self.status = status_line(206)
            self.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
            self._cut(start, stop)

    def _cut(self, start: int, stop: int) -> None:
        self.body = self.body[start:stop]

    def _drop_body(self) -> None:
        """The body will not be sent; what produced it is closed."""
        self.close()
        self._iterable = None
        self.body = b""

    def close(self) -> None:
        """Close what the body comes from, and run what :meth:`on_close` was given."""
        close = getattr(self._iterable, "close", None)
        try:
            if close is not None:
                close()
        finally:
            closers = self.__dict__.pop("closers", [])
            for function in closers:
                function()

    def header_list(self) -> list[tuple[str, str]]:
        """The headers as WSGI sends them."""
        status = self.status
        kind = self.content_type
        if status.startswith(_BODILESS):
            fields: list[tuple[str, str]] = []
        elif kind is None:
            fields = [("Content-Length", self._length())]
        else:
            fields = [("Content-Type", kind), ("Content-Length", self._length())]
        if self._iterable is not None and not self._known_length():
            fields = [field for field in fields if field[0] != "Content-Length"]
        if self._headers is None:
            return fields
        given = self._headers
        return [f for f in fields if f[0] not in given] + given.items()

    def _length(self) -> str:
        return str(len(self.body))

    def _known_length(self) -> bool:
        return False

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        # The common answer first: a whole body, nothing special about it.
        if self._headers is None and self._iterable is None and self.status == "200 OK":
            if self.content_type is not None and not self.__dict__:
                body = self.body
                start_response(
                    "200 OK",
                    [
                        ("Content-Type", _checked(self.content_type)),
                        ("Content-Length", str(len(body))),
                    ],
                )
                return (body,) if environ["REQUEST_METHOD"] != "HEAD" else ()
        if self.content_type is not None:
            _checked(self.content_type)
        start_response(self.status, self.header_list())
        if environ["REQUEST_METHOD"] == "HEAD" or self.status.startswith(_BODILESS):
            return _Closing((), self)
        if self._iterable is not None:
            return self.stream(environ)
        return _Closing((self.body,), self) if self.__dict__ else (self.body,)

    def stream(self, environ: Environ) -> Iterable[bytes]:
        """The chunks of a streamed body."""
        return _Closing(_encoded(self._iterable or ()), self)


def _checked(content_type: str) -> str:
    if "\r" in content_type or "\n" in content_type:
        raise ValueError("A content type cannot hold CR or LF.")
    return content_type


def _header_of(environ: Environ) -> Callable[[str], str | None]:
    def header(name: str) -> str | None:
        return environ.get("HTTP_" + name.upper().replace("-", "_"))

    return header


def _encoded(chunks: Iterable[str | bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk.encode() if isinstance(chunk, str) else chunk


class _Closing:
    """A body that closes its response when the server closes it (PEP 3333)."""

    __slots__ = ("_chunks", "_response")

    def __init__(self, chunks: Iterable[bytes], response: Response) -> None:
        self._chunks = chunks
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        self._response.close()


class JsonResponse(Response):
    """Data as JSON; dates and other values that JSON lacks become text."""

    __slots__ = ()

    def __init__(self, data: Any, status: int | str = 200, headers: Any = None) -> None:
        super().__init__(_dumps(data), status, headers, "application/json")


def _make_dumps() -> Callable[[Any], str]:
    import json

    encode: Callable[[Any], str] = json.JSONEncoder(
        ensure_ascii=False, separators=(",", ":"), default=_jsonable
    ).encode
    return encode


def _jsonable(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    kind = type(value).__name__
    if kind in ("UUID", "Decimal", "PosixPath", "WindowsPath"):
        return str(value)
    raise TypeError(f"{kind} is not JSON: make it a dict, a list, a str or a number.")


_dumps = _make_dumps()


class FileResponse(Response):
    """A file, streamed, with its ETag, Last-Modified, and ranges honoured.

    ``path`` is a path or an open binary file. ``download_name`` names it for saving,
    ``as_attachment`` asks the browser to.
    """

    __slots__ = ()

    def __init__(
        self,
        path: str | Path | IO[bytes],
        content_type: str | None = None,
        download_name: str | None = None,
        as_attachment: bool = False,
        headers: Any = None,
    ) -> None:
        file: IO[bytes]
        if isinstance(path, (str, Path)):
            file = open(path, "rb")
            name = download_name or os.path.basename(path)
        else:
            file, name = path, download_name or ""
        super().__init__((), 200, headers, content_type or guess_type(name))
        self._iterable = file
        info = os.fstat(file.fileno()) if hasattr(file, "fileno") else None
        self.__dict__["range"] = (0, info.st_size if info else _size(file))
        if info is not None:
            self.headers.setdefault("ETag", f'"{info.st_mtime_ns:x}-{info.st_size:x}"')
            self.headers.setdefault(
                "Last-Modified", http_date(datetime.fromtimestamp(info.st_mtime, UTC))
            )
        if as_attachment or download_name:
            how = "attachment" if as_attachment else "inline"
            self.headers["Content-Disposition"] = _disposition(how, name)

    def _known_length(self) -> bool:
        return True

    def _length(self) -> str:
        start, stop = self.__dict__["range"]
        return str(stop - start)

    def _cut(self, start: int, stop: int) -> None:
        self.__dict__["range"] = (start, stop)

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            self.make_conditional(environ)
            if environ["REQUEST_METHOD"] == "GET" and self.status == "200 OK":
                header = _header_of(environ)
                modified = self.headers.get("Last-Modified")
                self._take_range(
                    header,
                    self.headers.get("ETag"),
                    parse_http_date(modified) if modified else None,
                    self.__dict__["range"][1],
                )
        except RangeNotSatisfiable as error:
            self.close()
            answer = Response(b"", 416, error.headers, content_type=None)
            return answer(environ, start_response)
        return super().__call__(environ, start_response)

    def stream(self, environ: Environ) -> Iterable[bytes]:
        start, stop = self.__dict__["range"]
        file: IO[bytes] = self._iterable  # type: ignore[assignment]
        if start:
            file.seek(start)
        wrapper = environ.get("wsgi.file_wrapper")
        if wrapper is not None and self.status == "200 OK" and not self._has_closers():
            return wrapper(file)  # type: ignore[no-any-return]
        return _Closing(_read(file, stop - start), self)

    def _has_closers(self) -> bool:
        return bool(self.__dict__.get("closers"))


def _read(file: IO[bytes], left: int) -> Iterator[bytes]:
    while left > 0:
        chunk = file.read(min(left, 65536))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


def _size(file: IO[bytes]) -> int:
    place = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(place)
    return size


def guess_type(name: str) -> str:
    """The content type of a file by its name."""
    import mimetypes

    kind, encoding = mimetypes.guess_type(name)
    if encoding is not None:
        return "application/octet-stream"
    if kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _disposition(how: str, name: str) -> str:
    """RFC 6266: a plain name for all, and a UTF-8 one where it needs it."""
    safe = "".join(c for c in name if c.isprintable() and c not in '"\\')
    plain = safe.encode("ascii", "replace").decode()
    header = f'{how}; filename="{plain}"'
    if plain != safe:
        header += f"; filename*=UTF-8''{quote_path(safe).replace('/', '%2F')}"
    return header


def redirect(location: str, status: int = 302) -> Response:
    """An answer that sends the client elsewhere.

    The location is percent-encoded where it has to be, so it cannot break the header.
    """
    from urllib.parse import quote

    if status not in (301, 302, 303, 307, 308):
        raise ValueError(f"{status} does not redirect: use 301, 302, 303, 307 or 308.")
    target = quote(location, safe="/:?#[]@!$&'()*+,;=~-._%")
    return Response(b"", status, [("Location", target)])
