"""Executor: takes a database along the history, forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.editor import SchemaEditor, schema_editor
from fwtrace.toolkit.orm.exceptions import DatabaseError
from fwtrace.toolkit.orm.introspection import inspect_table, table_names
from fwtrace.toolkit.orm.migrations.exceptions import (
    IrreversibleError,
    MigrationError,
)
from fwtrace.toolkit.orm.migrations.operations import (
    AddField,
    CreateModel,
    Operation,
    SeparateDatabaseAndState,
)
from fwtrace.toolkit.orm.migrations.operations.fields import FieldOperation
from fwtrace.toolkit.orm.migrations.operations.indexes import IndexOperation
from fwtrace.toolkit.orm.migrations.operations.options import ModelOperation
from fwtrace.toolkit.orm.migrations.recorder import MigrationRecorder
from fwtrace.toolkit.orm.migrations.running.journal import Entry, Journal
from fwtrace.toolkit.orm.migrations.running.lock import migration_lock
from fwtrace.toolkit.orm.migrations.running.planning import Plan, migration_plan
from fwtrace.toolkit.orm.migrations.running.stepwise import Stepwise
from fwtrace.toolkit.orm.migrations.state import ProjectState
from fwtrace.toolkit.orm.signals import post_migrate, pre_migrate
from fwtrace.toolkit.timezone import now

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database
    from fwtrace.toolkit.orm.migrations.loader import MigrationLoader
    from fwtrace.toolkit.orm.migrations.migration import Migration

__all__ = ["MigrationExecutor"]

Key = tuple[str, str]


def _silent(action: str, migration: Any = None, fake: bool = False) -> None:
    pass


class MigrationExecutor:
    """Applies and unapplies the migrations of a loader on its database.

    ``progress(action, migration, fake)`` is told of ``apply_start``, ``apply_success``,
    ``unapply_start``, ``unapply_success``, ``skip``, ``resume`` and ``wait``.
    """

    def __init__(
        self,
        loader: MigrationLoader,
        database: Database,
        progress: Callable[..., object] = _silent,
    ) -> None:
        self.loader = loader
        self.database = database
        self.progress = progress
        self.recorder = MigrationRecorder(database)
        self.journal = Journal(database)

    # Planning.

    def migration_plan(
        self, targets: Iterable[tuple[str, str | None]], clean_start: bool = False
    ) -> Plan:
        """The way there; see :func:`planning.migration_plan`."""
        return migration_plan(self.loader, targets, clean_start)

    # Running.

    def migrate(
        self,
        targets: Iterable[tuple[str, str | None]] = (),
        plan: Plan | None = None,
        fake: bool = False,
        fake_initial: bool = False,
        wait: float = 60,
    ) -> ProjectState:
        """Go there; the state of the models at the end.

        With ``fake`` migrations are only recorded; with ``fake_initial`` those initial
        ones whose tables are there already. Another run is waited for, ``wait``
        seconds. ``pre_migrate`` and ``post_migrate`` are sent for each app.

        Raises MigrationError where a step fails: it says what, and how things stand.
        """
        targets = list(targets)
        waiting = partial(self.progress, "wait")
        with migration_lock(self.database, wait, waiting):
            self.recorder.ensure_schema()
            self.loader.build_graph()  # another run may have been at work
            self.resume(self._wants_back(targets))
            if plan is None:
                plan = self.migration_plan(targets)
            before = self._applied_state()
            self._send(pre_migrate, plan, before)
            state = self._run_plan(plan, before, fake, fake_initial)
            self._send(post_migrate, plan, state)
        return state

    def _run_plan(
        self, plan: Plan, state: ProjectState, fake: bool, fake_initial: bool
    ) -> ProjectState:
        for backwards, steps in groupby(plan, key=lambda step: step[1]):
            migrations = [migration for migration, _ in steps]
            if backwards:
                state = self._backwards(migrations, fake)
                continue
            for migration in migrations:
                state = self.apply_migration(state, migration, fake, fake_initial)
        return state

    def _wants_back(self, targets: list[tuple[str, str | None]]) -> bool | None:
        """Whether the targets lie before what was left half-way; None without one."""
        entry = self.interrupted()
        if entry is None:
            return None
        key, graph = (entry.app_label, entry.name), self.loader.graph
        for app_label, name in targets:
            if app_label == entry.app_label and key in graph.nodes:
                return name is None or key not in graph.forwards_plan((app_label, name))
        return None

    def _send(self, signal: Any, plan: Plan, state: ProjectState) -> None:
        if signal.connections:
            for app_label in sorted({migration.app_label for migration, _ in plan}):
                signal.send(
                    type(self),
                    app_label=app_label,
                    using=self.database.alias,
                    plan=plan,
                    apps=state.apps,
                )

    def _applied_state(self) -> ProjectState:
        """The models as the migrations that are applied leave them, each with what it
        comes after, even where that is missing."""
        applied = self.loader.applied_migrations
        return self.loader.project_state(
            [key for key in self._full_order() if key in applied]
        )

    def _full_order(self) -> list[Key]:
        graph, seen = self.loader.graph, {}
        for leaf in graph.leaf_nodes():
            seen.update(dict.fromkeys(graph.forwards_plan(leaf)))
        return list(seen)

    def _backwards(self, migrations: list[Migration], fake: bool) -> ProjectState:
        wanted = {migration.key for migration in migrations}
        before: dict[Key, ProjectState] = {}
        state = ProjectState()
        for key in self._full_order():
            if key not in self.loader.applied_migrations:
                continue
            if key in wanted:
                before[key] = state.clone()
            self.loader.graph.nodes[key].mutate_state(state, preserve=False)
        for migration in migrations:
            self.unapply_migration(before.pop(migration.key), migration, fake)
        return self._applied_state()

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        """Run one migration forwards from that state; the state after it."""
        self.progress("apply_start", migration, fake)
        after = state.clone()
        if fake_initial and not fake and self.is_soft_applied(state, migration):
            fake = True
        if fake:
            migration.mutate_state(after, preserve=False)
            with self.database.atomic():
                self._record(migration)
        elif self._is_atomic(migration):
            self._run(migration, after, False)
        else:
            self._stepwise(migration).run(Entry(*migration.key, False), after)
        self.loader.applied_migrations[migration.key] = now()
        self.progress("apply_success", migration, fake)
        return after

    def unapply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False
    ) -> None:
        """Run one migration backwards; ``state`` is the one before it."""
        self.progress("unapply_start", migration, fake)
        if fake:
            with self.database.atomic():
                self._unrecord(migration)
        else:
            _refuse_irreversible(migration)
            if self._is_atomic(migration):
                self._run(migration, state, True)
            else:
                self._stepwise(migration).run(Entry(*migration.key, True), state)
        self.loader.applied_migrations.pop(migration.key, None)
        self.progress("unapply_success", migration, fake)

    def _is_atomic(self, migration: Migration) -> bool:
        return migration.atomic and self.database.vendor != "mysql"

    def _run(self, migration: Migration, state: ProjectState, backwards: bool) -> None:
        """Run a migration within one transaction; forwards, ``state`` moves along."""
        steps = states_of(migration, state)
        where = -1  # not begun
        try:
            with schema_editor(self.database) as editor:
                if self._is_done(migration, backwards):
                    self.progress("skip", migration, False)
                    return
                for number, (operation, before, after) in _ordered(steps, backwards):
                    where = number
                    self.run_operation(
                        migration, operation, editor, before, after, backwards
                    )
                where = len(steps)
                (self._unrecord if backwards else self._record)(migration)
        except Exception as error:
            raise failed(migration, where, backwards, error) from error

    def run_operation(
        self,
        migration: Migration,
        operation: Operation,
        editor: SchemaEditor,
        before: ProjectState,
        after: ProjectState,
        backwards: bool,
    ) -> None:
        """One operation on the database: from ``before`` to ``after``, or back."""
        app = migration.app_label
        if backwards:
            operation.database_backwards(app, editor, after, before)
        else:
            operation.database_forwards(app, editor, before, after)
        if _may_change_rows(operation):
            editor.settle()

    def _is_done(self, migration: Migration, backwards: bool) -> bool:
        """Whether another run was faster."""
        if self.database.vendor != "sqlite":
            return False  # the lock has kept others away
        return self.recorder.is_applied(*migration.key) != backwards

    def _record(self, migration: Migration) -> None:
        for key in migration.replaces or [migration.key]:
            self.recorder.record_applied(*key)
        if migration.replaces:
            self.recorder.record_applied(*migration.key)

    def _unrecord(self, migration: Migration) -> None:
        for key in migration.replaces:
            self.recorder.record_unapplied(*key)
        self.recorder.record_unapplied(*migration.key)

    # Where no transaction holds a migration.

    def _stepwise(self, migration: Migration) -> Stepwise:
        return Stepwise(
            self.database,
            self.journal,
            migration,
            self.run_operation,
            self._record,
            self._unrecord,
        )

    def interrupted(self) -> Entry | None:
        """The migration that a run before this one left half-way."""
        return self.journal.read()

    def resume(self, backwards: bool | None = None) -> None:
        """Finish what was left half-way: in its own direction, or in the one given.

        Raises MigrationError when its file is not there any more.
        """
        entry = self.interrupted()
        if entry is None:
            return
        key = entry.app_label, entry.name
        migration = self.loader.graph.nodes.get(key)
        if migration is None:
            raise MigrationError(
                f"{entry.app_label}.{entry.name} was stopped half-way, and its file is "
                "not there any more: put it back, and run again."
            )
        self.progress("resume", migration, False)
        state = ProjectState()
        for each in self._full_order():
            if each == key:
                break
            if each in self.loader.applied_migrations:
                self.loader.graph.nodes[each].mutate_state(state, preserve=False)
        self._stepwise(migration).go_on(entry, state, backwards)
        self.loader.build_graph()

    # Tables that are there already.

    def is_soft_applied(self, state: ProjectState, migration: Migration) -> bool:
        """Whether all tables and columns of an initial migration are there."""
        if migration.initial is False or (
            migration.initial is None
            and any(each[0] == migration.app_label for each in migration.dependencies)
        ):
            return False
        after = migration.mutate_state(state)
        there, found = set(table_names(self.database)), False
        for operation in migration.operations:
            if isinstance(operation, CreateModel):
                model: Any = after.apps.get_model(migration.app_label, operation.name)
                if model._meta.proxy or not model._meta.managed:
                    continue
                tables = [model._meta.db_table]
                tables += [
                    many.through._meta.db_table
                    for many in model._meta.local_many_to_many
                    if many.is_own_table
                ]
                if not there.issuperset(tables):
                    return False
                found = True
            elif isinstance(operation, AddField):
                model = after.apps.get_model(migration.app_label, operation.model_name)
                if not self._has_field(model, operation.name, there):
                    return False
                found = True
        return found

    def _has_field(self, model: Any, name: str, there: set[str]) -> bool:
        field = model._meta.get_field(name)
        if field.many_to_many:
            return not field.is_own_table or field.through._meta.db_table in there
        table = inspect_table(self.database, model._meta.db_table)
        return table is not None and table.column(field.column) is not None


def states_of(
    migration: Migration, state: ProjectState
) -> list[tuple[Operation, ProjectState, ProjectState]]:
    """``(operation, state before, state after)`` of each; ``state`` moves along."""
    found, before = [], state.clone()
    for operation in migration.operations:
        operation.state_forwards(migration.app_label, state)
        after = state.clone()
        found.append((operation, before, after))
        before = after
    return found


def _may_change_rows(operation: Operation) -> bool:
    """Whether it does what the schema editor may not know of."""
    if isinstance(operation, SeparateDatabaseAndState):
        return any(map(_may_change_rows, operation.database_operations))
    return not isinstance(operation, (FieldOperation, IndexOperation, ModelOperation))


def _ordered(steps: Sequence[Any], backwards: bool) -> list[tuple[int, Any]]:
    numbered = list(enumerate(steps))
    return numbered[::-1] if backwards else numbered


def _refuse_irreversible(migration: Migration) -> None:
    for operation in migration.operations:
        if not operation.reversible:
            raise IrreversibleError(
                f"{migration} cannot be undone: {operation.describe()!r} says no way "
                "back. Nothing was changed."
            )


def failed(
    migration: Migration,
    number: int,
    backwards: bool,
    error: BaseException,
    left: str = "Nothing was changed.",
) -> MigrationError:
    """The sentence for an operation that failed, and how things were left."""
    count = len(migration.operations)
    if number < 0:
        what = "the beginning"
    elif number < count:
        what = f"operation {number + 1} of {count}, "
        what += repr(migration.operations[number].describe())
    else:
        what = "the end"
    word = "undone" if backwards else "applied"
    text = " ".join(str(error).split()).rstrip(". ")
    if not isinstance(error, (DatabaseError, MigrationError)):
        text = f"{type(error).__name__}: {text}"
    return MigrationError(f"{migration} was not {word}: {what}: {text}. {left}")
