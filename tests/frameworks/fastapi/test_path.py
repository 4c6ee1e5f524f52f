"""Path parameters: what a piece of the URL becomes, and what is refused."""

import datetime
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Literal

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")


class Color(enum.Enum):
    red = "red"
    blue = "blue"


class Level(enum.IntEnum):
    low = 1
    high = 2


def show(fastapi, part, annotation):
    """A client of an application which answers with the ``repr`` of its parameter."""
    app = fastapi.FastAPI()

    @app.get("/items/{item}")
    def read(item: annotation):
        return {"type": type(item).__name__, "item": item}

    return part("testclient").TestClient(app)


def one_error(kind, msg, given, ctx=None, loc=("path", "item")):
    error = {"type": kind, "loc": list(loc), "msg": msg, "input": given}
    return {"detail": [error | ({"ctx": ctx} if ctx else {})]}


GOOD = [
    (str, "abc", "str", "abc"),
    (str, "5", "str", "5"),
    (str, "a%20b", "str", "a b"),
    (str, "%C3%A9t%C3%A9", "str", "été"),
    (str, "True", "str", "True"),
    (int, "5", "int", 5),
    (int, "-3", "int", -3),
    (int, "+7", "int", 7),
    (int, "007", "int", 7),
    (int, "1_000", "int", 1000),
    (int, "5.0", "int", 5),
    (int, "%205", "int", 5),
    (int, "99999999999999999999", "int", 99999999999999999999),
    (float, "5", "float", 5.0),
    (float, "5.5", "float", 5.5),
    (float, "1e3", "float", 1000.0),
    (bool, "true", "bool", True),
    (bool, "TRUE", "bool", True),
    (bool, "on", "bool", True),
    (bool, "Yes", "bool", True),
    (bool, "y", "bool", True),
    (bool, "t", "bool", True),
    (bool, "1", "bool", True),
    (bool, "false", "bool", False),
    (bool, "off", "bool", False),
    (bool, "no", "bool", False),
    (bool, "n", "bool", False),
    (bool, "0", "bool", False),
    (Decimal, "1.50", "Decimal", 1.5),
    (Decimal, "2", "Decimal", 2),
    (
        uuid.UUID,
        "F47AC10B-58CC-4372-A567-0E02B2C3D479",
        "UUID",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    ),
    (
        uuid.UUID,
        "f47ac10b58cc4372a5670e02b2c3d479",
        "UUID",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    ),
    (datetime.date, "2024-02-29", "date", "2024-02-29"),
    (datetime.date, "0", "date", "1970-01-01"),
    (
        datetime.datetime,
        "2024-02-29T10:20:30",
        "datetime",
        "2024-02-29T10:20:30",
    ),
    (
        datetime.datetime,
        "2024-02-29T10:20:30Z",
        "datetime",
        "2024-02-29T10:20:30+00:00",
    ),
    (datetime.datetime, "1700000000", "datetime", "2023-11-14T22:13:20+00:00"),
    (datetime.datetime, "2024-02-29", "datetime", "2024-02-29T00:00:00"),
    (datetime.time, "10:20", "time", "10:20:00"),
    (datetime.timedelta, "PT5M", "timedelta", 300.0),
    (datetime.timedelta, "P1DT2H", "timedelta", 93600.0),
    (Color, "red", "Color", "red"),
    (Level, "2", "Level", 2),
    (Literal["a", "b"], "b", "str", "b"),
    (int | str, "5", "str", "5"),
    (int | float, "5", "int", 5),
    (int | None, "5", "int", 5),
]


@pytest.mark.parametrize(("annotation", "sent", "kind", "item"), GOOD)
def test_a_piece_of_the_path_becomes_what_the_annotation_says(
    fastapi, part, annotation, sent, kind, item
):
    answer = show(fastapi, part, annotation).get(f"/items/{sent}")
    assert (answer.status_code, answer.json()) == (200, {"type": kind, "item": item})


INT = "Input should be a valid integer"
BAD = [
    (int, "abc", "int_parsing", f"{INT}, unable to parse string as an integer", None),
    (int, "5.5", "int_parsing", f"{INT}, unable to parse string as an integer", None),
    (int, "True", "int_parsing", f"{INT}, unable to parse string as an integer", None),
    (
        float,
        "abc",
        "float_parsing",
        "Input should be a valid number, unable to parse string as a number",
        None,
    ),
    (
        bool,
        "2",
        "bool_parsing",
        "Input should be a valid boolean, unable to interpret input",
        None,
    ),
    (Decimal, "abc", "decimal_parsing", "Input should be a valid decimal", None),
    (
        datetime.date,
        "2023-02-29",
        "date_from_datetime_parsing",
        "Input should be a valid date or datetime, day value is outside expected range",
        {"error": "day value is outside expected range"},
    ),
    (
        datetime.date,
        "2024-02-29T10:20",
        "date_from_datetime_inexact",
        "Datetimes provided to dates should have zero time - e.g. be exact dates",
        None,
    ),
    (
        datetime.datetime,
        "abc",
        "datetime_from_date_parsing",
        "Input should be a valid datetime or date, input is too short",
        {"error": "input is too short"},
    ),
    (
        datetime.time,
        "25:00",
        "time_parsing",
        "Input should be in a valid time format, "
        "hour value is outside expected range of 0-23",
        {"error": "hour value is outside expected range of 0-23"},
    ),
    (
        Color,
        "green",
        "enum",
        "Input should be 'red' or 'blue'",
        {"expected": "'red' or 'blue'"},
    ),
    (
        Color,
        "RED",
        "enum",
        "Input should be 'red' or 'blue'",
        {"expected": "'red' or 'blue'"},
    ),
    (Level, "3", "enum", "Input should be 1 or 2", {"expected": "1 or 2"}),
    (
        Literal["a", "b", "c"],
        "d",
        "literal_error",
        "Input should be 'a', 'b' or 'c'",
        {"expected": "'a', 'b' or 'c'"},
    ),
    (
        uuid.UUID,
        "abc",
        "uuid_parsing",
        "Input should be a valid UUID, invalid length: found 3",
        {"error": "invalid length: found 3"},
    ),
]


@pytest.mark.parametrize(("annotation", "sent", "kind", "msg", "ctx"), BAD)
def test_what_the_annotation_does_not_allow_is_a_422(
    fastapi, part, annotation, sent, kind, msg, ctx
):
    answer = show(fastapi, part, annotation).get(f"/items/{sent}")
    assert answer.status_code == 422
    assert answer.json() == one_error(kind, msg, sent, ctx)


CONSTRAINTS = [
    ({"gt": 3}, int, "4", None),
    ({"gt": 3}, int, "3", ("greater_than", "Input should be greater than 3")),
    ({"ge": 3}, int, "3", None),
    (
        {"ge": 3},
        int,
        "2",
        ("greater_than_equal", "Input should be greater than or equal to 3"),
    ),
    ({"lt": 3}, int, "2", None),
    ({"lt": 3}, int, "3", ("less_than", "Input should be less than 3")),
    ({"le": 3}, int, "3", None),
    (
        {"le": 3},
        int,
        "4",
        ("less_than_equal", "Input should be less than or equal to 3"),
    ),
    ({"gt": 0, "lt": 1}, float, "0.5", None),
    ({"gt": 0}, float, "0", ("greater_than", "Input should be greater than 0")),
    ({"multiple_of": 5}, int, "10", None),
    ({"multiple_of": 5}, int, "7", ("multiple_of", "Input should be a multiple of 5")),
    ({"min_length": 2}, str, "ab", None),
    (
        {"min_length": 2},
        str,
        "a",
        ("string_too_short", "String should have at least 2 characters"),
    ),
    (
        {"max_length": 2},
        str,
        "abc",
        ("string_too_long", "String should have at most 2 characters"),
    ),
    ({"max_length": 2}, str, "%C3%A9%C3%A9", None),
    ({"pattern": "^[a-c]+$"}, str, "abc", None),
    (
        {"pattern": "^[a-c]+$"},
        str,
        "abd",
        ("string_pattern_mismatch", "String should match pattern '^[a-c]+$'"),
    ),
    ({"pattern": "b"}, str, "abc", None),
]


@pytest.mark.parametrize("style", ["annotated", "default"])
@pytest.mark.parametrize(("options", "annotation", "sent", "error"), CONSTRAINTS)
def test_path_constrains_its_parameter(
    fastapi, part, style, options, annotation, sent, error
):
    app = fastapi.FastAPI()
    if style == "annotated":

        @app.get("/items/{item}")
        def read(item: Annotated[annotation, fastapi.Path(**options)]):
            return "ok"

    else:
        default = fastapi.Path(**options)

        @app.get("/items/{item}")
        def read(item: annotation = default):
            return "ok"

    answer = part("testclient").TestClient(app).get(f"/items/{sent}")
    if error is None:
        assert (answer.status_code, answer.json()) == (200, "ok")
    else:
        kind, msg = error
        assert answer.status_code == 422
        assert answer.json() == one_error(kind, msg, sent, options)


def test_constraints_are_tried_after_the_type(fastapi, app, client):
    @app.get("/{item}")
    def read(item: Annotated[int, fastapi.Path(gt=3)]):
        return item

    assert client.get("/x").json() == one_error(
        "int_parsing", f"{INT}, unable to parse string as an integer", "x"
    )


def test_errors_of_all_the_parameters_come_together_in_order(fastapi, app, client):
    @app.get("/{b}/{a}/{c}")
    def read(a: int, b: Annotated[int, fastapi.Path(le=5)], c: bool, q: float):
        raise AssertionError

    answer = client.get("/6/x/true")
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {
                "type": "int_parsing",
                "loc": ["path", "a"],
                "msg": f"{INT}, unable to parse string as an integer",
                "input": "x",
            },
            {
                "type": "less_than_equal",
                "loc": ["path", "b"],
                "msg": "Input should be less than or equal to 5",
                "input": "6",
                "ctx": {"le": 5},
            },
            {
                "type": "missing",
                "loc": ["query", "q"],
                "msg": "Field required",
                "input": None,
            },
        ]
    }


def test_a_union_reports_each_member_it_tried(fastapi, part):
    answer = show(fastapi, part, int | bool).get("/items/x")
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {
                "type": "int_parsing",
                "loc": ["path", "item", "int"],
                "msg": f"{INT}, unable to parse string as an integer",
                "input": "x",
            },
            {
                "type": "bool_parsing",
                "loc": ["path", "item", "bool"],
                "msg": "Input should be a valid boolean, unable to interpret input",
                "input": "x",
            },
        ]
    }


def test_an_alias_names_the_part_of_the_path(fastapi, app, client):
    @app.get("/{item_id}")
    def read(item: Annotated[int, fastapi.Path(alias="item_id")]):
        return item

    assert client.get("/3").json() == 3
    assert client.get("/x").json() == one_error(
        "int_parsing",
        f"{INT}, unable to parse string as an integer",
        "x",
        loc=("path", "item_id"),
    )


def test_a_parameter_without_annotation_is_the_text(app, client):
    @app.get("/{item}")
    def read(item):
        return item

    assert client.get("/5").json() == "5"


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("/files/a", "a"),
        ("/files/a/b.txt", "a/b.txt"),
        ("/files//etc/passwd", "/etc/passwd"),
        ("/files/a%2Fb", "a/b"),
        ("/files/", ""),
        ("/files/a/", "a/"),
    ],
)
def test_the_path_convertor_takes_slashes(app, client, path, item):
    @app.get("/files/{item:path}")
    def read(item: str):
        return item

    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (200, item)


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/int/5", 200, "int"),
        ("/int/x", 404, {"detail": "Not Found"}),
        ("/int/-5", 404, {"detail": "Not Found"}),
        ("/float/5.5", 200, "float"),
        ("/float/5", 200, "float"),
        ("/float/x", 404, {"detail": "Not Found"}),
        ("/uuid/f47ac10b-58cc-4372-a567-0e02b2c3d479", 200, "UUID"),
        ("/uuid/5", 404, {"detail": "Not Found"}),
        ("/str/a/b", 404, {"detail": "Not Found"}),
        ("/str/", 404, {"detail": "Not Found"}),
    ],
)
def test_a_convertor_decides_whether_the_route_matches(app, client, path, status, body):
    for name, annotation in [
        ("int", int),
        ("float", float),
        ("uuid", uuid.UUID),
        ("str", str),
    ]:

        @app.get(f"/{name}/{{item:{name}}}")
        def read(item: annotation):
            return type(item).__name__

    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (status, body)


def test_the_first_route_that_matches_answers(app, client):
    @app.get("/users/me")
    def me():
        return "me"

    @app.get("/users/{user}")
    def other(user: int):
        return user

    @app.get("/users/you")
    def you():
        return "never"

    assert client.get("/users/me").json() == "me"
    assert client.get("/users/7").json() == 7
    assert client.get("/users/you").status_code == 422


def test_several_parameters_stand_in_one_segment(app, client):
    @app.get("/{name}.{suffix}/v{version}")
    def read(name: str, suffix: str, version: int):
        return [name, suffix, version]

    assert client.get("/a.b.c/v12").json() == ["a.b", "c", 12]
    assert client.get("/abc/v12").status_code == 404


def test_a_path_parameter_is_required_whatever_its_default_says(app, client):
    @app.get("/{item}")
    def read(item: int | None):
        return item

    assert client.get("/None").status_code == 422


def test_path_and_query_parameters_keep_apart(app, client):
    @app.get("/{item}")
    def read(item: int, q: int = 0):
        return [item, q]

    assert client.get("/1?item=2&q=3").json() == [1, 3]
