"""APIRouter: routes, prefixes, what is inherited, sub-applications and frontends."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx. with")

METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]


class Message(BaseModel):
    text: str


@pytest.fixture
def router(fastapi):
    return fastapi.APIRouter()


def operations(app) -> dict[str, Any]:
    """The operations of the schema, by method and path."""
    return {
        f"{method} {path}": operation
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
    }


# Decorators


@pytest.mark.parametrize("included", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_a_decorator(fastapi, app, client, method, included):
    router = fastapi.APIRouter() if included else app

    @getattr(router, method)("/here")
    def index(request: fastapi.Request):
        return {"method": request.method}

    if included:
        app.include_router(router)
    response = client.request(method.upper(), "/here")
    assert response.status_code == 200
    if method != "head":
        assert response.json() == {"method": method.upper()}
    others = [other for other in ("get", "post") if other != method]
    assert client.request(others[0].upper(), "/here").status_code == 405
    assert list(app.openapi()["paths"]["/here"]) == [method]


def test_decorators_give_back_the_function(app, router):
    def index():
        return 1

    assert app.get("/a")(index) is index
    assert router.get("/b")(index) is index
    assert app.api_route("/c")(index) is index
    assert app.websocket("/d")(index) is index


def test_head_is_not_answered_by_get(app, client):
    @app.get("/")
    def index():
        return 1

    response = client.head("/")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET"


@pytest.mark.parametrize("owner", ["app", "router"])
def test_api_route_takes_several_methods(app, client, router, owner):
    target = app if owner == "app" else router

    @target.api_route("/", methods=["POST", "put"])
    def index():
        return "ok"

    if owner == "router":
        app.include_router(router, prefix="")
    assert client.post("/").json() == "ok"
    assert client.put("/").json() == "ok"
    assert client.get("/").status_code == 405


def test_api_route_is_get_by_default(app, client):
    @app.api_route("/")
    def index():
        return "ok"

    assert client.get("/").json() == "ok"
    assert client.post("/").status_code == 405


def test_add_api_route_and_add_api_websocket_route(fastapi, app, client, router):
    async def index(n: int = 1):
        return n

    async def socket(socket: fastapi.WebSocket, n: int = 1):
        await socket.accept()
        await socket.send_json(n)

    app.add_api_route("/a", index, methods=["PUT"], status_code=201)
    router.add_api_route("/b", index, name="named")
    router.add_api_websocket_route("/c", socket)
    app.include_router(router)
    assert client.put("/a?n=2").status_code == 201
    assert client.get("/b?n=2").json() == 2
    assert app.url_path_for("named") == "/b"
    with client.websocket_connect("/c?n=3") as session:
        assert session.receive_json() == 3


def test_plain_routes_get_the_request_and_are_not_in_the_schema(
    fastapi, part, app, client, router
):
    async def plain(request):
        return part("responses").PlainTextResponse(request.url.path)

    async def socket(socket):
        await socket.accept()
        await socket.send_text("plain")

    router.add_route("/plain", plain)
    router.add_websocket_route("/socket", socket)
    app.include_router(router, prefix="/in")
    app.add_route("/top", plain, methods=["POST"])
    assert client.get("/in/plain").text == "/in/plain"
    assert client.head("/in/plain").status_code == 200
    assert client.post("/top").text == "/top"
    with client.websocket_connect("/in/socket") as session:
        assert session.receive_text() == "plain"
    assert app.openapi()["paths"] == {}


# include_router


def test_prefixes_add_up(fastapi, app, client):
    inner = fastapi.APIRouter(prefix="/inner")
    outer = fastapi.APIRouter(prefix="/outer/{key}")

    @inner.get("/{n}")
    def index(key: str, n: int):
        return [key, n]

    @inner.get("")
    def bare(key: str):
        return [key]

    outer.include_router(inner, prefix="/between")
    app.include_router(outer, prefix="/first")
    assert client.get("/first/outer/k/between/inner/1").json() == ["k", 1]
    assert client.get("/first/outer/k/between/inner").json() == ["k"]
    assert list(operations(app)) == [
        "get /first/outer/{key}/between/inner/{n}",
        "get /first/outer/{key}/between/inner",
    ]


def test_a_router_can_be_included_twice(fastapi, app, client, router):
    @router.get("/here")
    def index(request: fastapi.Request):
        return request.url.path

    app.include_router(router, prefix="/v1", tags=["one"])
    app.include_router(router, prefix="/v2", tags=["two"])
    assert client.get("/v1/here").json() == "/v1/here"
    assert client.get("/v2/here").json() == "/v2/here"
    assert client.get("/here").status_code == 404
    found = {
        path: (op["tags"], op["operationId"]) for path, op in operations(app).items()
    }
    assert found == {
        "get /v1/here": (["one"], "index_v1_here_get"),
        "get /v2/here": (["two"], "index_v2_here_get"),
    }


def test_routes_added_after_the_inclusion_are_found(app, client, router):
    app.include_router(router, prefix="/late")
    assert client.get("/late/here").status_code == 404

    @router.get("/here")
    def index():
        return "found"

    assert client.get("/late/here").json() == "found"
    assert list(operations(app)) == ["get /late/here"]


def test_the_first_match_wins(app, client, router):
    @router.get("/things/me")
    def me():
        return "me"

    app.include_router(router)

    @app.get("/things/{name}")
    def thing(name: str):
        return f"thing {name}"

    @app.get("/things/you")
    def you():
        return "never"

    assert client.get("/things/me").json() == "me"
    assert client.get("/things/you").json() == "thing you"


def test_a_later_route_may_have_the_method_that_an_earlier_one_lacks(
    app, client, router
):
    @router.get("/things/{name}")
    def thing(name: str):
        return "get"

    @app.post("/things/{other}")
    def create(other: str):
        return "post"

    app.include_router(router)
    assert client.get("/things/x").json() == "get"
    assert client.post("/things/x").json() == "post"
    assert client.put("/things/x").status_code == 405


@pytest.fixture
def inherited(fastapi, app):
    """One operation that inherits from a router, its inclusion and the app."""
    router = fastapi.APIRouter(
        tags=["router"],
        responses={401: {"description": "router"}, 404: {"description": "router"}},
    )

    @router.get("/", tags=["route"], responses={401: {"description": "route"}, 418: {}})
    def index():
        return 1

    app.include_router(
        router,
        tags=["include"],
        responses={404: {"description": "include"}, "5XX": {"description": "include"}},
    )
    return operations(app)["get /"]


def test_tags_add_up_from_the_outside_in(inherited):
    assert inherited["tags"] == ["include", "router", "route"]


def test_responses_of_the_inside_win(inherited):
    described = {
        status: response["description"]
        for status, response in inherited["responses"].items()
    }
    assert described == {
        "200": "Successful Response",
        "401": "route",
        "404": "router",
        "418": "I'm a Teapot",
        "5XX": "include",
    }


@pytest.mark.parametrize(
    ("app_", "include", "router", "route"),
    [
        (True, None, None, None),
        (None, True, None, None),
        (None, None, True, None),
        (None, None, None, True),
        (None, None, None, None),
        (None, True, False, False),
    ],
)
def test_deprecated_and_include_in_schema_are_inherited(
    fastapi, app_, include, router, route
):
    app = fastapi.FastAPI(deprecated=app_)
    api = fastapi.APIRouter(deprecated=router)

    @api.get("/", deprecated=route)
    def index():
        return 1

    app.include_router(api, deprecated=include)
    deprecated = any((app_, include, router, route))
    assert operations(app)["get /"].get("deprecated", False) is deprecated


@pytest.mark.parametrize("level", ["app", "include", "router", "route"])
def test_any_level_can_hide_an_operation(fastapi, part, level):
    app = fastapi.FastAPI(include_in_schema=level != "app")
    api = fastapi.APIRouter(include_in_schema=level != "router")

    @api.get("/", include_in_schema=level != "route")
    def index():
        return 1

    app.include_router(api, include_in_schema=level != "include")
    assert app.openapi()["paths"] == {}
    assert part("testclient").TestClient(app).get("/").json() == 1


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["app"], "app"),
        (["app", "include"], "include"),
        (["app", "include", "router"], "router"),
        (["app", "include", "router", "route"], "route"),
    ],
)
def test_the_innermost_response_class_wins(fastapi, part, levels, expected):
    class_of = {
        level: type(
            level, (part("responses").JSONResponse,), {"media_type": f"x/{level}"}
        )
        for level in levels
    }

    def given(level, name="default_response_class"):
        return {name: class_of[level]} if level in levels else {}

    app = fastapi.FastAPI(**given("app"))
    api = fastapi.APIRouter(**given("router"))

    @api.get("/", **given("route", "response_class"))
    def index():
        return {"a": 1}

    app.include_router(api, **given("include"))
    response = part("testclient").TestClient(app).get("/")
    assert response.headers["Content-Type"] == f"x/{expected}"
    content = operations(app)["get /"]["responses"]["200"]["content"]
    assert list(content) == [f"x/{expected}"]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], "index__get"),
        (["app"], "app-index"),
        (["app", "include"], "include-index"),
        (["app", "include", "router"], "router-index"),
        (["app", "include", "router", "route"], "route-index"),
    ],
)
def test_the_innermost_unique_id_function_wins(fastapi, levels, expected):
    def given(level):
        if level not in levels:
            return {}
        return {"generate_unique_id_function": lambda route: f"{level}-{route.name}"}

    app = fastapi.FastAPI(**given("app"))
    api = fastapi.APIRouter(**given("router"))

    @api.get("/", **given("route"))
    def index():
        return 1

    app.include_router(api, **given("include"))
    assert operations(app)["get /"]["operationId"] == expected


def test_an_operation_id_beats_the_unique_id_function(fastapi):
    app = fastapi.FastAPI(generate_unique_id_function=lambda route: "generated")

    @app.get("/", operation_id="given")
    def index():
        return 1

    assert operations(app)["get /"]["operationId"] == "given"


def test_the_unique_id_names_the_body_model(fastapi):
    app = fastapi.FastAPI(generate_unique_id_function=lambda route: f"x_{route.name}")

    @app.post("/")
    def save(a: Message, b: Message):
        return 1

    assert "Body_x_save" in app.openapi()["components"]["schemas"]


def test_a_duplicate_operation_id_warns(app):
    def index():
        return 1

    app.get("/a", operation_id="same")(index)
    app.get("/b", operation_id="same")(index)
    with pytest.warns(UserWarning, match="Duplicate Operation ID same"):
        app.openapi()


@pytest.mark.parametrize("level", ["include", "router", "route"])
def test_callbacks_are_documented_only(fastapi, app, client, level):
    callbacks = fastapi.APIRouter()

    @callbacks.post("{$callback_url}/done")
    def done(body: Message):
        raise AssertionError("never called")

    def given(name):
        return {"callbacks": callbacks.routes} if name == level else {}

    router = fastapi.APIRouter(**given("router"))

    @router.get("/", **given("route"))
    def index(callback_url: str = ""):
        return 1

    app.include_router(router, **given("include"))
    assert client.get("/").json() == 1
    callback = operations(app)["get /"]["callbacks"]
    assert list(callback) == ["done"]
    assert list(callback["done"]) == ["{$callback_url}/done"]
    assert "Message" in app.openapi()["components"]["schemas"]


# Wrong prefixes


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("api", "A path prefix must start with '/'"),
        ("/api/", "A path prefix must not end with '/'"),
        ("/", "A path prefix must not end with '/'"),
    ],
)
def test_prefixes_start_but_do_not_end_with_a_slash(
    fastapi, app, router, prefix, message
):
    with pytest.raises(AssertionError, match=message):
        fastapi.APIRouter(prefix=prefix)
    with pytest.raises(AssertionError, match=message):
        app.include_router(router, prefix=prefix)


def test_prefix_and_path_cannot_both_be_empty(part, app, router):
    @router.get("")
    def index():
        return 1

    error = part("exceptions").FastAPIError
    with pytest.raises(error, match="cannot be both empty .*index"):
        app.include_router(router)


def test_a_router_cannot_include_itself(fastapi, router):
    with pytest.raises(AssertionError):
        router.include_router(router)
    outer = fastapi.APIRouter()
    outer.include_router(router, prefix="/x")
    with pytest.raises(AssertionError):
        router.include_router(outer, prefix="/y")


# Not found, slashes, reverse


def test_404_and_405_are_json(app, client):
    @app.get("/")
    def index():
        return 1

    response = client.get("/missing")
    assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})
    response = client.post("/")
    assert response.status_code == 405
    assert response.json() == {"detail": "Method Not Allowed"}
    assert response.headers["Allow"] == "GET"


@pytest.mark.parametrize(("path", "asked"), [("/here", "/here/"), ("/here/", "/here")])
@pytest.mark.parametrize("included", [True, False])
def test_slashes_are_redirected(app, client, router, path, asked, included):
    target = router if included else app

    @target.get(path)
    def index(q: str = ""):
        return q

    if included:
        app.include_router(router)
    response = client.get(f"{asked}?q=1", follow_redirects=False)
    assert response.status_code == 307
    assert response.headers["Location"] == f"http://testserver{path}?q=1"
    assert client.get(f"{asked}?q=1").json() == "1"


def test_redirects_can_be_switched_off(fastapi, part):
    app = fastapi.FastAPI(redirect_slashes=False)

    @app.get("/here")
    def index():
        return 1

    assert part("testclient").TestClient(app).get("/here/").status_code == 404


def test_url_path_for_and_url_for(fastapi, app, client, router):
    @router.get("/items/{item_id}")
    def read(item_id: int, request: fastapi.Request):
        return str(request.url_for("read", item_id=item_id + 1))

    @app.get("/files/{path:path}", name="file")
    def file(path: str):
        return path

    app.include_router(router, prefix="/api")
    assert app.url_path_for("read", item_id=3) == "/api/items/3"
    assert app.url_path_for("file", path="a/b") == "/files/a/b"
    assert client.get("/api/items/1").json() == "http://testserver/api/items/2"
    assert client.get("/files/a/b").json() == "a/b"


def test_url_path_for_an_unknown_name(app):
    with pytest.raises(Exception, match='No route exists for name "missing"'):
        app.url_path_for("missing")


def test_the_routes_of_an_app_are_those_of_its_router(app):
    assert app.routes is app.router.routes
    paths = [route.path for route in app.routes]
    assert paths == ["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"]

    @app.get("/x", name="ex", tags=["t"])
    def index():
        return 1

    route = app.router.routes[-1]
    assert (route.path, route.name, route.methods) == ("/x", "ex", {"GET"})
    assert (route.endpoint, route.tags) == (index, ["t"])


# Route classes


def test_a_route_class_wraps_the_handler(fastapi, part, app, client):
    class Stamped(part("routing").APIRoute):
        def get_route_handler(self):
            inner = super().get_route_handler()

            async def handle(request):
                response = await inner(request)
                response.headers["X-Route"] = self.path
                return response

            return handle

    router = fastapi.APIRouter(route_class=Stamped)

    @router.get("/stamped")
    def stamped(n: int):
        return n

    @app.get("/plain")
    def plain():
        return 1

    app.include_router(router)
    response = client.get("/stamped?n=2")
    assert (response.json(), response.headers["X-Route"]) == (2, "/stamped")
    assert client.get("/stamped").status_code == 422
    assert "X-Route" not in client.get("/plain").headers


def test_a_route_class_can_replace_the_request(fastapi, part, app, client):
    class Shouting(fastapi.Request):
        async def body(self):
            return (await super().body()).upper()

    class Route(part("routing").APIRoute):
        def get_route_handler(self):
            inner = super().get_route_handler()

            async def handle(request):
                return await inner(Shouting(request.scope, request.receive))

            return handle

    app.router.route_class = Route

    @app.post("/")
    def index(body: Annotated[Any, fastapi.Body()]):
        return body

    assert client.post("/", json="quiet").json() == "QUIET"


# Mounted applications


def test_mounted_applications_know_their_root_path(fastapi, app, client):
    inner = fastapi.FastAPI(title="Inner")

    @inner.get("/here")
    def here(request: fastapi.Request):
        return [request.scope["root_path"], request.url.path]

    app.mount("/sub", inner)
    assert client.get("/sub/here").json() == ["/sub", "/sub/here"]
    assert client.get("/here").status_code == 404
    assert app.openapi()["paths"] == {}
    schema = client.get("/sub/openapi.json").json()
    assert schema["info"]["title"] == "Inner"
    assert schema["servers"] == [{"url": "/sub"}]
    assert list(schema["paths"]) == ["/here"]
    assert "/sub/openapi.json" in client.get("/sub/docs").text


def test_a_mount_in_an_included_router(fastapi, app, client, router):
    inner = fastapi.FastAPI()

    @inner.get("/here")
    def here():
        return "inner"

    router.mount("/sub", inner)
    app.include_router(router, prefix="/api")
    assert client.get("/api/sub/here").json() == "inner"


@pytest.mark.parametrize("in_servers", [True, False])
def test_root_path(fastapi, part, in_servers):
    with pytest.warns(UserWarning, match="`root_path` parameter is deprecated"):
        app = fastapi.FastAPI(root_path="/api", root_path_in_servers=in_servers)

    @app.get("/here")
    def here(request: fastapi.Request):
        return [request.scope["root_path"], str(request.url_for("here"))]

    client = part("testclient").TestClient(app)
    assert client.get("/here").json() == ["/api", "http://testserver/api/here"]
    assert client.get("/api/here").json() == ["/api", "http://testserver/api/here"]
    schema = client.get("/openapi.json").json()
    assert schema.get("servers") == ([{"url": "/api"}] if in_servers else None)


# WebSockets and overrides in routers


def test_websockets_in_routers(fastapi, app, client):
    log = []

    def note(name: str = "router"):
        log.append(name)

    router = fastapi.APIRouter(prefix="/r", dependencies=[fastapi.Depends(note)])

    @router.websocket("/{key}", name="socket")
    async def index(socket: fastapi.WebSocket, key: str):
        await socket.accept()
        await socket.send_text(key)

    app.include_router(router, prefix="/api")
    with client.websocket_connect("/api/r/k?name=x") as session:
        assert session.receive_text() == "k"
    assert log == ["x"]
    assert app.url_path_for("socket", key="z") == "/api/r/z"


# Events


@pytest.mark.filterwarnings(r"ignore:\s*on_event is deprecated")
def test_events_of_routers_run_with_those_of_the_app(fastapi, part):
    log = []
    router = fastapi.APIRouter(
        on_startup=[lambda: log.append("router up")],
        on_shutdown=[lambda: log.append("router down")],
    )
    app = fastapi.FastAPI(on_startup=[lambda: log.append("app up")])

    @router.on_event("startup")
    async def up():
        log.append("decorated up")

    @app.on_event("shutdown")
    def down():
        log.append("app down")

    app.include_router(router)
    with part("testclient").TestClient(app):
        log.append("running")
    assert log == [
        "app up",
        "router up",
        "decorated up",
        "router up",
        "decorated up",
        "running",
        "router down",
        "app down",
        "router down",
    ]


def test_on_event_is_deprecated(app, router):
    for owner in (app, router):
        with pytest.warns(DeprecationWarning, match="on_event is deprecated"):
            owner.on_event("startup")


def test_lifespans_of_routers_are_nested_and_merge_their_state(fastapi, part):
    log = []

    def lifespan(name):
        async def run(app):
            log.append(f"{name} up")
            yield {name: 1, "who": name}
            log.append(f"{name} down")

        return run

    app = fastapi.FastAPI(lifespan=lifespan("app"))
    router = fastapi.APIRouter(lifespan=lifespan("router"))

    @router.get("/")
    def index(request: fastapi.Request):
        state = request.state
        return [state.app, state.router, state.who]

    app.include_router(router)
    with part("testclient").TestClient(app) as client:
        assert client.get("/").json() == [1, 1, "app"]
    assert log == ["app up", "router up", "router down", "app down"]


# Frontends


@pytest.fixture
def site(tmp_path):
    (tmp_path / "index.html").write_text("<p>index</p>")
    (tmp_path / "app.js").write_text("run()")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.html").write_text("<p>docs</p>")
    return tmp_path


HTML = {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/", {}, (200, "<p>index</p>")),
        ("/app.js", {}, (200, "run()")),
        ("/docs/", {}, (200, "<p>docs</p>")),
        ("/any/route", HTML, (200, "<p>index</p>")),
        ("/missing.png", {}, (404, '{"detail":"Not Found"}')),
        ("/api", HTML, (200, '"api"')),
    ],
)
def test_a_frontend_answers_what_no_route_does(
    fastapi, part, site, path, headers, expected
):
    app = fastapi.FastAPI(docs_url=None)
    app.frontend("/", directory=site)

    @app.get("/api")
    def api():
        return "api"

    client = part("testclient").TestClient(app)
    response = client.get(path, headers=headers)
    assert (response.status_code, response.text) == expected


def test_a_frontend_of_a_router_has_its_prefix_and_dependencies(
    fastapi, app, client, site
):
    def guard(key: str = ""):
        if key != "secret":
            raise fastapi.HTTPException(401, "no")

    router = fastapi.APIRouter(dependencies=[fastapi.Depends(guard)])
    router.frontend("/ui", directory=site)
    app.include_router(router, prefix="/admin")
    assert client.get("/admin/ui/app.js?key=secret").text == "run()"
    assert client.get("/admin/ui/app.js").json() == {"detail": "no"}
    assert client.get("/ui/app.js").status_code == 404
    assert client.post("/admin/ui/app.js?key=secret").status_code == 405


def test_a_frontend_without_a_fallback(app, client, site):
    app.frontend("/ui", directory=site, fallback=None)
    assert client.get("/ui/any/route", headers=HTML).status_code == 404
    assert client.get("/ui/").text == "<p>index</p>"


def test_a_404_page_is_the_fallback_if_there_is_one(app, client, site):
    (site / "404.html").write_text("<p>lost</p>")
    app.frontend("/ui", directory=site)
    response = client.get("/ui/any/route", headers=HTML)
    assert (response.status_code, response.text) == (404, "<p>lost</p>")
