"""Operations on the indexes and constraints of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.migrations.operations.base import Operation, OperationCategory

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.editor import SchemaEditor
    from fwtrace.toolkit.orm.migrations.state import ProjectState

__all__ = [
    "AddConstraint",
    "AddIndex",
    "AlterConstraint",
    "RemoveConstraint",
    "RemoveIndex",
    "RenameIndex",
]


class IndexOperation(Operation):
    """``model_name`` says whose; ``name`` which one."""

    model_name: str
    name: str

    @property
    def model_name_lower(self) -> str:
        return self.model_name.lower()

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() == self.model_name_lower

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if operation.deletes_model(self.model_name):
            return [operation]
        return super().reduce(operation, app_label) or not operation.references_model(
            self.model_name, app_label
        )

    def _same(self, operation: Operation, kind: type[IndexOperation]) -> bool:
        """Whether the other is one of that kind, on the same index or constraint."""
        return (
            isinstance(operation, kind)
            and operation.model_name_lower == self.model_name_lower
            and operation.name == self.name
        )

    def _model(self, app_label: str, editor: SchemaEditor, state: ProjectState) -> Any:
        """The class, or None where its table is not for this database."""
        model = state.apps.get_model(app_label, self.model_name)
        return model if self.allow_migrate_model(editor.alias, model) else None


def _named(
    state: ProjectState, app_label: str, model: str, option: str, name: str
) -> Any:
    for each in state.model(app_label, model).options[option]:
        if each.name == name:
            return each
    raise ValueError(f"{app_label}.{model} has nothing called {name!r} in {option}.")


class AddIndex(IndexOperation):
    """Add an index to a table."""

    category = OperationCategory.ADDITION

    def __init__(self, model_name: str, index: Any) -> None:
        if not index.name:
            raise ValueError(
                f"An index that is added needs a name: {index!r} has none."
            )
        self.model_name = model_name
        self.index = index
        self.name = index.name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"model_name": self.model_name, "index": self.index}
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.add_index(app_label, self.model_name, self.index)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if model := self._model(app_label, schema_editor, to_state):
            schema_editor.add_index(model, self.index)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if model := self._model(app_label, schema_editor, from_state):
            schema_editor.remove_index(model, self.index)

    def describe(self) -> str:
        if self.index.expressions:
            what = ", ".join(map(str, self.index.expressions))
            return f"Create index {self.name} on {what} on model {self.model_name}"
        what = ", ".join(self.index.fields)
        return f"Create index {self.name} on field(s) {what} of model {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name_lower}_{self.name.lower()}"

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if self._same(operation, RemoveIndex):
            return []
        if self._same(operation, RenameIndex):
            from fwtrace.toolkit.orm.migrations.state import _called

            renamed: Any = operation
            return [AddIndex(self.model_name, _called(self.index, renamed.new_name))]
        return super().reduce(operation, app_label)


class RemoveIndex(IndexOperation):
    """Remove an index."""

    category = OperationCategory.REMOVAL

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name = model_name
        self.name = name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"model_name": self.model_name, "name": self.name}
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.remove_index(app_label, self.model_name, self.name)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if model := self._model(app_label, schema_editor, from_state):
            index = _named(from_state, app_label, self.model_name, "indexes", self.name)
            schema_editor.remove_index(model, index)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if model := self._model(app_label, schema_editor, to_state):
            index = _named(to_state, app_label, self.model_name, "indexes", self.name)
            schema_editor.add_index(model, index)

    def describe(self) -> str:
        return f"Remove index {self.name} from {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"remove_{self.model_name_lower}_{self.name.lower()}"


class RenameIndex(IndexOperation):
    """Give an index another name; or one to the index of ``old_fields``, those of a
    group of fields that had none."""

    category = OperationCategory.ALTERATION

    def __init__(
        self,
        model_name: str,
        new_name: str,
        old_name: str | None = None,
        old_fields: Any = None,
    ) -> None:
        if (old_name is None) == (old_fields is None):
            raise ValueError("RenameIndex takes one of old_name and old_fields.")
        self.model_name = model_name
        self.new_name = new_name
        self.old_name = old_name
        self.old_fields = old_fields
        self.name = old_name or ""

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given: dict[str, Any] = {"model_name": self.model_name}
        given["new_name"] = self.new_name
        if self.old_name:
            given["old_name"] = self.old_name
        if self.old_fields:
            given["old_fields"] = self.old_fields
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        if self.old_fields:
            from fwtrace.toolkit.orm.constraints import Index

            index = Index(fields=self.old_fields, name=self.new_name)
            state.add_index(app_label, self.model_name, index)
        elif self.old_name:
            state.rename_index(app_label, self.model_name, self.old_name, self.new_name)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = self._model(app_label, schema_editor, to_state)
        if model is None:
            return
        new = _named(to_state, app_label, self.model_name, "indexes", self.new_name)
        if self.old_fields:
            schema_editor.rename_index_of(model, self.old_fields, new)
        else:
            old = _named(from_state, app_label, self.model_name, "indexes", self.name)
            schema_editor.rename_index(model, old, new)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = self._model(app_label, schema_editor, to_state)
        if model is None or self.old_fields:
            return  # it had no name of its own to go back to
        new = _named(from_state, app_label, self.model_name, "indexes", self.new_name)
        old = _named(to_state, app_label, self.model_name, "indexes", self.name)
        schema_editor.rename_index(model, new, old)

    def describe(self) -> str:
        if self.old_name:
            change = f"{self.old_name} on {self.model_name}"
            return f"Rename index {change} to {self.new_name}"
        change = f"for {self.old_fields} on {self.model_name}"
        return f"Rename unnamed index {change} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        if self.old_name:
            return f"rename_{self.old_name.lower()}_{self.new_name.lower()}"
        fields = "_".join(self.old_fields)
        return f"rename_{self.model_name_lower}_{fields}_{self.new_name.lower()}"

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if (
            isinstance(operation, RenameIndex)
            and operation.model_name_lower == self.model_name_lower
            and operation.old_name == self.new_name
        ):
            return [
                RenameIndex(
                    self.model_name,
                    new_name=operation.new_name,
                    old_name=self.old_name,
                    old_fields=self.old_fields,
                )
            ]
        return super().reduce(operation, app_label)


class AddConstraint(IndexOperation):
    """Add a constraint, which every row has to keep."""

    category = OperationCategory.ADDITION

    def __init__(self, model_name: str, constraint: Any) -> None:
        self.model_name = model_name
        self.constraint = constraint
        self.name = constraint.name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"model_name": self.model_name, "constraint": self.constraint}
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.add_constraint(app_label, self.model_name, self.constraint)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if model := self._model(app_label, schema_editor, to_state):
            schema_editor.add_constraint(model, self.constraint)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if model := self._model(app_label, schema_editor, to_state):
            schema_editor.remove_constraint(model, self.constraint)

    def describe(self) -> str:
        return f"Create constraint {self.name} on model {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name_lower}_{self.name.lower()}"

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if self._same(operation, RemoveConstraint):
            return []
        if self._same(operation, AlterConstraint):
            altered: Any = operation
            return [AddConstraint(self.model_name, altered.constraint)]
        return super().reduce(operation, app_label)


class RemoveConstraint(IndexOperation):
    """Remove a constraint."""

    category = OperationCategory.REMOVAL

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name = model_name
        self.name = name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"model_name": self.model_name, "name": self.name}
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.remove_constraint(app_label, self.model_name, self.name)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if model := self._model(app_label, schema_editor, to_state):
            gone = _named(
                from_state, app_label, self.model_name, "constraints", self.name
            )
            schema_editor.remove_constraint(model, gone)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if model := self._model(app_label, schema_editor, to_state):
            back = _named(
                to_state, app_label, self.model_name, "constraints", self.name
            )
            schema_editor.add_constraint(model, back)

    def describe(self) -> str:
        return f"Remove constraint {self.name} from model {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"remove_{self.model_name_lower}_{self.name.lower()}"


class AlterConstraint(IndexOperation):
    """Change what a constraint says to those who break it, not what it demands."""

    category = OperationCategory.ALTERATION

    def __init__(self, model_name: str, name: str, constraint: Any) -> None:
        self.model_name = model_name
        self.name = name
        self.constraint = constraint

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"model_name": self.model_name, "name": self.name}
        return type(self).__name__, [], {**given, "constraint": self.constraint}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_constraint(app_label, self.model_name, self.name, self.constraint)

    def database_forwards(self, *args: Any, **kwargs: Any) -> None:
        pass

    def database_backwards(self, *args: Any, **kwargs: Any) -> None:
        pass

    def describe(self) -> str:
        return f"Alter constraint {self.name} on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.model_name_lower}_{self.name.lower()}"

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if self._same(operation, AlterConstraint) or self._same(
            operation, RemoveConstraint
        ):
            return [operation]
        return super().reduce(operation, app_label)
