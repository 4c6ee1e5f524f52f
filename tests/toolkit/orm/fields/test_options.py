"""Options: what all fields take, what is refused, and how fields are made again."""

import copy
import enum
import pickle
from typing import Any, cast

import pytest

from fwtrace.toolkit import orm
from fwtrace.toolkit.orm import (
    NOT_PROVIDED,
    AutoField,
    BigAutoField,
    BinaryField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    EmailField,
    Field,
    FilePathField,
    GenericIPAddressField,
    IntegerField,
    JSONField,
    Model,
    SlugField,
    TextChoices,
    TextField,
    TimeField,
    URLField,
    UUIDField,
)

KINDS = [
    getattr(orm, name)
    for name in orm.__all__
    if name.endswith("Field")
    and issubclass(getattr(orm, name), Field)
    and not getattr(orm, name).is_relation
    and not getattr(orm, name).generated  # they are of the kind of their output field
]


def field_of(kind, **options):
    """One with the options that its kind cannot do without."""
    if issubclass(kind, AutoField):
        options["primary_key"] = True
    if kind is DecimalField:
        options |= {"max_digits": 5, "decimal_places": 2}
    return kind(**options)


def as_column(field):
    return type("Thing", (Model,), {"__module__": __name__, "field": field})


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: CharField(100), "takes a verbose_name first, not 100"),
        (lambda: CharField(max_length=0), "positive whole max_length, not 0"),
        (lambda: CharField(max_length=True), "positive whole max_length"),
        (
            lambda: CharField(max_length=cast("Any", "9")),
            "positive whole max_length, not '9'",
        ),
        (lambda: CharField(primary_key=True, null=True), "which cannot be null"),
        (lambda: CharField(validators=["x"]), "functions as validators, not 'x'"),
        (lambda: CharField(db_default=dict), "a function is a default"),
        (lambda: CharField(choices="ab"), "Choices are pairs"),
        (lambda: CharField(choices=5), "Choices are pairs"),
        (lambda: CharField(choices=["ab"]), "Choices are pairs.*not 'ab'"),
        (lambda: CharField(choices=[("a", "b", "c")]), "Choices are pairs"),
        (lambda: CharField(choices=[("G", ["ab"])]), "Choices are pairs.*not 'ab'"),
        (
            lambda: CharField(max_length=2, choices=[("abc", "x")]),
            "max_length=2 cannot hold its own choices, which have up to 3",
        ),
        (lambda: DecimalField(max_digits=3), "needs decimal_places"),
        (lambda: DecimalField(decimal_places=3), "needs a positive whole max_digits"),
        (lambda: DecimalField(max_digits=2, decimal_places=3), "more decimal_places"),
        (lambda: DateField(auto_now=True, auto_now_add=True), "not several"),
        (lambda: as_column(DateTimeField(auto_now=True, default=1)), "not several"),
        (lambda: as_column(TimeField(auto_now_add=True, default=1)), "not several"),
        (lambda: GenericIPAddressField(blank=True), "needs null=True"),
        (lambda: GenericIPAddressField(protocol="x"), "no protocol 'x'"),
        (lambda: GenericIPAddressField(protocol="ipv4", unpack_ipv4=True), "'both'"),
        (lambda: FilePathField(allow_files=False), "allow_files=True or"),
        (
            lambda: JSONField(encoder=cast("Any", "x")),
            "takes a class as encoder, not 'x'",
        ),
        (lambda: BinaryField(default="x"), "takes bytes as default"),
        (lambda: CharField(nul=True), "unexpected keyword argument 'nul'"),
    ],
)
def test_wrong_options_are_refused_at_once(make, why):
    with pytest.raises((TypeError, ValueError), match=why):
        make()


def test_what_a_column_needs_is_asked_for_when_it_becomes_one():
    assert DecimalField().get_prep_value("1.5")  # what an expression gives
    with pytest.raises(TypeError, match="needs max_digits and decimal_places"):

        class Price(Model):
            amount = DecimalField()

    with pytest.raises(ValueError, match="give it primary_key=True"):

        class Counted(Model):
            count = AutoField()


def test_options_have_djangos_defaults():
    field = CharField()
    assert (field.max_length, EmailField().max_length) == (255, 254)
    assert (URLField().max_length, SlugField().max_length) == (200, 50)
    assert (SlugField().db_index, TextField().db_index) == (True, False)
    assert (BinaryField().editable, field.editable) == (False, True)
    assert (field.null, field.blank, field.unique, field.choices) == (0, 0, 0, None)
    assert CharField(primary_key=True).unique
    assert AutoField(primary_key=True).blank
    for clocked in (DateField(auto_now=True), TimeField(auto_now_add=True)):
        assert (clocked.editable, clocked.blank) == (False, True)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_known_by_their_internal_type(kind):
    stored = {"EmailField", "URLField", "SlugField", "FilePathField"}
    expected = "CharField" if kind.__name__ in stored else kind.__name__
    expected = "TextField" if kind is Field else expected
    field = field_of(kind)
    assert field.kind == field.get_internal_type() == expected
    assert field.description
    assert field.remote_field is field.many_to_many is field.one_to_one is None
    assert (field.concrete, field.hidden, field.is_relation) == (True, False, False)


# Defaults.


def test_defaults():
    assert (CharField().get_default(), CharField(null=True).get_default()) == ("", None)
    assert (IntegerField().get_default(), UUIDField().get_default()) == (None, None)
    assert (BinaryField().get_default(), JSONField().get_default()) == (b"", None)
    assert CharField(default=lambda: "x").get_default() == "x"
    assert BooleanField(default=False).has_default()
    assert IntegerField(default=None).has_default()
    assert not IntegerField().has_default()


def test_database_default_stands_for_itself():
    class Now:
        def as_sql(self, compiler):
            return "now()", []

    now = Now()
    field = DateTimeField(db_default=now)
    assert field.get_default() is now
    assert field.has_db_default()
    assert not field.has_default()
    assert IntegerField(db_default=3).get_default() == 3
    assert IntegerField(default=4, db_default=3).get_default() == 4


# Choices.


class Suit(enum.Enum):
    RED_HEART = "h"


class Status(TextChoices):
    DRAFT = "d", "A draft"
    SHOWN = "s"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([("a", "A"), ["b", "B"]], [("a", "A"), ("b", "B")]),
        ({"a": "A"}, [("a", "A")]),
        (iter([("a", "A")]), [("a", "A")]),
        (Status, [("d", "A draft"), ("s", "Shown")]),
        (Suit, [("h", "Red Heart")]),
        (lambda: {"a": "A"}, [("a", "A")]),
        ([("G", [("a", "A")]), ("b", "B")], [("G", [("a", "A")]), ("b", "B")]),
        ({"G": {"a": "A"}}, [("G", [("a", "A")])]),
        ({"G": Status}, [("G", [("d", "A draft"), ("s", "Shown")])]),
        ([], []),
    ],
)
def test_choices_come_in_many_forms(given, kept):
    assert CharField(choices=given).choices == kept


def test_choices_are_flat_without_groups():
    field = IntegerField(choices=[("Odd", [(1, "one"), (3, "three")]), (2, "two")])
    assert field.flatchoices == [(1, "one"), (3, "three"), (2, "two")]
    assert field.has_choices
    assert not IntegerField().has_choices
    assert IntegerField().flatchoices == []


def test_function_is_asked_for_choices_each_time():
    words = {"a": "A"}
    field = CharField(choices=lambda: words)
    assert field.flatchoices == [("a", "A")]
    words["b"] = "B"
    assert field.flatchoices == [("a", "A"), ("b", "B")]
    field.choices = {"c": "C"}
    assert field.flatchoices == [("c", "C")]


# Copies, and how to make a field again.


@pytest.mark.parametrize(
    ("field", "options"),
    [
        (IntegerField(), {}),
        (CharField(), {"max_length": 255}),
        (CharField("a name", max_length=9, null=True), None),
        (EmailField(), {"max_length": 254}),
        (URLField(), {}),
        (SlugField(), {}),
        (SlugField(db_index=False, allow_unicode=True), None),
        (BinaryField(), {}),
        (BinaryField(editable=True, max_length=3), None),
        (DateTimeField(auto_now=True), {"auto_now": True}),
        (DateField(auto_now_add=True, null=True), {"auto_now_add": True, "null": True}),
        (DecimalField(max_digits=5, decimal_places=0), None),
        (AutoField(primary_key=True), {"primary_key": True}),
        (
            BigAutoField("ID", primary_key=True, auto_created=True, serialize=False),
            None,
        ),
        (GenericIPAddressField(protocol="IPv4"), {"protocol": "IPv4"}),
        (FilePathField(path="/x", match="x$", recursive=True), None),
        (UUIDField(default=NOT_PROVIDED), {}),
        (JSONField(default=dict), {"default": dict}),
        (BooleanField(default=False), {"default": False}),
        (IntegerField(unique=True, db_index=True, db_column="c", db_comment="d"), None),
        (IntegerField(db_default=0, help_text="h", validators=[print]), None),
        (CharField(choices=Status, max_length=1), None),
        (IntegerField(error_messages={"null": "!"}, blank=True, editable=False), None),
    ],
)
def test_field_tells_how_it_was_made(field, options):
    name, path, args, kwargs = field.deconstruct()
    assert (name, args) == (None, [])
    assert path == f"fwtrace.toolkit.orm.{type(field).__name__}"
    assert options is None or kwargs == options
    again = getattr(orm, path.rpartition(".")[2])(*args, **kwargs)
    assert again.deconstruct() == field.deconstruct()
    assert field.clone().deconstruct() == field.deconstruct()


def test_options_are_told_as_they_were_given():
    class Letter(Model):
        letter = CharField(choices={"a": "A"}, max_length=1, unique=True)

    field = Letter._meta.get_field("letter")
    assert field.verbose_name == "letter"
    assert field.deconstruct()[0] == "letter"
    assert field.deconstruct()[3] == {
        "choices": [("a", "A")],
        "max_length": 1,
        "unique": True,
    }


def test_fields_of_users_are_told_by_their_own_place():
    class Upper(CharField):
        pass

    path = Upper().deconstruct()[1]
    assert path == f"{__name__}.{Upper.__qualname__}"


def test_copies_are_fields_of_their_own():
    field = CharField(max_length=5, validators=[len], default=[])
    assert field.validators
    for made in (copy.copy(field), copy.deepcopy(field)):
        assert made != field
        assert made.default is field.default
        made.validators.append(print)
        made.error_messages["null"] = "!"
    assert print not in field.validators
    assert field.error_messages["null"] != "!"


def test_not_provided_is_one():
    assert copy.deepcopy(NOT_PROVIDED) is NOT_PROVIDED
    assert pickle.loads(pickle.dumps(NOT_PROVIDED)) is NOT_PROVIDED
    assert repr(NOT_PROVIDED) == "NOT_PROVIDED"


def test_fields_are_in_the_order_they_were_made_in():
    first, second = CharField(), CharField()
    auto = AutoField(primary_key=True, auto_created=True)
    assert sorted([second, first, auto]) == [auto, first, second]
    assert {first: 1}[first] == 1
