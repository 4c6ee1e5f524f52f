"""/docs in a real browser that has no network: what it shows, and trying it out."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from contextlib import contextmanager
from typing import Annotated

import pytest
import uvicorn
from pydantic import BaseModel
from websockets.sync.client import connect

from fwtrace.frameworks.fastapi import FastAPI, Path
from fwtrace.frameworks.fastapi.openapi.assets import find_assets

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--remote-debugging-port=0 --window-size=1200,2000"
).split()
# No name has an address, so that only this machine is in reach.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"

app = FastAPI(title="Shed", version="1.2.3")


class Tool(BaseModel):
    name: str
    weight: float = 1.5


@app.get("/tools/{number}", summary="One tool")
async def tool(number: Annotated[int, Path(ge=1)]) -> Tool:
    return Tool(name=f"hammer no. {number}")


@app.post("/tools", status_code=201)
async def add(tool: Tool) -> Tool:
    return tool


@pytest.fixture(autouse=True)
def needed():
    if CHROMIUM is None or find_assets() is None:
        reason = "It needs chromium, and pip install 'fwtrace[docs]'."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def site():
    """The address of the app under uvicorn."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


class Page:
    """A page of the browser, by its debugging protocol."""

    def __init__(self, connection):
        self.connection = connection
        self.count = 0
        self.asked: list[str] = []
        self.errors: list[str] = []

    def call(self, method, **params):
        """The result of a command; what happens meanwhile is noted."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        self.connection.send(json.dumps(message))
        while (answer := json.loads(self.connection.recv(20))).get("id") != self.count:
            self.note(answer)
        return answer["result"]

    def note(self, event):
        if event["method"] == "Network.requestWillBeSent":
            self.asked.append(event["params"]["request"]["url"])
        if event["method"] == "Runtime.exceptionThrown":
            self.errors.append(event["params"]["exceptionDetails"]["text"])

    def open(self, url):
        for domain in ("Network", "Runtime", "Page"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=url)

    def run(self, expression):
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )
        return result["result"].get("value")

    def wait_for(self, expression):
        """What the expression gives, once that is something."""
        for _ in range(200):
            if value := self.run(expression):
                return value
            time.sleep(0.05)
        raise AssertionError(f"{expression} in {self.run('document.body.innerText')}")

    def click(self, selector):
        place = f"document.querySelector({json.dumps(selector)})"
        self.wait_for(f"!!{place}")
        self.run(f"{place}.click()")

    def type(self, selector, text):
        self.wait_for(f"!!document.querySelector({json.dumps(selector)})")
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)
        # Swagger UI takes what is typed after a pause, or when that is left.
        self.run("document.activeElement.blur()")

    def text(self, selector):
        """The text of each element."""
        elements = f"[...document.querySelectorAll({json.dumps(selector)})]"
        return self.wait_for(f"{elements}.map(e => e.innerText)")


@contextmanager
def browser(folder):
    command = [str(CHROMIUM), *FLAGS, OFFLINE, f"--user-data-dir={folder}"]
    process = subprocess.Popen(
        [*command, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        port = wait_for_port(folder / "DevToolsActivePort")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as got:
            pages = [each for each in json.load(got) if each["type"] == "page"]
        with connect(pages[0]["webSocketDebuggerUrl"], max_size=None) as connection:
            yield Page(connection)
    finally:
        process.terminate()
        process.wait(20)


def wait_for_port(file):
    for _ in range(400):
        if file.exists() and (lines := file.read_text().splitlines()):
            return lines[0]
        time.sleep(0.05)
    raise AssertionError("Chromium did not start.")


@pytest.fixture
def page(tmp_path):
    with browser(tmp_path) as page:
        yield page


def test_docs_show_the_operations_and_try_one_out(site, page):
    page.open(f"{site}/docs")
    page.wait_for("document.querySelectorAll('.opblock').length == 2")
    assert page.run("document.title") == "Shed - Swagger UI"
    assert "1.2.3" in page.text(".info .title")[0]
    assert page.text(".opblock-summary-method") == ["GET", "POST"]
    assert page.text(".opblock-summary-description") == ["One tool", "Add"]

    page.click(".opblock-get .opblock-summary-control")
    page.click(".opblock-get .try-out__btn")
    page.type(".opblock-get .parameters input:enabled", "7")
    page.click(".opblock-get .execute")
    status = page.text(".live-responses-table .response-col_status")
    assert status[-1].split()[0] == "200"
    assert "hammer no. 7" in page.text(".live-responses-table .microlight")[0]

    assert f"{site}/tools/7" in page.asked
    assert [url for url in page.asked if not url.startswith((site, "data:"))] == []
    assert page.errors == []


def test_redoc_shows_the_operations(site, page):
    page.open(f"{site}/redoc")
    page.wait_for("document.querySelectorAll('[data-section-id^=operation]').length")
    assert "One tool" in page.run("document.body.innerText")
    # ReDoc's script wants a logo, and does without it.
    expected = (site, "data:", "blob:", "https://cdn.redoc.ly/redoc/logo")
    assert [url for url in page.asked if not url.startswith(expected)] == []
