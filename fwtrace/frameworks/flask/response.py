"""The response: the toolkit's, with the names and the rules of Flask's.

``Response`` is what views return; ``BaseResponse`` knows no application.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import IO, Any, Self
from urllib.parse import quote, urljoin

from fwtrace.frameworks.flask.cookies import dump_cookie
from fwtrace.frameworks.flask.datastructures import (
    CallbackDict,
    ContentRange,
    Headers,
    HeaderSet,
    ResponseCacheControl,
    WWWAuthenticate,
)
from fwtrace.frameworks.flask.datastructures.directives import Range, parse_directives
from fwtrace.frameworks.flask.exceptions import (
    HTTP_STATUS_CODES,
    RequestedRangeNotSatisfiable,
)
from fwtrace.frameworks.flask.globals import _cv_app
from fwtrace.toolkit.http.conditional import evaluate, if_range_holds
from fwtrace.toolkit.http.dates import http_date, parse_http_date
from fwtrace.toolkit.http.headers import parse_options
from fwtrace.toolkit.wsgi.client import run_app
from fwtrace.toolkit.wsgi.request import EnvironHeaders
from fwtrace.toolkit.wsgi.response import (
    _BODILESS,
    _SAFE_TYPES,
    Response as ToolkitResponse,
    _Closing,
    _encode,
    _read,
)
from fwtrace.toolkit.wsgi.types import Environ, StartResponse

__all__ = ["BaseResponse", "Response", "status_line"]

_LINES = {code: f"{code} {name.upper()}" for code, name in HTTP_STATUS_CODES.items()}


def status_line(status: int | str | HTTPStatus) -> str:
    """The status as it is sent: ``404`` and ``"404"`` are ``"404 NOT FOUND"``.

    Raises ValueError for empty text and for control characters.
    """
    if isinstance(status, int):
        return _LINES.get(status) or f"{int(status)} UNKNOWN"
    text = status.strip()
    if not text or not text.isprintable():
        raise ValueError(f"{status!r} is no status.")
    code, space, _ = text.partition(" ")
    if not code.isdigit():
        return f"0 {text}"
    return text if space else _LINES.get(int(code), f"{int(code)} UNKNOWN")


def full_content_type(mimetype: str) -> str:
    """Text is sent with its charset: ``"text/html; charset=utf-8"``."""
    is_text = mimetype.startswith("text/") or mimetype.endswith("+xml")
    named = ("application/javascript", "application/xml", "application/xml-dtd")
    if is_text or mimetype in named:
        return f"{mimetype}; charset=utf-8"
    return mimetype


# Headers as attributes.


def _text(name: str) -> Any:
    """A header as text; None takes it away."""

    def read(self: BaseResponse) -> str | None:
        found: str | None = self.headers.get(name)
        return found

    def write(self: BaseResponse, value: Any) -> None:
        if value is None:
            self.headers.remove(name)
        else:
            self.headers.set(name, value)

    def delete(self: BaseResponse) -> None:
        self.headers.remove(name)

    return property(read, write, delete, f"The {name} header.")


def _number(name: str) -> Any:
    def read(self: BaseResponse) -> int | None:
        found: int | None = self.headers.get(name, type=int)
        return found

    return _text(name).getter(read)


def _age() -> Any:
    """Seconds as a timedelta; may be set as a number."""

    def read(self: BaseResponse) -> timedelta | None:
        seconds: int | None = self.headers.get("Age", type=int)
        return timedelta(seconds=seconds) if seconds and seconds > 0 else None

    def write(self: BaseResponse, value: timedelta | int) -> None:
        seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
        if seconds < 0:
            raise ValueError("age cannot be negative")
        self.headers["Age"] = str(seconds)

    return _text("Age").getter(read).setter(write)


def _moment(name: str) -> Any:
    """A date in UTC; may be set as a datetime, a number of seconds, or text."""

    def read(self: BaseResponse) -> datetime | None:
        return parse_http_date(self.headers.get(name, ""))

    def write(self: BaseResponse, value: Any) -> None:
        if value is None:
            self.headers.remove(name)
        else:
            text = value if isinstance(value, str) else http_date(value)
            self.headers.set(name, text)

    return _text(name).getter(read).setter(write)


def _set_of_names(name: str) -> Any:
    """A HeaderSet that writes its changes back."""

    def read(self: BaseResponse) -> HeaderSet:
        return HeaderSet.parse(self.headers.get(name), self._writer(name))

    def write(self: BaseResponse, value: Any) -> None:
        if not value:
            self.headers.remove(name)
        else:
            text = value if isinstance(value, str) else HeaderSet(value).to_header()
            self.headers.set(name, text)

    return _text(name).getter(read).setter(write)


def _set_of_names_or_none(name: str) -> Any:
    both = _set_of_names(name)

    def read(self: BaseResponse) -> HeaderSet | None:
        return both.fget(self) if name in self.headers else None

    return both.getter(read)


class BaseResponse(ToolkitResponse):
    """An answer that can be changed until it is sent.

    ``response`` is text, bytes, or an iterable of those; a list is sent whole, other
    iterables are streamed. ``status`` is a number or a line; without ``content_type``
    there is ``mimetype``, with a charset where it is text.
    """

    default_status = 200
    default_mimetype: str | None = "text/plain"
    implicit_sequence_conversion = True
    automatically_set_content_length = True
    autocorrect_location_header = False
    max_cookie_size = 4093
    json_module: Any = None

    def __init__(
        self,
        response: Any = None,
        status: int | str | HTTPStatus | None = None,
        headers: Any = None,
        mimetype: str | None = None,
        content_type: str | None = None,
        direct_passthrough: bool = False,
    ) -> None:
        self._headers: Headers | None = None
        self._closers = None
        self._iterable = None
        self._body = b""
        self.direct_passthrough = direct_passthrough
        if status is None:
            status = self.default_status
        self._status = "200 OK" if status == 200 else status_line(status)
        if headers:
            is_own = isinstance(headers, Headers)
            self._headers = headers if is_own else Headers(headers)
        if content_type is None:
            named = self._headers is not None and "content-type" in self._headers
            if mimetype is None and not named:
                mimetype = self.default_mimetype
            content_type = None if mimetype is None else full_content_type(mimetype)
        self._content_type = content_type
        if content_type is not None:
            if self._headers is not None:
                self._headers["Content-Type"] = content_type
            elif content_type not in _SAFE_TYPES:
                Headers([("Content-Type", content_type)])  # raises for what cannot be
        self._measured = False
        if response is not None:
            self.response = response
            if isinstance(response, (str, bytes, bytearray)):
                self._measured = True
                if self._headers is not None:
                    self._headers["Content-Length"] = str(len(self._body))

    def __repr__(self) -> str:
        body = "streamed" if self.is_streamed else f"{len(self._body)} bytes"
        return f"<{type(self).__name__} {body} [{self._status}]>"

    @classmethod
    def force_type(cls, response: Any, environ: Environ | None = None) -> Any:
        """The response as one of this class; a WSGI app is called with the environ.

        Raises TypeError for a WSGI app without an environ.
        """
        if not isinstance(response, ToolkitResponse):
            if environ is None:
                raise TypeError("A WSGI app becomes a response with an environ only.")
            return cls.from_app(response, environ)
        if isinstance(response, BaseResponse):
            response.__class__ = cls
            return response
        body = response._body if response._iterable is None else response._iterable
        made = cls(body, response.status, response.headers.items())
        made.call_on_close(response.close)
        return made

    @classmethod
    def from_app(cls, app: Any, environ: Environ, buffered: bool = False) -> Any:
        """What a WSGI app answers."""
        status, headers, body = run_app(app, environ)
        return cls(body, status, headers)

    # Status and headers.

    @property
    def status(self) -> str:
        """The status line, ``"404 NOT FOUND"``; may be set as it is given at first."""
        return self._status

    @status.setter
    def status(self, value: int | str | HTTPStatus) -> None:
        self._status = status_line(value)

    @property
    def status_code(self) -> int:
        return int(self._status.partition(" ")[0])

    @status_code.setter
    def status_code(self, code: int) -> None:
        self.status = code

    @property
    def headers(self) -> Headers:
        """The headers, to read and to change."""
        found = self._headers
        if found is None:
            kind = self._content_type
            fields = [] if kind is None else [("Content-Type", kind)]
            if self._measured:
                fields.append(("Content-Length", str(len(self._body))))
            found = self._headers = Headers.of_list(fields)
        return found

    @headers.setter
    def headers(self, value: Any) -> None:
        self._headers = value if isinstance(value, Headers) else Headers(value)

    def _writer(self, name: str) -> Callable[[Any], None]:
        """What writes a header back when the object that stands for it changes."""

        def write(value: Any) -> None:
            text = value.to_header()
            if text:
                self.headers.set(name, text)
            else:
                self.headers.remove(name)

        return write

    content_type = _text("Content-Type")
    location = _text("Location")
    age = _age()
    content_length = _number("Content-Length")
    content_location = _text("Content-Location")
    content_encoding = _text("Content-Encoding")
    content_md5 = _text("Content-MD5")
    accept_ranges = _text("Accept-Ranges")
    date = _moment("Date")
    expires = _moment("Expires")
    last_modified = _moment("Last-Modified")
    vary = _set_of_names("Vary")
    allow = _set_of_names("Allow")
    content_language = _set_of_names("Content-Language")
    access_control_allow_headers = _set_of_names_or_none("Access-Control-Allow-Headers")
    access_control_allow_methods = _set_of_names_or_none("Access-Control-Allow-Methods")
    access_control_expose_headers = _set_of_names_or_none(
        "Access-Control-Expose-Headers"
    )
    access_control_allow_origin = _text("Access-Control-Allow-Origin")
    access_control_max_age = _number("Access-Control-Max-Age")
    content_security_policy = _text("Content-Security-Policy")
    content_security_policy_report_only = _text("Content-Security-Policy-Report-Only")
    cross_origin_opener_policy = _text("Cross-Origin-Opener-Policy")
    cross_origin_embedder_policy = _text("Cross-Origin-Embedder-Policy")

    @property
    def access_control_allow_credentials(self) -> bool:
        return "Access-Control-Allow-Credentials" in self.headers

    @access_control_allow_credentials.setter
    def access_control_allow_credentials(self, value: bool | None) -> None:
        if value is True:
            self.headers["Access-Control-Allow-Credentials"] = "true"
        else:
            self.headers.remove("Access-Control-Allow-Credentials")

    @property
    def mimetype(self) -> str | None:
        """The content type without its parameters."""
        kind = self.content_type
        return kind.partition(";")[0].strip() if kind else None

    @mimetype.setter
    def mimetype(self, value: str) -> None:
        self.headers["Content-Type"] = full_content_type(value)

    @property
    def mimetype_params(self) -> CallbackDict:
        """The parameters of the content type, to read and to set."""

        def write(params: Any) -> None:
            self.headers.set("Content-Type", self.mimetype, **params)

        return CallbackDict(parse_options(self.content_type or "")[1], write)

    @property
    def is_json(self) -> bool:
        """Whether the content type is JSON."""
        kind = self.mimetype or ""
        return kind == "application/json" or (
            kind.startswith("application/") and kind.endswith("+json")
        )

    @property
    def retry_after(self) -> datetime | None:
        """When to try again; may be set in seconds from now."""
        text = self.headers.get("Retry-After", "")
        if text.isascii() and text.isdigit():
            return datetime.now(UTC) + timedelta(seconds=int(text))
        return parse_http_date(text)

    @retry_after.setter
    def retry_after(self, value: datetime | int | str | None) -> None:
        if value is None:
            self.headers.remove("Retry-After")
        else:
            text = http_date(value) if isinstance(value, datetime) else str(value)
            self.headers.set("Retry-After", text)

    @property
    def cache_control(self) -> ResponseCacheControl:
        """The directives of Cache-Control, to read and to set."""
        name = "Cache-Control"
        found = parse_directives(self.headers.get(name))
        return ResponseCacheControl(found, self._writer(name))

    @property
    def content_range(self) -> ContentRange:
        name = "Content-Range"
        return ContentRange.parse(self.headers.get(name), self._writer(name))

    @content_range.setter
    def content_range(self, value: ContentRange | str | None) -> None:
        if not value:
            self.headers.remove("Content-Range")
        else:
            self.headers.set("Content-Range", str(value))

    @property
    def www_authenticate(self) -> WWWAuthenticate:
        name = "WWW-Authenticate"
        write = self._writer(name)
        found = WWWAuthenticate.from_header(self.headers.get(name), write)
        return WWWAuthenticate("basic", on_update=write) if found is None else found

    @www_authenticate.setter
    def www_authenticate(self, value: Any) -> None:
        self.headers.remove("WWW-Authenticate")
        for each in value if isinstance(value, list) else [value] if value else ():
            self.headers.add("WWW-Authenticate", each.to_header())

    @www_authenticate.deleter
    def www_authenticate(self) -> None:
        self.headers.remove("WWW-Authenticate")

    def set_cookie(  # type: ignore[override]
        self,
        key: str,
        value: str = "",
        max_age: timedelta | int | None = None,
        expires: str | datetime | float | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = None,
        partitioned: bool = False,
    ) -> None:
        """Send a cookie; ``max_age`` is seconds."""
        cookie = dump_cookie(
            key,
            value,
            max_age,
            expires,
            path,
            domain,
            secure,
            httponly,
            samesite,
            partitioned,
            self.max_cookie_size,
        )
        self.headers.add("Set-Cookie", cookie)

    def delete_cookie(
        self,
        key: str,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = None,
        partitioned: bool = False,
    ) -> None:
        """Have the browser drop the cookie of this name, path and domain."""
        self.set_cookie(
            key,
            expires=0,
            max_age=0,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )

    # The body.

    @property
    def response(self) -> Any:
        """The body as an iterable: a list of one, or what is streamed."""
        return [self._body] if self._iterable is None else self._iterable

    @response.setter
    def response(self, value: Any) -> None:
        self._iterable = None
        if isinstance(value, str):
            self._body = _encode(value)
        elif isinstance(value, (bytes, bytearray)):
            self._body = bytes(value)
        elif isinstance(value, (list, tuple)):
            chunks = (c if isinstance(c, bytes) else _encode(c) for c in value)
            self._body = b"".join(chunks)
        else:
            self._body = b""
            self._iterable = () if value is None else value

    @property
    def is_streamed(self) -> bool:
        """Whether the body is produced while it is sent."""
        return self._iterable is not None

    @property
    def is_sequence(self) -> bool:
        return self._iterable is None

    def make_sequence(self) -> None:
        """Take the whole of a streamed body."""
        if self._iterable is not None:
            body = b"".join(self.iter_encoded())
            close = getattr(self._iterable, "close", None)
            if close is not None:
                self.call_on_close(close)
            self._iterable = None
            self._body = body

    def iter_encoded(self) -> Iterator[bytes]:
        """The chunks of the body as bytes."""
        for chunk in self.response:
            yield chunk if isinstance(chunk, bytes) else _encode(chunk)

    def get_data(self, as_text: bool = False) -> Any:
        """The whole body; a streamed one is taken in for it.

        Raises RuntimeError where ``direct_passthrough`` forbids that.
        """
        if self._iterable is not None:
            if self.direct_passthrough:
                raise RuntimeError("A response in direct passthrough is not read.")
            if not self.implicit_sequence_conversion:
                raise RuntimeError("This response is streamed, and so is not read.")
            self.make_sequence()
        return self._body.decode() if as_text else self._body

    def set_data(self, value: bytes | str) -> None:
        """A new body, with its length."""
        self.response = value
        if self.automatically_set_content_length:
            self.headers["Content-Length"] = str(len(self._body))

    @property
    def data(self) -> Any:
        return self.get_data()

    @data.setter
    def data(self, value: bytes | str) -> None:
        self.set_data(value)

    @property
    def json(self) -> Any:
        """The body as JSON; None where the content type says otherwise."""
        return self.get_json()

    def get_json(self, force: bool = False, silent: bool = False) -> Any:
        """The body as JSON. ``force`` takes any content type; ``silent`` gives None
        where it is not valid."""
        if not (force or self.is_json):
            return None
        try:
            return self._json().loads(self.get_data())
        except ValueError:
            if not silent:
                raise
            return None

    def _json(self) -> Any:
        if self.json_module is not None:
            return self.json_module
        context = _cv_app.get(None)
        if context is not None:
            return context.app.json
        import json

        return json

    @property
    def stream(self) -> Any:
        """A file to write the body into."""
        return _BodyWriter(self)

    def calculate_content_length(self) -> int | None:
        return None if self._iterable is not None else len(self._body)

    def freeze(self) -> None:
        """Take the whole body, set its length and its ETag: for keeping it."""
        self.make_sequence()
        self.headers["Content-Length"] = str(len(self._body))
        self.add_etag()

    def call_on_close(self, func: Callable[[], Any]) -> Callable[[], Any]:
        """Call the function once the response was sent, or given up; returns it."""
        self.on_close(func)
        return func

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # Conditional requests.

    def set_etag(self, etag: str, weak: bool = False) -> None:
        """``etag`` without quotes; ValueError where it has some."""
        if '"' in etag:
            raise ValueError("An ETag is given without its quotes.")
        self.headers["ETag"] = f'W/"{etag}"' if weak else f'"{etag}"'

    def get_etag(self) -> tuple[str, bool] | tuple[None, None]:
        """``(etag, is it weak)``, or a pair of None."""
        found = self.headers.get("ETag", "")
        if not found:
            return None, None
        is_weak = found[:2] in ("W/", "w/")
        return (found[2:] if is_weak else found).strip('"'), is_weak

    def add_etag(self, overwrite: bool = False, weak: bool = False) -> None:  # type: ignore[override]
        """A tag of the body's hash, unless it has a tag."""
        if overwrite or "etag" not in self.headers:
            import hashlib

            self.set_etag(hashlib.sha1(self.get_data()).hexdigest(), weak)

    def make_conditional(
        self,
        request_or_environ: Any,
        accept_ranges: bool | str = False,
        complete_length: int | None = None,
    ) -> Self:
        """Become 304, 412 or 206 where the request's conditions or range say so.

        Ranges are honoured where ``accept_ranges`` is true, or names their unit, and
        ``complete_length`` is the number of bytes of the body. Raises
        RequestedRangeNotSatisfiable for a range outside of it.
        """
        environ = getattr(request_or_environ, "environ", request_or_environ)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self
        if "date" not in self.headers:
            self.headers["Date"] = http_date()
        if not self._take_ranges(environ, complete_length, accept_ranges):
            self._check_conditions(environ)
        if self.automatically_set_content_length and self._iterable is None:
            self.headers.setdefault("Content-Length", str(len(self._body)))
        return self

    def _check_conditions(self, environ: Environ) -> None:
        headers = self.headers
        outcome = evaluate(
            environ["REQUEST_METHOD"],
            EnvironHeaders(environ).get,
            headers.get("ETag"),
            parse_http_date(headers.get("Last-Modified", "")),
        )
        if outcome != 200:
            self.status = outcome

    def _take_ranges(
        self, environ: Environ, length: int | None, accept_ranges: bool | str
    ) -> bool:
        if not accept_ranges:
            return False
        headers = self.headers
        headers["Accept-Ranges"] = "bytes" if accept_ranges is True else accept_ranges
        wanted = environ.get("HTTP_RANGE")
        if not length or wanted is None:
            return False
        modified = parse_http_date(headers.get("Last-Modified", ""))
        condition = environ.get("HTTP_IF_RANGE")
        if not if_range_holds(condition, headers.get("ETag"), modified):
            return False
        asked = Range.parse(wanted)
        span = None if asked is None else asked.range_for_length(length)
        if asked is None or span is None:
            raise RequestedRangeNotSatisfiable(length)
        start, stop = span
        self.status_code = 206
        self.content_length = stop - start
        self.content_range = asked.to_content_range_header(length)
        self._cut(start, stop)
        return True

    def _cut(self, start: int, stop: int) -> None:
        if self._iterable is None:
            self._body = self._body[start:stop]
            return
        source = self._iterable
        if hasattr(source, "seek") and hasattr(source, "read"):
            file: IO[bytes] = source  # type: ignore[assignment]
            file.seek(start)
            self._iterable = _read(file, stop - start)
        else:
            self._iterable = _slice(self.iter_encoded(), start, stop)
        close = getattr(source, "close", None)
        if close is not None:
            self.call_on_close(close)

    # Sending it.

    def get_wsgi_headers(self, environ: Environ) -> Headers:
        """The headers as they are sent."""
        headers = Headers.of_list(self.headers._list.copy())
        if self.autocorrect_location_header and "Location" in headers:
            scheme, host = environ["wsgi.url_scheme"], environ.get("HTTP_HOST", "")
            root = f"{scheme}://{host}{quote(environ.get('PATH_INFO', ''))}"
            headers["Location"] = urljoin(root, headers["Location"])
        if self._status.startswith(_BODILESS):
            unwanted = _ENTITY if self._status.startswith("304") else _LENGTH
            headers._list[:] = [
                f for f in headers._list if f[0].lower() not in unwanted
            ]
        elif (
            self._iterable is None
            and self.automatically_set_content_length
            and "Content-Length" not in headers
        ):
            headers._list.append(("Content-Length", str(len(self._body))))
        return headers

    def get_app_iter(self, environ: Environ) -> Iterable[bytes]:
        """The chunks as they are sent: none of them for HEAD, 204 and their like."""
        if environ["REQUEST_METHOD"] == "HEAD" or self._status.startswith(_BODILESS):
            return _Closing((), self)
        if self._iterable is None:
            return _Closing((self._body,), self)
        return _Closing(self.iter_encoded(), self)

    def get_wsgi_response(
        self, environ: Environ
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """``(chunks, status line, headers)``."""
        headers = self.get_wsgi_headers(environ)
        return self.get_app_iter(environ), self._status, headers.to_wsgi_list()

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        if (
            self._headers is None
            and self._iterable is None
            and self._status == "200 OK"
        ):
            length = ("Content-Length", str(len(self._body)))
            kind = self._content_type
            own = [] if kind is None else [("Content-Type", kind)]
            start_response("200 OK", [*own, length])
            is_head = environ["REQUEST_METHOD"] == "HEAD"
            return _Closing(() if is_head else (self._body,), self)
        chunks, status, headers = self.get_wsgi_response(environ)
        start_response(status, headers)
        return chunks

    def header_list(self) -> list[tuple[str, str]]:
        return self.get_wsgi_headers({}).to_wsgi_list()


# RFC 9110, 15.4.5: of what describes the body a 304 sends these two only.
_ENTITY = frozenset(
    "allow content-encoding content-language content-length content-md5 content-range "
    "content-type last-modified".split()
)


_LENGTH = frozenset(("content-length",))


def _slice(chunks: Iterator[bytes], start: int, stop: int) -> Iterator[bytes]:
    position = 0
    for chunk in chunks:
        piece = chunk[max(0, start - position) : max(0, stop - position)]
        position += len(chunk)
        if piece:
            yield piece
        if position >= stop:
            return


class _BodyWriter:
    """``response.stream``: what is written there is appended to the body."""

    mode = "wb+"
    encoding = "utf-8"
    closed = False

    def __init__(self, response: BaseResponse) -> None:
        self.response = response

    def write(self, value: bytes) -> int:
        response = self.response
        response.make_sequence()
        response._body += value
        response.headers.remove("Content-Length")
        return len(value)

    def writelines(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            self.write(line)

    def tell(self) -> int:
        self.response.make_sequence()
        return len(self.response._body)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def isatty(self) -> bool:
        return False


class Response(BaseResponse):
    """What a view returns: HTML, unless it says otherwise."""

    default_mimetype: str | None = "text/html"

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        """MAX_COOKIE_SIZE of the app: a larger cookie gets a warning."""
        context = _cv_app.get(None)
        if context is None:
            return 4093
        found: int = context.app.config["MAX_COOKIE_SIZE"]
        return found
