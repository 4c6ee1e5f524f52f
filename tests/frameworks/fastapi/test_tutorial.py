"""The tutorial's chapters, each a program of this repository's own, on both.

A program is written for FastAPI; the clone runs it with its import lines exchanged.
``ASK`` at its end says what it is asked: the expected status (of a WebSocket the close
code), the method, the address and the options of the client, or what is sent.
"""

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using .httpx. with"),
    pytest.mark.filterwarnings(r"ignore:\s*on_event is deprecated:DeprecationWarning"),
]

CLONE = "fwtrace.frameworks.fastapi"
PROGRAMS = sorted((Path(__file__).parent / "programs/tutorial").glob("*.py"))


def load(program, framework, monkeypatch):
    """The program as a module: pydantic looks up names in it."""
    source = program.read_text()
    if framework == CLONE:
        source = re.sub("^from fastapi", f"from {CLONE}", source, flags=re.M)
        source = re.sub(
            "^from starlette", "from fwtrace.toolkit.asgi", source, flags=re.M
        )
    module = ModuleType(f"tutorial_{program.stem}")
    module.__file__ = str(program)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source, program, "exec", dont_inherit=True), vars(module))
    return module


def ask(client, method, target, more, disconnect):
    """What comes back: the status first."""
    client.cookies.clear()
    if method == "WS":
        return talk(client, target, more, disconnect)
    answer = client.request(method, target, **(more or {}), follow_redirects=False)
    is_schema = target.endswith("openapi.json")
    body = answer.json() if is_schema else answer.content  # its order is of no account
    return answer.status_code, sorted(answer.headers.multi_items()), body


def talk(client, target, texts, disconnect):
    """The answer to each text; the close code, where the server closed it."""
    heard = []
    try:
        with client.websocket_connect(target) as websocket:
            for text in texts:
                websocket.send_text(text)
                heard.append(websocket.receive_text())
        return None, websocket.accepted_subprotocol, heard
    except disconnect as closed:
        return closed.code, closed.reason, heard


def answers(program, framework, monkeypatch):
    """Of all that it is asked, with the schema at the end."""
    module = load(program, framework, monkeypatch)
    part = importlib.import_module
    disconnect = part(f"{framework}.websockets").WebSocketDisconnect
    make = part(f"{framework}.testclient").TestClient
    with make(module.app, raise_server_exceptions=False) as client:
        found = []
        for expected, method, target, *more in module.ASK:
            answer = ask(client, method, target, *(more or [None]), disconnect)
            assert answer[0] == expected, (method, target, answer)
            found.append(answer)
    return [*found, module.app.openapi()]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_chapter_is_on_the_clone_what_it_is_on_fastapi(program, monkeypatch):
    on_fastapi = answers(program, "fastapi", monkeypatch)
    on_clone = answers(program, CLONE, monkeypatch)
    for ours, theirs in zip(on_clone, on_fastapi, strict=True):
        assert ours == theirs
