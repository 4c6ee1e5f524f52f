"""Starlette itself, as its users have it: lifespan, threads, streams, WebSockets."""

import time
from contextlib import asynccontextmanager

import pytest

from fwtrace.hosts.inprocess import send
from fwtrace.record import record, recording
from fwtrace.tracer.recorder import CURRENT
from fwtrace.tracer.seam import attached

pytest.importorskip("starlette")

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute


@asynccontextmanager
async def lifespan(app):
    yield {"word": "state"}


async def home(request):
    return PlainTextResponse(request.state.word)


def in_thread(request):
    recorder, _ = CURRENT.get() or (None, None)
    if recorder is None:
        return PlainTextResponse("untraced")
    with recorder.span("sql", "in thread"):
        time.sleep(0.001)
    return PlainTextResponse("traced")


async def stream(request):
    async def chunks():
        for number in range(3):
            yield f"{number}\n"

    return StreamingResponse(chunks())


async def boom(request):
    raise ValueError("boom")


async def socket(websocket):
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text.upper())


async def add_header(request, call_next):
    response = await call_next(request)
    response.headers["X-Added"] = "1"
    return response


@pytest.fixture
def app():
    return Starlette(
        routes=[
            Route("/", home),
            Route("/thread", in_thread),
            Route("/stream", stream),
            Route("/boom", boom),
            WebSocketRoute("/ws", socket),
        ],
        middleware=[
            Middleware(GZipMiddleware),
            Middleware(BaseHTTPMiddleware, dispatch=add_header),
        ],
        lifespan=lifespan,
    )


@pytest.mark.parametrize("path", ["/", "/stream", "/nowhere"])
def test_tracing_changes_nothing(app, path):
    with recording(app) as session:
        traced = send(session.app, "GET", path)
    assert traced == send(app, "GET", path)
    assert attached() == 0


def test_layers_state_and_lifespan(app):
    trace = record(app)
    names = [span.name for span in trace.spans("middleware")]
    assert names == [
        "ServerErrorMiddleware",
        "GZipMiddleware",
        "add_header",
        "ExceptionMiddleware",
    ]
    added = next(s for s in trace.spans("middleware") if s.name == "add_header")
    assert {
        "half": "out",
        "what": "header",
        "op": "added",
        "key": "X-Added",
        "value": "1",
    } in added.attributes["fwtrace.changes"]
    assert added.location is not None
    assert added.location.file == __file__
    assert [s.name for s in trace.spans("lifespan")] == ["startup", "shutdown"]
    (response,) = trace.spans("response")
    assert response.attributes["fwtrace.body.preview"] == "state"


def test_endpoint_in_a_worker_thread_records_below_its_request(app):
    trace = record(app, "GET", "/thread")
    (sql,) = trace.spans("sql")
    assert sql.name == "in thread"
    assert any(sql in span.children for span in trace.spans() if span is not trace.root)


def test_error_becomes_a_page_and_comes_out(app):
    trace = record(app, "GET", "/boom")
    assert trace.status == 500
    assert trace.outcome["error"]["type"] == "ValueError"
    assert send(app, "GET", "/boom")[0] == "500 Internal Server Error"


def test_websocket(app):
    trace = record(app, "WS", "/ws", messages=["hi"], wait=0)
    (sent,) = (s for s in trace.spans("websocket") if s.name == "send")
    assert sent.attributes["fwtrace.websocket.text"] == "HI"
    assert trace.outcome["close"]["code"] == 1000
    assert trace.outcome["error"] is None
