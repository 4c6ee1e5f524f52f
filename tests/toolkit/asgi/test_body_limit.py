"""Bodies past a limit: a 413, before all of it was read."""

import asyncio

import pytest

from tests.toolkit.asgi.drive import body_messages, call, fetch, http_scope, run


@pytest.fixture
def limited(part):
    """``limited(app, 5)``: the app behind a limit of five bytes."""
    middleware = part("middleware.body_limit").RequestBodyLimitMiddleware
    return lambda app, size: middleware(app, max_body_size=size)


@pytest.fixture
def echo(part):
    async def app(scope, receive, send):
        request = part("requests").Request(scope, receive)
        text = (await request.body()).decode()
        await part("responses").PlainTextResponse(text)(scope, receive, send)

    return app


@pytest.fixture
def deaf(part):
    """An app that reads nothing."""
    return part("responses").PlainTextResponse("deaf")


@pytest.mark.parametrize(
    ("chunks", "status"),
    [
        ([b""], 200),
        ([b"12345"], 200),
        ([b"12", b"345"], 200),
        ([b"123456"], 413),
        ([b"123", b"456"], 413),
        ([b"1", b"2", b"3", b"4", b"5", b"6"], 413),
    ],
)
def test_what_is_read_is_counted(limited, echo, chunks, status):
    found = fetch(limited(echo, 5), "POST", messages=body_messages(*chunks))
    assert found[0] == status
    if status == 200:
        assert found[2] == b"".join(chunks)


def test_a_limit_of_nothing_takes_only_an_empty_body(limited, echo):
    assert fetch(limited(echo, 0), "POST", messages=body_messages(b""))[0] == 200
    assert fetch(limited(echo, 0), "POST", messages=body_messages(b"1"))[0] == 413


@pytest.mark.parametrize(
    ("length", "status"), [("5", 200), ("6", 413), ("none", 200), ("-6", 200)]
)
def test_a_declared_length_is_enough_to_refuse(limited, deaf, length, status):
    headers = {"Content-Length": length}
    assert fetch(limited(deaf, 5), "POST", "/", headers)[0] == status


def test_what_comes_after_the_limit_is_not_read(limited, echo):
    waiting = body_messages(b"123456", b"more", b"and more")
    sent = []

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(limited(echo, 5)(http_scope("POST"), receive, send))
    assert (sent[0]["status"], len(waiting)) == (413, 2)


def test_the_innermost_limit_counts(limited, echo):
    wider = limited(limited(echo, 10), 5)
    assert fetch(wider, "POST", messages=body_messages(b"12345678"))[0] == 200
    narrower = limited(limited(echo, 5), 10)
    assert fetch(narrower, "POST", messages=body_messages(b"12345678"))[0] == 413


def test_once_the_response_has_started_it_is_too_late(part, limited):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await part("requests").Request(scope, receive).body()

    with pytest.raises(part("exceptions").HTTPException, match="413"):
        run(limited(app, 5), http_scope("POST"), *body_messages(b"123456"))


def test_other_errors_are_those_of_the_app(limited):
    async def app(scope, receive, send):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run(limited(app, 5), http_scope("POST"))


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_only_requests_are_limited(limited, kind):
    seen = []

    async def app(scope, receive, send):
        seen.append((await receive())["type"])

    message = {"type": f"{kind}.first", "body": b"123456"}
    asyncio.run(call(limited(app, 5), {"type": kind, "headers": []}, [message]))
    assert seen == [f"{kind}.first"]
