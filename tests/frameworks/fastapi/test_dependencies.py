"""Depends: what is called, with what, how often, when, and when it is cleaned up."""

import asyncio
import threading
from contextvars import ContextVar
from functools import partial
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx. with")


class Item(BaseModel):
    name: str
    price: float = 0


class Pager:
    """A class is a dependency: its constructor takes the parameters."""

    def __init__(self, page: int, size: int = 10) -> None:
        self.page = page
        self.size = size


class Scaled:
    """An instance is one: its ``__call__`` does."""

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, n: int) -> int:
        return n * self.factor


class AsyncScaled(Scaled):
    async def __call__(self, n: int) -> int:  # type: ignore[override]
        return n * self.factor


class YieldScaled(Scaled):
    def __call__(self, n: int):  # type: ignore[override]
        yield n * self.factor


class AsyncYieldScaled(Scaled):
    async def __call__(self, n: int):  # type: ignore[override]
        yield n * self.factor

    async def method(self, n: int) -> int:
        return n * self.factor


def double(n: int) -> int:
    return n * 2


async def double_async(n: int) -> int:
    return n * 2


def double_yield(n: int):
    yield n * 2


async def double_async_yield(n: int):
    yield n * 2


def multiply(n: int, factor: int) -> int:
    return n * factor


async def multiply_async(n: int, *, factor: int) -> int:
    return n * factor


def multiply_yield(n: int, *, factor: int):
    yield n * factor


def missing(*loc: str) -> dict[str, Any]:
    return {
        "type": "missing",
        "loc": list(loc),
        "msg": "Field required",
        "input": None,
    }


def not_int(*loc: str, value: str) -> dict[str, Any]:
    return {
        "type": "int_parsing",
        "loc": list(loc),
        "msg": "Input should be a valid integer, unable to parse string as an integer",
        "input": value,
    }


# What can be a dependency


@pytest.mark.parametrize(
    "dependency",
    [
        double,
        double_async,
        double_yield,
        double_async_yield,
        Scaled(2),
        AsyncScaled(2),
        YieldScaled(2),
        AsyncYieldScaled(2),
        AsyncYieldScaled(2).method,
        partial(multiply, factor=2),
        partial(multiply_async, factor=2),
        partial(multiply_yield, factor=2),
        partial(Scaled(2)),
        lambda n: int(n) * 2,
    ],
)
def test_any_callable_is_a_dependency(fastapi, app, client, dependency):
    @app.get("/")
    def index(value: Annotated[int, fastapi.Depends(dependency)]):
        return value

    assert client.get("/?n=21").json() == 42


def test_a_partial_can_still_be_given_its_bound_keyword_by_the_query(
    fastapi, app, client
):
    dependency = partial(multiply, factor=2)

    @app.get("/")
    def index(value: Annotated[int, fastapi.Depends(dependency)]):
        return value

    assert client.get("/?n=2&factor=5").json() == 10


def test_a_class_is_the_dependency_of_its_own_annotation(fastapi, app, client):
    @app.get("/")
    def index(pager: Annotated[Pager, fastapi.Depends()]):
        return [pager.page, pager.size]

    assert client.get("/?page=3").json() == [3, 10]
    assert client.get("/?page=3&size=5").json() == [3, 5]


def test_a_dependency_can_be_a_default_value(fastapi, app, client):
    depends = fastapi.Depends(double)

    @app.get("/")
    def index(value: int = depends):
        return value

    assert client.get("/?n=4").json() == 8


def test_a_class_named_by_depends_may_be_annotated_as_anything(fastapi, app, client):
    @app.get("/")
    def index(pager: Annotated[Any, fastapi.Depends(Pager)]):
        return pager.page

    assert client.get("/?page=3").json() == 3


def test_a_pydantic_model_as_a_dependency_takes_its_fields_from_the_query(
    fastapi, app, client
):
    @app.get("/")
    def index(item: Annotated[Item, fastapi.Depends()]):
        return item

    assert client.get("/?name=pen&price=2.5").json() == {"name": "pen", "price": 2.5}


def test_what_a_dependency_returns_is_not_converted(fastapi, app, client):
    def words() -> Any:
        return "not a number"

    @app.get("/")
    def index(value: Annotated[int, fastapi.Depends(words)]):
        return value

    assert client.get("/").json() == "not a number"


def test_depends_cannot_be_both_annotation_and_default(fastapi, app):
    depends = fastapi.Depends(double)

    def index(value: Annotated[int, fastapi.Depends(double)] = depends):
        return value

    with pytest.raises(AssertionError):
        app.get("/")(index)


def test_depends_is_compared_by_value_and_is_frozen(fastapi):
    assert fastapi.Depends(double) == fastapi.Depends(double)
    assert fastapi.Depends(double) != fastapi.Depends(double, use_cache=False)
    assert fastapi.Depends(double).dependency is double
    with pytest.raises(AttributeError):
        fastapi.Depends(double).use_cache = False


# Their parameters


@pytest.fixture
def validated(fastapi, app):
    """``/things/{thing}``: every parameter is one of a dependency."""

    def check(
        thing: int,
        q: int,
        x_token: Annotated[int, fastapi.Header()],
        session: Annotated[int, fastapi.Cookie()],
    ):
        return [thing, q, x_token, session]

    @app.get("/things/{thing}")
    def index(checked: Annotated[Any, fastapi.Depends(check)], last: int):
        return [*checked, last]

    return index


def test_dependencies_take_path_query_header_and_cookie_parameters(validated, client):
    headers = {"X-Token": "3", "Cookie": "session=4"}
    response = client.get("/things/1?q=2&last=5", headers=headers)
    assert response.json() == [1, 2, 3, 4, 5]


def test_errors_of_dependencies_come_before_those_of_the_endpoint(validated, client):
    response = client.get("/things/one?last=z")
    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            not_int("path", "thing", value="one"),
            missing("query", "q"),
            missing("header", "x-token"),
            missing("cookie", "session"),
            not_int("query", "last", value="z"),
        ]
    }


def test_errors_of_several_dependencies_are_collected(fastapi, app, client):
    called = []

    def first(a: int):
        called.append("first")

    def second(b: int):
        called.append("second")

    def third(above: Annotated[None, fastapi.Depends(first)], c: int):
        called.append("third")

    @app.get("/", dependencies=[fastapi.Depends(second)])
    def index(value: Annotated[None, fastapi.Depends(third)], d: int):
        called.append("endpoint")

    response = client.get("/?c=x")
    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            missing("query", "b"),
            missing("query", "a"),
            not_int("query", "c", value="x"),
            missing("query", "d"),
        ]
    }
    assert called == []


def test_valid_dependencies_run_although_others_fail(fastapi, app, client):
    called = []

    def valid():
        called.append("valid")

    def invalid(n: int):
        called.append("invalid")

    @app.get("/", dependencies=[fastapi.Depends(invalid), fastapi.Depends(valid)])
    def index():
        called.append("endpoint")

    assert client.get("/").json() == {"detail": [missing("query", "n")]}
    assert called == ["valid"]


def test_a_body_parameter_of_a_dependency_is_the_whole_body(fastapi, app, client):
    def get_item(item: Item):
        return item

    @app.post("/")
    def index(item: Annotated[Item, fastapi.Depends(get_item)]):
        return item

    response = client.post("/", json={"name": "pen"})
    assert response.json() == {"name": "pen", "price": 0}
    response = client.post("/", json={})
    error = missing("body", "name") | {"input": {}}
    assert response.json() == {"detail": [error]}


def test_body_parameters_of_endpoint_and_dependency_are_embedded(fastapi, app, client):
    def get_item(item: Item):
        return item.name

    @app.post("/")
    def index(name: Annotated[str, fastapi.Depends(get_item)], other: Item):
        return [name, other.name]

    body = {"item": {"name": "pen"}, "other": {"name": "ink"}}
    assert client.post("/", json=body).json() == ["pen", "ink"]
    response = client.post("/", json={"other": {"name": "ink"}})
    assert response.json() == {"detail": [missing("body", "item")]}


def test_the_same_body_parameter_twice_is_embedded_too(fastapi, app, client):
    def get_name(item: Item):
        return item.name

    @app.post("/")
    def index(name: Annotated[str, fastapi.Depends(get_name)], item: Item):
        return [name, item.price]

    response = client.post("/", json={"name": "pen", "price": 1})
    assert response.json() == ["pen", 1]


def test_form_fields_of_a_dependency(fastapi, app, client):
    def login(user: Annotated[str, fastapi.Form()]):
        return user

    @app.post("/")
    def index(user: Annotated[str, fastapi.Depends(login)]):
        return user

    assert client.post("/", data={"user": "ann"}).json() == "ann"
    assert client.post("/").json() == {"detail": [missing("body", "user")]}


# Sub-dependencies, the cache and the order


def test_dependencies_depend_on_dependencies(fastapi, app, client):
    def one(n: int = 1):
        return n

    async def two(value: Annotated[int, fastapi.Depends(one)]):
        return value * 2

    class Three:
        def __init__(self, value: Annotated[int, fastapi.Depends(two)]):
            self.value = value * 3

    @app.get("/")
    def index(three: Annotated[Three, fastapi.Depends()]):
        return three.value

    assert client.get("/").json() == 6
    assert client.get("/?n=2").json() == 12


@pytest.mark.parametrize(("use_cache", "expected"), [(True, [1, 1]), (False, [1, 2])])
def test_a_dependency_is_called_once_per_request_unless_use_cache_is_false(
    fastapi, app, client, use_cache, expected
):
    calls = []

    def count():
        calls.append(1)
        return len(calls)

    def sub(value: Annotated[int, fastapi.Depends(count)]):
        return value

    @app.get("/")
    def index(
        first: Annotated[int, fastapi.Depends(sub)],
        second: Annotated[int, fastapi.Depends(count, use_cache=use_cache)],
    ):
        return [first, second]

    assert client.get("/").json() == expected
    calls.clear()
    assert client.get("/").json() == expected


def test_an_uncached_call_is_not_seen_by_later_cached_ones(fastapi, app, client):
    calls = []

    def count():
        calls.append(1)
        return len(calls)

    @app.get("/")
    def index(
        a: Annotated[int, fastapi.Depends(count)],
        b: Annotated[int, fastapi.Depends(count, use_cache=False)],
        c: Annotated[int, fastapi.Depends(count)],
    ):
        return [a, b, c]

    assert client.get("/").json() == [1, 2, 1]


def test_none_is_cached_as_well(fastapi, app, client):
    calls = []

    def nothing():
        calls.append(1)

    @app.get("/", dependencies=[fastapi.Depends(nothing), fastapi.Depends(nothing)])
    def index(value: Annotated[None, fastapi.Depends(nothing)]):
        return len(calls)

    assert client.get("/").json() == 1


def test_equal_bound_methods_share_the_cache(fastapi, app, client):
    class Counter:
        n = 0

        def count(self):
            self.n += 1
            return self.n

    counter = Counter()

    @app.get("/")
    def index(
        a: Annotated[int, fastapi.Depends(counter.count)],
        b: Annotated[int, fastapi.Depends(counter.count)],
    ):
        return [a, b]

    assert client.get("/").json() == [1, 1]


def test_order_is_app_include_router_route_then_signature(fastapi, part):
    order = []

    def step(name):
        def dependency():
            order.append(name)

        return fastapi.Depends(dependency)

    router = fastapi.APIRouter(dependencies=[step("router")])

    @router.get("/", dependencies=[step("route 1"), step("route 2")])
    def index(
        a: Annotated[None, step("signature 1")],
        b: Annotated[None, step("signature 2")],
    ):
        order.append("endpoint")

    app = fastapi.FastAPI(dependencies=[step("app")])
    app.include_router(router, dependencies=[step("include")])
    assert part("testclient").TestClient(app).get("/").status_code == 200
    assert order == [
        "app",
        "include",
        "router",
        "route 1",
        "route 2",
        "signature 1",
        "signature 2",
        "endpoint",
    ]


def test_sub_dependencies_run_before_what_needs_them(fastapi, app, client):
    order = []

    def low():
        order.append("low")

    def high(value: Annotated[None, fastapi.Depends(low)]):
        order.append("high")

    def other():
        order.append("other")

    @app.get("/")
    def index(
        b: Annotated[None, fastapi.Depends(other)],
        a: Annotated[None, fastapi.Depends(high)],
        c: Annotated[None, fastapi.Depends(low)],
    ):
        return order

    assert client.get("/").json() == ["other", "low", "high"]


def test_a_dependency_of_the_app_does_not_guard_the_docs(fastapi, part):
    def deny():
        raise fastapi.HTTPException(403, "no")

    app = fastapi.FastAPI(dependencies=[fastapi.Depends(deny)])

    @app.get("/")
    def index():
        return "never"

    client = part("testclient").TestClient(app)
    assert client.get("/").json() == {"detail": "no"}
    assert client.get("/openapi.json").status_code == 200
    assert client.get("/missing").status_code == 404


@pytest.mark.parametrize("error", ["dependency", "sub"])
def test_an_error_in_a_dependency_ends_the_request(fastapi, app, client, error):
    called = []

    def sub():
        if error == "sub":
            raise fastapi.HTTPException(418, {"in": "sub"}, {"X-In": "sub"})

    def dependency(value: Annotated[None, fastapi.Depends(sub)]):
        raise fastapi.HTTPException(418, {"in": "dependency"}, {"X-In": "dependency"})

    @app.get("/")
    def index(value: Annotated[None, fastapi.Depends(dependency)], n: int):
        called.append("endpoint")

    response = client.get("/")
    assert response.status_code == 418
    assert response.json() == {"detail": {"in": error}}
    assert response.headers["X-In"] == error
    assert called == []


def test_another_error_in_a_dependency_reaches_its_handler(fastapi, app, client):
    @app.exception_handler(KeyError)
    def handle(request, error):
        return fastapi.Response(f"handled {error}", status_code=409)

    def dependency():
        raise KeyError("x")

    @app.get("/", dependencies=[fastapi.Depends(dependency)])
    def index():
        return "never"

    response = client.get("/")
    assert (response.status_code, response.text) == (409, "handled 'x'")


# Injected objects


def test_a_dependency_sees_the_request(fastapi, app, client):
    def describe(request: fastapi.Request):
        return [request.method, request.url.path, request.query_params["a"]]

    @app.get("/here")
    def index(value: Annotated[list, fastapi.Depends(describe)]):
        return value

    assert client.get("/here?a=1").json() == ["GET", "/here", "1"]


def test_a_dependency_and_the_endpoint_see_one_request(fastapi, app, client):
    def keep(request: fastapi.Request):
        request.state.kept = "by the dependency"
        return request

    @app.get("/")
    def index(kept: Annotated[Any, fastapi.Depends(keep)], request: fastapi.Request):
        return [kept is request, request.state.kept]

    assert client.get("/").json() == [True, "by the dependency"]


def test_a_dependency_sets_headers_cookies_and_status(fastapi, app, client):
    def mark(response: fastapi.Response):
        response.headers["X-Mark"] = "yes"
        response.set_cookie("seen", "1")
        response.status_code = 202

    @app.get("/", status_code=201, dependencies=[fastapi.Depends(mark)])
    def index():
        return {}

    response = client.get("/")
    assert response.status_code == 202
    assert response.headers["X-Mark"] == "yes"
    assert response.cookies["seen"] == "1"


def test_the_endpoint_overrides_the_status_of_a_dependency(fastapi, app, client):
    def mark(response: fastapi.Response):
        response.status_code = 202

    @app.get("/", dependencies=[fastapi.Depends(mark)])
    def index(response: fastapi.Response):
        response.status_code = 203
        return {}

    assert client.get("/").status_code == 203


def test_a_returned_response_ignores_what_dependencies_set(fastapi, app, client):
    def mark(response: fastapi.Response):
        response.headers["X-Mark"] = "yes"
        response.status_code = 202

    @app.get("/", dependencies=[fastapi.Depends(mark)])
    def index():
        return fastapi.Response("own")

    response = client.get("/")
    assert response.status_code == 200
    assert "X-Mark" not in response.headers


def test_background_tasks_of_dependencies_and_endpoint_are_one_list(
    fastapi, app, client
):
    done = []

    def later(tasks: fastapi.BackgroundTasks):
        tasks.add_task(done.append, "dependency")
        return tasks

    @app.get("/")
    def index(
        other: Annotated[Any, fastapi.Depends(later)], tasks: fastapi.BackgroundTasks
    ):
        tasks.add_task(done.append, "endpoint")
        return [tasks is other, list(done)]

    assert client.get("/").json() == [True, []]
    assert done == ["dependency", "endpoint"]


def test_http_connection_is_the_request_or_the_websocket(fastapi, part, app, client):
    def kind(connection: part("requests").HTTPConnection):
        return connection.scope["type"]

    @app.get("/")
    def index(value: Annotated[str, fastapi.Depends(kind)]):
        return value

    @app.websocket("/")
    async def socket(
        socket: fastapi.WebSocket, value: Annotated[str, fastapi.Depends(kind)]
    ):
        await socket.accept()
        await socket.send_json(value)

    assert client.get("/").json() == "http"
    with client.websocket_connect("/") as session:
        assert session.receive_json() == "websocket"


def test_a_dependency_can_accept_the_websocket(fastapi, app, client):
    async def accept(socket: fastapi.WebSocket):
        await socket.accept()
        return socket

    @app.websocket("/")
    async def index(socket: Annotated[Any, fastapi.Depends(accept)]):
        await socket.send_text("accepted")

    with client.websocket_connect("/") as session:
        assert session.receive_text() == "accepted"


def test_security_scopes_are_those_above_the_dependency(fastapi, part, app, client):
    scopes_type = part("security").SecurityScopes

    def show(scopes: scopes_type):
        return [scopes.scopes, scopes.scope_str]

    def middle(shown: Annotated[Any, fastapi.Security(show, scopes=["c"])]):
        return shown

    @app.get("/")
    def index(
        a: Annotated[Any, fastapi.Security(middle, scopes=["a", "b"])],
        b: Annotated[Any, fastapi.Depends(show)],
    ):
        return [a, b]

    assert client.get("/").json() == [[["a", "b", "c"], "a b c"], [[], ""]]


# dependency_overrides


def test_an_override_takes_the_place_of_a_dependency(fastapi, app, client):
    def real(q: str):
        return f"real {q}"

    def fake(other: int = 5):
        return f"fake {other}"

    @app.get("/")
    def index(value: Annotated[str, fastapi.Depends(real)]):
        return value

    app.dependency_overrides[real] = fake
    assert client.get("/").json() == "fake 5"
    assert client.get("/?other=7&q=x").json() == "fake 7"
    response = client.get("/?other=x")
    assert response.json() == {"detail": [not_int("query", "other", value="x")]}
    app.dependency_overrides.clear()
    assert client.get("/?q=x").json() == "real x"
    assert client.get("/").json() == {"detail": [missing("query", "q")]}


@pytest.mark.parametrize("fake", [lambda n: int(n) * 2, Scaled(2), double_yield])
def test_overrides_are_any_callable(fastapi, app, client, fake):
    def real():
        return "real"

    @app.get("/")
    def index(value: Annotated[Any, fastapi.Depends(real)]):
        return value

    app.dependency_overrides[real] = fake
    assert client.get("/?n=3").json() == 6


def test_overrides_of_sub_dependencies_and_in_routers(fastapi, app, client):
    order = []

    def deep():
        order.append("deep")
        return "deep"

    def real(value: Annotated[str, fastapi.Depends(deep)]):
        return f"real over {value}"

    def fake_deep(n: int = 1):
        order.append("fake")
        return f"fake {n}"

    router = fastapi.APIRouter(dependencies=[fastapi.Depends(deep)])

    @router.get("/")
    def index(value: Annotated[str, fastapi.Depends(real)]):
        return value

    app.include_router(router)
    app.dependency_overrides[deep] = fake_deep
    assert client.get("/?n=2").json() == "real over fake 2"
    assert order == ["fake"]


def test_an_override_may_have_dependencies_of_its_own(fastapi, app, client):
    def real():
        return "real"

    def helper(q: str):
        return q

    async def fake(value: Annotated[str, fastapi.Depends(helper)]):
        yield f"fake {value}"

    @app.get("/")
    def index(value: Annotated[str, fastapi.Depends(real)]):
        return value

    app.dependency_overrides[real] = fake
    assert client.get("/?q=x").json() == "fake x"
    assert client.get("/").json() == {"detail": [missing("query", "q")]}


def test_overrides_do_not_change_the_schema(fastapi, app):
    def real(q: str):
        return q

    @app.get("/")
    def index(value: Annotated[str, fastapi.Depends(real)]):
        return value

    app.dependency_overrides[real] = lambda: "fake"
    operation = app.openapi()["paths"]["/"]["get"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["q"]


def test_an_override_is_cached_like_what_it_replaces(fastapi, app, client):
    calls = []

    def real():
        return 0

    def fake():
        calls.append(1)
        return len(calls)

    @app.get("/")
    def index(
        a: Annotated[int, fastapi.Depends(real)],
        b: Annotated[int, fastapi.Depends(real)],
        c: Annotated[int, fastapi.Depends(real, use_cache=False)],
    ):
        return [a, b, c]

    app.dependency_overrides[real] = fake
    assert client.get("/").json() == [1, 1, 2]


# Dependencies that yield


def tracked(log, name):
    def dependency():
        log.append(f"open {name}")
        yield name
        log.append(f"close {name}")

    return dependency


def test_clean_up_runs_in_reverse_order(fastapi, app, client):
    log: list[str] = []
    low = tracked(log, "low")

    async def high(value: Annotated[str, fastapi.Depends(low)]):
        log.append(f"open high on {value}")
        yield "high"
        log.append("close high")

    @app.get("/", dependencies=[fastapi.Depends(tracked(log, "first"))])
    def index(value: Annotated[str, fastapi.Depends(high)]):
        log.append("endpoint")
        return value

    assert client.get("/").json() == "high"
    assert log == [
        "open first",
        "open low",
        "open high on low",
        "endpoint",
        "close high",
        "close low",
        "close first",
    ]


def logged_response(fastapi, log):
    class Logged(fastapi.Response):
        async def __call__(self, scope, receive, send):
            log.append("send")
            await super().__call__(scope, receive, send)

    return Logged


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (None, ["open x", "endpoint", "send", "task", "close x"]),
        ("request", ["open x", "endpoint", "send", "task", "close x"]),
        ("function", ["open x", "endpoint", "close x", "send", "task"]),
    ],
)
def test_scope_tells_whether_clean_up_waits_for_the_response(
    fastapi, app, client, scope, expected
):
    log: list[str] = []
    depends = fastapi.Depends(tracked(log, "x"), scope=scope)

    @app.get("/", response_class=logged_response(fastapi, log))
    def index(value: Annotated[str, depends], tasks: fastapi.BackgroundTasks):
        tasks.add_task(log.append, "task")
        log.append("endpoint")
        return value

    assert client.get("/").text == "x"
    assert log == expected


def test_one_dependency_in_both_scopes_is_opened_twice(fastapi, app, client):
    log: list[str] = []
    dependency = tracked(log, "x")

    @app.get("/", response_class=logged_response(fastapi, log))
    def index(
        a: Annotated[str, fastapi.Depends(dependency)],
        b: Annotated[str, fastapi.Depends(dependency, scope="function")],
        c: Annotated[str, fastapi.Depends(dependency, scope="request")],
    ):
        return a

    assert client.get("/").status_code == 200
    assert log == ["open x", "open x", "close x", "send", "close x"]


def test_a_streaming_response_still_has_its_request_scoped_dependencies(
    fastapi, part, app, client
):
    log: list[str] = []

    @app.get("/")
    def index(value: Annotated[str, fastapi.Depends(tracked(log, "x"))]):
        def body():
            yield value
            log.append("streamed")

        return part("responses").StreamingResponse(body())

    assert client.get("/").text == "x"
    assert log == ["open x", "streamed", "close x"]


def test_request_scope_cannot_depend_on_function_scope(fastapi, part, app):
    def low():
        yield 1

    def high(value: Annotated[int, fastapi.Depends(low, scope="function")]):
        yield value

    def index(value: Annotated[int, fastapi.Depends(high)]):
        return value

    error = part("exceptions").FastAPIError
    with pytest.raises(error, match=r'"high" has a scope of "request"'):
        app.get("/")(index)


def test_function_scope_may_depend_on_both(fastapi, app, client):
    log: list[str] = []
    a, b = tracked(log, "a"), tracked(log, "b")

    def high(
        first: Annotated[str, fastapi.Depends(a, scope="request")],
        second: Annotated[str, fastapi.Depends(b, scope="function")],
    ):
        yield first + second
        log.append("close high")

    @app.get("/")
    def index(value: Annotated[str, fastapi.Depends(high, scope="function")]):
        return value

    assert client.get("/").json() == "ab"
    assert log == ["open a", "open b", "close high", "close b", "close a"]


def test_a_dependency_without_yield_may_use_function_scope(fastapi, app, client):
    log: list[str] = []
    low = fastapi.Depends(tracked(log, "low"), scope="function")

    def high(value: Annotated[str, low]):
        return value.upper()

    @app.get("/")
    def index(value: Annotated[str, fastapi.Depends(high)]):
        return value

    assert client.get("/").json() == "LOW"


@pytest.mark.parametrize("scope", ["function", "request"])
def test_exceptions_of_the_endpoint_are_seen_inside(fastapi, app, client, scope):
    seen = []

    async def watch():
        try:
            yield
        except Exception as error:
            seen.append(type(error).__name__)
            raise
        finally:
            seen.append("closed")

    depends = fastapi.Depends(watch, scope=scope)

    @app.get("/http", dependencies=[depends])
    def http():
        raise fastapi.HTTPException(404, "gone")

    @app.get("/value", dependencies=[depends])
    def value():
        raise ValueError("broken")

    response = client.get("/http")
    assert (response.status_code, response.json()) == (404, {"detail": "gone"})
    assert seen == ["HTTPException", "closed"]
    seen.clear()
    with pytest.raises(ValueError, match="broken"):
        client.get("/value")
    assert seen == ["ValueError", "closed"]


@pytest.mark.parametrize("scope", ["function", "request"])
def test_an_exception_can_be_turned_into_a_response(fastapi, app, client, scope):
    def convert():
        try:
            yield
        except ValueError as error:
            raise fastapi.HTTPException(400, f"bad: {error}") from error

    @app.get("/", dependencies=[fastapi.Depends(convert, scope=scope)])
    def index():
        raise ValueError("reason")

    response = client.get("/")
    assert (response.status_code, response.json()) == (400, {"detail": "bad: reason"})


def test_exceptions_pass_from_inner_to_outer_dependencies(fastapi, app, client):
    seen = []

    def outer():
        try:
            yield
        except Exception as error:
            seen.append(["outer", str(error)])
            raise

    def inner(value: Annotated[None, fastapi.Depends(outer)]):
        try:
            yield
        except Exception as error:
            seen.append(["inner", str(error)])
            raise RuntimeError("second") from error

    @app.get("/", dependencies=[fastapi.Depends(inner)])
    def index():
        raise ValueError("first")

    with pytest.raises(RuntimeError, match="second"):
        client.get("/")
    assert seen == [["inner", "first"], ["outer", "second"]]


@pytest.mark.parametrize("scope", ["function", "request"])
def test_an_exception_that_is_swallowed_is_an_error(fastapi, part, app, client, scope):
    def swallow():
        try:
            yield
        except ValueError:
            pass

    @app.get("/", dependencies=[fastapi.Depends(swallow, scope=scope)])
    def index():
        raise ValueError("lost")

    # The original stumbles over a variable of its own where the scope is "function".
    with pytest.raises((UnboundLocalError, part("exceptions").FastAPIError)):
        client.get("/")


@pytest.mark.parametrize(("scope", "status"), [("function", 418), ("request", None)])
def test_http_exceptions_after_yield(fastapi, app, client, scope, status):
    def late():
        yield
        raise fastapi.HTTPException(418, "late")

    @app.get("/", dependencies=[fastapi.Depends(late, scope=scope)])
    def index():
        return "sent already?"

    if status is None:
        with pytest.raises(RuntimeError, match="response already started"):
            client.get("/")
    else:
        response = client.get("/")
        assert (response.status_code, response.json()) == (418, {"detail": "late"})


def test_http_exceptions_before_yield(fastapi, app, client):
    log: list[str] = []

    def early(value: Annotated[str, fastapi.Depends(tracked(log, "x"))]):
        if value:
            raise fastapi.HTTPException(401, "early")
        yield

    @app.get("/", dependencies=[fastapi.Depends(early)])
    def index():
        log.append("endpoint")

    response = client.get("/")
    assert (response.status_code, response.json()) == (401, {"detail": "early"})
    assert log == ["open x"]


def test_validation_failure_is_thrown_into_open_dependencies(
    fastapi, part, app, client
):
    seen = []
    kind = part("exceptions").RequestValidationError

    def opened():
        try:
            yield
        except kind as error:
            seen.append([detail["loc"] for detail in error.errors()])
            raise
        finally:
            seen.append("closed")

    @app.get("/", dependencies=[fastapi.Depends(opened)])
    def index(n: int):
        seen.append("endpoint")

    response = client.get("/")
    assert response.status_code == 422
    assert response.json() == {"detail": [missing("query", "n")]}
    assert seen == [[("query", "n")], "closed"]


def test_an_invalid_response_is_thrown_into_open_dependencies(
    fastapi, part, app, client
):
    seen = []
    kind = part("exceptions").ResponseValidationError

    def opened():
        try:
            yield
        except kind:
            seen.append("invalid response")
            raise

    @app.get("/", response_model=Item, dependencies=[fastapi.Depends(opened)])
    def index():
        return {}

    with pytest.raises(kind):
        client.get("/")
    assert seen == ["invalid response"]


def test_a_background_task_that_fails_is_seen_by_the_dependency(fastapi, app, client):
    seen = []

    def opened():
        try:
            yield
        except ZeroDivisionError:
            seen.append("failed task")
            raise

    @app.get("/", dependencies=[fastapi.Depends(opened)])
    def index(tasks: fastapi.BackgroundTasks):
        tasks.add_task(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        client.get("/")
    assert seen == ["failed task"]


def test_a_dependency_is_opened_once_and_shared(fastapi, app, client):
    log: list[str] = []
    shared = tracked(log, "shared")

    def sub(value: Annotated[str, fastapi.Depends(shared)]):
        return value

    @app.get("/")
    def index(
        a: Annotated[str, fastapi.Depends(sub)],
        b: Annotated[str, fastapi.Depends(shared)],
    ):
        return [a, b]

    assert client.get("/").json() == ["shared", "shared"]
    assert log == ["open shared", "close shared"]


# Threads and context variables


def test_sync_dependencies_run_in_threads_and_async_ones_in_the_loop(
    fastapi, app, client
):
    def sync():
        return threading.get_ident()

    def sync_yield():
        yield threading.get_ident()

    async def loop():
        asyncio.get_running_loop()
        return threading.get_ident()

    async def loop_yield():
        yield threading.get_ident()

    @app.get("/")
    async def index(
        a: Annotated[int, fastapi.Depends(sync)],
        b: Annotated[int, fastapi.Depends(sync_yield)],
        c: Annotated[int, fastapi.Depends(loop)],
        d: Annotated[int, fastapi.Depends(loop_yield)],
    ):
        here = threading.get_ident()
        return [here == thread for thread in (a, b, c, d)]

    assert client.get("/").json() == [False, False, True, True]


@pytest.mark.parametrize("is_async", [True, False])
def test_context_variables_set_by_async_dependencies_reach_the_endpoint(
    fastapi, app, client, is_async
):
    user: ContextVar[str] = ContextVar("user", default="nobody")

    async def login(name: str):
        user.set(name)

    if is_async:

        @app.get("/", dependencies=[fastapi.Depends(login)])
        async def index():
            return user.get()
    else:

        @app.get("/", dependencies=[fastapi.Depends(login)])
        def index():
            return user.get()

    assert client.get("/?name=ann").json() == "ann"
    assert user.get() == "nobody"


def test_a_context_variable_can_be_reset_after_yield(fastapi, app, client):
    user: ContextVar[str] = ContextVar("user", default="nobody")
    after = []

    async def login(name: str):
        token = user.set(name)
        yield
        user.reset(token)
        after.append(user.get())

    @app.get("/", dependencies=[fastapi.Depends(login)])
    async def index():
        return user.get()

    assert client.get("/?name=ann").json() == "ann"
    assert client.get("/?name=bob").json() == "bob"
    assert after == ["nobody", "nobody"]


def test_the_limit_of_concurrent_calls_must_be_positive(fastapi):
    assert fastapi.Depends(double, max_concurrency=2).max_concurrency == 2
    for limit in (0, -1, True, 1.5):
        with pytest.raises(ValueError, match="positive integer"):
            fastapi.Depends(double, max_concurrency=limit)


@pytest.mark.parametrize(("limit", "most"), [(1, 1), (2, 2), (None, 4)])
def test_max_concurrency_limits_calls_of_all_requests(fastapi, app, limit, most):
    running = [0, 0]

    async def limited():
        running[0] += 1
        running[1] = max(running)
        await asyncio.sleep(0.01)
        running[0] -= 1

    depends = fastapi.Depends(limited, max_concurrency=limit)

    @app.get("/", dependencies=[depends])
    async def index():
        return "ok"

    async def ask():
        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        scope |= {"query_string": b"", "raw_path": b"/", "root_path": ""}

        async def receive():
            return {"type": "http.request", "body": b""}

        async def send(message):
            pass

        await app(scope, receive, send)

    async def main():
        await asyncio.gather(*(ask() for _ in range(4)))

    asyncio.run(main())
    assert running == [0, most]
