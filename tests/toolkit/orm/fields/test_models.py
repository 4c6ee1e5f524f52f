"""Fields in models: names, methods that they give, fields that users make."""

import datetime
from datetime import UTC
from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    CharField,
    DateField,
    DateTimeField,
    Field,
    IntegerField,
    Model,
    TextChoices,
    TextField,
)
from fwtrace.toolkit.validators import ValidationError


class Status(TextChoices):
    DRAFT = "d", "A draft"
    SHOWN = "s"


def test_name_column_and_verbose_name():
    class Person(Model):
        first_name: Any = CharField("given name", db_column="given")
        last_name: Any = CharField()
        alias: Any = CharField(name="nick")

    fields = {field.name: field for field in Person._meta.fields}
    assert (fields["first_name"].column, fields["last_name"].column) == (
        "given",
        "last_name",
    )
    assert fields["first_name"].verbose_name == "given name"
    assert fields["last_name"].verbose_name == "last name"
    assert str(fields["nick"]) == "Person.nick"
    assert repr(fields["nick"]) == "<CharField: nick>"
    assert str(CharField(name="x")) == "CharField 'x'"


def test_choices_are_displayed(database):
    class Post(Model):
        status: Any = CharField(max_length=1, choices=Status, default=Status.DRAFT)
        size: Any = IntegerField(null=True, choices=[("G", [(1, "small")]), (2, None)])
        get_status_display: Any
        get_size_display: Any

    Post.create_table()
    post = Post.objects.create(size=1)
    assert (post.get_status_display(), post.get_size_display()) == ("A draft", "small")
    found = Post.objects.get(status=Status.DRAFT)
    assert found.status == "d"
    found.status, found.size = "x", None
    assert (found.get_status_display(), found.get_size_display()) == ("x", None)
    found.size = 2
    assert found.get_size_display() is None


def test_method_of_the_model_itself_stays():
    class Base(Model):
        status: Any = CharField(max_length=1, choices=Status)

        class Meta:
            abstract = True

    class Own(Base):
        def get_status_display(self):
            return "own"

    class Other(Base):
        status: Any = CharField(max_length=1, choices={"x": "Ex"})
        get_status_display: Any

    assert Own(status="d").get_status_display() == "own"
    assert Other(status="x").get_status_display() == "Ex"


class Event(Model):
    at: Any = DateTimeField()
    kind: Any = CharField(max_length=1, default="a")
    ended: Any = DateTimeField(null=True)
    get_next_by_at: Any
    get_previous_by_at: Any


@pytest.fixture
def events(database):
    Event.create_table()
    days = [3, 1, 1, 2]
    return [
        Event.objects.create(at=datetime.datetime(2024, 1, day, tzinfo=UTC))
        for day in days
    ]


def test_neighbours_by_time(events):
    third, first, second, between = events
    assert first.get_next_by_at() == second
    assert second.get_next_by_at() == between
    assert between.get_next_by_at() == third
    assert third.get_previous_by_at() == between
    assert second.get_previous_by_at() == first


def test_neighbours_meet_conditions(events):
    third, first, _, between = events
    between.kind = third.kind = "b"
    between.save()
    third.save()
    assert first.get_next_by_at(kind="b") == between
    with pytest.raises(Event.DoesNotExist, match="no Event before this one by at"):
        between.get_previous_by_at(kind="b")


def test_there_is_not_always_a_neighbour(events):
    with pytest.raises(Event.DoesNotExist, match="no Event after this one"):
        events[0].get_next_by_at()
    with pytest.raises(ValueError, match="Save the Event first"):
        Event().get_next_by_at()
    assert not hasattr(Event, "get_next_by_ended")


def test_next_row_is_one_statement(events, statements):
    events[0].get_previous_by_at()
    assert len(statements) == 1


def test_days_have_neighbours_too():
    class Fair(Model):
        day: Any = DateField()

    assert Fair.get_next_by_day.__qualname__.endswith("Fair.get_next_by_day")  # type: ignore[attr-defined]


# Fields that users make.


class UpperField(CharField):
    """Says only what text becomes."""

    def to_python(self, value):
        value = super().to_python(value)
        return value if value is None else value.upper()


class Hand:
    def __init__(self, cards):
        self.cards = cards


class HandField(Field):
    """A type of its own, kept as text."""

    description = "A hand of cards"

    def get_internal_type(self):
        return "CharField"

    def from_db_value(self, value, expression, connection):
        return value if value is None else Hand(value.split())

    def to_python(self, value):
        if value is None or isinstance(value, Hand):
            return value
        if not isinstance(value, str):
            raise ValidationError("No hand.", code="invalid")
        return Hand(value.split())

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return value if value is None else " ".join(value.cards)


class CountField(IntegerField):
    """Its own option, in the way of the house and in Django's."""

    default_options = {"step": 1}

    def __init__(self, *args, step=1, **options):
        self.step = step
        super().__init__(*args, **options)


class CommaField(CharField):
    def __init__(self, separator=",", **options):
        self.separator = separator
        super().__init__(**options)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        kwargs["separator"] = self.separator
        return name, path, args, kwargs


class Stripped:
    """A way with values that any kind of text may be given."""

    def to_python(self, value):
        value = super().to_python(value)  # type: ignore[misc]
        return value if value is None else value.strip()


class StrippedField(Stripped, CharField):
    pass


def test_to_python_of_a_mixin_makes_parameters_too():
    assert StrippedField().get_prep_value(" x ") == "x"


def test_own_to_python_makes_parameters_too(database):
    class Shout(Model):
        text: Any = UpperField(max_length=9)

    Shout.create_table()
    Shout.objects.create(text="hey")
    assert Shout.objects.get(text="Hey").text == "HEY"


def test_own_type_is_prepared_and_read():
    field = HandField(max_length=20)
    assert field.kind == "CharField"
    assert (
        field.get_prep_value("1 2") == field.get_prep_value(Hand(["1", "2"])) == "1 2"
    )
    assert field.from_db_value("1 2", None, None).cards == ["1", "2"]
    assert field.clean("1 2", None).cards == ["1", "2"]
    with pytest.raises(ValueError, match="expected a value but got 5"):
        field.get_prep_value(5)


def test_own_options_are_told():
    assert CountField(step=2).clone().step == 2
    assert CountField().deconstruct()[3] == {}
    assert CommaField(";", max_length=3).clone().separator == ";"


def test_own_fields_default_to_text():
    class Notes(TextField):
        pass

    assert (Notes().kind, Field().kind) == ("TextField", "TextField")
    assert Notes().get_prep_value("x") == "x"
