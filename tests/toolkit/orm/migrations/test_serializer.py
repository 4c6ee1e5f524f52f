"""Values written as Python, and made again of what was written."""

import collections
import collections.abc
import datetime
import enum
import functools
import ipaddress
import math
import operator
import os
import pathlib
import re
import sys
import time
import types
import uuid
import zoneinfo
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit import validators
from fwtrace.toolkit.deconstruct import deconstructible, deep_deconstruct
from fwtrace.toolkit.orm import (
    CASCADE,
    NOT_PROVIDED,
    SET,
    Case,
    CharField,
    CheckConstraint,
    Choices,
    Count,
    Deferrable,
    Exists,
    F,
    ForeignKey,
    Func,
    Index,
    IntegerChoices,
    IntegerField,
    Lower,
    Manager,
    Model,
    Now,
    Q,
    QuerySet,
    TextChoices,
    TextField,
    UniqueConstraint,
    Value,
    When,
    fields,
    lookups,
    migrations,
)
from fwtrace.toolkit.orm.migrations.exceptions import CannotSerialize
from fwtrace.toolkit.orm.migrations.serializer import (
    BaseSerializer,
    Serializer,
    serialize,
    serializer_factory,
)
from fwtrace.toolkit.orm.migrations.writer import MigrationWriter

HERE = __name__
IMPORT = {f"import {HERE}"}
MODELS = {"from fwtrace.toolkit.orm import models"}
DATETIME = {"import datetime"}


def made_of(text, imports):
    """What the text makes, with these imports and no others."""
    names: dict[str, Any] = {}
    for line in imports:
        exec(line, names)
    return eval(text, names)


def again(value):
    return made_of(*serialize(value))


# What they are given.


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


class Bits(enum.Flag):
    ONE = 1
    TWO = 2
    FOUR = 4


Odd = enum.Enum("Odd", {"a b": 1, "class": 2})


class Level(enum.IntEnum):
    LOW = 1


class Shade(str, enum.Enum):  # noqa: UP042
    DARK = "d"


class Status(TextChoices):
    DRAFT = "d", "A draft"


class Size(IntegerChoices):
    SMALL = 1


class Day(datetime.date, Choices):
    FIRST = 2026, 1, 1


class Point(NamedTuple):
    x: int
    y: int


def default_price(rate=1):
    return rate


class Shop:
    class Till:
        @staticmethod
        def closed():
            return 0

        @classmethod
        def opened(cls):
            return cls

        def counted(self):
            return 1


class ChildTill(Shop.Till):
    pass


@deconstructible
class Folder:
    def __init__(self, name, **options):
        self.name, self.options = name, options

    def __eq__(self, other):
        return isinstance(other, Folder) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class HandField(fields.Field):
    pass


class Rows(QuerySet):
    pass


class RowsManager(Manager):
    use_in_migrations = True

    def __init__(self, kind=""):
        super().__init__()
        self.kind = kind


class Soundex(Func):
    function = "SOUNDEX"

    def __init__(self, expression, length=4, **options):
        super().__init__(expression, Value(length), **options)


class Padded(Func):
    function = "LPAD"

    def __init__(self, expression, text):
        super().__init__(expression, Value(text))


class OwnQ(Q):
    pass


class OwnPath:
    def __fspath__(self):
        return "/own"


def local():
    def inner():
        return 1

    return inner


class Box(Model):
    name = CharField(max_length=9)


ROME = zoneinfo.ZoneInfo("Europe/Rome")


@pytest.mark.parametrize(
    ("value", "text", "imports"),
    [
        (None, "None", set()),
        (True, "True", set()),
        (-7, "-7", set()),
        (Level.LOW, f"{HERE}.Level.LOW", IMPORT),
        (1.5, "1.5", set()),
        (1e16, "1e16", set()),
        (math.inf, 'float("inf")', set()),
        (-math.inf, 'float("-inf")', set()),
        (1 - 2j, "complex(1.0, -2.0)", set()),
        (complex(math.inf, -0.0), 'complex(float("inf"), -0.0)', set()),
        ("", '""', set()),
        ("it's", '"it\'s"', set()),
        ('say "x"', "'say \"x\"'", set()),
        ('it\'s "x"\n', "'it\\'s \"x\"\\n'", set()),
        ("it's ''x''\"", "\"it's ''x''\\\"\"", set()),
        (r"^\d+$", r'r"^\d+$"', set()),
        ("\\", '"\\\\"', set()),
        ("a\\\n", '"a\\\\\\n"', set()),
        ("é日", '"é日"', set()),
        ("\u200b\ud800", '"\\u200b\\ud800"', set()),
        (b"it's \xff", 'b"it\'s \\xff"', set()),
        (b'"', "b'\"'", set()),
        (bytearray(b"a"), 'bytearray(b"a")', set()),
        (Decimal("1.50"), 'Decimal("1.50")', {"from decimal import Decimal"}),
        ([], "[]", set()),
        ([1, "a"], '[1, "a"]', set()),
        ((), "()", set()),
        ((1,), "(1,)", set()),
        ((1, (2, 3)), "(1, (2, 3))", set()),
        (set(), "set()", set()),
        ({"b", "a"}, '{"a", "b"}', set()),
        (frozenset(), "frozenset()", set()),
        (frozenset("ba"), 'frozenset({"a", "b"})', set()),
        ({}, "{}", set()),
        ({"b": 1, None: [2]}, '{"b": 1, None: [2]}', set()),
        (collections.OrderedDict(a=1), '{"a": 1}', set()),
        (range(3), "range(0, 3)", set()),
        (range(1, 9, 2), "range(1, 9, 2)", set()),
        (..., "Ellipsis", set()),
        (datetime.date(2026, 1, 2), "datetime.date(2026, 1, 2)", DATETIME),
        (
            datetime.datetime(2026, 1, 2, 3, 4),
            "datetime.datetime(2026, 1, 2, 3, 4)",
            DATETIME,
        ),
        (
            datetime.datetime(2026, 1, 2, 3, 4, 0, 6, fold=1),
            "datetime.datetime(2026, 1, 2, 3, 4, 0, 6, fold=1)",
            DATETIME,
        ),
        (
            datetime.datetime(2026, 7, 1, 12, tzinfo=ROME),
            "datetime.datetime(2026, 7, 1, 10, 0, tzinfo=datetime.timezone.utc)",
            DATETIME,
        ),
        (datetime.time(1, 2), "datetime.time(1, 2)", DATETIME),
        (
            datetime.time(1, 2, 3, tzinfo=datetime.UTC),
            "datetime.time(1, 2, 3, tzinfo=datetime.timezone.utc)",
            DATETIME,
        ),
        (
            datetime.time(1, tzinfo=ROME),
            'datetime.time(1, 0, tzinfo=zoneinfo.ZoneInfo("Europe/Rome"))',
            {*DATETIME, "import zoneinfo"},
        ),
        (datetime.timedelta(days=1), "datetime.timedelta(days=1)", DATETIME),
        (datetime.UTC, "datetime.timezone.utc", DATETIME),
        (
            datetime.timezone(datetime.timedelta(hours=1), "X"),
            'datetime.timezone(datetime.timedelta(seconds=3600), "X")',
            DATETIME,
        ),
        (ROME, 'zoneinfo.ZoneInfo("Europe/Rome")', {"import zoneinfo"}),
        (
            uuid.UUID(int=1),
            'uuid.UUID("00000000-0000-0000-0000-000000000001")',
            {"import uuid"},
        ),
        (re.compile("a"), 're.compile("a")', {"import re"}),
        (
            re.compile(r"^\w", re.IGNORECASE | re.ASCII),
            r're.compile(r"^\w", re.ASCII | re.IGNORECASE)',
            {"import re"},
        ),
        (re.compile(b"a", re.DOTALL), 're.compile(b"a", re.DOTALL)', {"import re"}),
        (re.DOTALL, "re.DOTALL", {"import re"}),
        (re.RegexFlag(0), "re.RegexFlag(0)", {"import re"}),
        (
            pathlib.PurePosixPath("/a/b"),
            'pathlib.PurePosixPath("/a/b")',
            {"import pathlib"},
        ),
        (
            pathlib.PureWindowsPath("c:\\a"),
            'pathlib.PureWindowsPath(r"c:\\a")',
            {"import pathlib"},
        ),
        (
            ipaddress.ip_address("::1"),
            'ipaddress.IPv6Address("::1")',
            {"import ipaddress"},
        ),
        (
            ipaddress.ip_interface("10.0.0.1/8"),
            'ipaddress.IPv4Interface("10.0.0.1/8")',
            {"import ipaddress"},
        ),
        (Colour.RED, f"{HERE}.Colour.RED", IMPORT),
        (Shade.DARK, f"{HERE}.Shade.DARK", IMPORT),
        (Odd["a b"], f'{HERE}.Odd["a b"]', IMPORT),
        (Odd["class"], f'{HERE}.Odd["class"]', IMPORT),
        (Bits.TWO, f"{HERE}.Bits.TWO", IMPORT),
        (Bits.ONE | Bits.FOUR, f"{HERE}.Bits.ONE | {HERE}.Bits.FOUR", IMPORT),
        (Bits(0), f"{HERE}.Bits(0)", IMPORT),
        (Status.DRAFT, '"d"', set()),
        (Size.SMALL, "1", set()),
        (Day.FIRST, "datetime.date(2026, 1, 1)", DATETIME),
        (Point(1, 2), "(1, 2)", set()),
        (int, "int", set()),
        (len, "len", set()),
        (list[int], "list[int]", set()),
        (dict[str, Point], f"dict[str, {HERE}.Point]", IMPORT),
        (types.NoneType, "types.NoneType", {"import types"}),
        (types.FunctionType, "types.FunctionType", {"import types"}),
        (collections.deque, "collections.deque", {"import collections"}),
        (
            collections.abc.Iterable,
            "collections.abc.Iterable",
            {"import collections.abc"},
        ),
        (math.sqrt, "math.sqrt", {"import math"}),
        (datetime.datetime.now, "datetime.datetime.now", DATETIME),
        (dict.fromkeys, "dict.fromkeys", set()),
        (str.upper, "str.upper", set()),
        (os.path.join, f"{os.path.__name__}.join", {f"import {os.path.__name__}"}),
        (default_price, f"{HERE}.default_price", IMPORT),
        (Shop.Till, f"{HERE}.Shop.Till", IMPORT),
        (Shop.Till.closed, f"{HERE}.Shop.Till.closed", IMPORT),
        (Shop.Till.opened, f"{HERE}.Shop.Till.opened", IMPORT),
        (ChildTill.opened, f"{HERE}.ChildTill.opened", IMPORT),
        (Shop.Till.counted, f"{HERE}.Shop.Till.counted", IMPORT),
        (Box, f"{HERE}.Box", IMPORT),
        (Model, "models.Model", MODELS),
        (CharField, "models.CharField", MODELS),
        (CASCADE, "models.CASCADE", MODELS),
        (SET(3), "models.SET(3)", MODELS),
        (NOT_PROVIDED, "models.NOT_PROVIDED", MODELS),
        (Deferrable.IMMEDIATE, "models.Deferrable.IMMEDIATE", MODELS),
        (
            migrations.RunPython.noop,
            "migrations.RunPython.noop",
            {"from fwtrace.toolkit.orm import migrations"},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_are_written_as_people_write_them(value, text, imports):
    assert serialize(value) == (text, imports)
    assert made_of(text, imports) == value


FIELD = CharField("a name", max_length=9, choices=Status, validators=[print])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (CharField(max_length=9), "models.CharField(max_length=9)"),
        (
            FIELD,
            'models.CharField(verbose_name="a name", max_length=9, '
            'choices=[("d", "A draft")], validators=[print])',
        ),
        (IntegerField(default=Size.SMALL), "models.IntegerField(default=1)"),
        (
            ForeignKey("blog.Author", CASCADE),
            'models.ForeignKey(to="blog.author", on_delete=models.CASCADE)',
        ),
        (
            IntegerField(db_default=Now()),
            "models.IntegerField(db_default=models.Now())",
        ),
        (
            IntegerField(validators=[validators.MaxValueValidator(9)]),
            "models.IntegerField(validators=[validators.MaxValueValidator(9)])",
        ),
        (validators.validate_slug, "validators.validate_slug"),
        (validators.validate_ipv4_address, "validators.validate_ipv4_address"),
        (
            validators.RegexValidator(r"^\d", flags=re.IGNORECASE),
            r'validators.RegexValidator(r"^\d", flags=re.IGNORECASE)',
        ),
        (HandField(null=True), f"{HERE}.HandField(null=True)"),
        (Folder("a", deep=[1]), f'{HERE}.Folder("a", deep=[1])'),
        (Folder("a", **{"x y": 1}), f'{HERE}.Folder("a", **{{"x y": 1}})'),
        (functools.partial(int, "1", base=8), 'functools.partial(int, "1", base=8)'),
        (Manager(), "models.Manager()"),
        (RowsManager("x"), f'{HERE}.RowsManager("x")'),
        (Rows.as_manager(), f"{HERE}.Rows.as_manager()"),
        (
            RowsManager.from_queryset(Rows)("x"),
            f'{HERE}.RowsManager.from_queryset({HERE}.Rows)("x")',
        ),
        (
            Index(Lower("a").desc(), name="low"),
            'models.Index(models.OrderBy(models.Lower("a"), descending=True), '
            'name="low")',
        ),
        (
            CheckConstraint(condition=Q(a=1) | Q(b=2), name="c"),
            'models.CheckConstraint(condition=models.Q(a=1) | models.Q(b=2), name="c")',
        ),
        (
            UniqueConstraint(fields=["a"], name="u", deferrable=Deferrable.DEFERRED),
            'models.UniqueConstraint(fields=("a",), '
            'deferrable=models.Deferrable.DEFERRED, name="u")',
        ),
        (F("a"), 'models.F("a")'),
        (Value("a", output_field=TextField()), None),
        (Count("*", filter=Q(a=1)), 'models.Count("*", filter=models.Q(a=1))'),
        (
            Case(When(a=1, then=Value("x")), default="b"),
            'models.Case(models.When(a=1, then=models.Value("x")), default="b")',
        ),
        (Soundex("a"), f'{HERE}.Soundex("a", 4)'),
        (Soundex("a", 6), f'{HERE}.Soundex("a", 6)'),
        (
            lookups.GreaterThan(F("a"), 1),
            'fwtrace.toolkit.orm.lookups.GreaterThan("a", 1)',
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_parts_of_models_are_written_as_calls(value, text):
    written, imports = serialize(value)
    assert text is None or written == text
    assert deep_deconstruct(made_of(written, imports)) == deep_deconstruct(value)


@pytest.mark.parametrize(
    ("q", "text"),
    [
        (Q(), "models.Q()"),
        (Q(a=1, b__in=[2]), "models.Q(a=1, b__in=[2])"),
        (Q(a=1) & Q(b=2), "models.Q(a=1, b=2)"),
        (Q(a=1) & Q(a=2), "models.Q(a=1) & models.Q(a=2)"),
        (Q(a=1) | Q(b=2) | Q(c=3), "models.Q(a=1) | models.Q(b=2) | models.Q(c=3)"),
        (Q(a=1) ^ Q(b=2), "models.Q(a=1) ^ models.Q(b=2)"),
        (~Q(a=1), "~models.Q(a=1)"),
        (~(Q(a=1) | Q(b=2)), "~(models.Q(a=1) | models.Q(b=2))"),
        (
            (Q(a=1) | Q(b=2)) & ~Q(c=3),
            "(models.Q(a=1) | models.Q(b=2)) & ~models.Q(c=3)",
        ),
        (Q(("a b", 1)), 'models.Q(("a b", 1))'),
        (Q(("class", 1)), 'models.Q(("class", 1))'),
        (Q(Q(a=1)), "models.Q(models.Q(a=1))"),
        (Q(a=1, _negated=True), 'models.Q(("a", 1), _negated=True)'),
        (Q(a=1, _connector="OR"), 'models.Q(("a", 1), _connector="OR")'),
        (
            Q(Q(a=1, b=2), c=3, _connector="OR"),
            "models.Q(a=1, b=2) | models.Q(c=3)",
        ),
        (
            Q(Q(a=1), c=3, _connector="OR"),
            'models.Q(models.Q(a=1), ("c", 3), _connector="OR")',
        ),
        (OwnQ(a=1), f"{HERE}.OwnQ(a=1)"),
        (OwnQ(a=1, _negated=True), f'{HERE}.OwnQ(("a", 1), _negated=True)'),
    ],
    ids=repr,
)
def test_conditions_are_written_by_operators(q, text):
    written, imports = serialize(q)
    assert written == text
    made = made_of(written, imports)
    assert (type(made), made) == (type(q), q)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (F("a") + 1, 'models.F("a") + 1'),
        (F("a") - "x", 'models.F("a") - "x"'),
        (1 - F("a"), 'models.Value(1) - models.F("a")'),
        (F("a") + 1 + 2, 'models.F("a") + 1 + 2'),
        (F("a") + (F("b") + 2), 'models.F("a") + (models.F("b") + 2)'),
        (F("a") * 2 + F("b"), 'models.F("a") * 2 + models.F("b")'),
        ((F("a") + 2) * F("b"), '(models.F("a") + 2) * models.F("b")'),
        (F("a") ** 2 ** F("b"), 'models.F("a") ** (models.Value(2) ** models.F("b"))'),
        ((F("a") ** 2) ** 3, '(models.F("a") ** 2) ** 3'),
        (-F("a"), 'models.F("a") * -1'),
        ((F("a") / 2).bitand(3).bitor(4), '(models.F("a") / 2).bitand(3).bitor(4)'),
        (F("a").bitxor(1) % 2, 'models.F("a").bitxor(1) % 2'),
        (
            F("a") + datetime.timedelta(1),
            'models.F("a") + datetime.timedelta(days=1)',
        ),
        (
            F("a")._combine(1, "||"),
            'fwtrace.toolkit.orm.expressions.Combined(models.F("a"), "||", '
            "models.Value(1))",
        ),
    ],
    ids=repr,
)
def test_sums_are_written_by_operators(node, text):
    written, imports = serialize(node)
    assert written == text
    assert made_of(written, imports) == node


def test_what_can_only_be_gone_through_is_written_as_a_tuple():
    for value in ([1, 2].__iter__(), {1: 0, 2: 0}.keys(), collections.deque([1, 2])):
        assert serialize(value) == ("(1, 2)", set())
    assert serialize(memoryview(b"ab")) == ('b"ab"', set())
    assert serialize(OwnPath()) == ('"/own"', set())
    assert serialize(float("nan")) == ('float("nan")', set())
    made = again(functools.partialmethod(int, base=2))
    assert (made.func, made.keywords) == (int, {"base": 2})


def test_aware_moments_at_the_ends_of_time_keep_their_offset():
    east = datetime.timezone(datetime.timedelta(hours=9))
    for value in (
        datetime.datetime.min.replace(tzinfo=east),
        datetime.datetime.max.replace(tzinfo=datetime.timezone(-east.utcoffset(None))),
    ):
        assert again(value) == value


# What cannot be written.

REFUSED = [
    (lambda: 1, "a lambda has no name to import it by. Write it with def"),
    (local(), r"it is within local\(\), where no import reaches. Move it to the top"),
    (type("Lost", (), {}), "has no Lost. Give it that name"),
    (Shop.Till().counted, "it is a method of one object. Write a function"),
    ([].append, "it is a method of one object"),
    (Shop(), r"such a Shop again. Give its class a deconstruct\(\) method"),
    (Point, None),
    (sys, "such a module again"),
    (Box(name="a"), "what is in the database"),
    (Box.objects.all(), "what is in the database"),
    (Exists(Box.objects.all()), "what is in the database"),
    (Padded("a", "x"), "Padded makes something else of its arguments"),
    (zoneinfo.ZoneInfo.no_cache("UTC"), None),
    (operator.itemgetter("a"), "such a itemgetter again"),
    (time.struct_time(range(9)), None),
]


@pytest.mark.parametrize(
    ("value", "why"), REFUSED, ids=lambda value: type(value).__name__
)
def test_what_has_no_name_is_refused(value, why):
    if why is None:
        assert serialize(value)
        return
    with pytest.raises(ValueError, match=why) as caught:
        serialize(value, where="default of blog.Post.title")
    assert " (default of blog.Post.title) into a migration: " in str(caught.value)
    assert isinstance(caught.value, migrations.exceptions.MigrationError)


def test_refusal_says_which_option_of_what():
    folder = Folder("a", upload=[lambda: 1])
    with pytest.raises(
        CannotSerialize, match=r"\(upload of default of blog\.Post\.x\)"
    ):
        serialize(CharField(default=folder), where="blog.Post.x")
    with pytest.raises(CannotSerialize, match="Cannot write <function .*> into a"):
        serialize([lambda: 1])


def test_names_that_no_longer_lead_there_are_refused(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "default_price", len)
    with pytest.raises(ValueError, match="another has its name"):
        serialize(_default_price)
    monkeypatch.setattr(_default_price, "__module__", "__main__")
    with pytest.raises(ValueError, match="in the file that was run"):
        serialize(_default_price)
    monkeypatch.setattr(_default_price, "__module__", "no.such.module")
    with pytest.raises(ValueError, match=r"no\.such\.module has no default_price"):
        serialize(_default_price)


_default_price = default_price


class Elsewhere:
    def __init__(self, path):
        self.path = path

    def deconstruct(self):
        return self.path, (1,), {}


def test_deconstruct_may_name_another_place():
    assert serialize(Elsewhere("decimal.Decimal")) == (
        "decimal.Decimal(1)",
        {"import decimal"},
    )
    assert serialize(Elsewhere("xml.dom.minidom.Node"))[1] == {"import xml.dom.minidom"}
    assert serialize(Elsewhere(f"{HERE}.Shop.Till"))[0] == f"{HERE}.Shop.Till(1)"
    with pytest.raises(ValueError, match="there is no such module"):
        serialize(Elsewhere("no.such.Class"))
    with pytest.raises(ValueError, match="decimal has no Roman"):
        serialize(Elsewhere("decimal.Roman"))


def module(name, monkeypatch, **names):
    made = types.ModuleType(name)
    for key, value in names.items():
        value.__module__, value.__qualname__ = name, key
        setattr(made, key, value)
    monkeypatch.setitem(sys.modules, name, made)
    return made


def test_modules_named_as_ours_get_another_name(monkeypatch):
    function = module("models", monkeypatch, usual=lambda: 1).usual
    assert serialize(function) == ("app_models.usual", {"import models as app_models"})
    assert again(function) is function


def test_functions_of_migrations_are_imported_by_a_call(monkeypatch):
    function = module("0001_initial", monkeypatch, forwards=lambda: 1).forwards
    text, imports = serialize(function)
    assert text == 'import_module("0001_initial").forwards'
    assert imports == {"from importlib import import_module"}
    assert again(function) is function


# Serializers of users.


class Money:
    def __init__(self, amount):
        self.amount = amount


class MoneySerializer(BaseSerializer):
    def serialize(self):
        text, imports = serializer_factory(self.value.amount).serialize()
        return f"{HERE}.Money({text})", imports | IMPORT


def test_users_bring_serializers_of_their_own():
    with pytest.raises(ValueError, match="such a Money again"):
        MigrationWriter.serialize(Money(1))
    MigrationWriter.register_serializer(Money, MoneySerializer)
    try:
        assert MigrationWriter.serialize([Money(1)]) == (f"[{HERE}.Money(1)]", IMPORT)
    finally:
        MigrationWriter.unregister_serializer(Money)
    assert Money not in Serializer._registry


def test_serializers_are_derived_from_one():
    with pytest.raises(ValueError, match="Money is no serializer: derive it"):
        MigrationWriter.register_serializer(Money, Money)  # type: ignore[arg-type]


# Whatever there is.

TEXT = st.text(max_size=20) | st.text("a'\"\\\n", max_size=8)
ZONES = st.timezones() | st.builds(
    datetime.timezone,
    st.timedeltas(datetime.timedelta(hours=-23), datetime.timedelta(hours=23)),
)
HASHABLE = (
    TEXT
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.binary(max_size=9)
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.ip_addresses()
    | st.dates()
    | st.timedeltas()
    | st.datetimes(timezones=st.none() | ZONES)
    | st.times(timezones=st.none() | ZONES)
    | st.sampled_from([*Colour, *Bits, Bits(5), ROME, default_price, int, Shop.Till])
)
VALUES = st.recursive(
    HASHABLE,
    lambda some: (
        st.lists(some, max_size=4)
        | st.lists(some, max_size=4).map(tuple)
        | st.sets(HASHABLE, max_size=4)
        | st.frozensets(HASHABLE, max_size=4)
        | st.dictionaries(HASHABLE, some, max_size=4)
        | st.builds(Folder, TEXT, option=some)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_any_value_is_made_again(value):
    text, imports = serialize(value)
    assert "\n" not in text
    assert made_of(text, imports) == value


@given(st.from_regex(r"[a-z\\\d\[\]^$()\"']{0,9}"), st.integers(0, 511))
def test_any_pattern_is_made_again(text, bits):
    flags = re.RegexFlag(bits) & (re.A | re.I | re.M | re.S | re.X)
    try:
        pattern = re.compile(text, flags)
    except re.error:
        return
    assert again(pattern) == pattern
    assert again(flags) == flags


KINDS = [
    fields.BinaryField,
    fields.BooleanField,
    fields.CharField,
    fields.DateTimeField,
    fields.EmailField,
    fields.FloatField,
    fields.IntegerField,
    fields.JSONField,
    fields.SlugField,
    fields.TextField,
    fields.UUIDField,
]
OPTIONS = {
    "verbose_name": TEXT,
    "null": st.booleans(),
    "blank": st.booleans(),
    "unique": st.booleans(),
    "db_index": st.booleans(),
    "default": VALUES,
    "db_default": st.integers() | st.just(Now()) | st.just(F("a") + 1),
    "help_text": TEXT,
    "db_column": st.none() | TEXT,
    "db_comment": st.none() | TEXT,
    "choices": st.none() | st.lists(st.tuples(HASHABLE, TEXT), max_size=3),
    "validators": st.lists(
        st.sampled_from(
            [
                default_price,
                validators.validate_slug,
                validators.EmailValidator("No."),
                validators.StepValueValidator(3, offset=1),
            ]
        ),
        max_size=2,
    ),
    "error_messages": st.none() | st.dictionaries(TEXT, TEXT, max_size=2),
    "editable": st.booleans(),
}


@given(
    st.sampled_from(KINDS),
    st.fixed_dictionaries({}, optional=OPTIONS),
)
@settings(deadline=None)
def test_any_field_is_made_again(kind, options):
    field = kind(**options)
    made = again(field)
    assert type(made) is kind
    assert made.deconstruct() == field.deconstruct()


NAMES = st.text("ab_", min_size=1, max_size=3)
CONDITIONS = st.recursive(
    st.builds(lambda name, value: Q(**{name: value}), NAMES, HASHABLE),
    lambda some: (
        st.builds(operator.and_, some, some)
        | st.builds(operator.or_, some, some)
        | st.builds(operator.xor, some, some)
        | st.builds(operator.invert, some)
        | st.builds(
            lambda q, connector: Q(q, a=1, _connector=connector),
            some,
            st.sampled_from([Q.AND, Q.OR, Q.XOR]),
        )
    ),
    max_leaves=6,
)
OPERATORS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.mod,
    operator.pow,
    F.bitand,
    F.bitor,
    F.bitxor,
]
SUMS = st.recursive(
    st.builds(F, NAMES),
    lambda some: st.builds(
        lambda combine, left, right: combine(left, right),
        st.sampled_from(OPERATORS),
        some,
        some | HASHABLE,
    ),
    max_leaves=6,
)


@given(CONDITIONS | SUMS)
def test_any_condition_is_made_again(made):
    assert again(made) == made


# What the original takes, and what it refuses.

TAKEN = [
    None,
    1.5,
    "a",
    b"a",
    [1, (2, 3)],
    {1: {2}},
    frozenset([1]),
    range(2),
    Decimal(1),
    datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
    datetime.timedelta(1),
    uuid.UUID(int=1),
    re.compile("a", re.I),
    re.I | re.M,
    pathlib.PurePosixPath("a"),
    OwnPath(),
    Colour.RED,
    Bits.ONE | Bits.TWO,
    Point(1, 2),
    functools.partial(int, base=2),
    default_price,
    len,
    int,
    Shop.Till,
    Shop.Till.opened,
    Shop.Till.closed,
    types.NoneType,
    Folder("a"),
    collections.deque([1]),
    {}.keys(),
    local(),
    lambda: 1,
    Shop(),
    object(),
    sys,
    operator.itemgetter(0),
]


@pytest.mark.oracle
@pytest.mark.parametrize("value", TAKEN, ids=lambda value: type(value).__name__)
def test_the_original_takes_and_refuses_the_same(value):
    writer = pytest.importorskip("django.db.migrations.writer")

    def is_taken(serialize):
        try:
            return bool(serialize(value))
        except ValueError:
            return False

    assert is_taken(writer.MigrationWriter.serialize) == is_taken(serialize)
