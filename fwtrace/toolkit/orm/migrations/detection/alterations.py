"""What is different between two states of one model, as the steps between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from typing import Any

from fwtrace.toolkit.orm.fields import NOT_PROVIDED, AutoField, Field
from fwtrace.toolkit.orm.migrations.detection.comparison import Recipes, same
from fwtrace.toolkit.orm.migrations.detection.pieces import (
    add_declared,
    add_field,
    alter_field,
    alter_order,
    alter_together,
    fields_of,
    order_of,
    remove_declared,
    remove_field,
    together_of,
)
from fwtrace.toolkit.orm.migrations.detection.references import names_of
from fwtrace.toolkit.orm.migrations.detection.steps import Phase, Step, made
from fwtrace.toolkit.orm.migrations.operations import (
    AlterConstraint,
    AlterModelManagers,
    AlterModelOptions,
    AlterModelTable,
    AlterModelTableComment,
    Operation,
    RenameIndex,
)
from fwtrace.toolkit.orm.migrations.questioner import MigrationQuestioner
from fwtrace.toolkit.orm.migrations.state import ModelState, through_of

__all__ = ["Alterations"]

MESSAGES = ("violation_error_code", "violation_error_message")
"""What a constraint says to those who break it: the database knows nothing of it."""


class Alterations:
    """Of a model whose own name, and whose renamed fields, are those of ``new``."""

    def __init__(
        self,
        old: ModelState,
        new: ModelState,
        questioner: MigrationQuestioner,
        recipes: Recipes,
    ) -> None:
        self.old = old
        self.new = new
        self.questioner = questioner
        self.recipes = recipes
        self.fields_before = fields_of(old)
        self.fields_after = fields_of(new)
        self.leaving = set(self.fields_before.keys() - self.fields_after.keys())
        self.coming = set(self.fields_after.keys() - self.fields_before.keys())
        self.replaced: set[str] = set()
        """Fields that cannot be altered into what they are to be."""

    def steps(self) -> Iterator[Step]:
        for step in self._steps():
            step.needs.append(made(self.new.key))
            yield step

    def _steps(self) -> Iterator[Step]:
        if self.old is self.new:
            return
        yield from self._options()
        # Of a table that is not for migrations to make only the state has to know.
        if self.old.is_managed and self.new.is_managed:
            yield from self._fields()
            yield from self._order()
            yield from self._together()
            yield from self._indexes()
            yield from self._constraints()
            yield from self._comment()

    def _step(self, phase: Phase, operation: Operation) -> Step:
        return Step(phase, self.new.app_label, operation)

    # Options.

    def _options(self) -> Iterator[Step]:
        name, options = self.new.name_lower, self._plain_options(self.new)
        if not same(self._plain_options(self.old), options):
            operation: Operation = AlterModelOptions(name, options)
            yield self._step(Phase.ALTER_OPTIONS, operation)
        if not same(self.old.managers, self.new.managers):
            operation = AlterModelManagers(name, self.new.managers)
            yield self._step(Phase.ALTER_MANAGERS, operation)
        table = self.new.options.get("db_table")
        if table != self.old.options.get("db_table"):
            yield self._step(Phase.ALTER_TABLE, AlterModelTable(name, table))

    def _plain_options(self, state: ModelState) -> dict[str, Any]:
        keys = AlterModelOptions.ALTER_OPTION_KEYS
        return {k: v for k, v in state.options.items() if k in keys}

    def _comment(self) -> Iterator[Step]:
        comment = self.new.options.get("db_table_comment")
        if comment != self.old.options.get("db_table_comment"):
            operation = AlterModelTableComment(self.new.name_lower, comment)
            yield self._step(Phase.ALTER_COMMENT, operation)

    # Fields.

    def _fields(self) -> Iterator[Step]:
        for name in sorted(self.leaving):
            yield remove_field(self.old, name)
        for name in sorted(self.coming):
            yield self._add_field(name)
        before, after = self.fields_before, self.fields_after
        for name in sorted(before.keys() & after.keys()):
            one, other = before[name], after[name]
            if self.recipes.same(one, self.old, other, self.new):
                continue
            if self._can_become(one, other):
                yield self._alter_field(name)
            else:
                self.replaced.add(name)
                yield remove_field(self.old, name)
                yield self._add_field(name)

    def _can_become(self, one: Any, other: Any) -> bool:
        """Pairs are no column, they stay in their table, and what the database works
        out it has to work out again."""
        if one.many_to_many or other.many_to_many:
            throughs = through_of(one, self.old), through_of(other, self.new)
            return one.many_to_many == other.many_to_many and len({*throughs}) == 1
        if one.generated or other.generated:
            return one.generated == other.generated and all(
                same(getattr(one, name), getattr(other, name))
                for name in ("expression", "db_persist", "_output_field")
            )
        return True

    def _add_field(self, name: str) -> Step:
        field, default = self.fields_after[name], NOT_PROVIDED
        asker, where = self.questioner, (name, self.new.name_lower)
        is_filled = has_value(field)
        if not is_filled:
            ask = asker.ask_not_null_addition
            if getattr(field, "auto_now_add", False):
                ask = asker.ask_auto_now_add_addition
            default = ask(*where, app_label=self.new.app_label)
        if field.unique and callable(field.default):
            asker.ask_unique_callable_default_addition(
                *where, app_label=self.new.app_label
            )
        given = field if is_filled else with_default(field, default)
        return add_field(self.new, name, given, preserve_default=is_filled)

    def _alter_field(self, name: str) -> Step:
        one, other = self.fields_before[name], self.fields_after[name]
        default = NOT_PROVIDED
        if one.null and not (other.null or _fills_itself(other)):
            default = self.questioner.ask_not_null_alteration(
                name, self.new.name_lower, app_label=self.new.app_label
            )
        if default is NOT_PROVIDED:
            return alter_field(self.old, self.new, name, other)
        altered = with_default(other, default)
        return alter_field(self.old, self.new, name, altered, preserve_default=False)

    # What names fields.

    def _order(self) -> Iterator[Step]:
        before, after = order_of(self.old), order_of(self.new)
        if before != after:
            yield alter_order(self.new, before, after)

    def _together(self) -> Iterator[Step]:
        before, after = together_of(self.old), together_of(self.new)
        kept = {g for g in before & after if self.replaced.isdisjoint(g)}
        is_early = _name_any(before - kept, self.leaving | self.replaced)
        is_late = _name_any(after - kept, self.coming | self.replaced)
        if is_early and is_late:
            yield alter_together(self.new, before, kept, Phase.REMOVE_TOGETHER)
            yield alter_together(self.new, kept, after, Phase.ALTER_TOGETHER)
        elif before != after:
            is_early = is_early or after == kept
            phase = Phase.REMOVE_TOGETHER if is_early else Phase.ALTER_TOGETHER
            yield alter_together(self.new, before, after, phase)

    def _indexes(self) -> Iterator[Step]:
        removed, added = self._changed("indexes")
        for each in [*added]:
            twin = self._twin(each, removed, added)
            if twin is not None:
                removed.remove(twin)
                added.remove(each)
                operation = RenameIndex(self.new.name_lower, each.name, twin.name)
                yield self._step(Phase.RENAME_INDEX, operation)
        for each in removed:
            yield remove_declared(self.old, "indexes", each)
        for each in added:
            yield add_declared(self.new, "indexes", each)

    def _twin(self, index: Any, removed: list[Any], added: list[Any]) -> Any:
        """The index that is this one under another name, which goes with it."""
        came, went = ({each.name for each in some} for some in (added, removed))
        for each in removed:
            if each.name not in came and index.name not in went:
                if same(_definition(each, "name"), _definition(index, "name")):
                    return each
        return None

    def _constraints(self) -> Iterator[Step]:
        removed, added = self._changed("constraints")
        before = {each.name: each for each in removed}
        for each in added:
            twin = before.get(each.name)
            if twin is not None and self._is_in_words(twin, each):
                removed.remove(twin)
                operation = AlterConstraint(self.new.name_lower, each.name, each)
                yield self._step(Phase.ALTER_CONSTRAINT, operation)
            else:
                yield add_declared(self.new, "constraints", each)
        for each in removed:
            yield remove_declared(self.old, "constraints", each)

    def _is_in_words(self, one: Any, other: Any) -> bool:
        """Whether all that changes is what it says."""
        attrs = getattr(other, "non_db_attrs", MESSAGES)
        is_alike = same(_definition(one, *attrs), _definition(other, *attrs))
        return is_alike and self._stays(one)

    def _changed(self, option: str) -> tuple[list[Any], list[Any]]:
        """The indexes or constraints that are no longer so, and those that are new."""
        before, after = self.old.options[option], self.new.options[option]
        if not self.replaced and same(before, after):
            return [], []
        known = {each.name: each for each in after}
        kept = {
            each.name
            for each in before
            if same(each, known.get(each.name)) and self._stays(each)
        }
        return (
            [each for each in before if each.name not in kept],
            [each for each in after if each.name not in kept],
        )

    def _stays(self, declared: Any) -> bool:
        """Whether no column that it names is taken away under it."""
        names = names_of(declared, self.old) if self.replaced else ()
        return self.replaced.isdisjoint(names)


def has_value(field: Any) -> bool:
    """Whether the rows that are there get something from the field itself."""
    return (
        field.null
        or not field.concrete
        or _fills_itself(field)
        or getattr(field, "auto_now", False)
        or isinstance(field, AutoField)
        or (field.blank and field.empty_strings_allowed and not field.is_relation)
    )


def _fills_itself(field: Any) -> bool:
    given = field.has_default() or field.has_db_default()
    return bool(given or field.generated or field.many_to_many)


def with_default(field: Field, default: Any) -> Field:
    made = copy(field)
    made.default = default
    return made


def _name_any(groups: Iterable[tuple[str, ...]], names: set[str]) -> bool:
    return any(not names.isdisjoint(group) for group in groups)


def _definition(declared: Any, *left_out: str) -> Any:
    path, args, options = declared.deconstruct()
    return path, args, {k: v for k, v in options.items() if k not in left_out}
