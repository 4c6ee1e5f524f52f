"""One table of seams for two FastAPIs, which tells the same of both."""

import asyncio
from importlib import import_module
from typing import Annotated

import pytest
from pydantic import BaseModel

from fwtrace.hosts.asgi import build_scope, send
from fwtrace.hosts.websocket import talk
from fwtrace.probes import introspect
from fwtrace.record import record, recording

CLONE, ORIGINAL = "fwtrace.frameworks.fastapi", "fastapi"
ASGI = {CLONE: "fwtrace.toolkit.asgi", ORIGINAL: "starlette"}
JSON = [("Content-Type", "application/json")]
# Layers that only the original has: telemetry, a limit of the body, files.
OWN = (
    *("AsyncExitStackMiddleware", "AppBodyLimitMiddleware"),
    "ExceptionTelemetryMiddleware",
)
FORM = [("Content-Type", "application/x-www-form-urlencoded")]


@pytest.fixture(params=[CLONE, ORIGINAL], ids=["clone", "original"])
def fastapi(request):
    return import_module(request.param)


class Item(BaseModel):
    name: str
    price: float = 1.0
    secret: str | None = None


class Shown(BaseModel):
    name: str
    price: float = 1.0


def make_app(fastapi):
    """An app that has one of everything the table knows."""
    asgi = ASGI[fastapi.__name__]
    responses = import_module(f"{fastapi.__name__}.responses")
    base = import_module(f"{asgi}.middleware.base")
    depends, error = fastapi.Depends, fastapi.HTTPException

    class Plain:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            if scope["type"] != "lifespan":
                scope = {**scope, "marked": True}
            await self.app(scope, receive, send)

    class Timed(base.BaseHTTPMiddleware):  # type: ignore[misc,name-defined]
        async def dispatch(self, request, call_next):
            if "stop" in request.query_params:
                return responses.PlainTextResponse("stopped", 418)
            response = await call_next(request)
            response.headers["X-Timed"] = "1"
            return response

    app = fastapi.FastAPI()
    app.add_middleware(Plain)
    app.add_middleware(Timed)

    @app.middleware("http")
    async def named(request, call_next):
        response = await call_next(request)
        response.headers["X-Named"] = "1"
        return response

    class Lost(Exception):
        pass

    @app.exception_handler(Lost)
    def lost(request, error):
        return responses.JSONResponse({"lost": True}, 410)

    async def settings():
        return {"debug": True}

    def connection(found: Annotated[dict, depends(settings)]):
        yield "connection"

    async def session(held: Annotated[str, depends(connection)]):
        await asyncio.sleep(0)
        yield "session"

    def token(authorization: Annotated[str, fastapi.Header()] = "none"):
        return authorization

    async def user(
        token: Annotated[str, depends(token)], found: Annotated[dict, depends(settings)]
    ):
        if token == "bad":
            raise error(401, "who are you?")
        return "ann"

    @app.get("/items/{number}")
    async def item(number: int, q: str = "all"):
        await asyncio.sleep(0.001)
        return {"number": number, "q": q}

    @app.get("/sync/{number}")
    def sync(number: int) -> int:
        return number

    @app.get("/tree")
    async def tree_of(
        user: Annotated[str, depends(user)],
        session: Annotated[str, depends(session)],
        found: Annotated[dict, depends(settings)],
        page: int = 1,
    ):
        return [user, session, page]

    @app.post("/items", response_model=Shown)
    async def create(item: Item):
        return item

    @app.post("/unset", response_model=Item, response_model_exclude_unset=True)
    def unset(item: Item):
        return item

    @app.post("/form")
    async def form(
        name: Annotated[str, fastapi.Form()], password: Annotated[str, fastapi.Form()]
    ):
        return name

    @app.get("/boom")
    async def boom():
        raise RuntimeError("no")

    @app.get("/lost")
    def lose():
        raise Lost

    done: list[str] = []

    def later(word: str):
        done.append(word)

    async def soon(word: str):
        await asyncio.sleep(0)

    @app.get("/background")
    async def background(tasks: fastapi.BackgroundTasks):  # type: ignore[name-defined]
        tasks.add_task(later, "a")
        tasks.add_task(soon, word="b")
        return "done"

    @app.get("/stream")
    async def stream():
        async def chunks():
            yield b"a"
            yield b"b"

        return responses.StreamingResponse(chunks(), media_type="text/plain")

    @app.get("/lines")
    async def lines(count: int = 2):
        for number in range(count):
            yield {"number": number}

    @app.get("/given")
    def given():
        return responses.PlainTextResponse("given")

    @app.websocket("/ws/{room}")
    async def socket(
        websocket: fastapi.WebSocket,  # type: ignore[name-defined]
        room: str,
        session: Annotated[str, depends(session)],
    ):
        await websocket.accept()
        text = await websocket.receive_text()
        await websocket.send_text(f"{room} {text}")
        await websocket.close()

    part = fastapi.APIRouter(prefix="/part", dependencies=[depends(settings)])

    @part.get("/one/{name}")
    async def one(name: str):
        return name

    inner = fastapi.APIRouter(prefix="/inner")

    @inner.get("/two")
    async def two():
        return 2

    part.include_router(inner)
    app.include_router(part)

    below = fastapi.FastAPI()

    @below.get("/page/{name}")
    async def page(name: str):
        return name

    app.mount("/below", below)
    return app


def names(span, depth=0):
    """Stages and names, indented by nesting."""
    if span.name in OWN:
        return [line for child in span.children for line in names(child, depth)]
    lines = [f"{'  ' * depth}{span.stage} {span.name}"]
    for child in span.children:
        lines += names(child, depth + 1)
    return lines


def only(trace, stage, start=""):
    (found,) = [s for s in trace.spans(stage) if s.name.startswith(start)]
    return found


REQUESTS = [
    ("GET", "/items/7?q=x", [], b""),
    ("GET", "/items/7", [], b""),
    ("GET", "/items/seven", [], b""),
    ("GET", "/sync/7", [], b""),
    ("GET", "/nowhere", [], b""),
    ("DELETE", "/items/7", [], b""),
    ("GET", "/items/7/", [], b""),
    ("GET", "/tree?page=2", [], b""),
    ("GET", "/tree?page=two", [], b""),
    ("GET", "/tree", [("Authorization", "bad")], b""),
    ("POST", "/items", JSON, b'{"name": "a", "secret": "hidden"}'),
    ("POST", "/items", JSON, b'{"price": "x"}'),
    ("POST", "/items", JSON, b"{"),
    ("POST", "/items", [], b""),
    ("POST", "/unset", JSON, b'{"name": "a"}'),
    ("POST", "/form", FORM, b"name=ann&password=hidden"),
    ("GET", "/boom", [], b""),
    ("GET", "/lost", [], b""),
    ("GET", "/background", [], b""),
    ("GET", "/stream", [], b""),
    ("GET", "/lines", [], b""),
    ("GET", "/given", [], b""),
    ("GET", "/part/one/x", [], b""),
    ("GET", "/part/inner/two", [], b""),
    ("GET", "/part/inner/three", [], b""),
    ("GET", "/below/page/x", [], b""),
    ("GET", "/below/none", [], b""),
    ("GET", "/items/7?stop=1", [], b""),
]
IDS = [f"{method} {target}" for method, target, _, _ in REQUESTS]


def trace_of(root, method, target, headers=(), body=b""):
    app = make_app(import_module(root))
    return record(app, method, target, headers=headers, body=body)


@pytest.mark.parametrize("request_", REQUESTS, ids=IDS)
def test_same_stages_on_both(request_):
    clone, original = (trace_of(root, *request_) for root in (CLONE, ORIGINAL))
    assert names(clone.root) == names(original.root)
    assert clone.status == original.status
    assert not [s.fault for t in (clone, original) for s in t.spans() if s.fault]


@pytest.mark.parametrize("request_", REQUESTS, ids=IDS)
def test_watching_changes_no_answer(fastapi, request_):
    def answer(app):
        try:
            return send(app, *request_)
        except RuntimeError as error:
            return str(error)

    plain = answer(make_app(fastapi))
    with recording(make_app(fastapi)) as session:
        assert answer(session.app) == plain


def test_websocket(fastapi):
    def conversation(app):
        ended = talk(app, "/ws/hall", messages=["hi"])
        return ended.received, ended.code

    plain = conversation(make_app(fastapi))
    with recording(make_app(fastapi)) as session:
        assert conversation(session.app) == plain == (["hall hi"], 1000)


def told(fastapi, *request):
    return trace_of(fastapi.__name__, *request)


def test_dependencies_tell_what_they_found(fastapi):
    trace = told(fastapi, "GET", "/tree")
    user = only(trace, "dependency", "make_app.<locals>.user")
    assert user.attributes["fwtrace.dependency.parameter"] == "user"
    assert user.attributes["fwtrace.dependency.value"] == "'ann'"
    settings = [s for s in trace.spans("dependency") if s.name.endswith("settings")]
    cached = [s.attributes["fwtrace.dependency.cached"] for s in settings]
    assert cached == [False, True, True]
    token = only(trace, "dependency", "make_app.<locals>.token")
    assert token.attributes["fwtrace.dependency.value"] == "[redacted]"
    assert token.attributes["fwtrace.thread.waited_ns"] >= 0
    assert "fwtrace.thread.waited_ns" not in user.attributes


def test_what_yields_has_two_halves(fastapi):
    trace = told(fastapi, "GET", "/tree")
    halves = [
        (s.name.rpartition(".")[2], s.attributes["fwtrace.dependency.half"])
        for s in trace.spans("dependency")
        if "fwtrace.dependency.half" in s.attributes
    ]
    ends = [("session", "clean-up"), ("connection", "clean-up")]
    assert halves == [("session", "set-up"), ("connection", "set-up"), *ends]
    for span in trace.spans("dependency"):
        is_sync = span.name.endswith(("connection", "token"))
        is_cached = span.attributes.get("fwtrace.dependency.cached")
        assert ("fwtrace.thread.name" in span.attributes) == (is_sync and not is_cached)


def test_an_override_is_told(fastapi):
    app = fastapi.FastAPI()

    def real(): ...

    def fake():
        return 1

    @app.get("/")
    async def view(found: Annotated[int, fastapi.Depends(real)]):
        return found

    app.dependency_overrides[real] = fake
    span = only(record(app, "GET", "/"), "dependency")
    assert span.name.endswith("<locals>.real")
    by = span.attributes["fwtrace.dependency.overridden_by"]
    assert by.endswith("<locals>.fake")


def test_the_dependency_that_raised_is_marked(fastapi):
    trace = told(fastapi, "GET", "/tree", [("Authorization", "bad")])
    marked = [s.name for s in trace.spans("dependency") if s.error]
    assert marked == ["make_app.<locals>.user"]
    error = only(trace, "exception")
    assert error.attributes["fwtrace.exception.handler"] == "http_exception_handler"
    reason = error.attributes["fwtrace.exception.handler.reason"]
    assert reason.startswith("registered for HTTPException")


def test_parameters_tell_their_source_and_errors(fastapi):
    trace = told(fastapi, "GET", "/items/seven?q=x")
    number = only(trace, "validation", "path number").attributes
    assert number["fwtrace.parameter.raw"] == "'seven'"
    (error,) = number["fwtrace.parameter.errors"]
    assert error["loc"] == ["path", "number"]
    assert error["type"] == "int_parsing"
    query = only(trace, "validation", "query q").attributes
    assert query["fwtrace.parameter.value"] == "'x'"


def test_a_parameter_that_was_not_sent(fastapi):
    trace = told(fastapi, "GET", "/items/7")
    query = only(trace, "validation", "query q").attributes
    assert query["fwtrace.parameter.default"] is True
    assert query["fwtrace.parameter.value"] == "'all'"
    trace = told(fastapi, "POST", "/items")
    (error,) = only(trace, "validation").attributes["fwtrace.parameter.errors"]
    assert error["type"] == "missing"


def test_a_validation_error_shows_no_input(fastapi):
    body = b'{"price": "x", "secret": "hidden", "password": "hidden"}'
    trace = told(fastapi, "POST", "/items", JSON, body)
    message = only(trace, "exception").attributes["exception.message"]
    assert message == (
        "2 validation errors: body.name: Field required; body.price: Input should be "
        "a valid number, unable to parse string as a number"
    )
    assert "hidden" not in trace.to_json()


def test_no_secret_enters_the_trace(fastapi):
    for request in REQUESTS:
        text = told(fastapi, *request).to_json()
        assert "hidden" not in text


def test_credentials_are_redacted(fastapi):
    security = import_module(f"{fastapi.__name__}.security")
    key = security.APIKeyHeader(name="x-key")
    app = fastapi.FastAPI()

    @app.get("/")
    async def view(given: Annotated[str, fastapi.Security(key)]):
        return None

    trace = record(app, "GET", "/", headers=[("X-Key", "tremendous")])
    told = [each.to_dict() for each in trace.spans() if each.stage in OURS]
    assert len(told) == 2
    assert "tremendous" not in str(told)


OURS = ("dependency", "view")


@pytest.mark.parametrize(
    ("target", "body", "removed"),
    [
        (
            "/items",
            b'{"name": "a", "secret": "x"}',
            [{"key": "secret", "reason": "is no field of Shown"}],
        ),
        (
            "/unset",
            b'{"name": "a", "price": 2}',
            [{"key": "secret", "reason": "was not set"}],
        ),
    ],
)
def test_what_the_response_model_removed(fastapi, target, body, removed):
    trace = told(fastapi, "POST", target, JSON, body)
    attributes = only(trace, "serializer").attributes
    assert attributes["fwtrace.serializer.removed"] == removed


def test_waiting_is_told_apart(fastapi):
    view = only(told(fastapi, "GET", "/items/7"), "view")
    assert view.attributes["fwtrace.running_ns"] < view.duration - 500_000
    view = only(told(fastapi, "GET", "/sync/7"), "view")
    assert "fwtrace.running_ns" not in view.attributes
    assert view.attributes["fwtrace.thread.waited_ns"] > 0


def test_background_tasks_come_after_the_response(fastapi):
    trace = told(fastapi, "GET", "/background")
    later, soon = trace.spans("after")
    assert later.name == "background make_app.<locals>.later"
    assert later.attributes["fwtrace.arguments"] == {"word": "'a'"}
    assert "fwtrace.thread.name" in later.attributes
    assert soon.attributes["fwtrace.arguments"] == {"word": "'b'"}


def test_routes_of_included_and_mounted_apps(fastapi):
    app = make_app(fastapi)
    patterns = [each["pattern"] for each in introspect.routes(app)]
    assert "/part/inner/two" in patterns
    assert "/below/page/{name}" in patterns
    found = introspect.resolve(app, "GET", "/below/page/x")
    assert (found["pattern"], found["kwargs"]) == (
        "/below/page/{name}",
        {"name": "'x'"},
    )
    assert introspect.resolve(app, "GET", "/tree/")["redirect"] == "/tree"
    assert introspect.resolve(app, "PUT", "/items")["allowed"] == ["POST"]
    assert "/tree" in introspect.resolve(app, "GET", "/tre")["near"]


def test_the_route_of_a_mounted_app_is_whole(fastapi):
    trace = told(fastapi, "GET", "/below/page/x")
    assert trace.root.attributes["http.route"] == "/below/page/{name}"


def test_same_stages_of_a_websocket():
    clone, original = (
        record(make_app(import_module(root)), "WS", "/ws/hall", messages=["hi"])
        for root in (CLONE, ORIGINAL)
    )
    assert names(clone.root) == names(original.root)
    assert "view make_app.<locals>.socket" in [
        line.strip() for line in names(clone.root)
    ]


def make_graphs(fastapi):
    """Dependencies in all their shapes."""
    depends, app = fastapi.Depends, fastapi.FastAPI()

    class Page:
        def __init__(self, size: int = 10):
            self.size = size

    class Answer:
        def __call__(self, number: int = 1):
            return number

    class Both(BaseModel):
        x_first: str = "1"
        second: int = 2

    def base(q: int = 0):
        return q

    fresh = Annotated[int, depends(base, use_cache=False)]
    kept = Annotated[int, depends(base)]

    async def one(found: fresh):
        return found

    async def two(found: fresh, again: kept):
        return found

    async def database():
        try:
            yield 1
        finally:
            await asyncio.sleep(0)

    def swallow():
        try:
            yield 1
        except LookupError:
            pass

    held = Annotated[int, depends(database)]

    @app.get("/shapes")
    async def shapes(
        page: Annotated[Page, depends()],
        first: Annotated[int, depends(one)],
        second: Annotated[int, depends(two)],
        answer: Annotated[int, depends(Answer())],
    ):
        return first

    @app.get("/raises")
    async def raises(found: held):
        raise LookupError("x")

    @app.get("/swallows")
    async def swallows(found: Annotated[int, depends(swallow)]):
        raise LookupError("x")

    @app.get("/refuses")
    def refuses(found: held):
        raise fastapi.HTTPException(403)

    @app.get("/early")
    async def early(found: Annotated[int, depends(database, scope="function")]):
        return found

    @app.get("/lines")
    def lines(found: held, count: int = 2):
        yield from range(count)

    @app.get("/wrong")
    def wrong() -> int:
        return "x"  # type: ignore[return-value]

    @app.get("/models")
    async def models(
        header: Annotated[Both, fastapi.Header()],
        query: Annotated[Both, fastapi.Query()],
    ):
        return 1

    @app.post("/embedded")
    async def embedded(item: Item, count: Annotated[int, fastapi.Body()]):
        return count

    @app.post("/raw")
    async def raw(request: fastapi.Request):  # type: ignore[name-defined]
        return len(await request.body())

    return app


GRAPHS = [
    *(
        ("GET", f"/{name}", [], b"")
        for name in ("shapes", "shapes?q=z", "shapes?size=k")
    ),
    *(("GET", f"/{name}", [], b"") for name in ("raises", "swallows", "refuses")),
    *(("GET", f"/{name}", [], b"") for name in ("early", "lines", "wrong")),
    *(("GET", f"/{name}", [], b"") for name in ("models", "models?second=z")),
    ("POST", "/embedded", JSON, b'{"item": {"name": "n"}, "count": 2}'),
    ("POST", "/embedded", JSON, b'{"count": "x"}'),
    ("POST", "/raw", [], b"abc"),
]


@pytest.mark.parametrize("request_", GRAPHS, ids=[target for _, target, *_ in GRAPHS])
def test_same_graph_on_both(request_):
    traces = [
        record(
            make_graphs(import_module(root)),
            *request_[:2],
            headers=request_[2],
            body=request_[3],
        )
        for root in (CLONE, ORIGINAL)
    ]
    assert names(traces[0].root) == names(traces[1].root)
    failed = [[s.name for s in t.spans("dependency") if s.error] for t in traces]
    assert failed[0] == failed[1]
    assert not [s.fault for trace in traces for s in trace.spans() if s.fault]


def test_many_requests_at_once_do_not_mix(fastapi):
    async def many(app):
        scopes = [build_scope("GET", f"/items/{n}") for n in range(5)]
        await asyncio.gather(*(ask(app, scope) for scope in scopes))

    async def ask(app, scope):
        messages = [{"type": "http.request"}]

        async def receive():
            return messages.pop() if messages else await asyncio.Event().wait()

        async def send(message): ...

        await app(scope, receive, send)

    with recording(make_app(fastapi)) as session:
        asyncio.run(many(session.app))
    for trace in session.traces:
        path = trace.root.attributes["url.path"]
        number = only(trace, "view").attributes["fwtrace.arguments"]["number"]
        assert path == f"/items/{number}"
