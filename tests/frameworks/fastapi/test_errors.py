"""Errors: raised by endpoints, by validation, by routing, and handlers of them."""

from typing import Annotated

import pytest
from pydantic import BaseModel

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")

INT = "Input should be a valid integer, unable to parse string as an integer"


class Item(BaseModel):
    name: str
    size: int


class OwnError(Exception):
    def __init__(self, name="own"):
        self.name = name


class NarrowError(OwnError):
    pass


@pytest.fixture
def quiet(part, app):
    """A client which shows the 500 instead of raising."""
    return part("testclient").TestClient(app, raise_server_exceptions=False)


def raising(app, make, path="/"):
    @app.get(path)
    def read():
        raise make()


DETAILS = ["text", "", 5, None, ["a", 1], {"code": 1, "of": [None]}, True]


@pytest.mark.parametrize("detail", DETAILS)
def test_the_detail_may_be_any_json(fastapi, app, client, detail):
    raising(app, lambda: fastapi.HTTPException(status_code=418, detail=detail))
    answer = client.get("/")
    expected = "I'm a Teapot" if detail is None else detail
    assert (answer.status_code, answer.json()) == (418, {"detail": expected})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (400, "Bad Request"),
        (404, "Not Found"),
        (409, "Conflict"),
        (503, "Service Unavailable"),
    ],
)
def test_without_detail_the_phrase_of_the_status_is_sent(
    fastapi, app, client, status, detail
):
    raising(app, lambda: fastapi.HTTPException(status))
    answer = client.get("/")
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_an_http_exception_has_its_headers(fastapi, app, client):
    headers = {"X-Error": "yes", "WWW-Authenticate": "Bearer"}
    raising(app, lambda: fastapi.HTTPException(401, "who?", headers))
    answer = client.get("/")
    assert (answer.status_code, answer.json()) == (401, {"detail": "who?"})
    assert answer.headers["x-error"] == "yes"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body(fastapi, app, client, status):
    raising(app, lambda: fastapi.HTTPException(status, "never", {"x-a": "1"}))
    answer = client.get("/")
    assert (answer.status_code, answer.content) == (status, b"")
    assert answer.headers["x-a"] == "1"


def test_an_http_exception_shows_what_it_was_given(fastapi, part):
    error = fastapi.HTTPException(404, detail={"a": 1}, headers={"x": "1"})
    assert error.status_code == 404
    assert error.detail == {"a": 1}
    assert error.headers == {"x": "1"}
    assert part("exceptions").HTTPException is fastapi.HTTPException


def test_a_dependency_may_raise_too(fastapi, app, client):
    def refuse():
        raise fastapi.HTTPException(403, "no")

    @app.get("/")
    def read(x: Annotated[None, fastapi.Depends(refuse)]):
        raise NotImplementedError

    answer = client.get("/")
    assert (answer.status_code, answer.json()) == (403, {"detail": "no"})


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "allow"),
    [
        ("GET", "/none", 404, {"detail": "Not Found"}, None),
        ("POST", "/none", 404, {"detail": "Not Found"}, None),
        ("POST", "/items", 405, {"detail": "Method Not Allowed"}, "GET"),
        ("HEAD", "/items", 405, None, "GET"),
        ("OPTIONS", "/items", 405, {"detail": "Method Not Allowed"}, "GET"),
        ("GET", "/Items", 404, {"detail": "Not Found"}, None),
        ("GET", "/items/x", 404, {"detail": "Not Found"}, None),
    ],
)
def test_what_no_route_answers(app, client, method, path, status, body, allow):
    @app.get("/items")
    def read():
        raise NotImplementedError

    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers.get("allow") == allow
    if body:
        assert answer.json() == body


def test_a_missing_or_needless_slash_is_a_redirect(app, client):
    @app.get("/with/")
    def with_slash():
        return "with"

    @app.get("/without")
    def without():
        return "without"

    answer = client.get("/with?a=1", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == "http://testserver/with/?a=1"
    assert client.get("/without/").json() == "without"


def test_redirects_of_slashes_can_be_off(fastapi, part):
    app = fastapi.FastAPI(redirect_slashes=False)

    @app.get("/with/")
    def with_slash():
        raise NotImplementedError

    answer = part("testclient").TestClient(app).get("/with")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize("way", ["decorator", "argument", "method"])
def test_an_exception_of_ones_own_has_a_handler(fastapi, part, way):
    def handle(request, error):
        content = {"path": request.url.path, "name": error.name}
        return part("responses").JSONResponse(content, status_code=418)

    handlers = {OwnError: handle} if way == "argument" else {}
    app = fastapi.FastAPI(exception_handlers=handlers)
    if way == "decorator":
        app.exception_handler(OwnError)(handle)
    elif way == "method":
        app.add_exception_handler(OwnError, handle)
    raising(app, OwnError, "/own")
    raising(app, lambda: NarrowError("narrow"), "/narrow")
    client = part("testclient").TestClient(app)
    answer = client.get("/own")
    assert (answer.status_code, answer.json()) == (418, {"path": "/own", "name": "own"})
    assert client.get("/narrow").json() == {"path": "/narrow", "name": "narrow"}


def test_the_handler_of_the_nearest_class_answers(part, app, client):
    @app.exception_handler(OwnError)
    async def wide(request, error):
        return part("responses").PlainTextResponse("wide")

    @app.exception_handler(NarrowError)
    async def narrow(request, error):
        return part("responses").PlainTextResponse("narrow")

    raising(app, NarrowError, "/narrow")
    raising(app, OwnError, "/wide")
    assert client.get("/narrow").text == "narrow"
    assert client.get("/wide").text == "wide"


def test_http_exceptions_can_have_another_handler(fastapi, part, app, client):
    @app.exception_handler(fastapi.HTTPException)
    async def handle(request, error):
        text = f"{error.status_code}: {error.detail}"
        return part("responses").PlainTextResponse(text, error.status_code)

    raising(app, lambda: fastapi.HTTPException(418, "tea"))
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (418, "418: tea")


def test_a_handler_of_fastapis_http_exception_leaves_the_404_of_routing(
    fastapi, part, app, client
):
    @app.exception_handler(fastapi.HTTPException)
    async def handle(request, error):
        raise NotImplementedError

    assert client.get("/none").json() == {"detail": "Not Found"}


def test_a_status_can_have_a_handler(fastapi, part, app, client):
    @app.exception_handler(404)
    async def handle(request, error):
        return part("responses").PlainTextResponse(f"no: {error.detail}", 404)

    raising(app, lambda: fastapi.HTTPException(404, "mine"), "/mine")
    raising(app, lambda: fastapi.HTTPException(400, "bad"), "/bad")
    assert client.get("/mine").text == "no: mine"
    assert client.get("/none").text == "no: Not Found"
    assert client.get("/bad").json() == {"detail": "bad"}


def test_validation_errors_can_have_another_handler(part, app, client):
    seen = []

    @app.exception_handler(part("exceptions").RequestValidationError)
    async def handle(request, error):
        seen.append(error)
        return part("responses").JSONResponse(
            {"errors": part("encoders").jsonable_encoder(error.errors())}, 400
        )

    @app.post("/{n}")
    def read(n: int, item: Item):
        raise NotImplementedError

    sent = {"name": "a", "size": "x"}
    answer = client.post("/y", json=sent)
    expected = [
        {"type": "int_parsing", "loc": ["path", "n"], "msg": INT, "input": "y"},
        {"type": "int_parsing", "loc": ["body", "size"], "msg": INT, "input": "x"},
    ]
    assert (answer.status_code, answer.json()) == (400, {"errors": expected})
    assert seen[0].body == sent
    assert [error["loc"] for error in seen[0].errors()] == [
        ("path", "n"),
        ("body", "size"),
    ]


@pytest.mark.parametrize(
    ("content", "content_type", "body"),
    [
        ('{"a": 1}', "application/json", {"a": 1}),
        ("{bad", "application/json", "{bad"),
        ("text", "text/plain", b"text"),
        ("", "application/json", None),
    ],
)
def test_a_validation_error_has_the_body(
    part, app, client, content, content_type, body
):
    seen = []

    @app.exception_handler(part("exceptions").RequestValidationError)
    async def handle(request, error):
        seen.append(error.body)
        return part("responses").PlainTextResponse("bad", 422)

    @app.post("/")
    def read(item: Item):
        raise NotImplementedError

    client.post("/", content=content, headers={"content-type": content_type})
    assert seen == [body]


def test_the_usual_handlers_can_be_called(fastapi, part, app, client):
    usual = part("exception_handlers")

    @app.exception_handler(fastapi.HTTPException)
    async def http(request, error):
        answer = await usual.http_exception_handler(request, error)
        answer.headers["x-seen"] = "http"
        return answer

    @app.exception_handler(part("exceptions").RequestValidationError)
    async def validation(request, error):
        answer = await usual.request_validation_exception_handler(request, error)
        answer.headers["x-seen"] = "validation"
        return answer

    @app.get("/{n}")
    def read(n: int):
        raise fastapi.HTTPException(409, "taken", {"x-a": "1"})

    answer = client.get("/1")
    assert (answer.status_code, answer.json()) == (409, {"detail": "taken"})
    assert (answer.headers["x-seen"], answer.headers["x-a"]) == ("http", "1")
    answer = client.get("/x")
    assert answer.status_code == 422
    assert answer.headers["x-seen"] == "validation"
    assert answer.json() == {
        "detail": [
            {"type": "int_parsing", "loc": ["path", "n"], "msg": INT, "input": "x"}
        ]
    }


def test_an_endpoint_may_raise_a_validation_error_itself(part, app, client):
    errors = [{"loc": ("body", "a"), "msg": "no", "type": "own"}]
    raising(app, lambda: part("exceptions").RequestValidationError(errors))
    answer = client.get("/")
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [{"loc": ["body", "a"], "msg": "no", "type": "own"}]
    }


def test_validation_errors_know_their_endpoint(part):
    kinds = part("exceptions")
    context = {"function": "f", "path": "GET /", "file": "a.py", "line": 3}
    for kind in (kinds.RequestValidationError, kinds.ResponseValidationError):
        error = kind([{"msg": "a"}, {"msg": "b"}], body=1, endpoint_ctx=context)
        assert error.errors() == [{"msg": "a"}, {"msg": "b"}]
        assert error.body == 1
        assert (error.endpoint_function, error.endpoint_path) == ("f", "GET /")
        assert (error.endpoint_file, error.endpoint_line) == ("a.py", 3)
        assert str(error).startswith("2 validation errors:\n  {'msg': 'a'}\n")
        assert str(error).endswith('File "a.py", line 3, in f\n    GET /')
    alone = kinds.RequestValidationError([{"msg": "a"}])
    assert str(alone) == "1 validation error:\n  {'msg': 'a'}"
    assert (alone.body, alone.endpoint_path) == (None, None)


def test_an_unhandled_error_is_a_500_and_reaches_the_server(app, client, quiet):
    raising(app, lambda: OwnError("lost"))
    answer = quiet.get("/")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    with pytest.raises(OwnError):
        client.get("/")


@pytest.mark.parametrize("key", [Exception, 500])
def test_a_handler_of_everything_answers_and_the_error_is_raised_still(
    part, app, client, quiet, key
):
    @app.exception_handler(key)
    async def handle(request, error):
        content = {"error": type(error).__name__}
        return part("responses").JSONResponse(content, status_code=500)

    raising(app, OwnError)
    answer = quiet.get("/")
    assert (answer.status_code, answer.json()) == (500, {"error": "OwnError"})
    with pytest.raises(OwnError):
        client.get("/")


def test_an_http_exception_500_is_an_answer_like_any_other(fastapi, app, client):
    raising(app, lambda: fastapi.HTTPException(500, "mine"))
    answer = client.get("/")
    assert (answer.status_code, answer.json()) == (500, {"detail": "mine"})


def test_an_error_in_a_handler_is_a_500(app, quiet):
    @app.exception_handler(OwnError)
    async def handle(request, error):
        raise ValueError("again")

    raising(app, OwnError)
    answer = quiet.get("/")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_a_detail_which_is_no_json_is_a_500(fastapi, app, quiet):
    raising(app, lambda: fastapi.HTTPException(400, detail={1, 2}))
    assert quiet.get("/").status_code == 500


@pytest.mark.parametrize("value", [float("nan"), object(), b"\xff", 1j])
def test_what_cannot_be_written_is_a_500(app, quiet, value):
    @app.get("/")
    def read():
        return {"a": value}

    assert quiet.get("/").status_code == 500


def test_a_response_validation_error_can_have_a_handler(part, app, client):
    @app.exception_handler(part("exceptions").ResponseValidationError)
    async def handle(request, error):
        return part("responses").JSONResponse(
            {"body": error.body, "count": len(error.errors())}, status_code=502
        )

    @app.get("/")
    def read() -> Item:
        return {"name": "a"}

    answer = client.get("/")
    assert (answer.status_code, answer.json()) == (
        502,
        {"body": {"name": "a"}, "count": 1},
    )


def test_the_kinds_of_errors(fastapi, part):
    kinds = part("exceptions")
    assert issubclass(kinds.FastAPIError, RuntimeError)
    assert not issubclass(kinds.RequestValidationError, ValueError)
    assert not issubclass(kinds.RequestValidationError, fastapi.HTTPException)
    assert not issubclass(kinds.ResponseValidationError, kinds.RequestValidationError)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_100_CONTINUE", 100),
        ("HTTP_200_OK", 200),
        ("HTTP_201_CREATED", 201),
        ("HTTP_204_NO_CONTENT", 204),
        ("HTTP_307_TEMPORARY_REDIRECT", 307),
        ("HTTP_401_UNAUTHORIZED", 401),
        ("HTTP_404_NOT_FOUND", 404),
        ("HTTP_413_CONTENT_TOO_LARGE", 413),
        ("HTTP_418_IM_A_TEAPOT", 418),
        ("HTTP_422_UNPROCESSABLE_CONTENT", 422),
        ("HTTP_500_INTERNAL_SERVER_ERROR", 500),
        ("HTTP_511_NETWORK_AUTHENTICATION_REQUIRED", 511),
        ("WS_1000_NORMAL_CLOSURE", 1000),
        ("WS_1008_POLICY_VIOLATION", 1008),
        ("WS_1011_INTERNAL_ERROR", 1011),
    ],
)
def test_statuses_have_names(fastapi, name, value):
    assert getattr(fastapi.status, name) == value
