"""Exceptions that are answers, and the middleware that makes them so."""

import asyncio
import threading

import pytest

from tests.toolkit.asgi.drive import (
    CONNECT,
    answer,
    body_messages,
    call,
    fetch,
    http_scope,
    run,
    websocket_scope,
)


@pytest.fixture
def exceptions(part):
    return part("exceptions")


@pytest.fixture
def guard(part):
    """``guard(error, handlers)``: the middleware around an app that raises it."""

    def build(error, handlers=None, **options):
        async def app(scope, receive, send):
            raise error

        middleware = part("middleware.exceptions").ExceptionMiddleware
        return middleware(app, handlers, **options)

    return build


@pytest.fixture
def say(part):
    """``say("word")``: a handler that answers with the word and the exception."""

    def word(text, status=418):
        async def handler(request, error):
            content = f"{text} {type(error).__name__}"
            return part("responses").PlainTextResponse(content, status)

        return handler

    return word


class Broken(Exception):
    pass


class VeryBroken(Broken):
    pass


@pytest.mark.parametrize(
    ("arguments", "status", "detail", "headers"),
    [
        ((404,), 404, "Not Found", None),
        ((404, "no such page"), 404, "no such page", None),
        ((401, "", {"x-a": "1"}), 401, "", {"x-a": "1"}),
        ((799,), 799, "", None),
    ],
)
def test_what_an_http_exception_is_made_of(
    exceptions, arguments, status, detail, headers
):
    error = exceptions.HTTPException(*arguments)
    assert (error.status_code, error.detail, error.headers) == (status, detail, headers)
    assert str(status) in str(error)
    assert detail in str(error)


def test_a_detail_need_not_be_text(exceptions):
    assert exceptions.HTTPException(400, {"a": 1}).detail == {"a": 1}


def test_what_a_websocket_exception_is_made_of(exceptions):
    error = exceptions.WebSocketException(1008, "policy")
    assert (error.code, error.reason) == (1008, "policy")
    assert exceptions.WebSocketException(1008).reason == ""
    assert "1008" in str(error)
    assert not isinstance(error, exceptions.HTTPException)


@pytest.mark.parametrize(
    ("status", "detail", "body"),
    [
        (404, None, b"Not Found"),
        (400, "what?", b"what?"),
        (500, "é", "é".encode()),
        (200, "fine", b"fine"),
    ],
)
def test_an_http_exception_is_answered_with_its_detail(
    exceptions, guard, status, detail, body
):
    error = exceptions.HTTPException(status, detail, {"x-a": "1"})
    found, headers, content = fetch(guard(error))
    assert (found, content) == (status, body)
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["x-a"] == "1"


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_is_answered_without_one(exceptions, guard, status):
    error = exceptions.HTTPException(status, "unseen", {"x-a": "1"})
    assert fetch(guard(error)) == (status, {"x-a": "1"}, b"")


def test_other_exceptions_go_through(guard):
    error = Broken("as it is")
    with pytest.raises(Broken) as caught:
        fetch(guard(error))
    assert caught.value is error


def test_what_raises_nothing_goes_through(part):
    app = part("middleware.exceptions").ExceptionMiddleware(
        part("responses").PlainTextResponse("fine")
    )
    assert fetch(app)[::2] == (200, b"fine")


def test_a_lifespan_goes_through_untouched(part, exceptions):
    async def app(scope, receive, send):
        raise exceptions.HTTPException(404)

    guarded = part("middleware.exceptions").ExceptionMiddleware(app)
    with pytest.raises(exceptions.HTTPException):
        run(guarded, {"type": "lifespan"})


def test_a_handler_for_a_status(exceptions, guard, say):
    handlers = {404: say("status")}
    error = exceptions.HTTPException(404)
    assert fetch(guard(error, handlers))[::2] == (418, b"status HTTPException")
    assert fetch(guard(exceptions.HTTPException(400), handlers))[0] == 400


def test_a_handler_for_a_class_and_what_is_derived_from_it(guard, say):
    handlers = {Broken: say("broken")}
    assert fetch(guard(Broken(), handlers))[2] == b"broken Broken"
    assert fetch(guard(VeryBroken(), handlers))[2] == b"broken VeryBroken"
    with pytest.raises(KeyError):
        fetch(guard(KeyError("other"), handlers))


def test_the_nearest_class_wins_whatever_the_order(guard, say):
    handlers = {Exception: say("any"), VeryBroken: say("very"), Broken: say("some")}
    assert fetch(guard(VeryBroken(), handlers))[2] == b"very VeryBroken"
    assert fetch(guard(Broken(), handlers))[2] == b"some Broken"
    assert fetch(guard(KeyError(), handlers))[2] == b"any KeyError"


def test_a_status_wins_over_a_class(exceptions, guard, say):
    handlers = {exceptions.HTTPException: say("class"), 404: say("status")}
    for status, word in [(404, b"status"), (403, b"class")]:
        body = fetch(guard(exceptions.HTTPException(status), handlers))[2]
        assert body == word + b" HTTPException"


def test_a_status_is_only_for_http_exceptions(guard, say):
    class WithStatus(Exception):
        status_code = 404

    with pytest.raises(WithStatus):
        fetch(guard(WithStatus(), {404: say("status")}))


def test_a_class_of_our_own_keeps_the_default_answer(exceptions, guard, say):
    class Teapot(exceptions.HTTPException):
        def __init__(self):
            super().__init__(418, "teapot")

    assert fetch(guard(Teapot()))[::2] == (418, b"teapot")
    assert fetch(guard(Teapot(), {Teapot: say("own", 200)}))[0] == 200


def test_handlers_can_be_added_later(exceptions, guard, say):
    app = guard(Broken())
    app.add_exception_handler(Broken, say("broken"))
    assert fetch(app)[2] == b"broken Broken"
    app = guard(exceptions.HTTPException(404))
    app.add_exception_handler(404, say("status"))
    assert fetch(app)[2] == b"status HTTPException"
    with pytest.raises(AssertionError):
        app.add_exception_handler(BaseException, say("never"))


def test_a_sync_handler_runs_in_a_thread(part, guard):
    seen = []

    def handler(request, error):
        seen.append((request.url.path, error, threading.current_thread()))
        return part("responses").PlainTextResponse("sync", 400)

    error = Broken()
    assert fetch(guard(error, {Broken: handler}), "GET", "/x")[::2] == (400, b"sync")
    path, caught, thread = seen[0]
    assert (path, caught) == ("/x", error)
    assert thread is not threading.current_thread()


def test_a_handler_can_read_the_request(part, guard):
    async def handler(request, error):
        assert isinstance(request, part("requests").Request)
        return part("responses").Response(await request.body())

    app = guard(Broken(), {Broken: handler})
    assert fetch(app, "POST", messages=body_messages(b"a", b"b"))[2] == b"ab"


def test_an_exception_of_a_handler_comes_out(guard):
    async def handler(request, error):
        raise KeyError("handler") from error

    with pytest.raises(KeyError):
        fetch(guard(Broken(), {Broken: handler}))


def test_an_exception_can_be_raised_again_and_again(exceptions, guard):
    app = guard(exceptions.HTTPException(404))
    assert [fetch(app)[0] for _ in range(3)] == [404, 404, 404]


def started(error):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    return app


def outcome(app):
    """What was sent, and the exception that came out."""
    sent = []

    async def noting(scope, receive, send):
        async def note(message):
            sent.append(message)

        await app(scope, receive, note)

    try:
        asyncio.run(call(noting, http_scope()))
    except Exception as error:
        return sent, error
    return sent, None


def test_once_the_response_has_started_it_is_too_late(part, exceptions):
    error = exceptions.HTTPException(404)
    app = part("middleware.exceptions").ExceptionMiddleware(started(error))
    sent, raised = outcome(app)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert isinstance(raised, RuntimeError)
    assert raised.__cause__ is error


def test_an_exception_nobody_handles_stays_itself_after_the_start(part):
    error = Broken()
    app = part("middleware.exceptions").ExceptionMiddleware(started(error))
    assert outcome(app)[1] is error


def test_a_handler_may_answer_nothing(guard):
    async def handler(request, error):
        return None

    assert outcome(guard(Broken(), {Broken: handler})) == ([], None)


@pytest.mark.parametrize(
    ("arguments", "close"),
    [
        ((1008,), {"code": 1008, "reason": ""}),
        ((4000, "policy"), {"code": 4000, "reason": "policy"}),
    ],
)
@pytest.mark.parametrize("accepted", [True, False])
def test_a_websocket_exception_closes(part, exceptions, arguments, close, accepted):
    async def app(scope, receive, send):
        socket = part("websockets").WebSocket(scope, receive, send)
        if accepted:
            await socket.accept()
        raise exceptions.WebSocketException(*arguments)

    guarded = part("middleware.exceptions").ExceptionMiddleware(app)
    sent = run(guarded, websocket_scope(), CONNECT)
    assert sent[-1] == {"type": "websocket.close", **close}
    assert len(sent) == 1 + accepted


@pytest.mark.parametrize("is_async", [True, False])
def test_a_websocket_handler_closes_as_it_likes(exceptions, guard, is_async):
    seen = []

    def sync_handler(websocket, error):
        seen.append((type(websocket).__name__, error.code))

    async def async_handler(websocket, error):
        sync_handler(websocket, error)
        await websocket.close(4001, "handled")

    handler = async_handler if is_async else sync_handler
    error = exceptions.WebSocketException(1008)
    app = guard(error, {exceptions.WebSocketException: handler})
    sent = run(app, websocket_scope(), CONNECT)
    assert seen == [("WebSocket", 1008)]
    assert [message["code"] for message in sent] == ([4001] if is_async else [])


def test_an_http_exception_before_accept_denies_the_websocket(exceptions, guard):
    scope = websocket_scope(extensions={"websocket.http.response": {}})
    start, body = run(guard(exceptions.HTTPException(403, "no")), scope, CONNECT)
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 403)
    assert (body["type"], body["body"]) == ("websocket.http.response.body", b"no")


@pytest.fixture
def routed(part):
    """``routed(endpoint, handlers)``: a guarded router with it at ``/``."""

    def build(endpoint, handlers=None, kind="Route", **options):
        routing = part("routing")
        router = routing.Router([getattr(routing, kind)("/", endpoint, **options)])
        return part("middleware.exceptions").ExceptionMiddleware(router, handlers)

    return build


@pytest.mark.parametrize("is_async", [True, False])
def test_what_an_endpoint_raises_is_handled(exceptions, routed, say, is_async):
    async def async_endpoint(request):
        raise exceptions.HTTPException(404)

    def sync_endpoint(request):
        raise exceptions.HTTPException(404)

    endpoint = async_endpoint if is_async else sync_endpoint
    assert fetch(routed(endpoint))[::2] == (404, b"Not Found")
    assert fetch(routed(endpoint, {404: say("own")}))[0] == 418


def test_it_is_handled_right_at_the_endpoint_within_its_middleware(
    part, exceptions, routed
):
    seen = []

    class Watching:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            async def watch(message):
                seen.append(message["type"])
                await send(message)

            await self.app(scope, receive, watch)
            seen.append("no exception")

    async def endpoint(request):
        raise exceptions.HTTPException(400)

    middleware = [part("middleware").Middleware(Watching)]
    assert fetch(routed(endpoint, middleware=middleware))[0] == 400
    assert seen == ["http.response.start", "http.response.body", "no exception"]


def test_the_handler_gets_the_request_of_the_endpoint(part, routed):
    async def endpoint(request):
        request.marked = await request.body()
        raise Broken

    async def handler(request, error):
        return part("responses").Response(request.marked)

    app = routed(endpoint, {Broken: handler}, methods=["POST"])
    assert fetch(app, "POST", messages=body_messages(b"mark"))[2] == b"mark"


def test_a_router_without_the_middleware_handles_nothing(part, exceptions):
    async def endpoint(request):
        raise exceptions.HTTPException(404)

    router = part("routing").Router([part("routing").Route("/", endpoint)])
    with pytest.raises(exceptions.HTTPException):
        fetch(router)


def test_not_found_and_wrong_method_inside_an_app_are_handled_too(routed, say):
    async def endpoint(request):
        raise NotImplementedError

    app = routed(endpoint, {404: say("missing"), 405: say("method")})
    inside = http_scope("GET", "/nothing", app=app)
    assert answer(run(app, inside))[2] == b"missing HTTPException"
    inside = http_scope("PUT", "/", app=app)
    assert answer(run(app, inside))[2] == b"method HTTPException"


def test_what_a_websocket_endpoint_raises_closes_it(exceptions, routed):
    async def session(socket):
        await socket.accept()
        raise exceptions.WebSocketException(1008, "policy")

    app = routed(session, kind="WebSocketRoute")
    sent = run(app, websocket_scope(), CONNECT)
    assert sent[1] == {"type": "websocket.close", "code": 1008, "reason": "policy"}


def test_a_websocket_handler_gets_the_socket_of_the_session(routed):
    async def session(socket):
        await socket.accept()
        raise Broken

    async def handler(socket, error):
        await socket.send_text(type(error).__name__)
        await socket.close(4000)

    app = routed(session, {Broken: handler}, kind="WebSocketRoute")
    sent = run(app, websocket_scope(), CONNECT)
    assert [message["type"] for message in sent] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]
    assert sent[1]["text"] == "Broken"
