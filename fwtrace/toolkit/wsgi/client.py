"""The in-process client: what a server does to call an app, without a socket."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

from fwtrace.toolkit.http.dates import parse_http_date
from fwtrace.toolkit.http.headers import Headers
from fwtrace.toolkit.http.urls import encode_query
from fwtrace.toolkit.wsgi.types import Environ, WSGIApp

__all__ = ["Client", "TestResponse", "build_environ", "encode_multipart", "run_app"]

Fields = Mapping[str, Any]


def build_environ(
    method: str = "GET",
    target: str = "/",
    *,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    query: Fields | None = None,
    base_url: str = "http://localhost",
) -> Environ:
    """The environ of a request (PEP 3333), as a server would make it.

    ``target`` is a path with an optional query string, percent-encoded as on the
    wire; ``query`` is added to it. Headers that come twice are joined by commas.
    """
    base = urlsplit(base_url)
    raw_path, _, query_string = target.partition("?")
    if query:
        extra = encode_query(query)
        query_string = f"{query_string}&{extra}" if query_string else extra
    secure = base.scheme == "https"
    environ: Environ = {
        "REQUEST_METHOD": method.upper(),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
        "QUERY_STRING": quote(query_string, safe="!#$%&'()*+,/:;=?@[]~-._\"<>\\^`{|}"),
        "SERVER_NAME": base.hostname or "localhost",
        "SERVER_PORT": str(base.port or (443 if secure else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": base.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": base.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    seen: set[str] = set()
    for name, value in headers:
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        if key in seen:
            joint = "; " if key == "HTTP_COOKIE" else ", "
            value = f"{environ[key]}{joint}{value}"
        seen.add(key)
        environ[key] = value
    return environ


def run_app(app: WSGIApp, environ: Environ) -> tuple[str, list[tuple[str, str]], bytes]:
    """Call the app and consume its answer: ``(status line, headers, body)``.

    The body is closed however it ends; what the app raises comes out. Raises
    RuntimeError for an app that never calls ``start_response``.
    """
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Any:
        if exc_info is not None and written:
            raise exc_info[1].with_traceback(exc_info[2])
        if exc_info is None and started:
            raise RuntimeError("The app called start_response twice.")
        started[:] = [(status, list(headers))]
        return written.append

    iterable = app(environ, start_response)
    try:
        for chunk in iterable:
            written.append(chunk)
    finally:
        close = getattr(iterable, "close", None)
        if close is not None:
            close()
    if not started:
        raise RuntimeError("The app returned without calling start_response.")
    status, headers = started[0]
    return status, headers, b"".join(written)


class TestResponse:
    """What came back: ``status_code``, ``headers``, ``body``, ``text``, ``json``."""

    __test__ = False  # not a test class, whatever its name

    def __init__(
        self,
        status: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        history: Sequence[TestResponse] = (),
    ) -> None:
        self.status = status
        self.status_code = int(status[:3])
        self.headers = Headers(headers)
        self.body = body
        self.history = list(history)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        import json

        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"<TestResponse {self.status}>"


class Client:
    """Calls an app as a browser would, keeping its cookies."""

    def __init__(self, app: WSGIApp, base_url: str = "http://localhost") -> None:
        self.app = app
        self.base_url = base_url
        self._jar: dict[tuple[str, str], tuple[str, float | None]] = {}

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that are kept, whatever their path."""
        now = time.time()
        return {
            name: value
            for (name, _), (value, expires) in self._jar.items()
            if expires is None or expires > now
        }

    def set_cookie(self, name: str, value: str, path: str = "/") -> None:
        self._jar[name, path] = (value, None)

    def open(
        self,
        method: str,
        target: str,
        *,
        query: Fields | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        data: Fields | None = None,
        json: Any = None,
        body: bytes = b"",
        follow_redirects: bool = False,
    ) -> TestResponse:
        """Send one request.

        ``data`` is a form: urlencoded, or multipart when a value is a tuple
        ``(filename, bytes[, content type])``; ``json`` any JSON value.
        """
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        kind, body = _encode(data, json, body)
        if kind and not any(name.lower() == "content-type" for name, _ in pairs):
            pairs.append(("Content-Type", kind))
        cookie = self._cookie_header(target.partition("?")[0])
        environ = build_environ(
            method,
            target,
            headers=[*pairs, ("Cookie", cookie)] if cookie else pairs,
            body=body,
            query=query,
            base_url=self.base_url,
        )
        response = TestResponse(*run_app(self.app, environ))
        self._keep_cookies(response, target)
        if follow_redirects:
            return self._follow(method, target, response, pairs, body)
        return response

    def get(self, target: str, **options: Any) -> TestResponse:
        return self.open("GET", target, **options)

    def post(self, target: str, **options: Any) -> TestResponse:
        return self.open("POST", target, **options)

    def put(self, target: str, **options: Any) -> TestResponse:
        return self.open("PUT", target, **options)

    def patch(self, target: str, **options: Any) -> TestResponse:
        return self.open("PATCH", target, **options)

    def delete(self, target: str, **options: Any) -> TestResponse:
        return self.open("DELETE", target, **options)

    def head(self, target: str, **options: Any) -> TestResponse:
        return self.open("HEAD", target, **options)

    def options(self, target: str, **options: Any) -> TestResponse:
        return self.open("OPTIONS", target, **options)

    def _follow(
        self,
        method: str,
        target: str,
        response: TestResponse,
        headers: list[tuple[str, str]],
        body: bytes,
    ) -> TestResponse:
        """Go where redirects lead, on this host; elsewhere is another app's."""
        history: list[TestResponse] = []
        while response.status_code in (301, 302, 303, 307, 308):
            here = urljoin(self.base_url, target)
            found = urlsplit(urljoin(here, response.headers["Location"]))
            if found.netloc != urlsplit(self.base_url).netloc:
                break
            if len(history) == 20:
                raise RuntimeError("More than 20 redirects.")
            history.append(response)
            target = found.path + (f"?{found.query}" if found.query else "")
            # RFC 9110, 15.4: 307 and 308 keep the method and the body.
            if response.status_code not in (307, 308) and method != "HEAD":
                method, headers, body = "GET", [], b""
            response = self.open(method, target, headers=headers, body=body)
        response.history = history
        return response

    def _cookie_header(self, path: str) -> str:
        now = time.time()
        fitting = [
            (folder, f"{name}={value}")
            for (name, folder), (value, expires) in self._jar.items()
            if _covers(folder, path) and (expires is None or expires > now)
        ]
        # RFC 6265, 5.4: longer paths first.
        return "; ".join(text for _, text in sorted(fitting, key=lambda f: -len(f[0])))

    def _keep_cookies(self, response: TestResponse, target: str) -> None:
        # RFC 6265, 5.1.4: by default a cookie is for the folder it was set in.
        folder = target.partition("?")[0].rpartition("/")[0] or "/"
        for header in response.headers.getlist("Set-Cookie"):
            pair, *attributes = header.split(";")
            name, _, value = pair.strip().partition("=")
            said = {
                key.strip().lower(): text.strip()
                for key, _, text in (each.partition("=") for each in attributes)
            }
            expires = _expiry(said)
            given = said.get("path", "")
            key = (name, given if given.startswith("/") else folder)
            if expires is not None and expires <= time.time():
                self._jar.pop(key, None)
            else:
                self._jar[key] = (value, expires)


def _covers(folder: str, path: str) -> bool:
    """RFC 6265, 5.1.4: path-match."""
    return path == folder or (
        path.startswith(folder) and (folder.endswith("/") or path[len(folder)] == "/")
    )


def _expiry(said: Mapping[str, str]) -> float | None:
    age = said.get("max-age", "")
    if age.lstrip("-").isdigit():
        return time.time() + int(age)
    moment = parse_http_date(said.get("expires", ""))
    return moment.timestamp() if moment else None


def _encode(data: Fields | None, json: Any, body: bytes) -> tuple[str, bytes]:
    if json is not None:
        from json import dumps

        return "application/json", dumps(json).encode()
    if data is None:
        return "", body
    if any(isinstance(value, tuple) for value in data.values()):
        return encode_multipart(data)
    return "application/x-www-form-urlencoded", encode_query(data).encode()


def encode_multipart(data: Fields) -> tuple[str, bytes]:
    """``(content type, body)`` of a form; files are ``(filename, bytes[, type])``."""
    import secrets

    boundary = secrets.token_hex(16)
    parts: list[bytes] = []
    for name, value in data.items():
        for each in value if isinstance(value, list) else [value]:
            parts.append(f"--{boundary}\r\n".encode() + _part(name, each) + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)


def _part(name: str, value: Any) -> bytes:
    head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if not isinstance(value, tuple):
        return f"{head}\r\n\r\n{value}".encode()
    filename, content, *kind = value
    head += f'; filename="{_quoted(filename)}"'
    head += f"\r\nContent-Type: {kind[0] if kind else 'application/octet-stream'}"
    return f"{head}\r\n\r\n".encode() + bytes(content)


def _quoted(text: str) -> str:
    """WHATWG, "multipart/form-data encoding": these three are percent-encoded."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
