"""Models and fields that are there under another name: found by being made alike, and
asked about, for only a person knows.

A rename is made on the state at once, so that whatever names the model or the field is
compared as it is after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from copy import copy
from typing import Any

from fwtrace.toolkit.orm.migrations.detection.comparison import (
    FieldRecipe,
    Recipes,
    same,
    without,
)
from fwtrace.toolkit.orm.migrations.detection.pieces import fields_of
from fwtrace.toolkit.orm.migrations.detection.references import places_of
from fwtrace.toolkit.orm.migrations.detection.steps import (
    Phase,
    Step,
    free,
    gone,
    known,
    made,
)
from fwtrace.toolkit.orm.migrations.operations import (
    AlterField,
    RenameField,
    RenameModel,
)
from fwtrace.toolkit.orm.migrations.questioner import MigrationQuestioner
from fwtrace.toolkit.orm.migrations.state import Key, ModelState, ProjectState

__all__ = ["Renames"]


class Renames:
    """Finds them in ``old``, which it changes, and makes their steps."""

    def __init__(
        self,
        old: ProjectState,
        new: ProjectState,
        questioner: MigrationQuestioner,
        recipes: Recipes,
    ) -> None:
        self.old = old
        self.new = new
        self.questioner = questioner
        self.recipes = recipes

    # Models.

    def models(self, removed: Iterable[Key], added: Iterable[Key]) -> Iterator[Step]:
        """The steps that make some of the removed ones some of the added ones."""
        left = dict.fromkeys(sorted(removed))
        for key in sorted(added):
            for other in self._candidates(key, left):
                if self.questioner.ask_rename_model(
                    self.old.models[other], self.new.models[key]
                ):
                    del left[other]
                    yield self._rename_model(other, self.new.models[key])
                    break

    def _candidates(self, key: Key, removed: Collection[Key]) -> list[Key]:
        app_label, name = key
        near = [other for other in removed if other[0] == app_label]
        told = [
            other
            for other in near
            if _is(self.questioner.told_model_name(self.old.models[other]), name)
        ]
        return told or [other for other in near if self._is_alike(other, key)]

    def _is_alike(self, removed: Key, added: Key) -> bool:
        """Whether the fields are, whatever they are called and wherever they lead."""
        old = self._loose(self.old.models[removed])
        new = self._loose(self.new.models[added])
        if sorted(path for path, *_ in old) != sorted(path for path, *_ in new):
            return False
        for each in old:
            twin = next((n for n, other in enumerate(new) if same(each, other)), None)
            if twin is None:
                return False
            del new[twin]
        return True

    def _loose(self, state: ModelState) -> list[FieldRecipe]:
        return [
            without(self.recipes.of(field, state), "to", "through")
            for field in fields_of(state).values()
        ]

    def _rename_model(self, key: Key, new: ModelState) -> Step:
        app_label, _ = key
        old = self.old.models[key]
        near = {place[0] for f in old.fields.values() for place in places_of(f, old)}
        near |= {state.key for state, _, _ in self.old.references_to(key)}
        self.old.rename_model(app_label, old.name, new.name)
        return Step(
            Phase.RENAME_MODEL,
            app_label,
            RenameModel(old.name, new.name),
            # What refers to it has to be there to be renamed along.
            [known(each) for each in sorted(near) if each[0] != app_label],
            [made(new.key)],
        )

    # Fields.

    def fields(self, key: Key) -> Iterator[Step]:
        """The steps that make fields that a model has no more some of its new ones."""
        before, after = (fields_of(each.models[key]) for each in (self.old, self.new))
        removed = dict.fromkeys(sorted(before.keys() - after.keys()))
        added = sorted(after.keys() - before.keys()) if removed else []
        for new_name in added:
            for old_name in self._field_candidates(key, new_name, removed):
                if self.questioner.ask_rename(
                    key[1], old_name, new_name, after[new_name], app_label=key[0]
                ):
                    del removed[old_name]
                    yield from self._rename_field(key, old_name, new_name)
                    break

    def _field_candidates(
        self, key: Key, new_name: str, removed: Collection[str]
    ) -> list[str]:
        old, new = self.old.models[key], self.new.models[key]
        field = new.fields[new_name]
        tell = self.questioner.told_field_name
        told = [
            name
            for name in removed
            if _is(tell(key[1], name, app_label=key[0]), new_name)
            and _are_of_one_kind(old.fields[name], field)
        ]
        recipe = self.recipes.of(field, new)
        return told or [
            name
            for name in removed
            if self._is_alike_field(old.fields[name], name, old, recipe)
        ]

    def _is_alike_field(
        self, field: Any, name: str, state: ModelState, wanted: Any
    ) -> bool:
        """Whether it is made alike, or would be if it named the column that it has."""
        path, args, options = found = self.recipes.of(field, state)
        if path != wanted[0]:
            return False
        named = {**options, "db_column": _column(field, name)}
        return same(found, wanted) or same((path, args, named), wanted)

    def _rename_field(self, key: Key, old_name: str, new_name: str) -> Iterator[Step]:
        app_label, model_name = key
        old = self.old.models[key].fields[old_name]
        column = self.new.models[key].fields[new_name].db_column
        needs = [made(key), free(key, old_name)]
        if column != old.db_column and column == _column(old, old_name):
            # The column stays what it is: say so first, or it would be renamed too.
            field = copy(old)
            field.db_column = column
            self.old.alter_field(app_label, model_name, old_name, field)
            yield Step(
                Phase.RENAME_FIELD,
                app_label,
                AlterField(model_name, old_name, field),
                [made(key)],
                [free(key, old_name)],
            )
        self.old.rename_field(app_label, model_name, old_name, new_name)
        yield Step(
            Phase.RENAME_FIELD,
            app_label,
            RenameField(model_name, old_name, new_name),
            needs,
            [made(key, new_name), gone(key, old_name)],
        )


def _is(told: str | None, name: str) -> bool:
    return told is not None and told.lower() == name.lower()


def _are_of_one_kind(one: Any, other: Any) -> bool:
    """Whether one can be altered into the other."""
    kinds = {(bool(f.many_to_many), f.generated) for f in (one, other)}
    return len(kinds) == 1


def _column(field: Any, name: str) -> str | None:
    """The column of a field of that name; None for pairs, which have none."""
    if field.many_to_many:
        return None
    named = copy(field)
    named.name = name
    column: str = field.db_column or named.get_attname()
    return column
