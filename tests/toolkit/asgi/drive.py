"""Drive an ASGI app by hand: a scope, what it receives, and what it sent."""

import asyncio

DISCONNECT = {"type": "http.disconnect"}
CONNECT = {"type": "websocket.connect"}


def encode_headers(headers):
    """Pairs of strings (or a dict) as ASGI has them: lower-cased bytes."""
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs]


def http_scope(method="GET", path="/", headers=(), query=b"", **more):
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": encode_headers(headers),
        "client": ("10.0.0.1", 4321),
        "server": ("example.org", 80),
        **more,
    }


def websocket_scope(path="/", headers=(), query=b"", **more):
    scope = http_scope("GET", path, headers, query)
    del scope["method"]
    return {**scope, "type": "websocket", "scheme": "ws", "subprotocols": [], **more}


def body_messages(*chunks):
    """A request body in these chunks; the last one says that it is the last."""
    return [
        {
            "type": "http.request",
            "body": chunk,
            "more_body": number < len(chunks),
        }
        for number, chunk in enumerate(chunks, 1)
    ]


def receiver(messages):
    """A ``receive`` that gives these messages and then waits for ever."""
    waiting = list(messages)

    async def receive():
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return receive


async def call(app, scope, messages=()):
    """Run the app once and return the messages it sent."""
    sent = []

    async def send(message):
        sent.append(message)

    async with asyncio.timeout(10):
        await app(scope, receiver(messages), send)
    return sent


def run(app, scope, *messages):
    """``call`` for a test that is not async itself."""
    return asyncio.run(call(app, scope, messages))


def answer(sent):
    """Status, headers (the last of each name) and body of the messages."""
    start, *parts = sent
    assert start["type"] == "http.response.start"
    assert {part["type"] for part in parts} == {"http.response.body"}
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(part.get("body", b"") for part in parts)


def fetch(app, /, *scope, messages=(), **more):
    """The answer of an app to ``http_scope(*scope, **more)``."""
    return answer(run(app, http_scope(*scope, **more), *messages))
