"""The test client and what runs commands: an app without a server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fwtrace.frameworks.flask.cookies import dump_cookie, parse_cookie
from fwtrace.frameworks.flask.datastructures import (
    Headers,
)
from fwtrace.frameworks.flask.environs import EnvironBuilder
from fwtrace.frameworks.flask.wrappers import BaseResponse, Request, Response
from fwtrace.toolkit.http.dates import parse_http_date
from fwtrace.toolkit.wsgi.types import Environ, WSGIApp

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask
    from fwtrace.frameworks.flask.sessions import SessionMixin

__all__ = ["Cookie", "EnvironBuilder", "FlaskClient", "TestResponse"]

AGENT = "fwtrace-flask"


class Cookie:
    """A cookie that the client keeps. ``value`` is as it was sent, ``decoded_value``
    what the application sees of it."""

    def __init__(self, host: str, path: str, header: str) -> None:
        pair, *attributes = header.split(";")
        self.key, _, self.value = (part.strip() for part in pair.partition("="))
        said = {}
        for attribute in attributes:
            name, _, value = attribute.partition("=")
            said[name.strip().lower()] = value.strip()
        self.decoded_key = self.key
        self.decoded_value = parse_cookie(f"x={self.value}").get("x", [""])[0]
        self.expires = parse_http_date(said.get("expires", ""))
        age = said.get("max-age", "")
        self.max_age = int(age) if age.lstrip("-").isdigit() else None
        domain = said.get("domain", "").lstrip(".")
        self.domain = domain or host
        self.origin_only = not domain
        folder = said.get("path", "")
        self.path = folder if folder else path.rpartition("/")[0] or "/"
        self.secure = True if "secure" in said else None
        self.http_only = True if "httponly" in said else None
        self.same_site = said.get("samesite")

    @property
    def is_over(self) -> bool:
        if self.max_age is not None:
            return self.max_age <= 0
        now = datetime.now(UTC) - timedelta(seconds=1)
        return self.expires is not None and self.expires <= now

    @property
    def storage_key(self) -> tuple[str, str, str]:
        return self.domain, self.path, self.decoded_key

    def fits(self, host: str, path: str) -> bool:
        """Whether it is sent there (RFC 6265, 5.1.3 and 5.1.4)."""
        same = host == self.domain or (
            not self.origin_only and host.endswith(f".{self.domain}")
        )
        folder = self.path
        below = path == folder or path.startswith(f"{folder.rstrip('/')}/")
        return same and below


class TestResponse(Response):
    """What came back. ``request`` is what was sent, ``history`` the responses that
    redirected, ``text`` the body as text."""

    __test__ = False  # not a test class, whatever its name
    default_mimetype = None

    def __init__(
        self,
        response: Any,
        status: str,
        headers: Headers,
        request: Request,
        history: tuple[TestResponse, ...] = (),
    ) -> None:
        super().__init__(response, status, headers)
        self.request = request
        self.history = history

    @property
    def text(self) -> str:
        found: str = self.get_data(as_text=True)
        return found


class FlaskClient:
    """Calls an app as a browser would, keeping its cookies.

    ``with client:`` keeps the context of the last request, for looking at ``request``
    and ``session`` after it.
    """

    def __init__(
        self,
        application: Flask,
        response_wrapper: type[Any] | None = None,
        use_cookies: bool = True,
        allow_subdomain_redirects: bool = False,
    ) -> None:
        self.application = application
        self.response_wrapper = _wrapper(response_wrapper)
        self._cookies: dict[tuple[str, str, str], Cookie] | None = (
            {} if use_cookies else None
        )
        self.allow_subdomain_redirects = allow_subdomain_redirects
        self.preserve_context = False
        self._new_contexts: list[AbstractContextManager[Any]] = []
        self._context_stack = ExitStack()
        self.environ_base: dict[str, Any] = {
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": AGENT,
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.application!r}>"

    def __enter__(self) -> FlaskClient:
        if self.preserve_context:
            raise RuntimeError("Cannot nest client invocations")
        self.preserve_context = True
        return self

    def __exit__(self, *error: object) -> None:
        self.preserve_context = False
        self._context_stack.close()

    # Cookies.

    @property
    def _jar(self) -> dict[tuple[str, str, str], Cookie]:
        if self._cookies is None:
            raise TypeError(
                "Cookies are disabled. Create a client with 'use_cookies=True'."
            )
        return self._cookies

    def get_cookie(
        self, key: str, domain: str = "localhost", path: str = "/"
    ) -> Cookie | None:
        return self._jar.get((domain, path, key))

    def set_cookie(
        self,
        key: str,
        value: str = "",
        *,
        domain: str = "localhost",
        origin_only: bool = True,
        path: str = "/",
        **kwargs: Any,
    ) -> None:
        """Have the client send the cookie; to subdomains too unless ``origin_only``."""
        jar = self._jar
        header = dump_cookie(key, value, domain=domain, path=path, **kwargs)
        made = Cookie(domain, "/", header)
        made.origin_only = origin_only
        _keep(jar, made)

    def delete_cookie(
        self, key: str, *, domain: str = "localhost", path: str = "/"
    ) -> None:
        self._jar.pop((domain, path, key), None)

    def _add_cookies(self, environ: Environ) -> None:
        if self._cookies is None:
            return
        host, path = _place(environ)
        fitting = [c for c in self._cookies.values() if c.fits(host, path)]
        if fitting:
            pairs = (f"{cookie.key}={cookie.value}" for cookie in fitting)
            environ["HTTP_COOKIE"] = "; ".join(pairs)
        else:
            environ.pop("HTTP_COOKIE", None)

    def _keep_cookies(self, environ: Environ, headers: Headers) -> None:
        if self._cookies is not None:
            for header in headers.getlist("Set-Cookie"):
                _keep(self._cookies, Cookie(*_place(environ), header))

    @contextmanager
    def session_transaction(self, *args: Any, **kwargs: Any) -> Iterator[SessionMixin]:
        """The session that the client has, to change it; saved when the block ends."""
        jar = self._jar
        app = self.application
        context = app.test_request_context(*args, **kwargs)
        self._add_cookies(context.request.environ)
        interface = app.session_interface
        with context:
            session = interface.open_session(app, context.request)
        if session is None:
            raise RuntimeError(
                "The session interface opened no session. Has the app a secret key?"
            )
        yield session
        response = app.response_class()
        if interface.is_null_session(session):
            return
        with context:
            interface.save_session(app, session, response)
        host = context.request.host.partition(":")[0]
        for header in response.headers.getlist("Set-Cookie"):
            _keep(jar, Cookie(host, context.request.path, header))

    # Requests.

    def _copy_environ(self, other: Mapping[str, Any]) -> Environ:
        copied = {**self.environ_base, **other}
        if self.preserve_context:
            copied["werkzeug.debug.preserve_context"] = self._new_contexts.append
        return copied

    def _make_request(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        app = self.application
        if args and isinstance(args[0], EnvironBuilder):
            builder = copy(args[0])
            builder.environ_base = self._copy_environ(builder.environ_base or {})
            return builder.get_request()
        if args and isinstance(args[0], dict):
            base = self._copy_environ({})
            built = EnvironBuilder.from_environ(args[0], app, environ_base=base)
            return built.get_request()
        if args and isinstance(args[0], Request):
            request = copy(args[0])
            request.environ = self._copy_environ(request.environ)
            return request
        kwargs["environ_base"] = self._copy_environ(kwargs.get("environ_base") or {})
        builder = EnvironBuilder(app, *args, **kwargs)
        try:
            return builder.get_request()
        finally:
            builder.close()

    def open(
        self,
        *args: Any,
        buffered: bool = False,
        follow_redirects: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Send one request, as :class:`EnvironBuilder` takes it.

        ``buffered`` takes the whole body and closes it. Redirects are followed on this
        host only; RuntimeError for another.
        """
        request = self._make_request(args, kwargs)
        # A context that was kept is left before the next request.
        self._context_stack.close()
        response = self._run(request, buffered)
        if follow_redirects:
            response = self._follow(response, buffered)
        response.json_module = self.application.json
        for context in self._new_contexts:
            self._context_stack.enter_context(context)
        self._new_contexts.clear()
        return response

    def _run(self, request: Request, buffered: bool) -> Any:
        environ = request.environ
        self._add_cookies(environ)
        chunks, status, headers = run_wsgi_app(self.application, environ, buffered)
        self._keep_cookies(environ, headers)
        response = self.response_wrapper(chunks, status, headers, request=request)
        if isinstance(chunks, list):
            response.response = chunks
        return response

    def _follow(self, response: Any, buffered: bool) -> Any:
        history: list[Any] = []
        seen = set()
        while response.status_code in (301, 302, 303, 305, 307, 308):
            if not buffered:
                response.make_sequence()
                response.close()
            entry = (response.location, response.status_code)
            if entry in seen:
                raise ClientRedirectError(
                    f"Loop detected: the redirect to {response.location} was made "
                    "already."
                )
            seen.add(entry)
            response.history = tuple(history)
            history.append(response)
            response = self.resolve_redirect(response, buffered)
        response.history = tuple(history)
        return response

    def resolve_redirect(self, response: Any, buffered: bool = False) -> Any:
        """Go where a response sends the client."""
        target = urlsplit(response.location)
        before = response.request.environ
        builder = EnvironBuilder.from_environ(before, self.application)
        builder.environ_base = self._copy_environ(
            {"REMOTE_ADDR": before.get("REMOTE_ADDR", "127.0.0.1")}
        )
        if target.netloc:
            self._check_host(target.netloc.partition(":")[0], builder.server_name)
            builder.url_scheme = target.scheme or builder.url_scheme
            builder.host = target.netloc
            builder.environ_overrides = {
                **(builder.environ_overrides or {}),
                "HTTP_HOST": target.netloc,
            }
        root = builder.script_root
        builder.path = target.path
        if target.path == root or target.path.startswith(f"{root}/"):
            builder.path = target.path[len(root) :]
        else:
            builder.script_root = ""
        builder.query_string = target.query
        # RFC 9110, 15.4: 307 and 308 keep the method and the body.
        if response.status_code not in (307, 308):
            if builder.method != "HEAD":
                builder.method = "GET"
            builder.input_stream = None
            builder.content_type = None
        elif builder.input_stream is not None:
            builder.input_stream.seek(0)
        return self._run(builder.get_request(), buffered)

    def _check_host(self, to: str, here: str) -> None:
        if to == here:
            return
        if not to.endswith(f".{here}"):
            raise RuntimeError("Following external redirects is not supported.")
        if not self.allow_subdomain_redirects:
            raise RuntimeError("Following subdomain redirects is not enabled.")

    def get(self, *args: Any, **kw: Any) -> Any:
        return self.open(*args, **{**kw, "method": "GET"})

    def post(self, *args: Any, **kw: Any) -> Any:
        return self.open(*args, **{**kw, "method": "POST"})

    def put(self, *args: Any, **kw: Any) -> Any:
        return self.open(*args, **{**kw, "method": "PUT"})

    def delete(self, *args: Any, **kw: Any) -> Any:
        return self.open(*args, **{**kw, "method": "DELETE"})

    def patch(self, *args: Any, **kw: Any) -> Any:
        return self.open(*args, **{**kw, "method": "PATCH"})

    def options(self, *args: Any, **kw: Any) -> Any:
        return self.open(*args, **{**kw, "method": "OPTIONS"})

    def head(self, *args: Any, **kw: Any) -> Any:
        return self.open(*args, **{**kw, "method": "HEAD"})

    def trace(self, *args: Any, **kw: Any) -> Any:
        return self.open(*args, **{**kw, "method": "TRACE"})


class ClientRedirectError(Exception):
    """Redirects that lead to where they began."""


def _wrapper(response_class: type[Any] | None) -> type[Any]:
    if response_class is None or response_class in (Response, BaseResponse):
        return TestResponse
    if issubclass(response_class, TestResponse):
        return response_class
    return type("WrapperTestResponse", (TestResponse, response_class), {})


def _keep(jar: dict[tuple[str, str, str], Cookie], cookie: Cookie) -> None:
    if cookie.is_over:
        jar.pop(cookie.storage_key, None)
    else:
        jar[cookie.storage_key] = cookie


def _place(environ: Environ) -> tuple[str, str]:
    """``(host, path)`` of a request, for cookies."""
    url = urlsplit(f"//{environ['HTTP_HOST']}")
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return url.hostname or "localhost", path


def run_wsgi_app(
    app: WSGIApp, environ: Environ, buffered: bool = False
) -> tuple[Any, str, Headers]:
    """``(chunks, status line, headers)``; the body is produced as it is read, unless
    ``buffered``."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Any:
        started[:] = [(status, headers)]
        return written.append

    chunks = app(environ, start_response)
    close = getattr(chunks, "close", None)
    if isinstance(chunks, (tuple, list)) and not buffered:
        body: Any = [*written, *chunks]
    elif buffered:
        try:
            body = [*written, *chunks]
        finally:
            if close is not None:
                close()
    else:
        iterator = iter(chunks)
        while not started:
            written.append(next(iterator))
        body = _Body(written, iterator, close)
    status, pairs = started[0]
    headers = Headers()
    headers._list.extend(pairs)
    return body, status, headers


class _Body(Iterator[bytes]):
    def __init__(self, first: list[bytes], rest: Iterable[bytes], close: Any) -> None:
        self._first = iter(first)
        self._rest = iter(rest)
        if close is not None:
            self.close = close

    def __next__(self) -> bytes:
        for chunk in self._first:
            return chunk
        return next(self._rest)


def __getattr__(name: str) -> Any:
    """``FlaskCliRunner``, which needs click."""
    if name == "FlaskCliRunner":
        from fwtrace.frameworks.flask.cli import FlaskCliRunner

        return FlaskCliRunner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
