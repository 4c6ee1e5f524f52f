"""@app.websocket: parameters, dependencies, and how a connection is refused."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx. with")


class Filters(BaseModel):
    limit: int = 5
    words: list[str] = []


@pytest.fixture
def refused(part, client):
    """``refused("/path")``: the code and reason that the connection is closed with."""

    def connect(path: str, **options: Any):
        disconnect = part("websockets").WebSocketDisconnect
        with (
            pytest.raises(disconnect) as error,
            client.websocket_connect(path, **options) as session,
        ):
            session.receive_text()
        return error.value.code, error.value.reason

    return connect


# Conversations


def test_text_bytes_and_json(fastapi, app, client):
    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        await socket.accept()
        await socket.send_text((await socket.receive_text()).upper())
        await socket.send_bytes((await socket.receive_bytes())[::-1])
        await socket.send_json({"got": await socket.receive_json()})

    with client.websocket_connect("/") as session:
        session.send_text("abc")
        assert session.receive_text() == "ABC"
        session.send_bytes(b"abc")
        assert session.receive_bytes() == b"cba"
        session.send_json([1, None])
        assert session.receive_json() == {"got": [1, None]}


def test_iteration_ends_when_the_client_leaves(fastapi, app, client):
    seen: list[str] = []

    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        await socket.accept()
        async for text in socket.iter_text():
            seen.append(text)
        seen.append("left")

    with client.websocket_connect("/") as session:
        session.send_text("a")
        session.send_text("b")
    assert seen == ["a", "b", "left"]


@pytest.mark.parametrize("module", ["websockets", None])
def test_receiving_from_a_client_that_left_raises(fastapi, part, app, client, module):
    disconnect = (part(module) if module else fastapi).WebSocketDisconnect
    seen = []

    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        await socket.accept()
        try:
            await socket.receive_text()
        except disconnect as error:
            seen.append((error.code, error.reason))

    with client.websocket_connect("/") as session:
        session.close(4000, "bye")
    assert seen == [(4000, "bye")]


def test_subprotocols_and_headers_of_the_handshake(fastapi, app, client):
    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        chosen = socket.scope["subprotocols"][-1]
        await socket.accept(subprotocol=chosen, headers=[(b"x-mine", b"1")])
        await socket.send_text(socket.url.path)

    with client.websocket_connect("/", subprotocols=["a", "b"]) as session:
        assert session.accepted_subprotocol == "b"
        assert (b"x-mine", b"1") in session.extra_headers
        assert session.receive_text() == "/"


@pytest.mark.parametrize(
    ("accept", "code", "reason"), [(True, 4001, "why"), (False, 1000, "")]
)
def test_close(fastapi, app, refused, accept, code, reason):
    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        if accept:
            await socket.accept()
        await socket.close(code, reason)

    assert refused("/") == (code, reason)


def test_a_path_without_a_websocket_is_refused(app, refused):
    @app.get("/http")
    def index():
        return 1

    assert refused("/http")[0] == 1000
    assert refused("/missing")[0] == 1000


def test_the_websocket_of_a_path_is_not_its_get(fastapi, app, client):
    @app.websocket("/")
    async def socket(socket: fastapi.WebSocket):
        await socket.accept()
        await socket.send_text("socket")

    assert client.get("/").status_code == 404

    @app.get("/")
    def index():
        return "http"

    assert client.get("/").json() == "http"
    with client.websocket_connect("/") as session:
        assert session.receive_text() == "socket"
    assert list(app.openapi()["paths"]["/"]) == ["get"]


# Parameters


@pytest.fixture
def strict(fastapi, app):
    """``/things/{thing}``: with a parameter of every kind."""

    @app.websocket("/things/{thing}")
    async def index(
        socket: fastapi.WebSocket,
        thing: int,
        q: int,
        x_token: Annotated[int, fastapi.Header()],
        session: Annotated[int | None, fastapi.Cookie()] = None,
        several: Annotated[list[str], fastapi.Query()] = ["a"],  # noqa: B006
    ):
        await socket.accept()
        await socket.send_json([thing, q, x_token, session, several])

    return index


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/things/1?q=2", {"X-Token": "3"}, [1, 2, 3, None, ["a"]]),
        (
            "/things/1?q=2&several=b&several=c",
            {"X-Token": "3", "Cookie": "session=4"},
            [1, 2, 3, 4, ["b", "c"]],
        ),
    ],
)
def test_parameters(strict, client, path, headers, expected):
    with client.websocket_connect(path, headers=headers) as session:
        assert session.receive_json() == expected


def test_invalid_parameters_close_with_1008_and_the_errors(strict, refused):
    code, reason = refused("/things/one", headers={"X-Token": "3"})
    assert code == 1008
    assert reason == [
        {
            "type": "int_parsing",
            "loc": ["path", "thing"],
            "msg": (
                "Input should be a valid integer, unable to parse string as an integer"
            ),
            "input": "one",
        },
        {
            "type": "missing",
            "loc": ["query", "q"],
            "msg": "Field required",
            "input": None,
        },
    ]


def test_a_model_of_query_parameters(fastapi, app, client):
    @app.websocket("/")
    async def index(
        socket: fastapi.WebSocket, filters: Annotated[Filters, fastapi.Query()]
    ):
        await socket.accept()
        await socket.send_json(filters.model_dump())

    with client.websocket_connect("/?limit=1&words=a&words=b") as session:
        assert session.receive_json() == {"limit": 1, "words": ["a", "b"]}


def test_validation_errors_have_a_handler(fastapi, part, app, refused):
    kind = part("exceptions").WebSocketRequestValidationError

    @app.exception_handler(kind)
    async def handle(socket, error):
        await socket.close(4422, error.errors()[0]["msg"])

    @app.websocket("/")
    async def index(socket: fastapi.WebSocket, n: int):
        await socket.accept()

    assert refused("/") == (4422, "Field required")


def test_a_validation_error_knows_its_endpoint(fastapi, part, app, refused):
    kind = part("exceptions").WebSocketRequestValidationError
    seen = []

    @app.exception_handler(kind)
    async def handle(socket, error):
        seen.append((error.endpoint_function, error.endpoint_path))
        await socket.close()

    @app.websocket("/{key}")
    async def index(socket: fastapi.WebSocket, key: int):
        await socket.accept()

    refused("/x")
    assert seen == [("index", "WS /{key}")]


# Exceptions


@pytest.mark.parametrize("accept", [True, False])
def test_websocket_exceptions_close(fastapi, app, refused, accept):
    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        if accept:
            await socket.accept()
        raise fastapi.WebSocketException(fastapi.status.WS_1003_UNSUPPORTED_DATA, "no")

    assert refused("/") == (1003, "no")


def test_a_websocket_exception_without_a_reason(fastapi, app, refused):
    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        raise fastapi.WebSocketException(code=4000)

    assert refused("/") == (4000, "")


def test_websocket_exceptions_have_a_handler(fastapi, app, refused):
    @app.exception_handler(fastapi.WebSocketException)
    async def handle(socket, error):
        await socket.close(error.code + 1, f"handled {error.reason}")

    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        raise fastapi.WebSocketException(4000, "it")

    assert refused("/") == (4001, "handled it")


def test_other_exceptions_have_handlers_too(fastapi, app, refused):
    @app.exception_handler(KeyError)
    async def handle(socket, error):
        await socket.close(4005)

    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        raise KeyError("x")

    assert refused("/") == (4005, "")


def test_other_exceptions_reach_the_client(fastapi, app, client):
    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        await socket.accept()
        raise ValueError("broken")

    with (
        pytest.raises(ValueError, match="broken"),
        client.websocket_connect("/") as session,
    ):
        session.receive_text()


def test_an_http_exception_before_accept_is_a_denial(fastapi, part, app, client):
    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        raise fastapi.HTTPException(403, "not you")

    disconnect = part("websockets").WebSocketDisconnect
    with pytest.raises(disconnect) as error, client.websocket_connect("/"):
        raise AssertionError("never connected")
    assert error.value.status_code == 403
    assert error.value.json() == {"detail": "not you"}


# Dependencies


def test_dependencies_take_parameters_and_may_refuse(fastapi, app, client, refused):
    async def user(socket: fastapi.WebSocket, token: str = "", n: int = 0):
        if not token:
            raise fastapi.WebSocketException(1008, "no token")
        return [token, n, socket.url.path]

    @app.websocket("/here")
    async def index(
        socket: fastapi.WebSocket, user: Annotated[Any, fastapi.Depends(user)]
    ):
        await socket.accept()
        await socket.send_json(user)

    with client.websocket_connect("/here?token=t&n=1") as session:
        assert session.receive_json() == ["t", 1, "/here"]
    assert refused("/here") == (1008, "no token")
    code, reason = refused("/here?token=t&n=x")
    assert (code, [error["loc"] for error in reason]) == (1008, [["query", "n"]])


def test_dependencies_of_app_router_inclusion_and_route_run_in_order(fastapi, part):
    log: list[str] = []

    def note(name):
        def dependency():
            log.append(name)

        return fastapi.Depends(dependency)

    router = fastapi.APIRouter(dependencies=[note("router")])

    @router.websocket("/", dependencies=[note("route")])
    async def index(socket: fastapi.WebSocket, value: Annotated[Any, note("argument")]):
        await socket.accept()
        log.append("endpoint")

    app = fastapi.FastAPI(dependencies=[note("app")])
    app.include_router(router, dependencies=[note("include")])
    with part("testclient").TestClient(app).websocket_connect("/"):
        pass
    assert log == ["app", "include", "router", "route", "argument", "endpoint"]


def test_overrides(fastapi, app, client):
    def real(q: str):
        return q

    @app.websocket("/")
    async def index(
        socket: fastapi.WebSocket, value: Annotated[str, fastapi.Depends(real)]
    ):
        await socket.accept()
        await socket.send_text(value)

    app.dependency_overrides[real] = lambda n="fake": n
    with client.websocket_connect("/") as session:
        assert session.receive_text() == "fake"
    with client.websocket_connect("/?n=other") as session:
        assert session.receive_text() == "other"


def test_dependencies_that_yield_are_closed_when_the_endpoint_ends(
    fastapi, app, client
):
    log: list[str] = []

    def note(name):
        async def dependency():
            log.append(f"open {name}")
            yield name
            log.append(f"close {name}")

        return dependency

    @app.websocket("/")
    async def index(
        socket: fastapi.WebSocket,
        a: Annotated[str, fastapi.Depends(note("request"))],
        b: Annotated[str, fastapi.Depends(note("function"), scope="function")],
    ):
        await socket.accept()
        await socket.receive_text()
        log.append("endpoint")

    with client.websocket_connect("/") as session:
        assert log == ["open request", "open function"]
        session.send_text("go on")
    assert log[2:] == ["endpoint", "close function", "close request"]


def test_dependencies_that_yield_see_that_the_client_left(fastapi, app, client):
    seen = []

    def watch():
        try:
            yield
        except fastapi.WebSocketDisconnect as error:
            seen.append(error.code)
            raise

    @app.websocket("/", dependencies=[fastapi.Depends(watch)])
    async def index(socket: fastapi.WebSocket):
        await socket.accept()
        await socket.receive_text()

    with (
        pytest.raises(fastapi.WebSocketDisconnect),
        client.websocket_connect("/") as session,
    ):
        session.close(4000)
    assert seen == [4000]


def test_a_dependency_may_turn_an_error_into_a_close(fastapi, app, refused):
    def convert():
        try:
            yield
        except ValueError as error:
            raise fastapi.WebSocketException(4009, str(error)) from error

    @app.websocket("/", dependencies=[fastapi.Depends(convert)])
    async def index(socket: fastapi.WebSocket):
        await socket.accept()
        raise ValueError("bad")

    assert refused("/") == (4009, "bad")


def test_state_of_the_application(fastapi, app, client):
    app.state.greeting = "hello"

    @app.websocket("/")
    async def index(socket: fastapi.WebSocket):
        await socket.accept()
        await socket.send_text(socket.app.state.greeting)

    with client.websocket_connect("/") as session:
        assert session.receive_text() == "hello"


def test_websocket_route_is_the_plain_one(app, client):
    @app.websocket_route("/{key}")
    async def index(socket):
        await socket.accept()
        await socket.send_text(socket.path_params["key"])

    with client.websocket_connect("/k") as session:
        assert session.receive_text() == "k"


def test_a_mounted_application_has_websockets(fastapi, app, client):
    inner = fastapi.FastAPI()

    @inner.websocket("/{n}")
    async def index(socket: fastapi.WebSocket, n: int):
        await socket.accept()
        await socket.send_json([n, socket.url.path])

    app.mount("/sub", inner)
    with client.websocket_connect("/sub/5") as session:
        assert session.receive_json() == [5, "/sub/5"]
