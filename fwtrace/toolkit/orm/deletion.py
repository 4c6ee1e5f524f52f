"""Deleting: what goes with a row, what forbids it, what is set to NULL first."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.exceptions import ProtectedError
from fwtrace.toolkit.orm.signals import post_delete, pre_delete

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database
    from fwtrace.toolkit.orm.models import Model

__all__ = ["CASCADE", "DO_NOTHING", "PROTECT", "SET_NULL", "Collector", "OnDelete"]

BATCH = 500


class OnDelete(Enum):
    """What happens to the rows that refer to a deleted one."""

    CASCADE = "they are deleted too"
    PROTECT = "they forbid it"
    SET_NULL = "their reference becomes NULL"
    DO_NOTHING = "nothing: the database may object"


CASCADE = OnDelete.CASCADE
PROTECT = OnDelete.PROTECT
SET_NULL = OnDelete.SET_NULL
DO_NOTHING = OnDelete.DO_NOTHING


class Collector:
    """Collects all that a deletion takes with it, then does it in one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.instances: dict[type[Model], dict[Any, Model]] = {}
        self.nulls: list[tuple[Any, list[Any]]] = []

    def collect(self, instances: list[Model]) -> None:
        """Add rows of one model, and those that refer to them.

        Raises :class:`ProtectedError` when one of those forbids it.
        """
        if not instances:
            return
        model = type(instances[0])
        known = self.instances.setdefault(model, {})
        fresh = [each for each in instances if each.pk not in known]
        known.update((each.pk, each) for each in fresh)
        for rel in model._meta.related_objects if fresh else ():
            field = rel.field
            if field.on_delete is DO_NOTHING:
                continue
            keys = [each.pk for each in fresh]
            for start in range(0, len(keys), BATCH):
                batch = keys[start : start + BATCH]
                rows = rel.related_model._base_manager.filter(
                    **{f"{field.name}__in": batch}
                )
                self._collect_related(rel, list(rows))

    def _collect_related(self, rel: Any, rows: list[Model]) -> None:
        if not rows:
            return
        if rel.field.on_delete is PROTECT:
            raise ProtectedError(
                f"Cannot delete: {len(rows)} {rel.related_model.__name__} object(s) "
                f"refer to it through {rel.field.name!r}, which is protected."
            )
        if rel.field.on_delete is SET_NULL:
            self.nulls.append((rel.field, [row.pk for row in rows]))
        else:
            self.collect(rows)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Do it: ``(rows in all, {model: rows})``."""
        counts: dict[str, int] = {}
        with self.database.atomic():
            if pre_delete.connections:
                self._send(pre_delete)
            for field, keys in self.nulls:
                rows = field.model._base_manager.filter(pk__in=keys)
                rows.update(**{field.name: None})
            # What refers to a row was collected after it, so it goes before it.
            for model, instances in reversed(self.instances.items()):
                keys = list(instances)
                for start in range(0, len(keys), BATCH):
                    batch = keys[start : start + BATCH]
                    deleted = model._base_manager.filter(pk__in=batch).raw_delete()
                    label = model._meta.label
                    counts[label] = counts.get(label, 0) + deleted
            if post_delete.connections:
                self._send(post_delete)
        for instances in self.instances.values():
            for instance in instances.values():
                setattr(instance, instance._meta.pk.attname, None)
        return sum(counts.values()), counts

    def _send(self, signal: Any) -> None:
        for model, instances in self.instances.items():
            for instance in instances.values():
                signal.send(model, instance=instance)
