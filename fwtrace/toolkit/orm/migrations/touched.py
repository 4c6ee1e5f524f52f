"""What an operation has to do with: the parts of models that it changes, and those that
it has to find as they are. It is how branches of a history are told to get along."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fwtrace.toolkit.orm.migrations.operations import (
    AddConstraint,
    AddIndex,
    CreateModel,
    DeleteModel,
    Operation,
    RenameField,
    RenameIndex,
    RenameModel,
    RunSQL,
    SeparateDatabaseAndState,
)
from fwtrace.toolkit.orm.migrations.operations.fields import FieldOperation
from fwtrace.toolkit.orm.migrations.operations.indexes import IndexOperation
from fwtrace.toolkit.orm.migrations.operations.options import ModelOptionOperation
from fwtrace.toolkit.orm.migrations.state import key_of

__all__ = ["Touched", "touched"]

Part = tuple[str, str]
"""A model in lower case, and a field, an index or an option of it."""

WHOLE = ""
"""In the place of a part: all of them."""
BEING = "the model"
"""What a relation needs of the model that it leads to."""


@dataclass
class Touched:
    changed: set[Part] = field(default_factory=set)
    needed: set[Part] = field(default_factory=set)

    def clash(self, other: Touched) -> str:
        """``"post.title"``: something that one changes and the other has to do with."""
        found = _both(self.changed, other.changed | other.needed) or _both(
            other.changed, self.needed
        )
        return ".".join(filter(None, found))


def _both(changed: set[Part], others: set[Part]) -> Part | tuple[()]:
    for model, part in sorted(changed):
        for part_of in sorted(others):
            if model == part_of[0] and (part in (WHOLE, part_of[1])):
                return model, part or part_of[1].replace(BEING, "")
            if model == part_of[0] and part_of[1] == WHOLE:
                return model, part
    return ()


def touched(operation: Operation) -> Touched:
    """Nothing, where nobody can tell: ``RunPython``, SQL."""
    found = Touched()
    if isinstance(operation, SeparateDatabaseAndState):
        inner = [*operation.state_operations, *operation.database_operations]
        return _joined(inner)
    if isinstance(operation, RunSQL):
        return _joined(operation.state_operations)
    if isinstance(operation, (CreateModel, DeleteModel, RenameModel)):
        found.changed = {(name.lower(), WHOLE) for name in _model_names(operation)}
    elif isinstance(operation, (FieldOperation, IndexOperation)):
        model = operation.model_name_lower
        found.changed = {(model, name.lower()) for name in _names(operation)}
        found.needed = {(model, name.lower()) for name in _fields_of(operation)}
        found.needed.add((model, BEING))
    elif isinstance(operation, ModelOptionOperation):
        found.changed = {(operation.name_lower, operation.option_name)}
    found.needed |= {(name, BEING) for name in _referred(operation)}
    return found


def _joined(operations: list[Operation]) -> Touched:
    every = [touched(each) for each in operations]
    return Touched(
        set().union(*(each.changed for each in every)),
        set().union(*(each.needed for each in every)),
    )


def _model_names(operation: Any) -> tuple[str, ...]:
    if isinstance(operation, RenameModel):
        return operation.old_name, operation.new_name
    return (operation.name,)


def _names(operation: Any) -> tuple[str, ...]:
    if isinstance(operation, RenameField):
        return operation.old_name, operation.new_name
    if isinstance(operation, RenameIndex):
        return operation.name, operation.new_name
    return (operation.name,)


def _fields_of(operation: Any) -> list[str]:
    """The fields of an index or of a constraint."""
    if isinstance(operation, AddIndex):
        return [name.lstrip("-") for name in operation.index.fields]
    if isinstance(operation, AddConstraint):
        return list(getattr(operation.constraint, "fields", ()))
    return []


def _referred(operation: Any) -> set[str]:
    """The models that its relations lead to, and its bases."""
    fields: list[Any] = []
    bases: tuple[Any, ...] = ()
    if isinstance(operation, CreateModel):
        fields, bases = [each for _, each in operation.fields], operation.bases
    elif isinstance(operation, FieldOperation):
        fields = [operation.field]
    found = [
        getattr(each, name, None) for each in fields for name in ("to", "given_through")
    ]
    return {
        key_of(each)[1]
        for each in [*found, *bases]
        if isinstance(each, str) and each != "self"
    }
