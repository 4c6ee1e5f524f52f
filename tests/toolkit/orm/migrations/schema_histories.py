"""Random histories of tables with rows: operations that follow from each other."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fwtrace.toolkit.orm import migrations as m, models
from fwtrace.toolkit.orm.migrations.state import ProjectState

APP = "lib"
MODELS = ("Author", "Book", "Shelf", "Reader")
FIELDS = ("alpha", "beta", "gamma", "delta", "order", "select")
KINDS: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "char": (models.CharField, {"max_length": 30}, "it's 100%"),
    "text": (models.TextField, {}, "long"),
    "integer": (models.IntegerField, {}, 7),
    "positive": (models.PositiveIntegerField, {}, 3),
    "big": (models.BigIntegerField, {}, 2**40),
    "boolean": (models.BooleanField, {}, True),
    "decimal": (models.DecimalField, {"max_digits": 6, "decimal_places": 2}, 5),
    "date": (models.DateField, {}, "2026-11-21"),
    "float": (models.FloatField, {}, 1.5),
    "json": (models.JSONField, {}, dict),
}
INDEXED = ("char", "integer", "big", "date")
WIDER: dict[Any, Any] = {
    models.CharField: lambda: models.TextField(default="x"),
    models.IntegerField: lambda: models.BigIntegerField(default=7),
}
FILLINGS: dict[Any, Any] = {
    models.CharField: "filled",
    models.TextField: "filled",
    models.JSONField: list,
    models.DateField: "2020-01-01",
}


def auto_id() -> Any:
    return models.AutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


def plain_field(draw: Any) -> Any:
    """A column that rows can be made without: it may be NULL, or has a default."""
    kind = draw(st.sampled_from(list(KINDS)))
    field, options, default = KINDS[kind]
    if draw(st.booleans()):
        return field(null=True, **options)
    is_indexed = kind in INDEXED and draw(st.booleans())
    return field(default=default, db_index=is_indexed, **options)


def changed_field(draw: Any, field: Any) -> Any:
    """Another field that keeps the values of the first."""
    _, _, args, options = field.deconstruct()
    choice = draw(st.sampled_from(["null", "index", "wider", "help"]))
    if choice == "wider" and type(field) in WIDER:
        return WIDER[type(field)]()
    if choice == "null" and field.null:
        options["null"] = False
        options["default"] = FILLINGS.get(type(field), 1)
    elif choice == "null":
        options["null"] = True
        options.pop("default", None)
    elif choice == "index" and type(field) in WIDER:
        options["db_index"] = not field.db_index
    else:
        options["help_text"] = draw(st.sampled_from(["a", "b", "c"]))
    return type(field)(*args, **options)


class History:
    """Draws operations one by one, each fitting the state that the others left."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.state = ProjectState()
        self.operations: list[Any] = []
        self.number = 0

    def pick(self, options: Any) -> Any:
        return self.draw(st.sampled_from(list(options)))

    def step(self) -> None:
        now = [state.name for state in self.state.models.values()]
        kinds = [self.create] * 2
        if now:
            kinds += [self.add, self.add, self.relate, self.alter, self.alter]
            kinds += [self.rename_field, self.remove, self.index, self.drop_index]
            kinds += [self.constraint, self.drop_constraint, self.together, self.many]
            kinds += [self.rename, self.table, self.delete, self.rename_index]
        operation = self.pick(kinds)(now)
        if operation is not None:
            operation.state_forwards(APP, self.state)
            self.operations.append(operation)

    # What there is.

    def options(self, model: str) -> dict[str, Any]:
        return self.state.model(APP, model).options

    def fields(self, model: str, with_relations: bool = False) -> dict[str, Any]:
        return {
            name: field
            for name, field in self.state.model(APP, model).fields.items()
            if name != "id" and (with_relations or not field.is_relation)
        }

    def free(self, model: str) -> list[str]:
        return [n for n in FIELDS if n not in self.state.model(APP, model).fields]

    def conditions(self, model: str) -> set[str]:
        """Fields that a check names."""
        checks = [
            getattr(c, "condition", None) for c in self.options(model)["constraints"]
        ]
        return {
            name.partition("__")[0]
            for check in checks
            if check is not None
            for name, _ in check.children
        }

    def named(self, model: str) -> set[str]:
        """Fields that an index or a constraint names."""
        options = self.options(model)
        found = {n for group in options.get("unique_together", ()) for n in group}
        for each in (*options["indexes"], *options["constraints"]):
            found |= {name.lstrip("-") for name in getattr(each, "fields", ())}
        return found | self.conditions(model)

    def indexable(self, model: str) -> list[str]:
        kinds = (models.CharField, models.IntegerField, models.DateField)
        return [n for n, f in self.fields(model).items() if type(f) in kinds]

    def is_unique(self, model: str, name: str) -> bool:
        """Whether it is already, with the key: PostgreSQL makes one of two alike."""
        options = self.options(model)
        groups = [getattr(each, "fields", ()) for each in options["constraints"]]
        return ("id", name) in {
            *options.get("unique_together", ()),
            *map(tuple, groups),
        }

    def name(self, kind: str) -> str:
        self.number += 1
        return f"{kind}_{self.number}"

    # Operations; None where there is nothing to do them to.

    def create(self, now: list[str]) -> Any:
        free = [name for name in MODELS if name not in now]
        if not free:
            return None
        fields = [("id", auto_id())]
        for name in FIELDS[: self.draw(st.integers(0, 3))]:
            fields.append((name, plain_field(self.draw)))
        if now and self.draw(st.booleans()):
            fields.append(("owner", self.key(self.pick(now))))
        return m.CreateModel(self.pick(free), fields)

    def key(self, target: str) -> Any:
        return models.ForeignKey(
            f"{APP}.{target.lower()}", models.SET_NULL, null=True, related_name="+"
        )

    def add(self, now: list[str]) -> Any:
        model = self.pick(now)
        free = self.free(model)
        if not free:
            return None
        return m.AddField(model, self.pick(free), plain_field(self.draw))

    def relate(self, now: list[str]) -> Any:
        model = self.pick(now)
        if "owner" in self.state.model(APP, model).fields:
            return None
        return m.AddField(model, "owner", self.key(self.pick(now)))

    def many(self, now: list[str]) -> Any:
        model = self.pick(now)
        if "links" in self.state.model(APP, model).fields:
            return None
        to = f"{APP}.{self.pick(now).lower()}"
        return m.AddField(model, "links", models.ManyToManyField(to, related_name="+"))

    def alter(self, now: list[str]) -> Any:
        model = self.pick(now)
        fields = self.fields(model)
        names = [n for n in fields if n not in self.named(model)]
        if not names:
            return None
        name = self.pick(names)
        return m.AlterField(model, name, changed_field(self.draw, fields[name]))

    def rename_field(self, now: list[str]) -> Any:
        model = self.pick(now)
        fields, free = self.fields(model, with_relations=True), self.free(model)
        if not fields or not free:
            return None
        return m.RenameField(model, self.pick(fields), self.pick(free))

    def remove(self, now: list[str]) -> Any:
        model = self.pick(now)
        fields = self.fields(model, with_relations=True)
        names = [n for n in fields if n not in self.named(model)]
        return m.RemoveField(model, self.pick(names)) if names else None

    def index(self, now: list[str]) -> Any:
        model = self.pick(now)
        names = self.indexable(model)
        if not names:
            return None
        field = f"{self.pick(('', '-'))}{self.pick(names)}"
        return m.AddIndex(model, models.Index(fields=[field], name=self.name("ix")))

    def drop_index(self, now: list[str]) -> Any:
        model = self.pick(now)
        indexes = self.options(model)["indexes"]
        return m.RemoveIndex(model, self.pick(indexes).name) if indexes else None

    def rename_index(self, now: list[str]) -> Any:
        model = self.pick(now)
        indexes = self.options(model)["indexes"]
        if not indexes:
            return None
        old = self.pick(indexes).name
        return m.RenameIndex(model, new_name=self.name("ix"), old_name=old)

    def constraint(self, now: list[str]) -> Any:
        model = self.pick(now)
        names = self.indexable(model)
        if not names:
            return None
        name = self.pick(names)
        if isinstance(self.fields(model)[name], models.IntegerField):
            condition = models.Q((f"{name}__gte", 0))
            check = models.CheckConstraint(condition=condition, name=self.name("ck"))
            return m.AddConstraint(model, check)
        if self.is_unique(model, name):
            return None
        unique = models.UniqueConstraint(fields=["id", name], name=self.name("un"))
        return m.AddConstraint(model, unique)

    def drop_constraint(self, now: list[str]) -> Any:
        model = self.pick(now)
        known = self.options(model)["constraints"]
        return m.RemoveConstraint(model, self.pick(known).name) if known else None

    def together(self, now: list[str]) -> Any:
        model = self.pick(now)
        if self.options(model).get("unique_together"):
            return m.AlterUniqueTogether(model, set())
        names = [n for n in self.indexable(model) if not self.is_unique(model, n)]
        if not names:
            return None
        return m.AlterUniqueTogether(model, {("id", self.pick(names))})

    def rename(self, now: list[str]) -> Any:
        free = [name for name in MODELS if name not in now]
        return m.RenameModel(self.pick(now), self.pick(free)) if free else None

    def table(self, now: list[str]) -> Any:
        return m.AlterModelTable(self.pick(now), self.pick((None, self.name("table"))))

    def delete(self, now: list[str]) -> Any:
        model = self.pick(now)
        others = self.state.references_to((APP, model.lower()))
        if any(state.name != model for state, *_ in others):
            return None
        return m.DeleteModel(model)


@st.composite
def histories(draw: Any, longest: int = 14) -> list[Any]:
    """A list of operations for an app."""
    history = History(draw)
    for _ in range(draw(st.integers(3, longest))):
        history.step()
    return history.operations
