"""The request: what the client sent, read from the environ when it is asked for."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, quote

from fwtrace.frameworks.flask.cookies import parse_cookie
from fwtrace.frameworks.flask.datastructures import (
    Accept,
    Authorization,
    CharsetAccept,
    CombinedMultiDict,
    EnvironHeaders,
    ETags,
    FileStorage,
    Headers,
    HeaderSet,
    IfRange,
    ImmutableMultiDict,
    LanguageAccept,
    MIMEAccept,
    MultiDict,
    Range,
    RequestCacheControl,
)
from fwtrace.frameworks.flask.datastructures.directives import parse_directives
from fwtrace.frameworks.flask.datastructures.negotiation import parse_accept
from fwtrace.frameworks.flask.exceptions import (
    BadRequest,
    ClientDisconnected,
    HTTPException,
    RequestEntityTooLarge,
    UnsupportedMediaType,
    from_toolkit,
)
from fwtrace.frameworks.flask.globals import _cv_app
from fwtrace.frameworks.flask.routing import Rule, get_host
from fwtrace.frameworks.flask.routing.map import wsgi_text
from fwtrace.frameworks.flask.scaffold import split_blueprint_path
from fwtrace.toolkit.http.dates import parse_http_date
from fwtrace.toolkit.http.errors import BadRequest as Malformed, HTTPError
from fwtrace.toolkit.http.forms import Limits, MultipartParser
from fwtrace.toolkit.http.headers import parse_options
from fwtrace.toolkit.wsgi.request import Request as ToolkitRequest, _BodyFile

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask
    from fwtrace.toolkit.wsgi.types import Environ

__all__ = ["Request", "UserAgent"]

# For what the application sets no limit: more than any body has.
_UNLIMITED = sys.maxsize
# WHATWG URL: what a path may hold as it is, and "%" of what is quoted already.
_IRI = "%!$&'()*+,/:;=@"


class UserAgent:
    """The client's name for itself, as it is: what to make of it is the app's."""

    platform: str | None = None
    browser: str | None = None
    version: str | None = None
    language: str | None = None

    def __init__(self, string: str) -> None:
        self.string = string

    def to_header(self) -> str:
        return self.string

    def __bool__(self) -> bool:
        return bool(self.browser)

    def __str__(self) -> str:
        return self.string

    def __repr__(self) -> str:
        return f"<UserAgent {self.string!r}>"


class Request(ToolkitRequest):
    """One request. What was asked for once is kept.

    What the client got wrong raises an HTTPException at the moment it is looked at.
    """

    url_rule: Rule | None = None
    view_args: dict[str, Any] | None = None
    routing_exception: HTTPException | None = None
    app: Flask | None = None

    parameter_storage_class: type[MultiDict] = ImmutableMultiDict
    dict_storage_class: type[MultiDict] = ImmutableMultiDict
    user_agent_class: type[UserAgent] = UserAgent
    json_module: Any = None
    trusted_hosts: Any = None

    def __init__(
        self,
        environ: Environ,
        populate_request: bool = True,
        shallow: bool = False,
    ) -> None:
        super().__init__(environ)
        self.shallow = shallow
        if populate_request and not shallow:
            environ["werkzeug.request"] = self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url!r} [{self.method}]>"

    @classmethod
    def from_values(cls, *args: Any, **kwargs: Any) -> Request:
        """A request made by hand, of what a test client takes."""
        from fwtrace.frameworks.flask.environs import make_environ

        return cls(make_environ(*args, **kwargs))

    def __enter__(self) -> Request:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # How much is taken.

    def _limit(self, name: str, key: str, otherwise: int | None) -> int | None:
        """What was set on the request, else by the app's configuration."""
        found: int | None = self.__dict__.get(name)
        if found is not None:
            return found
        context = _cv_app.get(None)
        if context is None:
            return otherwise
        found = context.app.config.get(key, otherwise)
        return found

    @property
    def max_content_length(self) -> int | None:
        """Bytes of a body, from MAX_CONTENT_LENGTH; None for any number."""
        return self._limit("_max_content_length", "MAX_CONTENT_LENGTH", None)

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self.__dict__["_max_content_length"] = value

    @property
    def max_form_memory_size(self) -> int | None:
        """Bytes of a form's fields, from MAX_FORM_MEMORY_SIZE."""
        return self._limit("_max_form_memory", "MAX_FORM_MEMORY_SIZE", 500_000)

    @max_form_memory_size.setter
    def max_form_memory_size(self, value: int | None) -> None:
        self.__dict__["_max_form_memory"] = value

    @property
    def max_form_parts(self) -> int | None:
        """Parts of a multipart form, from MAX_FORM_PARTS."""
        return self._limit("_max_form_parts", "MAX_FORM_PARTS", 1000)

    @max_form_parts.setter
    def max_form_parts(self, value: int | None) -> None:
        self.__dict__["_max_form_parts"] = value

    # Which view it leads to.

    @property
    def endpoint(self) -> str | None:
        """The name of the view; None where nothing matched."""
        return None if self.url_rule is None else self.url_rule.endpoint

    @property
    def blueprint(self) -> str | None:
        """The name of the blueprint that the view belongs to."""
        endpoint = self.endpoint
        if endpoint is None or "." not in endpoint:
            return None
        return endpoint.rpartition(".")[0]

    @property
    def blueprints(self) -> list[str]:
        """The blueprint and those that it is nested in, the innermost first."""
        name = self.blueprint
        return [] if name is None else split_blueprint_path(name)

    # Where it goes.

    @property
    def path(self) -> str:
        """The path below the mount, decoded; what is not UTF-8 is replaced."""
        if self._path is None:
            raw = wsgi_text(self.environ.get("PATH_INFO", ""))
            self._path = "/" + raw.lstrip("/")
        return self._path

    @property
    def script_root(self) -> str:
        return self.root_path.rstrip("/")

    @property
    def root_path(self) -> str:
        return wsgi_text(self.environ.get("SCRIPT_NAME", "")).rstrip("/")

    @property
    def full_path(self) -> str:
        """The path with its query string, and always a question mark."""
        return f"{self.path}?{wsgi_text(self.environ.get('QUERY_STRING', ''))}"

    @property
    def query_string(self) -> bytes:  # type: ignore[override]
        return str(self.environ.get("QUERY_STRING", "")).encode("latin-1")

    @property
    def host(self) -> str:
        """``name`` or ``name:port``; SecurityError where it is not trusted."""
        found = self.__dict__.get("_host")
        if found is None:
            found = get_host(self.environ, self.trusted_hosts)
            self.__dict__["_host"] = found
        return str(found)

    @property
    def url_root(self) -> str:
        return f"{self.scheme}://{self.host}{quote(self.root_path, safe=_IRI)}/"

    @property
    def root_url(self) -> str:
        return self.url_root

    @property
    def host_url(self) -> str:
        return f"{self.scheme}://{self.host}/"

    @property
    def base_url(self) -> str:
        """The URL without its query string."""
        return self.url_root + quote(self.path.lstrip("/"), safe=_IRI)

    @property
    def url(self) -> str:
        query = wsgi_text(self.environ.get("QUERY_STRING", ""))
        return f"{self.base_url}?{query}" if query else self.base_url

    @property
    def remote_addr(self) -> str | None:  # type: ignore[override]
        return self.environ.get("REMOTE_ADDR")

    @property
    def remote_user(self) -> str | None:
        return self.environ.get("REMOTE_USER")

    @property
    def server(self) -> tuple[str, int | None] | None:
        name = self.environ.get("SERVER_NAME")
        return None if name is None else (name, int(self.environ["SERVER_PORT"]))

    @property
    def access_route(self) -> list[str]:
        """The addresses that proxies tell of, the client's first."""
        forwarded = self.environ.get("HTTP_X_FORWARDED_FOR")
        if forwarded:
            return [each.strip() for each in forwarded.split(",") if each.strip()]
        return [] if self.remote_addr is None else [self.remote_addr]

    @property
    def is_multithread(self) -> bool:
        return bool(self.environ.get("wsgi.multithread"))

    @property
    def is_multiprocess(self) -> bool:
        return bool(self.environ.get("wsgi.multiprocess"))

    @property
    def is_run_once(self) -> bool:
        return bool(self.environ.get("wsgi.run_once"))

    # What it says about itself.

    @property
    def headers(self) -> EnvironHeaders:
        return EnvironHeaders(self.environ)

    @property
    def args(self) -> MultiDict:
        """The fields of the query string."""
        found: MultiDict | None = self.__dict__.get("_args")
        if found is None:
            lists = parse_fields(self.environ.get("QUERY_STRING", ""))
            found = self.__dict__["_args"] = self._storage(lists)
        return found

    def _storage(self, lists: dict[str, list[Any]]) -> MultiDict:
        found: MultiDict = self.parameter_storage_class.of_lists(lists)
        return found

    def parse_cookies(self) -> Any:
        parsed = parse_cookie(self.environ.get("HTTP_COOKIE"))
        return self.dict_storage_class.of_lists(parsed)

    @property
    def cookies(self) -> Any:
        """The cookies; malformed ones are passed over."""
        return super().cookies

    def _header(self, name: str) -> str | None:
        found: str | None = self.environ.get(name)
        return found

    @property
    def content_type(self) -> str | None:  # type: ignore[override]
        return self._header("CONTENT_TYPE")

    @property
    def content_length(self) -> int | None:
        """Bytes of the body; None when it was not said, or is nonsense."""
        text = self.environ.get("CONTENT_LENGTH")
        if not text or self.environ.get("HTTP_TRANSFER_ENCODING") == "chunked":
            return None
        return int(text) if text.isascii() and text.isdigit() else None

    @property
    def content_encoding(self) -> str | None:
        return self._header("HTTP_CONTENT_ENCODING")

    @property
    def content_md5(self) -> str | None:
        return self._header("HTTP_CONTENT_MD5")

    @property
    def mimetype(self) -> str:
        return (self.content_type or "").partition(";")[0].strip().lower()

    @property
    def mimetype_params(self) -> dict[str, str]:
        return parse_options(self.content_type or "")[1]

    @property
    def is_json(self) -> bool:
        """Whether the content type is JSON: ``application/json``, ``.../...+json``."""
        kind = self.mimetype
        return kind == "application/json" or (
            kind.startswith("application/") and kind.endswith("+json")
        )

    @property
    def referrer(self) -> str | None:
        return self._header("HTTP_REFERER")

    @property
    def origin(self) -> str | None:
        return self._header("HTTP_ORIGIN")

    @property
    def date(self) -> datetime | None:
        return parse_http_date(self._header("HTTP_DATE") or "")

    @property
    def max_forwards(self) -> int | None:
        text = self._header("HTTP_MAX_FORWARDS") or ""
        return int(text) if text.isascii() and text.isdigit() else None

    @property
    def pragma(self) -> HeaderSet:
        return HeaderSet.parse(self._header("HTTP_PRAGMA"))

    @property
    def accept_mimetypes(self) -> MIMEAccept:
        return parse_accept(self._header("HTTP_ACCEPT"), MIMEAccept)

    @property
    def accept_charsets(self) -> CharsetAccept:
        return parse_accept(self._header("HTTP_ACCEPT_CHARSET"), CharsetAccept)

    @property
    def accept_encodings(self) -> Accept:  # type: ignore[override]
        return parse_accept(self._header("HTTP_ACCEPT_ENCODING"), Accept)

    @property
    def accept_languages(self) -> LanguageAccept:  # type: ignore[override]
        return parse_accept(self._header("HTTP_ACCEPT_LANGUAGE"), LanguageAccept)

    @property
    def cache_control(self) -> RequestCacheControl:
        return RequestCacheControl(parse_directives(self._header("HTTP_CACHE_CONTROL")))

    @property
    def if_match(self) -> ETags:
        return ETags.parse(self._header("HTTP_IF_MATCH"))

    @property
    def if_none_match(self) -> ETags:
        return ETags.parse(self._header("HTTP_IF_NONE_MATCH"))

    @property
    def if_modified_since(self) -> datetime | None:
        return parse_http_date(self._header("HTTP_IF_MODIFIED_SINCE") or "")

    @property
    def if_unmodified_since(self) -> datetime | None:
        return parse_http_date(self._header("HTTP_IF_UNMODIFIED_SINCE") or "")

    @property
    def if_range(self) -> IfRange:
        return IfRange.parse(self._header("HTTP_IF_RANGE"))

    @property
    def range(self) -> Range | None:
        return Range.parse(self._header("HTTP_RANGE"))

    @property
    def user_agent(self) -> UserAgent:
        return self.user_agent_class(self._header("HTTP_USER_AGENT") or "")

    @property
    def authorization(self) -> Authorization | None:
        return Authorization.from_header(self._header("HTTP_AUTHORIZATION"))

    @property
    def access_control_request_headers(self) -> HeaderSet | None:
        found = self._header("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
        return None if found is None else HeaderSet.parse(found)

    @property
    def access_control_request_method(self) -> str | None:
        return self._header("HTTP_ACCESS_CONTROL_REQUEST_METHOD")

    # Its body.

    @property
    def want_form_data_parsed(self) -> bool:
        """Whether the body may be a form: whether it has a content type."""
        return bool(self.environ.get("CONTENT_TYPE"))

    @property
    def stream(self) -> Any:
        """The body as a file to read once, which ends where the body ends."""
        found = self.__dict__.get("_stream")
        if found is None:
            found = self._open_stream()
            self.__dict__["_stream"] = found
        return found

    def _open_stream(self) -> Any:
        if self.shallow:
            raise RuntimeError("This request was made to leave its body alone.")
        if self._body is not None:
            return io.BytesIO(self._body)
        limit = self.max_content_length
        if limit is not None and (self.content_length or 0) > limit:
            raise RequestEntityTooLarge()
        chunks = self.chunks(_UNLIMITED if limit is None else limit)
        return io.BufferedReader(_ClientFile(chunks))

    def read_body(self) -> bytes:
        limit = self.max_content_length
        whole = _UNLIMITED if limit is None else limit
        try:
            length = self.content_length
            if length is None or length > 65536 or length > whole:
                return b"".join(self.chunks(whole))
            data: bytes = self.environ["wsgi.input"].read(length)
            if len(data) < length:
                data += b"".join(self.chunks(whole, len(data)))
            return data
        except HTTPError as error:
            raise _broken(error) from None

    @property
    def data(self) -> bytes:
        """The body that is no form."""
        return cast(bytes, self.get_data(parse_form_data=True))

    def get_data(
        self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
    ) -> Any:
        """The whole body as bytes or text; kept for later unless ``cache`` is false.

        ``parse_form_data`` first makes a form of what is one, and leaves nothing.
        """
        if self._body is not None:
            data = self._body
        elif parse_form_data and self._is_form:
            self._load_form_data()
            data = b""
        else:
            opened = self.__dict__.get("_stream")
            data = self._read(opened.read) if opened is not None else self.read_body()
            if cache:
                self._body = data
                self.__dict__.pop("_stream", None)
            elif opened is None:
                self.__dict__["_stream"] = io.BytesIO()
        return data.decode(errors="replace") if as_text else data

    @staticmethod
    def _read(read: Callable[[], bytes]) -> bytes:
        try:
            return read()
        except HTTPError as error:
            raise from_toolkit(error) from None

    @property
    def _is_form(self) -> bool:
        return self.mimetype in (
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        )

    @property
    def form(self) -> Any:
        """The fields of a form; empty for other bodies."""
        self._load_form_data()
        return self._form[0]  # type: ignore[index]

    @property
    def files(self) -> Any:
        """The files of a multipart form, as FileStorage."""
        self._load_form_data()
        return self._form[1]  # type: ignore[index]

    def _load_form_data(self) -> None:
        if self._form is not None:
            return
        try:
            fields, files = self.parse_form()
        except HTTPError as error:
            raise from_toolkit(error) from None
        if not files and self.mimetype != "multipart/form-data":
            context = _cv_app.get(None)
            if context is not None and context.app.debug:
                files = _NoFiles.of_form(fields, self.mimetype)
        self._form = (fields, files)

    def parse_form(self) -> Any:
        kind = self.mimetype
        if kind == "application/x-www-form-urlencoded":
            memory = self.max_form_memory_size
            length = self.content_length
            if memory is not None and length is not None and length > memory:
                raise RequestEntityTooLarge()
            raw = self._form_body()
            fields = parse_fields(raw.decode("latin-1"))
            return self._storage(fields), ImmutableMultiDict()
        if kind == "multipart/form-data":
            return self._parse_multipart()
        return self._storage({}), ImmutableMultiDict()

    def _form_body(self) -> bytes:
        """The bytes of a form, which are not kept as data."""
        if self._body is not None:
            return self._body
        opened = self.__dict__.get("_stream")
        if opened is not None:
            return self._read(opened.read)
        data = self.read_body()
        memory = self.max_form_memory_size
        if memory is not None and len(data) > memory:
            raise RequestEntityTooLarge()
        self.__dict__["_stream"] = io.BytesIO()
        return data

    def _parse_multipart(self) -> Any:
        memory = self.max_form_memory_size
        parts = self.max_form_parts
        most = _UNLIMITED if parts is None else parts
        limits = Limits(
            body=_UNLIMITED,
            fields=most,
            field_size=_UNLIMITED if memory is None else memory,
            files=most,
            parts=most,
            file_size=_UNLIMITED,
            spool=500 * 1024,
        )
        try:
            parser = MultipartParser(self.content_type or "", limits)
        except Malformed:
            return self._storage({}), ImmutableMultiDict()
        stream = self.stream
        try:
            while chunk := stream.read(65536):
                parser.feed(chunk)
            fields, files = parser.finish()
        except Malformed:
            parser.close()
            return self._storage({}), ImmutableMultiDict()
        except BaseException:
            parser.close()
            raise
        stored = {
            name: [_storage(file) for file in values]
            for name, values in files._lists.items()
        }
        return self._storage(fields._lists), ImmutableMultiDict.of_lists(stored)

    @property
    def values(self) -> CombinedMultiDict:
        """The query's fields, and the form's where the method has a body."""
        sources = [self.args]
        if self.method in ("POST", "PUT", "PATCH"):
            sources.append(self.form)
        return CombinedMultiDict(sources)

    @property
    def holds_files(self) -> bool:
        return self._form is not None and bool(self._form[1])

    def close(self) -> None:
        """Close the files that came with the request."""
        form = self._form
        if form is not None:
            for _, file in form[1].items(multi=True):
                file.close()

    @property
    def json(self) -> Any:
        """The body as JSON: 415 for another content type, 400 where it is none."""
        return self.get_json()

    _cached_json: tuple[Any, Any] = (..., ...)
    """What get_json() and get_json(silent=True) gave; an ellipsis for nothing yet."""

    def get_json(
        self, force: bool = False, silent: bool = False, cache: bool = True
    ) -> Any:
        """The body as JSON. ``force`` takes any content type; ``silent`` gives None in
        the place of an error."""
        kept = self._cached_json
        if cache and kept[silent] is not ...:
            return kept[silent]
        if not (force or self.is_json):
            return None if silent else self.on_json_loading_failed(None)
        data = self.get_data(cache=cache)
        try:
            found = self._loads(data)
        except (ValueError, RecursionError) as error:
            if silent:
                if cache:
                    self._cached_json = (kept[0], None)
                return None
            wrong = error if isinstance(error, ValueError) else ValueError(str(error))
            found = self.on_json_loading_failed(wrong)
            if cache:
                self._cached_json = (found, kept[1])
            return found
        if cache:
            self._cached_json = (found, found)
        return found

    def _loads(self, data: bytes) -> Any:
        if self.json_module is not None:
            return self.json_module.loads(data)
        app = self.app
        if app is None:
            context = _cv_app.get(None)
            app = None if context is None else context.app
        if app is None:
            import json

            return json.loads(data)
        return app.json.loads(data)

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """What :meth:`get_json` gives for a body that is not JSON: it raises a 400, or
        a 415 where ``e`` is None because the content type says something else."""
        context = _cv_app.get(None)
        debug = context is not None and context.app.debug
        if e is None:
            raise UnsupportedMediaType(
                "The body is not taken for JSON, because its Content-Type is not "
                "'application/json'."
            )
        if debug:
            raise BadRequest(f"The body is not valid JSON: {e}") from e
        raise BadRequest() from e


class FilesKeyError(KeyError, AssertionError):
    """A file was asked for that a form without an enctype sent as text."""


class _NoFiles(ImmutableMultiDict):
    """The files of a form that cannot have any, in debug mode."""

    _fields: MultiDict
    _mimetype: str

    @classmethod
    def of_form(cls, fields: MultiDict, mimetype: str) -> _NoFiles:
        made = cls()
        made._fields = fields
        made._mimetype = mimetype
        return made

    def __getitem__(self, key: Any) -> Any:
        if key in self._fields:
            raise FilesKeyError(
                f"The file {key!r} was asked for, but the form came as "
                f"{self._mimetype!r}, which carries no files: its name was sent as "
                'text. Add enctype="multipart/form-data" to the <form>.'
            )
        return super().__getitem__(key)


class _ClientFile(_BodyFile):
    """The body as a raw file, whose faults are those that an application handles."""

    def readinto(self, buffer: Any) -> int:
        try:
            return super().readinto(buffer)
        except HTTPError as error:
            raise _broken(error) from None


def _broken(error: HTTPError) -> HTTPException:
    """What reading the body came to, where that is not too large."""
    if isinstance(error, Malformed):
        return ClientDisconnected()
    return from_toolkit(error)


def _storage(file: Any) -> FileStorage:
    options = parse_options(file.headers.get("content-disposition", ""))[1]
    return FileStorage(
        file.file,
        options.get("filename", file.filename),
        file.name,
        headers=Headers([(k.title(), v) for k, v in file.headers.items()]),
    )


_KEEP = "fwtrace.keep_encoded"


def _keep_encoded(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    bad = error.object[error.start : error.end]
    return "".join(f"%{byte:02X}" for byte in bad), error.end


codecs.register_error(_KEEP, _keep_encoded)


def parse_fields(raw: str) -> dict[str, list[str]]:
    """The fields of a query or a form; nothing in it is an error.

    Bytes that are not UTF-8 stay percent-encoded.
    """
    lists: dict[str, list[str]] = {}
    if not raw:
        return lists
    if "%" in raw or "+" in raw or not raw.isascii():
        if not raw.isascii():
            raw = raw.encode("latin-1", "replace").decode("utf-8", "replace")
        pairs = parse_qsl(raw, keep_blank_values=True, errors=_KEEP)
    else:
        pairs = [
            (name, value)
            for name, _, value in (p.partition("=") for p in raw.split("&") if p)
        ]
    for name, value in pairs:
        if name in lists:
            lists[name].append(value)
        else:
            lists[name] = [value]
    return lists
