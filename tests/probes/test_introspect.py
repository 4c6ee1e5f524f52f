"""What an app is made of, without sending it a request."""

import json
import sys
from types import ModuleType

import pytest

from fwtrace.hosts.locate import locate
from fwtrace.probes.introspect import middleware, resolve, routes, signals


def bare(environ, start_response):
    start_response("200 OK", [])
    return []


@pytest.mark.parametrize("name", ["micro", "wsgi", "url_table", "file_server"])
def test_routes_are_listed_in_order_with_their_views(name):
    found = routes(locate(name).app)
    assert found
    assert all(each["file"].endswith(".py") and each["line"] > 0 for each in found)
    assert json.loads(json.dumps(found)) == found


def test_app_without_routes_says_so():
    with pytest.raises(LookupError, match="no table of routes"):
        routes(bare)


def test_middleware_is_listed_outermost_first_the_app_last():
    names = [each["name"] for each in middleware(locate("micro").app)]
    assert names[0] == "RequestIdMiddleware"
    assert names[-1] == "App.wsgi_app"
    assert [each["name"] for each in middleware(bare)] == ["bare"]


def test_signals_name_their_receivers():
    found = {each["name"]: each for each in signals(locate("micro").app)}
    receivers = found["user_viewed"]["receivers"]
    assert [(each["receiver"], each["sender"]) for each in receivers] == [
        ("count_view", "User"),
        ("greet", None),
        ("count_reader", "Post"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "outcome"),
    [
        ("GET", "/users/1", "match"),
        ("GET", "/user", "not found"),
        ("DELETE", "/users", "method not allowed"),
    ],
)
def test_resolve_tells_the_outcome_and_every_attempt(method, path, outcome):
    found = resolve(locate("micro").app, method, path)
    assert found["outcome"] == outcome
    assert found["tried"]


def test_resolve_tells_a_redirect():
    found = resolve(locate("url_table").app, "GET", "/index")
    assert (found["outcome"], found["redirect"]) == ("redirect", "/index/")


def test_signals_passes_over_what_does_not_say_what_it_is(monkeypatch):
    class Lazy:
        """Such as Django's settings, before there are any."""

        @property  # type: ignore[misc]
        def __class__(self):
            raise RuntimeError("not configured")

    module = ModuleType("lazy_settings")
    module.settings = Lazy()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lazy_settings", module)
    assert signals(locate("micro").app)
