"""Query parameters: required or not, one value or many, and models of them."""

import datetime
import enum
from typing import Annotated, Literal

import pytest
from pydantic import AliasChoices, BaseModel, Field

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")

INT = "Input should be a valid integer, unable to parse string as an integer"
BOOL = "Input should be a valid boolean, unable to interpret input"


class Color(enum.Enum):
    red = "red"
    blue = "blue"


class Page(BaseModel):
    name: str
    number: int = 0


class Strict(BaseModel):
    model_config = {"extra": "forbid"}

    limit: int = Field(10, gt=0, le=100)
    order: Literal["up", "down"] = "up"
    tags: list[str] = []


class Open(BaseModel):
    model_config = {"extra": "allow"}

    name: str
    size: int = Field(1, alias="the-size")


def make(fastapi, part, annotation, *default):
    """A client of an application which answers with its parameter ``q``."""
    app = fastapi.FastAPI()
    if default:

        @app.get("/")
        def read(q: annotation = default[0]):
            return {"q": q}

    else:

        @app.get("/")
        def read(q: annotation):
            return {"q": q}

    return part("testclient").TestClient(app)


def error(kind, msg, given, *loc, **ctx):
    found = {"type": kind, "loc": ["query", *loc], "msg": msg, "input": given}
    return found | ({"ctx": ctx} if ctx else {})


def missing(*loc, given=None):
    return error("missing", "Field required", given, *loc)


def check(answer, expected):
    """``expected``: what ``q`` was, or a list of errors."""
    if isinstance(expected, Errors):
        assert answer.status_code == 422
        assert answer.json() == {"detail": list(expected)}
    else:
        assert (answer.status_code, answer.json()) == (200, {"q": expected})


class Errors(tuple):
    def __new__(cls, *errors):
        return super().__new__(cls, errors)


REQUIRED = [
    (str, "", Errors(missing("q"))),
    (str, "?q=", ""),
    (str, "?q", ""),
    (str, "?q=1&q=2", "2"),
    (str, "?Q=1", Errors(missing("q"))),
    (str, "?q=a+b%26c%2B", "a b&c+"),
    (str, "?q=a;b", "a;b"),
    (str, "?q=a=b", "a=b"),
    (str, "?q=null", "null"),
    (str, "?q=%C3%A9", "é"),
    (int, "?q=5", 5),
    (int, "?q=", Errors(error("int_parsing", INT, "", "q"))),
    (int | None, "", Errors(missing("q"))),
    (int | None, "?q=null", Errors(error("int_parsing", INT, "null", "q"))),
    (bool, "?q=", Errors(error("bool_parsing", BOOL, "", "q"))),
    (bool, "?q=maybe", Errors(error("bool_parsing", BOOL, "maybe", "q"))),
    (datetime.date, "?q=2024-02-29", "2024-02-29"),
    (datetime.datetime, "?q=2024-02-29T10:20:30Z", "2024-02-29T10:20:30+00:00"),
    (datetime.timedelta, "?q=PT1M30S", 90.0),
    (Color, "?q=blue", "blue"),
    (
        Color,
        "?q=green",
        Errors(
            error(
                "enum",
                "Input should be 'red' or 'blue'",
                "green",
                "q",
                expected="'red' or 'blue'",
            )
        ),
    ),
    (Literal["a", 1], "?q=a", "a"),
    (
        Literal["a", 1],
        "?q=1",
        Errors(
            error(
                "literal_error",
                "Input should be 'a' or 1",
                "1",
                "q",
                expected="'a' or 1",
            )
        ),
    ),
    (int | str, "?q=3", "3"),
    (str | int, "?q=3", "3"),
    (int | bool, "?q=true", True),
    (int | bool, "?q=1", 1),
]


@pytest.mark.parametrize(("annotation", "query", "expected"), REQUIRED)
def test_a_parameter_without_default_is_required(
    fastapi, part, annotation, query, expected
):
    check(make(fastapi, part, annotation).get("/" + query), expected)


DEFAULTS = [
    (str, "x", "", "x"),
    (str, "x", "?q=", ""),
    (str, "x", "?q=y", "y"),
    (str | None, None, "", None),
    (str | None, None, "?q=", ""),
    (int | None, None, "?q=", Errors(error("int_parsing", INT, "", "q"))),
    (int, 3, "?q=x", Errors(error("int_parsing", INT, "x", "q"))),
    (int, "not an int", "", "not an int"),
    (int, None, "", None),
    (bool, True, "?q=off", False),
]
BOOLEANS = {
    True: ["1", "true", "True", "TRUE", "t", "on", "ON", "yes", "y", "Y"],
    False: ["0", "false", "False", "FALSE", "f", "off", "OFF", "no", "n", "N"],
}


@pytest.mark.parametrize(("annotation", "default", "query", "expected"), DEFAULTS)
def test_a_default_stands_for_what_was_not_sent(
    fastapi, part, annotation, default, query, expected
):
    check(make(fastapi, part, annotation, default).get("/" + query), expected)


@pytest.mark.parametrize(("expected", "spellings"), BOOLEANS.items())
def test_booleans_have_many_spellings(fastapi, part, expected, spellings):
    client = make(fastapi, part, bool)
    for spelling in spellings:
        check(client.get("/", params={"q": spelling}), expected)


MANY = [
    (list[int], "?q=1&q=2", [1, 2]),
    (list[int], "?q=1", [1]),
    (list[int], "", Errors(missing("q"))),
    (list[int], "?q=", Errors(error("int_parsing", INT, "", "q", 0))),
    (list[int], "?q=1&q=x", Errors(error("int_parsing", INT, "x", "q", 1))),
    (
        list[int],
        "?q=x&q=1&q=y",
        Errors(
            error("int_parsing", INT, "x", "q", 0),
            error("int_parsing", INT, "y", "q", 2),
        ),
    ),
    (list[int], "?q=1,2", Errors(error("int_parsing", INT, "1,2", "q", 0))),
    (list[int], "?q[]=1", Errors(missing("q"))),
    (list[str], "?q=&q=a", ["", "a"]),
    (list, "?q=1&q=a", ["1", "a"]),
    (set[int], "?q=1&q=1", [1]),
    (frozenset[str], "?q=a&q=a", ["a"]),
    (tuple[int, str], "?q=1&q=2", [1, "2"]),
    (tuple[int, str], "?q=1", Errors(missing("q", 1, given=["1"]))),
    (
        tuple[int, str],
        "?q=1&q=2&q=3",
        Errors(
            error(
                "too_long",
                "Tuple should have at most 2 items after validation, not 3",
                ["1", "2", "3"],
                "q",
                field_type="Tuple",
                max_length=2,
                actual_length=3,
            )
        ),
    ),
    (tuple[int, ...], "?q=1&q=2&q=3", [1, 2, 3]),
    (list[Color], "?q=red&q=blue", ["red", "blue"]),
]


@pytest.mark.parametrize(("annotation", "query", "expected"), MANY)
def test_a_sequence_takes_all_the_values_of_its_name(
    fastapi, part, annotation, query, expected
):
    client = make(fastapi, part, Annotated[annotation, fastapi.Query()])
    check(client.get("/" + query), expected)


def test_an_empty_list_is_no_value(fastapi, part):
    client = make(fastapi, part, Annotated[list[str] | None, fastapi.Query()], None)
    check(client.get("/"), None)
    check(client.get("/?q="), [""])
    check(client.get("/?q=a&q=b"), ["a", "b"])


def test_a_list_without_query_is_the_body(fastapi, part):
    answer = make(fastapi, part, list[str]).get("/?q=a")
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {
                "type": "missing",
                "loc": ["body"],
                "msg": "Field required",
                "input": None,
            }
        ]
    }


NAMES = [
    ({"alias": "item-query"}, "?item-query=3", "3"),
    ({"alias": "item-query"}, "?q=3", Errors(missing("item-query"))),
    ({"validation_alias": "v"}, "?v=3", "3"),
    ({"validation_alias": "v"}, "?q=3", Errors(missing("v"))),
    ({"alias": "a", "validation_alias": "v"}, "?v=3", "3"),
    ({"alias": "a", "validation_alias": "v"}, "?a=3", Errors(missing("v"))),
    ({"validation_alias": AliasChoices("a", "b")}, "?a=1", "1"),
    ({"validation_alias": AliasChoices("a", "b")}, "?b=2", "2"),
    ({"validation_alias": AliasChoices("a", "b")}, "?b=2&a=1", "1"),
    ({"validation_alias": AliasChoices("a", "b")}, "?q=1", Errors(missing("a"))),
    ({"serialization_alias": "s"}, "?q=3", "3"),
]


@pytest.mark.parametrize(("options", "query", "expected"), NAMES)
def test_an_alias_replaces_the_name(fastapi, part, options, query, expected):
    client = make(fastapi, part, Annotated[str, fastapi.Query(**options)])
    check(client.get("/" + query), expected)


LIST_TOO_SHORT = error(
    "too_short",
    "List should have at least 2 items after validation, not 1",
    ["1"],
    "q",
    field_type="List",
    min_length=2,
    actual_length=1,
)
CONSTRAINTS = [
    (int, {"gt": 3}, "?q=4", 4),
    (
        int,
        {"gt": 3},
        "?q=3",
        Errors(error("greater_than", "Input should be greater than 3", "3", "q", gt=3)),
    ),
    (
        int,
        {"le": 3},
        "?q=4",
        Errors(
            error(
                "less_than_equal",
                "Input should be less than or equal to 3",
                "4",
                "q",
                le=3,
            )
        ),
    ),
    (
        str,
        {"min_length": 3},
        "?q=ab",
        Errors(
            error(
                "string_too_short",
                "String should have at least 3 characters",
                "ab",
                "q",
                min_length=3,
            )
        ),
    ),
    (str, {"max_length": 3}, "?q=abc", "abc"),
    (
        str,
        {"max_length": 1},
        "?q=ab",
        Errors(
            error(
                "string_too_long",
                "String should have at most 1 character",
                "ab",
                "q",
                max_length=1,
            )
        ),
    ),
    (
        str,
        {"pattern": r"^\d+$"},
        "?q=a",
        Errors(
            error(
                "string_pattern_mismatch",
                r"String should match pattern '^\d+$'",
                "a",
                "q",
                pattern=r"^\d+$",
            )
        ),
    ),
    (list[int], {"min_length": 2}, "?q=1", Errors(LIST_TOO_SHORT)),
    (list[int], {"min_length": 2}, "?q=1&q=2", [1, 2]),
    (
        float,
        {"allow_inf_nan": False},
        "?q=inf",
        Errors(error("finite_number", "Input should be a finite number", "inf", "q")),
    ),
    (int | str, {"union_mode": "left_to_right"}, "?q=3", 3),
    (
        int,
        {"strict": True},
        "?q=3",
        Errors(error("int_type", "Input should be a valid integer", "3", "q")),
    ),
    (int, {"deprecated": True, "include_in_schema": False}, "?q=3", 3),
    (int, {"title": "T", "description": "D", "examples": [1]}, "?q=3", 3),
    (int, {"openapi_examples": {"a": {"value": 1}}}, "?q=3", 3),
]


@pytest.mark.parametrize("style", ["annotated", "default"])
@pytest.mark.parametrize(("annotation", "options", "query", "expected"), CONSTRAINTS)
def test_query_constrains_in_both_styles(
    fastapi, part, style, annotation, options, query, expected
):
    if style == "annotated":
        client = make(fastapi, part, Annotated[annotation, fastapi.Query(**options)])
    else:
        client = make(fastapi, part, annotation, fastapi.Query(**options))
    check(client.get("/" + query), expected)


def test_a_default_can_be_given_in_query_in_the_default_style(fastapi, part):
    client = make(fastapi, part, int, fastapi.Query(3, gt=0))
    check(client.get("/"), 3)
    check(client.get("/?q=4"), 4)
    check(make(fastapi, part, int, fastapi.Query(...)).get("/"), Errors(missing("q")))


def test_a_default_is_validated_only_when_asked(fastapi, part):
    check(make(fastapi, part, Annotated[int, fastapi.Query()], "3").get("/"), "3")
    asked = Annotated[int, fastapi.Query(validate_default=True)]
    check(make(fastapi, part, asked, "3").get("/"), 3)
    check(
        make(fastapi, part, asked, "x").get("/"),
        Errors(error("int_parsing", INT, "x", "q")),
    )


def test_a_default_factory_is_called_for_every_request(fastapi, part):
    numbers = iter(range(10))
    annotation = Annotated[int, fastapi.Query(default_factory=lambda: next(numbers))]
    client = make(fastapi, part, annotation)
    check(client.get("/"), 0)
    check(client.get("/"), 1)
    check(client.get("/?q=7"), 7)


def test_a_mutable_default_is_copied(fastapi, app, client):
    @app.get("/")
    def read(q: Annotated[list[str], fastapi.Query()] = ["a"]):  # noqa: B006
        q.append("b")
        return q

    assert client.get("/").json() == ["a", "b"]
    assert client.get("/").json() == ["a", "b"]


def test_constraints_of_pydantic_count_too(fastapi, part):
    client = make(fastapi, part, Annotated[int, Field(gt=3)], 5)
    check(
        client.get("/?q=1"),
        Errors(error("greater_than", "Input should be greater than 3", "1", "q", gt=3)),
    )


def test_errors_of_several_parameters_come_in_order(app, client):
    @app.get("/")
    def read(b: int, a: bool, c: str, d: int = 0):
        raise AssertionError

    answer = client.get("/?a=x&b=y&d=z")
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            error("int_parsing", INT, "y", "b"),
            error("bool_parsing", BOOL, "x", "a"),
            missing("c"),
            error("int_parsing", INT, "z", "d"),
        ]
    }


def test_unknown_parameters_are_ignored(fastapi, part):
    check(make(fastapi, part, int).get("/?q=1&r=2"), 1)


MODELS = [
    (Page, "?name=x", {"name": "x", "number": 0}),
    (Page, "?name=x&number=3&other=1", {"name": "x", "number": 3}),
    (Page, "?name=x&name=y", {"name": "y", "number": 0}),
    (Page, "", Errors(missing("name", given={}))),
    (Page, "?q=1", Errors(missing("name", given={"q": "1"}))),
    (
        Page,
        "?number=x",
        Errors(
            missing("name", given={"number": "x"}),
            error("int_parsing", INT, "x", "number"),
        ),
    ),
    (Strict, "", {"limit": 10, "order": "up", "tags": []}),
    (
        Strict,
        "?limit=5&tags=a&tags=b&order=down",
        {"limit": 5, "order": "down", "tags": ["a", "b"]},
    ),
    (Strict, "?tags=", {"limit": 10, "order": "up", "tags": [""]}),
    (
        Strict,
        "?limit=0&order=left",
        Errors(
            error("greater_than", "Input should be greater than 0", "0", "limit", gt=0),
            error(
                "literal_error",
                "Input should be 'up' or 'down'",
                "left",
                "order",
                expected="'up' or 'down'",
            ),
        ),
    ),
    (
        Strict,
        "?limit=1&x=2&y=1&y=2",
        Errors(
            error("extra_forbidden", "Extra inputs are not permitted", "2", "x"),
            error("extra_forbidden", "Extra inputs are not permitted", ["1", "2"], "y"),
        ),
    ),
    (
        Open,
        "?name=x&the-size=2&z=1&z=2&w=3",
        {"name": "x", "the-size": 2, "z": ["1", "2"], "w": "3"},
    ),
    (Open, "?name=x&size=3", {"name": "x", "the-size": 1, "size": "3"}),
]


@pytest.mark.parametrize(("model", "query", "expected"), MODELS)
def test_a_model_gathers_the_parameters(fastapi, part, model, query, expected):
    client = make(fastapi, part, Annotated[model, fastapi.Query()])
    check(client.get("/" + query), expected)


def test_a_model_stands_beside_single_parameters(fastapi, app, client):
    @app.get("/")
    def read(page: Annotated[Page, fastapi.Query()], q: int = 0):
        return [page, q]

    assert client.get("/?name=x&q=1").json() == [{"name": "x", "number": 0}, 1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", None),
        ("?other=1", None),
        ("?name=x", {"name": "x", "number": 0}),
        ("?number=2", Errors(missing("name", given={"number": "2"}))),
    ],
)
def test_an_optional_model_is_none_when_nothing_of_it_is_sent(
    fastapi, part, query, expected
):
    client = make(fastapi, part, Annotated[Page | None, fastapi.Query()], None)
    check(client.get("/" + query), expected)


def test_a_model_without_query_is_the_body(fastapi, part):
    answer = make(fastapi, part, Page).get("/?name=x")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body"]


def test_only_the_last_of_repeated_values_is_validated(fastapi, part):
    check(make(fastapi, part, int).get("/?q=x&q=2"), 2)


def test_a_dict_is_no_query_parameter(fastapi, app):
    with pytest.raises(AssertionError, match="Query parameter 'q' must be one of"):

        @app.get("/")
        def read(q: Annotated[dict[str, str], fastapi.Query()]):
            raise NotImplementedError


def test_a_default_cannot_be_given_twice(fastapi, app):
    with pytest.raises(AssertionError, match="cannot be set in `Annotated`"):

        @app.get("/")
        def read(q: Annotated[int, fastapi.Query(3)] = 4):
            raise NotImplementedError
