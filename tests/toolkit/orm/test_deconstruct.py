"""What models are made of tells how to make it again, and is equal to what is made."""

import copy
import datetime
import enum
import functools
from importlib import import_module
from inspect import signature
from typing import Any

import pytest

from fwtrace.toolkit.deconstruct import deconstructible, deep_deconstruct
from fwtrace.toolkit.orm import (
    CASCADE,
    SET,
    Avg,
    Case,
    Cast,
    CharField,
    CheckConstraint,
    Coalesce,
    Concat,
    Count,
    DateTimeField,
    Deferrable,
    Exists,
    ExpressionWrapper,
    Extract,
    ExtractYear,
    F,
    FloatField,
    Func,
    Greatest,
    Index,
    IntegerField,
    KeyTransform,
    Lag,
    Least,
    Left,
    Length,
    Lower,
    Manager,
    Model,
    Now,
    NthValue,
    Ntile,
    NullIf,
    OrderBy,
    OuterRef,
    Q,
    QuerySet,
    Random,
    Rank,
    RawSQL,
    Replace,
    Round,
    RowRange,
    StdDev,
    StringAgg,
    Substr,
    Sum,
    TextField,
    Trunc,
    TruncDay,
    UniqueConstraint,
    Upper,
    Value,
    ValueRange,
    When,
    Window,
    lookups,
    models,
)
from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.expressions import Combinable
from fwtrace.toolkit.orm.schema import create_statements


class Size(enum.Enum):
    SMALL = 1


def made_of(made: Any):
    return made.deconstruct()


def remade(made):
    path, args, options = made.deconstruct()
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)(*args, **options)


EXPRESSIONS = [
    F("a__b"),
    OuterRef("pk"),
    Value(1),
    Value("text"),
    Value(None, output_field=IntegerField()),
    Value(1, output_field=FloatField()),
    RawSQL("a = %s", [1]),
    RawSQL("1", output_field=IntegerField()),
    F("a") + 1,
    1 - F("a") * 2,
    (F("a") + "x").bitand(F("b")),
    -F("a"),
    Lower("a"),
    Upper(Value("a")),
    Length(Lower(F("a"))),
    Func("a", Value("x"), 5, function="F"),
    Func("a", template="%(function)s[%(expressions)s]", arg_joiner=" "),
    Func(output_field=IntegerField(), function="PI"),
    Cast("a", CharField(max_length=9)),
    Coalesce("a", "b", Value("c")),
    Concat("a", Value(" "), "b", output_field=TextField()),
    NullIf("a", Value("")),
    Greatest("a", 3),
    Least("a", "b"),
    Substr("a", 2, 3),
    Substr("a", F("b")),
    Left("a", 4),
    Replace("a", "x", "y"),
    Replace("a", F("b"), Value("y")),
    Round("a"),
    Round("a", 2),
    Random(),
    Now(),
    Extract("a", "year"),
    ExtractYear("a", tzinfo=datetime.UTC),
    Trunc("a", "month", output_field=DateTimeField()),
    TruncDay("a"),
    Count("*"),
    Count("a", distinct=True, filter=Q(a=1)),
    Sum("a", default=0),
    Avg(F("a") + 1, filter=Q(b__gt=2)),
    StdDev("a", sample=True),
    StringAgg("a", ", ", order_by=["-a", F("b").asc(nulls_last=True)]),
    StringAgg("a", F("b"), distinct=True),
    When(a=1, then=Value("x")),
    When(Q(a=1) | Q(b=2), then="c"),
    When(Q(a=1), b=2, then=3),
    Case(When(a=1, then="b")),
    Case(When(a=1, then=2), When(a=2, then=3), default=False),
    Case(default=Value("x"), output_field=CharField()),
    ExpressionWrapper(F("a") + 1, output_field=FloatField()),
    OrderBy("a"),
    F("a").desc(nulls_last=True),
    Lower("a").asc(nulls_first=True),
    Window(Rank(), order_by="-a"),
    Window(Sum("a"), partition_by=["b", Lower("c")], frame=RowRange(-1, 0)),
    Window(Lag("a", 2, Value("x")), order_by=["a"], frame=ValueRange()),
    Window(Lag("a", default="x"), order_by="a", output_field=CharField()),
    Ntile(4),
    RowRange(-1, 0),
    ValueRange(end=0),
    NthValue("a", 3),
    KeyTransform("document", "city"),
    KeyTransform(KeyTransform(KeyTransform("document", "a"), "0"), "c"),
    lookups.GreaterThan(F("a"), F("b") + 1),
    lookups.IsNull("a", True),
    lookups.In("a", [1, 2]),
    Q(),
    Q(a=1, b__in=[2]),
    Q(a=1) | ~Q(b=2) & Q(c=F("d")),
    Q(a=1) ^ Q(b=2),
    ~Q(a=1),
    Q(("a", 1), lookups.IsNull("b", False)),
]


@pytest.mark.parametrize("made", EXPRESSIONS, ids=repr)
def test_expressions_tell_how_they_were_made(made):
    again = remade(made)
    assert again == made
    assert hash(again) == hash(made)
    assert again is not made
    assert again.deconstruct() == made.deconstruct()
    assert copy.copy(made) == made


BASES = {"Expression", "Aggregate", "Func", "Lookup", "Transform", "Subquery"}
KINDS = [
    kind
    for name, kind in vars(models).items()
    if isinstance(kind, type) and issubclass(kind, Combinable) and name not in BASES
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_expression_tells_how_it_was_made(kind):
    if any(type(each) is kind for each in EXPRESSIONS):
        return
    made = kind("a") if len(signature(kind).parameters) > 1 else kind()
    assert remade(made) == made


def test_expressions_are_told_apart():
    every = [*EXPRESSIONS, Value(True), Value(1.0), Lower("b"), Func("a", function="G")]
    for number, one in enumerate(every):
        assert [each == one for each in every].count(True) == 1, one
        assert one != number
    assert F("a") != OuterRef("a")
    assert Cast("a", CharField(max_length=9)) != Cast("a", CharField(max_length=8))


def test_expressions_tell_of_themselves_as_people_write_them():
    assert Lower("a").deconstruct() == ("fwtrace.toolkit.orm.Lower", ("a",), {})
    assert Q(a=1).deconstruct() == ("fwtrace.toolkit.orm.Q", (("a", 1),), {})
    assert (Q(a=1) | Q(b=2)).deconstruct()[2] == {"_connector": "OR"}
    assert (~Q(a=1)).deconstruct() == (
        "fwtrace.toolkit.orm.Q",
        (Q(a=1),),
        {"_negated": True},
    )
    assert lookups.Exact("a", 1).deconstruct() == (
        "fwtrace.toolkit.orm.lookups.Exact",
        ("a", 1),
        {},
    )


def test_what_is_kept_for_telling_is_nothing_more():
    """Queries make thousands of them."""
    assert vars(F("a")) == {"name": "a"}
    assert vars(Lower("a")) == {"args": (F("a"),), "given_field": None}
    assert set(vars(Q(a=1))) == {"children", "connector", "negated"}


# Indexes and constraints.

DECLARED = [
    Index(fields=["a", "-b"]),
    Index(fields=["a"], name="a_idx", condition=Q(b=1), include=["c"]),
    Index(Lower("a").desc(), F("b"), name="low", db_tablespace="fast"),
    Index(fields=["a"], name="op", opclasses=["text_pattern_ops"]),
    CheckConstraint(condition=Q(a__gte=1), name="a_there"),
    CheckConstraint(
        condition=Q(a__gte=1) | Q(b=1),
        name="some",
        violation_error_code="few",
        violation_error_message="Too few.",
    ),
    UniqueConstraint(fields=["a", "b"], name="u"),
    UniqueConstraint(Lower("a"), name="low", condition=Q(b=1)),
    UniqueConstraint(fields=["a"], name="u", deferrable=Deferrable.DEFERRED),
    UniqueConstraint(fields=["a"], name="u", include=["b"], nulls_distinct=False),
    UniqueConstraint(fields=["a"], name="u", nulls_distinct=True),
    UniqueConstraint(fields=["a"], name="u", opclasses=["text_ops"]),
]


@pytest.mark.parametrize("made", DECLARED, ids=repr)
def test_indexes_and_constraints_tell_how_they_were_made(made):
    assert remade(made) == made.clone() == made
    assert remade(made) is not made
    assert hash(remade(made)) == hash(made)
    assert [each == made for each in DECLARED].count(True) == 1
    assert made != "x"


def test_only_what_was_said_is_told():
    assert Index(fields=["a"], name="x").deconstruct() == (
        "fwtrace.toolkit.orm.Index",
        (),
        {"fields": ["a"], "name": "x"},
    )
    assert repr(UniqueConstraint(fields=["a"], name="u", nulls_distinct=False)) == (
        "UniqueConstraint(fields=('a',), nulls_distinct=False, name='u')"
    )


def test_options_that_do_not_go_together():
    with pytest.raises(ValueError, match="one for each of the fields"):
        Index(fields=["a", "b"], name="x", opclasses=["text_ops"])
    with pytest.raises(TypeError, match=r"is Deferrable\.DEFERRED or"):
        UniqueConstraint(fields=["a"], name="u", deferrable="deferred")  # type: ignore[arg-type]
    for more in (
        {"condition": Q(a=1)},
        {"include": ["b"]},
        {"opclasses": ["text_ops"]},
    ):
        with pytest.raises(ValueError, match="has fields only"):
            UniqueConstraint(
                fields=["a"], name="u", deferrable=Deferrable.DEFERRED, **more
            )


class Room(Model):
    code = CharField(max_length=9, null=True)
    size = IntegerField()

    class Meta:
        db_table = "deconstruct_room"
        indexes = (
            Index(
                fields=["code"],
                name="room_code",
                include=["size"],
                opclasses=["text_pattern_ops"],
                condition=Q(size__gt=1),
            ),
        )
        constraints = (
            UniqueConstraint(
                fields=["code"], name="one_code", include=["size"], nulls_distinct=False
            ),
            UniqueConstraint(
                fields=["size"], name="one_size", deferrable=Deferrable.DEFERRED
            ),
        )


def test_postgresql_has_them_in_its_tables():
    dialect = get_dialect("postgresql")
    sql = "\n".join(create_statements(Room, dialect))
    by_expression = UniqueConstraint(
        Lower("code"), name="one_low", include=["size"], nulls_distinct=False
    )
    sql += by_expression.after_table(Room, dialect)
    for part in (
        'UNIQUE NULLS NOT DISTINCT ("code") INCLUDE ("size")',
        'UNIQUE ("size") DEFERRABLE INITIALLY DEFERRED',
        '("code" text_pattern_ops) INCLUDE ("size") WHERE',
        '(LOWER("code") ASC) INCLUDE ("size") NULLS NOT DISTINCT',
    ):
        assert part in sql
    for vendor in ("sqlite", "mysql"):
        sql = "\n".join(create_statements(Room, get_dialect(vendor)))
        for word in ("INCLUDE", "NULLS", "DEFERRABLE", "pattern_ops"):
            assert word not in sql


def test_tables_are_made_with_them(connected):
    Room.create_table()
    Room.objects.create(code=None, size=1)
    with pytest.raises(Exception, match="one_code"):
        Room(code=None, size=2).validate_constraints()


# Managers.


class RoomQuerySet(QuerySet):
    def small(self):
        return self.filter(size=1)


class RoomManager(Manager):
    use_in_migrations = True

    def __init__(self, kind="any", limit=3):
        super().__init__()
        self.kind, self.limit = kind, limit


def test_managers_tell_how_they_were_made():
    path = f"{__name__}.RoomManager"
    assert Manager().deconstruct() == (
        False,
        "fwtrace.toolkit.orm.Manager",
        None,
        (),
        {},
    )
    made = RoomManager("small", limit=4)
    assert made.deconstruct() == (False, path, None, ("small",), {"limit": 4})
    assert copy.copy(made) == made == RoomManager("small", limit=4)
    assert copy.copy(made).limit == 4
    assert made != RoomManager("large", limit=4)
    assert hash(made) == hash(RoomManager("small", limit=4))
    assert made != "x"


def test_managers_of_querysets_tell_of_them():
    rows = f"{__name__}.RoomQuerySet"
    assert RoomQuerySet.as_manager().deconstruct() == (True, "", rows, None, None)
    made = RoomManager.from_queryset(RoomQuerySet)("small")
    path = f"{__name__}.RoomManager"
    assert made.deconstruct() == (False, path, rows, ("small",), {})
    assert RoomQuerySet.as_manager() == RoomQuerySet.as_manager() != Manager()


def test_managers_of_related_rows_are_each_their_own(library):
    alice, bob = library
    assert alice.book_set != bob.book_set
    assert repr(Manager()) == "<Manager of no model>"


# Others.


def test_what_is_set_on_deletion_tells_what():
    assert SET(3).deconstruct() == ("fwtrace.toolkit.orm.SET", (3,), {})
    assert SET(3) == SET(3) != SET(4)
    assert (SET(3)(), SET(int)()) == (3, 0)
    assert len({SET(3), SET(3), SET(4), CASCADE}) == 3


@deconstructible
class Folder:
    def __init__(self, name, *, deep=False):
        self.name, self.deep = name, deep


class DeepFolder(Folder):
    pass


@deconstructible(path="shop.files.Named")
class Named:
    def __new__(cls, *args):
        return super().__new__(cls)

    def __init__(self, name):
        self.name = name


class Renamed(Named):
    pass


def test_classes_of_users_can_keep_what_they_were_called_with():
    assert made_of(Folder("a", deep=True)) == (
        f"{__name__}.Folder",
        ("a",),
        {"deep": True},
    )
    assert made_of(DeepFolder("a"))[0] == f"{__name__}.DeepFolder"
    assert made_of(Named("a")) == ("shop.files.Named", ("a",), {})
    assert made_of(Renamed("a"))[0] == f"{__name__}.Renamed"
    assert made_of(copy.copy(Folder("a"))) == made_of(Folder("a"))


def test_what_was_made_alike_is_alike_all_the_way_down():
    def deep(name):
        return deep_deconstruct(
            [{"a": (Folder(name), functools.partial(int, base=2))}, CharField, Size]
        )

    assert deep("x") == deep("x") != deep("y")
    assert deep_deconstruct(CharField(max_length=3)) == deep_deconstruct(
        CharField(max_length=3)
    )
    assert deep_deconstruct([1]) != deep_deconstruct((1,))


def test_subqueries_are_equal_only_to_themselves():
    rows = Room.objects.all()
    assert Exists(rows) == Exists(rows)
    assert Exists(rows) != Exists(Room.objects.all())
