"""What each kind of field makes of a value: for Python, and for a statement."""

import datetime
import enum
import ipaddress
import json
import uuid
from datetime import UTC, date, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from fwtrace.toolkit.orm import (
    AutoField,
    BigAutoField,
    BigIntegerField,
    BinaryField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    DurationField,
    EmailField,
    Field,
    FilePathField,
    FloatField,
    GenericIPAddressField,
    IntegerChoices,
    IntegerField,
    JSONField,
    PositiveBigIntegerField,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    SlugField,
    SmallAutoField,
    SmallIntegerField,
    TextChoices,
    TextField,
    TimeField,
    URLField,
    UUIDField,
)
from fwtrace.toolkit.validators import ValidationError

EAST = datetime.timezone(timedelta(hours=5))
ONE = uuid.UUID(int=1)

FIELDS = [
    AutoField(primary_key=True),
    BigAutoField(primary_key=True),
    SmallAutoField(primary_key=True),
    IntegerField(),
    SmallIntegerField(),
    BigIntegerField(),
    PositiveIntegerField(),
    PositiveSmallIntegerField(),
    PositiveBigIntegerField(),
    FloatField(),
    DecimalField(max_digits=5, decimal_places=2),
    BooleanField(),
    CharField(max_length=5),
    TextField(),
    EmailField(),
    URLField(),
    SlugField(),
    FilePathField(),
    GenericIPAddressField(),
    DateField(),
    DateTimeField(),
    TimeField(),
    DurationField(),
    UUIDField(),
    JSONField(),
    BinaryField(),
    Field(),
]
NAMES = [type(field).__name__ for field in FIELDS]


class Size(IntegerChoices):
    SMALL = 1
    LARGE = 2


class Status(TextChoices):
    DRAFT = "d"


class Plain(enum.Enum):
    ONE = 1
    TEXT = "t"


@pytest.mark.parametrize(
    ("field", "given", "made"),
    [
        (IntegerField(), " 12 ", 12),
        (IntegerField(), 2.9, 2),
        (IntegerField(), True, 1),
        (BigAutoField(primary_key=True), "7", 7),
        (FloatField(), "1e3", 1000.0),
        (FloatField(), 1, 1.0),
        (DecimalField(max_digits=5, decimal_places=2), "1.50", Decimal("1.50")),
        (DecimalField(max_digits=3, decimal_places=2), 1 / 3, Decimal("0.333")),
        (DecimalField(max_digits=5, decimal_places=2), 7, Decimal(7)),
        (BooleanField(), 1, True),
        (BooleanField(), 0.0, False),
        (BooleanField(), "True", True),
        (BooleanField(), "f", False),
        (BooleanField(null=True), "", None),
        (CharField(), 12, "12"),
        (TextField(), Plain.TEXT, "t"),
        (GenericIPAddressField(), " 10.0.0.1 ", "10.0.0.1"),
        (GenericIPAddressField(), "2001:0DB8::0001", "2001:db8::1"),
        (GenericIPAddressField(), "::ffff:a00:1", "::ffff:10.0.0.1"),
        (GenericIPAddressField(unpack_ipv4=True), "::ffff:a00:1", "10.0.0.1"),
        (GenericIPAddressField(), ipaddress.ip_address("::1"), "::1"),
        (DateField(), "2024-2-3", date(2024, 2, 3)),
        (DateField(), datetime.datetime(2024, 2, 3, 4, tzinfo=EAST), date(2024, 2, 2)),
        (DateTimeField(), date(2024, 2, 3), datetime.datetime(2024, 2, 3, tzinfo=UTC)),
        (DateTimeField(), "2024-2-3", datetime.datetime(2024, 2, 3, tzinfo=UTC)),
        (
            DateTimeField(),
            "2024-02-03 04:05+05:00",
            datetime.datetime(2024, 2, 2, 23, 5, tzinfo=UTC),
        ),
        (TimeField(), "4:05", time(4, 5)),
        (TimeField(), datetime.datetime(2024, 2, 3, 4, 5), time(4, 5)),
        (DurationField(), "1 02:03:04", timedelta(1, 7384)),
        (UUIDField(), str(ONE), ONE),
        (UUIDField(), ONE.hex, ONE),
        (UUIDField(), 1, ONE),
        (BinaryField(), "YWI=", b"ab"),
        (BinaryField(), bytearray(b"ab"), b"ab"),
        (JSONField(), {"a": [1]}, {"a": [1]}),
    ],
)
def test_value_becomes_python(field, given, made):
    found = field.to_python(given)
    assert (found, type(found)) == (made, type(made))


@pytest.mark.parametrize(
    ("field", "given", "why"),
    [
        (IntegerField(), "x", "invalid"),
        (IntegerField(), "1.5", "invalid"),
        (IntegerField(), float("inf"), "invalid"),
        (IntegerField(), Decimal("1E+999999999"), "invalid"),
        (IntegerField(), "9" * 5000, "invalid"),
        (FloatField(), 10**400, "invalid"),
        (DecimalField(max_digits=5, decimal_places=2), "x", "invalid"),
        (DecimalField(max_digits=5, decimal_places=2), float("nan"), "invalid"),
        (DecimalField(max_digits=5, decimal_places=2), "Infinity", "invalid"),
        (BooleanField(), "maybe", "invalid"),
        (BooleanField(), 2, "invalid"),
        (BooleanField(), Decimal("sNaN"), "invalid"),
        (BooleanField(), [], "invalid"),
        (GenericIPAddressField(), "::x", "invalid"),
        (DateField(), "soon", "invalid"),
        (DateField(), 5, "invalid"),
        (DateField(), "2024-02-30", "invalid_date"),
        (DateTimeField(), "2024-02-30 04:05:06.5 +02", "invalid_datetime"),
        (DateTimeField(), "2024-02-30", "invalid_date"),
        (
            DateTimeField(),
            datetime.datetime(1, 1, 1, tzinfo=EAST),
            "invalid_datetime",
        ),
        (TimeField(), "noon", "invalid"),
        (TimeField(), "25:00", "invalid_time"),
        (DurationField(), "soon", "invalid"),
        (DurationField(), 5, "invalid"),
        (DurationField(), "9" * 20, "overflow"),
        (UUIDField(), "x", "invalid"),
        (UUIDField(), -1, "invalid"),
        (UUIDField(), 1.5, "invalid"),
        (BinaryField(), "ü", "invalid"),
        (BinaryField(), 5, "invalid"),
    ],
)
def test_value_that_cannot_be_is_refused(field, given, why):
    with pytest.raises(ValidationError) as caught:
        field.to_python(given)
    assert caught.value.code == why
    assert (caught.value.params or {})["value"] is given


def test_refusal_says_what_was_expected():
    with pytest.raises(ValidationError, match="'x' is not a whole number"):
        IntegerField().to_python("x")


@pytest.mark.parametrize("field", FIELDS, ids=NAMES)
def test_nothing_stays_nothing(field):
    assert field.to_python(None) is None
    assert field.get_prep_value(None) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (IntegerField(), 1000),
        (FloatField(), 1.5),
        (DecimalField(max_digits=5, decimal_places=2), Decimal("1.5")),
        (BooleanField(), True),
        (CharField(), "text"),
        (DateField(), date(2024, 2, 3)),
        (DateTimeField(), datetime.datetime(2024, 2, 3, tzinfo=UTC)),
        (TimeField(), time(4, 5)),
        (DurationField(), timedelta(1)),
        (UUIDField(), ONE),
        (BinaryField(), b"ab"),
    ],
)
def test_parameter_of_the_right_type_is_left_alone(field, value, monkeypatch):
    monkeypatch.setattr(type(field), "to_python", None)
    assert field.get_prep_value(value) is value


@pytest.mark.parametrize(
    ("field", "given", "made"),
    [
        (IntegerField(), True, 1),
        (IntegerField(), Size.LARGE, 2),
        (IntegerField(), Plain.ONE, 1),
        (CharField(), Status.DRAFT, "d"),
        (TextField(), 5, "5"),
        (BooleanField(), 1, True),
        (DecimalField(max_digits=5, decimal_places=2), 1, Decimal(1)),
        (DateField(), datetime.datetime(2024, 2, 3, 4), date(2024, 2, 3)),
        (
            DateTimeField(),
            datetime.datetime(2024, 2, 3, 4),
            datetime.datetime(2024, 2, 3, 4, tzinfo=UTC),
        ),
        (BinaryField(), memoryview(b"ab"), b"ab"),
        (JSONField(), {"ä": [1, None]}, '{"ä":[1,null]}'),
        (GenericIPAddressField(), "2001:0DB8::1", "2001:db8::1"),
        (GenericIPAddressField(), "2001:0db8:", "2001:0db8:"),
        (GenericIPAddressField(), "", None),
    ],
)
def test_parameter_is_plain(field, given, made):
    found = field.get_prep_value(given)
    assert (found, type(found)) == (made, type(made))


@pytest.mark.parametrize(
    ("field", "given"),
    [
        (IntegerField(), "x"),
        (DecimalField(max_digits=5, decimal_places=2), Decimal("NaN")),
        (DateTimeField(), "soon"),
        (TimeField(), time(4, 5, tzinfo=UTC)),
        (BinaryField(), "text"),
    ],
)
def test_parameter_that_cannot_be_names_the_field(field, given):
    field.name = "it"
    with pytest.raises(ValueError, match=f"^Field 'it' expected {field.expects}"):
        field.get_prep_value(given)


def test_expression_is_the_databases_to_work_out():
    class Now:
        def as_sql(self, compiler):
            return "now()", []

    expression = Now()
    for field in FIELDS:
        assert field.get_prep_value(expression) is expression


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.fractions(),
    st.complex_numbers(),
    st.text(),
    st.text("0123456789-:.+TZPDHMS ,xabcdef", max_size=40),
    st.binary(),
    st.dates(),
    st.times(),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.timedeltas(),
    st.uuids(),
    st.ip_addresses(),
    st.sampled_from([*Size, *Status, *Plain, object(), int, {}, [], (), set()]),
    st.lists(st.integers()),
    st.tuples(st.integers(), st.text(), st.integers()),
    st.dictionaries(st.text(), st.integers()),
)


@given(ANYTHING)
def test_anything_is_taken_or_refused(value):
    for field in FIELDS:
        try:
            field.to_python(value)
            field.clean(value, None)
        except ValidationError as error:
            messages = error.messages
        else:
            messages = ["fine"]
        assert all(messages)


@given(ANYTHING)
def test_anything_is_a_parameter_or_refused(value):
    for field in FIELDS:
        try:
            found = field.get_prep_value(value)
        except ValueError:
            continue
        assert found is None or isinstance(found, field.stored or object)


@given(ANYTHING)
def test_what_python_has_is_read_the_same_again(value):
    for field in FIELDS:
        try:
            found = field.to_python(value)
        except ValidationError:
            continue
        again = field.to_python(found)
        assert repr(again) == repr(found)  # a NaN is not equal to itself


def row_with(value) -> Any:
    """As much of an instance as a field asks for."""
    return SimpleNamespace(it=value)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (IntegerField(), 5, "5"),
        (DecimalField(max_digits=5, decimal_places=2), Decimal("1.50"), "1.50"),
        (DateField(), date(2024, 2, 3), "2024-02-03"),
        (DateField(), None, ""),
        (
            DateTimeField(),
            datetime.datetime(2024, 2, 3, tzinfo=UTC),
            "2024-02-03T00:00:00+00:00",
        ),
        (TimeField(), time(4, 5), "04:05:00"),
        (DurationField(), timedelta(1, 2), "1 00:00:02"),
        (UUIDField(), ONE, str(ONE)),
        (BinaryField(), b"ab", "YWI="),
        (JSONField(), {"a": 1}, {"a": 1}),
    ],
)
def test_value_is_written_as_it_is_read(field, value, text):
    field.name = field.attname = "it"
    row = row_with(value)
    assert field.value_from_object(row) is value
    assert field.value_to_string(row) == text
    assert text == "" or field.to_python(text) == value


def test_clock_sets_times_when_rows_are_saved():
    for field in (DateField, DateTimeField, TimeField):
        each, first = field(auto_now=True), field(auto_now_add=True)
        each.attname = first.attname = "it"
        assert first.pre_save(row_with("kept"), add=False) == "kept"
        for now, added in ((each, False), (each, True), (first, True)):
            row = row_with(None)
            assert now.pre_save(row, add=added) is row.it
            assert type(row.it) is field.stored
    assert row.it.tzinfo is None
    assert DateTimeField().now().tzinfo is UTC


def test_json_uses_its_encoder():
    class Sets(json.JSONEncoder):
        def default(self, value):
            return sorted(value)

    assert JSONField(encoder=Sets).clean({"a": {1}}, None) == {"a": {1}}
    loop: list[object] = []
    loop.append(loop)
    for wrong in ({"a": {1}}, loop):
        with pytest.raises(ValidationError, match="cannot be written as JSON"):
            JSONField().clean(wrong, None)
