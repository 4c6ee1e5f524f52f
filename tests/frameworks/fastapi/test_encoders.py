"""``jsonable_encoder``: from any object to what JSON can hold."""

import collections
import dataclasses
import datetime
import enum
import ipaddress
import pathlib
import re
import uuid
from decimal import Decimal

import pytest
from pydantic import AnyUrl, BaseModel, Field, HttpUrl, SecretStr, field_serializer
from pydantic_core import PydanticUndefined


class Color(enum.Enum):
    red = "r"
    nested = (1, 2)


class Level(enum.IntEnum):
    low = 1


class Item(BaseModel):
    name: str
    size: int = 1
    note: str | None = None
    kind: int = Field(2, validation_alias="theKind", serialization_alias="theKind")


class Event(BaseModel):
    when: datetime.datetime
    price: Decimal
    tags: set[int]
    url: HttpUrl
    secret: SecretStr


class Shouting(BaseModel):
    name: str

    @field_serializer("name")
    def shout(self, name):
        return name.upper()


@dataclasses.dataclass
class Point:
    x: int
    when: datetime.date | None = None


class Plain:
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Pairs:
    def __iter__(self):
        return iter([("a", 1), ("b", datetime.date(2024, 1, 2))])


class Slotted:
    __slots__ = ()


class Text(str):
    __slots__ = ()


@pytest.fixture
def encode(part):
    return part("encoders").jsonable_encoder


FULL = {"name": "a", "size": 1, "note": None, "theKind": 2}
UTC = datetime.UTC
VALUES = [
    (1, 1),
    (1.5, 1.5),
    ("a", "a"),
    (None, None),
    (True, True),
    (Text("a"), "a"),
    ([1, (2, 3)], [1, [2, 3]]),
    ({1}, [1]),
    (frozenset({1}), [1]),
    (collections.deque([1, 2]), [1, 2]),
    ({"a": {1: 2}}, {"a": {1: 2}}),
    (collections.OrderedDict(a=1), {"a": 1}),
    ({datetime.date(2024, 1, 2): 1}, {"2024-01-02": 1}),
    ({Color.red: 1}, {"r": 1}),
    ({None: 1, True: 2}, {None: 1, True: 2}),
    (Color.red, "r"),
    (Color.nested, (1, 2)),
    (Level.low, 1),
    (datetime.date(2024, 1, 2), "2024-01-02"),
    (datetime.datetime(2024, 1, 2, 3, 4, 5), "2024-01-02T03:04:05"),
    (datetime.datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02T00:00:00+00:00"),
    (datetime.time(3, 4, 5, 6), "03:04:05.000006"),
    (datetime.timedelta(minutes=1, milliseconds=500), 60.5),
    (Decimal("1"), 1),
    (Decimal("1.0"), 1.0),
    (Decimal("1E+2"), 100),
    (Decimal("1.50"), 1.5),
    (b"ab\xc3\xa9", "abé"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (pathlib.Path("a/b"), "a/b"),
    (pathlib.PurePosixPath("/a"), "/a"),
    (pathlib.PureWindowsPath("C:/a"), "C:\\a"),
    (re.compile("a+"), "a+"),
    (ipaddress.ip_address("127.0.0.1"), "127.0.0.1"),
    (ipaddress.ip_address("::1"), "::1"),
    (ipaddress.ip_network("10.0.0.0/8"), "10.0.0.0/8"),
    (ipaddress.ip_interface("10.0.0.1/8"), "10.0.0.1/8"),
    (AnyUrl("http://a.b"), "http://a.b/"),
    (SecretStr("x"), "**********"),
    (PydanticUndefined, None),
    (Item(name="a", theKind=2), FULL),
    ([Item(name="a")], [FULL]),
    ({"k": Item(name="a")}, {"k": FULL}),
    (Shouting(name="a"), {"name": "A"}),
    (Point(1, datetime.date(2024, 1, 2)), {"x": 1, "when": "2024-01-02"}),
    (Plain(a=1, b=Plain(c={2})), {"a": 1, "b": {"c": [2]}}),
    (Pairs(), {"a": 1, "b": "2024-01-02"}),
]


@pytest.mark.parametrize(("value", "encoded"), VALUES)
def test_values_become_what_json_can_hold(encode, value, encoded):
    found = encode(value)
    assert found == encoded
    assert type(found) is type(encoded) or isinstance(value, str | int)


def test_a_whole_decimal_is_an_int_and_another_a_float(encode):
    assert type(encode(Decimal("1"))) is int
    assert type(encode(Decimal("1.0"))) is float
    assert str(encode(Decimal("NaN"))) == "nan"


def test_generators_are_exhausted(encode):
    assert encode(Point(n) for n in range(2)) == [
        {"x": 0, "when": None},
        {"x": 1, "when": None},
    ]


def test_values_inside_a_model_are_written_by_pydantic(encode):
    event = Event(
        when=datetime.datetime(2024, 1, 2, tzinfo=UTC),
        price=Decimal("1.50"),
        tags={1},
        url="http://a.b",
        secret="x",
    )
    assert encode(event) == {
        "when": "2024-01-02T00:00:00Z",
        "price": "1.50",
        "tags": [1],
        "url": "http://a.b/",
        "secret": "**********",
    }


SOME = Item(name="a", size=1)
OPTIONS = [
    (SOME, {"by_alias": False}, {"name": "a", "size": 1, "note": None, "kind": 2}),
    (SOME, {"exclude_unset": True}, {"name": "a", "size": 1}),
    (SOME, {"exclude_defaults": True}, {"name": "a"}),
    (SOME, {"exclude_none": True}, {"name": "a", "size": 1, "theKind": 2}),
    (SOME, {"include": {"name"}}, {"name": "a"}),
    (SOME, {"include": ["name", "kind"]}, {"name": "a", "theKind": 2}),
    (SOME, {"include": set()}, {}),
    (SOME, {"exclude": {"note", "kind"}}, {"name": "a", "size": 1}),
    (SOME, {"exclude": ["name"]}, {"size": 1, "note": None, "theKind": 2}),
    (SOME, {"include": {"name", "size"}, "exclude": {"name"}}, {"size": 1}),
    ([SOME, SOME], {"include": {"name"}}, [{"name": "a"}, {"name": "a"}]),
    ({"k": SOME}, {"exclude_unset": True}, {"k": {"name": "a", "size": 1}}),
    ({"k": SOME, "name": 1}, {"include": {"name"}}, {"name": 1}),
    ({"a": 1, "b": 2}, {"include": {"a"}}, {"a": 1}),
    ({"a": 1, "b": 2}, {"exclude": {"a"}}, {"b": 2}),
    ({"a": 1, "b": {"a": 1}}, {"exclude": {"a"}}, {"b": {"a": 1}}),
    ({"a": None, "b": [None, {"c": None}]}, {"exclude_none": True}, {"b": [None, {}]}),
    ({"a": None}, {"exclude_unset": True, "exclude_defaults": True}, {"a": None}),
    (Point(1), {"exclude_none": True}, {"x": 1}),
    (Point(1), {"include": {"x"}}, {"x": 1}),
    (Plain(a=1, b=2), {"exclude": {"b"}}, {"a": 1}),
    ({"_sa_x": 1, "_s": 2}, {}, {"_s": 2}),
    ({"_sa_x": 1, "_s": 2}, {"sqlalchemy_safe": False}, {"_sa_x": 1, "_s": 2}),
    (Plain(_sa_instance_state=object(), a=1), {}, {"a": 1}),
]


@pytest.mark.parametrize(("value", "options", "encoded"), OPTIONS)
def test_options_choose_what_is_kept(encode, value, options, encoded):
    assert encode(value, **options) == encoded


CUSTOM = [
    (datetime.date(2024, 1, 2), {datetime.date: str}, "2024-01-02"),
    (datetime.datetime(2024, 1, 2), {datetime.date: lambda d: d.year}, 2024),
    ({"a": [Decimal("1.50")]}, {Decimal: str}, {"a": ["1.50"]}),
    (Point(1), {Point: lambda point: f"<{point.x}>"}, "<1>"),
    (Point(1), {int: lambda n: n + 1}, {"x": 2, "when": None}),
    (Item(name="a"), {Item: lambda item: item.name}, "a"),
    (Item(name="a"), {str: str.upper}, FULL),
    (Plain(a=1), {Plain: lambda plain: "plain"}, "plain"),
    ("a", {str: str.upper}, "A"),
    ({"a": "b"}, {str: str.upper}, {"A": "B"}),
    (True, {int: lambda n: "int", bool: lambda b: "bool"}, "bool"),
    (Slotted(), {Slotted: lambda _: 1}, 1),
]


@pytest.mark.parametrize(("value", "custom", "encoded"), CUSTOM)
def test_a_custom_encoder_comes_first(encode, value, custom, encoded):
    assert encode(value, custom_encoder=custom) == encoded


def test_an_object_without_attributes_is_an_error(encode):
    with pytest.raises(ValueError, match="not iterable") as caught:
        encode(Slotted())
    errors = caught.value.args[0]
    assert [type(error) for error in errors] == [TypeError, TypeError]


def test_bytes_must_be_utf_8(encode):
    with pytest.raises(UnicodeDecodeError):
        encode(b"\xff")


def test_a_cycle_is_an_error(encode):
    cycle = []
    cycle.append(cycle)
    with pytest.raises(RecursionError):
        encode(cycle)


def test_the_object_itself_is_left_alone(encode):
    value = {"a": [datetime.date(2024, 1, 2)], "b": None}
    encode(value, exclude_none=True)
    assert value == {"a": [datetime.date(2024, 1, 2)], "b": None}
