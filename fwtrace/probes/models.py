"""Models as data: their fields, and how they refer to each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["describe_models"]


def describe_models(models: Iterable[Any]) -> list[dict[str, Any]]:
    """``[{"name", "table", "fields": [...], "relations": [...]}]``.

    A field is ``{"name", "kind", "options"}``; a relation ``{"name", "kind", "to",
    "back"}``, where ``back`` is its name on the other side.
    """
    return [_describe(model) for model in models]


def _describe(model: Any) -> dict[str, Any]:
    meta = model._meta
    fields = [f for f in meta.local_fields if not f.is_relation]
    relations = [f for f in meta.local_fields if f.is_relation]
    return {
        "name": meta.object_name,
        "table": meta.db_table,
        "fields": [
            {
                "name": f.name,
                "kind": type(f).__name__,
                "options": _options(f, meta.pk_fields),
            }
            for f in fields
        ],
        "relations": [_relation(f) for f in (*relations, *meta.local_many_to_many)],
    }


def _options(field: Any, keys: tuple[Any, ...]) -> list[str]:
    found = []
    if field in keys:
        found.append("primary key")
    elif field.unique:
        found.append("unique")
    if field.null:
        found.append("null")
    if field.max_length:
        found.append(f"up to {field.max_length}")
    return found


def _relation(field: Any) -> dict[str, Any]:
    hidden = field.rel.hidden
    return {
        "name": field.name,
        "kind": type(field).__name__,
        "to": field.related_model.__name__,
        "back": None if hidden else field.rel.accessor_name,
        "null": bool(field.null),
    }
