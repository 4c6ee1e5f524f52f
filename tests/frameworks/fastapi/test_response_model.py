"""What an endpoint returns, and what of it is sent: models, classes, headers."""

import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, computed_field
from typing_extensions import TypedDict

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")


class Out(BaseModel):
    model_config = {"populate_by_name": True}

    name: str
    size: int = 1
    note: str | None = None
    kind: int = Field(2, alias="theKind")


class Secret(Out):
    password: str = "hidden"


class Double(BaseModel):
    a: int

    @computed_field
    @property
    def twice(self) -> int:
        return self.a * 2


class Color(enum.Enum):
    red = "r"


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Row(TypedDict):
    a: int


class Plain:
    """Neither a model nor a dict: only attributes."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


NAMED = {"name": "a", "password": "x"}
FULL = {"name": "a", "size": 1, "note": None, "theKind": 2}


def make(fastapi, part, value, *annotation, **options):
    """A client of an application which returns ``value()``."""
    app = fastapi.FastAPI()

    def read():
        return value()

    if annotation:
        read.__annotations__["return"] = annotation[0]
    app.get("/", **options)(read)
    return part("testclient").TestClient(app, follow_redirects=False)


RETURNED = [
    (Out, NAMED, FULL),
    (Out, Secret(name="a"), FULL),
    (Out, Plain(**NAMED), FULL),
    (Out, {"name": "a", "kind": "3"}, FULL | {"theKind": 3}),
    (Secret, Secret(name="a"), FULL | {"password": "hidden"}),
    (list[Out], [NAMED, Secret(name="b")], [FULL, FULL | {"name": "b"}]),
    (list[Out], (), []),
    (dict[str, Out], {"k": NAMED}, {"k": FULL}),
    (Out | None, None, None),
    (Out | None, NAMED, FULL),
    (Out | Double, {"a": 2}, {"a": 2, "twice": 4}),
    (Double | Out, {"name": "a"}, FULL),
    (Double, Double(a=2), {"a": 2, "twice": 4}),
    (Point, Point(1), {"x": 1, "y": 0}),
    (Point, {"x": "1", "z": 2}, {"x": 1, "y": 0}),
    (list[Point], [Point(1, 2)], [{"x": 1, "y": 2}]),
    (Row, {"a": "1", "b": 2}, {"a": 1}),
    (dict, NAMED, NAMED),
    (Any, NAMED, NAMED),
    (int, "5", 5),
    (float, 1, 1.0),
    (str, "é", "é"),
    (set[int], {1}, [1]),
    (tuple[int, str], [1, "a"], [1, "a"]),
    (datetime.timedelta, datetime.timedelta(seconds=90), "PT1M30S"),
    (decimal.Decimal, decimal.Decimal("1.50"), "1.50"),
    (bytes, b"ab", "ab"),
    (Color, Color.red, "r"),
    (dict[str, float], {"a": float("inf"), "b": float("nan")}, {"a": None, "b": None}),
]


@pytest.mark.parametrize("way", ["annotation", "response_model", "both"])
@pytest.mark.parametrize(("model", "value", "sent"), RETURNED)
def test_the_model_decides_what_is_sent(fastapi, part, way, model, value, sent):
    if way == "annotation":
        client = make(fastapi, part, lambda: value, model)
    else:
        said = [] if way == "response_model" else [str]
        client = make(fastapi, part, lambda: value, *said, response_model=model)
    answer = client.get("/")
    assert (answer.status_code, answer.json()) == (200, sent)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.content))


MANY = {
    "when": datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
    "id": uuid.UUID(int=5),
    "price": decimal.Decimal("1.50"),
    "set": {1},
    "bytes": b"ab",
    "delta": datetime.timedelta(seconds=90),
    "path": pathlib.Path("/a"),
    "color": Color.red,
    "point": Point(1),
    "model": Out(name="a"),
}
ENCODED = {
    "id": "00000000-0000-0000-0000-000000000005",
    "set": [1],
    "bytes": "ab",
    "path": "/a",
    "color": "r",
    "point": {"x": 1, "y": 0},
    "model": FULL,
}


def test_without_a_model_the_encoder_writes_the_values(fastapi, part):
    answer = make(fastapi, part, lambda: MANY).get("/")
    assert answer.json() == ENCODED | {
        "when": "2024-01-02T03:04:05+00:00",
        "price": 1.5,
        "delta": 90.0,
    }


def test_with_a_model_pydantic_writes_the_values(fastapi, part):
    answer = make(fastapi, part, lambda: MANY, dict).get("/")
    assert answer.json() == ENCODED | {
        "when": "2024-01-02T03:04:05Z",
        "price": "1.50",
        "delta": "PT1M30S",
    }


@pytest.mark.parametrize("value", [1, 1.5, "x", None, True, [1], {"é": "é"}, ""])
def test_what_json_knows_is_sent_as_it_is(fastapi, part, value):
    answer = make(fastapi, part, lambda: value).get("/")
    assert (answer.status_code, answer.json()) == (200, value)


def test_json_is_compact_utf_8(fastapi, part):
    value = {"é": [1, "ü"]}
    wanted = '{"é":[1,"ü"]}'.encode()
    assert make(fastapi, part, lambda: value).get("/").content == wanted
    assert make(fastapi, part, lambda: value, dict).get("/").content == wanted


def test_an_object_is_sent_as_its_attributes(fastapi, part):
    assert make(fastapi, part, lambda: Plain(a=1, b=[2])).get("/").json() == {
        "a": 1,
        "b": [2],
    }


GIVEN = Out(name="a", size=1)
OPTIONS = [
    ({"exclude_unset": True}, {"name": "a", "size": 1}),
    ({"exclude_defaults": True}, {"name": "a"}),
    ({"exclude_none": True}, {"name": "a", "size": 1, "theKind": 2}),
    ({"by_alias": False}, {"name": "a", "size": 1, "note": None, "kind": 2}),
    ({"include": {"name"}}, {"name": "a"}),
    ({"include": ["name", "size"]}, {"name": "a", "size": 1}),
    ({"include": {"kind"}}, {"theKind": 2}),
    ({"exclude": {"name"}}, {"size": 1, "note": None, "theKind": 2}),
    ({"exclude": ["name", "note"]}, {"size": 1, "theKind": 2}),
    ({"include": {"name", "size"}, "exclude": {"size"}}, {"name": "a"}),
    (
        {"exclude_none": True, "by_alias": False, "exclude": {"size"}},
        {"name": "a", "kind": 2},
    ),
]


@pytest.mark.parametrize(("options", "sent"), OPTIONS)
def test_options_choose_the_fields(fastapi, part, options, sent):
    options = {f"response_model_{name}": value for name, value in options.items()}
    assert make(fastapi, part, lambda: GIVEN, Out, **options).get("/").json() == sent


def test_options_reach_into_lists_by_their_places(fastapi, part):
    def ask(**options):
        client = make(fastapi, part, lambda: [GIVEN, GIVEN], list[Out], **options)
        return client.get("/").json()

    assert ask(response_model_exclude_defaults=True) == [{"name": "a"}] * 2
    assert ask(response_model_include={"__all__": {"name"}}) == [{"name": "a"}] * 2
    assert ask(response_model_include={0: {"name"}}) == [{"name": "a"}]
    assert ask(response_model_include={"name"}) == []


def test_the_annotation_none_checks_nothing(fastapi, part):
    assert make(fastapi, part, lambda: None, None).get("/").json() is None
    assert make(fastapi, part, lambda: 5, None).get("/").json() == 5


def test_response_model_none_sends_everything(fastapi, part):
    client = make(fastapi, part, lambda: NAMED, Out, response_model=None)
    assert client.get("/").json() == NAMED
    client = make(fastapi, part, lambda: Secret(name="a"), Out, response_model=None)
    assert client.get("/").json() == FULL | {"password": "hidden"}


WRONG = [
    (int, "x", "int_parsing", ("response",)),
    (str, 5, "string_type", ("response",)),
    (Out, {"name": 1}, "string_type", ("response", "name")),
    (Out, {}, "missing", ("response", "name")),
    (Out, None, "model_attributes_type", ("response",)),
    (list[Out], [NAMED, {}], "missing", ("response", 1, "name")),
    (list[int], 5, "list_type", ("response",)),
]


@pytest.mark.parametrize(("model", "value", "kind", "loc"), WRONG)
def test_wrong_data_is_a_response_validation_error(
    fastapi, part, model, value, kind, loc
):
    client = make(fastapi, part, lambda: value, model)
    with pytest.raises(part("exceptions").ResponseValidationError) as caught:
        client.get("/")
    assert [(e["type"], e["loc"]) for e in caught.value.errors()] == [(kind, loc)]
    assert caught.value.body == value
    quiet = part("testclient").TestClient(client.app, raise_server_exceptions=False)
    answer = quiet.get("/")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_what_is_no_type_of_pydantic_is_refused_at_once(fastapi, part):
    error = part("exceptions").FastAPIError
    with pytest.raises(error, match="Invalid args for response field"):
        make(fastapi, part, lambda: 1, Plain)
    with pytest.raises(error, match="Invalid args for response field"):
        make(fastapi, part, lambda: 1, response_model=Plain)


def test_a_response_among_other_annotations_needs_response_model_none(fastapi, part):
    annotation = fastapi.Response | dict
    with pytest.raises(part("exceptions").FastAPIError):
        make(fastapi, part, dict, annotation)
    assert (
        make(fastapi, part, dict, annotation, response_model=None).get("/").json() == {}
    )


def test_a_returned_response_is_sent_untouched(fastapi, part):
    responses = part("responses")

    def value():
        return responses.PlainTextResponse("x", status_code=202, headers={"x-a": "1"})

    for annotation in ([], [Out], [fastapi.Response], [responses.PlainTextResponse]):
        answer = make(fastapi, part, value, *annotation, status_code=201).get("/")
        assert (answer.status_code, answer.text) == (202, "x")
        assert answer.headers["x-a"] == "1"
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(("status", "text"), [(200, "{}"), (201, "{}"), (418, "{}")])
def test_status_code_is_the_usual_status(fastapi, part, status, text):
    answer = make(fastapi, part, dict, status_code=status).get("/")
    assert (answer.status_code, answer.text) == (status, text)


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("value", [None, {"a": 1}])
def test_some_statuses_have_no_body(fastapi, part, status, value):
    answer = make(fastapi, part, lambda: value, status_code=status).get("/")
    assert (answer.status_code, answer.content) == (status, b"")
    assert "content-length" not in answer.headers


CLASSES = [
    ("HTMLResponse", "<b>é", 200, "<b>é", "text/html; charset=utf-8"),
    ("PlainTextResponse", "é", 200, "é", "text/plain; charset=utf-8"),
    ("JSONResponse", [1], 200, "[1]", "application/json"),
    ("Response", "x", 200, "x", None),
    ("RedirectResponse", "/x?a=é b", 307, "", None),
]


@pytest.mark.parametrize("place", ["route", "router", "include", "app"])
@pytest.mark.parametrize(("name", "value", "status", "text", "kind"), CLASSES)
def test_response_class_makes_the_response(
    fastapi, part, place, name, value, status, text, kind
):
    chosen = getattr(part("responses"), name)
    default = {"default_response_class": chosen}
    app = fastapi.FastAPI(**(default if place == "app" else {}))
    router = fastapi.APIRouter(**(default if place == "router" else {}))

    @router.get("/", **({"response_class": chosen} if place == "route" else {}))
    def read():
        return value

    app.include_router(router, **(default if place == "include" else {}))
    client = part("testclient").TestClient(app, follow_redirects=False)
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers.get("content-type") == kind


def test_redirects_quote_their_address_and_keep_a_given_status(fastapi, part):
    chosen = part("responses").RedirectResponse
    client = make(
        fastapi, part, lambda: "/x?a=é b", response_class=chosen, status_code=302
    )
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/x?a=%C3%A9%20b")


def test_the_class_of_the_route_wins_over_that_of_the_app(fastapi, part):
    responses = part("responses")
    app = fastapi.FastAPI(default_response_class=responses.HTMLResponse)

    @app.get("/", response_class=responses.PlainTextResponse)
    def read():
        return "x"

    answer = part("testclient").TestClient(app).get("/")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_json_response_of_ones_own_renders_the_content(fastapi, part):
    class Loud(part("responses").JSONResponse):
        media_type = "application/loud+json"

        def render(self, content):
            return super().render(content).upper()

    for options in ({}, {"response_model": Out}):
        client = make(fastapi, part, lambda: NAMED, response_class=Loud, **options)
        answer = client.get("/")
        assert answer.headers["content-type"] == "application/loud+json"
        assert answer.text.startswith('{"NAME":"A"')


def test_streams_are_sent_in_order(fastapi, part):
    responses = part("responses")

    async def pieces():
        yield b"a"
        yield "é"

    for content in (lambda: iter(["a", "é"]), pieces):
        answer = make(
            fastapi,
            part,
            lambda content=content: responses.StreamingResponse(
                content(), media_type="text/x"
            ),
        ).get("/")
        assert answer.text == "aé"
        assert answer.headers["content-type"] == "text/x; charset=utf-8"


def test_an_endpoint_may_be_the_stream(fastapi, part, app, client):
    @app.get("/text", response_class=part("responses").StreamingResponse)
    async def text():
        yield "a"
        yield "b"

    @app.get("/lines")
    def lines():
        yield {"a": 1}
        yield Point(2)

    assert client.get("/text").text == "ab"
    answer = client.get("/lines")
    assert answer.text == '{"a": 1}\n{"x": 2, "y": 0}\n'
    assert answer.headers["content-type"] == "application/jsonl"


def test_files_are_sent_with_their_type_and_length(fastapi, part, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("hello")
    responses = part("responses")
    for value, options in [
        (lambda: responses.FileResponse(path), {}),
        (lambda: str(path), {"response_class": responses.FileResponse}),
    ]:
        answer = make(fastapi, part, value, **options).get("/")
        assert (answer.status_code, answer.text) == (200, "hello")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["content-length"] == "5"
        assert {"etag", "last-modified"} <= set(answer.headers)


def test_a_file_may_be_an_attachment_or_asked_for_in_part(fastapi, part, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("hello")
    file_response = part("responses").FileResponse
    client = make(fastapi, part, lambda: file_response(path, filename="b.txt"))
    answer = client.get("/")
    assert answer.headers["content-disposition"] == 'attachment; filename="b.txt"'
    answer = client.get("/", headers={"range": "bytes=1-3"})
    assert (answer.status_code, answer.text) == (206, "ell")
    assert answer.headers["content-range"] == "bytes 1-3/5"


@pytest.mark.parametrize("model", [None, Out])
def test_an_injected_response_sets_headers_cookies_and_status(
    fastapi, app, client, model
):
    @app.get("/", response_model=model, status_code=201)
    def read(response: fastapi.Response):
        response.headers["X-A"] = "1"
        response.set_cookie("c", "v", httponly=True)
        response.set_cookie("d", "w")
        response.status_code = 202
        return {"name": "a"}

    answer = client.get("/")
    assert answer.status_code == 202
    assert answer.json() == (FULL if model else {"name": "a"})
    assert answer.headers["x-a"] == "1"
    assert dict(answer.cookies) == {"c": "v", "d": "w"}
    assert len(answer.headers.get_list("set-cookie")) == 2


def test_an_injected_response_does_not_touch_a_returned_one(fastapi, part, app, client):
    @app.get("/")
    def read(response: fastapi.Response):
        response.headers["X-A"] = "1"
        response.status_code = 202
        return part("responses").JSONResponse([1])

    answer = client.get("/")
    assert (answer.status_code, answer.json()) == (200, [1])
    assert "x-a" not in answer.headers


def test_dependencies_share_the_injected_response(fastapi, app, client):
    def first(response: fastapi.Response):
        response.headers["X-A"] = "1"
        response.status_code = 203

    @app.get("/")
    def read(response: fastapi.Response, dep: Annotated[None, fastapi.Depends(first)]):
        return response.headers["x-a"]

    answer = client.get("/")
    assert (answer.status_code, answer.json()) == (203, "1")
