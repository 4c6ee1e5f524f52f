"""The body: models, single values, content types, and what is wrong with it."""

import dataclasses
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")

JSON = "application/json"
INT = "Input should be a valid integer, unable to parse string as an integer"
MODEL = "Input should be a valid dictionary or object to extract fields from"


class Item(BaseModel):
    name: str
    price: float = Field(gt=0)
    tags: list[str] = []


class User(BaseModel):
    user: str
    level: int = Field(1, alias="theLevel")


class Strict(BaseModel):
    model_config = {"extra": "forbid"}

    a: int


class Order(BaseModel):
    items: list[Item]
    buyer: User | None = None


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool = True


@dataclasses.dataclass
class Point:
    x: int
    rest: list[int] = dataclasses.field(default_factory=list)


class Loose(TypedDict, total=False):
    a: int
    b: str


def make(fastapi, part, annotation, *default, **settings):
    """A client of an application which answers with its body."""
    app = fastapi.FastAPI(**settings)
    if default:

        @app.post("/")
        def read(n: annotation = default[0]):
            return {"n": n}

    else:

        @app.post("/")
        def read(n: annotation):
            return {"n": n}

    return part("testclient").TestClient(app)


def error(kind, msg, given, *loc, **ctx):
    found = {"type": kind, "loc": ["body", *loc], "msg": msg, "input": given}
    return found | ({"ctx": ctx} if ctx else {})


def missing(*loc, given=None):
    return error("missing", "Field required", given, *loc)


class Errors(tuple):
    def __new__(cls, *errors):
        return super().__new__(cls, errors)


def check(answer, expected):
    """``expected``: what ``n`` was, or its errors."""
    if isinstance(expected, Errors):
        assert answer.status_code == 422
        assert answer.json() == {"detail": list(expected)}
    else:
        assert (answer.status_code, answer.json()) == (200, {"n": expected})


ITEM = {"name": "a", "price": 1.0, "tags": []}
CAT_OR_DOG = Annotated[Cat | Dog, Field(discriminator="kind")]
BODIES = [
    (Item, {"name": "a", "price": 1}, ITEM),
    (Item, {"name": "a", "price": "1", "other": 2}, ITEM),
    (Item, {}, Errors(missing("name", given={}), missing("price", given={}))),
    (
        Item,
        {"name": 1, "price": -1, "tags": [1, "a", None]},
        Errors(
            error("string_type", "Input should be a valid string", 1, "name"),
            error(
                "greater_than", "Input should be greater than 0", -1, "price", gt=0.0
            ),
            error("string_type", "Input should be a valid string", 1, "tags", 0),
            error("string_type", "Input should be a valid string", None, "tags", 2),
        ),
    ),
    (Item, [], Errors(error("model_attributes_type", MODEL, []))),
    (Item, "s", Errors(error("model_attributes_type", MODEL, "s"))),
    (Item, 5, Errors(error("model_attributes_type", MODEL, 5))),
    (
        Order,
        {"items": [ITEM], "buyer": {"user": "u"}},
        {"items": [ITEM], "buyer": {"user": "u", "theLevel": 1}},
    ),
    (
        Order,
        {"items": [ITEM, {"name": "b"}], "buyer": {}},
        Errors(
            missing("items", 1, "price", given={"name": "b"}),
            missing("buyer", "user", given={}),
        ),
    ),
    (User, {"user": "x", "theLevel": 5}, {"user": "x", "theLevel": 5}),
    (User, {"user": "x", "level": 5}, {"user": "x", "theLevel": 1}),
    (
        User,
        {"user": "x", "theLevel": "y"},
        Errors(error("int_parsing", INT, "y", "theLevel")),
    ),
    (
        Strict,
        {"a": 1, "b": 2},
        Errors(error("extra_forbidden", "Extra inputs are not permitted", 2, "b")),
    ),
    (list[Item], [ITEM], [ITEM]),
    (list[Item], [], []),
    (
        list[Item],
        [ITEM, {"name": "b"}],
        Errors(missing(1, "price", given={"name": "b"})),
    ),
    (list[int], {}, Errors(error("list_type", "Input should be a valid list", {}))),
    (set[int], [1, 1], [1]),
    (tuple[int, str], [1, "a"], [1, "a"]),
    (tuple[int, str], [1], Errors(missing(1, given=[1]))),
    (dict, {"1": [2]}, {"1": [2]}),
    (dict, [1], Errors(error("dict_type", "Input should be a valid dictionary", [1]))),
    (dict[int, float], {"1": 2, "2": "3"}, {"1": 2.0, "2": 3.0}),
    (dict[int, float], {"a": 1}, Errors(error("int_parsing", INT, "a", "a", "[key]"))),
    (Item | User, ITEM, ITEM),
    (Item | User, {"user": "x"}, {"user": "x", "theLevel": 1}),
    (
        Item | User,
        {},
        Errors(
            missing("Item", "name", given={}),
            missing("Item", "price", given={}),
            missing("User", "user", given={}),
        ),
    ),
    (CAT_OR_DOG, {"kind": "cat", "lives": 9}, {"kind": "cat", "lives": 9}),
    (CAT_OR_DOG, {"kind": "dog"}, {"kind": "dog", "good": True}),
    (
        CAT_OR_DOG,
        {"kind": "cat"},
        Errors(missing("cat", "lives", given={"kind": "cat"})),
    ),
    (
        CAT_OR_DOG,
        {"kind": "cow"},
        Errors(
            error(
                "union_tag_invalid",
                "Input tag 'cow' found using 'kind' does not match any of the expected "
                "tags: 'cat', 'dog'",
                {"kind": "cow"},
                discriminator="'kind'",
                tag="cow",
                expected_tags="'cat', 'dog'",
            )
        ),
    ),
    (
        CAT_OR_DOG,
        {},
        Errors(
            error(
                "union_tag_not_found",
                "Unable to extract tag using discriminator 'kind'",
                {},
                discriminator="'kind'",
            )
        ),
    ),
    (Point, {"x": "1"}, {"x": 1, "rest": []}),
    (Point, {"x": 1, "rest": [2], "other": 3}, {"x": 1, "rest": [2]}),
    (Point, {}, Errors(missing("x", given={}))),
    (
        Point,
        [],
        Errors(
            error(
                "dataclass_type",
                "Input should be a dictionary or an instance of Point",
                [],
                class_name="Point",
            )
        ),
    ),
    (Loose, {"a": "1"}, {"a": 1}),
    (Loose, {}, {}),
    (
        Loose,
        {"b": 1},
        Errors(error("string_type", "Input should be a valid string", 1, "b")),
    ),
]


@pytest.mark.parametrize(("annotation", "sent", "expected"), BODIES)
def test_one_body_parameter_is_the_whole_body(
    fastapi, part, annotation, sent, expected
):
    check(make(fastapi, part, annotation).post("/", json=sent), expected)


SINGLE = [
    (int, "5", 5),
    (int, '"5"', 5),
    (int, "true", 1),
    (int, "5.0", 5),
    (int, '"x"', Errors(error("int_parsing", INT, "x"))),
    (
        int,
        "5.5",
        Errors(
            error(
                "int_from_float",
                "Input should be a valid integer, got a number with a fractional part",
                5.5,
            )
        ),
    ),
    (
        int,
        "null",
        Errors(error("int_type", "Input should be a valid integer", None)),
    ),
    (int, "", Errors(missing())),
    (str, '"5"', "5"),
    (str, "5", Errors(error("string_type", "Input should be a valid string", 5))),
    (bool, "false", False),
    (float, "1e3", 1000.0),
    (bytes, '"abc"', "abc"),
    (bytes, "5", Errors(error("bytes_type", "Input should be a valid bytes", 5))),
    (Any, '{"a": [1, null]}', {"a": [1, None]}),
    (Any, "null", None),
]


@pytest.mark.parametrize(("annotation", "sent", "expected"), SINGLE)
def test_body_makes_a_body_of_a_single_value(fastapi, part, annotation, sent, expected):
    client = make(fastapi, part, Annotated[annotation, fastapi.Body()])
    check(client.post("/", content=sent, headers={"content-type": JSON}), expected)


WHOLE = '{"name": "a", "price": 1}'
UNREAD = Errors(error("model_attributes_type", MODEL, WHOLE))


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (JSON, ITEM),
        ("application/json; charset=utf-8", ITEM),
        ("APPLICATION/JSON", ITEM),
        ("application/geo+json", ITEM),
        ("application/vnd.api+json; v=1", ITEM),
        ("application/x-json", UNREAD),
        ("text/json", UNREAD),
        ("text/plain", UNREAD),
        ("application/x-www-form-urlencoded", UNREAD),
        ("application", UNREAD),
        ("", UNREAD),
        (None, UNREAD),
    ],
)
def test_only_a_json_content_type_is_read_as_json(
    fastapi, part, content_type, expected
):
    headers = {} if content_type is None else {"content-type": content_type}
    answer = make(fastapi, part, Item).post("/", content=WHOLE, headers=headers)
    check(answer, expected)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [(None, ITEM), ("", ITEM), ("text/plain", UNREAD), (JSON, ITEM)],
)
def test_strict_content_type_off_reads_json_without_a_type(
    fastapi, part, content_type, expected
):
    headers = {} if content_type is None else {"content-type": content_type}
    client = make(fastapi, part, Item, strict_content_type=False)
    check(client.post("/", content=WHOLE, headers=headers), expected)


def test_strict_content_type_can_be_set_for_a_router(fastapi, app, client):
    router = fastapi.APIRouter(strict_content_type=False)

    @router.post("/loose")
    def loose(item: Item):
        return item

    @app.post("/strict")
    def strict(item: Item):
        return item

    app.include_router(router)
    assert client.post("/loose", content=WHOLE).json() == ITEM
    assert client.post("/strict", content=WHOLE).status_code == 422


@pytest.mark.parametrize("content_type", ["text/plain", None])
@pytest.mark.parametrize("annotation", [str, bytes, Any])
def test_another_content_type_gives_the_raw_bytes(
    fastapi, part, annotation, content_type
):
    headers = {"content-type": content_type} if content_type else {}
    client = make(fastapi, part, Annotated[annotation, fastapi.Body()])
    check(client.post("/", content="abc é", headers=headers), "abc é")


@pytest.mark.parametrize(
    ("sent", "position", "reason"),
    [
        ("{", 1, "Expecting property name enclosed in double quotes"),
        ("{'a': 1}", 1, "Expecting property name enclosed in double quotes"),
        ('{"name" 1}', 8, "Expecting ':' delimiter"),
        ('{"name": 1 "b": 2}', 11, "Expecting ',' delimiter"),
        ('{"name": "a"} x', 14, "Extra data"),
        ("nope", 0, "Expecting value"),
        ("   ", 3, "Expecting value"),
        ("[1,", 3, "Expecting value"),
        ('{"a": "\n"}', 7, "Invalid control character at"),
        ('{"a": "b', 6, "Unterminated string starting at"),
        (r'"\x"', 1, "Invalid \\escape"),
        ("undefined", 0, "Expecting value"),
    ],
)
def test_malformed_json_tells_where(fastapi, part, sent, position, reason):
    headers = {"content-type": JSON}
    answer = make(fastapi, part, Item).post("/", content=sent, headers=headers)
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {
                "type": "json_invalid",
                "loc": ["body", position],
                "msg": "JSON decode error",
                "input": {},
                "ctx": {"error": reason},
            }
        ]
    }


@pytest.mark.parametrize("annotation", [Item, list[Item], dict, Any])
def test_no_body_is_a_missing_body(fastapi, part, annotation):
    client = make(fastapi, part, Annotated[annotation, fastapi.Body()])
    check(client.post("/"), Errors(missing()))
    check(
        client.post("/", content="", headers={"content-type": JSON}), Errors(missing())
    )


def test_an_optional_body_is_none_when_empty_or_null(fastapi, part):
    client = make(fastapi, part, Item | None, None)
    check(client.post("/"), None)
    check(client.post("/", content="null", headers={"content-type": JSON}), None)
    check(client.post("/", json={"name": "a", "price": 1}), ITEM)
    check(
        client.post("/", json={}),
        Errors(missing("name", given={}), missing("price", given={})),
    )


@pytest.fixture
def several(fastapi, app, client):
    """Two models and a single value: each under its own name."""

    @app.post("/")
    def read(item: Item, user: User, n: Annotated[int, fastapi.Body(gt=1)] = 2):
        return [item, user, n]

    return client


def test_several_body_parameters_are_keys_of_the_body(several):
    sent = {"item": ITEM, "user": {"user": "u", "theLevel": 4}, "n": 5}
    answer = several.post("/", json=sent)
    assert (answer.status_code, answer.json()) == (200, list(sent.values()))


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ("{}", [missing("item"), missing("user")]),
        ("[]", [missing("item"), missing("user"), missing("n")]),
        ('"x"', [missing("item"), missing("user"), missing("n")]),
        ("null", [missing("item"), missing("user"), missing("n")]),
        ("", [missing("item"), missing("user")]),
        (
            '{"item": {}, "n": 1}',
            [
                missing("item", "name", given={}),
                missing("item", "price", given={}),
                missing("user"),
                error("greater_than", "Input should be greater than 1", 1, "n", gt=1),
            ],
        ),
        (
            '{"item": null, "user": {"user": "u"}}',
            [error("model_attributes_type", MODEL, None, "item")],
        ),
    ],
)
def test_each_of_several_body_parameters_has_its_errors(several, sent, errors):
    answer = several.post("/", content=sent, headers={"content-type": JSON})
    assert answer.status_code == 422
    assert answer.json() == {"detail": errors}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"n": ITEM}, ITEM),
        (ITEM, Errors(missing("n"))),
        (
            {"n": {}},
            Errors(missing("n", "name", given={}), missing("n", "price", given={})),
        ),
        ([], Errors(missing("n"))),
    ],
)
def test_embed_puts_one_model_under_its_name(fastapi, part, sent, expected):
    client = make(fastapi, part, Annotated[Item, fastapi.Body(embed=True)])
    check(client.post("/", json=sent), expected)


def test_an_alias_names_an_embedded_body(fastapi, part):
    annotation = Annotated[int, fastapi.Body(alias="the-n", embed=True)]
    client = make(fastapi, part, annotation)
    check(client.post("/", json={"the-n": 1}), 1)
    check(client.post("/", json={"n": 1}), Errors(missing("the-n")))


def test_body_constrains_and_has_defaults(fastapi, part):
    client = make(fastapi, part, Annotated[list[int], fastapi.Body(min_length=2)], [7])
    check(client.post("/"), [7])
    check(client.post("/", json=[1, 2]), [1, 2])
    too_short = "List should have at least 2 items after validation, not 1"
    details = {"field_type": "List", "min_length": 2, "actual_length": 1}
    check(
        client.post("/", json=[1]),
        Errors(error("too_short", too_short, [1], **details)),
    )
    check(make(fastapi, part, int, fastapi.Body(3)).post("/"), 3)
    made = Annotated[dict, fastapi.Body(default_factory=lambda: {"a": 1})]
    check(make(fastapi, part, made).post("/"), {"a": 1})


def test_body_takes_a_discriminator(fastapi, part):
    annotation = Annotated[Cat | Dog, fastapi.Body(discriminator="kind")]
    client = make(fastapi, part, annotation)
    check(client.post("/", json={"kind": "dog"}), {"kind": "dog", "good": True})


def test_body_path_and_query_stand_together(app, client):
    @app.put("/{p}")
    def read(p: int, item: Strict, q: str | None = None):
        return [p, item, q]

    assert client.put("/7?q=x", json={"a": 1}).json() == [7, {"a": 1}, "x"]
    answer = client.put("/x", json={"a": "y"})
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {"type": "int_parsing", "loc": ["path", "p"], "msg": INT, "input": "x"},
            error("int_parsing", INT, "y", "a"),
        ]
    }


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH", "POST", "OPTIONS"])
def test_every_method_may_have_a_body(app, client, method):
    @app.api_route("/", methods=[method])
    def read(item: Strict):
        return item

    answer = client.request(method, "/", json={"a": 1})
    assert (answer.status_code, answer.json()) == (200, {"a": 1})


def test_the_request_still_has_the_body(fastapi, app, client):
    @app.post("/")
    async def read(item: Strict, request: fastapi.Request):
        return [item.a, (await request.body()).decode(), await request.json()]

    answer = client.post("/", content='{"a":  1}', headers={"content-type": JSON})
    assert answer.json() == [1, '{"a":  1}', {"a": 1}]


def test_the_endpoint_gets_an_instance_of_the_model(app, client):
    @app.post("/")
    def read(item: User):
        return [type(item) is User, item.level, sorted(item.model_fields_set)]

    assert client.post("/", json={"user": "x"}).json() == [True, 1, ["user"]]
    sent = {"user": "x", "theLevel": 2}
    assert client.post("/", json=sent).json() == [True, 2, ["level", "user"]]
