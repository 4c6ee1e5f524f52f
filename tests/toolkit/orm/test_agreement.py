"""Random conditions on random rows find what plain Python finds in them."""

from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from fwtrace.toolkit.orm import (
    SET_NULL,
    CharField,
    ForeignKey,
    IntegerField,
    Model,
    Q,
)


class Writer(Model):
    name: Any = CharField(max_length=10)
    age: Any = IntegerField(null=True)


class Work(Model):
    title: Any = CharField(max_length=10)
    pages: Any = IntegerField(null=True)
    writer: Any = ForeignKey(Writer)
    editor: Any = ForeignKey(Writer, SET_NULL, null=True, related_name="edited")


COMPARE = {
    "exact": lambda a, b: a is not None and a == b,
    "gt": lambda a, b: a is not None and a > b,
    "gte": lambda a, b: a is not None and a >= b,
    "lt": lambda a, b: a is not None and a < b,
    "lte": lambda a, b: a is not None and a <= b,
    "in": lambda a, b: a is not None and a in b,
    "isnull": lambda a, b: (a is None) is b,
}
# The rows stay as they are, so all examples may share them.
MANY = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NUMBERS = st.integers(0, 3)
NAMES = st.sampled_from("ab")


def conditions(paths):
    """``(path, lookup, value)`` for some path."""

    def of(path):
        values = NUMBERS if path.endswith(("pages", "age")) else NAMES
        return st.one_of(
            st.tuples(st.just(path), st.sampled_from(list(COMPARE)[:5]), values),
            st.tuples(st.just(path), st.just("in"), st.lists(values, max_size=2)),
            st.tuples(st.just(path), st.just("isnull"), st.booleans()),
        )

    return st.sampled_from(paths).flatmap(of)


def trees(paths):
    """Conditions combined: ("not", tree), ("and" or "or", tree, tree)."""
    return st.recursive(
        conditions(paths),
        lambda t: st.tuples(st.just("not"), t) | st.tuples(st.sampled_from("&|"), t, t),
        max_leaves=4,
    )


def as_q(tree):
    if tree[0] == "not":
        return ~as_q(tree[1])
    if tree[0] in "&|":
        left, right = as_q(tree[1]), as_q(tree[2])
        return left & right if tree[0] == "&" else left | right
    path, lookup, value = tree
    return Q(**{f"{path}__{lookup}": value})


def holds(tree, value_of):
    if tree[0] == "not":
        return not holds(tree[1], value_of)
    if tree[0] in "&|":
        both = (holds(tree[1], value_of), holds(tree[2], value_of))
        return all(both) if tree[0] == "&" else any(both)
    path, lookup, value = tree
    return COMPARE[lookup](value_of(path), value)


def follow(instance, path):
    for name in path.split("__"):
        instance = getattr(instance, name) if instance is not None else None
    return instance


@pytest.fixture
def shelf(connected):
    """Each combination of what conditions can tell apart."""
    Writer.create_table()
    Work.create_table()
    writers = [Writer.objects.create(name=n, age=a) for n in "ab" for a in (None, 1, 2)]
    for number, writer in enumerate(writers[1:]):
        for pages in (None, 1, 3)[: number % 4]:
            for editor in (None, *writers[::2])[: number + 1]:
                title = "ab"[number % 2]
                Work.objects.create(
                    title=title, pages=pages, writer=writer, editor=editor
                )
    return list(Work.objects.select_related("writer", "editor").order_by("pk"))


FORWARD = ["title", "pages", "writer__name", "writer__age", "editor__name"]
FORWARD += ["editor__age"]


@given(trees(FORWARD), trees(FORWARD))
@MANY
def test_filter_and_exclude_agree_with_python(shelf, first, second):
    rows = Work.objects.filter(as_q(first)).exclude(as_q(second))
    expected = [
        work
        for work in shelf
        if holds(first, partial(follow, work))
        and not holds(second, partial(follow, work))
    ]
    assert list(rows.order_by("pk")) == expected
    assert rows.count() == len(expected)


REVERSE = ["age", "work__title", "work__pages", "work__editor__age"]


def writer_holds(tree, writer, works, work):
    """With the one work at hand; what is denied is denied of all works."""

    def value_of(path):
        start, _, rest = path.partition("__")
        return follow(work, rest) if start == "work" else getattr(writer, path)

    def check(tree, denied):
        if tree[0] == "not":
            return not check(tree[1], not denied)
        if tree[0] in "&|":
            both = (check(tree[1], denied), check(tree[2], denied))
            return all(both) if tree[0] == "&" else any(both)
        if denied and tree[0].startswith("work"):
            rows = works or [None]
            return any(writer_holds(tree, writer, works, each) for each in rows)
        return holds(tree, value_of)

    return check(tree, False)


@given(trees(REVERSE), trees(REVERSE))
@MANY
def test_filters_over_a_reverse_relation_agree_with_python(shelf, first, second):
    rows = Writer.objects.filter(as_q(first)).filter(as_q(second)).distinct()
    expected = []
    for writer in Writer.objects.order_by("pk"):
        works = [work for work in shelf if work.writer_id == writer.pk]
        if all(
            any(writer_holds(tree, writer, works, each) for each in works or [None])
            for tree in (first, second)
        ):
            expected.append(writer)
    assert list(rows.order_by("pk")) == expected
    assert rows.count() == len(expected)
