"""Routing: which route answers, what it finds in its scope, and the way back."""

import asyncio
import contextlib
import functools
import uuid

import pytest

from tests.toolkit.asgi.drive import (
    CONNECT,
    call,
    fetch,
    http_scope,
    run,
    websocket_scope,
)

ID = uuid.UUID("12345678-1234-5678-1234-567812345678")


@pytest.fixture
def routing(part):
    return part("routing")


@pytest.fixture
def show(part):
    """``show("name")``: an endpoint that answers with its name and path params."""

    def named(name):
        async def endpoint(request):
            return part("responses").JSONResponse([name, request.path_params])

        endpoint.__name__ = name
        return endpoint

    return named


@pytest.fixture
def scope_of(part):
    """An ASGI app that keeps the scope it was called with as ``scope_of.scope``."""

    class Seen:
        async def __call__(self, scope, receive, send):
            self.scope = scope
            await part("responses").Response("seen")(scope, receive, send)

    return Seen()


def body(app, /, *scope, **more):
    return fetch(app, *scope, **more)[2]


def status(app, /, *scope, **more):
    return fetch(app, *scope, **more)[0]


def test_a_route_answers_its_path(routing, show):
    app = routing.Router(
        [routing.Route("/", show("home")), routing.Route("/a", show("a"))]
    )
    assert body(app, "GET", "/") == b'["home",{}]'
    assert body(app, "GET", "/a") == b'["a",{}]'
    assert fetch(app, "GET", "/b")[::2] == (404, b"Not Found")
    assert status(app, "GET", "/a/b") == 404


def test_the_first_route_that_matches_wins(routing, show):
    app = routing.Router(
        [
            routing.Route("/me", show("me")),
            routing.Route("/{name}", show("one")),
            routing.Route("/{other}", show("two")),
        ]
    )
    assert body(app, "GET", "/me") == b'["me",{}]'
    assert body(app, "GET", "/you") == b'["one",{"name":"you"}]'


@pytest.mark.parametrize(
    ("pattern", "path", "params"),
    [
        ("/{a}", "/x y", {"a": "x y"}),
        ("/{a:str}", "/x.y", {"a": "x.y"}),
        ("/{a:int}", "/007", {"a": 7}),
        ("/{a:float}", "/3", {"a": 3.0}),
        ("/{a:float}", "/3.25", {"a": 3.25}),
        ("/{a:path}", "/x/y/", {"a": "x/y/"}),
        ("/{a:path}", "/", {"a": ""}),
        ("/{a:uuid}", f"/{ID}", {"a": ID}),
        ("/{a:uuid}", f"/{ID.hex.upper()}", {"a": ID}),
        ("/{a}/x/{b:int}", "/1/x/2", {"a": "1", "b": 2}),
        ("/{a}-{b}.txt", "/1-2.txt", {"a": "1", "b": "2"}),
        ("/{a:path}/end", "/x/y/end", {"a": "x/y"}),
        ("/a.b(c)", "/a.b(c)", {}),
    ],
)
def test_path_params_are_converted(routing, scope_of, pattern, path, params):
    app = routing.Router([routing.Route(pattern, scope_of)])
    assert status(app, "GET", path) == 200
    assert scope_of.scope["path_params"] == params
    found = scope_of.scope["path_params"].values()
    assert [type(value) for value in found] == [
        type(value) for value in params.values()
    ]


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/{a}", "/"),
        ("/{a}", "/x/y"),
        ("/{a:int}", "/-1"),
        ("/{a:int}", "/1.0"),
        ("/{a:int}", "/x"),
        ("/{a:float}", "/1."),
        ("/{a:float}", "/.5"),
        ("/{a:uuid}", "/1234"),
        ("/a.b", "/axb"),
        ("/a", "/A"),
    ],
)
def test_what_does_not_convert_does_not_match(routing, show, pattern, path):
    app = routing.Router([routing.Route(pattern, show("x"))])
    assert status(app, "GET", path) == 404


def test_unknown_convertors_and_duplicated_params_are_refused(routing, show):
    with pytest.raises(AssertionError):
        routing.Route("/{a:colour}", show("x"))
    for path in ("/{a}/{a:int}", "/{a}/{b}/{a}/{b}"):
        with pytest.raises(ValueError, match="a"):
            routing.Route(path, show("x"))
    with pytest.raises(ValueError, match="path"):
        routing.Mount("/{path}", routes=[])


def test_paths_begin_with_a_slash(routing, show):
    for kind in (routing.Route, routing.WebSocketRoute, routing.Mount):
        with pytest.raises(AssertionError):
            kind("a", show("x"))
    with pytest.raises(AssertionError):
        routing.Host("/a.org", show("x"))
    with pytest.raises(AssertionError):
        routing.Mount("/a")


def test_a_convertor_of_our_own(part, routing, scope_of, monkeypatch):
    convertors = part("convertors")

    class Reversed(convertors.Convertor):
        regex = "[a-z]+"

        def convert(self, value):
            return value[::-1]

        def to_string(self, value):
            return value[::-1]

    monkeypatch.setitem(convertors.CONVERTOR_TYPES, "reversed", None)
    convertors.register_url_convertor("reversed", Reversed())
    app = routing.Router([routing.Route("/{a:reversed}", scope_of, name="r")])
    assert status(app, "GET", "/abc") == 200
    assert scope_of.scope["path_params"] == {"a": "cba"}
    assert status(app, "GET", "/ABC") == 404
    assert app.url_path_for("r", a="xyz") == "/zyx"


@pytest.mark.parametrize(
    ("pattern", "value", "path"),
    [
        ("/{a}", "x y", "/x y"),
        ("/{a}", 3, "/3"),
        ("/{a:int}", "7", "/7"),
        ("/{a:float}", 0.5, "/0.5"),
        ("/{a:float}", 3, "/3"),
        ("/{a:path}", "x/y", "/x/y"),
        ("/{a:path}", "/evil.org", "/%2Fevil.org"),
        ("/{a:uuid}", ID, f"/{ID}"),
    ],
)
def test_the_way_back(routing, show, pattern, value, path):
    route = routing.Route(pattern, show("x"))
    found = route.url_path_for("x", a=value)
    assert (found, found.protocol) == (path, "http")


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("/{a}", "x/y"),
        ("/{a}", ""),
        ("/{a:int}", -1),
        ("/{a:float}", -0.5),
        ("/{a:float}", float("nan")),
        ("/{a:float}", float("inf")),
    ],
)
def test_values_that_would_not_come_back(routing, show, pattern, value):
    with pytest.raises(AssertionError):
        routing.Route(pattern, show("x")).url_path_for("x", a=value)


@pytest.mark.parametrize(
    ("name", "params"), [("x", {}), ("x", {"a": 1, "b": 2}), ("y", {"a": 1})]
)
def test_no_way_back(routing, show, name, params):
    app = routing.Router([routing.Route("/{a}", show("x"))])
    with pytest.raises(routing.NoMatchFound):
        app.url_path_for(name, **params)


def test_names_of_routes(routing, show):
    class Endpoint:
        def __init__(self, scope, receive, send):
            raise NotImplementedError

        async def method(self, request):
            raise NotImplementedError

        async def __call__(self, scope, receive, send):
            raise NotImplementedError

    instance = object.__new__(Endpoint)
    assert routing.Route("/", show("view")).name == "view"
    assert routing.Route("/", show("view"), name="other").name == "other"
    assert routing.Route("/", Endpoint).name == "Endpoint"
    assert routing.Route("/", instance).name == "Endpoint"
    assert routing.Route("/", instance.method).name == "method"
    assert routing.WebSocketRoute("/", show("view")).name == "view"
    assert routing.Mount("/a", routes=[]).name is None


def test_two_routes_of_one_name_differ_by_their_params(routing, show):
    app = routing.Router(
        [
            routing.Route("/all", show("x"), name="x"),
            routing.Route("/one/{id}", show("y"), name="x"),
        ]
    )
    assert app.url_path_for("x") == "/all"
    assert app.url_path_for("x", id=3) == "/one/3"


@pytest.mark.parametrize(
    ("methods", "allowed"),
    [
        (None, {"GET", "HEAD"}),
        (["GET"], {"GET", "HEAD"}),
        (["post"], {"POST"}),
        (["get", "PUT"], {"GET", "HEAD", "PUT"}),
    ],
)
def test_methods_of_a_function(routing, show, methods, allowed):
    route = routing.Route("/", show("x"), methods=methods)
    assert route.methods == allowed
    for method in ("GET", "HEAD", "POST", "PUT"):
        found, headers, _ = fetch(routing.Router([route]), method)
        assert found == (200 if method in allowed else 405)
        if found == 405:
            assert set(headers["allow"].split(", ")) == allowed


def test_inside_an_app_404_and_405_are_exceptions(part, routing, show):
    app = routing.Router([routing.Route("/", show("x"))])
    for scope, code in [(("POST", "/"), 405), (("GET", "/nothing"), 404)]:
        with pytest.raises(part("exceptions").HTTPException) as caught:
            fetch(app, *scope, app=object())
        assert caught.value.status_code == code
        if code == 405:
            assert set(caught.value.headers["Allow"].split(", ")) == {"GET", "HEAD"}


def test_a_later_route_may_take_the_method_the_first_does_not(routing, show):
    app = routing.Router(
        [
            routing.Route("/{a}", show("get")),
            routing.Route("/{b}", show("post"), methods=["POST"]),
        ]
    )
    assert body(app, "POST", "/x") == b'["post",{"b":"x"}]'
    found, headers, _ = fetch(app, "PUT", "/x")
    assert (found, set(headers["allow"].split(", "))) == (405, {"GET", "HEAD"})


def test_matches_says_how_well(routing, show):
    route = routing.Route("/{a:int}", show("x"))
    match, child = route.matches(http_scope("GET", "/3"))
    assert match is routing.Match.FULL
    assert (child["path_params"], child["endpoint"]) == ({"a": 3}, route.endpoint)
    assert route.matches(http_scope("PUT", "/3"))[0] is routing.Match.PARTIAL
    assert route.matches(http_scope("GET", "/x")) == (routing.Match.NONE, {})
    assert route.matches(websocket_scope("/3")) == (routing.Match.NONE, {})


def test_sync_endpoints_and_partials(part, routing):
    def view(request, word="plain"):
        return part("responses").PlainTextResponse(word)

    partial = functools.partial(view, word="partial")
    app = routing.Router(
        [routing.Route("/a", view), routing.Route("/b", partial, name="partial")]
    )
    assert body(app, "GET", "/a") == b"plain"
    assert body(app, "GET", "/b") == b"partial"
    assert status(app, "POST", "/b") == 405


def test_an_asgi_app_as_endpoint_takes_every_method(routing, scope_of):
    route = routing.Route("/x", scope_of)
    assert route.methods is None
    assert status(routing.Router([route]), "DELETE", "/x") == 200
    assert scope_of.scope["endpoint"] is scope_of
    assert scope_of.scope["route"] is route


def test_a_route_alone_is_an_app(routing, show):
    route = routing.Route("/x", show("x"))
    assert status(route, "GET", "/x") == 200
    assert status(route, "GET", "/y") == 404
    assert status(route, "PUT", "/x") == 405
    assert run(route, websocket_scope("/x"))[0]["type"] == "websocket.close"


def test_routes_are_equal_by_path_endpoint_and_methods(routing, show):
    view = show("x")
    assert routing.Route("/", view) == routing.Route("/", view, name="other")
    assert routing.Route("/", view) != routing.Route("/", view, methods=["PUT"])
    assert routing.Route("/", view) != routing.WebSocketRoute("/", view)
    assert routing.Router([routing.Route("/", view)]) == routing.Router(
        [routing.Route("/", view)]
    )


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/a/", b"", "http://example.org/a"),
        ("/b", b"x=1&y=%20", "http://example.org/b/?x=1&y=%20"),
        ("/sub", b"", "http://example.org/sub/"),
        ("/a//", b"", "http://example.org/a"),
    ],
)
def test_a_slash_too_many_or_few_is_redirected(routing, show, path, query, location):
    routes = [
        routing.Route("/a", show("a")),
        routing.Route("/b/", show("b")),
        routing.Mount("/sub", routes=[routing.Route("/", show("sub"))]),
    ]
    found, headers, _ = fetch(routing.Router(routes), "GET", path, query=query)
    assert (found, headers["location"]) == (307, location)
    app = routing.Router(routes, redirect_slashes=False)
    assert status(app, "GET", path, query=query) == 404


def test_other_methods_are_redirected_too(routing, show):
    app = routing.Router([routing.Route("/a", show("a"))])
    assert status(app, "POST", "/a/") == 307


def test_a_redirect_keeps_the_root_path_and_the_host(routing, show):
    app = routing.Router([routing.Route("/a", show("a"))])
    scope = {"root_path": "/root", "headers": {"host": "b.org:8000"}}
    headers = fetch(app, "GET", "/root/a/", **scope)[1]
    assert headers["location"] == "http://b.org:8000/root/a"


@pytest.mark.parametrize(
    ("path", "code"), [("/root/a", 200), ("/a", 200), ("/rooty/a", 404), ("/root", 404)]
)
def test_routes_begin_behind_the_root_path(routing, show, path, code):
    app = routing.Router([routing.Route("/a", show("a"))])
    assert status(app, "GET", path, root_path="/root") == code


def test_what_a_mounted_app_finds_in_its_scope(routing, scope_of):
    app = routing.Router([routing.Mount("/m/{a:int}", app=scope_of)])
    assert status(app, "PUT", "/m/3/x/y") == 200
    scope = scope_of.scope
    assert scope["path"] == "/m/3/x/y"
    assert scope["root_path"] == "/m/3"
    assert scope["app_root_path"] == ""
    assert scope["path_params"] == {"a": 3}
    assert scope["endpoint"] is scope_of
    assert scope["router"] is app


def test_mounts_in_mounts_add_up(routing, scope_of):
    inner = routing.Mount("/b", routes=[routing.Route("/{y}", scope_of)])
    app = routing.Router([routing.Mount("/a/{x}", routes=[inner])])
    assert status(app, "GET", "/root/a/1/b/2", root_path="/root") == 200
    scope = scope_of.scope
    assert scope["root_path"] == "/root/a/1/b"
    assert scope["app_root_path"] == "/root"
    assert scope["path_params"] == {"x": "1", "y": "2"}
    assert scope["router"] is app


def test_a_mount_ends_at_a_slash(routing, scope_of):
    app = routing.Router([routing.Mount("/m/", app=scope_of)], redirect_slashes=False)
    assert app.routes[0].path == "/m"
    assert status(app, "GET", "/m/") == 200
    assert status(app, "GET", "/m") == 404
    assert status(app, "GET", "/mm") == 404


@pytest.mark.parametrize("path", ["", "/"])
def test_a_mount_at_the_root_takes_the_rest(routing, show, path):
    app = routing.Router(
        [
            routing.Route("/a", show("a")),
            routing.Mount(path, routes=[routing.Route("/b", show("b"))]),
        ]
    )
    assert body(app, "GET", "/a") == b'["a",{}]'
    assert body(app, "GET", "/b") == b'["b",{}]'
    assert status(app, "GET", "/c") == 404


def test_a_mount_that_matches_does_not_give_back(routing, show):
    app = routing.Router(
        [
            routing.Mount("/a", routes=[routing.Route("/x", show("x"))]),
            routing.Route("/a/y", show("y")),
        ]
    )
    assert status(app, "GET", "/a/y") == 404


def test_routes_of_a_mount(routing, scope_of):
    routes = [routing.Route("/", scope_of)]
    assert routing.Mount("/a", routes=routes).routes == routes
    assert routing.Mount("/a", app=routing.Router(routes)).routes == routes
    assert routing.Mount("/a", app=scope_of).routes == []


@pytest.fixture
def tree(routing, show):
    """Named and nameless mounts and hosts, to be found back by name."""
    user = routing.Route("/{id:int}", show("user"))
    live = routing.WebSocketRoute("/live", show("live"))
    users = routing.Mount("/users", routes=[user, live], name="users")
    return routing.Router(
        [
            routing.Mount("/v/{version}", routes=[users], name="v"),
            routing.Mount("/plain", routes=[routing.Route("/p", show("plain"))]),
            routing.Mount("/static", app=show("static"), name="static"),
            routing.Host("{who}.a.org", routing.Router([user]), name="sub"),
            routing.Host("b.org:80", routing.Router([routing.Route("/h", show("h"))])),
        ]
    )


@pytest.mark.parametrize(
    ("name", "params", "path", "protocol", "host"),
    [
        ("v:users:user", {"version": "2", "id": 3}, "/v/2/users/3", "http", ""),
        ("v:users:live", {"version": "2"}, "/v/2/users/live", "websocket", ""),
        ("v", {"version": "2", "path": "/x/y"}, "/v/2/x/y", "", ""),
        ("plain", {}, "/plain/p", "http", ""),
        ("static", {"path": "a/b.css"}, "/static/a/b.css", "", ""),
        ("static", {"path": "/a.css"}, "/static/a.css", "", ""),
        ("sub:user", {"who": "me", "id": 3}, "/3", "http", "me.a.org"),
        ("sub", {"who": "me", "path": "/x"}, "/x", "", "me.a.org"),
        ("h", {}, "/h", "http", "b.org:80"),
    ],
)
def test_the_way_through_mounts_and_hosts(tree, name, params, path, protocol, host):
    found = tree.url_path_for(name, **params)
    assert (found, found.protocol, found.host) == (path, protocol, host)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("users:user", {"id": 3}),
        ("v:user", {"version": "2", "id": 3}),
        ("v:users:user", {"version": "2"}),
        ("v:users:user", {"version": "2", "id": 3, "more": 4}),
        ("static", {}),
        ("static", {"path": "x", "more": 4}),
        ("sub:user", {"who": "me"}),
        ("vx:users:user", {"version": "2", "id": 3}),
    ],
)
def test_no_way_through_mounts_and_hosts(routing, tree, name, params):
    with pytest.raises(routing.NoMatchFound):
        tree.url_path_for(name, **params)


def test_a_param_that_a_mount_or_host_lacks_stays_in_braces(tree):
    assert tree.url_path_for("v:users:user", id=3) == "/v/{version}/users/3"
    assert tree.url_path_for("sub:user", id=3).host == "{who}.a.org"


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("a.org", 200),
        ("A.ORG:8000", 200),
        ("b.org", 404),
        ("a.org.evil", 404),
        ("bad host", 404),
        (None, 404),
    ],
)
def test_a_host_matches_the_host_header_without_port_and_case(
    routing, scope_of, host, code
):
    app = routing.Router([routing.Host("a.org:80", scope_of)])
    headers = {} if host is None else {"host": host}
    assert status(app, "GET", "/x", headers=headers) == code


def test_params_of_a_host(routing, scope_of):
    inner = routing.Router([routing.Route("/{b}", scope_of)])
    app = routing.Router([routing.Host("{a}.a.org", inner)])
    assert status(app, "GET", "/2", headers={"host": "one.a.org"}) == 200
    assert scope_of.scope["path_params"] == {"a": "one", "b": "2"}
    assert scope_of.scope["root_path"] == ""


def test_a_websocket_route_takes_only_websockets(part, routing, show):
    async def session(socket):
        await socket.accept()
        await socket.send_json(socket.path_params)
        await socket.close()

    app = routing.Router(
        [routing.Route("/{a}", show("a")), routing.WebSocketRoute("/{b:int}", session)]
    )
    sent = run(app, websocket_scope("/3"), CONNECT)
    assert sent[1] == {"type": "websocket.send", "text": '{"b":3}'}
    assert body(app, "GET", "/3") == b'["a",{"a":"3"}]'


def test_a_websocket_that_finds_no_route_is_closed(routing, show):
    app = routing.Router([routing.Route("/a", show("a"))])
    for more in ({}, {"app": object()}):
        [close] = run(app, websocket_scope("/a", **more), CONNECT)
        assert (close["type"], close["code"]) == ("websocket.close", 1000)


def test_a_default_of_our_own(routing, scope_of):
    app = routing.Router(default=scope_of)
    assert status(app, "GET", "/nothing", app=object()) == 200


def test_a_router_takes_only_what_asgi_has(routing):
    with pytest.raises(AssertionError):
        run(routing.Router(), {"type": "telnet"})


def test_methods_that_add_routes(routing, scope_of, show):
    app = routing.Router()
    app.add_route("/a", show("a"), methods=["PUT"], name="named")
    app.add_websocket_route("/b", show("b"))
    app.mount("/c", scope_of, name="c")
    app.host("d.org", scope_of, name="d")
    assert [type(route).__name__ for route in app.routes] == [
        "Route",
        "WebSocketRoute",
        "Mount",
        "Host",
    ]
    assert status(app, "PUT", "/a") == 200
    assert app.url_path_for("named") == "/a"
    assert app.url_path_for("d", path="/x").host == "d.org"


@pytest.fixture
def http_endpoint(part):
    def answer(text):
        return part("responses").PlainTextResponse(text)

    class Endpoint(part("endpoints").HTTPEndpoint):
        async def get(self, request):
            return answer(f"get {request.path_params['a']}")

        def post(self, request):
            return answer("post")

    return Endpoint


def test_a_class_has_a_method_for_each_method(part, routing, http_endpoint):
    app = routing.Router([routing.Route("/{a}", http_endpoint)])
    assert body(app, "GET", "/1") == b"get 1"
    assert body(app, "POST", "/1") == b"post"
    assert status(app, "HEAD", "/1") == 200
    found, headers, _ = fetch(app, "PUT", "/1")
    assert (found, set(headers["allow"].split(", "))) == (405, {"GET", "HEAD", "POST"})
    with pytest.raises(part("exceptions").HTTPException) as caught:
        fetch(app, "PUT", "/1", app=object())
    assert caught.value.status_code == 405


def test_a_method_that_is_no_http_method_is_never_called(routing, http_endpoint):
    app = routing.Router([routing.Route("/{a}", http_endpoint)])
    assert status(app, "DISPATCH", "/1") == 405
    assert status(app, "METHOD_NOT_ALLOWED", "/1") == 405


def text_message(**data):
    return {"type": "websocket.receive", **data}


GONE = {"type": "websocket.disconnect", "code": 1001}


@pytest.fixture
def socket_endpoint(part):
    """``socket_endpoint(encoding)``: a class that notes what happens to it."""

    def build(encoding):
        class Endpoint(part("endpoints").WebSocketEndpoint):
            seen = []

            async def on_receive(self, websocket, data):
                self.seen.append(data)

            async def on_disconnect(self, websocket, close_code):
                self.seen.append(close_code)

        Endpoint.encoding = encoding
        return Endpoint

    return build


@pytest.mark.parametrize(
    ("encoding", "data", "seen"),
    [
        (None, {"text": "a"}, "a"),
        (None, {"bytes": b"a"}, b"a"),
        ("text", {"text": "a"}, "a"),
        ("bytes", {"bytes": b"a"}, b"a"),
        ("json", {"text": "[1]"}, [1]),
        ("json", {"bytes": b"[1]"}, [1]),
    ],
)
def test_a_websocket_class(routing, socket_endpoint, encoding, data, seen):
    endpoint = socket_endpoint(encoding)
    app = routing.Router([routing.WebSocketRoute("/x", endpoint)])
    sent = run(app, websocket_scope("/x"), CONNECT, text_message(**data), GONE)
    assert [message["type"] for message in sent] == ["websocket.accept"]
    assert endpoint.seen == [seen, 1001]


@pytest.mark.parametrize(
    ("encoding", "data"),
    [("text", {"bytes": b"a"}), ("bytes", {"text": "a"}), ("json", {"text": "{"})],
)
def test_a_websocket_class_closes_on_the_wrong_kind_of_data(
    socket_endpoint, encoding, data
):
    endpoint = socket_endpoint(encoding)
    sent = []

    async def app(scope, receive, send):
        async def noting(message):
            sent.append(message)

        with pytest.raises(RuntimeError):
            await endpoint(scope, receive, noting)

    run(app, websocket_scope(), CONNECT, text_message(**data))
    assert (sent[-1]["type"], sent[-1]["code"]) == ("websocket.close", 1003)
    assert endpoint.seen == [1011]


def test_an_error_of_a_websocket_class_is_an_1011(socket_endpoint):
    endpoint = socket_endpoint("text")

    async def fail(self, websocket, data):
        raise KeyError("failed")

    endpoint.on_receive = fail
    with pytest.raises(KeyError):
        run(endpoint, websocket_scope(), CONNECT, text_message(text="a"))
    assert endpoint.seen == [1011]


@pytest.fixture
def wrap(part):
    """``wrap("a", order)``: a middleware that notes when it is entered and left."""

    class Noting:
        def __init__(self, app, name, order):
            self.app, self.name, self.order = app, name, order

        async def __call__(self, scope, receive, send):
            self.order.append(self.name)
            await self.app(scope, receive, send)
            self.order.append(f"/{self.name}")

    return lambda name, order: part("middleware").Middleware(Noting, name, order=order)


def test_middleware_of_router_mount_and_route_wrap_in_order(routing, show, wrap):
    order = []
    route = routing.Route("/x", show("x"), middleware=[wrap("r", order)])
    mount = routing.Mount("/m", routes=[route], middleware=[wrap("m", order)])
    app = routing.Router([mount], middleware=[wrap("a", order), wrap("b", order)])
    assert status(app, "GET", "/m/x") == 200
    assert order == ["a", "b", "m", "r", "/r", "/m", "/b", "/a"]
    assert mount.routes == [route]
    assert app.url_path_for("x") == "/m/x"


def test_middleware_of_a_route_sees_only_what_the_route_takes(routing, show, wrap):
    order = []
    app = routing.Router(
        [routing.Route("/x", show("x"), middleware=[wrap("r", order)])]
    )
    assert status(app, "PUT", "/x") == 405
    assert status(app, "GET", "/y") == 404
    assert order == []


def test_middleware_of_a_router_sees_even_what_is_not_found(routing, wrap):
    order = []
    app = routing.Router(middleware=[wrap("a", order)])
    assert status(app, "GET", "/y") == 404
    assert order == ["a", "/a"]


def test_middleware_of_a_websocket_route(routing, wrap):
    order = []

    async def session(socket):
        await socket.accept()

    route = routing.WebSocketRoute("/x", session, middleware=[wrap("w", order)])
    run(routing.Router([route]), websocket_scope("/x"), CONNECT)
    assert order == ["w", "/w"]


STARTUP = {"type": "lifespan.startup"}
SHUTDOWN = {"type": "lifespan.shutdown"}


def live(app, /, **scope):
    """The messages of a whole life, and the exception that ended it."""
    sent = []

    async def noting(scope, receive, send):
        async def note(message):
            sent.append(message)

        await app(scope, receive, note)

    error = None
    try:
        asyncio.run(call(noting, {"type": "lifespan", **scope}, [STARTUP, SHUTDOWN]))
    except Exception as exception:
        error = exception
    return [message["type"] for message in sent], error, sent


def test_without_a_lifespan_startup_and_shutdown_are_complete(routing):
    types, error, _ = live(routing.Router())
    assert types == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert error is None


def test_a_lifespan_surrounds_the_life_of_the_app(routing):
    order = []
    app = object()

    @contextlib.asynccontextmanager
    async def lifespan(given):
        assert given is app
        order.append("up")
        yield
        order.append("down")

    types, error, _ = live(routing.Router(lifespan=lifespan), app=app)
    assert types == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert (order, error) == (["up", "down"], None)


def test_what_a_lifespan_yields_is_the_state(routing):
    @contextlib.asynccontextmanager
    async def lifespan(app):
        yield {"pool": 1}

    state = {"kept": 0}
    router = routing.Router(lifespan=lifespan)
    assert live(router, state=state)[1] is None
    assert state == {"kept": 0, "pool": 1}
    types, error, _ = live(router)
    assert types == ["lifespan.startup.failed"]
    assert isinstance(error, RuntimeError)


@pytest.mark.parametrize("when", ["startup", "shutdown"])
def test_a_lifespan_that_fails_says_so_and_raises(routing, when):
    @contextlib.asynccontextmanager
    async def lifespan(app):
        if when == "startup":
            raise KeyError("broken pool")
        yield
        raise KeyError("broken pool")

    types, error, sent = live(routing.Router(lifespan=lifespan))
    before = [] if when == "startup" else ["lifespan.startup.complete"]
    assert types == [*before, f"lifespan.{when}.failed"]
    assert "broken pool" in sent[-1]["message"]
    assert isinstance(error, KeyError)


def test_a_mounted_router_has_no_life_of_its_own(routing):
    @contextlib.asynccontextmanager
    async def lifespan(app):
        raise NotImplementedError
        yield

    inner = routing.Router(lifespan=lifespan)
    types, error, _ = live(routing.Router([routing.Mount("/m", app=inner)]))
    assert types == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert error is None
