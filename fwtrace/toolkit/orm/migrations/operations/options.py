"""Operations on one option of a model, such as the name of its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.migrations.operations.base import Operation, OperationCategory
from fwtrace.toolkit.orm.migrations.state import ProjectState, as_groups

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.editor import SchemaEditor

__all__ = [
    "AlterModelManagers",
    "AlterModelOptions",
    "AlterModelTable",
    "AlterModelTableComment",
    "AlterOrderWithRespectTo",
    "AlterUniqueTogether",
    "ModelOperation",
    "ModelOptionOperation",
]


class ModelOperation(Operation):
    """``name`` says which model."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def name_lower(self) -> str:
        return self.name.lower()

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() == self.name_lower

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        return super().reduce(operation, app_label) or self.can_reduce_through(
            operation, app_label
        )

    def can_reduce_through(self, operation: Operation, app_label: str) -> bool:
        return not (
            operation.references_model(self.name, app_label)
            or operation.changes_names_in(self, app_label)
        )


class ModelOptionOperation(ModelOperation):
    """Sets one option of a model, of which only the last counts."""

    option_name: str
    category = OperationCategory.ALTERATION

    @property
    def option_value(self) -> Any:
        return getattr(self, self.option_name)

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        if operation.deletes_model(self.name) or (
            isinstance(operation, type(self))
            and operation.name_lower == self.name_lower
        ):
            return [operation]
        return super().reduce(operation, app_label)


class AlterModelTable(ModelOptionOperation):
    """Give the table another name; the usual one for None."""

    option_name = "db_table"

    def __init__(self, name: str, table: str | None) -> None:
        self.table = table
        super().__init__(name)

    @property
    def option_value(self) -> Any:
        return self.table

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], {"name": self.name, "table": self.table}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_model_options(app_label, self.name, {"db_table": self.table})

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        new = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.alias, new):
            return
        old = from_state.apps.get_model(app_label, self.name)
        schema_editor.alter_db_table(new, old._meta.db_table, new._meta.db_table)
        # Tables of pairs are called after the table.
        for before, after in zip(
            old._meta.local_many_to_many, new._meta.local_many_to_many, strict=True
        ):
            if before.is_own_table:
                schema_editor.alter_field(new, before, after)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        table = self.table if self.table is not None else "(default)"
        return f"Rename table for {self.name} to {table}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_table"


class AlterModelTableComment(ModelOptionOperation):
    """Change the comment that the database keeps of the table."""

    option_name = "db_table_comment"

    def __init__(self, name: str, table_comment: str | None) -> None:
        self.table_comment = table_comment
        super().__init__(name)

    @property
    def option_value(self) -> Any:
        return self.table_comment

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"name": self.name, "table_comment": self.table_comment}
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        comment = {"db_table_comment": self.table_comment}
        state.alter_model_options(app_label, self.name, comment)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        new = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.alias, new):
            old = from_state.apps.get_model(app_label, self.name)
            schema_editor.alter_db_table_comment(
                new, old._meta.db_table_comment, new._meta.db_table_comment
            )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Alter {self.name} table comment"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_table_comment"


class AlterUniqueTogether(ModelOptionOperation):
    """Change which groups of fields are unique together."""

    option_name = "unique_together"

    def __init__(self, name: str, unique_together: Any) -> None:
        self.unique_together = as_groups(unique_together)
        super().__init__(name)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"name": self.name, "unique_together": self.unique_together}
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        groups = {"unique_together": self.unique_together}
        state.alter_model_options(app_label, self.name, groups)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        new = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.alias, new):
            old = from_state.apps.get_model(app_label, self.name)
            schema_editor.alter_unique_together(
                new, old._meta.unique_together, new._meta.unique_together
            )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self.database_forwards(app_label, schema_editor, from_state, to_state)

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        return self.references_model(model_name, app_label) and (
            not self.unique_together
            or any(name in group for group in self.unique_together)
        )

    def can_reduce_through(self, operation: Operation, app_label: str) -> bool:
        if isinstance(operation, ModelOptionOperation) and not isinstance(
            # Whether the table is managed decides what is done to it.
            operation,
            (type(self), AlterModelOptions),
        ):
            return (
                operation.name_lower == self.name_lower
                or super().can_reduce_through(operation, app_label)
            )
        return super().can_reduce_through(operation, app_label)

    def describe(self) -> str:
        count = len(self.unique_together)
        return f"Alter unique_together for {self.name} ({count} constraint(s))"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_unique_together"


class AlterOrderWithRespectTo(ModelOptionOperation):
    """Keep the order of the rows that refer to the same row, or not any more."""

    option_name = "order_with_respect_to"

    def __init__(self, name: str, order_with_respect_to: str | None) -> None:
        self.order_with_respect_to = order_with_respect_to
        super().__init__(name)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"order_with_respect_to": self.order_with_respect_to}
        return type(self).__name__, [], {"name": self.name, **given}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        given = {"order_with_respect_to": self.order_with_respect_to}
        state.alter_model_options(app_label, self.name, given)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        new = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.alias, new):
            return
        old = from_state.apps.get_model(app_label, self.name)
        before = old._meta.order_with_respect_to
        after = new._meta.order_with_respect_to
        if before and not after:
            schema_editor.remove_field(old, old._meta.get_field("_order"))
        elif after and not before:
            field = new._meta.get_field("_order")
            kept = field.default
            if not field.has_default():
                field.default = 0
            schema_editor.add_field(old, field)
            field.default = kept

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self.database_forwards(app_label, schema_editor, from_state, to_state)

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        return self.references_model(model_name, app_label) and (
            self.order_with_respect_to is None or name == self.order_with_respect_to
        )

    def describe(self) -> str:
        return (
            f"Set order_with_respect_to on {self.name} to {self.order_with_respect_to}"
        )

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_order_with_respect_to"


class AlterModelOptions(ModelOptionOperation):
    """Change options that the database knows nothing of."""

    option_name = "options"

    ALTER_OPTION_KEYS: ClassVar[list[str]] = [
        "base_manager_name",
        "default_manager_name",
        "default_related_name",
        "get_latest_by",
        "managed",
        "ordering",
        "permissions",
        "default_permissions",
        "select_on_save",
        "verbose_name",
        "verbose_name_plural",
    ]

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        self.options = dict(options)
        super().__init__(name)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"name": self.name, "options": self.options}
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_model_options(
            app_label, self.name, self.options, self.ALTER_OPTION_KEYS
        )

    def database_forwards(self, *args: Any, **kwargs: Any) -> None:
        pass

    def database_backwards(self, *args: Any, **kwargs: Any) -> None:
        pass

    def describe(self) -> str:
        return f"Change Meta options on {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_options"


class AlterModelManagers(ModelOptionOperation):
    """Change the managers that ``RunPython`` finds."""

    option_name = "managers"
    serialization_expand_args: ClassVar[list[str]] = ["managers"]

    def __init__(self, name: str, managers: Iterable[tuple[str, Any]]) -> None:
        self.managers = list(managers)
        super().__init__(name)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.name, self.managers], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_model_managers(app_label, self.name, self.managers)

    def database_forwards(self, *args: Any, **kwargs: Any) -> None:
        pass

    def database_backwards(self, *args: Any, **kwargs: Any) -> None:
        pass

    def describe(self) -> str:
        return f"Change managers on {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_managers"
