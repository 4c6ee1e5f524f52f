"""ASGI apps on the command line: requests, WebSockets, listings, mistakes."""

import json
import os

import pytest

from fwtrace.cli.app import run
from fwtrace.tracer.model import Trace

APP = """
import asyncio


class Named:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app({**scope, "name": "Ann"}, receive, send)


async def http(scope, receive, send):
    await asyncio.sleep(0.01)
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Hello, ", "more_body": True})
    await send({"type": "http.response.body", "body": b"Ann!"})


async def socket(scope, receive, send):
    await receive()
    if scope["path"] == "/no":
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "websocket.accept", "subprotocol": "chat"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4000, "reason": "enough"})
            return
        await send({**message, "type": "websocket.send"})


async def lifespan(scope, receive, send):
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


async def core(scope, receive, send):
    handlers = {"http": http, "websocket": socket, "lifespan": lifespan}
    await handlers[scope["type"]](scope, receive, send)


app = Named(core)


async def failing(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


def asgi2(scope):
    return None
"""


@pytest.fixture
def draw(tmp_path, monkeypatch, capsys, request):
    """Runs a command on the app in a folder of its own: its code and its output."""
    module = f"asgi_{abs(hash(request.node.name))}"
    (tmp_path / f"{module}.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")

    def draw(*words, app="app"):
        code = run([*words, "--app", f"{module}:{app}"])
        printed = capsys.readouterr()
        return code, printed.out or printed.err

    return draw


def test_request_draws_lifespan_scope_layers_and_messages(draw):
    code, picture = draw("request", "GET", "/hello")
    assert code == 0
    for line in (
        "lifespan startup",
        "scope 12 keys, 3 headers",
        "request line: http_version=1.1, method=GET, path=/hello",
        "middleware Named",
        "+ name: Ann",
        "response 200 OK · text/plain · 11 bytes in 2 chunks",
        "body 7 bytes",
        "Hello, Ann!",
        "lifespan shutdown",
        "of it running",
    ):
        assert line in picture


@pytest.mark.parametrize("shape", ["tree", "table", "timeline"])
def test_every_picture_can_be_drawn(draw, shape):
    code, picture = draw("request", "/", "--format", shape)
    assert code == 0
    assert max(map(len, picture.splitlines())) <= 120


def test_websocket_is_drawn_event_by_event(draw):
    code, picture = draw("request", "WS", "/ws", "-s", "hello", "-s", "bye")
    assert code == 0
    tree = picture.partition("Where the time went")[0]
    lines = [line.strip("│├╰─ ") for line in tree.splitlines()]
    events = [" ".join(e.split()[:-2]) for e in lines if e.startswith("websocket")]
    assert events == [
        "websocket connect",
        "websocket accept chat",
        "websocket receive 'hello'",
        "websocket send 'hello'",
        "websocket receive 'bye'",
        "websocket close 4000 enough",
    ]
    assert "closed 4000 by the app enough" in picture


def test_check_knows_how_a_websocket_ended(draw):
    assert draw("request", "WS", "/ws", "--wait", "0", "--check")[0] == 0
    assert draw("request", "WS", "/ws", "--send", "bye", "--check")[0] == 1
    code, picture = draw("request", "WS", "/no", "--check")
    assert code == 1
    assert "403 Forbidden" in picture


def test_json_is_a_trace(draw):
    _, text = draw("request", "WS", "/ws", "--send", "bye", "--json")
    assert Trace.from_json(text).outcome["close"]["code"] == 4000


def test_environ_is_the_scope(draw):
    _, text = draw("environ", "/x", "--json")
    told = {each["key"]: each["value"] for each in json.loads(text)}
    assert told["path"] == "/x"
    assert told["asgi"].startswith("{'version': '3.0'")


def test_middleware_lists_the_layers(draw):
    _, text = draw("middleware", "--json")
    assert [each["name"] for each in json.loads(text)] == ["Named", "core"]


@pytest.mark.usefixtures("users_database")
def test_compare_sets_an_asgi_app_beside_a_wsgi_app(draw, capsys):
    _, text = draw("environ", "/", "--json")
    assert text
    (file,) = (name for name in os.listdir() if name.endswith(".py"))
    name = f"{file.removesuffix('.py')}:app"
    assert run(["compare", "micro", name, "GET", "/users/1", "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)
    assert [app["status"] for app in compared["apps"]] == [200, 200]


@pytest.mark.parametrize(
    ("words", "app", "said", "code"),
    [
        (["request", "/"], "failing", "start-up failed: no database.", 1),
        (["request", "/"], "asgi2", "ASGI 2", 2),
        (["request", "GET", "/", "--send", "x"], "app", "write WS /", 2),
        (["request", "WS", "/", "a=1"], "app", "no body", 2),
        (["request", "WS", "/", "--wait", "-1"], "app", "-1", 2),
        (["routes"], "app", "no table of routes", 1),
    ],
)
def test_mistake_is_one_sentence(draw, words, app, said, code):
    found, shown = draw(*words, app=app)
    assert said in shown
    assert shown.startswith("Error: ")
    assert shown.count("\n") == 1
    assert found == code


def test_wsgi_app_is_not_told_that_its_client_left(capsys):
    assert run(["request", "/users", "--wait", "1"]) == 1
    assert "name an ASGI app" in capsys.readouterr().err


def test_wsgi_app_has_no_websockets(capsys):
    assert run(["request", "WS", "/ws"]) == 1
    assert "WSGI has no WebSockets" in capsys.readouterr().err


def test_compare_has_no_websockets(capsys):
    assert run(["compare", "micro", "wsgi", "WS", "/ws"]) == 2
    assert "WS is for request" in capsys.readouterr().err
