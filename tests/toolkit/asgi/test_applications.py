"""The class ``Starlette``: routes, middleware, handlers, state and lifespan as one."""

import asyncio
from contextlib import asynccontextmanager

import pytest

# Starlette would rather have httpx2 under its test client.
pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx.")


@pytest.fixture
def client(part):
    return part("testclient").TestClient


@pytest.fixture
def application(part):
    return part("applications").Starlette


@pytest.fixture
def text(part):
    return part("responses").PlainTextResponse


@pytest.fixture
def routing(part):
    return part("routing")


@pytest.fixture
def stamp():
    """A middleware that writes its name into the header ``x-order``."""

    class Stamp:
        built = []

        def __init__(self, app, name="stamp"):
            self.app, self.name = app, name
            self.built.append(name)

        async def __call__(self, scope, receive, send):
            async def send_stamped(message):
                if message["type"] == "http.response.start":
                    message["headers"].append((b"x-order", self.name.encode()))
                await send(message)

            await self.app(scope, receive, send_stamped)

    return Stamp


@pytest.fixture
def hello(text):
    async def hello(request):
        return text("hello")

    return hello


class OutOfStock(Exception):
    pass


class SoldOut(OutOfStock):
    pass


# Routes


def test_an_empty_application_knows_no_page(application, client):
    assert client(application()).get("/").status_code == 404
    assert application().routes == []


def test_routes_of_every_kind(application, client, routing, text):
    async def show(request):
        return text(f"user {request.path_params['id'] + 1}")

    def show_sync(request):
        return text("sync")

    async def chat(websocket):
        await websocket.accept()
        await websocket.send_text("hi")
        await websocket.close()

    async def blog(request):
        return text("blog of " + request.path_params["who"])

    async def inner(scope, receive, send):
        await text(scope["root_path"])(scope, receive, send)

    blogs = routing.Router([routing.Route("/", blog)])
    app = application(
        routes=[
            routing.Host("{who}.blogs.example", blogs),
            routing.Route("/users/{id:int}", show),
            routing.Route("/sync", show_sync, methods=["POST"]),
            routing.WebSocketRoute("/chat", chat),
            routing.Mount("/inner", inner),
        ]
    )
    web = client(app)
    assert web.get("/users/7").text == "user 8"
    assert web.get("/users/ada").status_code == 404
    assert web.post("/sync").text == "sync"
    assert web.get("/sync").status_code == 405
    assert web.get("/sync").headers["allow"] == "POST"
    assert web.get("/inner/x").text == "/inner"
    assert web.get("http://ada.blogs.example/").text == "blog of ada"
    with web.websocket_connect("/chat") as chat_session:
        assert chat_session.receive_text() == "hi"
    assert len(app.routes) == 5


def test_routes_can_be_added_later(application, client, routing, hello, text):
    app = application()
    app.add_route("/one", hello)
    app.add_route("/two", hello, methods=["POST"], name="second")
    app.mount("/three", routing.Router([routing.Route("/x", hello)]), name="third")
    app.host("four.example", routing.Router([routing.Route("/", hello)]))
    web = client(app)
    assert web.get("/one").text == "hello"
    assert web.post("/two").text == "hello"
    assert web.get("/three/x").text == "hello"
    assert web.get("http://four.example/").text == "hello"
    assert app.url_path_for("second") == "/two"
    assert app.url_path_for("third", path="/y") == "/three/y"


def test_routes_of_the_application_are_a_copy(application, routing, hello):
    routes = [routing.Route("/", hello)]
    app = application(routes=routes)
    app.add_route("/more", hello)
    assert len(routes) == 1
    assert app.routes is app.router.routes


def test_a_route_added_after_the_first_request_is_served(application, client, hello):
    app = application()
    web = client(app)
    assert web.get("/late").status_code == 404
    app.add_route("/late", hello)
    assert web.get("/late").text == "hello"


@pytest.mark.parametrize(
    ("name", "params", "path"),
    [
        ("home", {}, "/"),
        ("user", {"id": 7}, "/users/7"),
        ("shop:item", {"id": 3}, "/shop/items/3"),
        ("shop", {"path": "/x/y"}, "/shop/x/y"),
        ("chat", {}, "/chat"),
    ],
)
def test_url_path_for(application, routing, hello, name, params, path):
    app = application(
        routes=[
            routing.Route("/", hello, name="home"),
            routing.Route("/users/{id:int}", hello, name="user"),
            routing.WebSocketRoute("/chat", hello, name="chat"),
            routing.Mount(
                "/shop",
                name="shop",
                routes=[routing.Route("/items/{id}", hello, name="item")],
            ),
        ]
    )
    assert app.url_path_for(name, **params) == path


@pytest.mark.parametrize(
    ("name", "params"), [("nobody", {}), ("hello", {"id": 1}), ("item", {})]
)
def test_url_path_for_an_unknown_route(application, routing, hello, name, params):
    item = routing.Route("/{id}", hello, name="item")
    app = application(routes=[routing.Route("/", hello), item])
    with pytest.raises(routing.NoMatchFound):
        app.url_path_for(name, **params)


def test_the_application_is_in_the_scope(application, client, routing, text):
    async def show(request):
        return text(f"{request.app is app} {request.scope['app'] is app}")

    app = application(routes=[routing.Route("/", show)])
    assert client(app).get("/").text == "True True"


def test_a_mounted_application_replaces_the_outer_one(
    application, client, routing, text
):
    async def show(request):
        return text(request.app.state.name)

    inner = application(routes=[routing.Route("/", show)])
    inner.state.name = "inner"
    outer = application(
        routes=[routing.Mount("/inner", inner), routing.Route("/", show)]
    )
    outer.state.name = "outer"
    assert client(outer).get("/inner/").text == "inner"
    assert client(outer).get("/").text == "outer"


# Middleware


def test_middleware_runs_in_the_order_of_the_list(
    application, client, routing, part, stamp, hello
):
    entry = part("middleware").Middleware
    app = application(
        routes=[routing.Route("/", hello)],
        middleware=[entry(stamp, "outer"), entry(stamp, name="inner")],
    )
    app.add_middleware(stamp, name="added first")
    app.add_middleware(stamp, name="added last")
    names = client(app).get("/").headers.get_list("x-order")
    assert names == ["inner", "outer", "added first", "added last"]


def test_the_middleware_stack_is_built_once_and_late(application, client, stamp):
    app = application()
    app.add_middleware(stamp)
    assert stamp.built == []
    web = client(app)
    web.get("/")
    stack = app.middleware_stack
    web.get("/")
    assert stamp.built == ["stamp"]
    assert app.middleware_stack is stack


def test_middleware_cannot_be_added_after_the_start(application, client, stamp):
    app = application()
    client(app).get("/")
    with pytest.raises(RuntimeError):
        app.add_middleware(stamp)


def test_the_lifespan_starts_the_application_too(application, client, stamp):
    app = application()
    with client(app), pytest.raises(RuntimeError):
        app.add_middleware(stamp)


def test_middleware_stamps_the_answers_of_exception_handlers(
    application, client, stamp
):
    app = application()
    app.add_middleware(stamp)
    response = client(app).get("/missing")
    assert (response.status_code, response.headers["x-order"]) == (404, "stamp")


def test_middleware_does_not_see_the_answer_to_an_unhandled_error(
    application, client, routing, stamp
):
    def fail(request):
        raise OutOfStock

    app = application(routes=[routing.Route("/", fail)])
    app.add_middleware(stamp)
    response = client(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500
    assert "x-order" not in response.headers


def test_an_error_in_a_middleware_is_a_server_error(application, client):
    class Broken:
        def __init__(self, app):
            pass

        async def __call__(self, scope, receive, send):
            raise OutOfStock

    app = application(exception_handlers={OutOfStock: lambda r, e: None})
    app.add_middleware(Broken)
    assert client(app, raise_server_exceptions=False).get("/").status_code == 500


# Exception handlers


@pytest.mark.parametrize("asynchronous", [True, False])
@pytest.mark.parametrize(
    ("key", "raised", "handled"),
    [
        (OutOfStock, OutOfStock, True),
        (OutOfStock, SoldOut, True),
        (SoldOut, OutOfStock, False),
        (ValueError, OutOfStock, False),
        (Exception, OutOfStock, True),
        (500, OutOfStock, True),
    ],
)
def test_exception_handlers(
    application, client, routing, text, asynchronous, key, raised, handled
):
    def fail(request):
        raise raised("tea")

    def handler(request, error):
        return text(f"{request.url.path} {type(error).__name__} {error}", 409)

    async def async_handler(request, error):
        return handler(request, error)

    app = application(
        routes=[routing.Route("/buy", fail)],
        exception_handlers={key: async_handler if asynchronous else handler},
    )
    response = client(app, raise_server_exceptions=False).get("/buy")
    if handled:
        assert response.status_code == 409
        assert response.text == f"/buy {raised.__name__} tea"
    else:
        assert response.status_code == 500


def test_the_nearest_class_handles_the_exception(application, client, routing, text):
    def fail(request):
        raise SoldOut

    app = application(
        routes=[routing.Route("/", fail)],
        exception_handlers={
            OutOfStock: lambda request, error: text("out of stock"),
            SoldOut: lambda request, error: text("sold out"),
        },
    )
    assert client(app).get("/").text == "sold out"


def test_a_handler_of_exception_sees_the_error_but_it_is_raised_on(
    application, client, routing, text
):
    def fail(request):
        raise OutOfStock

    app = application(routes=[routing.Route("/", fail)])
    app.add_exception_handler(Exception, lambda request, error: text("sorry", 503))
    with pytest.raises(OutOfStock):
        client(app).get("/")
    response = client(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.text) == (503, "sorry")


def test_http_exceptions_become_answers(application, client, routing, part):
    def fail(request):
        status = int(request.query_params["status"])
        raise part("exceptions").HTTPException(status, "no tea", {"x-why": "tea"})

    web = client(application(routes=[routing.Route("/", fail)]))
    response = web.get("/?status=418")
    assert (response.status_code, response.text) == (418, "no tea")
    assert response.headers["x-why"] == "tea"
    for status in (204, 304):
        response = web.get(f"/?status={status}")
        assert (response.status_code, response.text) == (status, "")
        assert response.headers["x-why"] == "tea"


def test_a_status_handler_comes_before_a_class_handler(
    application, client, routing, part, text
):
    error = part("exceptions").HTTPException

    def fail(request):
        raise error(int(request.query_params["status"]))

    app = application(
        routes=[routing.Route("/", fail)],
        exception_handlers={
            404: lambda request, exc: text("by status", 404),
            error: lambda request, exc: text("by class", exc.status_code),
        },
    )
    web = client(app)
    assert web.get("/missing").text == "by status"
    assert web.get("/?status=404").text == "by status"
    assert web.get("/?status=403").text == "by class"
    assert web.post("/").text == "by class"


def test_an_http_exception_with_500_is_no_server_error(
    application, client, routing, part, text
):
    def fail(request):
        raise part("exceptions").HTTPException(500, "tired")

    app = application(
        routes=[routing.Route("/", fail)],
        exception_handlers={500: lambda request, error: text("never")},
    )
    response = client(app).get("/")
    assert (response.status_code, response.text) == (500, "tired")


def test_an_exception_after_the_answer_began_is_not_handled(
    application, client, routing, text
):
    async def late(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise OutOfStock

    app = application(
        routes=[routing.Mount("/", late)],
        exception_handlers={OutOfStock: lambda request, error: text("never")},
    )
    with pytest.raises(RuntimeError) as caught:
        client(app).get("/")
    assert isinstance(caught.value.__cause__, OutOfStock)


def test_exceptions_of_a_websocket_close_it(application, client, routing, part):
    closed = part("websockets").WebSocketDisconnect

    async def fail(websocket):
        await websocket.accept()
        raise part("exceptions").WebSocketException(4001, "no tea")

    app = application(routes=[routing.WebSocketRoute("/", fail)])
    with (
        client(app).websocket_connect("/") as session,
        pytest.raises(closed) as caught,
    ):
        session.receive_text()
    assert (caught.value.code, caught.value.reason) == (4001, "no tea")


def test_exceptions_of_a_websocket_can_be_handled(application, client, routing, part):
    closed = part("websockets").WebSocketDisconnect

    async def fail(websocket):
        await websocket.accept()
        raise OutOfStock

    async def handler(websocket, error):
        await websocket.close(4002)

    app = application(
        routes=[routing.WebSocketRoute("/", fail)],
        exception_handlers={OutOfStock: handler},
    )
    with (
        client(app).websocket_connect("/") as session,
        pytest.raises(closed) as caught,
    ):
        session.receive_text()
    assert caught.value.code == 4002


def test_an_unknown_websocket_is_closed(application, client, part):
    closed = part("websockets").WebSocketDisconnect
    web = client(application())
    with pytest.raises(closed), web.websocket_connect("/nothing"):
        pass


@pytest.mark.parametrize(("debug", "shown"), [(True, True), (False, False)])
def test_debug_shows_the_traceback(application, client, routing, debug, shown):
    def fail(request):
        raise OutOfStock("tea")

    app = application(debug=debug, routes=[routing.Route("/", fail)])
    assert app.debug is debug
    response = client(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500
    assert ("OutOfStock" in response.text) is shown


def test_debug_comes_before_a_handler_of_500(application, client, routing, text):
    def fail(request):
        raise OutOfStock("tea")

    app = application(
        debug=True,
        routes=[routing.Route("/", fail)],
        exception_handlers={500: lambda request, error: text("never")},
    )
    response = client(app, raise_server_exceptions=False).get("/")
    assert "OutOfStock" in response.text


# State and lifespan


def test_state_of_the_application(application, client, routing, text):
    async def show(request):
        request.app.state.count += 1
        return text(str(request.app.state.count))

    app = application(routes=[routing.Route("/", show)])
    app.state.count = 10
    web = client(app)
    assert [web.get("/").text, web.get("/").text] == ["11", "12"]
    with pytest.raises(AttributeError):
        _ = app.state.missing
    del app.state.count
    assert not hasattr(app.state, "count")


def test_lifespan_wraps_the_requests(application, client, routing, text):
    steps = []

    @asynccontextmanager
    async def lifespan(app):
        steps.append(f"start {app is running}")
        yield
        steps.append("stop")

    async def show(request):
        steps.append("request")
        return text("")

    running = application(routes=[routing.Route("/", show)], lifespan=lifespan)
    with client(running) as web:
        web.get("/")
        web.get("/")
    assert steps == ["start True", "request", "request", "stop"]
    client(running).get("/")
    assert steps[4:] == ["request"]


def test_lifespan_state_reaches_every_request_as_a_copy(
    application, client, routing, part
):
    answer = part("responses").JSONResponse

    @asynccontextmanager
    async def lifespan(app):
        yield {"name": "ada", "log": []}

    async def show(request):
        state = request.state
        before = (state.name, list(state.log))
        state.name = "bob"
        state.log.append("seen")
        return answer(before)

    async def show_websocket(websocket):
        await websocket.accept()
        await websocket.send_json([websocket.state.name, websocket.state.log])
        await websocket.close()

    app = application(
        routes=[
            routing.Route("/", show),
            routing.WebSocketRoute("/ws", show_websocket),
        ],
        lifespan=lifespan,
    )
    with client(app) as web:
        assert web.get("/").json() == ["ada", []]
        assert web.get("/").json() == ["ada", ["seen"]]
        with web.websocket_connect("/ws") as session:
            assert session.receive_json() == ["ada", ["seen", "seen"]]


def run_lifespan(app, scope):
    sent = []
    waiting = [{"type": "lifespan.shutdown"}, {"type": "lifespan.startup"}]

    async def receive():
        return waiting.pop()

    async def send(message):
        sent.append(message)

    async def main():
        try:
            await app(scope, receive, send)
        except Exception as error:
            return error
        return None

    return asyncio.run(main()), sent


@pytest.mark.parametrize(
    ("fail_at", "types"),
    [
        (None, ["lifespan.startup.complete", "lifespan.shutdown.complete"]),
        ("start", ["lifespan.startup.failed"]),
        ("stop", ["lifespan.startup.complete", "lifespan.shutdown.failed"]),
    ],
)
def test_lifespan_messages(application, fail_at, types):
    @asynccontextmanager
    async def lifespan(app):
        if fail_at == "start":
            raise OutOfStock("no tea")
        yield
        if fail_at == "stop":
            raise OutOfStock("no tea")

    app = application(lifespan=lifespan)
    error, sent = run_lifespan(app, {"type": "lifespan"})
    assert [message["type"] for message in sent] == types
    assert isinstance(error, OutOfStock) is (fail_at is not None)
    if fail_at is not None:
        assert "no tea" in sent[-1]["message"]


def test_lifespan_state_needs_a_server_that_keeps_it(application):
    @asynccontextmanager
    async def lifespan(app):
        yield {"name": "ada"}

    app = application(lifespan=lifespan)
    error, sent = run_lifespan(app, {"type": "lifespan"})
    assert isinstance(error, RuntimeError)
    assert sent[-1]["type"] == "lifespan.startup.failed"
    state = {}
    error, _ = run_lifespan(app, {"type": "lifespan", "state": state})
    assert error is None
    assert state == {"name": "ada"}


def test_the_lifespan_of_a_mounted_application_does_not_run(
    application, client, routing
):
    steps = []

    @asynccontextmanager
    async def lifespan(app):
        steps.append("inner")
        yield

    inner = application(lifespan=lifespan)
    with client(application(routes=[routing.Mount("/inner", inner)])):
        pass
    assert steps == []


# The size of a body


@pytest.mark.parametrize(("size", "status"), [(0, 200), (10, 200), (11, 413)])
def test_a_body_over_the_limit_is_refused(
    application, client, routing, text, size, status
):
    async def echo(request):
        return text(str(len(await request.body())))

    app = application(
        routes=[routing.Route("/", echo, methods=["POST"])], max_body_size=10
    )
    response = client(app).post("/", content=b"x" * size)
    assert response.status_code == status
    if status == 200:
        assert response.text == str(size)
