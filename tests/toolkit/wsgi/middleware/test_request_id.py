import pytest

from fwtrace.toolkit.wsgi.client import Client
from fwtrace.toolkit.wsgi.middleware.request_id import RequestIdMiddleware


def echo(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["fwtrace.request_id"].encode()]


def test_request_id_is_made_for_app_and_client():
    client = Client(RequestIdMiddleware(echo))
    first, second = client.get("/"), client.get("/")
    assert first.headers["X-Request-ID"] == first.text
    assert len(first.text) == 32
    assert first.text != second.text


def test_request_id_of_the_client_is_kept():
    client = Client(RequestIdMiddleware(echo, header="X-Trace"))
    response = client.get("/", headers={"X-Trace": "abc-1.2_3"})
    assert response.headers["X-Trace"] == response.text == "abc-1.2_3"


@pytest.mark.parametrize("given", ["", "a b", "a\r\nSet-Cookie: x=1", "é", "x" * 65])
def test_request_id_that_is_unsafe_is_replaced(given):
    response = Client(RequestIdMiddleware(echo)).get(
        "/", headers={"X-Request-ID": given}
    )
    assert response.text != given
    assert len(response.text) == 32


def test_request_id_refuses_a_header_that_is_none():
    with pytest.raises(ValueError, match="no header name"):
        RequestIdMiddleware(echo, header="X Request")
