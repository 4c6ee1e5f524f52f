"""The steps that add, remove and change the pieces of one model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fwtrace.toolkit.orm.fields import Field, OrderWrt
from fwtrace.toolkit.orm.migrations.detection.references import (
    Place,
    names_of,
    places_of,
)
from fwtrace.toolkit.orm.migrations.detection.steps import (
    Fact,
    Phase,
    Step,
    dropped,
    free,
    gone,
    made,
)
from fwtrace.toolkit.orm.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterOrderWithRespectTo,
    AlterUniqueTogether,
    Operation,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
)
from fwtrace.toolkit.orm.migrations.state import ModelState

__all__ = [
    "add_declared",
    "add_field",
    "alter_field",
    "alter_order",
    "alter_together",
    "fields_of",
    "order_of",
    "remove_declared",
    "remove_field",
    "soft_names",
    "together_of",
]

Groups = set[tuple[str, ...]]

_ADDED: dict[str, tuple[Phase, type[Operation]]] = {
    "indexes": (Phase.ADD_INDEX, AddIndex),
    "constraints": (Phase.ADD_CONSTRAINT, AddConstraint),
}
_REMOVED: dict[str, tuple[Phase, type[Operation]]] = {
    "indexes": (Phase.REMOVE_INDEX, RemoveIndex),
    "constraints": (Phase.REMOVE_CONSTRAINT, RemoveConstraint),
}


# Fields.


def fields_of(state: ModelState) -> dict[str, Field]:
    """The fields, but for one that an option of the model stands for."""
    order = state.fields.get("_order")
    if isinstance(order, OrderWrt):
        return {name: field for name, field in state.fields.items() if name != "_order"}
    return state.fields


def soft_names(state: ModelState) -> set[str]:
    """The fields that a model can be without for a while: relations to others, unless
    they are its key, and what is generated of them."""
    fields = fields_of(state)
    firm = {
        place
        for field in fields.values()
        if field.primary_key and not field.is_relation
        for place in places_of(field, state)
    }
    soft = {
        name
        for name, field in fields.items()
        if field.is_relation
        and not (field.primary_key or getattr(field, "parent_link", False))
        and (state.key, name) not in firm
        and any(key != state.key for key, _ in places_of(field, state))
    }
    places = {(state.key, name) for name in soft}
    return soft | {
        name
        for name, field in fields.items()
        if field.generated and not places.isdisjoint(places_of(field, state))
    }


def add_field(
    state: ModelState, name: str, field: Field, preserve_default: bool = True
) -> Step:
    return Step(
        Phase.ADD_FIELD,
        state.app_label,
        AddField(state.name_lower, name, field, preserve_default),
        [made(*place) for place in places_of(field, state)],
        [made(state.key, name)],
        ("fields", name),
    )


def remove_field(state: ModelState, name: str) -> Step:
    gives = [gone(state.key, name), *_freed(places_of(state.fields[name], state))]
    return Step(
        Phase.REMOVE_FIELD,
        state.app_label,
        RemoveField(state.name_lower, name),
        [free(state.key, name)],
        gives,
        ("fields", name),
    )


def alter_field(
    old: ModelState,
    new: ModelState,
    name: str,
    field: Field,
    preserve_default: bool = True,
) -> Step:
    before, after = places_of(old.fields[name], old), places_of(field, new)
    return Step(
        Phase.ALTER_FIELD,
        new.app_label,
        AlterField(new.name_lower, name, field, preserve_default),
        [made(new.key, name), *(made(*place) for place in after)],
        _freed(place for place in before if place not in after),
    )


def _freed(places: Iterable[Place]) -> list[Fact]:
    return [free(*place) for place in places]


# Indexes and constraints.


def add_declared(state: ModelState, option: str, declared: Any) -> Step:
    phase, operation = _ADDED[option]
    names = names_of(declared, state)
    return Step(
        phase,
        state.app_label,
        operation(state.name_lower, declared),
        [dropped(state.key, declared.name), *(made(state.key, n) for n in names)],
        piece=(option, declared.name),
    )


def remove_declared(state: ModelState, option: str, declared: Any) -> Step:
    phase, operation = _REMOVED[option]
    names = names_of(declared, state)
    return Step(
        phase,
        state.app_label,
        operation(state.name_lower, declared.name),
        gives=[dropped(state.key, declared.name), *(free(state.key, n) for n in names)],
        piece=(option, declared.name),
    )


# Options that name fields.


def together_of(state: ModelState) -> Groups:
    return state.options.get("unique_together") or set()


def alter_together(
    state: ModelState, before: Groups, after: Groups, phase: Phase
) -> Step:
    now = {name for group in after for name in group}
    dropped_names = {name for group in before - after for name in group}
    return Step(
        phase,
        state.app_label,
        AlterUniqueTogether(state.name_lower, after),
        [made(state.key, name) for name in sorted(now)],
        [free(state.key, name) for name in sorted(dropped_names)],
        ("unique_together", ""),
    )


def order_of(state: ModelState) -> str | None:
    return state.options.get("order_with_respect_to") or None


def alter_order(state: ModelState, before: str | None, after: str | None) -> Step:
    return Step(
        Phase.ALTER_ORDER,
        state.app_label,
        AlterOrderWithRespectTo(state.name_lower, after),
        [made(state.key, after)] if after else [],
        [free(state.key, before)] if before else [],
        ("order_with_respect_to", ""),
    )
