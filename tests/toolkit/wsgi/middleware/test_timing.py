import re

import pytest

from fwtrace.toolkit.wsgi.client import Client
from fwtrace.toolkit.wsgi.middleware.timing import TimingMiddleware


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def test_timing_tells_milliseconds():
    response = Client(TimingMiddleware(hello)).get("/")
    assert re.fullmatch(r"app;dur=\d+\.\d\d", response.headers["Server-Timing"])


def test_timing_layers_have_their_names():
    response = Client(TimingMiddleware(TimingMiddleware(hello), name="all")).get("/")
    values = response.headers.getlist("Server-Timing")
    assert [value.partition(";")[0] for value in values] == ["app", "all"]


def test_timing_refuses_a_name_that_is_no_token():
    with pytest.raises(ValueError, match="must be one token"):
        TimingMiddleware(hello, name="my app")
