"""A small app behind a real server: uvicorn, in a process of its own."""

import hashlib
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

REPOSITORY = Path(__file__).parents[3]
PATIENCE = 15

SERVED = """
import asyncio
import hashlib
import os
import socket
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

import uvicorn


def part(name):
    return import_module(f"{os.environ['ROOT']}.{name}")


here = Path(__file__).parent
responses, routing = part("responses"), part("routing")
Route = routing.Route
log = []


@asynccontextmanager
async def lifespan(app):
    log.append("started")
    yield {"name": "ada"}
    log.append("stopped")
    (here / "log.txt").write_text(" ".join(log))


async def plain(request):
    return responses.PlainTextResponse(f"hello {request.state.name}")


def plain_sync(request):
    seen = {"path": request.url.path, "a": request.query_params["a"]}
    return responses.JSONResponse(seen)


async def streamed(request):
    async def numbers():
        for number in range(5):
            yield f"{number};"
            await asyncio.sleep(0)

    return responses.StreamingResponse(numbers(), media_type="text/plain")


async def endless(request):
    async def more():
        log.append("began")
        try:
            while True:
                yield "more;"
                await asyncio.sleep(0.005)
        finally:
            log.append("closed")

    return responses.StreamingResponse(more())


async def file(request):
    return responses.FileResponse(here / "file.txt")


async def upload(request):
    digest, pieces = hashlib.sha256(), 0
    async for piece in request.stream():
        digest.update(piece)
        pieces += bool(piece)
    return responses.JSONResponse({"digest": digest.hexdigest(), "pieces": pieces})


async def ignore(request):
    return responses.PlainTextResponse("no, thanks", 403)


async def show_log(request):
    return responses.JSONResponse(log)


async def broken(request):
    raise ValueError("tea")


async def late(request):
    task = part("background").BackgroundTask(log.append, "background")
    return responses.PlainTextResponse("done", background=task)


async def echo(websocket):
    await websocket.accept(subprotocol=next(iter(websocket["subprotocols"]), None))
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                log.append(f"left {message['code']}")
                return
            if message.get("text") == "bye":
                await websocket.close(4001, "see you")
                return
            await websocket.send({**message, "type": "websocket.send"})
    finally:
        log.append("ended")


async def refuse(websocket):
    await websocket.close()


async def deny(websocket):
    await websocket.send_denial_response(responses.PlainTextResponse("tea only", 418))


routes = [
    Route("/", plain),
    Route("/sync", plain_sync),
    Route("/streamed", streamed),
    Route("/endless", endless),
    Route("/file", file),
    Route("/upload", upload, methods=["POST"]),
    Route("/ignore", ignore, methods=["POST"]),
    Route("/log", show_log),
    Route("/broken", broken),
    Route("/late", late),
    routing.WebSocketRoute("/echo", echo),
    routing.WebSocketRoute("/refuse", refuse),
    routing.WebSocketRoute("/deny", deny),
    routing.Mount("/static", part("staticfiles").StaticFiles(directory=here)),
]
app = part("applications").Starlette(routes=routes, lifespan=lifespan)

if __name__ == "__main__":
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    (here / "port.new").write_text(str(listener.getsockname()[1]))
    (here / "port.new").rename(here / "port.txt")
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5)
    uvicorn.Server(config).run(sockets=[listener])
"""


def wait_for(condition):
    """The first true value of ``condition()``."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError("waited in vain")


@contextmanager
def running(root, folder):
    """The port of the app behind uvicorn, which is stopped at the end."""
    (folder / "served.py").write_text(SERVED)
    (folder / "file.txt").write_bytes(b"0123456789" * 20_000)
    errors = folder / "errors.txt"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, str(folder / "served.py")],
            env=os.environ | {"ROOT": root, "PYTHONPATH": str(REPOSITORY)},
            stdout=stderr,
            stderr=stderr,
        )
    port = folder / "port.txt"
    try:
        wait_for(lambda: port.exists() or process.poll() is not None)
        assert process.poll() is None, errors.read_text()
        yield int(port.read_text())
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """``shared(root)``: the port of a server that goes on to the last test."""
    with ExitStack() as stack:

        @cache
        def start(root):
            folder = tmp_path_factory.mktemp("served")
            return stack.enter_context(running(root, folder))

        yield start


@pytest.fixture
def port(request, root, shared, tmp_path):
    """Of the shared server, or of one with its files in ``tmp_path``."""
    if getattr(request, "param", "shared") == "shared":
        yield shared(root)
    else:
        with running(root, tmp_path) as port:
            yield port


server_of_its_own = pytest.mark.parametrize("port", ["own"], indirect=True)
"""Marks a test of what the server writes into its log."""


@pytest.fixture
def web(port):
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False
    ) as web:
        yield web


@pytest.fixture
def websocket(port):
    """``websocket("/echo")``: a connection of the client of ``websockets``."""

    def open_websocket(path, **options):
        return connect(f"ws://127.0.0.1:{port}{path}", proxy=None, **options)

    return open_websocket


def test_plain_answers(web):
    response = web.get("/")
    assert (response.status_code, response.text) == (200, "hello ada")
    assert web.get("/sync?a=b").json() == {"path": "/sync", "a": "b"}
    assert web.get("/missing").status_code == 404
    assert web.post("/").status_code == 405
    head = web.head("/")
    assert (head.content, head.headers["content-length"]) == (b"", "9")


@server_of_its_own
def test_an_error_is_answered_and_the_server_goes_on(web, tmp_path):
    # The server closes the connection of a request that failed.
    assert web.get("/broken", headers={"connection": "close"}).status_code == 500
    assert web.get("/").status_code == 200
    assert "ValueError: tea" in (tmp_path / "errors.txt").read_text()


def test_a_streamed_answer(web):
    response = web.get("/streamed")
    assert response.text == "0;1;2;3;4;"
    assert response.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in response.headers


@pytest.mark.parametrize("path", ["/file", "/static/file.txt"])
def test_a_file_and_parts_of_it(web, path):
    whole = web.get(path)
    assert whole.content == b"0123456789" * 20_000
    assert whole.headers["content-length"] == "200000"
    part = web.get(path, headers={"range": "bytes=5-14"})
    assert (part.status_code, part.text) == (206, "5678901234")
    assert part.headers["content-range"] == "bytes 5-14/200000"
    several = web.get(path, headers={"range": "bytes=0-1,5-6"})
    assert several.status_code == 206
    assert len(several.content) == int(several.headers["content-length"])
    assert web.get(path, headers={"range": "bytes=200000-"}).status_code == 416
    head = web.head(path)
    assert (head.content, head.headers["content-length"]) == (b"", "200000")


def test_a_file_that_the_client_has_already(web):
    etag = web.get("/static/file.txt").headers["etag"]
    response = web.get("/static/file.txt", headers={"if-none-match": etag})
    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize("chunked", [True, False])
def test_an_upload_of_a_megabyte(web, chunked):
    content = os.urandom(1024 * 1024)
    pieces = [content[at : at + 50_000] for at in range(0, len(content), 50_000)]
    response = web.post("/upload", content=iter(pieces) if chunked else content)
    assert response.json()["digest"] == hashlib.sha256(content).hexdigest()
    assert response.json()["pieces"] > 1


@pytest.mark.parametrize(
    ("path", "first_line"),
    [("/upload", b"HTTP/1.1 100 "), ("/ignore", b"HTTP/1.1 403 ")],
)
def test_the_server_asks_for_a_body_only_if_the_app_does(port, path, first_line):
    request = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
        "Expect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.sendall(request.encode())
        assert client.recv(1000).startswith(first_line)
        if path == "/upload":
            client.sendall(b"abc")
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")


@server_of_its_own
def test_a_client_that_hangs_up_stops_the_stream(web):
    with web.stream("GET", "/endless") as response:
        pieces = response.iter_text()
        assert next(pieces).startswith("more;")
        assert web.get("/log").json() == ["started", "began"]
    log = wait_for(lambda: (log := web.get("/log").json())[-1] == "closed" and log)
    assert log == ["started", "began", "closed"]


@server_of_its_own
def test_a_background_task_runs_after_the_answer(web):
    assert web.get("/late").text == "done"
    assert wait_for(lambda: "background" in web.get("/log").json())


def test_the_lifespan_is_started_and_stopped(root, tmp_path):
    with running(root, tmp_path) as port:
        url = f"http://127.0.0.1:{port}/log"
        assert httpx.get(url, trust_env=False).json() == ["started"]
        assert not (tmp_path / "log.txt").exists()
    assert (tmp_path / "log.txt").read_text() == "started stopped"


def test_a_websocket_echo(websocket):
    with websocket("/echo") as session:
        for message in ("hällo", b"\x00\xff", "", "x" * 100_000):
            session.send(message)
            assert session.recv(PATIENCE) == message


def test_a_websocket_with_a_subprotocol(websocket):
    with websocket("/echo", subprotocols=["tea", "coffee"]) as session:
        assert session.subprotocol == "tea"


def test_a_websocket_that_the_app_closes(websocket):
    with websocket("/echo") as session:
        session.send("bye")
        with pytest.raises(ConnectionClosed) as caught:
            session.recv(PATIENCE)
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4001, "see you")


@server_of_its_own
def test_a_websocket_that_the_client_closes(websocket, web):
    with websocket("/echo") as session:
        session.close(3000, "enough")
    log = wait_for(lambda: (log := web.get("/log").json())[-1] == "ended" and log)
    assert log == ["started", "left 3000", "ended"]


@pytest.mark.parametrize(
    ("path", "status"), [("/refuse", 403), ("/deny", 418), ("/missing", 403)]
)
def test_a_websocket_that_is_refused(websocket, path, status):
    with pytest.raises(InvalidStatus) as caught:
        websocket(path)
    assert caught.value.response.status_code == status
