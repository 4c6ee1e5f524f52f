"""Operation: one step of a migration, on the state and on the database."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from fwtrace.toolkit.orm.migrations.state import key_of, target_of, through_of
from fwtrace.toolkit.orm.routers import allow_migrate_model

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.editor import SchemaEditor
    from fwtrace.toolkit.orm.fields import Field
    from fwtrace.toolkit.orm.migrations.state import ModelState, ProjectState

__all__ = [
    "Operation",
    "OperationCategory",
    "names_field",
    "refers_to_field",
    "refers_to_model",
]


class OperationCategory(StrEnum):
    """What kind of a change: the sign before its description."""

    ADDITION = "+"
    REMOVAL = "-"
    ALTERATION = "~"
    PYTHON = "p"
    SQL = "s"
    MIXED = "?"


class Operation:
    """A change of the models and of the tables that belong to them.

    ``state_forwards`` changes a state in memory; ``database_forwards`` and
    ``database_backwards`` change the database from one state to another.
    """

    reversible = True
    reduces_to_sql = True
    """Whether SQL alone does it."""
    atomic = False
    """Whether it is to run in a transaction even where the migration does not."""
    elidable = False
    """Whether squashing may leave it out."""
    loses_data = False
    """Whether what it removes is gone even when it is undone."""
    serialization_expand_args: ClassVar[list[str]] = []
    category: OperationCategory | None = None

    _constructor_args: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls)
        made._constructor_args = args, kwargs
        return made

    def __repr__(self) -> str:
        args, kwargs = self._constructor_args
        given = [*map(repr, args), *(f"{k}={v!r}" for k, v in kwargs.items())]
        return f"<{type(self).__name__} {', '.join(given)}>"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """How to write it: the name of the class, and its arguments."""
        return (
            type(self).__name__,
            list(self._constructor_args[0]),
            {**self._constructor_args[1]},
        )

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        raise NotImplementedError

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        raise NotImplementedError

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Undo it: ``from_state`` is the one after the operation, ``to_state`` the one
        before it."""
        raise NotImplementedError

    def describe(self) -> str:
        """What it does, in a few words."""
        return f"{type(self).__name__}: {self._constructor_args}"

    def formatted_description(self) -> str:
        """The description with the sign of its category before it."""
        category = self.category or OperationCategory.MIXED
        return f"{category.value} {self.describe()}"

    @property
    def migration_name_fragment(self) -> str | None:
        """What it adds to the name of a migration that holds little else."""
        return None

    # What it has to do with others.

    def references_model(self, name: str, app_label: str) -> bool:
        """Whether it may have to do with that model: True where it cannot tell."""
        return True

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        return self.references_model(model_name, app_label)

    def deletes_model(self, name: str) -> bool:
        """Whether nothing that is done to that model before it counts."""
        return False

    def mentions_field(self, model_name: str, name: str, app_label: str) -> bool:
        """Whether a relation in it names that field of the other model."""
        return False

    def renames(self, app_label: str) -> ModelState | None:
        """A model with as much in it as this gives another name to, if it does."""
        return None

    def changes_names_in(self, operation: Operation, app_label: str) -> bool:
        """Whether it gives another name to something that the other refers to."""
        return False

    def allow_migrate_model(self, connection_alias: str, model: Any) -> bool:
        """Whether the model's table belongs into that database."""
        if model._meta.proxy or not model._meta.managed:
            return False
        return allow_migrate_model(connection_alias, model)

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        """With one that follows: the operations that do what both do; True where the
        other may run before this one as well; False where neither is so."""
        if self.elidable:
            return [operation]
        if operation.elidable:
            return [self]
        return False

    def put_after(self, operation: Operation, app_label: str) -> Operation | None:
        """The operation as it is to be written where the other, which follows it, is to
        come first; None where that would not be the same."""
        return self if self.reduce(operation, app_label) is True else None


def refers_to_model(
    field: Field, app_label: str, model: str, key: tuple[str, str]
) -> bool:
    """Whether a field of ``app_label.model`` is a relation to the model of that key."""
    if not field.is_relation:
        return False
    owner: Any = _Owner(app_label, (app_label, model.lower()))
    return target_of(field, owner) == key or through_of(field, owner) == key


class _Owner(NamedTuple):
    """As much of a ModelState as tells what its relations lead to."""

    app_label: str
    key: tuple[str, str]


def refers_to_field(
    field: Any, app_label: str, model: str, key: tuple[str, str], name: str
) -> bool:
    """Whether a field is a relation that uses that field of the other model."""
    if not refers_to_model(field, app_label, model, key):
        return False
    to_field = getattr(field, "to_field", None)
    through_fields = getattr(field, "through_fields", None)
    return (
        (to_field is None and not through_fields)
        or to_field == name
        or name in (through_fields or ())
    )


def names_field(
    field: Any, app_label: str, model: str, key: tuple[str, str], name: str
) -> bool:
    """Whether a field is a relation that says the name of that field of the other."""
    return refers_to_model(field, app_label, model, key) and (
        getattr(field, "to_field", None) == name
        or name in (getattr(field, "through_fields", None) or ())
    )


def same_model(one: str, other: str, app_label: str) -> bool:
    return key_of(one, app_label) == key_of(other, app_label)
