"""FastAPI itself: lifespan, state, middleware, handlers, background tasks, mounts."""

import asyncio
import threading
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx. with")


class Item(BaseModel):
    name: str


@pytest.fixture
def test_client(part):
    return part("testclient").TestClient


# Lifespan


def wrapped(log):
    @asynccontextmanager
    async def lifespan(app):
        log.append("up")
        yield {"pool": 5}
        log.append("down")

    return lifespan


def async_generator(log):
    async def lifespan(app):
        log.append("up")
        yield {"pool": 5}
        log.append("down")

    return lifespan


def generator(log):
    def lifespan(app):
        log.append("up")
        yield {"pool": 5}
        log.append("down")

    return lifespan


@pytest.mark.parametrize("make", [wrapped, async_generator, generator])
def test_the_lifespan_surrounds_the_requests_and_gives_them_state(
    fastapi, test_client, make
):
    log: list[str] = []
    app = fastapi.FastAPI(lifespan=make(log))

    @app.get("/")
    def index(request: fastapi.Request):
        log.append("request")
        return request.state.pool

    with test_client(app) as client:
        assert client.get("/").json() == 5
    assert log == ["up", "request", "down"]


def test_the_lifespan_gets_the_application(fastapi, test_client):
    @asynccontextmanager
    async def lifespan(app):
        app.state.ready = True
        yield

    app = fastapi.FastAPI(lifespan=lifespan)

    @app.get("/")
    def index(request: fastapi.Request):
        return request.app.state.ready

    with test_client(app) as client:
        assert client.get("/").json() is True


def test_an_error_at_start_up_is_raised(fastapi, test_client):
    async def lifespan(app):
        raise ValueError("no database")
        yield

    client = test_client(fastapi.FastAPI(lifespan=lifespan))
    with pytest.raises(ValueError, match="no database"), client:
        raise AssertionError("never started")


@pytest.mark.filterwarnings(r"ignore:\s*on_event is deprecated")
def test_events(fastapi, test_client):
    log = []
    app = fastapi.FastAPI(
        on_startup=[lambda: log.append("argument up")],
        on_shutdown=[lambda: log.append("argument down")],
    )

    @app.on_event("startup")
    async def up():
        log.append("up")

    @app.on_event("shutdown")
    def down():
        log.append("down")

    with test_client(app):
        log.append("running")
    assert log == ["argument up", "up", "running", "argument down", "down"]


@pytest.mark.filterwarnings(r"ignore:\s*on_event is deprecated")
def test_events_are_ignored_if_there_is_a_lifespan(fastapi, test_client):
    log: list[str] = []
    app = fastapi.FastAPI(lifespan=wrapped(log))

    @app.on_event("startup")
    def up():
        log.append("never")

    with test_client(app):
        pass
    assert log == ["up", "down"]


# State and attributes


def test_state_of_the_application_and_of_the_request(fastapi, app, client):
    app.state.hits = 0

    @app.middleware("http")
    async def count(request, call_next):
        request.state.before = request.app.state.hits
        request.app.state.hits += 1
        return await call_next(request)

    @app.get("/")
    def index(request: fastapi.Request):
        return [request.state.before, request.app.state.hits, request.app is app]

    assert client.get("/").json() == [0, 1, True]
    assert client.get("/").json() == [1, 2, True]
    with pytest.raises(AttributeError):
        _ = app.state.missing


def test_attributes(fastapi):
    app = fastapi.FastAPI(title="T", version="2", debug=True, openapi_url="/o")
    assert (app.title, app.version, app.debug, app.openapi_url) == (
        "T",
        "2",
        True,
        "/o",
    )
    assert (app.docs_url, app.redoc_url) == ("/docs", "/redoc")
    assert app.swagger_ui_oauth2_redirect_url == "/docs/oauth2-redirect"
    assert app.dependency_overrides == {}
    assert isinstance(app.router, fastapi.APIRouter)


# Middleware


def test_the_middleware_added_last_is_the_outermost(fastapi, app, client):
    log = []

    class Noted:
        def __init__(self, app, name):
            self.app = app
            self.name = name

        async def __call__(self, scope, receive, send):
            log.append(self.name)
            await self.app(scope, receive, send)

    app.add_middleware(Noted, name="first")

    @app.middleware("http")
    async def second(request, call_next):
        log.append("second")
        return await call_next(request)

    app.add_middleware(Noted, name="third")

    @app.get("/")
    def index():
        log.append("endpoint")

    client.get("/")
    assert log == ["third", "second", "first", "endpoint"]


def test_middleware_of_the_constructor_runs_in_its_order(fastapi, part, test_client):
    log = []

    class Noted:
        def __init__(self, app, name):
            self.app = app
            self.name = name

        async def __call__(self, scope, receive, send):
            if scope["type"] == "http":
                log.append(self.name)
            await self.app(scope, receive, send)

    wrap = part("middleware").Middleware
    app = fastapi.FastAPI(middleware=[wrap(Noted, name="a"), wrap(Noted, "b")])
    test_client(app).get("/")
    assert log == ["a", "b"]


def test_middleware_sees_and_changes_the_response(fastapi, app, client):
    @app.middleware("http")
    async def stamp(request, call_next):
        response = await call_next(request)
        response.headers["X-Status"] = str(response.status_code)
        return response

    @app.get("/{n}")
    def index(n: int):
        return n

    assert client.get("/1").headers["X-Status"] == "200"
    assert client.get("/x").headers["X-Status"] == "422"
    assert client.get("/a/b").headers["X-Status"] == "404"


def test_middleware_may_answer_itself(fastapi, app, client):
    @app.middleware("http")
    async def stop(request, call_next):
        return fastapi.Response("stopped", status_code=503)

    response = client.get("/")
    assert (response.status_code, response.text) == (503, "stopped")


def test_middleware_cannot_be_added_to_a_running_application(app, client):
    client.get("/")
    with pytest.raises(RuntimeError, match="after an application has started"):
        app.add_middleware(lambda app: app)


def test_cors(part, app, client):
    app.add_middleware(
        part("middleware.cors").CORSMiddleware,
        allow_origins=["https://a.org"],
        allow_methods=["PUT"],
        allow_headers=["X-Mine"],
        allow_credentials=True,
    )

    @app.get("/")
    def index():
        return 1

    response = client.get("/", headers={"Origin": "https://a.org"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://a.org"
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    response = client.get("/", headers={"Origin": "https://b.org"})
    assert "Access-Control-Allow-Origin" not in response.headers
    ask = {"Origin": "https://a.org", "Access-Control-Request-Method": "PUT"}
    response = client.options("/", headers=ask)
    assert (response.status_code, response.text) == (200, "OK")
    response = client.options("/", headers={**ask, "Origin": "https://b.org"})
    assert (response.status_code, response.text) == (400, "Disallowed CORS origin")


@pytest.mark.parametrize(("size", "encoding"), [(10, None), (2000, "gzip")])
def test_gzip(part, app, client, size, encoding):
    app.add_middleware(part("middleware.gzip").GZipMiddleware, minimum_size=1000)

    @app.get("/")
    def index():
        return "x" * size

    response = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert response.headers.get("Content-Encoding") == encoding
    assert response.json() == "x" * size


@pytest.mark.parametrize(
    ("host", "status"), [("a.org", 200), ("x.b.org", 200), ("b.com", 400)]
)
def test_trusted_hosts(part, app, client, host, status):
    middleware = part("middleware.trustedhost").TrustedHostMiddleware
    app.add_middleware(middleware, allowed_hosts=["a.org", "*.b.org"])

    @app.get("/")
    def index():
        return 1

    assert client.get("/", headers={"Host": host}).status_code == status


def test_https_redirect(part, app, client):
    app.add_middleware(part("middleware.httpsredirect").HTTPSRedirectMiddleware)
    response = client.get("/a?b=1", follow_redirects=False)
    assert response.status_code == 307
    assert response.headers["Location"] == "https://testserver/a?b=1"


# Exception handlers


def test_the_handler_of_the_nearest_base_class_is_used(fastapi, app, client):
    class Base(Exception):
        pass

    class Derived(Base):
        pass

    class Leaf(Derived):
        pass

    @app.exception_handler(Base)
    async def base(request, error):
        return fastapi.Response("base", status_code=400)

    @app.exception_handler(Derived)
    def derived(request, error):
        return fastapi.Response(f"derived {error} {request.url.path}", status_code=409)

    @app.get("/leaf")
    def index():
        raise Leaf("x")

    response = client.get("/leaf")
    assert (response.status_code, response.text) == (409, "derived x /leaf")


@pytest.mark.parametrize("path", ["/raised", "/missing"])
def test_a_status_code_has_a_handler(fastapi, app, client, path):
    @app.exception_handler(404)
    async def handle(request, error):
        return fastapi.Response(f"handled {error.detail}", status_code=404)

    @app.get("/raised")
    def index():
        raise fastapi.HTTPException(404, "it")

    expected = "handled it" if path == "/raised" else "handled Not Found"
    assert client.get(path).text == expected


def test_handlers_are_an_argument_too(fastapi, part, test_client):
    async def handle(request, error):
        return fastapi.Response(str(len(error.errors())), status_code=400)

    kind = part("exceptions").RequestValidationError
    app = fastapi.FastAPI(exception_handlers={kind: handle})

    @app.get("/")
    def index(a: int, b: int):
        return 1

    response = test_client(app).get("/")
    assert (response.status_code, response.text) == (400, "2")


def test_the_default_handlers_can_be_reused(fastapi, part, app, client):
    module = part("exception_handlers")
    kinds = part("exceptions")
    seen = []

    @app.exception_handler(kinds.HTTPException)
    async def http(request, error):
        seen.append(error.status_code)
        return await module.http_exception_handler(request, error)

    @app.exception_handler(kinds.RequestValidationError)
    async def invalid(request, error):
        seen.append(error.body)
        return await module.request_validation_exception_handler(request, error)

    @app.post("/")
    def index(item: Item):
        raise fastapi.HTTPException(418, item.name, {"X-A": "1"})

    response = client.post("/", json={"name": "pot"})
    assert (response.status_code, response.json()) == (418, {"detail": "pot"})
    assert response.headers["X-A"] == "1"
    response = client.post("/", json={"title": "pot"})
    assert response.status_code == 422
    assert response.json()["detail"][0]["input"] == {"title": "pot"}
    assert seen == [418, {"title": "pot"}]


def test_a_handler_of_the_own_class_does_not_see_404s_of_the_router(
    fastapi, app, client
):
    @app.exception_handler(fastapi.HTTPException)
    async def handle(request, error):
        return fastapi.Response("handled", status_code=error.status_code)

    @app.get("/raised")
    def index():
        raise fastapi.HTTPException(404)

    assert client.get("/raised").text == "handled"
    assert client.get("/missing").json() == {"detail": "Not Found"}


def test_an_http_exception_has_the_phrase_of_its_status(fastapi, app, client):
    @app.get("/{code}")
    def index(code: int):
        raise fastapi.HTTPException(code)

    assert client.get("/418").json() == {"detail": "I'm a Teapot"}
    assert client.get("/304").content == b""


def test_unhandled_errors_are_500_and_raised_again(fastapi, app, test_client):
    @app.get("/")
    def index():
        raise ValueError("secret")

    with pytest.raises(ValueError, match="secret"):
        test_client(app).get("/")
    response = test_client(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


@pytest.mark.parametrize("key", [500, Exception])
def test_the_handler_of_all_errors_answers_but_they_are_raised(
    fastapi, app, test_client, key
):
    @app.exception_handler(key)
    async def handle(request, error):
        return fastapi.Response(f"sorry: {error}", status_code=500)

    @app.get("/")
    def index():
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        test_client(app).get("/")
    response = test_client(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.text) == (500, "sorry: x")


@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
def test_debug_shows_the_traceback(fastapi, test_client, accept):
    app = fastapi.FastAPI(debug=True)

    @app.get("/")
    def index():
        raise ValueError("shown")

    client = test_client(app, raise_server_exceptions=False)
    response = client.get("/", headers={"Accept": accept})
    assert response.status_code == 500
    assert response.headers["Content-Type"] == f"{accept}; charset=utf-8"
    assert "ValueError" in response.text
    assert "shown" in response.text


def test_validation_errors_of_responses_are_server_errors(
    fastapi, part, app, test_client
):
    @app.get("/", response_model=Item)
    def index():
        return {"title": "pot"}

    kind = part("exceptions").ResponseValidationError
    with pytest.raises(kind) as error:
        test_client(app).get("/")
    assert error.value.body == {"title": "pot"}
    assert [detail["loc"] for detail in error.value.errors()] == [("response", "name")]
    assert error.value.endpoint_path == "GET /"
    response = test_client(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500


# Starlette's own classes


@pytest.fixture
def starlette(fastapi):
    """``starlette("responses")``: a module of Starlette, or of our toolkit."""
    is_clone = fastapi.__name__.startswith("fwtrace")
    root = "fwtrace.toolkit.asgi" if is_clone else "starlette"
    return lambda name: import_module(f"{root}.{name}")


def test_exceptions_of_starlette_are_answered_as_json(starlette, app, client):
    @app.get("/")
    def index():
        raise starlette("exceptions").HTTPException(418, "pot", {"X-A": "1"})

    response = client.get("/")
    assert (response.status_code, response.json()) == (418, {"detail": "pot"})
    assert response.headers["X-A"] == "1"


@pytest.mark.parametrize("path", ["/own", "/starlette", "/missing"])
def test_a_handler_of_starlettes_class_sees_all_http_exceptions(
    fastapi, starlette, app, client, path
):
    kind = starlette("exceptions").HTTPException

    @app.exception_handler(kind)
    async def handle(request, error):
        return fastapi.Response("handled", status_code=error.status_code)

    @app.get("/own")
    def own():
        raise fastapi.HTTPException(404)

    @app.get("/starlette")
    def other():
        raise kind(404)

    response = client.get(path)
    assert (response.status_code, response.text) == (404, "handled")


def test_responses_of_starlette_are_returned_as_they_are(starlette, app, client):
    responses = starlette("responses")

    @app.get("/returned")
    def returned():
        return responses.PlainTextResponse("text", status_code=202)

    @app.get("/class", response_class=responses.HTMLResponse)
    def by_class():
        return "<p>"

    response = client.get("/returned")
    assert (response.status_code, response.text) == (202, "text")
    response = client.get("/class")
    assert response.text == "<p>"
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_middleware_of_starlette(starlette, app, client):
    class Stamp(starlette("middleware.base").BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            response = await call_next(request)
            response.headers["X-Path"] = request.url.path
            return response

    app.add_middleware(Stamp)
    app.add_middleware(starlette("middleware.sessions").SessionMiddleware, "secret")
    assert client.get("/here").headers["X-Path"] == "/here"


def test_parameters_annotated_with_classes_of_starlette(starlette, app, client):
    @app.get("/here")
    def index(
        request: starlette("requests").Request,
        response: starlette("responses").Response,
        tasks: starlette("background").BackgroundTasks,
    ):
        response.headers["X-A"] = "1"
        tasks.add_task(print, end="")
        return request.url.path

    response = client.get("/here")
    assert (response.json(), response.headers["X-A"]) == ("/here", "1")


# Background tasks


def test_background_tasks_run_in_order_after_the_response(fastapi, app, client):
    log = []

    async def later(name, *, times=1):
        log.extend([name] * times)

    def sync(name):
        log.append((name, threading.current_thread() is threading.main_thread()))

    @app.get("/")
    def index(tasks: fastapi.BackgroundTasks):
        tasks.add_task(later, "a", times=2)
        tasks.add_task(sync, "b")
        return len(log)

    assert client.get("/").json() == 0
    assert log == ["a", "a", ("b", False)]


@pytest.mark.parametrize("own", [True, False])
def test_injected_tasks_are_those_of_a_returned_response_without_any(
    fastapi, part, app, client, own
):
    log = []

    @app.get("/")
    def index(tasks: fastapi.BackgroundTasks):
        tasks.add_task(log.append, "injected")
        response = part("responses").PlainTextResponse("x")
        if own:
            response.background = fastapi.BackgroundTasks()
            response.background.add_task(log.append, "own")
        return response

    assert client.get("/").text == "x"
    assert log == (["own"] if own else ["injected"])


def test_no_task_runs_if_the_endpoint_fails(fastapi, app, client):
    log = []

    @app.get("/")
    def index(tasks: fastapi.BackgroundTasks):
        tasks.add_task(log.append, "never")
        raise fastapi.HTTPException(400)

    assert client.get("/").status_code == 400
    assert log == []


def test_tasks_run_before_dependencies_are_closed(fastapi, app, client):
    log = []

    async def session(tasks: fastapi.BackgroundTasks):
        tasks.add_task(log.append, "task of the dependency")
        yield
        log.append("closed")

    @app.get("/", dependencies=[fastapi.Depends(session)])
    async def index(tasks: fastapi.BackgroundTasks):
        tasks.add_task(log.append, "task of the endpoint")
        log.append("endpoint")

    client.get("/")
    assert log == [
        "endpoint",
        "task of the dependency",
        "task of the endpoint",
        "closed",
    ]


# Mounts


def test_static_files(part, app, client, tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    files = part("staticfiles").StaticFiles(directory=tmp_path)
    app.mount("/static", files, name="static")
    response = client.get("/static/a.txt")
    assert (response.status_code, response.text) == (200, "hello")
    assert client.get("/static/b.txt").status_code == 404
    assert app.url_path_for("static", path="a.txt") == "/static/a.txt"


def test_templates(fastapi, part, app, client, tmp_path):
    (tmp_path / "page.html").write_text("<p>{{ name }} {{ request.url.path }}</p>")
    templates = part("templating").Jinja2Templates(directory=tmp_path)

    @app.get("/page")
    def page(request: fastapi.Request):
        return templates.TemplateResponse(request, "page.html", {"name": "<x>"})

    response = client.get("/page")
    assert response.text == "<p>&lt;x&gt; /page</p>"
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_sub_applications_have_docs_handlers_and_overrides_of_their_own(
    fastapi, app, client
):
    inner = fastapi.FastAPI(title="Inner")

    def real():
        return "real"

    @inner.get("/")
    def index(value: Annotated[str, fastapi.Depends(real)]):
        return value

    app.mount("/sub", inner)
    app.dependency_overrides[real] = lambda: "outer"

    @app.exception_handler(404)
    async def handle(request, error):
        return fastapi.Response("outer 404", status_code=404)

    assert client.get("/sub/").json() == "real"
    assert client.get("/sub/missing").json() == {"detail": "Not Found"}
    assert client.get("/missing").text == "outer 404"
    text = client.get("/sub/docs").text
    assert "/sub/openapi.json" in text
    assert "/sub/docs/oauth2-redirect" in text
    assert "Inner" in text


def test_any_asgi_application_can_be_mounted(app, client):
    async def echo(scope, receive, send):
        body = f"{scope['root_path']} {scope['path']}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    app.mount("/raw", echo)
    assert client.get("/raw/a/b").text == "/raw /raw/a/b"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, [{"url": "/proxy"}]),
        ([{"url": "/other"}], [{"url": "/proxy"}, {"url": "/other"}]),
        ([{"url": "/proxy"}], [{"url": "/proxy"}]),
    ],
)
def test_the_root_path_of_the_server_is_the_first_server(
    fastapi, test_client, given, expected
):
    app = fastapi.FastAPI(servers=given)
    client = test_client(app, root_path="/proxy")
    assert client.get("/openapi.json").json()["servers"] == expected
    assert app.openapi().get("servers") == given
    assert "/proxy/openapi.json" in client.get("/docs").text


# Limits


def test_max_body_size(fastapi, test_client):
    app = fastapi.FastAPI(max_body_size=10)

    @app.post("/")
    async def index(body: Annotated[Any, fastapi.Body()]):
        return body

    @app.post("/more", max_body_size=20)
    async def more(body: Annotated[Any, fastapi.Body()]):
        return body

    client = test_client(app)
    assert client.post("/", json="x" * 8).status_code == 200
    assert client.post("/", json="x" * 9).status_code == 413
    assert client.post("/more", json="x" * 18).status_code == 200
    assert client.post("/more", json="x" * 19).status_code == 413


# Threads and concurrency


def test_sync_endpoints_run_in_threads_and_async_ones_in_the_loop(app, client):
    threads = {}

    @app.middleware("http")
    async def loop(request, call_next):
        threads["loop"] = threading.get_ident()
        return await call_next(request)

    @app.get("/sync")
    def sync():
        threads["endpoint"] = threading.get_ident()

    @app.get("/async")
    async def is_async():
        threads["endpoint"] = threading.get_ident()

    client.get("/sync")
    assert threads["loop"] != threads["endpoint"]
    client.get("/async")
    assert threads["loop"] == threads["endpoint"]


async def ask(app, path: str) -> bytes:
    """The body that the application answers with, without a client."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        "root_path": "",
    }
    parts = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return b"".join(parts)


def test_async_endpoints_run_at_the_same_time(app):
    async def main():
        met = asyncio.Event()

        @app.get("/waits")
        async def waits():
            await met.wait()
            return "met"

        @app.get("/sets")
        async def sets():
            met.set()
            return "set"

        answers = asyncio.gather(ask(app, "/waits"), ask(app, "/sets"))
        return await asyncio.wait_for(answers, 5)

    assert asyncio.run(main()) == [b'"met"', b'"set"']


def test_sync_endpoints_run_at_the_same_time(app):
    barrier = threading.Barrier(3, timeout=5)

    @app.get("/")
    def index():
        barrier.wait()
        return "met"

    async def main():
        return await asyncio.gather(*(ask(app, "/") for _ in range(3)))

    assert asyncio.run(main()) == [b'"met"'] * 3
