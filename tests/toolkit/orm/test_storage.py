"""What comes back from a table: every kind of field, constraints, checks, schema."""

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest

from fwtrace.toolkit import orm
from fwtrace.toolkit.orm import (
    CheckConstraint,
    F,
    ForeignKey,
    Index,
    IntegrityError,
    Lower,
    Model,
    Q,
    UniqueConstraint,
    Value,
    create_tables,
    drop_tables,
)
from fwtrace.toolkit.orm.moments import Now
from fwtrace.toolkit.validators import ValidationError

UTC = datetime.UTC


class Everything(Model):
    big: Any = orm.BigIntegerField(null=True)
    small: Any = orm.SmallIntegerField(null=True)
    positive: Any = orm.PositiveIntegerField(null=True)
    real: Any = orm.FloatField(null=True)
    exact: Any = orm.DecimalField(max_digits=20, decimal_places=6, null=True)
    truth: Any = orm.BooleanField(null=True)
    day: Any = orm.DateField(null=True)
    time: Any = orm.TimeField(null=True)
    moment: Any = orm.DateTimeField(null=True)
    span: Any = orm.DurationField(null=True)
    email: Any = orm.EmailField(null=True)
    slug: Any = orm.SlugField(null=True)
    text: Any = orm.TextField(null=True)
    key: Any = orm.UUIDField(null=True)
    document: Any = orm.JSONField(null=True)
    raw: Any = orm.BinaryField(null=True)
    address: Any = orm.GenericIPAddressField(null=True)


VALUES = [
    ("big", -(2**62)),
    ("small", -32768),
    ("positive", 2147483647),
    ("real", 0.1),
    ("exact", Decimal("123456789.123456")),
    ("truth", False),
    ("day", datetime.date(1999, 12, 31)),
    ("time", datetime.time(23, 59, 59, 999999)),
    ("moment", datetime.datetime(2024, 2, 29, 1, 2, 3, 456789, UTC)),
    ("span", datetime.timedelta(-3, 7, 123456)),
    ("email", "ann@example.org"),
    ("text", 'it\'s 100% \\ "quoted" – ünïcode 🙂 %s ? \n'),
    ("key", uuid.UUID("12345678-1234-5678-1234-567812345678")),
    ("document", {"a": [1, 2.5, None, True, "ü"], "b": {"c": {}}}),
    ("document", [1, "two"]),
    ("document", "text"),
    ("raw", bytes(range(256))),
    ("address", "2001:db8::1"),
    ("address", "192.0.2.1"),
]


@pytest.fixture
def everything(connected):
    Everything.create_table()
    return Everything.objects


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_value_comes_back_as_it_was(everything, name, value):
    made = everything.create(**{name: value})
    for found in (
        everything.get(pk=made.pk),
        everything.only(name).get(),
        everything.annotate(again=F(name)).get(),
    ):
        assert (getattr(found, name), type(getattr(found, name))) == (
            value,
            type(value),
        )
    assert everything.values_list(name, flat=True)[0] == value
    everything.update(**{name: None})
    assert getattr(everything.get(), name) is None
    everything.bulk_update([made], [name])
    assert getattr(everything.get(), name) == value
    if name != "document":
        assert everything.filter(**{name: value}).exists()
        assert everything.filter(**{f"{name}__in": [value]}).exists()
        assert not everything.exclude(**{name: value}).exists()


def test_moments_are_compared_and_moved(everything):
    start = datetime.datetime(2024, 1, 31, 10, 30, tzinfo=UTC)
    everything.create(moment=start, day=start.date(), span=datetime.timedelta(hours=1))
    later = everything.annotate(
        later=orm.ExpressionWrapper(F("moment") + F("span"), orm.DateTimeField()),
        gap=orm.ExpressionWrapper(F("moment") - F("moment"), orm.DurationField()),
        tomorrow=orm.ExpressionWrapper(
            F("moment") + Value(datetime.timedelta(days=1)), orm.DateTimeField()
        ),
    ).get()
    assert later.later == start + datetime.timedelta(hours=1)
    assert later.gap == datetime.timedelta(0)
    assert later.tomorrow == start + datetime.timedelta(days=1)
    assert everything.filter(moment__date=start.date()).exists()
    assert everything.filter(moment__time__gte=datetime.time(10, 30)).exists()
    assert everything.filter(moment__hour=10, moment__minute=30, moment__second=0)
    assert everything.filter(moment__quarter=1, moment__week=5).exists()
    assert everything.filter(moment__iso_week_day=3, moment__iso_year=2024).exists()
    assert everything.filter(moment__lt=Now()).exists()
    assert list(everything.datetimes("moment", "hour")) == [start.replace(minute=0)]
    for kind, begun in (("year", (2024, 1, 1)), ("week", (2024, 1, 29))):
        (found,) = everything.datetimes("moment", kind)
        assert found == datetime.datetime(*begun, tzinfo=UTC)


def test_numbers_out_of_range_are_an_error(everything):
    with pytest.raises(orm.DatabaseError):
        everything.create(big=2**80)
    with pytest.raises(ValueError, match="expected a number"):
        everything.create(big="many")


def test_nul_is_an_error_or_comes_back(everything):
    try:
        everything.create(text="a\0b")
    except (orm.DatabaseError, ValueError):
        assert everything.count() == 0
    else:
        assert everything.get().text == "a\0b"


class Shelf(Model):
    code: Any = orm.CharField(max_length=10)
    room: Any = orm.IntegerField(default=1)
    made: Any = orm.DateTimeField(db_default=Now())
    level: Any = orm.IntegerField(db_default=3)

    class Meta:
        indexes = (Index(fields=["room", "-code"]), Index(Lower("code"), name="low"))
        constraints = (
            CheckConstraint(condition=Q(room__gte=1), name="room_is_there"),
            UniqueConstraint(fields=["code", "room"], name="one_code_a_room"),
        )


class Jar(Model):
    shelf: Any = ForeignKey(Shelf, null=True, limit_choices_to={"room": 1})
    label: Any = orm.CharField(max_length=5, unique=True)
    size: Any = orm.IntegerField(default=1)

    class Meta:
        unique_together = ("shelf", "size")


@pytest.fixture
def shelves(connected):
    if connected.vendor == "mysql":  # MariaDB has no indexes of expressions
        Shelf._meta.indexes = [i for i in Shelf._meta.indexes if i.fields]
    create_tables([Jar, Shelf], connected)
    return Shelf.objects


def test_constraints_are_the_databases(shelves, connected):
    shelves.create(code="a")
    with pytest.raises(IntegrityError):
        shelves.create(code="a")
    with pytest.raises(orm.DatabaseError):
        shelves.create(code="b", room=0)
    create_tables([Jar, Shelf], connected)  # what is there already stays
    assert shelves.count() == 1
    drop_tables([Shelf, Jar], connected)
    with pytest.raises(orm.DatabaseError, match="create_table"):
        shelves.count()


def test_defaults_of_the_database_come_back(shelves):
    shelf = shelves.create(code="a")
    assert shelf.level == 3
    assert abs(shelf.made - datetime.datetime.now(UTC)) < datetime.timedelta(minutes=5)
    assert shelves.get().made == shelf.made
    assert shelves.create(code="b", level=9).level == 9


def test_full_clean_says_all_that_is_wrong(shelves):
    shelf = shelves.create(code="a")
    Jar.objects.create(shelf=shelf, label="x")
    with pytest.raises(ValidationError) as refused:
        Jar(shelf=shelf, label="too long", size=1).full_clean()
    assert set(refused.value.message_dict) == {"label", "__all__"}
    with pytest.raises(ValidationError) as refused:
        Jar(label="x", size=2).full_clean()
    assert refused.value.message_dict == {
        "shelf": ["This must not be empty."],
        "label": ["Jar with this Label already exists."],
    }
    with pytest.raises(ValidationError, match="room_is_there"):
        Shelf(code="b", room=0, level=1, made=shelf.made).full_clean()
    with pytest.raises(ValidationError, match="one_code_a_room"):
        Shelf(code="a", level=1, made=shelf.made).full_clean()
    other = shelves.create(code="c", room=2)
    with pytest.raises(ValidationError, match="does not exist"):
        Jar(shelf=other, label="y").full_clean()
    Jar(shelf=shelf, label="y", size=9).full_clean()


NAUGHTY = [
    'id" FROM users; --',
    "id'; DROP TABLE shelf; --",
    "id`; SELECT 1",
    "id) OR (1=1",
    "code;",
    "%s",
    "?",
    "code\0",
    "__",
    "code__",
    "__code",
    "",
]


@pytest.mark.parametrize("text", NAUGHTY)
def test_no_text_becomes_sql(shelves, text):
    shelves.create(code="a")
    refused = (orm.FieldError, ValueError, TypeError)
    for attempt in (
        lambda: list(shelves.filter(**{text: 1})),
        lambda: list(shelves.order_by(f"a{text}")),
        lambda: list(shelves.values(text)),
        lambda: list(shelves.values_list(text, flat=True)),
        lambda: list(shelves.annotate(**{f"{text}'": Value(1)})),
        lambda: list(shelves.alias(**{f'{text}"': Value(1)})),
        lambda: shelves.aggregate(**{f"{text} x": orm.Count("id")}),
        lambda: list(shelves.annotate(x=F(text))),
        lambda: list(shelves.select_related(text)),
        lambda: list(shelves.only(text)),
        lambda: list(shelves.distinct(text)),
        lambda: list(shelves.dates(text, "year")),
        lambda: list(shelves.dates("made", text)),
        lambda: list(shelves.prefetch_related(text)),
        lambda: shelves.update(**{text: 1}),
        lambda: orm.moments.Trunc("made", text),
    ):
        with pytest.raises(refused):
            attempt()
    if "\0" not in text:
        found = shelves.filter(code=text, code__regex="a", code__contains=text)
        assert list(found.values("code")) == []
    assert shelves.count() == 1


def test_explain_options_are_no_sql(shelves):
    with pytest.raises(ValueError, match="explain"):
        shelves.all().explain(format="x; DROP TABLE shelf")
