from wsgiref.validate import validator

import pytest

from fwtrace.toolkit.wsgi.client import Client
from fwtrace.toolkit.wsgi.middleware.cors import CORSMiddleware

OURS = "https://example.org"


def saying(*headers):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return [environ["REQUEST_METHOD"].encode()]

    return app


def ask(*headers, origin=OURS, **options):
    app = CORSMiddleware(validator(saying(*headers)), **options)
    return Client(validator(app)).get("/", headers={"Origin": origin})


def preflight(origin=OURS, **options):
    return Client(validator(CORSMiddleware(saying(), **options))).options(
        "/", headers={"Origin": origin, "Access-Control-Request-Method": "PUT"}
    )


def test_cors_lets_any_origin_read():
    response = ask()
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in response.headers


def test_cors_lets_the_named_origin_read():
    options = {"origins": [OURS], "credentials": True, "expose": ["X-Total"]}
    headers = ask(**options).headers
    assert headers["Access-Control-Allow-Origin"] == OURS
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert headers["Access-Control-Expose-Headers"] == "X-Total"
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "origin", ["https://evil.org", OURS + ".evil.org", "null", "", OURS.upper()]
)
def test_cors_says_nothing_to_others(origin):
    response = ask(origins=[OURS], origin=origin)
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Vary"] == "Origin"


def test_cors_answers_preflights_itself():
    response = preflight(methods=["GET", "PUT"], headers=["X-Token"], max_age=5)
    assert (response.status_code, response.body) == (204, b"")
    assert response.headers["Access-Control-Allow-Methods"] == "GET, PUT"
    assert response.headers["Access-Control-Allow-Headers"] == "X-Token"
    assert response.headers["Access-Control-Max-Age"] == "5"


def test_cors_preflight_of_others_grants_nothing():
    response = preflight("https://evil.org", origins=[OURS])
    assert response.status_code == 204
    assert response.headers.to_list() == [("Vary", "Origin")]


def test_cors_leaves_plain_options_to_the_app():
    client = Client(CORSMiddleware(saying()))
    assert client.options("/").text == "OPTIONS"
    assert client.options("/", headers={"Origin": OURS}).text == "OPTIONS"


def test_cors_leaves_an_app_that_answers_for_itself():
    response = ask(("access-control-allow-origin", "https://else.org"))
    fields = response.headers.getlist("Access-Control-Allow-Origin")
    assert fields == ["https://else.org"]


def test_cors_refuses_credentials_for_any_origin():
    with pytest.raises(ValueError, match="Name the origins"):
        CORSMiddleware(saying(), credentials=True)


def test_cors_refuses_one_text_for_a_list():
    with pytest.raises(TypeError, match=r"origins is a list, such as \['https"):
        CORSMiddleware(saying(), origins=OURS)
