"""The life of a WebSocket as a tree of events."""

import pytest

from fwtrace.hosts.errors import HostError
from fwtrace.record import record
from fwtrace.tracer.analysis import is_success
from fwtrace.tracer.recorder import CURRENT


def socket(function):
    async def app(scope, receive, send):
        assert scope["type"] == "websocket"
        await function(receive, send)

    return app


@socket
async def echo(receive, send):
    await receive()
    headers = [(b"x-a", b"1"), (b"set-cookie", b"id=hunter2")]
    await send({"type": "websocket.accept", "subprotocol": "chat", "headers": headers})
    while (message := await receive())["type"] == "websocket.receive":
        recorder, _ = CURRENT.get()  # type: ignore[misc]
        with recorder.span("sql", "look up"):
            pass
        await send({**message, "type": "websocket.send"})


def tree(span):
    return [span.name, *(tree(child) for child in span.children)]


def test_each_event_has_below_it_what_the_app_did_because_of_it():
    trace = record(echo, "WS", "/ws", messages=["one", b"\x00"], wait=0.01)
    events = [s for s in trace.root.children if s.stage == "websocket"]
    assert [tree(event) for event in events] == [
        ["connect", ["accept"]],
        ["receive", ["look up"], ["send"]],
        ["receive", ["look up"], ["send"]],
        ["disconnect"],
    ]
    assert trace.request["method"] == "WS"
    assert trace.outcome["close"] == {"code": 1000, "reason": "", "by": "client"}
    assert trace.status == 101
    assert is_success(trace)
    for parent in trace.root.walk():
        assert all(child.end <= parent.end for child in parent.children)


def test_events_tell_what_was_in_them():
    trace = record(echo, "WS", "/ws", messages=["one", b"\x00"], wait=0)
    told: dict = {}
    for span in trace.spans("websocket"):
        told.setdefault(span.name, span.attributes)
    assert told["accept"]["fwtrace.websocket.subprotocol"] == "chat"
    assert told["accept"]["http.response.headers"][0] == ["x-a", "1"]
    assert told["receive"]["fwtrace.websocket.text"] == "one"
    assert told["send"]["fwtrace.websocket.size"] == 3
    assert told["disconnect"]["fwtrace.websocket.code"] == 1000
    assert "hunter2" not in trace.to_json()


def test_secret_in_a_message_never_enters_the_trace():
    message = '{"token": "hunter2", "text": "password=hunter2"}'
    trace = record(echo, "WS", "/ws", messages=[message], wait=0)
    assert "hunter2" not in trace.to_json()


def test_close_of_the_app_is_the_outcome():
    @socket
    async def app(receive, send):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4001, "reason": "enough"})

    trace = record(app, "WS")
    assert trace.outcome["close"] == {"code": 4001, "reason": "enough", "by": "app"}
    assert not is_success(trace)


def test_refusal_is_a_403():
    @socket
    async def app(receive, send):
        await receive()
        await send({"type": "websocket.close"})

    trace = record(app, "WS")
    assert (trace.status, trace.outcome["phrase"]) == (403, "Forbidden")


def test_denial_is_a_response():
    @socket
    async def app(receive, send):
        headers = [(b"content-type", b"text/plain")]
        start = {"type": "websocket.http.response.start", "headers": headers}
        await send({**start, "status": 401})
        await send({"type": "websocket.http.response.body", "body": b"who?"})

    trace = record(app, "WS")
    (response,) = trace.spans("response")
    assert trace.status == 401
    assert response.attributes["fwtrace.body.preview"] == "who?"


@pytest.mark.parametrize(("raises", "code"), [(True, 1011), (False, 1006)])
def test_app_that_ends_without_a_close(raises, code):
    @socket
    async def app(receive, send):
        await send({"type": "websocket.accept"})
        if raises:
            raise KeyError("broken")

    trace = record(app, "WS")
    assert trace.outcome["close"] == {"code": code, "reason": "", "by": "server"}
    assert (trace.outcome["error"] is not None) == raises


def test_app_that_raises_before_the_accept_has_answered_nothing():
    @socket
    async def app(receive, send):
        raise KeyError("broken")

    trace = record(app, "WS")
    assert trace.status is None
    assert trace.outcome["error"]["type"] == "KeyError"


def test_events_hang_below_the_step_that_receives_them():
    @socket
    async def app(receive, send):
        recorder, _ = CURRENT.get()  # type: ignore[misc]
        await receive()
        await send({"type": "websocket.accept"})
        with recorder.span("view", "v"):
            await receive()
            await receive()

    trace = record(app, "WS", messages=["one"], wait=0)
    connect = next(s for s in trace.root.children if s.name == "connect")
    assert tree(connect) == ["connect", ["accept"], ["v", ["receive"], ["disconnect"]]]


def test_wsgi_app_has_no_websockets():
    with pytest.raises(HostError, match="WSGI has no WebSockets"):
        record("micro", "WS", "/ws")
