"""Operations made fewer: what becomes of pairs, and that nothing else changes."""

import itertools
import time
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


def optimized(operations):
    return MigrationOptimizer().optimize(operations, APP)


def kinds(operations):
    return [type(each).__name__ for each in operations]


class Cases:
    """Each returns operations, of our classes or of Django's."""

    def __init__(self, migrations, models):
        self.m = migrations
        self.models = models

    def number(self, **options):
        return self.models.IntegerField(**options)

    def link(self, to, **options):
        return self.models.ForeignKey(to, self.models.CASCADE, **options)

    def create(self, name, *fields, **options):
        key = ("id", self.models.BigAutoField(primary_key=True))
        return self.m.CreateModel(name, [key, *fields], **options)

    def add(self, model, name, field=None, **options):
        return self.m.AddField(model, name, field or self.number(), **options)

    def index(self, name="i", field="a"):
        return self.models.Index(fields=[field], name=name)

    def check(self, name="c", **options):
        condition = self.models.Q(a__gt=0)
        return self.models.CheckConstraint(condition=condition, name=name, **options)

    # A model that is made.

    def case_create_delete(self):
        return [self.create("A"), self.m.DeleteModel("a")]

    def case_create_delete_of_another(self):
        return [self.create("A"), self.m.DeleteModel("B")]

    def case_create_rename(self):
        return [self.create("A"), self.m.RenameModel("A", "B")]

    def case_create_rename_to_itself(self):
        link = ("parent", self.link(f"{APP}.a"))
        return [self.create("A", link), self.m.RenameModel("A", "B")]

    def case_create_everything_delete(self):
        return [
            self.create("A", ("a", self.number())),
            self.m.AlterModelTable("A", "x"),
            self.m.AlterUniqueTogether("A", {("id", "a")}),
            self.m.AlterModelOptions("A", {"ordering": ["a"]}),
            self.m.RenameField("A", "a", "b"),
            self.m.DeleteModel("A"),
        ]

    def case_create_options(self):
        return [
            self.create("A", options={"verbose_name": "x", "db_table": "t"}),
            self.m.AlterModelOptions("A", {"ordering": ["id"]}),
        ]

    def case_create_table(self):
        return [self.create("A"), self.m.AlterModelTable("A", "x")]

    def case_create_table_comment(self):
        return [self.create("A"), self.m.AlterModelTableComment("A", "x")]

    def case_create_managers(self):
        managers = [("objects", self.models.Manager())]
        return [self.create("A"), self.m.AlterModelManagers("A", managers)]

    def case_create_unique_together(self):
        return [
            self.create("A", ("a", self.number()), ("b", self.number())),
            self.m.AlterUniqueTogether("A", {("a", "b")}),
            self.m.AlterUniqueTogether("A", {("b", "a")}),
        ]

    def case_create_order(self):
        return [
            self.create("A"),
            self.create("B", ("a", self.link(f"{APP}.A"))),
            self.m.AlterOrderWithRespectTo("B", "a"),
        ]

    def case_create_fields(self):
        return [
            self.create("A", ("a", self.number())),
            self.add("A", "b"),
            self.m.AlterField("A", "a", self.number(null=True)),
            self.m.RenameField("A", "b", "c"),
            self.m.RemoveField("A", "a"),
            self.add("A", "a"),
        ]

    def case_create_remove_ordered_field(self):
        return [
            self.create("A"),
            self.create(
                "B",
                ("a", self.link(f"{APP}.A")),
                options={"order_with_respect_to": "a"},
            ),
            self.m.AlterOrderWithRespectTo("B", None),
            self.m.RemoveField("B", "a"),
        ]

    def case_create_indexes(self):
        return [
            self.create("A", ("a", self.number())),
            self.m.AddIndex("A", self.index("i")),
            self.m.AddIndex("A", self.index("j")),
            self.m.RemoveIndex("A", "i"),
        ]

    def case_create_constraints(self):
        return [
            self.create("A", ("a", self.number())),
            self.m.AddConstraint("A", self.check("c")),
            self.m.AddConstraint("A", self.check("d")),
            self.m.RemoveConstraint("A", "c"),
        ]

    # Past others.

    def case_field_past_another_model(self):
        return [self.create("A"), self.create("B"), self.add("A", "a")]

    def case_link_goes_behind_what_it_leads_to(self):
        link = self.link(f"{APP}.B")
        return [self.create("A"), self.create("B"), self.add("A", "b", link)]

    def case_links_both_ways(self):
        return [
            self.create("A"),
            self.create("B", ("a", self.link(f"{APP}.A"))),
            self.add("A", "b", self.link(f"{APP}.B")),
        ]

    def case_field_past_a_link_to_its_model(self):
        return [
            self.create("A"),
            self.create("B", ("a", self.link(f"{APP}.A"))),
            self.add("A", "a"),
        ]

    def case_delete_past_a_link(self):
        return [
            self.create("A"),
            self.create("B", ("a", self.link(f"{APP}.A"))),
            self.m.DeleteModel("B"),
            self.m.DeleteModel("A"),
        ]

    def case_delete_past_a_child(self):
        return [
            self.create("A"),
            self.m.CreateModel("B", [("x", self.number())], bases=(f"{APP}.A",)),
            self.m.DeleteModel("B"),
            self.m.DeleteModel("A"),
        ]

    def case_many_through(self):
        through = self.models.ManyToManyField(f"{APP}.B", through=f"{APP}.C")
        return [
            self.create("A"),
            self.create("B"),
            self.create(
                "C",
                ("a", self.link(f"{APP}.A")),
                ("b", self.link(f"{APP}.B")),
            ),
            self.add("A", "bs", through),
        ]

    def case_python_in_between(self):
        noop = self.m.RunPython.noop
        return [
            self.create("A"),
            self.m.RunPython(noop),
            self.add("A", "a"),
            self.m.AlterField("A", "a", self.number(null=True)),
        ]

    def case_elidable_in_between(self):
        noop = self.m.RunPython.noop
        return [
            self.create("A"),
            self.m.RunPython(noop, elidable=True),
            self.m.RunSQL("SELECT 1", elidable=True),
            self.add("A", "a"),
        ]

    def case_state_and_database_in_between(self):
        return [
            self.create("A"),
            self.m.SeparateDatabaseAndState(state_operations=[self.create("B")]),
            self.add("A", "a"),
        ]

    # Fields.

    def case_add_alter(self):
        field = self.number(null=True)
        return [self.add("A", "a"), self.m.AlterField("A", "a", field)]

    def case_add_alter_of_another(self):
        field = self.number(null=True)
        return [self.add("A", "a"), self.m.AlterField("A", "b", field)]

    def case_add_rename(self):
        return [self.add("A", "a"), self.m.RenameField("A", "a", "b")]

    def case_add_remove(self):
        return [self.add("A", "a"), self.m.RemoveField("A", "a")]

    def case_alter_alter(self):
        return [
            self.m.AlterField("A", "a", self.number(null=True)),
            self.m.AlterField("A", "a", self.number()),
        ]

    def case_alter_remove(self):
        return [
            self.m.AlterField("A", "a", self.number()),
            self.m.RemoveField("A", "a"),
        ]

    def case_alter_rename(self):
        return [
            self.m.AlterField("A", "a", self.number()),
            self.m.RenameField("A", "a", "b"),
        ]

    def case_alter_rename_of_a_named_column(self):
        return [
            self.m.AlterField("A", "a", self.number(db_column="x")),
            self.m.RenameField("A", "a", "b"),
        ]

    def case_rename_rename(self):
        return [
            self.m.RenameField("A", "a", "b"),
            self.m.RenameField("A", "b", "c"),
        ]

    def case_rename_there_and_back(self):
        return [
            self.m.RenameField("A", "a", "b"),
            self.add("A", "a"),
            self.m.RenameField("A", "b", "c"),
        ]

    def case_remove_delete(self):
        return [self.m.RemoveField("A", "a"), self.m.DeleteModel("A")]

    def case_remove_add(self):
        return [self.m.RemoveField("A", "a"), self.add("A", "a")]

    # Models.

    def case_rename_model_rename_model(self):
        return [self.m.RenameModel("A", "B"), self.m.RenameModel("B", "C")]

    def case_rename_models(self):
        return [self.m.RenameModel("A", "B"), self.m.RenameModel("C", "A")]

    def case_options_options(self):
        return [
            self.m.AlterModelOptions("A", {"ordering": ["a"]}),
            self.m.AlterModelOptions("B", {"ordering": ["a"]}),
            self.m.AlterModelOptions("A", {"verbose_name": "a"}),
        ]

    def case_table_delete(self):
        return [self.m.AlterModelTable("A", "x"), self.m.DeleteModel("A")]

    def case_unique_delete(self):
        return [self.m.AlterUniqueTogether("A", {("a", "b")}), self.m.DeleteModel("A")]

    # Indexes and constraints.

    def case_add_index_remove_index(self):
        return [self.m.AddIndex("A", self.index()), self.m.RemoveIndex("A", "i")]

    def case_add_index_remove_another(self):
        return [self.m.AddIndex("A", self.index()), self.m.RemoveIndex("A", "j")]

    def case_add_index_rename_index(self):
        rename = self.m.RenameIndex("A", new_name="j", old_name="i")
        return [self.m.AddIndex("A", self.index()), rename]

    def case_rename_index_rename_index(self):
        return [
            self.m.RenameIndex("A", new_name="j", old_name="i"),
            self.m.RenameIndex("A", new_name="k", old_name="j"),
        ]

    def case_add_constraint_remove_constraint(self):
        add = self.m.AddConstraint("A", self.check())
        return [add, self.m.RemoveConstraint("A", "c")]


CASES = [name.removeprefix("case_") for name in dir(Cases) if name.startswith("case_")]


@pytest.fixture(scope="module")
def djangos():
    pytest.importorskip("django")
    from django.conf import settings
    from django.db import migrations, models

    if not settings.configured:
        settings.configure()
    return migrations, models


@pytest.mark.oracle
@pytest.mark.parametrize("name", CASES)
def test_makes_of_them_what_django_does(name, djangos):
    from django.db.migrations.optimizer import MigrationOptimizer

    theirs = getattr(Cases(*djangos), f"case_{name}")()
    ours = getattr(Cases(migrations, models), f"case_{name}")()
    expected = MigrationOptimizer().optimize(theirs, APP)
    found = optimized(ours)
    assert kinds(found) == kinds(expected)


@pytest.mark.oracle
@pytest.mark.parametrize("steps", [5, 12, 30])
def test_is_never_longer_than_what_django_makes(steps, djangos):
    from django.db.migrations.optimizer import MigrationOptimizer

    same = 0
    for seed in range(150):
        ours = optimized(History(Random(seed), migrations, models).grow(steps))
        operations = History(Random(seed), *djangos).grow(steps)
        try:
            theirs = MigrationOptimizer().optimize(operations, APP)
        except ValueError:
            continue  # it makes a model with the same field twice
        assert len(ours) <= len(theirs)
        same += kinds(ours) == kinds(theirs)
    assert same > 60


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
    text = migrations.AlterField("A", "n", models.CharField(max_length=9))
    assert optimized([added, text]) == [added, text]
    nullable = migrations.AlterField(
        "A", "n", models.CharField(max_length=9, null=True)
    )
    assert kinds(optimized([added, nullable])) == ["AddField"]


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
