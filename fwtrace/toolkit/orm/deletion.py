"""Deleting: what goes with a row, what forbids it, what is set to something else."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.exceptions import ProtectedError, RestrictedError
from fwtrace.toolkit.orm.signals import post_delete, pre_delete

if TYPE_CHECKING:
    from fwtrace.toolkit.deconstruct import Recipe
    from fwtrace.toolkit.orm.database import Database
    from fwtrace.toolkit.orm.model import Model

__all__ = [
    "CASCADE",
    "DO_NOTHING",
    "PROTECT",
    "RESTRICT",
    "SET",
    "SET_DEFAULT",
    "SET_NULL",
    "Collector",
    "OnDelete",
]

BATCH = 500


class OnDelete(Enum):
    """What happens to the rows that refer to a deleted one."""

    CASCADE = "they are deleted too"
    PROTECT = "they forbid it"
    RESTRICT = "they forbid it, unless they are deleted with it by another way"
    SET_NULL = "their reference becomes NULL"
    SET_DEFAULT = "their reference becomes its default"
    DO_NOTHING = "nothing: the database may object"


CASCADE = OnDelete.CASCADE
PROTECT = OnDelete.PROTECT
RESTRICT = OnDelete.RESTRICT
SET_NULL = OnDelete.SET_NULL
SET_DEFAULT = OnDelete.SET_DEFAULT
DO_NOTHING = OnDelete.DO_NOTHING


class SET:
    """Their reference becomes this value, or what it returns."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self) -> Any:
        return self.value() if callable(self.value) else self.value

    def deconstruct(self) -> Recipe:
        """How to make it again."""
        return "fwtrace.toolkit.orm.SET", (self.value,), {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SET) and self.value == other.value

    def __hash__(self) -> int:
        return hash(SET)


class Collector:
    """Collects all that a deletion takes with it, then does it in one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.instances: dict[type[Model], dict[Any, Model]] = {}
        self.updates: list[tuple[Any, Any, list[Any]]] = []
        self.restricted: list[tuple[Any, list[Model]]] = []

    def can_fast_delete(self, model: type[Model]) -> bool:
        """Whether one statement does it: nobody listens, nothing refers to it."""
        if pre_delete.connections or post_delete.connections:
            return False
        meta = model._meta
        if meta.parents or any(_refers(rel) for rel in meta.related_objects):
            return False
        return all(rel.field.on_delete is DO_NOTHING for rel in _references(meta))

    def collect(self, instances: list[Model], keep_parents: bool = False) -> None:
        """Add rows of one model, and those that refer to them.

        Raises :class:`ProtectedError` when one of those forbids it.
        """
        if not instances:
            return
        model = type(instances[0])._meta.concrete_model
        known = self.instances.setdefault(model, {})
        fresh = [each for each in instances if each.pk not in known]
        known.update((each.pk, each) for each in fresh)
        if not fresh:
            return
        if not keep_parents:
            self._collect_parents(model, fresh)
        for rel in _references(model._meta):
            if rel.field.on_delete is DO_NOTHING:
                continue
            if rel.field.parent_link and keep_parents and rel.model is not model:
                continue
            attname = rel.field.target_field.attname
            keys = [getattr(each, attname) for each in fresh]
            for start in range(0, len(keys), BATCH):
                batch = keys[start : start + BATCH]
                rows = rel.related_model._base_manager.using(self.database.alias)
                found = rows.filter(**{f"{rel.field.name}__in": batch})
                self._collect_related(rel, list(found))

    def _collect_parents(self, model: type[Model], fresh: list[Model]) -> None:
        for parent, link in model._meta.parents.items():
            keys = [getattr(each, link.attname) for each in fresh]
            rows = parent._base_manager.using(self.database.alias)
            self.collect(list(rows.filter(pk__in=keys)))

    def _collect_related(self, rel: Any, rows: list[Model]) -> None:
        if not rows:
            return
        on_delete = rel.field.on_delete
        if on_delete is PROTECT:
            raise ProtectedError(_forbidden(rel, rows, "protected"), rows)
        if on_delete is RESTRICT:
            self.restricted.append((rel, rows))
        elif on_delete is CASCADE:
            if rel.field.null and not get_dialect(self.database.vendor).references:
                # Nothing is checked at the end only: the reference goes first.
                self.updates.append((rel.field, None, [row.pk for row in rows]))
            self.collect(rows)
        else:
            value = None
            if on_delete is SET_DEFAULT:
                value = rel.field.get_default()
            elif on_delete is not SET_NULL:
                value = on_delete()
            self.updates.append((rel.field, value, [row.pk for row in rows]))

    def _check_restricted(self) -> None:
        for rel, rows in self.restricted:
            gone = self.instances.get(rel.related_model._meta.concrete_model, {})
            left = [row for row in rows if row.pk not in gone]
            if left:
                raise RestrictedError(_forbidden(rel, left, "restricted"), left)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Do it: ``(rows in all, {model: rows})``."""
        self._check_restricted()
        counts: dict[str, int] = {}
        with self.database.atomic():
            self._send(pre_delete)
            for field, value, keys in self.updates:
                rows = field.model._base_manager.using(self.database.alias)
                rows.filter(pk__in=keys).update(**{field.name: value})
            for model, instances in self._in_order():
                keys = list(instances)
                for start in range(0, len(keys), BATCH):
                    batch = keys[start : start + BATCH]
                    rows = model._base_manager.filter(pk__in=batch)
                    deleted = rows._raw_delete(self.database.alias)
                    label = model._meta.label
                    counts[label] = counts.get(label, 0) + deleted
            self._send(post_delete)
        for field, value, keys in self.updates:
            changed = self.instances.get(field.model, {})
            for key in keys:
                if key in changed:
                    setattr(changed[key], field.attname, value)
        for instances in self.instances.values():
            for instance in instances.values():
                setattr(instance, instance._meta.pk.attname, None)
        return sum(counts.values()), counts

    def _in_order(self) -> list[tuple[type[Model], dict[Any, Model]]]:
        """Models that refer to others go before those."""
        left = dict(reversed(self.instances.items()))
        ordered: list[tuple[type[Model], dict[Any, Model]]] = []
        while left:
            for model in left:
                targets = {m for m in left if m is not model and _points(m, model)}
                if not targets:
                    break
            else:
                model = next(iter(left))  # a circle: the database checks at the end
            ordered.append((model, left.pop(model)))
        return ordered

    def _send(self, signal: Any) -> None:
        if not signal.connections:
            return
        for model, instances in self.instances.items():
            for instance in instances.values():
                signal.send(model, instance=instance, using=self.database.alias)


def _references(meta: Any) -> list[Any]:
    """Foreign keys to the model, those of tables of pairs too."""
    return [rel for rel in meta.related_objects if not rel.many_to_many]


def _refers(rel: Any) -> bool:
    return not rel.many_to_many and rel.field.on_delete is not DO_NOTHING


def _points(model: Any, target: Any) -> bool:
    return any(
        field.is_relation and field.related_model._meta.concrete_model is target
        for field in model._meta.local_fields
    )


def _forbidden(rel: Any, rows: list[Any], how: str) -> str:
    return (
        f"Cannot delete: {len(rows)} {rel.related_model.__name__} object(s) "
        f"refer to it through {rel.field.name!r}, which is {how}."
    )
