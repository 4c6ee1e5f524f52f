"""A server's side of an ASGI app: scope, body, response, lifespan; and broken apps."""

import asyncio
import contextvars

import pytest

from fwtrace.hosts import asgi
from fwtrace.hosts.asgi import Host, build_scope, send
from fwtrace.hosts.errors import AppStartFailed


def answering(*messages):
    """An app without a lifespan that sends these messages."""

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        for message in messages:
            await send(message)

    return app


def start(status=200, headers=()):
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(body=b"", more=False):
    return {"type": "http.response.body", "body": body, "more_body": more}


def lifespan(events, startup=None, shutdown=None):
    """An app that notes its lifespan, and fails in it by raising what is given."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            events.append(("request", scope["state"]))
            await answering(start(), body(b"ok"))(scope, receive, send)
            return
        for step, error in (("startup", startup), ("shutdown", shutdown)):
            assert (await receive())["type"] == f"lifespan.{step}"
            events.append(step)
            if error is not None:
                raise error
            scope["state"]["db"] = "open"
            await send({"type": f"lifespan.{step}.complete"})

    return app


def test_scope_is_as_a_server_makes_it():
    scope = build_scope(
        "post", "/caf%C3%A9/a%2Fb?q=%20x", [("X-A", "1"), ("X-A", "2")], b"four"
    )
    assert scope["type"] == "http"
    assert (scope["method"], scope["path"]) == ("POST", "/café/a/b")
    assert scope["raw_path"] == b"/caf%C3%A9/a%2Fb"
    assert scope["query_string"] == b"q=%20x"
    assert scope["headers"] == [
        (b"host", b"localhost"),
        (b"x-a", b"1"),
        (b"x-a", b"2"),
        (b"content-length", b"4"),
    ]


def test_headers_that_were_given_stay():
    given = [("Host", "example.org"), ("Transfer-Encoding", "chunked")]
    headers = build_scope("POST", "/", given, b"x")["headers"]
    assert headers == [(b"host", b"example.org"), (b"transfer-encoding", b"chunked")]


def test_path_that_is_no_utf_8_is_still_a_path():
    scope = build_scope("GET", "/%ff")
    assert (scope["path"], scope["raw_path"]) == ("/\ufffd", b"/%ff")


def test_response_is_collected():
    app = answering(start(201, [(b"x-a", b"1")]), body(b"one ", True), body(b"two"))
    assert send(app) == ("201 Created", [("x-a", "1")], b"one two")


def test_unknown_status_has_no_phrase():
    assert send(answering(start(299), body()))[0] == "299 "


def test_body_comes_in_chunks_and_the_client_leaves_after_the_response():
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        sizes = []
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            sizes.append(len(message["body"]))
        leaving = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        assert not leaving.done()
        await send(start())
        await send(body(repr(sizes).encode()))
        assert await leaving == {"type": "http.disconnect"}

    assert send(app, "POST", body=b"x" * 150_000)[2] == b"[65536, 65536, 18928]"


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([], "without sending a response"),
        ([start()], "before its response was complete"),
        ([start(), body(b"x", True)], "before its response was complete"),
        ([body(b"x")], "before 'http.response.start'"),
        ([start(), start()], "twice"),
        ([start("200")], "'200' as the response's status"),
        ([start(200, [("a", "b")])], "no pairs of byte strings"),
        ([start(), body("text")], "a body of 'str'"),
        ([{"type": "http.response.nonsense"}], "http.response.nonsense"),
    ],
)
def test_broken_response_is_one_sentence(messages, said):
    with pytest.raises(RuntimeError, match=said):
        send(answering(*messages))


def test_what_the_app_raises_comes_out():
    async def app(scope, receive, send):
        await send(start())
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        send(app)


def test_response_that_was_sent_stands_whatever_comes_after_it():
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await send(start())
        await send(body(b"sent"))
        await send(body(b"too late"))

    assert send(app)[2] == b"sent"


def test_app_that_never_answers_is_given_up():
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError, match="within 0.05 seconds"):
        send(app, timeout=0.05)


def test_app_that_refuses_to_end_is_left_behind(monkeypatch):
    monkeypatch.setattr(asgi, "GRACE", 0.05)
    stop = asyncio.Event

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        for _ in range(5):
            try:
                await stop().wait()
            except asyncio.CancelledError:
                continue

    with pytest.raises(TimeoutError):
        send(app, timeout=0.05)


def test_lifespan_surrounds_the_request_and_hands_its_state_on():
    events: list = []
    assert send(lifespan(events))[2] == b"ok"
    assert events == ["startup", ("request", {"db": "open"}), "shutdown"]


def test_host_starts_an_app_up_once_for_many_requests():
    events: list = []
    with Host(lifespan(events)) as host:
        for _ in range(2):
            assert host.send("GET", "/")[2] == b"ok"
        events[1][1]["db"] = "changed by one request"
    request = ("request", {"db": "open"})
    assert [events[0], *events[2:]] == ["startup", request, "shutdown"]


def test_host_within_a_running_loop_keeps_to_one_thread():
    async def main():
        events: list = []
        with Host(lifespan(events)) as host:
            assert host.send()[2] == host.send()[2] == b"ok"
        return events

    assert asyncio.run(main())[-1] == "shutdown"


def test_app_that_fails_at_startup_without_saying_so_has_no_lifespan():
    events: list = []
    assert send(lifespan(events, startup=ValueError("what is this?")))[2] == b"ok"
    assert events == ["startup", ("request", {})]


def test_lifespan_that_says_that_it_failed_is_an_error_with_its_cause():
    async def app(scope, receive, send):
        await receive()
        trace = "Traceback:\n  File x\nValueError: no database\n"
        await send({"type": "lifespan.startup.failed", "message": trace})
        raise ValueError("no database")

    with pytest.raises(AppStartFailed, match="ValueError: no database") as caught:
        send(app)
    assert isinstance(caught.value.__cause__, ValueError)


def test_lifespan_that_only_says_that_it_failed():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(AppStartFailed, match="start-up failed: no database"):
        send(app)


def test_startup_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(asgi, "GRACE", 0.05)

    async def app(scope, receive, send):
        await asyncio.Event().wait()

    with pytest.raises(AppStartFailed, match=r"did not end within 0\.05"):
        send(app, timeout=0.05)


def test_failure_at_shutdown_changes_nothing_about_the_answer():
    assert send(lifespan([], shutdown=ValueError("cannot close")))[2] == b"ok"


def test_app_that_sends_nonsense_in_its_lifespan_has_none():
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await send({"type": "http.response.start", "status": 200})
        await answering(start(), body(b"ok"))(scope, receive, send)

    assert send(app)[2] == b"ok"


def test_within_a_running_loop_it_has_a_thread_of_its_own():
    word = contextvars.ContextVar("word", default="")

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await send(start())
        await send(body(word.get().encode()))

    async def main():
        word.set("handed on")
        return send(app)[2]

    assert asyncio.run(main()) == b"handed on"


def test_what_is_raised_in_the_thread_comes_out():
    async def main():
        send(answering())

    with pytest.raises(RuntimeError, match="without sending"):
        asyncio.run(main())


def test_tasks_that_the_app_leaves_behind_are_ended():
    ended = []

    async def app(scope, receive, send):
        assert scope["type"] == "http"

        async def for_ever():
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(True)

        app.task = asyncio.ensure_future(for_ever())  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        await answering(start(), body())(scope, receive, send)

    send(app)
    assert ended == [True]


async def endless(scope, receive, send):
    """Sends until it is told that its client has left, as servers tell it."""
    if scope["type"] != "http":
        raise NotImplementedError
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"tick ", "more_body": True})
    message = await receive()
    body = message["type"].encode()
    await send({"type": "http.response.body", "body": body, "more_body": True})


def test_client_may_hang_up_with_what_it_has_by_then():
    found = send(endless, "GET", "/", wait=0.05)
    assert found == ("200 OK", [], b"tick http.disconnect")


def test_response_that_is_there_in_time_is_not_waited_for():
    async def quick(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    assert send(quick, "GET", "/", wait=3600)[2] == b"done"
