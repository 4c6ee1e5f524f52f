"""The router: the first route that matches path and method wins."""

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.routing import (
    Converter,
    Match,
    NoReverseMatch,
    NotAllowed,
    Redirect,
    Router,
    register_converter,
)
from fwtrace.toolkit.routing.converters import CONVERTERS


def router(*rules):
    made = Router()
    for rule in rules:
        made.add(rule, rule, methods=["GET"], name=rule)
    return made


def found(routes, path, method="GET"):
    outcome = routes.match(method, path)
    return (outcome.route.endpoint, outcome.params) if outcome else None


@pytest.mark.parametrize(
    ("rule", "path", "params"),
    [
        ("/", "/", {}),
        ("/users", "/users", {}),
        ("/users/<int:id>", "/users/42", {"id": 42}),
        ("/users/<int:id>", "/users/x", None),
        ("/users/<int:id>", "/users/-1", None),
        ("/users/<int:id>", "/users/٣", None),
        ("/users/<name>", "/users/ann", {"name": "ann"}),
        ("/users/<name>", "/users/", None),
        ("/posts/<slug:s>", "/posts/a-b_c", {"s": "a-b_c"}),
        ("/posts/<slug:s>", "/posts/a b", None),
        ("/price/<float:p>", "/price/1.5", {"p": 1.5}),
        ("/files/<path:p>", "/files/a/b/c", {"p": "a/b/c"}),
        ("/files/<path:p>/raw", "/files/a/b/raw", {"p": "a/b"}),
        ("/<name>.<ext>", "/a.b.txt", {"name": "a.b", "ext": "txt"}),
        ("/v<int:major>/x", "/v2/x", {"major": 2}),
        ("/a/<int:x>/b/<int:y>", "/a/1/b/2", {"x": 1, "y": 2}),
        ("/users", "/users/", None),
        ("/users", "/Users", None),
    ],
)
def test_match(rule, path, params):
    outcome = found(router(rule), path)
    assert outcome == (None if params is None else (rule, params))


def test_uuid_converter():
    text = "12345678-1234-5678-1234-567812345678"
    _, params = found(router("/<uuid:id>"), f"/{text}")
    assert str(params["id"]) == text


def test_first_registered_route_wins_even_against_a_static_one():
    routes = router("/users/<name>", "/users/new")
    assert found(routes, "/users/new")[0] == "/users/<name>"
    assert found(routes, "/users/new")[0] == "/users/<name>"
    assert found(router("/users/new", "/users/<name>"), "/users/new")[0] == "/users/new"


def test_methods_choose_among_routes_of_one_path():
    routes = Router()
    routes.add("/users", "list", methods=["get"])
    routes.add("/users", "create", methods=["POST"])
    assert found(routes, "/users", "POST")[0] == "create"
    assert found(routes, "/users", "HEAD")[0] == "list"
    refused = routes.match("PUT", "/users")
    assert isinstance(refused, NotAllowed)
    assert refused.allowed == ("GET", "HEAD", "OPTIONS", "POST")


def test_route_without_methods_takes_any():
    routes = Router()
    routes.add("/", "any")
    assert found(routes, "/", "BREW")[0] == "any"


def test_missing_trailing_slash_is_redirected():
    outcome = router("/about/").match("GET", "/about")
    assert isinstance(outcome, Redirect)
    assert outcome.path == "/about/"
    assert Router(redirect_slashes=False).match("GET", "/about") is None


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example"])
def test_redirect_never_leaves_the_host(path):
    assert router("/<path:rest>/").match("GET", path) is None


@pytest.mark.parametrize(
    ("path", "rest"), [("/admin", ""), ("/admin/", "/"), ("/admin/users/1", "/users/1")]
)
def test_mount_takes_its_prefix_and_all_below(path, rest):
    routes = Router()
    routes.mount("/admin", "app")
    outcome = routes.match("POST", path)
    assert isinstance(outcome, Match)
    assert outcome.rest == rest
    assert routes.match("GET", "/administrator") is None


def test_mount_at_the_root_takes_everything_left():
    routes = router("/users")
    routes.mount("/", "rest")
    assert found(routes, "/users")[0] == "/users"
    assert found(routes, "/other")[0] == "rest"


def test_url_for_builds_and_quotes():
    routes = router("/users/<int:id>", "/files/<path:p>", "/tag/<t>")
    assert routes.url_for("/users/<int:id>", id=7) == "/users/7"
    assert routes.url_for("/users/<int:id>", id=7, tab="a b") == "/users/7?tab=a+b"
    assert routes.url_for("/files/<path:p>", p="a/b c") == "/files/a/b%20c"


@pytest.mark.parametrize(
    ("name", "params", "said"),
    [
        ("usr", {}, "Did you mean 'user'"),
        ("user", {}, "needs a value for 'id'"),
        ("user", {"id": "x"}, "not an int"),
        ("user", {"id": None}, "not an int"),
    ],
)
def test_url_that_cannot_be_built_says_why(name, params, said):
    routes = Router()
    routes.add("/users/<int:id>", None, name="user")
    with pytest.raises(NoReverseMatch, match=said):
        routes.url_for(name, **params)


def test_explain_gives_a_reason_for_each_route_up_to_the_winner():
    routes = router("/posts", "/users", "/users/<int:id>", "/users/<name>", "/never")
    told = [(a.route.endpoint, a.reason) for a in routes.explain("GET", "/users/ann")]
    assert told == [
        ("/posts", "segment 1: 'users' is not 'posts'"),
        ("/users", "the path goes on with '/ann'"),
        ("/users/<int:id>", "segment 2: 'ann' is not an int"),
        ("/users/<name>", ""),
    ]


def test_explain_tells_a_wrong_method():
    (attempt,) = router("/users").explain("POST", "/users")
    assert attempt.reason == "takes GET, HEAD, not POST"


def test_near_misses_are_the_likest_patterns():
    assert router("/users", "/posts").near_misses("GET", "/usres")[0] == "/users"


@pytest.mark.parametrize(
    "rule", ["/<int:id", "/<id>/<id>", "/<nope:id>", "/a>b", "/<int:>"]
)
def test_malformed_rule_is_refused(rule):
    with pytest.raises(ValueError, match="path"):
        Router().add(rule, None)


def test_methods_given_as_text_are_refused():
    with pytest.raises(TypeError, match=r"\['GET'\]"):
        Router().add("/", None, methods="GET")


def test_user_defined_converter():
    class Year(Converter):
        regex = "[0-9]{4}"
        label = "a year"

        def to_python(self, text):
            if text == "0000":
                raise ValueError
            return int(text)

    register_converter("year", Year)
    try:
        routes = router("/<year:y>")
        assert found(routes, "/2026") == ("/<year:y>", {"y": 2026})
        assert found(routes, "/0000") is None
    finally:
        del CONVERTERS["year"]


SEGMENTS = st.sampled_from(
    ["a", "b", "1", "22", "<int:x>", "<y>", "<slug:z>", "v<int:v>", "<path:p>", ""]
)
RULES = st.lists(SEGMENTS, min_size=1, max_size=4).map(lambda s: "/" + "/".join(s))
PATHS = st.lists(
    st.sampled_from(["a", "b", "1", "22", "v3", "é", "c-d", ""]), max_size=5
)


def usable(rule):
    names = [s for s in rule.split("/") if "<" in s]
    return len(names) == len(set(names)) and "<path:p>" not in rule.split("/")[1:-1]


@given(
    st.lists(
        st.tuples(RULES.filter(usable), st.sampled_from(["GET", "POST"])), max_size=8
    ),
    PATHS.map(lambda s: "/" + "/".join(s)),
    st.sampled_from(["GET", "POST", "PUT"]),
)
@settings(max_examples=300, deadline=None)
def test_matcher_agrees_with_trying_every_route_in_turn(rules, path, method):
    routes = Router(redirect_slashes=False)
    for number, (rule, taken) in enumerate(rules):
        routes.add(rule, number, methods=[taken])
    naive = [(r, r.pattern.match(path)) for r in routes.routes]
    matching = [(r, params) for r, params in naive if params is not None]
    winner = next(((r, p) for r, p in matching if method in (r.methods or ())), None)
    for _ in range(2):  # the second time from what was remembered
        outcome = routes.match(method, path)
        if winner is not None:
            assert isinstance(outcome, Match)
            assert (outcome.route, outcome.params) == winner
        elif matching:
            assert isinstance(outcome, NotAllowed)
        else:
            assert outcome is None
    attempts = list(routes.explain(method, path))
    assert [a.route for a in attempts if a.matched] == ([winner[0]] if winner else [])


def test_overlapping_routes_do_not_blow_up():
    routes = Router()
    for n in range(20):
        routes.add("/" + "/".join([f"<a{i}>" if i != n else "x" for i in range(20)]), n)
    path = "/" + "/".join(["x"] * 20)
    assert found(routes, path)[0] == 0
    assert routes.match("GET", path + "/more") is None
