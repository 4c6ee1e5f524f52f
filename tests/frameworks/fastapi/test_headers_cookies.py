"""Header and cookie parameters: their names, their lists, and models of them."""

import datetime
from typing import Annotated

import pytest
from pydantic import AliasChoices, BaseModel, Field

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")

INT = "Input should be a valid integer, unable to parse string as an integer"
BOOL = "Input should be a valid boolean, unable to interpret input"

# What a client sends by itself: fixed, so that it can be compared.
USUAL = {
    "host": "testserver",
    "accept": "*/*",
    "accept-encoding": "identity",
    "connection": "close",
    "user-agent": "tests",
}


class Common(BaseModel):
    save_data: bool
    x_tag: list[str] = []
    trace_parent: str | None = None


class Strict(BaseModel):
    model_config = {"extra": "forbid"}

    save_data: bool


class Aliased(BaseModel):
    some_thing: int = Field(alias="my_alias")


class Session(BaseModel):
    session: str
    visits: int | None = None


class StrictSession(Session):
    model_config = {"extra": "forbid"}


def make(fastapi, part, annotation, *default):
    """A client of an application which answers with its parameter ``x_token``."""
    app = fastapi.FastAPI()
    if default:

        @app.get("/")
        def read(x_token: annotation = default[0]):
            return x_token

    else:

        @app.get("/")
        def read(x_token: annotation):
            return x_token

    return part("testclient").TestClient(app)


def error(kind, msg, given, *loc, **ctx):
    found = {"type": kind, "loc": list(loc), "msg": msg, "input": given}
    return found | ({"ctx": ctx} if ctx else {})


def missing(*loc, given=None):
    return error("missing", "Field required", given, *loc)


HEADERS = [
    ({}, str, {"x-token": "a"}, 200, "a"),
    ({}, str, {"X-TOKEN": "a"}, 200, "a"),
    ({}, str, {"x-token": ""}, 200, ""),
    ({}, str, {"x_token": "a"}, 422, missing("header", "x-token")),
    ({}, str, {}, 422, missing("header", "x-token")),
    ({}, int, {"x-token": "7"}, 200, 7),
    (
        {},
        int,
        {"x-token": "a"},
        422,
        error("int_parsing", INT, "a", "header", "x-token"),
    ),
    ({}, int, {"x-token": ""}, 422, error("int_parsing", INT, "", "header", "x-token")),
    ({}, datetime.date, {"x-token": "2024-02-29"}, 200, "2024-02-29"),
    ({"convert_underscores": False}, str, {"x_token": "a"}, 200, "a"),
    ({"convert_underscores": False}, str, {"X_Token": "a"}, 200, "a"),
    (
        {"convert_underscores": False},
        str,
        {"x-token": "a"},
        422,
        missing("header", "x_token"),
    ),
    ({"alias": "X-Thing"}, int, {"x-thing": "1"}, 200, 1),
    (
        {"alias": "X-Thing"},
        int,
        {"x-thing": "z"},
        422,
        error("int_parsing", INT, "z", "header", "X-Thing"),
    ),
    ({"alias": "X-Thing"}, int, {"x-token": "1"}, 422, missing("header", "X-Thing")),
    ({"alias": "a_b"}, int, {"a_b": "1"}, 200, 1),
    ({"alias": "a_b"}, int, {"a-b": "1"}, 422, missing("header", "a_b")),
    ({"validation_alias": "a_b"}, int, {"a_b": "1"}, 200, 1),
    ({"validation_alias": "a_b"}, int, {"a-b": "1"}, 422, missing("header", "a_b")),
    ({"validation_alias": AliasChoices("a", "b")}, int, {"b": "1"}, 200, 1),
    (
        {"min_length": 2},
        str,
        {"x-token": "a"},
        422,
        error(
            "string_too_short",
            "String should have at least 2 characters",
            "a",
            "header",
            "x-token",
            min_length=2,
        ),
    ),
]


@pytest.mark.parametrize("style", ["annotated", "default"])
@pytest.mark.parametrize(("options", "annotation", "sent", "status", "body"), HEADERS)
def test_a_header_has_dashes_where_its_name_has_underscores(
    fastapi, part, style, options, annotation, sent, status, body
):
    if style == "annotated":
        client = make(fastapi, part, Annotated[annotation, fastapi.Header(**options)])
    else:
        client = make(fastapi, part, annotation, fastapi.Header(**options))
    answer = client.get("/", headers=sent)
    assert answer.status_code == status
    assert answer.json() == (body if status == 200 else {"detail": [body]})


def test_a_single_value_is_the_first_of_repeated_headers(fastapi, part):
    client = make(fastapi, part, Annotated[str, fastapi.Header()])
    sent = [("x-token", "a"), ("x-token", "b")]
    assert client.get("/", headers=sent).json() == "a"


@pytest.mark.parametrize(
    ("sent", "status", "body"),
    [
        ([("x-token", "1")], 200, [1]),
        ([("x-token", "1"), ("X-Token", "2")], 200, [1, 2]),
        (
            [("x-token", "1,2")],
            422,
            {"detail": [error("int_parsing", INT, "1,2", "header", "x-token", 0)]},
        ),
        (
            [("x-token", "1"), ("x-token", "b")],
            422,
            {"detail": [error("int_parsing", INT, "b", "header", "x-token", 1)]},
        ),
        ([], 200, None),
    ],
)
def test_a_list_takes_repeated_headers_and_splits_no_commas(
    fastapi, part, sent, status, body
):
    client = make(fastapi, part, Annotated[list[int] | None, fastapi.Header()], None)
    answer = client.get("/", headers=sent)
    assert (answer.status_code, answer.json()) == (status, body)


def test_headers_of_every_request_can_be_asked_for(fastapi, app, client):
    @app.get("/")
    def read(
        user_agent: Annotated[str | None, fastapi.Header()] = None,
        host: Annotated[str | None, fastapi.Header()] = None,
        if_match: Annotated[str | None, fastapi.Header()] = None,
    ):
        return [user_agent, host, if_match]

    answer = client.get("/", headers=USUAL)
    assert answer.json() == ["tests", "testserver", None]


HEADER_MODELS = [
    (
        {},
        Common,
        [("save-data", "1"), ("x-tag", "a"), ("x-tag", "b")],
        200,
        {"save_data": True, "x_tag": ["a", "b"], "trace_parent": None},
    ),
    (
        {},
        Common,
        [("save-data", "x")],
        422,
        [error("bool_parsing", BOOL, "x", "header", "save-data")],
    ),
    ({}, Common, [], 422, [missing("header", "save-data", given=USUAL)]),
    (
        {},
        Common,
        [("save_data", "1")],
        422,
        [missing("header", "save-data", given=USUAL)],
    ),
    (
        {"convert_underscores": False},
        Common,
        [("save_data", "1")],
        200,
        {"save_data": True, "x_tag": [], "trace_parent": None},
    ),
    (
        {"convert_underscores": False},
        Common,
        [("save-data", "1")],
        422,
        [missing("header", "save_data", given=USUAL | {"save-data": "1"})],
    ),
    ({}, Aliased, [("my_alias", "1")], 200, {"my_alias": 1}),
    (
        {},
        Aliased,
        [("my-alias", "1")],
        422,
        [missing("header", "my_alias", given=USUAL | {"my-alias": "1"})],
    ),
]


@pytest.mark.parametrize(("options", "model", "sent", "status", "body"), HEADER_MODELS)
def test_a_model_gathers_the_headers(fastapi, part, options, model, sent, status, body):
    client = make(fastapi, part, Annotated[model, fastapi.Header(**options)])
    answer = client.get("/", headers=[*USUAL.items(), *sent])
    assert answer.status_code == status
    assert answer.json() == (body if status == 200 else {"detail": body})


def test_a_strict_model_refuses_even_the_headers_of_every_request(fastapi, part):
    client = make(fastapi, part, Annotated[Strict, fastapi.Header()])
    answer = client.get("/", headers=USUAL | {"save-data": "1", "x-tag": "a"})
    assert answer.status_code == 422
    expected = [
        error(
            "extra_forbidden", "Extra inputs are not permitted", value, "header", name
        )
        for name, value in [*USUAL.items(), ("x-tag", "a")]
    ]
    found = answer.json()["detail"]
    assert sorted(found, key=str) == sorted(expected, key=str)


COOKIES = [
    ({}, str, "x_token=1", 200, "1"),
    ({}, str, "x_token=", 200, ""),
    ({}, str, "x_token=1; x_token=2", 200, "2"),
    ({}, str, "a=1; x_token=2 ;b=3", 200, "2"),
    ({}, str, 'x_token="a b"', 200, "a b"),
    ({}, str, 'x_token="a\\054b"', 200, "a,b"),
    ({}, str, "x_token=a%20b", 200, "a%20b"),
    ({}, str, "x_token=a=b", 200, "a=b"),
    ({}, str, "x-token=1", 422, missing("cookie", "x_token")),
    ({}, str, "X_TOKEN=1", 422, missing("cookie", "x_token")),
    ({}, str, "x_token", 422, missing("cookie", "x_token")),
    ({}, str, "other=1", 422, missing("cookie", "x_token")),
    ({}, int, "x_token=7", 200, 7),
    ({}, int, "x_token=a", 422, error("int_parsing", INT, "a", "cookie", "x_token")),
    ({"alias": "session-id"}, str, "session-id=1", 200, "1"),
    ({"alias": "session-id"}, str, "x_token=1", 422, missing("cookie", "session-id")),
    ({"validation_alias": "v"}, str, "v=1", 200, "1"),
    (
        {"gt": 3},
        int,
        "x_token=3",
        422,
        error(
            "greater_than",
            "Input should be greater than 3",
            "3",
            "cookie",
            "x_token",
            gt=3,
        ),
    ),
    (
        {},
        list[str],
        "x_token=1; x_token=2",
        422,
        error("list_type", "Input should be a valid list", "2", "cookie", "x_token"),
    ),
]


@pytest.mark.parametrize("style", ["annotated", "default"])
@pytest.mark.parametrize(("options", "annotation", "sent", "status", "body"), COOKIES)
def test_a_cookie_keeps_the_name_of_its_parameter(
    fastapi, part, style, options, annotation, sent, status, body
):
    if style == "annotated":
        client = make(fastapi, part, Annotated[annotation, fastapi.Cookie(**options)])
    else:
        client = make(fastapi, part, annotation, fastapi.Cookie(**options))
    answer = client.get("/", headers={"cookie": sent})
    assert answer.status_code == status
    assert answer.json() == (body if status == 200 else {"detail": [body]})


def test_a_cookie_may_have_a_default(fastapi, part):
    client = make(fastapi, part, Annotated[str | None, fastapi.Cookie()], None)
    assert client.get("/").json() is None
    client = make(fastapi, part, str, fastapi.Cookie("none"))
    assert client.get("/").json() == "none"
    annotation = Annotated[str, fastapi.Cookie(default_factory=lambda: "made")]
    assert make(fastapi, part, annotation).get("/").json() == "made"


def test_the_client_keeps_its_cookies(fastapi, part):
    client = make(fastapi, part, Annotated[str, fastapi.Cookie()])
    client.cookies.set("x_token", "kept")
    assert client.get("/").json() == "kept"
    assert client.get("/").json() == "kept"


COOKIE_MODELS = [
    (Session, "session=a; other=2; visits=3", 200, {"session": "a", "visits": 3}),
    (Session, "", 422, [missing("cookie", "session", given={})]),
    (Session, "visits=1", 422, [missing("cookie", "session", given={"visits": "1"})]),
    (
        StrictSession,
        "session=1; other=2; visits=x",
        422,
        [
            error("int_parsing", INT, "x", "cookie", "visits"),
            error(
                "extra_forbidden",
                "Extra inputs are not permitted",
                "2",
                "cookie",
                "other",
            ),
        ],
    ),
    (Session | None, "session=a", 200, {"session": "a", "visits": None}),
    (Session | None, "", 200, None),
    (Session | None, "other=1", 200, None),
]


@pytest.mark.parametrize(("model", "sent", "status", "body"), COOKIE_MODELS)
def test_a_model_gathers_the_cookies(fastapi, part, model, sent, status, body):
    optional = [] if isinstance(model, type) else [None]
    annotation = Annotated[model, fastapi.Cookie()]
    client = make(fastapi, part, annotation, *optional)
    answer = client.get("/", headers={"cookie": sent} if sent else {})
    assert answer.status_code == status
    assert answer.json() == (body if status == 200 else {"detail": body})


def test_errors_come_as_path_query_header_cookie(fastapi, app, client):
    @app.get("/{d}")
    def read(
        a: Annotated[int, fastapi.Cookie()],
        b: Annotated[int, fastapi.Header()],
        c: int,
        d: int,
    ):
        raise NotImplementedError

    answer = client.get("/x")
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            error("int_parsing", INT, "x", "path", "d"),
            missing("query", "c"),
            missing("header", "b"),
            missing("cookie", "a"),
        ]
    }
