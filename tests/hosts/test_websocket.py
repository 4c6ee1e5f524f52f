"""The client's side of a WebSocket, and apps that do not keep to the protocol."""

import asyncio

import pytest

from fwtrace.hosts import websocket
from fwtrace.hosts.websocket import build_websocket_scope, talk


def socket(function):
    """An app whose WebSockets the function handles; it has no lifespan."""

    async def app(scope, receive, send):
        assert scope["type"] == "websocket"
        await function(receive, send)

    return app


ACCEPT = {"type": "websocket.accept"}


@socket
async def echo(receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send(ACCEPT)
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4000, "reason": "bye"})


def test_scope_is_that_of_a_handshake():
    scope = build_websocket_scope("/ws?x=1", [("Sec-WebSocket-Protocol", "a, b")])
    assert (scope["type"], scope["scheme"], scope["path"]) == ("websocket", "ws", "/ws")
    assert scope["subprotocols"] == ["a", "b"]
    assert "method" not in scope
    names = [name for name, _ in scope["headers"]]
    assert {b"upgrade", b"connection", b"sec-websocket-key"} <= set(names)


def test_each_message_is_sent_and_the_client_closes_in_the_end():
    ended = talk(echo, "/", messages=["one", b"\x00two"], wait=0.01)
    assert ended.accepted
    assert ended.received == ["one", b"\x00two"]
    assert (ended.code, ended.reason) == (1000, "")


def test_app_may_close_first():
    ended = talk(echo, "/", messages=["bye", "never sent"], wait=5)
    assert ended.received == ["bye"]
    assert (ended.code, ended.reason) == (4000, "bye")


def test_what_comes_by_itself_is_waited_for():
    @socket
    async def app(receive, send):
        await send(ACCEPT)
        await asyncio.sleep(0.03)
        await send({"type": "websocket.send", "text": "late"})
        await receive()
        await receive()

    assert talk(app, wait=0.2).received == ["late"]
    assert talk(app, wait=0).received == ["late"]


def test_close_before_the_accept_is_a_refusal():
    @socket
    async def app(receive, send):
        await receive()
        await send({"type": "websocket.close", "code": 1008})

    ended = talk(app)
    assert (ended.accepted, ended.code) == (False, 1008)


def test_denial_may_be_a_whole_response():
    @socket
    async def app(receive, send):
        await send({"type": "websocket.http.response.start", "status": 401})
        part = {"type": "websocket.http.response.body", "body": b"n"}
        await send({**part, "more_body": True})
        await send({"type": "websocket.http.response.body", "body": b"o"})

    ended = talk(app)
    assert (ended.accepted, ended.code) == (False, 1006)


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([{"type": "websocket.send", "text": "x"}], "before it had accepted"),
        ([{"type": "http.response.start"}], "before it had accepted"),
        ([{"type": "websocket.http.response.body"}], "before it had accepted"),
        ([ACCEPT, ACCEPT], "after it had accepted"),
        ([ACCEPT, {"type": "websocket.send"}], "neither text nor bytes"),
        ([ACCEPT, {"type": "websocket.close"}, ACCEPT], "after it had closed"),
    ],
)
def test_message_out_of_place_is_one_sentence(messages, said):
    @socket
    async def app(receive, send):
        for message in messages:
            await send(message)

    with pytest.raises(RuntimeError, match=said):
        talk(app, wait=0.01)


def test_what_the_app_raises_comes_out():
    @socket
    async def app(receive, send):
        await send(ACCEPT)
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        talk(app)


def test_app_that_never_accepts_is_given_up(monkeypatch):
    monkeypatch.setattr(websocket, "GRACE", 0.02)

    @socket
    async def app(receive, send):
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError, match=r"did not accept .* within 0\.05 seconds"):
        talk(app, timeout=0.05)


def test_app_that_only_sends_learns_that_the_client_has_left(monkeypatch):
    monkeypatch.setattr(websocket, "GRACE", 0.05)

    @socket
    async def app(receive, send):
        await send(ACCEPT)
        while True:
            await send({"type": "websocket.send", "text": "tick"})
            await asyncio.sleep(0.01)

    with pytest.raises(ConnectionError, match="client has left"):
        talk(app, wait=0.03)


def test_app_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr(websocket, "GRACE", 0.02)

    @socket
    async def app(receive, send):
        await send(ACCEPT)
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError, match="did not end"):
        talk(app, wait=0.01)
