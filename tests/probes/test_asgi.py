"""What a trace tells of an ASGI app: lifespan, scope, layers, messages, outcome."""

import asyncio
import threading

import pytest

from fwtrace.hosts import asgi
from fwtrace.hosts.inprocess import send
from fwtrace.record import record, recording
from fwtrace.tracer.model import Trace
from fwtrace.tracer.recorder import CURRENT
from fwtrace.tracer.seam import attached


async def core(scope, receive, send):
    """Answers at paths that say what they do; starts and ends with a lifespan."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    await PATHS[scope["path"]](scope, receive, send)


async def respond(send, *chunks, status=200):
    headers = [(b"content-type", b"text/plain"), (b"set-cookie", b"id=hunter2")]
    start = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    for number, chunk in enumerate(chunks, 1):
        more = number < len(chunks)
        await send({"type": "http.response.body", "body": chunk, "more_body": more})


async def hello(scope, receive, send):
    await asyncio.sleep(0.01)
    await respond(send, b"hello")


async def stream(scope, receive, send):
    await respond(send, b"one ", b"two", b"")


async def before(scope, receive, send):
    raise KeyError("before")


async def after(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise KeyError("after")


async def later(scope, receive, send):
    await respond(send, b"sent")
    raise KeyError("later")


async def nothing(scope, receive, send):
    pass


async def misplaced(scope, receive, send):
    await send({"type": "http.response.body", "body": b"x"})


async def echo_body(scope, receive, send):
    await respond(send, (await receive())["body"])


PATHS = {
    "/": hello,
    "/stream": stream,
    "/before": before,
    "/after": after,
    "/later": later,
    "/nothing": nothing,
    "/misplaced": misplaced,
    "/body": echo_body,
}


class Stamp:
    """A middleware that changes what it can: scope, state, headers in and out."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["headers"].append((b"x-in", b"1"))
        scope["state"]["user"] = "Ann"
        changed = {**scope, "root_path": "/api", "color": "red"}

        async def stamped(message):
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-out", b"2"))
            await send(message)

        await self.app(changed, receive, stamped)


class Guard:
    """Answers itself."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            await respond(send, b"no", status=403)
        else:
            await self.app(scope, receive, send)


def answer(app, path):
    try:
        return send(app, "GET", path)
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("path", PATHS)
def test_tracing_changes_nothing(path):
    app = Stamp(core)
    with recording(app) as session:
        traced = answer(session.app, path)
        assert session.traces
    assert traced == answer(session.app, path) == answer(app, path)
    assert attached() == 0


def test_trace_has_lifespan_scope_and_response_in_their_order():
    trace = record(core, "GET", "/?a=1", headers=[("Accept", "*/*")])
    assert [(span.stage, span.name) for span in trace.root.children] == [
        ("lifespan", "startup"),
        ("scope", "scope"),
        ("response", "200 OK"),
        ("lifespan", "shutdown"),
    ]
    assert (trace.status, trace.outcome["error"]) == (200, None)
    assert trace.request["target"] == "/?a=1"
    assert ["Accept", "*/*"] in trace.request["headers"]
    assert Trace.from_json(trace.to_json()) == trace
    starts = [span.start for span in trace.root.children]
    assert starts == sorted(starts)


def test_lifespan_is_no_part_of_the_requests_time():
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await asyncio.sleep(0.02)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        else:
            await respond(send, b"")

    trace = record(app)
    startup = next(trace.spans("lifespan"))
    assert startup.duration >= 19_000_000
    assert 0 < trace.duration <= trace.root.duration - startup.duration


def test_lifespan_surrounds_all_requests_of_a_session():
    async def main(app):
        events: asyncio.Queue = asyncio.Queue()
        done = asyncio.Event()

        async def answered(message):
            done.set()

        life = asyncio.ensure_future(app({"type": "lifespan"}, events.get, answered))
        await events.put({"type": "lifespan.startup"})
        await done.wait()
        for _ in range(3):
            scope = {"type": "http", "path": "/stream", "headers": []}
            await app(scope, None, lambda message: asyncio.sleep(0))
        await events.put({"type": "lifespan.shutdown"})
        await life

    with recording(core) as session:
        asyncio.run(main(session.app))
    names = [[s.name for s in t.spans("lifespan")] for t in session.traces]
    assert names == [["startup"], [], ["shutdown"]]


def test_app_without_a_lifespan_has_no_span_of_one():
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await respond(send, b"")

    assert not list(record(app).spans("lifespan"))


def test_failure_at_shutdown_is_on_its_span():
    async def app(scope, receive, send):
        if scope["type"] != "lifespan":
            await respond(send, b"")
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        raise ValueError("cannot close")

    _, shutdown = record(app).spans("lifespan")
    assert shutdown.error == {"type": "ValueError", "message": "cannot close"}


def test_failure_at_shutdown_that_is_only_told():
    async def app(scope, receive, send):
        if scope["type"] != "lifespan":
            await respond(send, b"")
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.failed", "message": "OSError: disk"})

    _, shutdown = record(app).spans("lifespan")
    assert shutdown.error == {"type": "OSError", "message": "disk"}


def test_scope_tells_where_each_key_is_from():
    trace = record(core, headers=[("Authorization", "Bearer hunter2")])
    (span,) = trace.spans("scope")
    told = {each["key"]: each for each in span.attributes["fwtrace.environ"]}
    assert told["path"] == {"key": "path", "value": "/", "origin": "request line"}
    assert told["host"]["origin"] == "HTTP header"
    assert told["server"]["origin"] == "server"
    assert told["state"]["origin"] == "lifespan"
    assert told["type"]["origin"] == "ASGI"
    assert "hunter2" not in trace.to_json()


def test_response_tells_its_messages_one_by_one():
    trace = record(core, "GET", "/stream")
    (span,) = trace.spans("response")
    assert span.attributes["fwtrace.body.preview"] == "one two"
    assert span.attributes["fwtrace.body.streamed"]
    assert span.attributes["fwtrace.body.chunks"] == 2
    messages = span.attributes["fwtrace.response.messages"]
    assert [each["type"].rpartition(".")[2] for each in messages] == [
        "start",
        "body",
        "body",
        "body",
    ]
    assert messages[0]["status"] == 200
    assert [each["size"] for each in messages[1:]] == [4, 3, 0]
    assert [each["more_body"] for each in messages[1:]] == [True, True, False]
    times = [each["at"] for each in messages]
    assert times == sorted(times)


def test_body_is_streamed_only_in_several_messages():
    (span,) = record(core).spans("response")
    assert not span.attributes["fwtrace.body.streamed"]


def test_time_running_is_apart_from_time_awaiting():
    trace = record(core)
    running = trace.root.attributes["fwtrace.running_ns"]
    # It sleeps for 10 ms.
    assert 0 < running <= trace.duration - 9_000_000


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/before", None, "KeyError"),
        ("/after", 200, "KeyError"),
        ("/later", 200, "KeyError"),
        ("/misplaced", None, "RuntimeError"),
        ("/nothing", None, None),
    ],
)
def test_outcome_of_an_app_that_fails(path, status, error):
    trace = record(core, "GET", path)
    told = trace.outcome["error"]
    assert trace.status == status
    assert (told["type"] if told else None) == error
    assert bool(list(trace.spans("exception"))) == (error is not None)
    assert [span.name for span in trace.spans("lifespan")] == ["startup", "shutdown"]


def test_app_that_is_given_up_says_why():
    async def app(scope, receive, send):
        await asyncio.Event().wait()

    async def only_http(scope, receive, send):
        assert scope["type"] == "http"
        await session.app(scope, receive, send)

    with recording(app) as session, pytest.raises(TimeoutError):
        asgi.send(only_http, timeout=0.05)
    error = session.traces[0].outcome["error"]
    assert error["type"] == "TimeoutError"
    assert "within 0.05 seconds" in error["message"]


def test_middleware_tells_what_it_changed_on_both_ways():
    trace = record(Stamp(core))
    (span,) = trace.spans("middleware")
    told = [
        (c["half"], c["what"], c["op"], c["key"])
        for c in span.attributes["fwtrace.changes"]
    ]
    assert span.name == "Stamp"
    assert told == [
        ("in", "scope", "changed", "root_path"),
        ("in", "scope", "added", "color"),
        ("in", "scope", "added", "state['user']"),
        ("in", "header", "added", "X-In"),
        ("out", "header", "added", "X-Out"),
    ]
    assert span.attributes["fwtrace.middleware.in"] >= 0
    assert span.attributes["fwtrace.middleware.out"] >= 0


def test_middleware_that_answers_itself_tells_what_never_ran():
    trace = record(Stamp(Guard(Stamp(core))))
    spans = list(trace.spans("middleware"))
    assert [span.name for span in spans] == ["Stamp", "Guard"]
    assert spans[1].attributes["fwtrace.answered.reason"] == (
        "answered 403 Forbidden itself"
    )
    assert spans[1].attributes["fwtrace.skipped"] == ["Stamp", "resolver", "view"]


def test_middleware_made_by_a_function_is_followed_through_its_closure():
    def outer(app):
        async def wrapped(scope, receive, send):
            await app(scope, receive, send)

        return wrapped

    trace = record(outer(Stamp(core)))
    assert [span.name.rpartition(".")[2] for span in trace.spans("middleware")] == [
        "test_middleware_made_by_a_function_is_followed_through_its_closure",
        "Stamp",
    ]


def test_error_passes_all_layers_as_it_is():
    trace = record(Stamp(Stamp(core)), "GET", "/before")
    errors = [span.error for span in trace.spans("middleware")]
    assert [error and error["type"] for error in errors] == ["KeyError", "KeyError"]


def test_wsgi_app_within_an_asgi_app_is_no_layer_of_it():
    class Bridge:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            assert scope["type"] == "http"
            found = []
            body = self.app({}, lambda *args: found.append(args))
            await respond(send, *body)

    def wsgi(environ, start_response):
        start_response("200 OK", [])
        return [b"wsgi"]

    trace = record(Bridge(wsgi))
    assert trace.status == 200
    assert not list(trace.spans("middleware"))


class Lazy:
    """As Starlette: the stack is built when the first scope comes."""

    def __init__(self):
        self.middleware_stack = None

    def build_middleware_stack(self):
        return Stamp(Stamp(self.route))

    async def route(self, scope, receive, send):
        await core(scope, receive, send)

    async def __call__(self, scope, receive, send):
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        await self.middleware_stack(scope, receive, send)


@pytest.mark.parametrize("outside", [0, 1])
def test_stack_that_is_built_late_is_traced_and_put_back(outside):
    lazy = Lazy()
    app = Stamp(lazy) if outside else lazy
    with recording(app) as session:
        assert send(session.app)[0] == "200 OK"
    assert len(list(session.traces[0].spans("middleware"))) == 2 + outside
    assert type(lazy.middleware_stack) is Stamp
    assert "build_middleware_stack" not in vars(lazy)
    assert len(list(record(app).spans("middleware"))) == 2 + outside


def test_spans_of_tasks_and_threads_hang_where_they_were_begun():
    def query(name):
        recorder, _ = CURRENT.get()  # type: ignore[misc]
        with recorder.span("sql", name):
            pass

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        recorder, _ = CURRENT.get()  # type: ignore[misc]
        with recorder.span("view", "v"):
            await asyncio.gather(
                *(asyncio.to_thread(query, f"thread {number}") for number in range(8))
            )
        await respond(send, b"")

    (view,) = record(app).spans("view")
    assert sorted(s.name for s in view.children) == [f"thread {n}" for n in range(8)]


def test_concurrent_requests_never_mix_their_spans():
    async def app(scope, receive, send):
        recorder, _ = CURRENT.get()  # type: ignore[misc]
        with recorder.span("view", scope["path"]):
            await asyncio.sleep(0.001)
            with recorder.span("sql", scope["path"]):
                await asyncio.sleep(0.001)
        await respond(send, b"")

    async def main(app):
        quiet = lambda message: asyncio.sleep(0)  # noqa: E731
        scopes = [{"type": "http", "path": f"/{n}", "headers": []} for n in range(20)]
        await asyncio.gather(*(app(scope, None, quiet) for scope in scopes))

    with recording(app) as session:
        asyncio.run(main(session.app))
    assert len(session.traces) == 20
    for trace in session.traces:
        (view,) = trace.spans("view")
        (sql,) = view.children
        assert view.name == sql.name == trace.request["target"]


def test_recording_in_a_thread_and_in_a_loop():
    results = []

    async def main():
        return record(core)

    def work():
        results.append(asyncio.run(main()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results[0].status == 200
