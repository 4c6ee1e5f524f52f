"""Values shown without running the application's code."""

import datetime

import pytest
from hypothesis import given, strategies as st

from fwtrace.tracer.values import LENGTH, clip, show, show_named


class Hostile:
    """An object of an application: looking at it must not call it."""

    id = 7

    def __init__(self):
        self.pk = 3

    def __repr__(self):
        raise AssertionError("repr was called")

    __str__ = __repr__

    def __len__(self):
        raise AssertionError("len was called")

    def __getattr__(self, name):
        raise AssertionError(f"{name} was asked for")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        ("Ann", "'Ann'"),
        ([1, "two", None], "[1, 'two', None]"),
        ({"name": "Ann", "password": "x"}, "{'name': 'Ann', 'password': [redacted]}"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (int, "int"),
        (10**400, "<int of 1329 bits>"),
        ([[[[1]]]], "[[[[…]]]]"),
        (list(range(12)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … (12 in all)]"),
    ],
)
def test_show(value, text):
    assert show(value) == text


def test_object_of_the_app_is_shown_by_its_class_without_being_asked():
    assert show(Hostile()) == "<Hostile pk=3>"
    assert show([Hostile()]) == "[<Hostile pk=3>]"


def test_long_text_is_cut_with_its_length_kept():
    assert show("x" * 12345).endswith("… (12,345 in all)")
    assert clip("abcdef", 3) == "abc… (6 in all)"


def test_named_value_is_redacted_by_its_name():
    assert show_named("password", "hunter2") == "[redacted]"


@given(st.recursive(st.text() | st.binary() | st.integers(), st.lists, max_leaves=50))
def test_any_value_is_shown_bounded(value):
    assert len(show(value)) < (LENGTH * 10 + 100) * 10**3
    assert show(value)
