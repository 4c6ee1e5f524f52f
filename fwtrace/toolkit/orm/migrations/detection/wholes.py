"""The steps that make a model, and those that delete one.

Parts that other models may have to wait for, or that may have to wait for them, are
steps of their own; the rest is the core.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fwtrace.toolkit.orm.migrations.detection.pieces import (
    add_declared,
    add_field,
    alter_order,
    alter_together,
    fields_of,
    order_of,
    remove_declared,
    remove_field,
    soft_names,
    together_of,
)
from fwtrace.toolkit.orm.migrations.detection.references import (
    base_keys,
    names_of,
    places_of,
)
from fwtrace.toolkit.orm.migrations.detection.steps import (
    DECLARED,
    Creation,
    Phase,
    Step,
    Whole,
    created,
    free,
    gone,
    made,
)
from fwtrace.toolkit.orm.migrations.operations import DeleteModel
from fwtrace.toolkit.orm.migrations.state import Key, ModelState

__all__ = ["creation", "deletion"]


def creation(state: ModelState) -> list[Step]:
    """The steps that make a model."""
    state = state.changed(fields=fields_of(state))
    soft = soft_names(state)
    key = state.key
    core = Step(Phase.CREATE_MODEL, state.app_label, created(state), [gone(key)])
    core.needs += [made(base) for base in base_keys(state)]
    core.gives.append(made(key))
    for name, field in state.fields.items():
        if name not in soft:
            places = (place for place in places_of(field, state) if place[0] != key)
            core.needs += [made(*place) for place in places]
            core.gives.append(made(key, name))
    whole = Creation(core, state)
    for part in _made_later(state, soft):
        part.needs.append(made(key))
        whole.take(part)
    return [core, *whole.parts]


def _made_later(state: ModelState, soft: set[str]) -> Iterator[Step]:
    """The steps for the soft fields, and for whatever names one of them."""
    if not soft:
        return
    for name in sorted(soft):
        yield add_field(state, name, state.fields[name])
    order = order_of(state)
    if order in soft:
        yield alter_order(state, None, order)
    groups = together_of(state)
    if any(name in soft for group in groups for name in group):
        yield alter_together(state, set(), groups, Phase.ALTER_TOGETHER)
    for option in DECLARED:
        for each in state.options[option]:
            if not soft.isdisjoint(names_of(each, state)):
                yield add_declared(state, option, each)


def deletion(state: ModelState, deleted: Collection[Key]) -> list[Step]:
    """The steps that delete a model, one of those that are."""
    state = state.changed(fields=fields_of(state))
    key = state.key
    core = Step(Phase.DELETE_MODEL, state.app_label, DeleteModel(state.name))
    core.needs.append(free(key))
    core.gives = [gone(key), *(free(base) for base in base_keys(state))]
    soft = {
        name
        for name in soft_names(state)
        if any(other in deleted for other, _ in places_of(state.fields[name], state))
    }
    for name, field in state.fields.items():
        if name not in soft:
            core.gives += [free(*place) for place in places_of(field, state)]
    whole = Whole(core)
    for part in _removed_before(state, soft):
        whole.take(part)
    core.needs += [gone(key, name) for name in sorted(soft)]
    return [core, *whole.parts]


def _removed_before(state: ModelState, soft: set[str]) -> Iterator[Step]:
    """The steps that take the soft fields out, and whatever names one of them."""
    if not soft:
        return
    for option in reversed(DECLARED):
        for each in state.options[option]:
            if not soft.isdisjoint(names_of(each, state)):
                yield remove_declared(state, option, each)
    groups = together_of(state)
    kept = {group for group in groups if soft.isdisjoint(group)}
    if kept != groups:
        yield alter_together(state, groups, kept, Phase.REMOVE_TOGETHER)
    order = order_of(state)
    if order in soft:
        yield alter_order(state, order, None)
    for name in sorted(soft):
        yield remove_field(state, name)
