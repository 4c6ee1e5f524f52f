"""Migrations from outside: find them, take a database along them, record what it did.

project = Project.open(Path("shop"), "sqlite:///shop.db")
trace = migrate(project, project.targets("blog.0002"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fwtrace import __version__
from fwtrace.probes.migrations import EDITORS, MIGRATIONS
from fwtrace.probes.orm import ORM
from fwtrace.probes.signals import SIGNALS
from fwtrace.toolkit.orm import Database, connect
from fwtrace.toolkit.orm.editor import offline_editor
from fwtrace.toolkit.orm.migrations.exceptions import ConflictError, MigrationError
from fwtrace.toolkit.orm.migrations.executor import MigrationExecutor
from fwtrace.toolkit.orm.migrations.journal import Entry, Journal
from fwtrace.toolkit.orm.migrations.loader import (
    MigrationLoader,
    MigrationSource,
    find_sources,
)
from fwtrace.toolkit.orm.migrations.migration import Migration
from fwtrace.toolkit.orm.migrations.operations import Operation
from fwtrace.toolkit.orm.migrations.planning import Plan, migration_plan
from fwtrace.tracer.frames import UserCode
from fwtrace.tracer.model import Span, Trace
from fwtrace.tracer.recorder import CURRENT, Limits, Recorder
from fwtrace.tracer.seam import attach

__all__ = ["Project", "Target", "migrate", "statements"]

Target = tuple[str, str | None]
"""An app and the name of one of its migrations; None for before the first."""
BEGINNING = "zero"


@dataclass
class Project:
    """A folder of migrations, and the database that they are for, if one is named."""

    folder: Path
    sources: list[MigrationSource]
    loader: MigrationLoader
    database: Database | None

    @classmethod
    def open(cls, folder: Path, url: str | None = None, label: str = "") -> Project:
        """Raises MigrationError where there are none, or one cannot be read."""
        sources = find_sources(folder, label)
        database = None if url is None else connect(url)
        return cls(folder, sources, MigrationLoader(sources, database), database)

    def targets(self, text: str = "") -> list[Target]:
        """What a person means: nothing for the latest of all; ``blog``, ``blog.0002``,
        ``blog.zero``; and of a single app ``0002`` or ``zero``.

        Raises MigrationError where there is no such migration, or no single latest.
        """
        if not text:
            self._refuse_conflicts(self.loader.migrated_apps)
            return [(app, name) for app, name in self.loader.graph.leaf_nodes()]
        app, name = self._split(text)
        if name == BEGINNING:
            return [(app, None)]
        if name:
            found = self.loader.get_migration_by_prefix(app, name)
            return [(app, self._standing_for(found))]
        self._refuse_conflicts([app])
        return [(app, name) for app, name in self.loader.graph.leaf_nodes(app)]

    def _standing_for(self, migration: Migration) -> str:
        """A migration that a squashed one replaces is not in the graph."""
        if migration.key not in self.loader.graph.nodes:
            raise MigrationError(
                f"{migration} was replaced by a squashed migration: name that one, or "
                "the one before it."
            )
        return migration.name

    def migration(self, text: str) -> Migration:
        """The one that is meant by ``blog.0002``, or by ``0002`` in a single app."""
        app, name = self._split(text)
        return self.loader.get_migration_by_prefix(app, name)

    def _split(self, text: str) -> tuple[str, str]:
        """App and name: of a single app the name alone will do."""
        apps = sorted(self.loader.migrated_apps)
        app, dot, name = text.partition(".")
        if app in apps:
            return app, name
        if len(apps) == 1 and not dot:
            return apps[0], text
        self.loader.get_migration_by_prefix(app, name or text)  # says what is wrong
        return app, name

    def _refuse_conflicts(self, apps: Iterable[str]) -> None:
        found = self.loader.detect_conflicts()
        for app in apps:
            if app in found:
                raise ConflictError(
                    f"The app {app!r} has {len(found[app])} latest migrations: "
                    f"{', '.join(found[app])}. Merge them with "
                    "'fwtrace migrations make --merge'."
                )

    def executor(self, progress: Callable[..., object]) -> MigrationExecutor:
        if self.database is None:
            raise MigrationError(
                "Which database? Name it with --database, such as sqlite:///data.db, "
                "or with DATABASE_URL."
            )
        return MigrationExecutor(self.loader, self.database, progress)

    def interrupted(self) -> Entry | None:
        """The migration that a run left half-way in the database."""
        return None if self.database is None else Journal(self.database).read()

    def plan(self, targets: Iterable[Target]) -> Plan:
        """What is to be run; without a database, for an empty one."""
        self.loader.check_consistent_history()
        return migration_plan(self.loader, targets)


def migrate(
    project: Project,
    targets: Iterable[Target],
    *,
    fake: bool = False,
    fake_initial: bool = False,
    wait: float = 60,
    progress: Callable[..., object] | None = None,
    limits: Limits | None = None,
) -> Trace:
    """Take the database there; what was done, as a trace whose spans are migrations,
    operations and statements. What stopped it is in the trace's outcome."""
    counts = {"applied": 0, "undone": 0}

    def counting(action: str, migration: Any = None, fake: bool = False) -> None:
        if action.endswith("_success"):
            counts["undone" if action.startswith("un") else "applied"] += 1
        if progress is not None:
            progress(action, migration, fake)

    executor = project.executor(counting)
    targets = list(targets)
    recorder = Recorder(
        str(project.folder),
        {
            "method": "MIGRATE",
            "target": ", ".join(f"{app}.{name or BEGINNING}" for app, name in targets),
            "headers": [],
            "body_size": 0,
        },
        root=Span("call", "migrate"),
        user_code=UserCode((str(project.folder),)),
        version=__version__,
        limits=limits,
    )
    trace = recorder.trace
    detach = attach((MIGRATIONS, EDITORS, ORM, SIGNALS))
    token = CURRENT.set((recorder, recorder.root))
    error: dict[str, Any] | None = None
    try:
        executor.migrate(targets, fake=fake, fake_initial=fake_initial, wait=wait)
    except Exception as raised:
        error = recorder.describe_error(raised)
        error["message"] = str(raised)
    finally:
        CURRENT.reset(token)
        detach()
        recorder.finish()
    done = [f"{count} {word}" for word, count in counts.items() if count]
    phrase = "failed" if error else ", ".join(done) or "nothing to do"
    trace.outcome = {"status": None, "phrase": phrase, "error": error}
    return trace


def statements(
    project: Project, migration: Migration, vendors: Iterable[str], backwards: bool
) -> list[dict[str, Any]]:
    """The SQL of each operation, for each of these dialects, with no database:
    ``{"operation", "statements": {vendor: [sql, ...]}}``."""
    before = project.loader.project_state([migration.key], at_end=False)
    found: list[dict[str, Any]] = []
    for operation in migration.operations:
        after = before.clone()
        operation.state_forwards(migration.app_label, after)
        told = {
            vendor: _collected(migration, operation, vendor, before, after, backwards)
            for vendor in vendors
        }
        found.append(
            {"operation": operation.formatted_description(), "statements": told}
        )
        before = after
    return found[::-1] if backwards else found


def _collected(
    migration: Migration,
    operation: Operation,
    vendor: str,
    before: Any,
    after: Any,
    backwards: bool,
) -> list[str]:
    if not operation.reduces_to_sql:
        return ["-- Python: what it does is not known before it runs."]
    editor = offline_editor(vendor)
    if backwards and not operation.reversible:
        raise MigrationError(f"{migration} cannot be undone: {operation.describe()}.")
    app = migration.app_label
    if backwards:
        operation.database_backwards(app, editor, after, before)
    else:
        operation.database_forwards(app, editor, before, after)
    return editor.collected_sql or ["-- nothing: the database is not concerned"]
