"""Requests made by hand: of what a test says to the environ a server would make."""

from __future__ import annotations

import mimetypes
import sys
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

from fwtrace.frameworks.flask.datastructures import (
    Authorization,
    FileStorage,
    Headers,
    MultiDict,
)
from fwtrace.frameworks.flask.datastructures.headers import iri_to_uri
from fwtrace.frameworks.flask.datastructures.mappings import iter_multi_items
from fwtrace.frameworks.flask.request import Request, parse_fields
from fwtrace.frameworks.flask.routing.map import QUERY_SAFE
from fwtrace.toolkit.wsgi.client import encode_multipart
from fwtrace.toolkit.wsgi.types import Environ

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask

__all__ = ["EnvironBuilder", "make_environ"]

_URLENCODED, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


class EnvironBuilder:
    """A request made by hand; :meth:`get_environ` gives its environ.

    ``path`` may have a query string, ``base_url`` says which host and prefix it is on;
    or ``subdomain`` and ``url_scheme`` vary the app's own. ``data`` is a body, or a
    mapping for a form, where files are open files, ``(file, name[, type])`` tuples or
    FileStorage; ``json`` is any value. ``auth`` is a name and a password.
    """

    def __init__(
        self,
        app: Flask,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        query_string: Mapping[str, Any] | str | None = None,
        method: str = "GET",
        input_stream: IO[bytes] | None = None,
        content_type: str | None = None,
        content_length: int | None = None,
        errors_stream: IO[str] | None = None,
        multithread: bool = False,
        multiprocess: bool = False,
        run_once: bool = False,
        headers: Any = None,
        data: Any = None,
        environ_base: Mapping[str, Any] | None = None,
        environ_overrides: Mapping[str, Any] | None = None,
        mimetype: str | None = None,
        json: Any = None,
        auth: Authorization | tuple[str, str] | None = None,
    ) -> None:
        if base_url is not None and (subdomain or url_scheme):
            raise AssertionError(
                "'base_url' says what 'subdomain' and 'url_scheme' do."
            )
        if query_string is not None and "?" in path:
            raise ValueError("The path has a query string, and there is another.")
        self.app = app
        url = urlsplit(path)
        if base_url is None:
            host = url.netloc or app.config["SERVER_NAME"] or "localhost"
            if subdomain and not url.netloc:
                host = f"{subdomain}.{host}"
            scheme = url.scheme or url_scheme or app.config["PREFERRED_URL_SCHEME"]
            root = app.config["APPLICATION_ROOT"]
            base_url = f"{scheme}://{host}/{root.lstrip('/')}"
        base = urlsplit(iri_to_uri(base_url))
        self.url_scheme = base.scheme
        self.host = base.netloc
        self.script_root = base.path.rstrip("/")
        self.request_uri = path
        self.path = iri_to_uri(url.path)
        if query_string is None:
            query_string = url.query if "?" in path else ""
        if not isinstance(query_string, str):
            query_string = _urlencode(query_string)
        self.query_string = query_string
        self.method = method.upper()
        self.headers = headers if isinstance(headers, Headers) else Headers(headers)
        self.input_stream = input_stream
        self.errors_stream = sys.stderr if errors_stream is None else errors_stream
        self.multithread = multithread
        self.multiprocess = multiprocess
        self.run_once = run_once
        self.environ_base = environ_base
        self.environ_overrides = environ_overrides
        self.form = MultiDict()
        self.files = MultiDict()
        if content_type is not None or mimetype is not None:
            self.content_type = content_type or mimetype
        if content_length is not None:
            self.headers["Content-Length"] = str(content_length)
        if auth is not None:
            if isinstance(auth, tuple):
                user, password = auth
                pair: Any = {"username": user, "password": password}
                auth = Authorization("basic", pair)
            self.headers["Authorization"] = auth.to_header()
        if json is not None:
            if data is not None:
                raise TypeError("Give 'json' or 'data', not both.")
            data = self.json_dumps(json)
            if self.content_type is None:
                self.content_type = "application/json"
        if data:
            self._take(data)

    def json_dumps(self, obj: Any, **kwargs: Any) -> str:
        return self.app.json.dumps(obj, **kwargs)

    @classmethod
    def from_environ(
        cls, environ: Environ, app: Flask, **kwargs: Any
    ) -> EnvironBuilder:
        """One that would build this environ."""
        scheme, host = environ["wsgi.url_scheme"], environ.get("HTTP_HOST", "localhost")
        made = cls(
            app,
            base_url=f"{scheme}://{host}{environ.get('SCRIPT_NAME', '')}/",
            method=environ["REQUEST_METHOD"],
            query_string=environ.get("QUERY_STRING", ""),
            input_stream=environ.get("wsgi.input"),
            content_type=environ.get("CONTENT_TYPE"),
            environ_overrides={
                key: value for key, value in environ.items() if key.startswith("HTTP_")
            },
            **kwargs,
        )
        made.path = environ.get("PATH_INFO", "/")
        return made

    @property
    def content_type(self) -> str | None:
        found: str | None = self.headers.get("Content-Type")
        if found is None and self.input_stream is None:
            if self.files:
                return _MULTIPART
            if self.form:
                return _URLENCODED
        return found

    @content_type.setter
    def content_type(self, value: str | None) -> None:
        if value is None:
            self.headers.remove("Content-Type")
        else:
            self.headers["Content-Type"] = value

    @property
    def mimetype(self) -> str | None:
        kind = self.content_type
        return kind.split(";")[0].strip() if kind else None

    @property
    def args(self) -> MultiDict:
        found: MultiDict = MultiDict.of_lists(parse_fields(self.query_string))
        return found

    @property
    def server_name(self) -> str:
        return self.host.split(":", 1)[0]

    @property
    def server_port(self) -> int:
        _, colon, port = self.host.rpartition(":")
        if colon and port.isdigit():
            return int(port)
        return 443 if self.url_scheme == "https" else 80

    @property
    def base_url(self) -> str:
        return f"{self.url_scheme}://{self.host}{self.script_root}/"

    def _take(self, data: Any) -> None:
        if self.input_stream is not None:
            raise TypeError("Give 'input_stream' or 'data', not both.")
        if hasattr(data, "read"):
            data = data.read()
        if isinstance(data, str):
            data = data.encode()
        if isinstance(data, bytes):
            self.input_stream = BytesIO(data)
            return
        for key, value in _pairs_of(data):
            if isinstance(value, (tuple, dict)) or hasattr(value, "read"):
                self._add_file(key, value)
            else:
                self.form.add(key, value)

    def _add_file(self, key: str, value: Any) -> None:
        if isinstance(value, FileStorage):
            self.files.add(key, value)
            return
        if isinstance(value, dict):
            value = (
                value.get("stream"),
                value.get("filename"),
                value.get("content_type"),
            )
        stream, name, kind = (
            (*value, None, None) if isinstance(value, tuple) else (value, None, None)
        )[:3]
        made = FileStorage(stream, name, key)
        kind = kind or mimetypes.guess_type(f"/{made.filename or ''}")[0]
        made.headers["Content-Type"] = kind or "application/octet-stream"
        self.files.add(key, made)

    def close(self) -> None:
        """Close the files that go into the form."""
        for _, file in self.files.items(multi=True):
            file.close()

    def _body(self) -> tuple[IO[bytes], int | None, str | None]:
        """``(stream, length, content type)``."""
        stream, kind = self.input_stream, self.content_type
        mimetype = self.mimetype
        if stream is not None:
            start = stream.tell()
            length = stream.seek(0, 2) - start
            stream.seek(start)
            return stream, length, kind
        if mimetype == _MULTIPART:
            fields: dict[str, list[Any]] = {
                k: [*map(str, v)] for k, v in self.form.lists()
            }
            for key, files in self.files.lists():
                fields[key] = fields.get(key, []) + [
                    (file.filename or "", file.read(), file.content_type)
                    for file in files
                ]
            kind, body = encode_multipart(fields)
            return BytesIO(body), len(body), kind
        if mimetype == _URLENCODED:
            body = _urlencode(self.form).encode("ascii")
            return BytesIO(body), len(body), kind
        return BytesIO(), None, kind

    def get_environ(self) -> Environ:
        stream, length, kind = self._body()
        environ: Environ = dict(self.environ_base or {})
        raw = _latin(self.request_uri)
        environ.update(
            {
                "REQUEST_METHOD": self.method,
                "SCRIPT_NAME": _unquoted(self.script_root),
                "PATH_INFO": _unquoted(self.path),
                "QUERY_STRING": _latin(self.query_string),
                "REQUEST_URI": raw,
                "RAW_URI": raw,
                "SERVER_NAME": self.server_name,
                "SERVER_PORT": str(self.server_port),
                "HTTP_HOST": self.host,
                "SERVER_PROTOCOL": "HTTP/1.1",
                "wsgi.version": (1, 0),
                "wsgi.url_scheme": self.url_scheme,
                "wsgi.input": stream,
                "wsgi.errors": self.errors_stream,
                "wsgi.multithread": self.multithread,
                "wsgi.multiprocess": self.multiprocess,
                "wsgi.run_once": self.run_once,
            }
        )
        if kind is not None:
            environ["CONTENT_TYPE"] = kind
        length = self.headers.get("Content-Length", length, type=int)
        if length is not None:
            environ["CONTENT_LENGTH"] = str(length)
        joined: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            if name.lower() not in ("content-type", "content-length"):
                key = f"HTTP_{name.upper().replace('-', '_')}"
                joined.setdefault(key, []).append(value)
        environ.update({key: ", ".join(values) for key, values in joined.items()})
        environ.update(self.environ_overrides or {})
        return environ

    def get_request(self, cls: type[Request] | None = None) -> Request:
        kind = self.app.request_class if cls is None else cls
        return kind(self.get_environ())


def make_environ(path: str = "/", *args: Any, **kwargs: Any) -> Environ:
    """The environ of a request that no app is known for."""
    from fwtrace.frameworks.flask.app import Flask

    app = Flask("fwtrace.frameworks.flask", static_folder=None)
    return EnvironBuilder(app, path, *args, **kwargs).get_environ()


def _pairs_of(data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, MultiDict):
        yield from data.items(multi=True)
        return
    for key, value in data.items() if isinstance(data, Mapping) else data:
        for each in value if isinstance(value, list) else [value]:
            yield key, each


def _urlencode(fields: Any) -> str:
    pairs = [pair for pair in iter_multi_items(fields) if pair[1] is not None]
    return urlencode(pairs, safe=QUERY_SAFE)


def _unquoted(path: str) -> str:
    return unquote_to_bytes(path).decode("latin-1")


def _latin(text: str) -> str:
    return text.encode("utf-8").decode("latin-1")
