"""A migration that no transaction holds, one statement at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.editor import Statement, schema_editor
from fwtrace.toolkit.orm.exceptions import DatabaseError
from fwtrace.toolkit.orm.migrations.exceptions import MigrationError
from fwtrace.toolkit.orm.migrations.running.journal import Entry, Journal

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database
    from fwtrace.toolkit.orm.migrations.migration import Migration
    from fwtrace.toolkit.orm.migrations.state import ProjectState

__all__ = ["Stepwise"]

CHANGES_ROWS = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|WITH)\b", re.IGNORECASE)
ALREADY = re.compile("already exists|no such|duplicate column")
DONE_ALREADY: dict[str, set[Any]] = {
    "mysql": {1050, 1051, 1054, 1060, 1061, 1068, 1091, 1146, 1176, 1826, 3822},
    "postgresql": {"42P07", "42701", "42710", "42P01", "42703", "42704", "42P16"},
}
"""What a server says of a change that was made before."""


class Stepwise:
    """Runs one migration with a journal."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        migration: Migration,
        run_operation: Callable[..., None],
        record: Callable[[Any], None],
        unrecord: Callable[[Any], None],
    ) -> None:
        self.database = database
        self.journal = journal
        self.migration = migration
        self.run_operation = run_operation
        self.record = record
        self.unrecord = unrecord

    def run(self, entry: Entry, state: ProjectState) -> None:
        """From the beginning; forwards, ``state`` moves along."""
        self.journal.open(entry)
        with schema_editor(self.database, atomic=False):  # SQLite's keys are off in it
            self._go(entry, self._steps(state))

    def go_on(
        self, entry: Entry, state: ProjectState, backwards: bool | None = None
    ) -> None:
        """From where the entry says; in the other direction, if that is wanted now."""
        with schema_editor(self.database, atomic=False):
            self._go_on(entry, self._steps(state), backwards)

    def _go_on(self, entry: Entry, steps: list[Any], backwards: bool | None) -> None:
        if entry.statements:
            self._go_one_on(entry, steps, is_begun=True)
        if backwards is not None and backwards != entry.backwards:
            # What is done is now what is left.
            entry.operation = len(steps) - entry.operation
            entry.backwards, entry.undo = backwards, []
            self.journal.write(entry)
        self._go(entry, steps)

    def _steps(self, state: ProjectState) -> list[Any]:
        from fwtrace.toolkit.orm.migrations.executor import states_of

        return states_of(self.migration, state)

    def _go(self, entry: Entry, steps: list[Any]) -> None:
        while entry.operation < len(steps):
            self._go_one_on(entry, steps)
        with self.database.atomic():
            (self.unrecord if entry.backwards else self.record)(self.migration)
        self.journal.close()

    def _go_one_on(
        self, entry: Entry, steps: list[Any], is_begun: bool = False
    ) -> None:
        ordered = steps[::-1] if entry.backwards else steps
        try:
            operation, before, after = ordered[entry.operation]
            self.run_step(entry, operation, before, after, is_begun)
        except Exception as error:
            raise self._failed(entry, error) from error

    def run_step(
        self,
        entry: Entry,
        operation: Any,
        before: ProjectState,
        after: ProjectState,
        is_begun: bool = False,
    ) -> None:
        """One operation; of one that another run has begun, what is left of it."""
        if is_begun:
            self._finish_operation(entry, uncertain=True)
        elif operation.reduces_to_sql:
            entry.statements = self._collected(entry, operation, before, after)
            entry.done = 0
            self.journal.write(entry)
            self._finish_operation(entry)
        else:
            self._call(entry, operation, before, after)

    def _collected(
        self, entry: Entry, operation: Any, before: ProjectState, after: ProjectState
    ) -> list[Statement]:
        """The statements of an operation: names are looked up, nothing is changed."""
        editor = schema_editor(self.database, collect_sql=True)
        self.run_operation(
            self.migration, operation, editor, before, after, entry.backwards
        )
        editor.finish()
        return editor.collected

    def _call(
        self, entry: Entry, operation: Any, before: ProjectState, after: ProjectState
    ) -> None:
        """Python, whose changes of rows are one transaction with the journal."""
        editor = schema_editor(self.database, atomic=False)

        def call() -> None:
            self.run_operation(
                self.migration, operation, editor, before, after, entry.backwards
            )
            entry.operation += 1
            entry.undo.append(None)
            self.journal.write(entry)

        if operation.atomic is False:
            call()
        else:
            with self.database.atomic():
                call()

    def _finish_operation(self, entry: Entry, uncertain: bool = False) -> None:
        """The statements that are left of an operation; of the first it may be
        ``uncertain`` whether it has run."""
        while entry.done < len(entry.statements):
            statement = entry.statements[entry.done]
            try:
                self._execute(entry, statement)
            except DatabaseError as error:
                if not (uncertain and self._was_done(error)):
                    raise
                self._count(entry, statement)
            uncertain = False
        entry.operation += 1
        entry.statements, entry.done = [], 0
        self.journal.write(entry)

    def _execute(self, entry: Entry, statement: Statement) -> None:
        if CHANGES_ROWS.match(statement.sql):
            with self.database.atomic():
                self.database.execute(statement.sql, statement.params)
                self._count(entry, statement)
        else:
            self.database.execute(statement.sql, statement.params)
            self._count(entry, statement)

    def _count(self, entry: Entry, statement: Statement) -> None:
        entry.done += 1
        entry.undo.append(statement.undo)
        self.journal.write(entry)

    def _was_done(self, error: BaseException) -> bool:
        cause = error.__cause__ or error
        known = DONE_ALREADY.get(self.database.vendor, set())
        code = getattr(cause, "sqlstate", None) or (cause.args or (None,))[0]
        if self.database.vendor == "sqlite":
            return bool(
                re.search("already exists|no such|duplicate column", str(cause))
            )
        return code in known

    def _failed(self, entry: Entry, error: BaseException) -> MigrationError:
        """Take back what can be; else say where things stand."""
        from fwtrace.toolkit.orm.migrations.executor import failed

        count = len(self.migration.operations)
        number = entry.operation if not entry.backwards else count - 1 - entry.operation
        taken_back = [undo for undo in reversed(entry.undo) if undo is not None]
        if len(taken_back) == len(entry.undo):
            for statement in filter(None, taken_back):
                self.database.execute(statement)
            self.journal.close()
            left = "Nothing was changed."
        else:
            if not entry.done:
                entry.statements = []  # they may be others, once it is mended
            self.journal.write(entry)
            left = (
                f"{entry.operation} of its {count} operations are done and stay, for "
                "this database cannot undo them: mend it and run again to go on, or "
                "migrate to the one before to go back."
            )
        return failed(self.migration, number, entry.backwards, error, left)
