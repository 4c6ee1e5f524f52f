"""WSGI or ASGI, told without calling the app; a sentence for what is neither."""

import functools

import pytest

from fwtrace.tracer.protocol import NotAnApp, protocol_of


def wsgi(environ, start_response):
    return []


def wsgi_with_more(environ, start_response, *, debug=False):
    return []


async def asgi(scope, receive, send):
    pass


def asgi_without_async(scope, receive, send):
    return asgi(scope, receive, send)


class ASGI:
    async def __call__(self, scope, receive, send):
        pass


class WSGI:
    def __call__(self, environ, start_response):
        return []


class Endpoint:
    """As Starlette's HTTPEndpoint: the class is the app."""

    def __init__(self, scope, receive, send):
        pass

    def __await__(self):
        yield


class ASGI2:
    def __init__(self, scope):
        pass

    async def __call__(self, receive, send):
        pass


def asgi2(scope):
    async def run(receive, send):
        pass

    return run


async def handler(request):
    pass


@pytest.mark.parametrize(
    ("app", "protocol"),
    [
        (wsgi, "wsgi"),
        (wsgi_with_more, "wsgi"),
        (WSGI(), "wsgi"),
        (WSGI().__call__, "wsgi"),
        (functools.partial(wsgi_with_more, debug=True), "wsgi"),
        (lambda *args: [], "wsgi"),
        (asgi, "asgi"),
        (asgi_without_async, "asgi"),
        (ASGI(), "asgi"),
        (ASGI().__call__, "asgi"),
        (functools.partial(asgi), "asgi"),
        (functools.partial(ASGI()), "asgi"),
        (Endpoint, "asgi"),
    ],
)
def test_protocol_is_told_by_how_the_app_is_called(app, protocol):
    assert protocol_of(app) == protocol


@pytest.mark.parametrize(
    ("app", "said"),
    [
        (3, "is 'int', not an app"),
        (ASGI2, "ASGI 2"),
        (asgi2, "ASGI 2"),
        (ASGI, "Name an instance"),
        (WSGI, "Name an instance"),
        (handler, "asynchronous, but no ASGI app"),
        (lambda: None, "callable, but not an app"),
    ],
)
def test_what_is_no_app_is_a_sentence(app, said):
    with pytest.raises(NotAnApp, match=said):
        protocol_of(app)
