"""Whole programs under real servers, the clone's beside the original's."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

HERE = Path(__file__).parent / "programs"
ROOT = Path(__file__).parents[3]
CLONE = "fwtrace.frameworks.fastapi"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
# On a port of their choice, which they print.
SERVERS = {
    "uvicorn": "uvicorn program:app --port 0",
    "gunicorn": "gunicorn -k asgi program:app -b 127.0.0.1:0"
    " --asgi-disconnect-grace-period 1",
}


class Server:
    """A program in a folder of its own, and the process that serves it."""

    def __init__(self, folder, name, command, framework):
        source = (HERE / f"{name}.py").read_text()
        source = source.replace("from fastapi", f"from {framework}")
        (folder / "program.py").write_text(source)
        self.log, self.output = folder / "log.txt", folder / "printed.txt"
        self.gate = folder / "go on"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command.split()],
                env=ENVIRONMENT,
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.port = self.wait_until(self.listens)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10)

    def listens(self):
        """The port, once there is one."""
        printed = self.output.read_text()
        assert self.process.poll() is None, printed
        found = re.search(r"(?:running on|Listening at:) http://\S+:(\d+)", printed)
        return found and int(found[1])

    def wait_until(self, is_so):
        for _ in range(400):
            if found := is_so():
                return found
            time.sleep(0.05)
        raise AssertionError(f"It never came to {is_so.__name__}.")

    def notes(self):
        return self.log.read_text().split("\n")[:-1] if self.log.exists() else []

    def stop(self):
        """Ask it to end; what it printed."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        return self.output.read_text()

    def close(self):
        self.http.close()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


ORIGINAL = pytest.param("fastapi", id="original", marks=pytest.mark.oracle)


@pytest.fixture(scope="module", params=[pytest.param(CLONE, id="clone"), ORIGINAL])
def framework(request):
    return request.param


@pytest.fixture(scope="module", params=SERVERS)
def serve(request, framework, tmp_path_factory):
    """``serve("live")``: a program, on each server with each framework."""
    started = []

    def start(name):
        folder = tmp_path_factory.mktemp(name)
        started.append(Server(folder, name, SERVERS[request.param], framework))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture(scope="module")
def live(serve):
    """One for all tests that leave it running."""
    return serve("live")


def test_the_program_of_the_seeds_runs_with_its_import_line_changed(serve):
    http = serve("seed").http
    item = {"name": "Example", "price": 9.99, "description": None}
    assert http.get("/items/1?q=x").json() == item
    assert http.get("/items/0").status_code == 422
    assert http.get(f"/items/1?q={'x' * 51}").status_code == 422
    created = http.post("/items/", json={"name": "Lamp", "price": 3})
    assert (created.status_code, created.json()["price"]) == (201, 3.0)
    assert http.post("/items/", json={"name": "Lamp"}).status_code == 422
    schema = http.get("/openapi.json").json()
    assert schema["info"] == {"title": "My API", "version": "1.0.0"}
    assert list(schema["paths"]) == ["/items/{item_id}", "/items/"]
    assert "My API" in http.get("/docs").text


def test_requests_of_all_kinds_are_answered(live):
    assert live.http.get("/?name=Ann").json() == {"said": "hello Ann", "by": "http"}
    assert live.http.get("/nowhere").status_code == 404
    content = b"x" * 3_000_000
    assert live.http.post("/upload", files={"file": content}).json() == len(content)
    assert live.http.post("/later").json() is None
    live.wait_until(lambda: "later" in live.notes())


def test_a_stream_arrives_as_it_is_made(live):
    with live.http.stream("GET", "/gated") as response:
        lines = response.iter_lines()
        assert next(lines) == "0"
        live.gate.touch()  # The rest is made from here on.
        assert list(lines) == ["1", "2"]


def test_a_stream_ends_with_its_listener(live):
    with live.http.stream("GET", "/endless") as response:
        assert next(response.iter_lines()) == "more"
    live.wait_until(lambda: "left alone" in live.notes())


def test_a_websocket_is_answered_and_closed(live):
    url = f"ws://127.0.0.1:{live.port}/echo"
    with connect(url, subprotocols=["other", "echo"]) as websocket:
        assert websocket.subprotocol == "echo"
        websocket.send("ä ❤" * 1000)
        assert websocket.recv(10) == "Ä ❤" * 1000
        websocket.send("bye")
        with pytest.raises(ConnectionClosedError) as closed:
            websocket.recv(10)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "farewell")


def test_a_websocket_that_its_client_leaves_is_told_so(live):
    with connect(f"ws://127.0.0.1:{live.port}/echo", subprotocols=["echo"]) as ws:
        ws.send("a")
        ws.recv(10)
    live.wait_until(lambda: "closed 1000" in live.notes())


@pytest.mark.parametrize("path", ["/shut", "/nowhere"])
def test_a_websocket_that_is_not_accepted_is_403(live, path):
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://127.0.0.1:{live.port}{path}"),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_an_error_is_answered_and_told_to_the_server(serve):
    failing = serve("live")
    assert failing.http.get("/fails").status_code == 500
    printed = failing.stop()
    # Gunicorn's own worker drops what is raised once the answer is out.
    assert "RuntimeError: on purpose" in printed or "gunicorn" in printed


def test_shutdown_lets_a_request_end_and_then_the_lifespan(serve):
    live = serve("live")
    assert live.http.get("/").status_code == 200
    assert live.notes() == ["started"]
    with live.http.stream("GET", "/gated") as response:
        lines = response.iter_lines()
        assert next(lines) == "0"
        live.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)  # Uvicorn looks for a signal every 0.1 s.
        live.gate.touch()
        assert list(lines) == ["1", "2"]
    live.process.wait(20)
    assert live.notes() == ["started", "ended"]
    # Uvicorn lets the signal have its way once all is done.
    assert live.process.returncode in (0, -signal.SIGTERM)
