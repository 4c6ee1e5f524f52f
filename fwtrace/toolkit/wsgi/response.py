"""The response: a WSGI app that answers with a status, headers and a body."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self, TypeAlias

from fwtrace.toolkit.http.conditional import evaluate, generate_etag, if_range_holds
from fwtrace.toolkit.http.cookies import dump_cookie
from fwtrace.toolkit.http.dates import http_date, parse_http_date
from fwtrace.toolkit.http.errors import RangeNotSatisfiable
from fwtrace.toolkit.http.headers import Headers
from fwtrace.toolkit.http.ranges import parse_range
from fwtrace.toolkit.http.status import status_line
from fwtrace.toolkit.http.urls import quote_path
from fwtrace.toolkit.wsgi.request import CHUNK, EnvironHeaders, Request
from fwtrace.toolkit.wsgi.types import Environ, StartResponse

__all__ = ["FileResponse", "JsonResponse", "Response", "guess_type", "redirect"]

Fields: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]] | Headers | None

HTML = "text/html; charset=utf-8"
# RFC 9110, 15.2, 15.3.5 and 15.4.5: these have no content.
_BODILESS = ("1", "204", "304")
_SAFE_TYPES = frozenset(
    (HTML, "text/plain", "text/plain; charset=utf-8", "application/json")
)


class Response:
    """An answer: ``Response("Hello")``, ``Response(chunks, 200, content_type="...")``.

    A str or bytes body is sent whole, any other iterable is streamed; its str chunks
    are encoded as UTF-8. ``status`` is a number, a phrase or a line. Raises ValueError
    for a status or a header that HTTP cannot carry.
    """

    __slots__ = (
        "_body",
        "_closers",
        "_content_type",
        "_headers",
        "_iterable",
        "_status",
    )

    def __init__(
        self,
        body: str | bytes | Iterable[str | bytes] = b"",
        status: int | str = 200,
        headers: Fields = None,
        content_type: str | None = HTML,
    ) -> None:
        self._status = "200 OK" if status == 200 else status_line(status)
        if content_type is not None and content_type not in _SAFE_TYPES:
            Headers([("Content-Type", content_type)])  # raises for what cannot be one
        self._content_type = content_type
        # Made when they are asked for: most answers have no others.
        self._headers: Headers | None = None
        self._closers: list[Callable[[], None]] | None = None
        self._iterable: Iterable[str | bytes] | None = None
        if isinstance(body, str):
            self._body = _encode(body)
        elif isinstance(body, bytes):
            self._body = body
        else:
            self._body = b""
            self._iterable = body
        if headers:
            self._give_headers(headers)

    def _give_headers(self, headers: Fields) -> None:
        given = Headers(headers)
        kind = self._content_type
        if kind is not None and "Content-Type" not in given:
            given = Headers([("Content-Type", kind), *given.items()])
        self._headers = given

    @property
    def status(self) -> str:
        """The status line, ``"404 Not Found"``; may be set as it is given at first."""
        return self._status

    @status.setter
    def status(self, status: int | str) -> None:
        self._status = status_line(status)

    @property
    def status_code(self) -> int:
        return int(self._status[:3])

    @property
    def headers(self) -> Headers:
        """The headers, to read and to change; Content-Length is added when sent."""
        if self._headers is None:
            kind = self._content_type
            self._headers = Headers([("Content-Type", kind)] if kind else None)
        return self._headers

    @property
    def content_type(self) -> str | None:
        if self._headers is None:
            return self._content_type
        kind: str | None = self._headers.get("Content-Type")
        return kind

    @content_type.setter
    def content_type(self, content_type: str) -> None:
        self.headers["Content-Type"] = content_type

    @property
    def streamed(self) -> bool:
        """Whether the body is produced while it is sent."""
        return self._iterable is not None

    @property
    def body(self) -> bytes:
        """The whole body; RuntimeError when it is streamed."""
        if self._iterable is not None:
            raise RuntimeError(
                "A streamed response has no body until it is sent: look at .streamed."
            )
        return self._body

    @body.setter
    def body(self, body: str | bytes) -> None:
        self._drop_body()
        self._body = _encode(body) if isinstance(body, str) else body

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
        if self._iterable is None:
            self.headers.setdefault("ETag", generate_etag(self._body, weak))

    def on_close(self, function: Callable[[], None]) -> None:
        """Call the function once the response was sent, or given up."""
        if self._closers is None:
            self._closers = []
        self._closers.append(function)

    def close(self) -> None:
        """Close what the body comes from, and run what :meth:`on_close` was given."""
        if self._closers is None and self._iterable is None:
            return
        closers, self._closers = self._closers or [], None
        close = getattr(self._iterable, "close", None)
        with ExitStack() as stack:  # each of them runs, whatever another raises
            for function in reversed(closers):
                stack.callback(function)
            if close is not None:
                stack.callback(close)

    # Conditional requests and ranges.

    def make_conditional(self, request: Environ | Request) -> Self:
        """Honour the request's preconditions and range (RFC 9110, 13 and 14).

        The response becomes 304, 412 or 206 where they ask for it; raises
        RangeNotSatisfiable for a range outside the body. Takes the environ or a
        request, returns itself.
        """
        environ = request if isinstance(request, dict) else request.environ
        if self._status != "200 OK":
            return self
        header = EnvironHeaders(environ).get
        etag, modified = self.headers.get("ETag"), self.headers.get("Last-Modified")
        last_modified = parse_http_date(modified) if modified else None
        method = environ["REQUEST_METHOD"]
        outcome = evaluate(method, header, etag, last_modified)
        if outcome != 200:
            self.status = outcome
            self._drop_body()
            return self
        size = self._size()
        if size is not None and method in ("GET", "HEAD"):
            self.headers["Accept-Ranges"] = "bytes"
            wanted = header("Range")
            # RFC 9110, 14.2: a range means something for GET only.
            if wanted and method == "GET":
                if if_range_holds(header("If-Range"), etag, last_modified):
                    self._take_range(wanted, size)
        return self

    def _take_range(self, wanted: str, size: int) -> None:
        found = parse_range(wanted, size)
        if found is not None:
            start, stop = found
            self.status = 206
            self.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
            self._cut(start, stop)

    def _size(self) -> int | None:
        """How long the body is; None when nobody knows before it is sent."""
        return len(self._body) if self._iterable is None else None

    def _cut(self, start: int, stop: int) -> None:
        self._body = self._body[start:stop]

    def _drop_body(self) -> None:
        """The body will not be sent; what it comes from is closed."""
        close = getattr(self._iterable, "close", None)
        self._iterable = None
        self._body = b""
        if close is not None:
            close()

    # Sending it.

    def header_list(self) -> list[tuple[str, str]]:
        """The headers as they are sent."""
        fields = self.headers.to_list()
        if self._status.startswith(_BODILESS):
            unwanted = ("content-type", "content-length")
            return [field for field in fields if field[0].lower() not in unwanted]
        size = self._size()
        if size is not None and "Content-Length" not in self.headers:
            fields.append(("Content-Length", str(size)))
        return fields

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        # The common answer first: a whole body, and nothing special about it.
        if (
            self._headers is None
            and self._iterable is None
            and self._closers is None
            and self._status == "200 OK"
            and self._content_type is not None
        ):
            body = self._body
            length = ("Content-Length", str(len(body)))
            start_response("200 OK", [("Content-Type", self._content_type), length])
            return (body,) if environ["REQUEST_METHOD"] != "HEAD" else ()
        start_response(self._status, self.header_list())
        if environ["REQUEST_METHOD"] == "HEAD" or self._status.startswith(_BODILESS):
            return self._closing(())
        if self._iterable is not None:
            return self.stream(environ)
        return self._closing((self._body,))

    def stream(self, environ: Environ) -> Iterable[bytes]:
        """The chunks of a streamed body."""
        chunks = self._iterable or ()
        return self._closing(c if isinstance(c, bytes) else _encode(c) for c in chunks)

    def _closing(self, chunks: Iterable[bytes]) -> Iterable[bytes]:
        if self._iterable is None and self._closers is None:
            return chunks
        return _Closing(chunks, self)


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # JSON can smuggle in lone surrogates, which UTF-8 has no bytes for.
        return text.encode("utf-8", "replace")


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

    def __init__(
        self, data: Any, status: int | str = 200, headers: Fields = None
    ) -> None:
        super().__init__(_dumps(data), status, headers, "application/json")


def _jsonable(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    kind = type(value).__name__
    if kind in ("UUID", "Decimal", "PosixPath", "WindowsPath"):
        return str(value)
    raise TypeError(f"{kind} is not JSON: make it a dict, a list, a str or a number.")


_dumps = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=_jsonable
).encode


class FileResponse(Response):
    """A file, streamed, with its ETag, Last-Modified, and ranges honoured.

    ``path`` is a path or an open binary file that can seek. ``download_name`` names it
    for saving, ``as_attachment`` asks the browser to. Raises OSError for a path that
    cannot be opened.
    """

    __slots__ = ("_file", "_range")

    def __init__(
        self,
        path: str | Path | IO[bytes],
        content_type: str | None = None,
        download_name: str | None = None,
        as_attachment: bool = False,
        headers: Fields = None,
    ) -> None:
        name = download_name
        if isinstance(path, (str, Path)):
            self._file: IO[bytes] = open(path, "rb")
            name = name or os.path.basename(path)
        else:
            self._file = path
        self._range = (0, self._file.seek(0, os.SEEK_END))
        kind = content_type or guess_type(name or "")
        super().__init__(self._file, 200, headers, kind)
        self._add_validators()
        if as_attachment or download_name:
            how = "attachment" if as_attachment else "inline"
            self.headers["Content-Disposition"] = _disposition(how, name or "file")

    def _add_validators(self) -> None:
        try:
            info = os.fstat(self._file.fileno())
        except (AttributeError, OSError):  # not a file on disk
            return
        self.headers.setdefault("ETag", f'"{info.st_mtime_ns:x}-{info.st_size:x}"')
        self.headers.setdefault("Last-Modified", http_date(info.st_mtime))

    def _size(self) -> int | None:
        start, stop = self._range
        return stop - start

    def _cut(self, start: int, stop: int) -> None:
        self._range = (start, stop)

    def _drop_body(self) -> None:
        super()._drop_body()
        self._range = (0, 0)

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            self.make_conditional(environ)
        except RangeNotSatisfiable as error:
            self._drop_body()
            self.status = 416
            self.headers["Content-Range"] = f"bytes */{error.size}"
        return super().__call__(environ, start_response)

    def stream(self, environ: Environ) -> Iterable[bytes]:
        start, stop = self._range
        self._file.seek(start)
        wrapper = environ.get("wsgi.file_wrapper")
        if wrapper is None or self._status != "200 OK" or self._closers:
            return self._closing(_read(self._file, stop - start))
        # Returned as it is, for the server to know its own; it closes the file.
        chunks: Iterable[bytes] = wrapper(self._file)
        return chunks


def _read(file: IO[bytes], left: int) -> Iterator[bytes]:
    while left > 0:
        chunk = file.read(min(left, CHUNK))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


def guess_type(name: str) -> str:
    """The content type of a file by its name."""
    import mimetypes

    # The slash keeps it from being read as a URL.
    kind, encoding = mimetypes.guess_type(f"/{name}")
    if kind is None or encoding is not None:
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
    target = quote(location, safe="/:?#[]@!$&'()*+,;=~-._%", errors="replace")
    return Response(b"", status, [("Location", target)])
