"""One table of seams for two Starlettes, which tells the same of both."""

from importlib import import_module

import pytest

from fwtrace.hosts.asgi import send
from fwtrace.record import record, recording
from fwtrace.tracer.seam import attached

CLONE, ORIGINAL = "fwtrace.toolkit.asgi", "starlette"


@pytest.fixture(params=[CLONE, ORIGINAL], ids=["clone", "original"])
def root(request):
    return request.param


def make_app(root):
    """An app that has one of everything the table knows."""

    def module(name):
        return import_module(f"{root}.{name}")

    routing, responses = module("routing"), module("responses")
    text = responses.PlainTextResponse
    Route, Mount = routing.Route, routing.Mount
    background = module("background")

    async def home(request):
        return text("home")

    def user(request):
        return text(str(request.path_params["id"]))

    def done(number): ...

    async def tasks(request):
        two = [background.BackgroundTask(done, n) for n in (1, 2)]
        return text("done", background=background.BackgroundTasks(two))

    async def stream(request):
        return responses.StreamingResponse(iter(["a", "b"]))

    async def body(request):
        return responses.JSONResponse(await request.json())

    async def form(request):
        return text((await request.form())["name"])

    async def boom(request):
        raise RuntimeError("no")

    async def lost(request):
        raise KeyError("x")

    def find(request, error):
        return text("found", 410)

    class Things(module("endpoints").HTTPEndpoint):  # type: ignore[misc]
        async def get(self, request):
            return text("things")

    async def plain(scope, receive, send):
        await text("plain")(scope, receive, send)

    class Noted:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            await self.app(scope, receive, send)

    noted = module("middleware").Middleware(Noted)
    inner = [Route("/page/{name}", user_page := home), Route("/{rest:path}", home)]
    assert user_page is home
    return module("applications").Starlette(
        routes=[
            Route("/", home),
            Route("/users/{id:int}", user, methods=["GET", "PUT"], name="user"),
            Route("/tasks", tasks),
            Route("/stream", stream),
            Route("/body", body, methods=["POST"]),
            Route("/form", form, methods=["POST"]),
            Route("/boom", boom),
            Route("/lost", lost),
            Route("/things", Things),
            Route("/noted", user_page, middleware=[noted]),
            Mount("/inner", routes=inner),
            Mount("/plain", app=plain),
            routing.Host("api.example.org", routing.Router([Route("/api", home)])),
        ],
        exception_handlers={LookupError: find},
    )


def names(span, depth=0):
    """Stages and names, indented by nesting."""
    lines = [f"{'  ' * depth}{span.stage} {span.name}"]
    for child in span.children:
        lines += names(child, depth + 1)
    return lines


def only(trace, stage):
    (found,) = trace.spans(stage)
    return found


JSON = [("Content-Type", "application/json")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
REQUESTS = [
    ("GET", "/", [], b""),
    ("HEAD", "/", [], b""),
    ("GET", "/users/7", [], b""),
    ("GET", "/users/ann", [], b""),
    ("POST", "/users/7", [], b""),
    ("GET", "/users/7/", [], b""),
    ("GET", "/tasks", [], b""),
    ("GET", "/stream", [], b""),
    ("POST", "/body", JSON, b'{"a": 1, "password": "hidden"}'),
    ("POST", "/form", FORM, b"name=ann&password=hidden"),
    ("GET", "/boom", [], b""),
    ("GET", "/lost", [], b""),
    ("GET", "/things", [], b""),
    ("POST", "/things", [], b""),
    ("GET", "/noted", [], b""),
    ("GET", "/inner/page/x", [], b""),
    ("GET", "/inner/a/b", [], b""),
    ("GET", "/plain/x", [], b""),
    ("GET", "/api", [("Host", "api.example.org")], b""),
    ("GET", "/api", [], b""),
]
IDS = [f"{method} {target}" for method, target, _, _ in REQUESTS]


def trace_of(root, method, target, headers=(), body=b""):
    return record(make_app(root), method, target, headers=headers, body=body)


@pytest.mark.parametrize("request_", REQUESTS, ids=IDS)
def test_same_stages_on_both(request_):
    clone, original = (trace_of(root, *request_) for root in (CLONE, ORIGINAL))
    assert names(clone.root) == names(original.root)
    assert clone.status == original.status
    tried = [
        [s.attributes["fwtrace.resolver.tried"] for s in trace.spans("resolver")]
        for trace in (clone, original)
    ]
    assert tried[0] == tried[1]
    assert not [s.fault for t in (clone, original) for s in t.spans() if s.fault]


@pytest.mark.parametrize("request_", REQUESTS, ids=IDS)
def test_watching_changes_no_answer(root, request_):
    def answer(app):
        try:
            return send(app, *request_)
        except RuntimeError as error:
            return str(error)

    plain = answer(make_app(root))
    with recording(make_app(root)) as session:
        assert answer(session.app) == plain
    assert attached() == 0


def test_every_route_tried_says_why(root):
    span = only(trace_of(root, "GET", "/users/ann"), "resolver")
    tried = {
        t["pattern"]: t["reason"] for t in span.attributes["fwtrace.resolver.tried"]
    }
    assert tried["/users/{id:int}"] == "segment 2: 'ann' does not fit '{id:int}'"
    assert tried["/tasks"] == "segment 1: 'users' is not 'tasks'"
    assert tried["/inner"] == "the path is not below '/inner'"
    assert tried["api.example.org"].startswith("the host 'localhost' does not fit")
    assert span.attributes["fwtrace.resolver.near"][0] == "/users/{id:int}"


def test_the_route_that_matched(root):
    trace = trace_of(root, "GET", "/users/7")
    attributes = only(trace, "resolver").attributes
    assert attributes["http.route"] == "/users/{id:int}"
    assert attributes["fwtrace.route.name"] == "user"
    assert attributes["fwtrace.route.converters"] == {"id": "integer"}
    assert attributes["fwtrace.route.kwargs"] == {"id": "7"}
    view = only(trace, "view")
    assert view.name == "make_app.<locals>.user"
    assert view.attributes["fwtrace.return_type"] == "PlainTextResponse"
    assert view.attributes["fwtrace.thread.waited_ns"] > 0


@pytest.mark.parametrize(
    ("method", "target", "name", "key", "value"),
    [
        (
            "POST",
            "/users/7",
            "405 for POST /users/7",
            "allowed",
            ["GET", "HEAD", "PUT"],
        ),
        ("GET", "/users/7/", "redirect to /users/7", "redirect", "/users/7"),
    ],
)
def test_no_match(root, method, target, name, key, value):
    span = only(trace_of(root, method, target), "resolver")
    assert span.name == name
    assert span.attributes[f"fwtrace.resolver.{key}"] == value


def test_the_handler_and_why(root):
    span = only(trace_of(root, "GET", "/lost"), "exception")
    assert span.name == "KeyError"
    assert span.attributes["fwtrace.exception.handler"] == "make_app.<locals>.find"
    reason = span.attributes["fwtrace.exception.handler.reason"]
    assert reason == "registered for LookupError, which it is one of"
    assert "fwtrace.thread.name" in span.attributes


def test_the_last_handler(root):
    responses = import_module(f"{root}.responses")

    async def sorry(request, error):
        return responses.PlainTextResponse("sorry", 500)

    app = make_app(root)
    app.add_exception_handler(500, sorry)
    span = only(record(app, "GET", "/boom"), "exception")
    assert span.attributes["fwtrace.exception.handler"].endswith("sorry")


def test_the_body_is_told_and_redacted(root):
    trace = trace_of(root, "POST", "/body", JSON, b'{"a": 1, "password": "hidden"}')
    read = next(s for s in trace.spans("request") if s.name == "read body")
    assert read.attributes["http.request.body.size"] == 30
    parse = next(s for s in trace.spans("request") if s.name == "parse JSON")
    fields = parse.attributes["fwtrace.request.fields"]
    assert fields == {"a": "1", "password": "[redacted]"}


def test_a_mounted_route_is_whole(root):
    trace = trace_of(root, "GET", "/inner/page/x")
    assert trace.root.attributes["http.route"] == "/inner/page/{name}"


def test_an_endpoint_is_itself_again(root):
    app = make_app(root)
    route = app.routes[0]
    held = [cell.cell_contents for cell in route.app.__closure__]
    record(app, "GET", "/")
    assert [cell.cell_contents for cell in route.app.__closure__] == held
