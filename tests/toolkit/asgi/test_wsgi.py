"""WSGIMiddleware: a WSGI app inside an ASGI app."""

import asyncio
import sys
import threading

import pytest

pytestmark = [
    # Starlette would rather have httpx2 under its test client.
    pytest.mark.filterwarnings("ignore:Using .httpx."),
    # Starlette is going to drop the module; it warns when it is imported.
    pytest.mark.filterwarnings("ignore:.*wsgi is deprecated"),
]


@pytest.fixture
def wrap(part):
    try:
        return part("middleware.wsgi").WSGIMiddleware
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("starlette."):
            raise
        pytest.skip("this Starlette has no WSGIMiddleware any more")


@pytest.fixture
def client(part, wrap):
    """``client(wsgi_app)``: a test client around the wrapped app."""

    def build(app, **options):
        return part("testclient").TestClient(wrap(app), **options)

    return build


@pytest.fixture
def environ(client, part):
    """``environ("POST", "/a")``: the environ that a WSGI app gets for a request."""

    def ask(method, url, mount=None, **request):
        seen = {}

        def app(environ, start_response):
            seen.update(environ, body=environ["wsgi.input"].read())
            start_response("200 OK", [])
            return []

        web = client(app) if mount is None else mounted(mount, app)
        web.request(method, url, **request)
        return seen

    def mounted(path, app):
        routing = part("routing")
        wsgi = part("middleware.wsgi").WSGIMiddleware
        router = routing.Router([routing.Mount(path, wsgi(app))])
        return part("testclient").TestClient(router)

    return ask


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-One", "1")])
    return [b"hello ", b"world"]


def http_scope(**changes):
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "root_path": "",
        "query_string": b"",
        "headers": [],
    }
    return scope | changes


def call(app, scope=None, requests=(b"",), send=None):
    """Run an ASGI app once by hand and return the messages it sent."""
    sent = []
    last = len(requests) - 1
    waiting = [
        {"type": "http.request", "body": body, "more_body": number < last}
        for number, body in enumerate(requests)
    ]

    async def receive():
        return waiting.pop(0)

    async def keep(message):
        sent.append(message)
        if send is not None:
            send(message)

    asyncio.run(asyncio.wait_for(app(scope or http_scope(), receive, keep), 10))
    return sent


# The answer


def test_status_headers_and_body(client):
    response = client(hello).get("/")
    assert (response.status_code, response.text) == (200, "hello world")
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["x-one"] == "1"


@pytest.mark.parametrize(
    ("status", "code"),
    [("201 Created", 201), ("404 Not Found", 404), ("299 Any words at all", 299)],
)
def test_the_number_of_the_status_line_is_the_status(client, status, code):
    def app(environ, start_response):
        start_response(status, [])
        return []

    assert client(app).get("/").status_code == code


def test_a_header_may_come_twice(client):
    def app(environ, start_response):
        start_response("200 OK", [("X-A", "1"), ("X-A", "2")])
        return []

    assert client(app).get("/").headers.get_list("x-a") == ["1", "2"]


def test_header_names_are_sent_in_lower_case(wrap):
    start, *_ = call(wrap(hello))
    assert sorted(start["headers"]) == [
        (b"content-type", b"text/plain"),
        (b"x-one", b"1"),
    ]


def test_every_chunk_is_a_message_and_an_empty_one_ends(wrap):
    start, *body = call(wrap(hello))
    assert start["type"] == "http.response.start"
    assert [message["body"] for message in body] == [b"hello ", b"world", b""]
    assert [message.get("more_body", False) for message in body] == [
        *(True, True, False)
    ]


def test_a_chunk_is_sent_before_the_next_one_is_made(wrap):
    seen = threading.Event()

    def app(environ, start_response):
        start_response("200 OK", [])
        yield b"first"
        assert seen.wait(10)
        yield b"second"

    def send(message):
        if message.get("body") == b"first":
            seen.set()

    messages = call(wrap(app), send=send)
    assert [message.get("body") for message in messages] == [
        *(None, b"first", b"second", b"")
    ]


def test_start_response_may_wait_for_the_first_chunk(client):
    def app(environ, start_response):
        start_response("202 Accepted", [])
        yield b"later"

    response = client(app).get("/")
    assert (response.status_code, response.text) == (202, "later")


def test_the_app_runs_in_another_thread(client):
    threads = []

    def app(environ, start_response):
        threads.append(threading.get_ident())
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        start_response("200 OK", [])
        return []

    client(app).get("/")
    assert threads != [threading.get_ident()]


# The environ


def test_environ_of_a_plain_request(environ):
    seen = environ("GET", "/a/b?c=d&e=%20")
    expected = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a/b",
        "QUERY_STRING": "c=d&e=%20",
        "SERVER_NAME": "testserver",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "testclient",
        "HTTP_HOST": "testserver",
        "HTTP_USER_AGENT": "testclient",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.multithread": True,
        "wsgi.run_once": False,
    }
    assert {key: seen[key] for key in expected} == expected
    assert str(seen["SERVER_PORT"]) == "80"
    assert hasattr(seen["wsgi.errors"], "write")
    assert seen["body"] == b""
    assert "CONTENT_TYPE" not in seen


def test_environ_of_https(environ):
    seen = environ("GET", "https://shop.example:8443/")
    assert seen["wsgi.url_scheme"] == "https"
    assert seen["SERVER_NAME"] == "shop.example"
    assert str(seen["SERVER_PORT"]) == "8443"


@pytest.mark.parametrize(
    ("url", "script_name", "path_info"),
    [
        ("/shop/", "/shop", "/"),
        ("/shop/items/3", "/shop", "/items/3"),
        ("/shop/shop", "/shop", "/shop"),
        ("/shop/a%20b", "/shop", "/a b"),
    ],
)
def test_environ_under_a_mount(environ, url, script_name, path_info):
    seen = environ("GET", url, mount="/shop")
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == (script_name, path_info)


@pytest.mark.parametrize(
    ("root_path", "path", "path_info"),
    [
        ("", "/a", "/a"),
        ("/app", "/app", ""),
        ("/app", "/app/a", "/a"),
        ("/app", "/application", "/application"),
        ("/app", "/other", "/other"),
    ],
)
def test_the_root_path_is_cut_off_at_a_slash_only(wrap, root_path, path, path_info):
    seen = {}

    def app(environ, start_response):
        seen.update(environ)
        start_response("200 OK", [])
        return []

    call(wrap(app), http_scope(root_path=root_path, path=path))
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == (root_path, path_info)


def test_the_path_is_utf_8_read_as_latin_1(environ):
    assert environ("GET", "/é")["PATH_INFO"] == "/é".encode().decode("latin-1")


@pytest.mark.parametrize("body", [b"", b"abc", bytes(range(256)) * 1000])
def test_the_body(environ, body):
    seen = environ("POST", "/", content=body, headers={"content-type": "x/y"})
    assert seen["body"] == body
    assert seen["CONTENT_TYPE"] == "x/y"
    assert seen["CONTENT_LENGTH"] == str(len(body))
    assert "HTTP_CONTENT_TYPE" not in seen
    assert "HTTP_CONTENT_LENGTH" not in seen


def test_a_body_in_pieces_is_put_together(wrap):
    seen = []

    def app(environ, start_response):
        seen.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return []

    call(wrap(app), http_scope(method="POST"), [b"one ", b"two ", b"three"])
    assert seen == [b"one two three"]


def test_a_header_that_comes_twice_is_joined(wrap):
    seen = {}

    def app(environ, start_response):
        seen.update(environ)
        start_response("200 OK", [])
        return []

    headers = [(b"x-a-b", b"1"), (b"x-a-b", b"2"), (b"x-c", b"\xe9")]
    call(wrap(app), http_scope(headers=headers))
    assert seen["HTTP_X_A_B"] == "1,2"
    assert seen["HTTP_X_C"] == "é"


def test_a_scope_without_server_or_client(wrap):
    seen = {}

    def app(environ, start_response):
        seen.update(environ)
        start_response("200 OK", [])
        return []

    call(wrap(app), http_scope(server=None, client=None))
    assert seen["SERVER_NAME"] == "localhost"
    assert str(seen["SERVER_PORT"]) == "80"
    assert "REMOTE_ADDR" not in seen


# Errors


def test_an_error_before_the_answer_is_raised(client):
    def app(environ, start_response):
        raise ValueError("tea")

    with pytest.raises(ValueError, match="tea"):
        client(app).get("/")
    response = client(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500


def test_an_error_in_the_middle_of_the_body_is_raised(client):
    def app(environ, start_response):
        start_response("200 OK", [])
        yield b"half"
        raise ValueError("tea")

    with pytest.raises(ValueError, match="tea"):
        client(app).get("/")


def test_an_answer_with_exc_info_is_sent_and_its_error_raised(client):
    def app(environ, start_response):
        try:
            raise ValueError("tea")
        except ValueError:
            start_response("503 Sorry", [("X-One", "1")], sys.exc_info())
        return [b"sorry"]

    with pytest.raises(ValueError, match="tea"):
        client(app).get("/")
    response = client(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.text) == (503, "sorry")
    assert response.headers["x-one"] == "1"


def test_an_answer_that_began_cannot_be_replaced(client):
    def app(environ, start_response):
        start_response("200 OK", [])
        yield b"half "
        try:
            raise ValueError("tea")
        except ValueError:
            start_response("500 Sorry", [], sys.exc_info())
        yield b"sorry"

    with pytest.raises(ValueError, match="tea"):
        client(app).get("/")
    response = client(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.text) == (200, "half sorry")


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_only_http_is_understood(wrap, kind):
    with pytest.raises(AssertionError):
        call(wrap(hello), {"type": kind})
