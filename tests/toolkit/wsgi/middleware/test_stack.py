"""What holds of every middleware: PEP 3333, outside and inside, whatever the app."""

import logging
from wsgiref.validate import validator

import pytest

from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app
from fwtrace.toolkit.wsgi.middleware import stack
from fwtrace.toolkit.wsgi.middleware.access_log import AccessLogMiddleware
from fwtrace.toolkit.wsgi.middleware.cors import CORSMiddleware
from fwtrace.toolkit.wsgi.middleware.errors import ErrorsMiddleware
from fwtrace.toolkit.wsgi.middleware.gzip import GZipMiddleware
from fwtrace.toolkit.wsgi.middleware.request_id import RequestIdMiddleware
from fwtrace.toolkit.wsgi.middleware.security import SecurityHeadersMiddleware
from fwtrace.toolkit.wsgi.middleware.session import SessionMiddleware
from fwtrace.toolkit.wsgi.middleware.timing import TimingMiddleware

ALL = (
    AccessLogMiddleware,
    CORSMiddleware,
    ErrorsMiddleware,
    GZipMiddleware,
    RequestIdMiddleware,
    SecurityHeadersMiddleware,
    SessionMiddleware,
    TimingMiddleware,
)
TEXT = [("Content-Type", "text/plain")]
HEADERS = [("Accept-Encoding", "gzip"), ("Origin", "https://a.org")]

every = pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)


@pytest.fixture(autouse=True)
def log_all(caplog):
    """So that the access log is not passed by."""
    caplog.set_level(logging.INFO, "fwtrace.access")


class Chunks:
    """A body that notes what happens to it."""

    def __init__(self, *chunks):
        self.chunks = iter(chunks)
        self.events: list[str] = []

    def __iter__(self):
        return self

    def __next__(self):
        chunk = next(self.chunks)
        self.events.append("next")
        return chunk

    def close(self):
        self.events.append("close")


def returning(body):
    def app(environ, start_response):
        start_response("200 OK", list(TEXT))
        return body

    return app


@every
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_middleware_keeps_to_the_protocol(cls, method):
    body = [b""] if method == "HEAD" else [b"hello ", b"world"]
    app = validator(cls(validator(returning(body))))
    environ = build_environ(method, "/x", headers=HEADERS, query={"a": "1"})
    status, _, _ = run_app(app, environ)
    assert status == "200 OK"


@every
def test_middleware_keeps_its_next_app(cls):
    app = returning([b"x"])
    assert cls(app).app is app


@every
def test_middleware_passes_chunks_on_as_they_come(cls):
    body = Chunks(b"one", b"two", b"three")
    app = cls(returning(body))
    chunks = iter(app(build_environ(), lambda *args: lambda data: None))
    assert body.events == []
    assert next(chunks) == b"one"
    assert body.events == ["next"]
    assert next(chunks) == b"two"
    assert body.events == ["next", "next"]


@every
def test_middleware_closes_the_body_once(cls):
    body = Chunks(b"one", b"two")
    run_app(cls(returning(body)), build_environ(headers=HEADERS))
    assert body.events == ["next", "next", "close"]


@every
def test_middleware_closes_a_body_that_is_given_up(cls):
    body = Chunks(b"one", b"two")
    answer = cls(returning(body))(build_environ(headers=HEADERS), _ignore)
    next(iter(answer))
    answer.close()
    if answer is not body:
        answer.close()
    assert body.events == ["next", "close"]


def _ignore(status, headers, exc_info=None):
    return lambda data: None


@every
def test_middleware_takes_a_generator_that_starts_late(cls):
    def app(environ, start_response):
        start_response("200 OK", list(TEXT))
        yield b"late"

    response = Client(validator(cls(validator(app)))).get("/")
    assert (response.status_code, response.text) == (200, "late")


@every
def test_middleware_hands_on_write(cls):
    def app(environ, start_response):
        write = start_response("200 OK", list(TEXT))
        write(b"written ")
        return [b"returned"]

    response = Client(validator(cls(app))).get("/")
    assert response.text == "written returned"


@every
def test_middleware_hands_on_exc_info(cls):
    """The server replaces the headers, or raises, as it sees fit."""

    def app(environ, start_response):
        start_response("200 OK", list(TEXT))
        try:
            raise ValueError("late")
        except ValueError as error:
            told = (ValueError, error, error.__traceback__)
            start_response("500 Internal Server Error", list(TEXT), told)
        return [b"sorry"]

    seen = []

    def start_response(status, headers, exc_info=None):
        seen.append((status[:3], exc_info[0] if exc_info else None))
        return lambda data: None

    cls(app)(build_environ(headers=HEADERS), start_response)
    assert seen == [("200", None), ("500", ValueError)]


@every
def test_middleware_does_not_touch_the_apps_list_of_headers(cls):
    headers = list(TEXT)

    def app(environ, start_response):
        start_response("200 OK", headers)
        return [b"x" * 1000]

    run_app(cls(app), build_environ(headers=HEADERS))
    assert headers == TEXT


@every
def test_middleware_lets_exceptions_through(cls):
    def app(environ, start_response):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_app(cls(app), build_environ(headers=HEADERS))


def test_stack_is_a_fold_the_first_is_outermost():
    inner = returning([b"x"])
    app = stack(inner, [TimingMiddleware, (GZipMiddleware, {"level": 9})])
    assert isinstance(app, TimingMiddleware)
    assert isinstance(app.app, GZipMiddleware)
    assert (app.app.level, app.app.app) == (9, inner)


def test_all_together_keep_to_the_protocol():
    app = validator(returning([b"hello " * 200]))
    app = validator(stack(app, ALL))
    response = Client(app).get("/", headers=HEADERS)
    assert response.status_code == 200
    names = {name.lower() for name in response.headers.keys()}
    assert names >= {
        "access-control-allow-origin",
        "content-encoding",
        "server-timing",
        "vary",
        "x-content-type-options",
        "x-request-id",
    }
