"""Choices as enums: values to store, labels to show."""

import copy
import datetime
import enum
import json
import pickle

import pytest

from fwtrace.toolkit.orm import Choices, IntegerChoices, TextChoices


class Status(TextChoices):
    DRAFT = "d", "Not yet published"
    SHOWN_TO_ALL = "s"


class Size(IntegerChoices):
    SMALL = 1, "S"
    LARGE = 2

    __empty__ = "(any)"


class Landing(datetime.date, Choices):
    APOLLO_11 = 1969, 7, 20, "Apollo 11 (Eagle)"
    APOLLO_12 = 1969, 11, 19


def test_texts():
    assert Status.choices == [("d", "Not yet published"), ("s", "Shown To All")]
    assert Status.values == ["d", "s"]
    assert Status.labels == ["Not yet published", "Shown To All"]
    assert Status.names == ["DRAFT", "SHOWN_TO_ALL"]
    assert Status.DRAFT.label == "Not yet published"


def test_integers_with_an_empty_choice():
    assert Size.choices == [(None, "(any)"), (1, "S"), (2, "Large")]
    assert Size.values == [None, 1, 2]
    assert Size.labels == ["(any)", "S", "Large"]
    assert Size.names == ["__empty__", "SMALL", "LARGE"]
    assert list(Size) == [Size.SMALL, Size.LARGE]


def test_other_types():
    assert Landing.APOLLO_11 == datetime.date(1969, 7, 20)
    assert Landing.choices == [
        (datetime.date(1969, 7, 20), "Apollo 11 (Eagle)"),
        (datetime.date(1969, 11, 19), "Apollo 12"),
    ]


def test_members_are_their_values():
    assert (str(Status.DRAFT), f"{Status.DRAFT}", repr(Status.DRAFT)) == (
        "d",
        "d",
        "Status.DRAFT",
    )
    assert ["d"] == [Status.DRAFT]
    assert (str(Size.SMALL), Size.SMALL + 1) == ("1", 2)
    assert json.dumps([Status.DRAFT, Size.SMALL]) == '["d", 1]'
    assert type(Status.DRAFT.value) is str
    assert (Status("d"), Size(2), Status["DRAFT"]) == (
        Status.DRAFT,
        Size.LARGE,
        Status.DRAFT,
    )


def test_values_and_members_are_in_the_enum():
    assert "d" in Status
    assert Status.DRAFT in Status
    assert "x" not in Status
    assert [] not in Status
    assert 1 in Size
    assert Size.SMALL not in Status


def test_auto_gives_text_its_own_name():
    class Fruit(TextChoices):
        APPLE = enum.auto()
        PEAR = enum.auto(), "A pear"

    assert Fruit.choices == [("APPLE", "Apple"), ("PEAR", "A pear")]


def test_auto_counts_integers():
    class Level(IntegerChoices):
        LOW = enum.auto()
        HIGH = enum.auto(), "High!"

    assert Level.choices == [(1, "Low"), (2, "High!")]


def test_label_may_be_text_to_come():
    class Later:
        def startswith(self, text):
            return False

    class Mood(TextChoices):
        GOOD = "g", Later()

    assert Mood.values == ["g"]
    assert type(Mood.GOOD.label) is Later


def test_same_value_twice_is_a_mistake():
    with pytest.raises(ValueError, match="duplicate values"):

        class Twice(TextChoices):
            A = "a", "One"
            B = "a", "Two"


def test_members_are_copied_and_pickled_as_themselves():
    for member in (Status.DRAFT, Size.LARGE, Landing.APOLLO_11):
        assert copy.deepcopy(member) is member
        assert pickle.loads(pickle.dumps(member)) is member


def test_templates_do_not_call_them():
    assert Status.do_not_call_in_templates is True
