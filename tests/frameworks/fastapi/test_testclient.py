"""fastapi.testclient: requests, files, cookies, exceptions, websockets and lifespan."""

import io
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx. with")


class Item(BaseModel):
    name: str


@pytest.fixture
def test_client(part):
    return part("testclient").TestClient


@pytest.fixture
def echo(fastapi, app):
    """``/echo/...`` answers with what was asked."""

    @app.api_route("/echo/{path:path}", methods=["GET", "POST", "PUT", "DELETE"])
    async def index(path: str, request: fastapi.Request):
        return {
            "method": request.method,
            "url": str(request.url),
            "query": request.query_params.multi_items(),
            "type": request.headers.get("content-type"),
            "body": (await request.body()).decode(),
        }

    return index


# Requests


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {}),
        (
            {"params": {"a": 1, "b": ["x", "y"]}},
            {
                "url": "http://testserver/echo/here?a=1&b=x&b=y",
                "query": [["a", "1"], ["b", "x"], ["b", "y"]],
            },
        ),
        ({"json": {"a": [1]}}, {"type": "application/json", "body": '{"a":[1]}'}),
        (
            {"data": {"a": "1", "b": ["x", "y z"]}},
            {"type": "application/x-www-form-urlencoded", "body": "a=1&b=x&b=y+z"},
        ),
        ({"content": b"raw"}, {"body": "raw"}),
        ({"content": "text"}, {"body": "text"}),
        ({"content": [b"a", b"b"]}, {"body": "ab"}),
        (
            {"content": "<a/>", "headers": {"Content-Type": "text/xml"}},
            {"type": "text/xml", "body": "<a/>"},
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_what_is_sent(echo, client, options, expected):
    response = client.post("/echo/here", **options)
    assert response.json() == {
        "method": "POST",
        "url": "http://testserver/echo/here",
        "query": [],
        "type": None,
        "body": "",
        **expected,
    }


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_methods(echo, client, method):
    assert getattr(client, method.lower())("/echo/").json()["method"] == method
    assert client.request(method, "/echo/").json()["method"] == method


def test_a_body_for_delete_needs_request(echo, client):
    response = client.request("DELETE", "/echo/", json=1)
    assert (response.json()["method"], response.json()["body"]) == ("DELETE", "1")


def test_paths_are_decoded(fastapi, app, client):
    @app.get("/{name}")
    def index(name: str, request: fastapi.Request):
        return [name, request.url.path]

    assert client.get("/a b").json() == ["a b", "/a b"]
    assert client.get("/%C3%A9").json()[0] == "é"


def test_what_is_received(fastapi, app, client):
    @app.get("/")
    def index():
        return fastapi.Response("é", 203, {"X-A": "1"}, "text/plain")

    response = client.get("/")
    assert response.status_code == 203
    assert response.text == "é"
    assert response.content == "é".encode()
    assert response.headers["x-a"] == "1"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.is_success
    assert str(response.url) == "http://testserver/"
    assert response.request.method == "GET"


def test_raise_for_status(app, client):
    with pytest.raises(Exception, match="404 Not Found"):
        client.get("/missing").raise_for_status()


def test_json_models_and_responses(app, client):
    @app.post("/", status_code=201)
    def create(item: Item) -> Item:
        return item

    response = client.post("/", json={"name": "pen", "more": 1})
    assert (response.status_code, response.json()) == (201, {"name": "pen"})
    assert client.post("/", content="{").json() == {
        "detail": [
            {
                "type": "model_attributes_type",
                "loc": ["body"],
                "msg": (
                    "Input should be a valid dictionary or object to extract fields "
                    "from"
                ),
                "input": "{",
            }
        ]
    }


def test_streamed_responses(part, app, client):
    @app.get("/")
    def index():
        return part("responses").StreamingResponse(iter(["a\n", "b\n"]))

    with client.stream("GET", "/") as response:
        assert list(response.iter_lines()) == ["a", "b"]


# Options of the client


def test_the_base_url(fastapi, app, echo, test_client):
    client = test_client(app, base_url="https://example.org:8443/echo")
    assert str(client.base_url) == "https://example.org:8443/echo/"
    response = client.get("/here")
    assert response.json()["url"] == "https://example.org:8443/echo/here"
    response = client.get("http://other.org/echo/there")
    assert response.json()["url"] == "http://other.org/echo/there"


def test_headers_of_the_client_and_of_the_request(fastapi, app, test_client):
    @app.get("/")
    def index(request: fastapi.Request):
        names = ("host", "user-agent", "x-a", "x-b")
        return {name: request.headers.get(name) for name in names}

    client = test_client(app, headers={"X-A": "client", "X-B": "client"})
    client.headers["X-A"] = "changed"
    assert client.get("/", headers={"X-B": "request"}).json() == {
        "host": "testserver",
        "user-agent": "testclient",
        "x-a": "changed",
        "x-b": "request",
    }


def test_the_address_of_the_client(fastapi, app, test_client):
    @app.get("/")
    def index(request: fastapi.Request):
        return [request.client.host, request.client.port]

    assert test_client(app).get("/").json() == ["testclient", 50000]
    client = test_client(app, client=("1.2.3.4", 5))
    assert client.get("/").json() == ["1.2.3.4", 5]


def test_the_root_path(fastapi, app, test_client):
    @app.get("/")
    def index(request: fastapi.Request):
        return request.scope["root_path"]

    assert test_client(app, root_path="/proxy").get("/").json() == "/proxy"


def test_redirects_are_followed_unless_told_not_to(part, app, test_client):
    @app.get("/old")
    def old():
        return part("responses").RedirectResponse("/new")

    @app.get("/new")
    def new():
        return "new"

    client = test_client(app)
    response = client.get("/old")
    assert (response.status_code, response.json()) == (200, "new")
    assert [past.status_code for past in response.history] == [307]
    response = client.get("/old", follow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (307, "/new")
    client = test_client(app, follow_redirects=False)
    assert client.get("/old").status_code == 307


@pytest.mark.parametrize(("status", "method"), [(307, "POST"), (303, "GET")])
def test_the_method_after_a_redirect(echo, part, app, client, status, method):
    @app.post("/old")
    def old():
        return part("responses").RedirectResponse("/echo/", status_code=status)

    found = client.post("/old", json=1).json()
    assert (found["method"], found["body"]) == (method, "1" if method == "POST" else "")


def test_basic_authentication(fastapi, part, app, client):
    basic = part("security").HTTPBasic()

    @app.get("/")
    def index(user: Annotated[Any, fastapi.Depends(basic)]):
        return user

    expected = {"username": "ann", "password": "pw"}
    assert client.get("/", auth=("ann", "pw")).json() == expected


# Cookies


@pytest.fixture
def jar(fastapi, app):
    """Sets, deletes and shows the cookie "c"."""

    @app.get("/set")
    def set_cookie(response: fastapi.Response, value: str):
        response.set_cookie("c", value)

    @app.get("/delete")
    def delete_cookie(response: fastapi.Response):
        response.delete_cookie("c")

    @app.get("/show")
    def show(request: fastapi.Request):
        return request.cookies

    return app


def test_cookies_are_kept(jar, client):
    assert client.get("/show").json() == {}
    response = client.get("/set?value=1")
    assert response.cookies["c"] == "1"
    assert client.cookies["c"] == "1"
    assert client.get("/show").json() == {"c": "1"}
    client.get("/delete")
    assert client.get("/show").json() == {}


def test_cookies_can_be_given(jar, test_client):
    client = test_client(jar, cookies={"a": "1"})
    client.cookies.set("b", "2")
    assert client.get("/show").json() == {"a": "1", "b": "2"}
    client.cookies.clear()
    assert client.get("/show").json() == {}
    response = client.get("/show", headers={"Cookie": "d=4; e=5"})
    assert response.json() == {"d": "4", "e": "5"}


def test_clients_do_not_share_cookies(jar, test_client):
    test_client(jar).get("/set?value=1")
    assert test_client(jar).get("/show").json() == {}


# Files


@pytest.fixture
def upload(fastapi, app):
    """``/upload`` describes the files it is given."""

    @app.post("/upload")
    async def upload(
        files: list[fastapi.UploadFile], note: Annotated[str, fastapi.Form()] = ""
    ):
        found = [
            [file.filename, file.content_type, file.size, (await file.read()).decode()]
            for file in files
        ]
        return [note, *found]

    return upload


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"files": b"abc"}, [["upload", "application/octet-stream", 3, "abc"]]),
        ({"files": ("a.txt", "abc")}, [["a.txt", "text/plain", 3, "abc"]]),
        (
            {"files": ("a.txt", b"abc", "x/y")},
            [["a.txt", "x/y", 3, "abc"]],
        ),
        (
            [("files", ("a.txt", b"1")), ("files", ("b.json", b"22"))],
            [["a.txt", "text/plain", 1, "1"], ["b.json", "application/json", 2, "22"]],
        ),
        ({"files": ("é.txt", b"")}, [["é.txt", "text/plain", 0, ""]]),
    ],
)
def test_files(upload, client, files, expected):
    response = client.post("/upload", files=files, data={"note": "n"})
    assert response.json() == ["n", *expected]


def test_a_file_in_memory(upload, client):
    response = client.post("/upload", files={"files": ("a", io.BytesIO(b"abc"), "x/y")})
    assert response.json() == ["", ["a", "x/y", 3, "abc"]]


def test_an_open_file(upload, client, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("abc")
    with path.open("rb") as file:
        response = client.post("/upload", files={"files": file})
    assert response.json() == ["", ["a.txt", "text/plain", 3, "abc"]]


# Exceptions


def test_exceptions_are_raised_unless_told_not_to(app, test_client):
    @app.get("/")
    def index():
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        test_client(app).get("/")
    client = test_client(app, raise_server_exceptions=False)
    assert client.get("/").status_code == 500


def test_an_exception_with_a_handler_is_not_raised(fastapi, app, client):
    @app.exception_handler(KeyError)
    def handle(request, error):
        return fastapi.Response(status_code=409)

    @app.get("/")
    def index():
        raise KeyError("lost")

    assert client.get("/").status_code == 409


def test_an_exception_after_the_response_is_raised_too(fastapi, app, client):
    def fail():
        raise KeyError("late")

    @app.get("/")
    def index(tasks: fastapi.BackgroundTasks):
        tasks.add_task(fail)

    with pytest.raises(KeyError, match="late"):
        client.get("/")


# WebSockets


def test_websocket_sessions(fastapi, app, client):
    @app.websocket("/{key}")
    async def index(socket: fastapi.WebSocket, key: str, q: str = ""):
        await socket.accept(subprotocol="mine")
        await socket.send_json([key, q, socket.headers["x-a"], socket.cookies])
        await socket.send_json(await socket.receive_json(), mode="binary")
        await socket.close(4000, "done")

    path = "/k?q=1"
    headers = {"X-A": "a"}
    client.cookies.set("c", "2")
    with client.websocket_connect(path, ["other", "mine"], headers=headers) as session:
        assert session.accepted_subprotocol == "mine"
        assert session.receive_json() == ["k", "1", "a", {"c": "2"}]
        session.send_json({"n": 1})
        assert session.receive_json(mode="binary") == {"n": 1}
        with pytest.raises(fastapi.WebSocketDisconnect) as error:
            session.receive_text()
    assert (error.value.code, error.value.reason) == (4000, "done")


def test_two_websockets_at_once(fastapi, app, client):
    sockets: list[Any] = []

    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        await socket.accept()
        sockets.append(socket)
        text = await socket.receive_text()
        for other in sockets:
            await other.send_text(text)
        await socket.receive_text()

    with client, client.websocket_connect("/") as a, client.websocket_connect("/") as b:
        a.send_text("hello")
        assert (a.receive_text(), b.receive_text()) == ("hello", "hello")
        b.send_text("bye")
        assert (a.receive_text(), b.receive_text()) == ("bye", "bye")
        a.send_text("end")
        b.send_text("end")


def test_a_websocket_that_raises(fastapi, app, client):
    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        await socket.accept()
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"), client.websocket_connect("/"):
        pass


# Lifespan


def test_the_lifespan_runs_only_inside_with(fastapi, test_client):
    log = []

    @asynccontextmanager
    async def lifespan(app):
        log.append("up")
        yield {"answer": 42}
        log.append("down")

    app = fastapi.FastAPI(lifespan=lifespan)

    @app.get("/")
    def index(request: fastapi.Request):
        return getattr(request.state, "answer", None)

    client = test_client(app)
    assert client.get("/").json() is None
    assert log == []
    with client as entered:
        assert entered is client
        assert client.get("/").json() == 42
        assert client.get("/").json() == 42
        assert log == ["up"]
    assert log == ["up", "down"]


def test_an_error_at_shut_down_is_raised(fastapi, test_client):
    async def lifespan(app):
        yield
        raise ValueError("stuck")

    with (
        pytest.raises(ValueError, match="stuck"),
        test_client(fastapi.FastAPI(lifespan=lifespan)),
    ):
        pass


def test_any_asgi_application_can_be_tested(test_client):
    async def app(scope, receive, send):
        headers = [(b"x-type", scope["type"].encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    response = test_client(app).get("/")
    assert (response.text, response.headers["X-Type"]) == ("ab", "http")
