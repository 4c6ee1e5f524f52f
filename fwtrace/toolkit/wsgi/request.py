"""The request: a reader's view of the environ (PEP 3333), parsed when asked for.

What the client got wrong raises an HTTPError at the moment it is looked at; a view
that never looks is not disturbed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from fwtrace.toolkit.http.accept import Accept
from fwtrace.toolkit.http.cookies import parse_cookies
from fwtrace.toolkit.http.errors import BadRequest, ContentTooLarge
from fwtrace.toolkit.http.forms import (
    DEFAULT_LIMITS,
    Limits,
    MultipartParser,
    UploadedFile,
    parse_urlencoded,
)
from fwtrace.toolkit.http.headers import parse_options
from fwtrace.toolkit.http.multidict import MultiDict
from fwtrace.toolkit.http.urls import decode_path_info, parse_query, quote_path
from fwtrace.toolkit.wsgi.types import Environ

__all__ = ["EnvironHeaders", "Request"]

CHUNK = 64 * 1024
# What a lazy value is until it is asked for, where None is a value too.
_UNREAD: Any = object()


class EnvironHeaders:
    """The request's headers, read from the environ; names in any case."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Environ) -> None:
        self._environ = environ

    def get(self, name: str, default: Any = None) -> Any:
        key = name.upper().replace("-", "_")
        if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            return self._environ.get(key) or default
        return self._environ.get(f"HTTP_{key}", default)

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return str(value)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def items(self) -> Iterator[tuple[str, str]]:
        for key, value in self._environ.items():
            if key.startswith("HTTP_"):
                yield key[5:].replace("_", "-").title(), value
            elif key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
                yield key.replace("_", "-").title(), value

    def keys(self) -> list[str]:
        return [name for name, _ in self.items()]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __repr__(self) -> str:
        return f"EnvironHeaders({dict(self.items())!r})"


class Request:
    """One request. Everything but ``environ`` and ``method`` is worked out lazily."""

    __slots__ = (
        "_body",
        "_cookies",
        "_form",
        "_json",
        "_path",
        "_query",
        "environ",
        "limits",
        "method",
    )

    def __init__(self, environ: Environ, limits: Limits = DEFAULT_LIMITS) -> None:
        self.environ = environ
        self.limits = limits
        self.method: str = environ["REQUEST_METHOD"]
        # Worked out when first asked for.
        self._body: bytes | None = None
        self._cookies: dict[str, str] | None = None
        self._form: tuple[MultiDict[str], MultiDict[UploadedFile]] | None = None
        self._json: Any = _UNREAD
        self._path: str | None = None
        self._query: MultiDict[str] | None = None

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.method} {self.environ.get('PATH_INFO')!r}>"
        )

    # Where it goes.

    @property
    def path(self) -> str:
        """The path below the mount, decoded; BadRequest when it is not UTF-8."""
        if self._path is None:
            self._path = decode_path_info(self.environ.get("PATH_INFO", "")) or "/"
        return self._path

    @property
    def script_name(self) -> str:
        """The prefix under which the app is mounted."""
        return decode_path_info(self.environ.get("SCRIPT_NAME", ""))

    @property
    def query_string(self) -> str:
        return str(self.environ.get("QUERY_STRING", ""))

    @property
    def query(self) -> MultiDict[str]:
        """The query string's fields; BadRequest when it is malformed."""
        if self._query is None:
            self._query = self.parse_query()
        return self._query

    def parse_query(self) -> MultiDict[str]:
        return parse_query(self.query_string, self.limits.fields)

    @property
    def scheme(self) -> str:
        return str(self.environ.get("wsgi.url_scheme", "http"))

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    @property
    def host(self) -> str:
        """``name`` or ``name:port``, as the client asked for it."""
        found = self.environ.get("HTTP_HOST")
        if found:
            return str(found)
        name, port = self.environ["SERVER_NAME"], str(self.environ["SERVER_PORT"])
        usual = "443" if self.is_secure else "80"
        return str(name) if port == usual else f"{name}:{port}"

    @property
    def url(self) -> str:
        """The whole URL (PEP 3333, "URL Reconstruction")."""
        path = quote_path(self.script_name + self.path)
        query = f"?{self.query_string}" if self.query_string else ""
        return f"{self.scheme}://{self.host}{path}{query}"

    @property
    def remote_addr(self) -> str:
        return str(self.environ.get("REMOTE_ADDR", ""))

    # What it says about itself.

    @property
    def headers(self) -> EnvironHeaders:
        return EnvironHeaders(self.environ)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies; malformed ones are passed over."""
        if self._cookies is None:
            self._cookies = self.parse_cookies()
        return self._cookies

    def parse_cookies(self) -> dict[str, str]:
        return parse_cookies(self.environ.get("HTTP_COOKIE", ""))

    @property
    def content_type(self) -> str:
        """The header as it was sent, with its parameters."""
        return str(self.environ.get("CONTENT_TYPE", ""))

    @property
    def mimetype(self) -> str:
        """The type alone, in lower case."""
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def content_length(self) -> int | None:
        """Bytes of the body; None when it was not said, BadRequest when nonsense."""
        text = self.environ.get("CONTENT_LENGTH")
        if not text:
            return None
        if not (text.isascii() and text.isdigit()):
            raise BadRequest("The Content-Length is not a number.")
        if len(text) > 18:
            raise ContentTooLarge("The Content-Length is beyond any body.")
        return int(text)

    @property
    def accept(self) -> Accept:
        return Accept(self.environ.get("HTTP_ACCEPT", ""))

    @property
    def accept_languages(self) -> Accept:
        return Accept(self.environ.get("HTTP_ACCEPT_LANGUAGE", ""))

    @property
    def accept_encodings(self) -> Accept:
        return Accept(self.environ.get("HTTP_ACCEPT_ENCODING", ""))

    @property
    def session(self) -> Any:
        """The session that SessionMiddleware keeps for this client."""
        try:
            return self.environ["fwtrace.session"]
        except KeyError:
            raise RuntimeError(
                "SessionMiddleware must be installed to use request.session."
            ) from None

    # Its body.

    def chunks(self, limit: int, taken: int = 0) -> Iterator[bytes]:
        """The body in pieces, but for the bytes that were ``taken`` before.

        Without a length there is a body only where the server says that it ends
        (``wsgi.input_terminated``). Raises ContentTooLarge past ``limit`` bytes,
        BadRequest when it ends early.
        """
        length = self.content_length
        if length is None and not self.environ.get("wsgi.input_terminated"):
            return
        if length is not None and length > limit:
            raise ContentTooLarge(f"The body is larger than {limit:,} bytes.")
        read = self.environ["wsgi.input"].read
        left = (limit + 1 if length is None else length) - taken
        while left > 0:
            chunk = read(min(left, CHUNK))
            if not chunk:
                if length is not None:
                    raise BadRequest("The body ends before its Content-Length.")
                return
            left -= len(chunk)
            yield chunk
        if length is None:
            raise ContentTooLarge(f"The body is larger than {limit:,} bytes.")

    @property
    def stream(self) -> io.BufferedReader:
        """The body as a file to read once, which ends where the body ends.

        At most ``limits.file_size`` bytes; nothing of it is kept.
        """
        return io.BufferedReader(_BodyFile(self.chunks(self.limits.file_size)))

    @property
    def body(self) -> bytes:
        """The whole body, at most ``limits.body`` bytes.

        Empty after a multipart form was read, for its body is not kept.
        """
        if self._body is None:
            self._body = self.read_body()
        return self._body

    def read_body(self) -> bytes:
        length = self.content_length
        if length is None or length > CHUNK or length > self.limits.body:
            return b"".join(self.chunks(self.limits.body))
        # One read is all that most bodies take.
        data: bytes = self.environ["wsgi.input"].read(length)
        if len(data) < length:
            data += b"".join(self.chunks(self.limits.body, len(data)))
        return data

    @property
    def text(self) -> str:
        """The body as text, in the charset it names, UTF-8 by default."""
        charset = parse_options(self.content_type)[1].get("charset", "utf-8")
        try:
            return self.body.decode(charset)
        except (LookupError, ValueError):
            raise BadRequest(f"The body is not valid {charset[:20]}.") from None

    @property
    def json(self) -> Any:
        """The body as JSON; BadRequest when it is none."""
        if self._json is _UNREAD:
            self._json = self.parse_json()
        return self._json

    def parse_json(self) -> Any:
        import json

        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise BadRequest("The body is not valid JSON.") from None

    @property
    def form(self) -> MultiDict[str]:
        """The fields of an urlencoded or multipart form; empty for other bodies."""
        if self._form is None:
            self._form = self.parse_form()
        return self._form[0]

    @property
    def files(self) -> MultiDict[UploadedFile]:
        """The files of a multipart form."""
        if self._form is None:
            self._form = self.parse_form()
        return self._form[1]

    def parse_form(self) -> tuple[MultiDict[str], MultiDict[UploadedFile]]:
        kind = self.mimetype
        if kind == "application/x-www-form-urlencoded":
            return parse_urlencoded(self.body, self.limits), MultiDict()
        if kind != "multipart/form-data":
            return MultiDict(), MultiDict()
        parser = MultipartParser(self.content_type, self.limits)
        try:
            if self._body is not None:
                parser.feed(self._body)
            else:
                self._body = b""
                for chunk in self.chunks(self.limits.file_size):
                    parser.feed(chunk)
            return parser.finish()
        except BaseException:
            parser.close()
            raise

    @property
    def holds_files(self) -> bool:
        """Whether there are files that :meth:`close` has to close."""
        return self._form is not None and len(self._form[1]) > 0

    def close(self) -> None:
        """Close the files that came with the request."""
        if self._form is not None:
            for _, file in self._form[1].items(multi=True):
                file.close()


class _BodyFile(io.RawIOBase):
    """Chunks as a raw file, for a BufferedReader to read from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._rest or next(self._chunks, b"")
        size = min(len(data), len(buffer))
        buffer[:size] = data[:size]
        self._rest = data[size:]
        return size


def _refuse_constant(name: str) -> None:
    """RFC 8259 has no NaN and no Infinity."""
    raise ValueError(name)
