"""Operations for the optimizer; run with Django, what its optimizer makes of them.

python -m tests.toolkit.orm.migrations.optimizer_cases
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.toolkit.orm.migrations.histories import APP, History

SEEDS = range(150)
LENGTHS = (5, 12, 30, 50)


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


def kinds(operations: list[Any]) -> list[str]:
    return [type(each).__name__ for each in operations]


def relations(operations: list[Any]) -> dict[str, list[str]] | None:
    """What Django's models refer to in the end; None if that is not there for a while.

    By this its optimizer is known to be wrong: models that are renamed lead it to it.
    """
    from django.db.migrations.state import ProjectState

    state = ProjectState()
    named: dict[str, list[str]] = {}
    for operation in operations:
        operation.state_forwards(APP, state)
        for (_, name), model in state.models.items():
            remote = [each.remote_field for each in model.fields.values()]
            related = [each.model for each in remote if each is not None]
            texts = [each for each in (*related, *model.bases) if isinstance(each, str)]
            named[name] = sorted(each.lower() for each in texts)
            if any(tuple(each.split(".")) not in state.models for each in named[name]):
                return None
    return {name: named[name] for _, name in state.models}


def is_right(given: list[Any], found: list[Any]) -> bool:
    expected = relations(given)
    return expected is not None and relations(found) == expected


def main() -> None:
    import django
    from django.conf import settings

    settings.configure()
    django.setup()
    from django.db import migrations, models
    from django.db.migrations.optimizer import MigrationOptimizer

    def optimized(operations: list[Any]) -> Any:
        try:
            return MigrationOptimizer().optimize(operations, APP)
        except ValueError:
            return None  # it has made a model with the same field twice

    cases = Cases(migrations, models)
    histories: dict[int, list[Any]] = {}
    for steps in LENGTHS:
        grown = [History(Random(s), migrations, models).grow(steps) for s in SEEDS]
        made = [(each, optimized(each)) for each in grown]
        histories[steps] = [
            kinds(found) if found is not None and is_right(given, found) else None
            for given, found in made
        ]
    print(
        json.dumps(
            {
                "cases": {
                    name: kinds(optimized(getattr(cases, f"case_{name}")()))
                    for name in CASES
                },
                "histories": histories,
            }
        )
    )


if __name__ == "__main__":
    main()
