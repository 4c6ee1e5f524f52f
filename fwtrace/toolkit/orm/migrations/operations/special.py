"""Operations of the user's own: SQL, Python, and a state apart from the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.migrations.exceptions import IrreversibleError
from fwtrace.toolkit.orm.migrations.operations.base import Operation, OperationCategory
from fwtrace.toolkit.orm.routers import allow_migrate

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.editor import SchemaEditor
    from fwtrace.toolkit.orm.migrations.state import ProjectState

__all__ = ["RunPython", "RunSQL", "SeparateDatabaseAndState"]


class SeparateDatabaseAndState(Operation):
    """Operations for the database, and others for the state: for a change that was
    made by hand, or that is done in another way than its models say."""

    serialization_expand_args: ClassVar[list[str]] = [
        "database_operations",
        "state_operations",
    ]
    category = OperationCategory.MIXED

    def __init__(
        self,
        database_operations: Sequence[Operation] | None = None,
        state_operations: Sequence[Operation] | None = None,
    ) -> None:
        self.database_operations = list(database_operations or ())
        self.state_operations = list(state_operations or ())

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given: dict[str, Any] = {}
        if self.database_operations:
            given["database_operations"] = self.database_operations
        if self.state_operations:
            given["state_operations"] = self.state_operations
        return type(self).__name__, [], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        for operation in self.state_operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        # What is done to the database is worked out from states of its own.
        for operation, before, after in self._steps(app_label, from_state):
            operation.database_forwards(app_label, schema_editor, before, after)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for operation, before, after in reversed(self._steps(app_label, to_state)):
            operation.database_backwards(app_label, schema_editor, after, before)

    def _steps(
        self, app_label: str, state: ProjectState
    ) -> list[tuple[Operation, ProjectState, ProjectState]]:
        found = []
        for operation in self.database_operations:
            after = state.clone()
            operation.state_forwards(app_label, after)
            found.append((operation, state, after))
            state = after
        return found

    def describe(self) -> str:
        return "Custom state/database change combination"


class RunSQL(Operation):
    """Run SQL: text, or a list of statements, each text or a pair of text and
    parameters. ``state_operations`` say what it does to the models."""

    noop = ""
    category = OperationCategory.SQL
    loses_data = True

    def __init__(
        self,
        sql: Any,
        reverse_sql: Any = None,
        state_operations: Sequence[Operation] | None = None,
        hints: Mapping[str, Any] | None = None,
        elidable: bool = False,
    ) -> None:
        self.sql = sql
        self.reverse_sql = reverse_sql
        self.state_operations = list(state_operations or ())
        self.hints = dict(hints or {})
        self.elidable = elidable

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {"sql": self.sql}
        if self.reverse_sql is not None:
            given["reverse_sql"] = self.reverse_sql
        if self.state_operations:
            given["state_operations"] = self.state_operations
        if self.hints:
            given["hints"] = self.hints
        if self.elidable:
            given["elidable"] = True
        return type(self).__name__, [], given

    @property
    def reversible(self) -> bool:  # type: ignore[override]
        return self.reverse_sql is not None

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        for operation in self.state_operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if allow_migrate(schema_editor.alias, app_label, **self.hints):
            _run(schema_editor, self.sql)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if self.reverse_sql is None:
            raise IrreversibleError(
                "This RunSQL has no reverse_sql: it cannot be undone"
            )
        if allow_migrate(schema_editor.alias, app_label, **self.hints):
            _run(schema_editor, self.reverse_sql)

    def describe(self) -> str:
        return "Raw SQL operation"


def _run(editor: SchemaEditor, given: Any) -> None:
    """Text has no parameters, and a per cent sign in it is one."""
    from fwtrace.toolkit.orm.editor.statements import split_statements

    for each in split_statements(given) if isinstance(given, str) else given:
        if isinstance(each, str):
            editor.execute(each, None)
        elif isinstance(each, (list, tuple)) and len(each) == 2:
            sql, params = each
            if params:
                editor.execute(editor.dialect.from_format(sql), params)
            else:
                editor.execute(sql, None)
        else:
            raise ValueError(
                f"RunSQL takes text, or pairs of text and parameters, not {each!r}."
            )


class RunPython(Operation):
    """Call a function with the models as they are here, ``code(apps, schema_editor)``:
    ``apps.get_model("blog", "Post").objects.using(schema_editor.alias)...``"""

    reduces_to_sql = False
    category = OperationCategory.PYTHON
    loses_data = True

    def __init__(
        self,
        code: Callable[[Any, Any], object],
        reverse_code: Callable[[Any, Any], object] | None = None,
        atomic: bool | None = None,
        hints: Mapping[str, Any] | None = None,
        elidable: bool = False,
    ) -> None:
        for each in (code, reverse_code):
            if each is not None and not callable(each):
                raise ValueError(f"RunPython takes functions, not {each!r}.")
        self.code = code
        self.reverse_code = reverse_code
        self.atomic = atomic  # type: ignore[assignment]
        self.hints = dict(hints or {})
        self.elidable = elidable

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given: dict[str, Any] = {"code": self.code}
        if self.reverse_code is not None:
            given["reverse_code"] = self.reverse_code
        if self.atomic is not None:
            given["atomic"] = self.atomic
        if self.hints:
            given["hints"] = self.hints
        if self.elidable:
            given["elidable"] = True
        return type(self).__name__, [], given

    @property
    def reversible(self) -> bool:  # type: ignore[override]
        return self.reverse_code is not None

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._call(self.code, app_label, schema_editor, from_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: SchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if self.reverse_code is None:
            raise IrreversibleError(
                "This RunPython has no reverse_code: it cannot be undone"
            )
        self._call(self.reverse_code, app_label, schema_editor, from_state)

    def _call(
        self,
        function: Callable[[Any, Any], object],
        app_label: str,
        schema_editor: SchemaEditor,
        state: ProjectState,
    ) -> None:
        if function is RunPython.noop:
            return  # it needs no models
        if allow_migrate(schema_editor.alias, app_label, **self.hints):
            state.apps.complete()
            function(state.apps, schema_editor)

    def describe(self) -> str:
        name = getattr(self.code, "__name__", type(self.code).__name__)
        return f"Raw Python operation {name}()"

    @staticmethod
    def noop(apps: Any, schema_editor: Any) -> None:
        """Nothing: for a direction in which there is nothing to do."""
