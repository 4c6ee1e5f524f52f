"""The graph of migrations: orders, replacements, circles, and states along the way."""

import random
import time
from pathlib import Path

import pytest

from fwtrace.toolkit.orm import CharField, IntegerField, migrations
from fwtrace.toolkit.orm.migrations.exceptions import (
    BadMigrationError,
    CircularDependencyError,
    NodeNotFoundError,
)
from fwtrace.toolkit.orm.migrations.graph import MigrationGraph
from fwtrace.toolkit.orm.migrations.migration import Migration


def migration(text, operations=()):
    app, _, name = text.partition(".")
    made = Migration(name, app)
    made.operations.extend(operations)
    return made


def key(text):
    app, _, name = text.partition(".")
    return app, name


def keys(text):
    return [key(each) for each in text.split()]


def graph_of(*edges, nodes=""):
    """``graph_of("a.2 > a.1")``: a.2 depends on a.1."""
    made = MigrationGraph()
    pairs = [edge.split(" > ") for edge in edges]
    for name in dict.fromkeys([*nodes.split(), *sum(pairs, [])]):
        made.add_node(key(name), migration(name))
    for child, parent in pairs:
        made.add_dependency(made.nodes[key(child)], key(child), key(parent))
    return made


@pytest.fixture
def two_apps():
    r"""a.1 - a.2 - a.3 - a.4, where a.3 needs b.2, and b.1 - b.2 needs a.1."""
    return graph_of(
        "a.4 > a.3", "a.3 > a.2", "a.2 > a.1", "a.3 > b.2", "b.2 > b.1", "b.1 > a.1"
    )


def test_plans_forwards_in_order(two_apps):
    assert two_apps.forwards_plan(key("a.3")) == keys("a.1 b.1 b.2 a.2 a.3")
    assert two_apps.forwards_plan(key("a.1")) == keys("a.1")


def test_plans_backwards_what_comes_after_first(two_apps):
    assert two_apps.backwards_plan(key("a.2")) == keys("a.4 a.3 a.2")
    assert two_apps.backwards_plan(key("b.1")) == keys("a.4 a.3 b.2 b.1")


def test_roots_and_leaves_are_those_within_their_app(two_apps):
    assert two_apps.root_nodes() == keys("a.1 b.1")
    assert two_apps.leaf_nodes() == keys("a.4 b.2")
    assert two_apps.root_nodes("b") == keys("b.1")
    assert two_apps.leaf_nodes("c") == []


def test_plan_of_several_names_each_once(two_apps):
    assert two_apps.plan() == keys("a.1 b.1 b.2 a.2 a.3 a.4")
    assert two_apps.plan(keys("b.2 a.2")) == keys("a.1 b.1 b.2 a.2")
    assert two_apps.plan(key("a.2"), at_end=False) == keys("a.1")


def test_plan_does_not_depend_on_the_order_of_adding():
    edges = ["a.2 > a.1", "a.3 > a.1", "a.4 > a.2", "a.4 > a.3", "a.1 > b.1"]
    plans = set()
    for seed in range(20):
        random.Random(seed).shuffle(edges)
        plans.add(tuple(graph_of(*edges).plan()))
    assert len(plans) == 1


def test_repr_counts(two_apps):
    assert repr(two_apps) == "<MigrationGraph: 6 migrations, 6 dependencies>"
    assert key("a.1") in two_apps
    assert key("a.9") not in two_apps


# What is wrong.


def test_circle_is_named_in_full():
    circle = graph_of("a.1 > b.1", "b.1 > c.1", "c.1 > a.1", "a.2 > a.1")
    with pytest.raises(CircularDependencyError) as caught:
        circle.ensure_not_cyclic()
    assert str(caught.value) == (
        "These migrations wait for each other: a.1 -> b.1 -> c.1 -> a.1. Take one of "
        "these dependencies out."
    )


def test_one_that_waits_for_itself():
    with pytest.raises(CircularDependencyError, match=r"other: a\.1 -> a\.1\. Take"):
        graph_of("a.1 > a.1").ensure_not_cyclic()


def test_plan_of_a_circle_ends():
    assert sorted(graph_of("a.1 > b.1", "b.1 > a.1").forwards_plan(key("a.1")))


def test_missing_parent_is_named_with_the_file():
    made = graph_of(nodes="blog.0001_initial blog.0002_tags")
    child = made.nodes[key("blog.0002_tags")]
    child.path = Path("blog/migrations/0002_tags.py")
    with pytest.raises(NodeNotFoundError) as caught:
        made.add_dependency(child, child.key, key("blog.0001_initail"))
    assert str(caught.value) == (
        "blog/migrations/0002_tags.py depends on blog.0001_initail: the app 'blog' has "
        "no migration '0001_initail'. Did you mean '0001_initial'?"
    )
    assert caught.value.node == key("blog.0001_initail")
    assert caught.value.origin is child


def test_missing_app_is_named():
    made = graph_of(nodes="blog.1")
    with pytest.raises(NodeNotFoundError, match="no migrations of the app 'auth'"):
        made.add_dependency(None, key("blog.1"), key("auth.1"))


def test_missing_one_may_be_added_later():
    made = graph_of(nodes="a.2")
    made.add_dependency(None, key("a.2"), key("a.1"), skip_validation=True)
    with pytest.raises(NodeNotFoundError):
        made.validate_consistency()
    made.add_node(key("a.1"), migration("a.1"))
    made.validate_consistency()
    assert made.plan() == keys("a.1 a.2")


@pytest.mark.parametrize("method", ["forwards_plan", "backwards_plan", "plan"])
def test_plan_of_an_unknown_one(method, two_apps):
    with pytest.raises(KeyError) as caught:
        getattr(two_apps, method)(("a", "9"))
    assert str(caught.value) == (
        "The app 'a' has no migration '9'. There is 1, 2, 3, 4."
    )


# Squashed ones.


def squashed():
    """a.1 - a.2 - a.3 with a.1-2 for the first two; b.1 needs a.2, a.1 needs c.1."""
    made = graph_of(
        "a.2 > a.1", "a.3 > a.2", "b.1 > a.2", "a.1 > c.1", nodes="a.1-2 d.1"
    )
    made.add_dependency(None, key("d.1"), key("a.1-2"))
    return made


def test_squashed_one_takes_the_place_of_others():
    made = squashed()
    made.remove_replaced_nodes(key("a.1-2"), keys("a.1 a.2"))
    assert key("a.1") not in made
    assert made.plan() == keys("c.1 a.1-2 a.3 b.1 d.1")
    made.validate_consistency()


def test_squashed_one_takes_the_place_of_others_that_are_gone():
    made = graph_of(nodes="a.3 a.1-2")
    made.add_dependency(None, key("a.3"), key("a.2"), skip_validation=True)
    made.remove_replaced_nodes(key("a.1-2"), keys("a.1 a.2"))
    made.validate_consistency()
    assert made.plan() == keys("a.1-2 a.3")


def test_squashed_one_left_out():
    made = squashed()
    made.remove_replacement_node(key("a.1-2"), keys("a.1 a.2"))
    assert key("a.1-2") not in made
    assert made.parents[key("d.1")] == {key("a.2")}
    assert made.plan() == keys("c.1 a.1 a.2 a.3 b.1 d.1")


def test_unknown_squashed_one():
    with pytest.raises(NodeNotFoundError, match="no migration '7'"):
        squashed().remove_replaced_nodes(key("a.7"), keys("a.1"))
    with pytest.raises(NodeNotFoundError, match="no migration '7'"):
        squashed().remove_replacement_node(key("a.7"), keys("a.1"))


# States.


def chain(length):
    """A model that gets a field with each migration."""
    made = MigrationGraph()
    first = migrations.CreateModel("Post", [("title", CharField(max_length=9))])
    for number in range(length):
        name = f"a.{number:05}"
        field = migrations.AddField("Post", f"n{number}", IntegerField(default=0))
        made.add_node(key(name), migration(name, [field if number else first]))
        if number:
            made.add_dependency(None, key(name), key(f"a.{number - 1:05}"), True)
    return made


def test_state_before_and_after():
    made = chain(3)
    after = made.make_state(key("a.00001"))
    before = made.make_state(key("a.00001"), at_end=False)
    assert list(after.models["a", "post"].fields) == ["title", "n1"]
    assert list(before.models["a", "post"].fields) == ["title"]
    assert list(made.make_state().models["a", "post"].fields) == ["title", "n1", "n2"]


def test_state_is_the_callers_own():
    made = chain(3)
    made.make_state().remove_model("a", "Post")
    assert made.make_state().models


def test_state_after_another_node():
    made = chain(2)
    made.make_state()
    made.add_node(key("b.1"), migration("b.1", [migrations.CreateModel("Tag", [])]))
    assert ("b", "tag") in made.make_state().models


def test_walking_along_mutates_once(monkeypatch):
    made = chain(50)
    calls = []
    original = Migration.mutate_state

    def counting(self, state, preserve=True):
        calls.append(self.name)
        return original(self, state, preserve)

    monkeypatch.setattr(Migration, "mutate_state", counting)
    for node in made.forwards_plan(key("a.00049")):
        made.make_state(node)
    assert len(calls) == 50


def test_operation_that_does_not_fit_is_named():
    made = graph_of(nodes="a.1")
    made.nodes[key("a.1")].operations.append(migrations.DeleteModel("Gone"))
    made.nodes[key("a.1")].path = Path("a/migrations/1.py")
    with pytest.raises(BadMigrationError) as caught:
        made.make_state()
    assert str(caught.value) == (
        "a/migrations/1.py does not fit what comes before it: there is no model a.Gone"
    )


def test_thousands_in_a_row():
    made = MigrationGraph()
    names = [f"a.{number:05}" for number in range(5000)]
    started = time.process_time()
    for name in names:
        made.add_node(key(name), migration(name))
    for child, parent in zip(names[1:], names, strict=False):
        made.add_dependency(None, key(child), key(parent), True)
    made.validate_consistency()
    made.ensure_not_cyclic()
    assert made.forwards_plan(key(names[-1])) == [key(name) for name in names]
    assert made.backwards_plan(key(names[0])) == [key(name) for name in names[::-1]]
    assert time.process_time() - started < 5


@pytest.mark.oracle
def test_orders_are_djangos():
    graphs = pytest.importorskip("django.db.migrations.graph")
    for seed in range(60):
        dice = random.Random(seed)
        names = [f"{app}.{number}" for app in "abc" for number in range(6)]
        dice.shuffle(names)
        edges = [
            f"{child} > {parent}"
            for index, child in enumerate(names)
            for parent in dice.sample(names[:index], min(index, dice.randint(0, 3)))
        ]
        ours, theirs = graph_of(*edges, nodes=" ".join(names)), graphs.MigrationGraph()
        for name in names:
            theirs.add_node(key(name), None)
        for edge in edges:
            child, parent = edge.split(" > ")
            theirs.add_dependency(None, key(child), key(parent))
        for name in names:
            node = key(name)
            assert ours.forwards_plan(node) == theirs.forwards_plan(node)
            assert ours.backwards_plan(node) == theirs.backwards_plan(node)
        assert ours.leaf_nodes() == theirs.leaf_nodes()
        assert ours.root_nodes() == theirs.root_nodes()
        assert ours.plan() == theirs._generate_plan(theirs.leaf_nodes(), True)
