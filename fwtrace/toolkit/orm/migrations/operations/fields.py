"""Operations on one field of a model."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.fields import NOT_PROVIDED, Field
from fwtrace.toolkit.orm.migrations.operations.base import (
    Operation,
    OperationCategory,
    names_field,
    refers_to_field,
    refers_to_model,
)
from fwtrace.toolkit.orm.migrations.state import ModelState, ProjectState

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.editor import SchemaEditor

__all__ = ["AddField", "AlterField", "RemoveField", "RenameField"]


class FieldOperation(Operation):
    """``model_name`` and ``name`` say which field."""

    def __init__(self, model_name: str, name: str, field: Any = None) -> None:
        self.model_name = model_name
        self.name = name
        self.field = field

    @property
    def model_name_lower(self) -> str:
        return self.model_name.lower()

    @property
    def name_lower(self) -> str:
        return self.name.lower()

    def is_same_model_operation(self, operation: FieldOperation) -> bool:
        return self.model_name_lower == operation.model_name_lower

    def is_same_field_operation(self, operation: FieldOperation) -> bool:
        same = self.is_same_model_operation(operation)
        return same and self.name_lower == operation.name_lower

    def references_model(self, name: str, app_label: str) -> bool:
        lower = name.lower()
        if lower == self.model_name_lower:
            return True
        return self.field is not None and refers_to_model(
            self.field, app_label, self.model_name, (app_label, lower)
        )

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        lower = model_name.lower()
        if lower == self.model_name_lower:
            if name == self.name:
                return True
            if self.field is None:
                return False
            through = getattr(self.field, "through_fields", None) or ()
            return name in through or _uses(self.field, name)
        return self.field is not None and refers_to_field(
            self.field, app_label, self.model_name, (app_label, lower), name
        )

    def mentions_field(self, model_name: str, name: str, app_label: str) -> bool:
        key = app_label, model_name.lower()
        return self.field is not None and names_field(
            self.field, app_label, self.model_name, key, name
        )

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if operation.deletes_model(self.model_name):
            return [operation]
        return super().reduce(operation, app_label) or not (
            operation.references_field(self.model_name, self.name, app_label)
            or operation.changes_names_in(self, app_label)
        )


def _uses(field: Any, name: str) -> bool:
    """Whether a field is worked out of another, or made of it."""
    parts = getattr(field, "field_names", ())
    expression = getattr(field, "expression", None)
    return name in parts or expression is not None


class _WithField(FieldOperation):
    field: Field

    def __init__(
        self, model_name: str, name: str, field: Field, preserve_default: bool = True
    ) -> None:
        """Without ``preserve_default`` the default is for the rows that are there, and
        not the model's own."""
        super().__init__(model_name, name, field)
        self.preserve_default = preserve_default

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"model_name": self.model_name, "name": self.name, "field": self.field}
        if not self.preserve_default:
            given["preserve_default"] = False
        return type(self).__name__, [], given

    def _field_of(self, model: Any) -> Any:
        """The field of the class, with the default that the rows are to get."""
        found = model._meta.get_field(self.name)
        if not self.preserve_default:
            found.default = self.field.default
        return found

    def _restore(self, field: Any) -> None:
        if not self.preserve_default:
            field.default = NOT_PROVIDED

    def _altered(self, later: AlterField) -> _WithField | None:
        """With what a later change makes of the field; None where rows would not get
        the value that they get from the default now."""
        field, kept = later.field, later.preserve_default
        if self._fills_rows and not _has_any_default(field):
            if type(field) is not type(self.field) or not self.field.has_default():
                return None
            field = copy(field)
            field.default, kept = self.field.default, False
        return type(self)(self.model_name, later.name, field, kept)

    @property
    def _fills_rows(self) -> bool:
        return _has_any_default(self.field)

    def put_after(self, operation: Operation, app_label: str) -> Operation | None:
        renamed = operation.renames(app_label)
        if (
            renamed is None
            or renamed.name_lower == self.model_name_lower
            or not operation.changes_names_in(self, app_label)
        ):
            return super().put_after(operation, app_label)
        own = ModelState(app_label, self.model_name, {self.name: self.field})
        state = ProjectState({own.key: own, renamed.key: renamed})
        operation.state_forwards(app_label, state)
        field = state.model(*own.key).fields[self.name]
        return type(self)(self.model_name, self.name, field, self.preserve_default)


def _has_any_default(field: Field) -> bool:
    return bool(field.has_default() or field.has_db_default())


class AddField(_WithField):
    """Add a field to a model."""

    category = OperationCategory.ADDITION

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.add_field(
            app_label, self.model_name, self.name, self.field, self.preserve_default
        )

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.alias, model):
            return
        before = from_state.apps.get_model(app_label, self.model_name)
        field = self._field_of(model)
        schema_editor.add_field(before, field)
        self._restore(field)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.alias, model):
            schema_editor.remove_field(model, model._meta.get_field(self.name))

    def describe(self) -> str:
        return f"Add field {self.name} to {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name_lower}_{self.name_lower}"

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if isinstance(operation, FieldOperation) and self.is_same_field_operation(
            operation
        ):
            if isinstance(operation, AlterField):
                altered = self._altered(operation)
                return False if altered is None else [altered]
            if isinstance(operation, RemoveField):
                return []
            if isinstance(operation, RenameField):
                name, kept = operation.new_name, self.preserve_default
                return [AddField(self.model_name, name, self.field, kept)]
        return super().reduce(operation, app_label)


class RemoveField(FieldOperation):
    """Remove a field, and what its column holds."""

    category = OperationCategory.REMOVAL
    loses_data = True

    def __init__(self, model_name: str, name: str) -> None:
        super().__init__(model_name, name)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"model_name": self.model_name, "name": self.name}
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.remove_field(app_label, self.model_name, self.name)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.alias, model):
            schema_editor.remove_field(model, model._meta.get_field(self.name))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.alias, model):
            before = from_state.apps.get_model(app_label, self.model_name)
            schema_editor.add_field(before, model._meta.get_field(self.name))

    def describe(self) -> str:
        return f"Remove field {self.name} from {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"remove_{self.model_name_lower}_{self.name_lower}"


class AlterField(_WithField):
    """Change what a field is."""

    category = OperationCategory.ALTERATION

    @property
    def _fills_rows(self) -> bool:
        return not self.field.null and super()._fills_rows

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_field(
            app_label, self.model_name, self.name, self.field, self.preserve_default
        )

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.alias, model):
            return
        before = from_state.apps.get_model(app_label, self.model_name)
        field = self._field_of(model)
        schema_editor.alter_field(before, before._meta.get_field(self.name), field)
        self._restore(field)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Alter field {self.name} on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.model_name_lower}_{self.name_lower}"

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if isinstance(operation, FieldOperation) and self.is_same_field_operation(
            operation
        ):
            if isinstance(operation, RemoveField):
                return [operation]
            if isinstance(operation, AlterField):
                altered = self._altered(operation)
                return False if altered is None else [altered]
            if isinstance(operation, RenameField) and not self.field.db_column:
                # The other way round the change has the field's own name.
                renamed = AlterField(
                    self.model_name,
                    operation.new_name,
                    self.field,
                    self.preserve_default,
                )
                return [operation, renamed]
        return super().reduce(operation, app_label)


class RenameField(FieldOperation):
    """Rename a field, and its column."""

    category = OperationCategory.ALTERATION

    def __init__(self, model_name: str, old_name: str, new_name: str) -> None:
        self.old_name = old_name
        self.new_name = new_name
        super().__init__(model_name, old_name)

    @property
    def old_name_lower(self) -> str:
        return self.old_name.lower()

    @property
    def new_name_lower(self) -> str:
        return self.new_name.lower()

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        names = {"old_name": self.old_name, "new_name": self.new_name}
        return type(self).__name__, [], {"model_name": self.model_name, **names}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.rename_field(app_label, self.model_name, self.old_name, self.new_name)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._rename(
            app_label, schema_editor, from_state, to_state, self.old_name, self.new_name
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._rename(
            app_label, schema_editor, from_state, to_state, self.new_name, self.old_name
        )

    def _rename(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
        old: str,
        new: str,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.alias, model):
            before = from_state.apps.get_model(app_label, self.model_name)
            schema_editor.alter_field(
                before, before._meta.get_field(old), model._meta.get_field(new)
            )

    def describe(self) -> str:
        return f"Rename field {self.old_name} on {self.model_name} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        names = f"{self.old_name_lower}_{self.model_name_lower}_{self.new_name_lower}"
        return f"rename_{names}"

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        return self.references_model(model_name, app_label) and (
            name.lower() in (self.old_name_lower, self.new_name_lower)
        )

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if (
            isinstance(operation, RenameField)
            and self.is_same_model_operation(operation)
            and self.new_name_lower == operation.old_name_lower
        ):
            return [RenameField(self.model_name, self.old_name, operation.new_name)]
        if operation.deletes_model(self.model_name):
            return [operation]
        return Operation.reduce(self, operation, app_label) or not (
            operation.references_field(self.model_name, self.old_name, app_label)
            or operation.references_field(self.model_name, self.new_name, app_label)
            or operation.changes_names_in(self, app_label)
        )

    def renames(self, app_label: str) -> ModelState:
        return ModelState(app_label, self.model_name, {self.old_name: Field()})

    def changes_names_in(self, operation: Operation, app_label: str) -> bool:
        return operation.mentions_field(
            self.model_name, self.old_name, app_label
        ) or operation.mentions_field(self.model_name, self.new_name, app_label)
