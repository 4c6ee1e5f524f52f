from wsgiref.validate import validator

import pytest

from fwtrace.toolkit.http.errors import HTTPError
from fwtrace.toolkit.wsgi.client import (
    Client,
    TestResponse,
    build_environ,
    encode_multipart,
    run_app,
)
from fwtrace.toolkit.wsgi.request import Request
from fwtrace.toolkit.wsgi.response import JsonResponse, Response, redirect


def view(function):
    """The function of a request as a WSGI app that PEP 3333's checker watches."""
    return validator(
        lambda environ, start_response: function(Request(environ))(
            environ, start_response
        )
    )


def echo(request):
    """What arrived, as JSON."""
    data = {
        "method": request.method,
        "path": request.path,
        "query": request.query.to_dict(flat=False),
        "type": request.mimetype,
        "body": request.body.decode("latin-1"),
        "cookies": request.cookies,
    }
    return JsonResponse(data)


def test_build_environ_is_valid_and_decoded_as_wsgi_has_it():
    environ = build_environ("post", "/a%20b/é?x=é", query={"y": [1, 2]}, body=b"abc")
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["PATH_INFO"] == "/a b/é".encode().decode("latin-1")
    assert environ["QUERY_STRING"] == "x=%C3%A9&y=1&y=2"
    assert environ["CONTENT_LENGTH"] == "3"
    assert environ["wsgi.input"].read() == b"abc"
    assert run_app(validator(Response("checks the environ")), environ)[0] == "200 OK"


def test_build_environ_joins_headers_that_come_twice():
    headers = [("X-Tag", "a"), ("x-tag", "b"), ("Cookie", "a=1"), ("Cookie", "b=2")]
    environ = build_environ(headers=[*headers, ("Content-Type", "text/css")])
    assert environ["HTTP_X_TAG"] == "a, b"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["CONTENT_TYPE"] == "text/css"


def test_build_environ_takes_the_server_from_the_base_url():
    environ = build_environ(base_url="https://example.org:444")
    assert environ["wsgi.url_scheme"] == "https"
    assert environ["HTTP_HOST"] == "example.org:444"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("example.org", "444")
    assert build_environ(base_url="https://a")["SERVER_PORT"] == "443"


def test_run_app_collects_what_is_written_and_closes_the_body():
    closed = []

    class Body(list):
        def close(self):
            closed.append(1)

    def app(environ, start_response):
        write = start_response("200 OK", [("X-Tag", "a")])
        write(b"one ")
        return Body([b"two"])

    assert run_app(app, build_environ()) == ("200 OK", [("X-Tag", "a")], b"one two")
    assert closed == [1]


def test_run_app_closes_the_body_of_an_app_that_raises():
    closed = []

    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            yield b"a"
            raise LookupError("in the middle")
        finally:
            closed.append(1)

    with pytest.raises(LookupError):
        run_app(app, build_environ())
    assert closed == [1]


def test_run_app_refuses_an_app_that_does_not_start_or_starts_twice():
    with pytest.raises(RuntimeError, match="without calling start_response"):
        run_app(lambda environ, start_response: [], build_environ())

    def twice(environ, start_response):
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    with pytest.raises(RuntimeError, match="twice"):
        run_app(twice, build_environ())


@pytest.mark.parametrize("sent", [False, True], ids=["before", "after"])
def test_run_app_takes_another_start_for_an_error_before_the_body(sent):
    def app(environ, start_response):
        write = start_response("200 OK", [])
        if sent:
            write(b"a")
        error = LookupError("late")
        start_response("500 Sorry", [], (LookupError, error, None))
        return [b"sorry"]

    if sent:
        with pytest.raises(LookupError):
            run_app(app, build_environ())
    else:
        assert run_app(app, build_environ())[0] == "500 Sorry"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_client_sends_every_method(method):
    client = Client(view(echo))
    found = getattr(client, method)("/a?x=1", query={"y": "2"}, body=b"hi").json
    assert found["method"] == method.upper()
    assert found["query"] == {"x": ["1"], "y": ["2"]}
    assert found["body"] == "hi"


def test_client_head_and_options():
    client = Client(view(echo))
    assert client.head("/").body == b""
    assert client.options("/").json["method"] == "OPTIONS"


def test_client_encodes_forms_json_and_files():
    client = Client(view(echo))
    form = client.post("/", data={"a": "é &", "b": [1, 2]}).json
    assert form["type"] == "application/x-www-form-urlencoded"
    assert form["body"] == "a=%C3%A9+%26&b=1&b=2"
    assert client.post("/", json={"a": 1}).json["body"] == '{"a": 1}'
    assert client.post("/", json=[], headers={"content-type": "x/y"}).json["type"] == (
        "x/y"
    )
    upload = client.post("/", data={"f": ("n", b"x")}).json
    assert upload["type"] == "multipart/form-data"


def test_encode_multipart_round_trips_through_the_request():
    data = {"a": ["1", "é"], 'q"\r\n': "x", "f": ("n.css", b"\0\r\n--", "text/css")}
    kind, body = encode_multipart(data)
    environ = build_environ("POST", headers=[("Content-Type", kind)], body=body)
    request = Request(environ)
    assert request.form.getlist("a") == ["1", "é"]
    assert request.files["f"].content_type == "text/css"
    assert request.files["f"].read() == b"\0\r\n--"
    request.close()


def counting(request):
    count = int(request.cookies.get("count", 0)) + 1
    response = Response(str(count))
    response.set_cookie("count", str(count), max_age=60)
    return response


def test_client_keeps_cookies():
    client = Client(view(counting))
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
    assert client.cookies == {"count": "3"}
    client.set_cookie("count", "10")
    assert client.get("/").text == "11"


def setting(cookie):
    response = Response("", headers={"Set-Cookie": cookie})
    client = Client(view(lambda request: response))
    client.get("/deep/page")
    return client


def test_client_sends_a_cookie_below_its_path_only():
    client = setting("a=1; Path=/blog")
    client.app = view(echo)
    for path, sent in [("/blog", True), ("/blog/x", True), ("/blogs", False)]:
        assert ("a" in client.get(path).json["cookies"]) == sent


def test_client_cookie_without_a_path_is_for_the_folder():
    client = setting("a=1")
    client.app = view(echo)
    assert client.get("/deep/other").json["cookies"] == {"a": "1"}
    assert client.get("/").json["cookies"] == {}


@pytest.mark.parametrize(
    "cookie",
    [
        "a=1; Path=/; Max-Age=0",
        "a=1; Path=/; Max-Age=-1; Expires=Fri, 31 Dec 2100 00:00:00 GMT",
        "a=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ],
)
def test_client_drops_a_cookie_that_has_expired(cookie):
    client = setting(cookie)
    assert client.cookies == {}


def test_client_forgets_a_cookie_when_its_time_comes(monkeypatch):
    client = setting("a=1; Path=/; Max-Age=60")
    client.app = view(echo)
    assert client.get("/").json["cookies"] == {"a": "1"}
    monkeypatch.setattr("time.time", lambda: 1e11)
    assert client.get("/").json["cookies"] == client.cookies == {}


def hops(request):
    """Redirects to the next lower number, with the status asked for."""
    number = int(request.path[1:])
    if not number:
        return echo(request)
    return redirect(f"{number - 1}?code=303", int(request.query.get("code", 302)))


def test_client_follows_redirects():
    client = Client(view(hops))
    assert client.get("/2").status_code == 302
    response = client.get("/2", follow_redirects=True)
    assert response.json["path"] == "/0"
    assert [each.status_code for each in response.history] == [302, 303]
    with pytest.raises(RuntimeError, match="20 redirects"):
        client.get("/50", follow_redirects=True)


@pytest.mark.parametrize(
    ("code", "method", "body"), [(303, "GET", ""), (307, "POST", "a=1")]
)
def test_client_repeats_the_body_where_the_status_says_so(code, method, body):
    client = Client(view(hops))
    found = client.post(
        "/1", query={"code": code}, data={"a": 1}, follow_redirects=True
    )
    assert (found.json["method"], found.json["body"]) == (method, body)


def test_client_does_not_follow_to_another_host():
    client = Client(view(lambda request: redirect("https://example.org/")))
    assert client.get("/", follow_redirects=True).status_code == 302


def test_client_lets_the_apps_exception_out():
    def failing(environ, start_response):
        raise HTTPError(418)

    with pytest.raises(HTTPError):
        Client(failing).get("/")


def test_test_response_repr():
    assert repr(TestResponse("200 OK", [], b"")) == "<TestResponse 200 OK>"
