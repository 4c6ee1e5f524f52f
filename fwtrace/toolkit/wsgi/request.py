"""The request: a reader's view of the environ (PEP 3333), parsed when asked for.

What the client got wrong raises an HTTPError at the moment it is looked at; a view
that never looks is not disturbed.
"""

from __future__ import annotations

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

    # Set when first asked for.
    _body: bytes
    _cookies: dict[str, str]
    _form: tuple[MultiDict[str], MultiDict[UploadedFile]]
    _json: Any
    _path: str
    _query: MultiDict[str]

    def __init__(self, environ: Environ, limits: Limits = DEFAULT_LIMITS) -> None:
        self.environ = environ
        self.limits = limits
        self.method: str = environ["REQUEST_METHOD"]

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.method} {self.environ.get('PATH_INFO')!r}>"
        )

    # Where it goes.

    @property
    def path(self) -> str:
        """The path below the mount, decoded; BadRequest when it is not UTF-8."""
        try:
            return self._path
        except AttributeError:
            self._path = path = (
                decode_path_info(self.environ.get("PATH_INFO", "")) or "/"
            )
            return path

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
        try:
            return self._query
        except AttributeError:
            self._query = query = self.parse_query()
            return query

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
        try:
            return self._cookies
        except AttributeError:
            self._cookies = cookies = self.parse_cookies()
            return cookies

    def parse_cookies(self) -> dict[str, str]:
        return parse_cookies(self.environ.get("HTTP_COOKIE", ""))

    @property
    def content_type(self) -> str:
        """The header as it was sent, with its parameters."""
        return str(self.environ.get("CONTENT_TYPE", ""))

    @property
    def mimetype(self) -> str:
        """The type alone, in lower case."""
        return parse_options(self.content_type)[0]

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

    def chunks(self, limit: int) -> Iterator[bytes]:
        """The body in pieces. Raises ContentTooLarge past ``limit`` bytes, BadRequest
        when it ends early.

        Without a length there is a body only where the server says that it ends
        (``wsgi.input_terminated``).
        """
        length = self.content_length
        stream = self.environ["wsgi.input"]
        if length is None:
            if not self.environ.get("wsgi.input_terminated"):
                return
            left = limit + 1
        elif length > limit:
            raise ContentTooLarge(f"The body is larger than {limit:,} bytes.")
        else:
            left = length
        while left > 0:
            chunk = stream.read(min(left, CHUNK))
            if not chunk:
                if length is not None:
                    raise BadRequest("The body ends before its Content-Length.")
                return
            left -= len(chunk)
            yield chunk
        if length is None:
            raise ContentTooLarge(f"The body is larger than {limit:,} bytes.")

    @property
    def body(self) -> bytes:
        """The whole body, at most ``limits.body`` bytes."""
        try:
            return self._body
        except AttributeError:
            self._body = body = self.read_body()
            return body

    def read_body(self) -> bytes:
        length = self.environ.get("CONTENT_LENGTH")
        if not length and not self.environ.get("wsgi.input_terminated"):
            return b""
        return b"".join(self.chunks(self.limits.body))

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
        try:
            return self._json
        except AttributeError:
            self._json = value = self.parse_json()
            return value

    def parse_json(self) -> Any:
        import json

        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise BadRequest("The body is not valid JSON.") from None

    @property
    def form(self) -> MultiDict[str]:
        """The fields of an urlencoded or multipart form; empty for other bodies."""
        return self._parsed_form()[0]

    @property
    def files(self) -> MultiDict[UploadedFile]:
        """The files of a multipart form."""
        return self._parsed_form()[1]

    def _parsed_form(self) -> tuple[MultiDict[str], MultiDict[UploadedFile]]:
        try:
            return self._form
        except AttributeError:
            self._form = form = self.parse_form()
            return form

    def parse_form(self) -> tuple[MultiDict[str], MultiDict[UploadedFile]]:
        kind = self.environ.get("CONTENT_TYPE", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            return parse_urlencoded(self.body, self.limits), MultiDict()
        if not kind.lower().startswith("multipart/form-data"):
            if self.mimetype == "application/x-www-form-urlencoded":
                return parse_urlencoded(self.body, self.limits), MultiDict()
            return MultiDict(), MultiDict()
        parser = MultipartParser(kind, self.limits)
        try:
            if hasattr(self, "_body"):
                parser.feed(self._body)
            else:
                for chunk in self.chunks(self.limits.file_size):
                    parser.feed(chunk)
            return parser.finish()
        except BaseException:
            parser.close()
            raise

    def close(self) -> None:
        """Close the files that came with the request."""
        form = getattr(self, "_form", None)
        if form is not None:
            for _, file in form[1].items(multi=True):
                file.close()


def _refuse_constant(name: str) -> None:
    """RFC 8259 has no NaN and no Infinity."""
    raise ValueError(name)
