import logging
import re
from typing import Any

import pytest

from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app
from fwtrace.toolkit.wsgi.middleware.access_log import AccessLogMiddleware

LINE = re.compile(r"127\.0\.0\.1 (.*) (\S+) (\d+) bytes \d+\.\d\d ms")


@pytest.fixture
def lines(caplog):
    """What was logged: ``("GET /", "200", "5")`` for each request."""
    caplog.set_level(logging.INFO, "fwtrace.access")

    def read():
        found = [LINE.fullmatch(message) for message in caplog.messages]
        return [match.groups() if match else None for match in found]

    return read


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"he", b"llo"]


def called(app) -> Any:
    """The body that the server gets."""
    return app(build_environ(), lambda *args: None)


def test_access_log_has_a_line_for_each_request(lines):
    client = Client(AccessLogMiddleware(hello))
    client.get("/users/1", query={"token": "secret"})
    client.post("/users")
    assert lines() == [("GET /users/1", "200", "5"), ("POST /users", "200", "5")]


def test_access_log_writes_once_the_body_is_closed(lines):
    body = called(AccessLogMiddleware(hello))
    list(body)
    assert lines() == []
    body.close()
    body.close()
    assert len(lines()) == 1


def test_access_log_counts_what_is_written(lines):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])(b"1234")
        return [b"5"]

    Client(AccessLogMiddleware(app)).get("/")
    assert lines() == [("GET /", "200", "5")]


def test_access_log_tells_of_an_app_that_raises(lines):
    def app(environ, start_response):
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        Client(AccessLogMiddleware(app)).get("/")
    assert lines() == [("GET /", "500", "0")]


def test_access_log_tells_of_a_body_that_raises(lines):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield from ()
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        Client(AccessLogMiddleware(app)).get("/")
    assert lines() == [("GET /", "500", "0")]


def test_access_log_takes_no_line_from_the_path(lines):
    environ = build_environ("GET", "/")
    environ["PATH_INFO"] = "/a\n10.0.0.1 GET / 200\x1b[2J é"
    run_app(AccessLogMiddleware(hello), environ)
    assert lines() == [("GET /a%0A10.0.0.1%20GET%20/%20200%1B%5B2J%20%E9", "200", "5")]


def test_access_log_steps_aside_where_nobody_listens():
    answer = called(AccessLogMiddleware(hello))
    assert type(answer) is list
