"""Operations made fewer: what becomes of pairs, and that nothing else changes."""

import itertools
import json
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from fwtrace.toolkit.orm import migrations, models
from fwtrace.toolkit.orm.migrations.optimizer import MigrationOptimizer
from fwtrace.toolkit.orm.migrations.state import (
    ModelState,
    ProjectState,
    key_of,
    target_of,
)
from tests.toolkit.orm.migrations.histories import APP, History
from tests.toolkit.orm.migrations.optimizer_cases import (
    CASES,
    LENGTHS,
    SEEDS,
    Cases,
    kinds,
)

ROOT = Path(__file__).parents[4]


def optimized(operations):
    return MigrationOptimizer().optimize(operations, APP)


@pytest.fixture(scope="module")
def djangos():
    """What Django's optimizer makes of the same operations."""
    pytest.importorskip("django")
    command = [sys.executable, "-m", "tests.toolkit.orm.migrations.optimizer_cases"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.oracle
@pytest.mark.parametrize("name", CASES)
def test_makes_of_them_what_django_does(name, djangos):
    operations = getattr(Cases(migrations, models), f"case_{name}")()
    assert kinds(optimized(operations)) == djangos["cases"][name]


@pytest.mark.oracle
@pytest.mark.parametrize("steps", LENGTHS)
def test_is_never_longer_than_what_django_makes(steps, djangos):
    same = 0
    for seed, expected in zip(SEEDS, djangos["histories"][str(steps)], strict=True):
        if expected is None:
            continue  # what Django makes of it is something else
        operations = History(Random(seed), migrations, models).grow(steps)
        found = kinds(optimized(operations))
        assert len(found) <= len(expected)
        same += found == expected
    assert same > 10


# Whatever the history.


@pytest.mark.parametrize("steps", [3, 8, 20, 50])
@pytest.mark.parametrize("part", [0, 0.3, 0.6])
def test_ends_in_the_same_state(steps, part):
    for seed in range(100):
        history = History(Random(f"{seed} {steps}"), migrations, models).grow(steps)
        start = int(len(history) * part)
        before = replayed(history[:start], ProjectState())
        found = optimized(history[start:])
        expected = replayed(history[start:], before.clone())
        assert replayed(found, before.clone()) == expected
        assert optimized(found) == found
        assert len(found) <= len(history) - start


def replayed(operations, state):
    for operation in operations:
        operation.state_forwards(APP, state)
        for model in state.models.values():
            assert_whole(model, state, operation)
    return state


def assert_whole(model, state, operation):
    """Whatever the model refers to is there."""
    related = [
        target_of(each, model) for each in model.fields.values() if each.is_relation
    ]
    bases = [key_of(base, APP) for base in model.bases if isinstance(base, str)]
    assert {*related, *bases} <= set(state.models), operation
    groups = model.options.get("unique_together", ())
    lists = [index.fields for index in model.options["indexes"]]
    order = model.options.get("order_with_respect_to")
    used = itertools.chain(*groups, *lists, [order] if order else [])
    assert set(used) <= set(model.fields), operation


def test_those_given_are_left_alone():
    given = Cases(migrations, models).case_create_fields()
    texts = list(map(repr, given))
    optimized(given)
    assert list(map(repr, given)) == texts


def test_many_operations_take_little_time():
    cases = Cases(migrations, models)
    operations = [cases.create(f"M{number}") for number in range(20)]
    operations += [cases.add(f"M{number % 20}", f"f{number}") for number in range(400)]
    started = time.process_time()
    assert len(optimized(operations)) == 20
    assert time.process_time() - started < 5


# Where it does more than Django, or what Django gets wrong.


@pytest.fixture
def cases():
    return Cases(migrations, models)


def described(operations):
    return [each.describe() for each in optimized(operations)]


def state_of(operations):
    return replayed(operations, ProjectState())


def test_proxy_that_is_made_and_deleted_is_gone(cases):
    proxy = migrations.CreateModel("P", [], {"proxy": True}, (f"{APP}.A",))
    found = described([cases.create("A"), proxy, migrations.DeleteModel("P")])
    assert found == ["Create model A"]


def test_rename_goes_past_those_that_refer_to_the_model(cases):
    operations = [
        cases.create("A"),
        cases.create("B", ("a", cases.link(f"{APP}.A"))),
        migrations.CreateModel("P", [], {"proxy": True}, (f"{APP}.A",)),
        migrations.RenameModel("A", "C"),
    ]
    found = optimized(operations)
    assert [each.describe() for each in found] == [
        "Create model C",
        "Create model B",
        "Create proxy model P",
    ]
    assert found[1].fields[1][1].to == f"{APP}.c"
    assert found[2].bases == (f"{APP}.c",)


def test_rename_of_a_field_goes_past_those_that_refer_to_it(cases):
    operations = [
        cases.create("A", ("x", cases.number(unique=True))),
        cases.create("B"),
        cases.add("B", "a", cases.link(f"{APP}.A", to_field="x")),
        migrations.RunPython(migrations.RunPython.noop),
        cases.add("B", "b", cases.link(f"{APP}.A", to_field="x")),
        migrations.RenameField("A", "x", "y"),
        migrations.RenameField("A", "y", "z"),
    ]
    found = optimized(operations)
    assert [each.describe() for each in found] == [
        "Create model A",
        "Create model B",
        "Raw Python operation noop()",
        "Add field b to B",
        "Rename field x on A to z",
    ]
    assert state_of(found) == state_of(operations)
    assert described([*operations[:3], *operations[5:]]) == [
        "Create model A",
        "Create model B",
    ]


def test_field_goes_past_one_that_cannot(cases):
    found = described(
        [
            cases.create("A"),
            cases.create("B", ("a", cases.link(f"{APP}.A"))),
            cases.add("A", "b", cases.link(f"{APP}.B")),
            cases.add("A", "c"),
        ]
    )
    assert found == ["Create model A", "Create model B", "Add field b to A"]


def test_model_renamed_stays_behind_another_that_takes_its_name(cases):
    operations = [
        migrations.RenameModel("A", "B"),
        cases.create("A"),
        migrations.RenameModel("B", "C"),
    ]
    before = ProjectState({(APP, "a"): ModelState(APP, "A", {})})
    expected = replayed(operations, before.clone())
    assert replayed(optimized(operations), before.clone()) == expected


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("A", "x", models.IntegerField()),
        migrations.AlterField("A", "x", models.IntegerField()),
        migrations.RenameField("A", "x", "y"),
        migrations.AddIndex("A", models.Index(fields=["x"], name="i")),
        migrations.RemoveIndex("A", "i"),
        migrations.RemoveConstraint("A", "c"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_nothing_is_done_to_a_model_that_is_deleted(operation):
    assert described([operation, migrations.DeleteModel("A")]) == ["Delete model A"]


def test_value_for_rows_is_not_the_models_default(cases):
    added = cases.add("A", "n", cases.number(default=1), preserve_default=False)
    operations = [cases.create("A"), added]
    assert optimized(operations)[0].fields[1][1].has_default() is False
    assert state_of(optimized(operations)) == state_of(operations)


def test_value_for_rows_outlives_a_change(cases):
    added = cases.add("A", "n", cases.number(default=1), preserve_default=False)
    altered = migrations.AlterField("A", "n", cases.number(db_index=True))
    for first in (added, migrations.AlterField("A", "n", cases.number(default=1))):
        (found,) = optimized([first, altered])
        assert type(found) is type(first)
        assert found.field.default == 1
        assert found.field.db_index
        assert not found.preserve_default
    assert altered.field.has_default() is False


def test_value_for_rows_that_is_of_another_kind_keeps_both(cases):
    added = cases.add("A", "n", cases.number(default=1), preserve_default=False)
    text = migrations.AlterField("A", "n", models.CharField(max_length=9, null=True))
    assert optimized([added, text]) == [added, text]
    filled = cases.add("A", "n", cases.number(db_default=1))
    altered = migrations.AlterField("A", "n", cases.number())
    assert optimized([filled, altered]) == [filled, altered]


def test_change_to_null_fills_no_rows(cases):
    first = migrations.AlterField("A", "n", cases.number(null=True, default=1))
    last = migrations.AlterField("A", "n", cases.number(null=True))
    (found,) = optimized([first, last])
    assert not found.field.has_default()


def test_renamed_field_keeps_its_value_for_rows(cases):
    added = cases.add("A", "n", cases.number(default=1), preserve_default=False)
    (found,) = optimized([added, migrations.RenameField("A", "n", "m")])
    assert (found.name, found.preserve_default) == ("m", False)


def test_groups_go_past_the_name_of_the_table(cases):
    found = described(
        [
            migrations.AlterUniqueTogether("A", {("a", "b")}),
            migrations.AlterModelTable("A", "x"),
            migrations.AlterUniqueTogether("A", {("a", "c")}),
        ]
    )
    assert found == [
        "Rename table for A to x",
        "Alter unique_together for A (1 constraint(s))",
    ]


def test_groups_stay_where_the_table_is_or_is_not_managed(cases):
    operations = [
        migrations.AlterUniqueTogether("A", {("a", "b")}),
        migrations.AlterModelOptions("A", {"managed": False}),
        migrations.AlterUniqueTogether("A", {("a", "c")}),
    ]
    assert optimized(operations) == operations


def test_index_in_the_model_is_renamed(cases):
    (found,) = optimized(
        [
            cases.create("A", ("a", cases.number())),
            migrations.AddIndex("A", cases.index("i")),
            migrations.RenameIndex("A", new_name="j", old_name="i"),
        ]
    )
    assert [index.name for index in found.options["indexes"]] == ["j"]


def test_field_that_comes_later_is_not_looked_for_in_the_model(cases):
    operations = [
        cases.create("A"),
        migrations.RunSQL("SELECT 1"),
        cases.add("A", "n"),
        migrations.RunSQL("SELECT 1"),
        migrations.RemoveField("A", "n"),
    ]
    assert optimized(operations) == operations
