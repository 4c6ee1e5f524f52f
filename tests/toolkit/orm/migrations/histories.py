"""Random histories of an app: operations that make sense one after the other.

The same numbers give the same history on our classes and on Django's.
"""

from __future__ import annotations

from random import Random
from typing import Any

APP = "shop"
MODELS = ("Alpha", "Beta", "Gamma", "Delta")
FIELDS = ("a", "b", "c", "d")


class History:
    """What there is so far, and ``operations`` that made it."""

    def __init__(self, random: Random, migrations: Any, models: Any) -> None:
        self.random = random
        self.migrations = migrations
        self.orm = models
        self.operations: list[Any] = []
        self.models: dict[str, dict[str, str]] = {}
        """By name, the kind of each field: ``"number"``, ``"text"``, ``"one Alpha"``,
        ``"many Alpha"``, or ``"key Alpha b"`` for one that refers to a field of it."""
        self.bases: dict[str, str] = {}
        self.proxies: set[str] = set()
        self.groups: dict[str, set[str]] = {}
        self.orders: dict[str, str] = {}
        self.indexes: dict[str, dict[str, str]] = {}
        self.constraints: dict[str, dict[str, str]] = {}
        self.count = 0

    def grow(self, steps: int) -> list[Any]:
        kinds = [name for name in dir(self) if name.startswith("op_")]
        while len(self.operations) < steps:
            getattr(self, self.random.choice(kinds))()
        return self.operations

    def add(self, name: str, *args: Any, **kwargs: Any) -> None:
        self.operations.append(getattr(self.migrations, name)(*args, **kwargs))

    # Choosing.

    def any_model(self) -> str:
        concrete = [name for name in self.models if name not in self.proxies]
        return self.random.choice([*concrete, ""])

    def any_field(self, model: str, kinds: tuple[str, ...] = ()) -> str:
        known = self.models.get(model, {})
        found = [f for f, kind in known.items() if not kinds or kind in kinds]
        return self.random.choice([*found, ""])

    def free_name(self) -> str:
        taken = {name.lower() for name in self.models}
        found = [name for name in MODELS if name.lower() not in taken]
        return self.random.choice([*found, ""])

    def free_field(self, model: str) -> str:
        taken = set(self.models[model]) | set(self.inherited(model))
        for other, base in self.bases.items():
            if base == model:
                taken |= set(self.models[other])
        return self.random.choice([*[n for n in FIELDS if n not in taken], ""])

    def inherited(self, model: str) -> dict[str, str]:
        base = self.bases.get(model)
        return self.models[base] if base else {}

    def is_used(self, model: str, field: str) -> bool:
        return (
            f"key {model} {field}" in self.kinds()
            or field in self.groups.get(model, ())
            or self.orders.get(model) == field
            or field in self.indexes.get(model, {}).values()
            or field in self.constraints.get(model, {}).values()
        )

    def kinds(self) -> list[str]:
        return [kind for fields in self.models.values() for kind in fields.values()]

    def change_kinds(self, old: str, new: str) -> None:
        for fields in self.models.values():
            for name, kind in fields.items():
                fields[name] = f"{kind} ".replace(f" {old} ", f" {new} ").strip()

    def field(self, kind: str) -> Any:
        self.count += 1
        if kind == "number":
            return self.orm.IntegerField(default=self.count)
        if kind == "text":
            return self.orm.CharField(max_length=self.count, default="")
        how, to, *names = kind.split(" ")
        if how == "many":
            return self.orm.ManyToManyField(f"{APP}.{to}", related_name="+")
        given = {"to_field": names[0]} if names else {}
        cascade = self.orm.CASCADE
        return self.orm.ForeignKey(
            f"{APP}.{to}", cascade, null=True, related_name="+", **given
        )

    def any_kind(self) -> str:
        kinds = ["number", "text"]
        if self.models:
            kinds.append(f"one {self.random.choice(list(self.models))}")
            kinds.append(f"many {self.random.choice(list(self.models))}")
            model = self.any_model()
            if field := self.any_field(model, ("number", "text")):
                kinds.append(f"key {model} {field}")
        return self.random.choice(kinds)

    # Models.

    def op_create(self) -> None:
        name = self.free_name()
        if not name:
            return
        fields = {}
        options: dict[str, Any] = {}
        bases: tuple[Any, ...] = ()
        base = self.random.choice([self.any_model(), "", "", ""])
        if base and base not in self.bases:
            bases = (f"{APP}.{base.lower()}",)
            self.bases[name] = base
            if self.random.random() < 0.5:
                options["proxy"] = True
                self.proxies.add(name)
        if not options:
            taken = self.models[base] if name in self.bases else {}
            for field in self.random.sample(FIELDS, self.random.randint(0, 2)):
                if field not in taken:
                    kinds = [self.any_kind(), f"one {name}"]
                    fields[field] = self.random.choice(kinds)
        made = [(field, self.field(kind)) for field, kind in fields.items()]
        self.models[name] = fields
        if name not in self.bases:
            made.insert(0, ("id", self.orm.BigAutoField(primary_key=True)))
        self.add("CreateModel", name, made, options=options, bases=bases or None)

    def op_create_again(self) -> None:
        self.op_create()

    def op_delete(self) -> None:
        names = [
            name
            for name in self.models
            if name not in self.bases.values()
            and not any(
                f" {name} " in f"{kind} "
                for other, fields in self.models.items()
                if other != name
                for kind in fields.values()
            )
        ]
        if not names:
            return
        name = self.random.choice(names)
        for known in (self.models, self.groups, self.orders, self.indexes):
            known.pop(name, None)
        self.constraints.pop(name, None)
        self.bases.pop(name, None)
        self.proxies.discard(name)
        self.add("DeleteModel", name)

    def op_rename(self) -> None:
        old, new = self.any_model(), self.free_name()
        if not old or not new:
            return
        by_model: list[dict[str, Any]] = [
            self.models,
            self.groups,
            self.orders,
            self.indexes,
            self.constraints,
            self.bases,
        ]
        for known in by_model:
            if old in known:
                known[new] = known.pop(old)
        self.change_kinds(old, new)
        for other, base in self.bases.items():
            if base == old:
                self.bases[other] = new
        self.add("RenameModel", old, new)

    def op_options(self) -> None:
        if model := self.any_model():
            self.count += 1
            options = {"verbose_name": f"v{self.count}"}
            chosen = self.random.choice([options, {}, {"ordering": ["pk"]}])
            self.add("AlterModelOptions", model, options=chosen)

    def op_table(self) -> None:
        if model := self.any_model():
            self.count += 1
            self.add("AlterModelTable", model, f"table{self.count}")

    def op_comment(self) -> None:
        if model := self.any_model():
            self.count += 1
            self.add("AlterModelTableComment", model, f"comment {self.count}")

    def op_unique(self) -> None:
        if model := self.any_model():
            plain = ("number", "text")
            names = {self.any_field(model, plain), self.any_field(model, plain)} - {""}
            group = names if len(names) == 2 else set()
            self.groups[model] = group
            groups = {tuple(sorted(group))} if group else set()
            self.add("AlterUniqueTogether", model, groups)

    def op_order(self) -> None:
        model = self.any_model()
        if not model:
            return
        known = self.models[model].items()
        names = [name for name, kind in known if kind[:4] in ("one ", "key ")]
        name = self.random.choice([*names, None])
        self.orders[model] = name or ""
        self.add("AlterOrderWithRespectTo", model, name)

    # Fields.

    def op_add_field(self) -> None:
        model = self.any_model()
        name = self.free_field(model) if model else ""
        if not name:
            return
        kind = self.any_kind()
        self.models[model][name] = kind
        kept = kind not in ("number", "text") or self.random.random() < 0.5
        self.add("AddField", model, name, self.field(kind), kept)

    op_add_another = op_add_yet_another = op_add_field

    def op_alter_field(self) -> None:
        model = self.any_model()
        name = self.any_field(model, ("number", "text"))
        if name:
            kind = self.random.choice(["number", "text"])
            self.models[model][name] = kind
            kept = self.random.random() < 0.5
            self.add("AlterField", model, name, self.field(kind), kept)

    def op_remove_field(self) -> None:
        model = self.any_model()
        name = self.any_field(model)
        if name and not self.is_used(model, name):
            del self.models[model][name]
            self.add("RemoveField", model, name)

    def op_rename_field(self) -> None:
        model = self.any_model()
        old = self.any_field(model)
        new = self.free_field(model) if old else ""
        if not new or old in self.constraints.get(model, {}).values():
            return
        self.models[model] = {
            (new if name == old else name): kind
            for name, kind in self.models[model].items()
        }
        self.change_kinds(f"{model} {old}", f"{model} {new}")
        if old in self.groups.get(model, ()):
            self.groups[model] = (self.groups[model] - {old}) | {new}
        if self.orders.get(model) == old:
            self.orders[model] = new
        known = self.indexes.get(model, {})
        self.indexes[model] = {k: new if v == old else v for k, v in known.items()}
        self.add("RenameField", model, old, new)

    # Indexes and constraints.

    def op_add_index(self) -> None:
        model = self.any_model()
        field = self.any_field(model, ("number", "text"))
        if field:
            self.count += 1
            name = f"index{self.count}"
            self.indexes.setdefault(model, {})[name] = field
            index = self.orm.Index(fields=[field], name=name)
            self.add("AddIndex", model, index)

    def op_remove_index(self) -> None:
        model = self.any_model()
        if known := self.indexes.get(model):
            name = self.random.choice(sorted(known))
            del known[name]
            self.add("RemoveIndex", model, name)

    def op_rename_index(self) -> None:
        model = self.any_model()
        if known := self.indexes.get(model):
            old = self.random.choice(sorted(known))
            self.count += 1
            new = f"index{self.count}"
            known[new] = known.pop(old)
            self.add("RenameIndex", model, new_name=new, old_name=old)

    def op_add_constraint(self) -> None:
        model = self.any_model()
        field = self.any_field(model, ("number",))
        if field:
            self.count += 1
            name = f"check{self.count}"
            self.constraints.setdefault(model, {})[name] = field
            self.add("AddConstraint", model, self.constraint(field, name))

    def constraint(self, field: str, name: str, message: str = "") -> Any:
        condition = self.orm.Q(**{f"{field}__gt": 0})
        given = {"violation_error_message": message} if message else {}
        return self.orm.CheckConstraint(condition=condition, name=name, **given)

    def op_remove_constraint(self) -> None:
        model = self.any_model()
        if known := self.constraints.get(model):
            name = self.random.choice(sorted(known))
            del known[name]
            self.add("RemoveConstraint", model, name)

    def op_alter_constraint(self) -> None:
        model = self.any_model()
        if known := self.constraints.get(model):
            name = self.random.choice(sorted(known))
            self.count += 1
            made = self.constraint(known[name], name, f"message {self.count}")
            self.add("AlterConstraint", model, name, made)

    # Others.

    def op_python(self) -> None:
        if self.random.random() < 0.3:
            noop = self.migrations.RunPython.noop
            self.add("RunPython", noop, elidable=self.random.random() < 0.5)
