"""WebSockets: who may say what, and when."""

import asyncio
import json

import pytest

from tests.toolkit.asgi.drive import (
    CONNECT,
    call,
    http_scope,
    receiver,
    run,
    websocket_scope,
)

ACCEPT = {"type": "websocket.accept", "subprotocol": None, "headers": []}
CLOSE = {"type": "websocket.close", "code": 1000, "reason": ""}
DENIAL = {"extensions": {"websocket.http.response": {}}}


def text(data):
    return {"type": "websocket.receive", "text": data}


def binary(data):
    return {"type": "websocket.receive", "bytes": data}


def gone(code=1001, **more):
    return {"type": "websocket.disconnect", "code": code, **more}


@pytest.fixture
def ws(part):
    return part("websockets")


@pytest.fixture
def talk(ws):
    """``talk(session, *messages)``: what the session sends after these messages."""

    def drive(session, *messages, **scope):
        async def app(scope, receive, send):
            await session(ws.WebSocket(scope, receive, send))

        return run(app, websocket_scope(**scope), *messages)

    return drive


def test_a_websocket_is_a_connection(part, ws):
    scope = websocket_scope("/x", {"cookie": "a=1"}, b"q=2", path_params={"id": 3})
    socket = ws.WebSocket(scope, receiver([]), None)
    assert isinstance(socket, part("requests").HTTPConnection)
    assert socket.url == "ws://example.org/x?q=2"
    assert socket.query_params["q"] == "2"
    assert socket.cookies == {"a": "1"}
    assert socket.path_params == {"id": 3}
    assert socket.client.host == "10.0.0.1"
    assert socket["type"] == "websocket"


def test_a_websocket_needs_its_scope(ws):
    with pytest.raises(AssertionError):
        ws.WebSocket(http_scope(), receiver([]), None)


def test_accept_takes_the_connect_message_and_answers_it(talk):
    async def session(socket):
        await socket.accept()
        await socket.close()

    assert talk(session, CONNECT) == [ACCEPT, CLOSE]


def test_accept_after_the_connect_message_was_received(talk):
    async def session(socket):
        assert await socket.receive() == CONNECT
        await socket.accept()

    assert talk(session, CONNECT) == [ACCEPT]


def test_accept_with_subprotocol_and_headers(talk):
    async def session(socket):
        assert socket["subprotocols"] == ["a", "b"]
        await socket.accept("b", headers=[(b"x-a", b"1")])

    [accept] = talk(session, CONNECT, subprotocols=["a", "b"])
    assert accept["subprotocol"] == "b"
    assert list(accept["headers"]) == [(b"x-a", b"1")]


@pytest.mark.parametrize(
    ("code", "reason", "message"),
    [
        (1000, None, {"code": 1000, "reason": ""}),
        (4001, "later", {"code": 4001, "reason": "later"}),
    ],
)
@pytest.mark.parametrize("accepted", [True, False])
def test_close(talk, code, reason, message, accepted):
    async def session(socket):
        if accepted:
            await socket.accept()
        await socket.close(code, reason)

    assert talk(session, CONNECT)[-1] == {"type": "websocket.close", **message}


def test_states(ws, talk):
    state = ws.WebSocketState
    seen = []

    async def session(socket):
        def note():
            seen.append((socket.client_state, socket.application_state))

        note()
        await socket.receive()
        note()
        await socket.accept()
        note()
        await socket.receive()
        note()
        await socket.close()
        note()

    talk(session, CONNECT, gone())
    assert seen == [
        (state.CONNECTING, state.CONNECTING),
        (state.CONNECTED, state.CONNECTING),
        (state.CONNECTED, state.CONNECTED),
        (state.DISCONNECTED, state.CONNECTED),
        (state.DISCONNECTED, state.DISCONNECTED),
    ]


@pytest.mark.parametrize(
    ("method", "options", "message", "value"),
    [
        ("receive_text", {}, text("é"), "é"),
        ("receive_bytes", {}, binary(b"\xff"), b"\xff"),
        ("receive_json", {}, text('{"a": 1}'), {"a": 1}),
        ("receive_json", {"mode": "text"}, text("[]"), []),
        ("receive_json", {"mode": "binary"}, binary(b'"\xc3\xa9"'), "é"),
        ("receive", {}, text("raw"), text("raw")),
    ],
)
def test_receiving(talk, method, options, message, value):
    seen = []

    async def session(socket):
        await socket.accept()
        seen.append(await getattr(socket, method)(**options))

    talk(session, CONNECT, message)
    assert seen == [value]


@pytest.mark.parametrize(
    ("method", "data", "options", "message"),
    [
        ("send_text", "é", {}, {"text": "é"}),
        ("send_bytes", b"\xff", {}, {"bytes": b"\xff"}),
        ("send_json", {"a": [1, None]}, {}, {"text": '{"a":[1,null]}'}),
        ("send_json", "é", {}, {"text": '"é"'}),
        ("send_json", "é", {"mode": "binary"}, {"bytes": b'"\xc3\xa9"'}),
        ("send", {"type": "websocket.send", "text": "raw"}, {}, {"text": "raw"}),
    ],
)
def test_sending(talk, method, data, options, message):
    async def session(socket):
        await socket.accept()
        await getattr(socket, method)(data, **options)

    assert talk(session, CONNECT)[1:] == [{"type": "websocket.send", **message}]


def test_json_has_two_modes(talk):
    async def session(socket):
        await socket.accept()
        with pytest.raises(RuntimeError):
            await socket.receive_json(mode="other")
        with pytest.raises(RuntimeError):
            await socket.send_json({}, mode="other")

    assert talk(session, CONNECT) == [ACCEPT]


def test_malformed_json_raises_and_leaves_the_socket_open(talk):
    async def session(socket):
        await socket.accept()
        with pytest.raises(json.JSONDecodeError):
            await socket.receive_json()
        await socket.send_text("again")

    assert talk(session, CONNECT, text("{"))[-1]["text"] == "again"


@pytest.mark.parametrize(
    ("method", "messages", "items"),
    [
        ("iter_text", [text("a"), text("b")], ["a", "b"]),
        ("iter_bytes", [binary(b"a"), binary(b"b")], [b"a", b"b"]),
        ("iter_json", [text("1"), text('{"a": 2}')], [1, {"a": 2}]),
        ("iter_text", [], []),
    ],
)
def test_iterating_ends_with_the_connection(talk, method, messages, items):
    seen = []

    async def session(socket):
        await socket.accept()
        seen.extend([item async for item in getattr(socket, method)()])
        seen.append("done")

    talk(session, CONNECT, *messages, gone())
    assert seen == [*items, "done"]


@pytest.mark.parametrize("method", ["receive_text", "receive_bytes", "receive_json"])
@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        (gone(1001), 1001, ""),
        (gone(4000, reason="bye"), 4000, "bye"),
        (gone(1005, reason=None), 1005, ""),
    ],
)
def test_a_disconnect_is_an_exception(ws, talk, method, message, code, reason):
    async def session(socket):
        await socket.accept()
        with pytest.raises(ws.WebSocketDisconnect) as caught:
            await getattr(socket, method)()
        assert (caught.value.code, caught.value.reason) == (code, reason)
        assert socket.client_state is ws.WebSocketState.DISCONNECTED

    talk(session, CONNECT, message)


def test_the_plain_receive_gives_the_disconnect_as_a_message(talk):
    async def session(socket):
        await socket.accept()
        assert await socket.receive() == gone(1001)

    talk(session, CONNECT, gone(1001))


def test_disconnect_has_a_code_and_a_reason(ws):
    plain = ws.WebSocketDisconnect()
    assert (plain.code, plain.reason) == (1000, "")
    full = ws.WebSocketDisconnect(4000, "bye")
    assert (full.code, full.reason) == (4000, "bye")
    assert isinstance(full, Exception)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("receive_text", ()),
        ("receive_bytes", ()),
        ("receive_json", ()),
        ("send_text", ("x",)),
        ("send_bytes", (b"x",)),
        ("send_json", ({},)),
        ("send", ({"type": "websocket.http.response.body"},)),
    ],
)
def test_nothing_is_said_before_accept(talk, method, arguments):
    async def session(socket):
        with pytest.raises(RuntimeError):
            await getattr(socket, method)(*arguments)

    assert talk(session, CONNECT) == []


def test_iterating_before_accept_is_an_error_too(talk):
    async def session(socket):
        with pytest.raises(RuntimeError):
            await anext(socket.iter_text())

    talk(session, CONNECT)


@pytest.mark.parametrize(
    ("method", "arguments"), [("send_text", ("x",)), ("close", ()), ("accept", ())]
)
def test_nothing_is_said_after_close(talk, method, arguments):
    async def session(socket):
        await socket.accept()
        await socket.close()
        with pytest.raises(RuntimeError):
            await getattr(socket, method)(*arguments)

    assert talk(session, CONNECT) == [ACCEPT, CLOSE]


def test_nothing_is_read_after_our_close_but_by_the_plain_receive(talk):
    async def session(socket):
        await socket.accept()
        await socket.close()
        with pytest.raises(RuntimeError):
            await socket.receive_text()
        assert await socket.receive() == gone()

    talk(session, CONNECT, gone())


def test_nothing_is_read_after_the_disconnect(talk):
    async def session(socket):
        await socket.accept()
        await socket.receive()
        with pytest.raises(RuntimeError):
            await socket.receive()
        with pytest.raises(RuntimeError):
            await socket.receive_text()

    talk(session, CONNECT, gone(), text("too late"))


def test_accept_comes_once(talk):
    async def session(socket):
        await socket.accept()
        with pytest.raises(RuntimeError):
            await socket.accept()

    assert talk(session, CONNECT) == [ACCEPT]


@pytest.mark.parametrize("messages", [[text("x")], [gone()], [CONNECT, CONNECT]])
def test_messages_out_of_turn_are_errors(talk, messages):
    async def session(socket):
        await socket.accept()
        await socket.receive()

    with pytest.raises(RuntimeError):
        talk(session, *messages)


def test_a_send_that_fails_is_a_disconnect(ws):
    async def send(message):
        if message["type"] == "websocket.send":
            raise OSError

    async def main():
        socket = ws.WebSocket(websocket_scope(), receiver([CONNECT]), send)
        await socket.accept()
        with pytest.raises(ws.WebSocketDisconnect) as caught:
            await socket.send_text("x")
        assert caught.value.code == 1006
        assert socket.application_state is ws.WebSocketState.DISCONNECTED
        with pytest.raises(RuntimeError):
            await socket.send_text("x")

    asyncio.run(main())


def test_a_denial_response_goes_out_instead_of_accept(part, ws, talk):
    response = part("responses").PlainTextResponse("no", 403, headers={"x-a": "1"})
    state = ws.WebSocketState

    async def session(socket):
        await socket.receive()
        await socket.send_denial_response(response)
        assert socket.application_state is state.DISCONNECTED
        with pytest.raises(RuntimeError):
            await socket.close()

    start, body = talk(session, CONNECT, **DENIAL)
    assert start["type"] == "websocket.http.response.start"
    assert start["status"] == 403
    assert (b"x-a", b"1") in start["headers"]
    assert body["type"] == "websocket.http.response.body"
    assert body["body"] == b"no"


def test_a_streamed_denial_response(part, talk):
    async def session(socket):
        response = part("responses").StreamingResponse(iter(["a", "b"]), 404)
        await socket.send_denial_response(response)

    sent = talk(session, CONNECT, **DENIAL)
    assert b"".join(message["body"] for message in sent[1:]) == b"ab"
    assert sent[-1]["more_body"] is False


@pytest.mark.parametrize("extensions", [{}, {"extensions": {}}])
def test_a_denial_response_needs_a_server_that_takes_it(part, talk, extensions):
    async def session(socket):
        with pytest.raises(RuntimeError):
            await socket.send_denial_response(part("responses").Response("no"))

    assert talk(session, CONNECT, **extensions) == []


def test_a_denial_response_comes_too_late_after_accept(part, talk):
    async def session(socket):
        await socket.accept()
        with pytest.raises(RuntimeError):
            await socket.send_denial_response(part("responses").Response("no"))

    assert talk(session, CONNECT, **DENIAL) == [ACCEPT]


def test_within_a_denial_only_its_body_may_follow(ws, talk):
    start = {"type": "websocket.http.response.start", "status": 403, "headers": []}
    body = {"type": "websocket.http.response.body", "body": b"x"}

    async def session(socket):
        await socket.send(start)
        assert socket.application_state is ws.WebSocketState.RESPONSE
        with pytest.raises(RuntimeError):
            await socket.send(start)
        await socket.send({**body, "more_body": True})
        await socket.send(body)
        with pytest.raises(RuntimeError):
            await socket.send(body)

    sent = talk(session, CONNECT, **DENIAL)
    assert sent == [start, {**body, "more_body": True}, body]


@pytest.mark.parametrize(
    ("arguments", "code", "reason"), [((), 1000, ""), ((4000, "bye"), 4000, "bye")]
)
def test_an_app_that_only_closes(ws, arguments, code, reason):
    sent = run(ws.WebSocketClose(*arguments), websocket_scope())
    assert sent == [{"type": "websocket.close", "code": code, "reason": reason}]


def test_two_sides_at_once(ws):
    async def app(scope, receive, send):
        socket = ws.WebSocket(scope, receive, send)
        await socket.accept()
        reading = asyncio.create_task(socket.receive_text())
        await socket.send_text("first")
        await socket.send_text(await reading)

    sent = asyncio.run(call(app, websocket_scope(), [CONNECT, text("second")]))
    assert [message.get("text") for message in sent] == [None, "first", "second"]
