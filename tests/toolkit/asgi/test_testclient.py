"""The test client: an httpx client that calls the app in the same process."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest

# Starlette would rather have httpx2 under its test client.
pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx.")


@pytest.fixture
def client(part):
    return part("testclient").TestClient


@pytest.fixture
def echo(part):
    """An app that answers with what it was sent, as JSON."""

    async def show(request):
        body = await request.body()
        return part("responses").JSONResponse(
            {
                "method": request.method,
                "url": str(request.url),
                "path": request.scope["path"],
                "query": request.query_params.multi_items(),
                "headers": dict(request.headers),
                "cookies": request.cookies,
                "client": list(request.client),
                "server": list(request.scope["server"]),
                "root_path": request.scope["root_path"],
                "raw_path": request.scope["raw_path"].decode(),
                "body": body.decode(),
            }
        )

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    routing = part("routing")
    return routing.Router([routing.Route("/{path:path}", show, methods=methods)])


@pytest.fixture
def websocket_app(part):
    """``websocket_app(function)``: an app with one websocket at ``/ws``."""

    def build(function):
        routing = part("routing")
        return routing.Router([routing.WebSocketRoute("/ws", function)])

    return build


@pytest.fixture
def closed(part):
    return part("websockets").WebSocketDisconnect


# Requests


def test_the_client_is_an_httpx_client(client, echo):
    web = client(echo)
    assert isinstance(web, httpx.Client)
    assert isinstance(web.get("/"), httpx.Response)


@pytest.mark.parametrize("method", ["get", "options", "post", "put", "patch", "delete"])
def test_methods(client, echo, method):
    assert getattr(client(echo), method)("/a").json()["method"] == method.upper()
    assert client(echo).request(method.upper(), "/a").json()["path"] == "/a"


def test_defaults_of_a_request(client, echo):
    seen = client(echo).get("/").json()
    assert seen["url"] == "http://testserver/"
    assert seen["headers"]["host"] == "testserver"
    assert seen["headers"]["user-agent"] == "testclient"
    assert seen["client"] == ["testclient", 50000]
    assert seen["server"] == ["testserver", 80]
    assert seen["root_path"] == ""
    assert seen["body"] == ""


@pytest.mark.parametrize(
    ("sent", "body", "media_type"),
    [
        ({"content": b"raw"}, "raw", None),
        ({"json": {"a": 1}}, '{"a":1}', "application/json"),
        ({"data": {"a": "1"}}, "a=1", "application/x-www-form-urlencoded"),
        ({"content": "parts"}, "in parts", None),
    ],
)
def test_bodies(client, echo, sent, body, media_type):
    if sent.get("content") == "parts":  # an iterator can be read only once
        sent = {"content": iter([b"in ", b"parts"])}
    seen = client(echo).post("/", **sent).json()
    assert seen["body"] == body
    assert seen["headers"].get("content-type") == media_type


def test_files(client, part):
    async def show(request):
        form = await request.form()
        upload = form["file"]
        content = (await upload.read()).decode()
        seen = [form["note"], upload.filename, upload.content_type, content]
        await form.close()
        return part("responses").JSONResponse(seen)

    routing = part("routing")
    app = routing.Router([routing.Route("/", show, methods=["POST"])])
    response = client(app).post(
        "/",
        data={"note": "hi"},
        files={"file": ("a.txt", b"content", "text/plain")},
    )
    assert response.json() == ["hi", "a.txt", "text/plain", "content"]


@pytest.mark.parametrize(
    ("url", "params", "path", "raw_path", "query"),
    [
        ("/a%20b", None, "/a b", "/a%20b", []),
        ("/a/é", None, "/a/é", "/a/%C3%A9", []),
        ("/a?b=1&b=2", None, "/a", "/a", [["b", "1"], ["b", "2"]]),
        ("/a", {"b": "x y"}, "/a", "/a", [["b", "x y"]]),
        ("relative", None, "/relative", "/relative", []),
    ],
)
def test_urls(client, echo, url, params, path, raw_path, query):
    seen = client(echo).get(url, params=params).json()
    assert (seen["path"], seen["raw_path"]) == (path, raw_path)
    assert seen["query"] == query


def test_headers_of_the_client_and_of_the_request(client, echo):
    web = client(echo, headers={"x-one": "1", "user-agent": "mine"})
    seen = web.get("/", headers={"X-Two": "2"}).json()["headers"]
    assert (seen["x-one"], seen["x-two"], seen["user-agent"]) == ("1", "2", "mine")


@pytest.mark.parametrize(
    ("base_url", "url", "server"),
    [
        ("https://shop.example", "https://shop.example/a", ["shop.example", 443]),
        ("http://shop.example", "http://shop.example/a", ["shop.example", 80]),
        ("http://a.example:81", "http://a.example:81/a", ["a.example", 81]),
        ("http://a.example/v1", "http://a.example/v1/a", ["a.example", 80]),
    ],
)
def test_base_url(client, echo, base_url, url, server):
    seen = client(echo, base_url=base_url).get("/a").json()
    assert (seen["url"], seen["server"]) == (url, server)


def test_root_path_and_client_address(client, echo):
    seen = client(echo, root_path="/api", client=("10.0.0.1", 1234)).get("/a").json()
    assert seen["root_path"] == "/api"
    assert seen["client"] == ["10.0.0.1", 1234]


def test_cookies_are_kept(client, part):
    async def app(scope, receive, send):
        request = part("requests").Request(scope)
        response = part("responses").JSONResponse(request.cookies)
        response.set_cookie("seen", "1")
        await response(scope, receive, send)

    web = client(app, cookies={"mine": "x"})
    assert web.get("/").json() == {"mine": "x"}
    assert web.get("/").json() == {"mine": "x", "seen": "1"}
    assert web.cookies["seen"] == "1"


@pytest.mark.parametrize("by", ["client", "request"])
def test_redirects_are_followed_unless_told_otherwise(client, part, by):
    async def app(scope, receive, send):
        responses = part("responses")
        if scope["path"] == "/":
            response = responses.RedirectResponse("/next", 303)
        else:
            response = responses.PlainTextResponse("arrived")
        await response(scope, receive, send)

    followed = client(app).get("/")
    assert followed.text == "arrived"
    assert [response.status_code for response in followed.history] == [303]
    if by == "client":
        stopped = client(app, follow_redirects=False).get("/")
    else:
        stopped = client(app).get("/", follow_redirects=False)
    assert (stopped.status_code, stopped.headers["location"]) == (303, "/next")


def test_a_timeout_is_warned_about(client, echo):
    with pytest.warns(UserWarning, match="timeout"):
        client(echo).get("/", timeout=5)


# Responses


def plain(*messages):
    async def app(scope, receive, send):
        for message in messages:
            await send(message)

    return app


START = {"type": "http.response.start", "status": 200, "headers": []}
END = {"type": "http.response.body", "body": b"end"}


def test_status_headers_and_body_in_pieces(client):
    start = START | {"status": 201, "headers": [(b"x-a", b"1"), (b"x-a", b"2")]}
    more = {"type": "http.response.body", "body": b"more ", "more_body": True}
    response = client(plain(start, more, END)).get("/")
    assert (response.status_code, response.content) == (201, b"more end")
    assert response.headers.get_list("x-a") == ["1", "2"]


def test_headers_may_be_left_out(client):
    start = {"type": "http.response.start", "status": 204}
    assert client(plain(start, END | {"body": b""})).get("/").status_code == 204


def test_head_has_no_body_even_if_the_app_sends_one(client):
    assert client(plain(START, END)).head("/").content == b""


def test_trailers(client):
    trailers = {"type": "http.response.trailers", "headers": [(b"x-sum", b"42")]}
    response = client(plain(START | {"trailers": True}, END, trailers)).get("/")
    assert response.content == b"end"
    assert response.extensions["http.response.trailers"] == [(b"x-sum", b"42")]


@pytest.mark.parametrize(
    "messages",
    [[], [END], [START, START], [START, END, END], [END, START]],
    ids=["nothing", "no start", "two starts", "two ends", "wrong order"],
)
def test_an_app_that_breaks_the_protocol_fails_the_test(client, messages):
    with pytest.raises(AssertionError):
        client(plain(*messages)).get("/")


def test_the_app_gets_the_body_and_then_the_disconnect(client):
    received = []

    async def app(scope, receive, send):
        received.append(await receive())
        await send(START)
        await send(END)
        received.append(await receive())

    client(app).post("/", content=b"abc")
    assert [message["type"] for message in received] == [
        *("http.request", "http.disconnect")
    ]
    assert received[0]["body"] == b"abc"
    assert not received[0].get("more_body", False)


def test_a_stream_can_be_read_piece_by_piece(client, part):
    async def app(scope, receive, send):
        async def numbers():
            for number in range(3):
                yield f"{number};"

        await part("responses").StreamingResponse(numbers())(scope, receive, send)

    with client(app).stream("GET", "/") as response:
        assert list(response.iter_text()) == ["0;", "1;", "2;"]


def test_an_endless_stream_stops_when_the_test_leaves_it(client, part):
    stopped = []

    async def app(scope, receive, send):
        async def endless():
            try:
                while True:
                    yield "more;"
                    await asyncio.sleep(0)
            finally:
                stopped.append(True)

        await part("responses").StreamingResponse(endless())(scope, receive, send)

    with client(app).stream("GET", "/") as response:
        pieces = response.iter_text()
        assert [next(pieces), next(pieces)] == ["more;", "more;"]
        assert stopped == []
    assert stopped == [True]


# Errors of the app


class Broken(Exception):
    pass


async def broken(scope, receive, send):
    raise Broken("tea")


async def broken_late(scope, receive, send):
    await send(START)
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise Broken("tea")


@pytest.mark.parametrize("app", [broken, broken_late])
def test_an_error_of_the_app_is_raised_in_the_test(client, app):
    with pytest.raises(Broken, match="tea"):
        client(app).get("/")


@pytest.mark.parametrize(
    ("app", "status", "content"),
    [(broken, 500, b""), (broken_late, 200, b"half"), (plain(), 500, b"")],
)
def test_an_error_of_the_app_can_be_an_answer(client, app, status, content):
    response = client(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.content) == (status, content)


def test_an_error_after_the_answer_is_raised_too(client):
    async def app(scope, receive, send):
        await send(START)
        await send(END)
        raise Broken("late")

    with pytest.raises(Broken, match="late"):
        client(app).get("/")
    assert client(app, raise_server_exceptions=False).get("/").content == b"end"


def test_an_app_of_the_second_protocol_version(client):
    def app(scope):
        async def instance(receive, send):
            await send(START)
            await send(END | {"body": scope["path"].encode()})

        return instance

    assert client(app).get("/two").text == "/two"


# Lifespan and state


@pytest.fixture
def living(part):
    """``living(lifespan)``: an app that answers with its ``request.state.name``."""

    def build(lifespan):
        async def show(request):
            name = getattr(request.state, "name", "nobody")
            return part("responses").PlainTextResponse(name)

        routing = part("routing")
        return routing.Router([routing.Route("/", show)], lifespan=lifespan)

    return build


def test_with_starts_and_stops_the_app(client, living):
    steps = []

    @asynccontextmanager
    async def lifespan(app):
        steps.append("start")
        yield {"name": "ada"}
        steps.append("stop")

    web = client(living(lifespan))
    assert web.get("/").text == "nobody"
    assert steps == []
    with web as entered:
        assert entered is web
        assert steps == ["start"]
        assert web.get("/").text == "ada"
        assert web.app_state == {"name": "ada"}
    assert steps == ["start", "stop"]


def test_app_state_can_be_given_by_the_test(client, living):
    web = client(living(None))
    web.app_state["name"] = "bob"
    assert web.get("/").text == "bob"


@pytest.mark.parametrize("when", ["start", "stop"])
def test_an_error_in_the_lifespan_is_raised_in_the_test(client, living, when):
    entered = []

    @asynccontextmanager
    async def lifespan(app):
        if when == "start":
            raise Broken("tea")
        yield
        raise Broken("tea")

    with pytest.raises(Broken), client(living(lifespan)):
        entered.append(True)
    assert entered == ([True] if when == "stop" else [])


def test_an_app_that_cannot_start_at_all_fails_the_test(client):
    with pytest.raises(Broken), client(broken):
        pass


def test_requests_inside_with_share_one_event_loop(client):
    loops = []

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
            return
        loops.append(asyncio.get_running_loop())
        await send(START)
        await send(END)

    web = client(app)
    with web:
        web.get("/")
        web.get("/")
    web.get("/")
    assert loops[0] is loops[1]
    assert loops[2] is not loops[0]


@pytest.mark.parametrize("debug", [True, False])
def test_options_of_the_backend(client, debug):
    seen = []

    async def app(scope, receive, send):
        seen.append(asyncio.get_running_loop().get_debug())
        await send(START)
        await send(END)

    client(app, backend="asyncio", backend_options={"debug": debug}).get("/")
    assert seen == [debug]


# Websockets


@pytest.mark.parametrize(
    ("kind", "value"), [("text", "hällo"), ("bytes", b"\x00\xff"), ("json", {"a": [1]})]
)
def test_websocket_echo(client, websocket_app, kind, value):
    async def echo(websocket):
        await websocket.accept()
        received = await getattr(websocket, f"receive_{kind}")()
        await getattr(websocket, f"send_{kind}")(received)
        await websocket.close()

    with client(websocket_app(echo)).websocket_connect("/ws") as session:
        getattr(session, f"send_{kind}")(value)
        assert getattr(session, f"receive_{kind}")() == value


@pytest.mark.parametrize(("mode", "key"), [("text", "text"), ("binary", "bytes")])
def test_websocket_json_as_text_or_as_bytes(client, websocket_app, mode, key):
    received = []

    async def echo(websocket):
        await websocket.accept()
        message = await websocket.receive()
        received.append(message)
        await websocket.send(message | {"type": "websocket.send"})
        await websocket.close()

    with client(websocket_app(echo)).websocket_connect("/ws") as session:
        session.send_json({"a": "é"}, mode=mode)
        assert session.receive_json(mode=mode) == {"a": "é"}
    text = received[0][key]
    assert (text if mode == "text" else text.decode()) == '{"a":"é"}'


def test_websocket_raw_messages(client, websocket_app):
    async def echo(websocket):
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close(4000, "done")

    with client(websocket_app(echo)).websocket_connect("/ws") as session:
        session.send({"type": "websocket.receive", "text": "hi"})
        assert session.receive() == {"type": "websocket.send", "text": "hi"}
        last = session.receive()
    assert (last["type"], last["code"], last["reason"]) == (
        *("websocket.close", 4000, "done"),
    )


@pytest.mark.parametrize("method", ["receive_text", "receive_bytes", "receive_json"])
def test_websocket_closed_by_the_app(client, websocket_app, closed, method):
    async def leave(websocket):
        await websocket.accept()
        await websocket.close(4001, "bye")

    with (
        client(websocket_app(leave)).websocket_connect("/ws") as session,
        pytest.raises(closed) as caught,
    ):
        getattr(session, method)()
    assert (caught.value.code, caught.value.reason) == (4001, "bye")


@pytest.mark.parametrize("by_hand", [True, False])
def test_websocket_closed_by_the_test(client, websocket_app, closed, by_hand):
    codes = []

    async def wait(websocket):
        await websocket.accept()
        try:
            await websocket.receive_text()
        except closed as error:
            codes.append((error.code, error.reason))

    with client(websocket_app(wait)).websocket_connect("/ws") as session:
        if by_hand:
            session.close(3000, "enough")
    assert codes == [(3000, "enough") if by_hand else (1000, "")]


def test_a_disconnect_that_the_app_does_not_catch_is_raised_in_the_test(
    client, websocket_app, closed
):
    async def wait(websocket):
        await websocket.accept()
        await websocket.receive_text()

    web = client(websocket_app(wait))
    with pytest.raises(closed) as caught, web.websocket_connect("/ws"):
        pass
    assert caught.value.code == 1000


def test_websocket_refused_before_it_was_accepted(client, websocket_app, closed):
    async def refuse(websocket):
        await websocket.close(4003, "no")

    web = client(websocket_app(refuse))
    with pytest.raises(closed) as caught, web.websocket_connect("/ws"):
        pass
    assert (caught.value.code, caught.value.reason) == (4003, "no")


def test_websocket_denied_with_a_response(client, websocket_app, part, closed):
    denial = part("testclient").WebSocketDenialResponse
    answer = part("responses").JSONResponse

    async def deny(websocket):
        response = answer({"why": "no tea"}, 418, {"x-why": "tea"})
        await websocket.send_denial_response(response)

    web = client(websocket_app(deny))
    with pytest.raises(denial) as caught, web.websocket_connect("/ws"):
        pass
    assert isinstance(caught.value, closed)
    assert isinstance(caught.value, httpx.Response)
    assert caught.value.status_code == 418
    assert caught.value.headers["x-why"] == "tea"
    assert caught.value.json() == {"why": "no tea"}


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["a", "b"], "b"), (["a"], None), (None, None)]
)
def test_websocket_subprotocols(client, websocket_app, offered, chosen):
    seen = []

    async def choose(websocket):
        seen.append(websocket["subprotocols"])
        await websocket.accept(subprotocol=chosen)
        await websocket.close()

    web = client(websocket_app(choose))
    with web.websocket_connect("/ws", subprotocols=offered) as session:
        assert session.accepted_subprotocol == chosen
    assert seen == [offered or []]


def test_websocket_accepted_with_headers(client, websocket_app):
    async def accept(websocket):
        await websocket.accept(headers=[(b"x-one", b"1")])
        await websocket.close()

    with client(websocket_app(accept)).websocket_connect("/ws") as session:
        assert session.extra_headers == [(b"x-one", b"1")]


def test_websocket_url_headers_cookies_and_address(client, websocket_app):
    async def show(websocket):
        await websocket.accept()
        await websocket.send_json(
            {
                "url": str(websocket.url),
                "query": websocket.query_params["a"],
                "one": websocket.headers["x-one"],
                "upgrade": websocket.headers["connection"],
                "cookies": websocket.cookies,
                "client": list(websocket.client),
            }
        )
        await websocket.close()

    web = client(websocket_app(show), cookies={"mine": "x"}, client=("10.0.0.1", 1234))
    with web.websocket_connect("/ws?a=1", headers={"x-one": "1"}) as session:
        assert session.receive_json() == {
            "url": "ws://testserver/ws?a=1",
            "query": "1",
            "one": "1",
            "upgrade": "upgrade",
            "cookies": {"mine": "x"},
            "client": ["10.0.0.1", 1234],
        }


def test_websocket_url_may_name_another_host(client, websocket_app):
    async def show(websocket):
        await websocket.accept()
        await websocket.send_text(str(websocket.url))
        await websocket.close()

    web = client(websocket_app(show), base_url="https://ignored.example")
    with web.websocket_connect("/ws") as session:
        assert session.receive_text() == "ws://testserver/ws"
    with web.websocket_connect("wss://shop.example/ws") as session:
        assert session.receive_text() == "wss://shop.example/ws"


@pytest.mark.parametrize("accept", [True, False])
def test_an_error_in_a_websocket_is_raised_in_the_test(client, websocket_app, accept):
    async def fail(websocket):
        if accept:
            await websocket.accept()
        raise Broken("tea")

    web = client(websocket_app(fail))
    with pytest.raises(Broken, match="tea"), web.websocket_connect("/ws"):
        pass


def test_several_websockets_at_once(client, websocket_app):
    async def shout(websocket):
        await websocket.accept()
        async for received in websocket.iter_text():
            await websocket.send_text(received.upper())

    web = client(websocket_app(shout))
    with (
        web,
        web.websocket_connect("/ws") as one,
        web.websocket_connect("/ws") as two,
    ):
        one.send_text("one")
        two.send_text("two")
        assert (two.receive_text(), one.receive_text()) == ("TWO", "ONE")
