"""The messages between server and app, by hand: a router with one route."""

import asyncio

import pytest

CONTENT = b"0123456789" * 20_000  # three pieces of a file


@pytest.fixture
def responses(part):
    return part("responses")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def route(part):
    """``route(endpoint)``: an app with that endpoint at ``/``."""

    def build(endpoint):
        routing = part("routing")
        return routing.Router([routing.Route("/", endpoint, methods=["GET", "POST"])])

    return build


@pytest.fixture
def answering(route):
    """``answering(make)``: an app whose endpoint answers with ``make()``."""

    def build(make):
        async def endpoint(request):
            return make()

        return route(endpoint)

    return build


def http_scope(**changes):
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 4000),
    }
    return scope | changes


def spec(version):
    return {"asgi": {"version": "3.0", "spec_version": version}}


def request_message(body=b"", more_body=False):
    return {"type": "http.request", "body": body, "more_body": more_body}


DISCONNECT = {"type": "http.disconnect"}


class Server:
    """The other side of an app: what it was sent, and how often it was asked."""

    def __init__(self, app, scope=None, incoming=()):
        self.app, self.scope = app, scope or http_scope()
        self.incoming = list(incoming)
        self.asked = 0
        self.sent = []
        self.fail_at = None
        self.hang_up_at = None
        self.hung_up = asyncio.Event()

    async def receive(self):
        self.asked += 1
        if self.incoming:
            return self.incoming.pop(0)
        await self.hung_up.wait()
        return DISCONNECT

    async def send(self, message):
        if self.fail_at is not None and len(self.sent) >= self.fail_at:
            raise OSError("the client is gone")
        self.sent.append(message)
        if len(self.sent) == self.hang_up_at:
            self.hung_up.set()

    def run(self):
        async def main():
            await asyncio.wait_for(self.app(self.scope, self.receive, self.send), 10)

        asyncio.run(main())
        return self

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.sent)


async def pieces():
    for piece in (b"one", b"", b"two"):
        yield piece


# Every kind of response


KINDS = {
    "plain": lambda responses, file: responses.PlainTextResponse("hello"),
    "empty": lambda responses, file: responses.Response(),
    "no content": lambda responses, file: responses.Response(status_code=204),
    "json": lambda responses, file: responses.JSONResponse({"a": 1}),
    "redirect": lambda responses, file: responses.RedirectResponse("/x"),
    "async stream": lambda responses, file: responses.StreamingResponse(pieces()),
    "sync stream": lambda responses, file: responses.StreamingResponse(["a", "b"]),
    "empty stream": lambda responses, file: responses.StreamingResponse([]),
    "file": lambda responses, file: responses.FileResponse(file),
}


@pytest.mark.parametrize("version", ["2.0", "2.3", "2.4"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_start_and_one_last_body(answering, responses, file, kind, method, version):
    app = answering(lambda: KINDS[kind](responses, file))
    scope = http_scope(method=method, **spec(version))
    start, *body = Server(app, scope, [request_message()]).run().sent
    assert start["type"] == "http.response.start"
    assert {message["type"] for message in body} == {"http.response.body"}
    *others, last = [message.get("more_body", False) for message in body]
    assert last is False
    assert all(others)


@pytest.mark.parametrize("ranges", ["bytes=0-9", "bytes=0-199998", "bytes=0-1,5-6"])
def test_one_last_body_of_a_range(answering, responses, file, ranges):
    scope = http_scope(headers=[(b"range", ranges.encode())], **spec("2.4"))
    app = answering(lambda: responses.FileResponse(file))
    start, *body = Server(app, scope).run().sent
    assert start["status"] == 206
    *others, last = [message["more_body"] for message in body]
    assert last is False
    assert all(others)
    length = int(dict(start["headers"])[b"content-length"])
    assert length == sum(len(message["body"]) for message in body)


def test_a_stream_ends_with_an_empty_body(answering, responses):
    app = answering(lambda: responses.StreamingResponse(pieces()))
    _, *body = Server(app, http_scope(**spec("2.4"))).run().sent
    assert [(message["body"], message["more_body"]) for message in body] == [
        *((b"one", True), (b"", True), (b"two", True), (b"", False))
    ]


def test_a_file_is_sent_in_pieces_without_an_empty_body_at_the_end(
    answering, responses, file
):
    app = answering(lambda: responses.FileResponse(file))
    server = Server(app, http_scope(**spec("2.4"))).run()
    assert server.body == CONTENT
    sizes = [len(message["body"]) for message in server.sent[1:]]
    assert len(sizes) > 1
    assert 0 not in sizes


# HEAD


def test_head_of_a_file_has_no_body(answering, responses, file):
    app = answering(lambda: responses.FileResponse(file))
    get, head = (
        Server(app, http_scope(method=method, **spec("2.4"))).run()
        for method in ("GET", "HEAD")
    )
    assert head.body == b""
    assert head.sent[0] == get.sent[0]


def test_head_of_any_other_response_leaves_the_body_to_the_server(answering, responses):
    app = answering(lambda: responses.PlainTextResponse("hello"))
    get, head = (
        Server(app, http_scope(method=method)).run() for method in ("GET", "HEAD")
    )
    assert head.sent == get.sent
    assert head.body == b"hello"


# When the app asks for the body


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "stream" not in kind])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_ignores_the_body_does_not_ask_for_it(
    answering, responses, file, kind, method
):
    app = answering(lambda: KINDS[kind](responses, file))
    headers = [(b"expect", b"100-continue"), (b"content-length", b"3")]
    scope = http_scope(method=method, headers=headers, **spec("2.4"))
    server = Server(app, scope, [request_message(b"abc")]).run()
    assert server.asked == 0
    assert len(server.sent) >= 2


@pytest.mark.parametrize(("version", "asked"), [("2.3", True), ("2.4", False)])
def test_a_stream_listens_for_the_client_only_if_send_cannot_tell(
    answering, responses, version, asked
):
    app = answering(lambda: responses.StreamingResponse(pieces()))
    server = Server(app, http_scope(**spec(version)), [request_message()]).run()
    assert (server.asked > 0) is asked


def test_the_body_is_asked_for_piece_by_piece(route, responses):
    asked = []

    async def endpoint(request):
        async for piece in request.stream():
            asked.append((server.asked, piece))
        return responses.Response()

    incoming = [
        request_message(b"a", True),
        request_message(b"", True),
        request_message(b"b", True),
        request_message(b"c"),
    ]
    server = Server(route(endpoint), http_scope(method="POST"), incoming)
    server.run()
    assert asked == [(1, b"a"), (3, b"b"), (4, b"c"), (4, b"")]


def test_the_body_is_not_asked_for_again(route, responses):
    async def endpoint(request):
        twice = await request.body() + await request.body()
        return responses.Response(twice)

    incoming = [request_message(b"a", True), request_message(b"b")]
    server = Server(route(endpoint), http_scope(method="POST"), incoming).run()
    assert server.asked == 2
    assert server.body == b"abab"


def test_an_answer_may_begin_before_the_body_is_read(route, responses):
    async def endpoint(request):
        async def shout():
            async for piece in request.stream():
                yield piece.upper()

        return responses.StreamingResponse(shout())

    incoming = [request_message(b"a", True), request_message(b"b")]
    scope = http_scope(method="POST", **spec("2.4"))
    assert Server(route(endpoint), scope, incoming).run().body == b"AB"


def test_an_answer_may_come_in_the_middle_of_the_body(route, responses):
    async def endpoint(request):
        async for _ in request.stream():
            return responses.Response("enough", 413)

    incoming = [request_message(b"a", True), request_message(b"b")]
    server = Server(route(endpoint), http_scope(method="POST"), incoming).run()
    assert (server.asked, server.sent[0]["status"]) == (1, 413)
    assert server.incoming == [request_message(b"b")]


# A client that hangs up


def test_a_client_that_hangs_up_in_the_middle_of_the_body(route, part, responses):
    gone = part("requests").ClientDisconnect

    async def endpoint(request):
        await request.body()
        return responses.Response("never")

    server = Server(
        route(endpoint),
        http_scope(method="POST"),
        [request_message(b"a", True), DISCONNECT],
    )
    with pytest.raises(gone):
        server.run()
    assert server.sent == []


@pytest.mark.parametrize(
    ("incoming", "gone"), [([DISCONNECT], True), ([], False), ([DISCONNECT] * 2, True)]
)
def test_an_endpoint_can_ask_whether_the_client_is_gone(
    route, responses, incoming, gone
):
    async def endpoint(request):
        await request.body()
        return responses.Response(f"{await request.is_disconnected()}")

    server = Server(route(endpoint), None, [request_message(), *incoming]).run()
    assert server.body == f"{gone}".encode()


@pytest.mark.parametrize("pause", [0, 0.001])
def test_a_stream_stops_when_the_server_tells_of_the_hang_up(
    answering, responses, pause
):
    steps = []

    async def endless():
        try:
            while True:
                yield b"more"
                await asyncio.sleep(pause)
        finally:
            steps.append("closed")

    app = answering(lambda: responses.StreamingResponse(endless()))
    server = Server(app, http_scope(**spec("2.3")), [request_message()])
    server.hang_up_at = 4
    server.run()
    assert steps == ["closed"]
    assert all(message.get("more_body", True) for message in server.sent)


def test_a_stream_stops_when_send_fails(answering, part, responses):
    steps = []

    async def endless():
        try:
            while True:
                yield b"more"
        finally:
            steps.append("closed")

    app = answering(lambda: responses.StreamingResponse(endless()))
    server = Server(app, http_scope(**spec("2.4")))
    server.fail_at = 3
    with pytest.raises(part("requests").ClientDisconnect):
        server.run()
    assert steps == ["closed"]
    assert len(server.sent) == 3


def test_a_file_stops_when_the_server_tells_of_the_hang_up(answering, responses, file):
    file.write_bytes(b"x" * 10_000_000)
    app = answering(lambda: responses.FileResponse(file))
    server = Server(app, http_scope(**spec("2.3")), [request_message()])
    server.hang_up_at = 3
    server.run()
    assert 0 < len(server.body) < 10_000_000


@pytest.mark.parametrize(("version", "ran"), [("2.3", ["done"]), ("2.4", [])])
def test_a_background_task_after_a_hang_up(answering, part, responses, version, ran):
    done = []
    task = part("background").BackgroundTask(done.append, "done")

    async def endless():
        while True:
            yield b"more"
            await asyncio.sleep(0)

    app = answering(lambda: responses.StreamingResponse(endless(), background=task))
    server = Server(app, http_scope(**spec(version)), [request_message()])
    if version == "2.3":
        server.hang_up_at = 4
        server.run()
    else:
        server.fail_at = 3
        with pytest.raises(part("requests").ClientDisconnect):
            server.run()
    assert done == ran


def test_a_background_task_runs_after_the_last_body(answering, part, responses):
    seen = []
    task = part("background").BackgroundTask(lambda: seen.append(len(server.sent)))
    app = answering(lambda: responses.Response("hi", background=task))
    server = Server(app)
    server.run()
    assert seen == [2]


# Errors


def test_an_error_before_the_answer_sends_nothing(route):
    async def endpoint(request):
        raise ValueError("tea")

    server = Server(route(endpoint))
    with pytest.raises(ValueError, match="tea"):
        server.run()
    assert server.sent == []


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_an_error_after_the_answer_began_is_raised_on(answering, responses, version):
    async def broken():
        yield b"half"
        raise ValueError("tea")

    app = answering(lambda: responses.StreamingResponse(broken()))
    server = Server(app, http_scope(**spec(version)), [request_message()])
    with pytest.raises(ValueError, match="tea"):
        server.run()
    assert [message.get("body") for message in server.sent] == [None, b"half"]


def test_a_file_that_is_missing_sends_nothing(answering, responses, tmp_path):
    app = answering(lambda: responses.FileResponse(tmp_path / "missing"))
    server = Server(app, http_scope(**spec("2.4")))
    with pytest.raises(RuntimeError):
        server.run()
    assert server.sent == []


@pytest.mark.parametrize(
    ("changes", "status"), [({"path": "/x"}, 404), ({"method": "PUT"}, 405)]
)
def test_a_router_on_its_own_answers_what_it_does_not_know(
    answering, responses, changes, status
):
    app = answering(responses.Response)
    server = Server(app, http_scope(**changes)).run()
    assert [message["type"] for message in server.sent] == [
        *("http.response.start", "http.response.body")
    ]
    assert server.sent[0]["status"] == status


# Extensions


def test_a_server_that_can_send_files_gets_only_the_path(answering, responses, file):
    app = answering(lambda: responses.FileResponse(file))
    scope = http_scope(extensions={"http.response.pathsend": {}})
    start, *rest = Server(app, scope).run().sent
    assert dict(start["headers"])[b"content-length"] == b"200000"
    assert rest == [{"type": "http.response.pathsend", "path": str(file)}]


@pytest.mark.parametrize(
    "changes",
    [{"method": "HEAD"}, {"headers": [(b"range", b"bytes=0-3")]}],
    ids=["HEAD", "range"],
)
def test_the_path_is_not_sent_for(answering, responses, file, changes):
    app = answering(lambda: responses.FileResponse(file))
    scope = http_scope(extensions={"http.response.pathsend": {}}, **changes)
    server = Server(app, scope | spec("2.4")).run()
    assert {message["type"] for message in server.sent[1:]} == {"http.response.body"}


# Other scopes


def test_a_router_takes_part_in_the_lifespan_without_its_routes(answering):
    def never():
        raise AssertionError("called")

    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    server = Server(answering(never), {"type": "lifespan"}, incoming).run()
    assert server.asked == 2
    assert server.sent == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]


def test_a_route_on_its_own_does_not_know_the_lifespan(part, responses):
    async def endpoint(request):
        return responses.Response()

    route = part("routing").Route("/", endpoint)
    server = Server(route, {"type": "lifespan"}).run()
    assert (server.asked, server.sent) == (0, [])


@pytest.mark.parametrize("kind", ["ftp", "http2", ""])
def test_an_unknown_scope_is_refused(answering, responses, kind):
    server = Server(answering(responses.Response), http_scope(type=kind))
    with pytest.raises(AssertionError):
        server.run()
    assert server.sent == []


def test_a_websocket_at_the_path_of_a_page_is_closed(answering, responses):
    scope = http_scope(type="websocket", scheme="ws", subprotocols=[])
    server = Server(answering(responses.Response), scope).run()
    assert [message["type"] for message in server.sent] == ["websocket.close"]
    assert server.asked == 0
