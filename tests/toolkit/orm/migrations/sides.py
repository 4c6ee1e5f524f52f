"""Ours and Django's, under one set of names, for what is to be the same on both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

ROOTS = {"ours": "fwtrace.toolkit.orm", "django": "django.db"}
ONE_OFF = 7
NOW = datetime(2026, 11, 21, tzinfo=UTC)
"""What all rows get that need a value."""


class Side:
    """The names of ``models``, and how to make states of models and to compare them."""

    def __init__(self, name: str) -> None:
        self._models = import_module(f"{ROOTS[name]}.models")
        self._migrations = f"{ROOTS[name]}.migrations"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._models, name)

    def part(self, module: str, name: str) -> Any:
        return getattr(import_module(f"{self._migrations}.{module}"), name)

    def model(
        self,
        label: str,
        options: Mapping[str, Any] | None = None,
        bases: Iterable[Any] = (),
        managers: Iterable[Any] = (),
        **fields: Any,
    ) -> Any:
        """The state of a model, whose key is ``id`` unless it has another."""
        keys = [each for each in fields.values() if each.primary_key]
        if not keys and not (options or {}).get("proxy"):
            fields = {"id": self.AutoField(primary_key=True), **fields}
        app_label, name = label.split(".")
        return self.part("state", "ModelState")(
            app_label,
            name,
            list(fields.items()),
            options=dict(options or {}),
            bases=tuple(bases) or (self.Model,),
            managers=list(managers),
        )

    def fk(self, to: str, **options: Any) -> Any:
        """A relation without a way back, which could have the name of another."""
        return self.ForeignKey(to, self.CASCADE, related_name="+", **options)

    def state(self, models: Iterable[Any]) -> Any:
        made = self.part("state", "ProjectState")()
        for each in models:
            made.add_model(each)
        return made

    def questioner(self, answers: Mapping[str, Any]) -> Any:
        base: Any = self.part("questioner", "MigrationQuestioner")

        class Questioner(base):  # type: ignore[misc]
            def ask_not_null_addition(self, *_: Any, **__: Any) -> int:
                return ONE_OFF

            ask_not_null_alteration = ask_not_null_addition

            def ask_auto_now_add_addition(self, *_: Any, **__: Any) -> datetime:
                return NOW

        return Questioner({"ask_initial": True, **answers})

    def changes(
        self, before: list[Any], after: list[Any], answers: Mapping[str, Any]
    ) -> dict[str, list[Any]]:
        """The migrations of each app; those that had models have a first migration."""
        graph, kind = (
            self.part("graph", "MigrationGraph")(),
            self.part("migration", "Migration"),
        )
        for app_label in sorted({each.app_label for each in before}):
            key = app_label, "0001_initial"
            graph.add_node(key, kind(key[1], app_label))
        detector = self.part("autodetector", "MigrationAutodetector")(
            self.state(before), self.state(after), self.questioner(answers)
        )
        found: dict[str, list[Any]] = detector.changes(graph)
        return found


def told(changes: Mapping[str, list[Any]]) -> str:
    """Migrations as text, the apps in order. Each comes after the one before it of its
    own app, which is not told."""
    lines: list[str] = []
    for _, migrations in sorted(changes.items()):
        for each in migrations:
            needed = sorted(d[:2] for d in each.dependencies if d[0] != each.app_label)
            after = f" after {', '.join(map('.'.join, needed))}" if needed else ""
            lines.append(f"{each.app_label}.{each.name}{after}")
            for operation in each.operations:
                first, *rest = told_operation(operation)
                lines += [f"    {first}", *(f"        {line}" for line in rest)]
    return "\n".join(lines)


def told_operation(operation: Any) -> list[str]:
    """``AddField book.pages``, and what else of it is worth telling."""
    kind = type(operation).__name__
    _, args, given = operation.deconstruct()
    name = given.get("model_name") or given.get("name", *args[:1])
    if kind == "CreateModel":
        fields = ", ".join(field for field, _ in given["fields"])
        return [f"CreateModel {name}({fields})", *_options(given.get("options", {}))]
    if "old_name" in given:
        model = given.get("model_name")
        old = f"{model}.{given['old_name']}" if model else given["old_name"]
        return [f"{kind} {old} to {given['new_name']}"]
    if kind == "AlterModelOptions":
        return [f"{kind} {name}", *_options(given["options"])]
    if kind in ("AlterUniqueTogether", "AlterOrderWithRespectTo"):
        (value,) = (given[each] for each in given if each != "name")
        return [f"{kind} {name} to {_shown(value)}"]
    added = given.get("index") or given.get("constraint")
    piece = added.name if added is not None else given.get("name", name)
    once = " once" if given.get("preserve_default") is False else ""
    return [f"{kind} {name}{'' if piece == name else f'.{piece}'}{once}"]


def _options(options: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}: {_shown(value)}" for name, value in sorted(options.items()) if value
    ]


def _shown(value: Any) -> str:
    if isinstance(value, (list, set)):
        return ", ".join(sorted(_shown(each) for each in value)) or "nothing"
    if isinstance(value, tuple):
        return f"({', '.join(value)})"
    return str(getattr(value, "name", value))
