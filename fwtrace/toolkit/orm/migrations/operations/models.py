"""Operations on a whole model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.migrations.operations.base import (
    Operation,
    OperationCategory,
    names_field,
    refers_to_field,
    refers_to_model,
)
from fwtrace.toolkit.orm.migrations.operations.fields import (
    FieldOperation,
    RemoveField,
)
from fwtrace.toolkit.orm.migrations.operations.indexes import (
    IndexOperation,
    RenameIndex,
)
from fwtrace.toolkit.orm.migrations.operations.options import (
    ModelOperation,
    ModelOptionOperation,
)
from fwtrace.toolkit.orm.migrations.state import (
    ModelState,
    ProjectState,
    as_groups,
    key_of,
)
from fwtrace.toolkit.orm.model import Model

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.editor import SchemaEditor
    from fwtrace.toolkit.orm.fields import Field

__all__ = ["CreateModel", "DeleteModel", "RenameModel"]


class CreateModel(ModelOperation):
    """Make a model, and its table."""

    category = OperationCategory.ADDITION
    serialization_expand_args: ClassVar[list[str]] = ["fields", "options", "managers"]

    def __init__(
        self,
        name: str,
        fields: Iterable[tuple[str, Field]],
        options: Mapping[str, Any] | None = None,
        bases: Iterable[Any] | None = None,
        managers: Iterable[tuple[str, Any]] | None = None,
    ) -> None:
        super().__init__(name)
        self.fields = list(fields)
        self.options = dict(options or {})
        self.bases = tuple(bases or (Model,))
        self.managers = list(managers or ())
        names = [name for name, _ in self.fields]
        self._refuse_twice("field", names)
        self._refuse_twice(
            "base",
            [
                base.lower() if isinstance(base, str) else base.__qualname__
                for base in self.bases
            ],
        )
        self._refuse_twice("manager", [name for name, _ in self.managers])

    def _refuse_twice(self, kind: str, names: list[str]) -> None:
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"CreateModel {self.name!r} names the {kind} {name!r} twice."
                )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given: dict[str, Any] = {"name": self.name, "fields": self.fields}
        options = {
            k: v
            for k, v in self.options.items()
            if v or k not in ("indexes", "constraints")
        }
        if options:
            given["options"] = options
        if self.bases and self.bases != (Model,):
            given["bases"] = self.bases
        if self.managers:
            given["managers"] = self.managers
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.add_model(
            ModelState(
                app_label,
                self.name,
                self.fields,
                self.options,
                self.bases,
                self.managers,
            )
        )

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.alias, model):
            schema_editor.create_model(model)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.alias, model):
            schema_editor.delete_model(model)

    def describe(self) -> str:
        kind = "proxy model" if self.options.get("proxy") else "model"
        return f"Create {kind} {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return self.name_lower

    def references_model(self, name: str, app_label: str) -> bool:
        key = app_label, name.lower()
        if key[1] == self.name_lower:
            return True
        for base in self.bases:
            if isinstance(base, str) and key_of(base, app_label) == key:
                return True
        return any(
            refers_to_model(field, app_label, self.name, key)
            for _, field in self.fields
        )

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        key = app_label, model_name.lower()
        if key[1] == self.name_lower:
            return True
        return any(
            refers_to_field(field, app_label, self.name, key, name)
            for _, field in self.fields
        ) or any(
            isinstance(base, str) and key_of(base, app_label) == key
            for base in self.bases
        )

    def mentions_field(self, model_name: str, name: str, app_label: str) -> bool:
        key = app_label, model_name.lower()
        return any(
            names_field(field, app_label, self.name, key, name)
            for _, field in self.fields
        )

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if operation.deletes_model(self.name):
            return []
        if self._can_take(operation):
            try:
                return [self._with(operation, app_label)]
            except KeyError:
                return False  # it changes what was made after the model
        return super().reduce(operation, app_label)

    def put_after(self, operation: Operation, app_label: str) -> Operation | None:
        renamed = operation.renames(app_label)
        if renamed is None or not operation.changes_names_in(self, app_label):
            return super().put_after(operation, app_label)
        return self._with(operation, app_label, renamed)

    def _can_take(self, operation: Operation) -> bool:
        """Whether a later operation changes this model, and nothing else."""
        if isinstance(operation, (RenameModel, ModelOptionOperation)):
            return operation.name_lower == self.name_lower
        if isinstance(operation, RenameIndex):
            return bool(operation.old_name) and self._is_of(operation)
        return isinstance(operation, (FieldOperation, IndexOperation)) and self._is_of(
            operation
        )

    def _is_of(self, operation: FieldOperation | IndexOperation) -> bool:
        return operation.model_name_lower == self.name_lower

    def _with(
        self, operation: Operation, app_label: str, *others: ModelState
    ) -> CreateModel:
        """The model as it is after the operation: a state of its own says how, in which
        there are only the others besides it."""
        state = ProjectState()
        self.state_forwards(app_label, state)
        for other in others:
            state.add_model(other)
        operation.state_forwards(app_label, state)
        made = next(iter(state.models.values()))
        options = {
            name: value
            for name, value in made.options.items()
            if value or name in self.options or name not in ("indexes", "constraints")
        }
        if isinstance(operation, RemoveField):
            options = _without_field(options, operation.name)
        fields = list(made.fields.items())
        return CreateModel(made.name, fields, options, made.bases, made.managers)


def _without_field(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Options that name a field, once it is gone."""
    found = dict(options)
    if "unique_together" in found:
        groups = as_groups(found["unique_together"])
        found["unique_together"] = {group for group in groups if name not in group}
    if found.get("order_with_respect_to") == name:
        del found["order_with_respect_to"]
    return found


class DeleteModel(ModelOperation):
    """Remove a model, and its table with all rows."""

    category = OperationCategory.REMOVAL
    loses_data = True

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], {"name": self.name}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.remove_model(app_label, self.name)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.alias, model):
            schema_editor.delete_model(model)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.alias, model):
            schema_editor.create_model(model)

    def references_model(self, name: str, app_label: str) -> bool:
        return True  # it could be what a deleted model refers to

    def deletes_model(self, name: str) -> bool:
        return name.lower() == self.name_lower

    def describe(self) -> str:
        return f"Delete model {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"delete_{self.name_lower}"


class RenameModel(ModelOperation):
    """Rename a model, with its table and the tables of pairs named after it."""

    category = OperationCategory.ALTERATION

    def __init__(self, old_name: str, new_name: str) -> None:
        self.old_name = old_name
        self.new_name = new_name
        super().__init__(old_name)

    @property
    def old_name_lower(self) -> str:
        return self.old_name.lower()

    @property
    def new_name_lower(self) -> str:
        return self.new_name.lower()

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"old_name": self.old_name, "new_name": self.new_name}
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.rename_model(app_label, self.old_name, self.new_name)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        new = to_state.apps.get_model(app_label, self.new_name)
        if not self.allow_migrate_model(schema_editor.alias, new):
            return
        old = from_state.apps.get_model(app_label, self.old_name)
        # What refers to the table follows it: only names are left to be changed.
        schema_editor.alter_db_table(new, old._meta.db_table, new._meta.db_table)
        old_many = old._meta.local_many_to_many
        for before, after in zip(old_many, new._meta.local_many_to_many, strict=True):
            if before.is_own_table:
                schema_editor.alter_field(new, before, after)
        for state, name, field in to_state.references_to(
            (app_label, self.new_name_lower)
        ):
            if state.key == (app_label, self.new_name_lower):
                continue
            if not field.many_to_many or not field.is_own_table:
                continue
            other = to_state.apps.get_model(*state.key)
            was = from_state.apps.get_model(*state.key)
            schema_editor.alter_field(
                other, was._meta.get_field(name), other._meta.get_field(name)
            )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        opposite = RenameModel(self.new_name, self.old_name)
        opposite.database_forwards(app_label, schema_editor, from_state, to_state)

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() in (self.old_name_lower, self.new_name_lower)

    def describe(self) -> str:
        return f"Rename model {self.old_name} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"rename_{self.old_name_lower}_{self.new_name_lower}"

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if (
            isinstance(operation, RenameModel)
            and self.new_name_lower == operation.old_name_lower
        ):
            return [RenameModel(self.old_name, operation.new_name)]
        return Operation.reduce(self, operation, app_label) or not (
            operation.references_model(self.old_name, app_label)
            or operation.references_model(self.new_name, app_label)
        )

    def renames(self, app_label: str) -> ModelState:
        return ModelState(app_label, self.old_name, {})

    def changes_names_in(self, operation: Operation, app_label: str) -> bool:
        names = self.old_name, self.new_name
        if isinstance(operation, DeleteModel):
            return any(map(operation.deletes_model, names))
        return any(operation.references_model(name, app_label) for name in names)
