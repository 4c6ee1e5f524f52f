"""Migrations from outside: find them, take a database along them, record what it did.

project = Project.open(locate([Path("shop")]), connected("sqlite:///shop.db"))
trace = migrate(project, project.targets("blog.0002"))
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fwtrace import __version__
from fwtrace.probes.migrations import EDITORS, MIGRATIONS, mark_bookkeeping
from fwtrace.probes.orm import ORM
from fwtrace.probes.signals import SIGNALS
from fwtrace.toolkit.orm import Database, connect
from fwtrace.toolkit.orm.editor import offline_editor
from fwtrace.toolkit.orm.migrations.exceptions import (
    AmbiguityError,
    ConflictError,
    IrreversibleError,
    MigrationError,
    NodeNotFoundError,
)
from fwtrace.toolkit.orm.migrations.executor import MigrationExecutor
from fwtrace.toolkit.orm.migrations.graph import Key, label
from fwtrace.toolkit.orm.migrations.loader import (
    MigrationLoader,
    MigrationSource,
    find_sources,
)
from fwtrace.toolkit.orm.migrations.migration import Migration
from fwtrace.toolkit.orm.migrations.operations import Operation
from fwtrace.toolkit.orm.migrations.running.journal import Entry, Journal
from fwtrace.toolkit.orm.migrations.running.planning import Plan, migration_plan
from fwtrace.toolkit.orm.migrations.state import ProjectState
from fwtrace.tracer.frames import UserCode
from fwtrace.tracer.model import Span, Trace
from fwtrace.tracer.recorder import CURRENT, Limits, Recorder
from fwtrace.tracer.seam import attach

__all__ = [
    "Mislabelled",
    "Project",
    "Target",
    "connected",
    "load",
    "locate",
    "make_importable",
    "migrate",
    "statements",
]

Target = tuple[str, str | None]
"""An app and the name of one of its migrations; None for before the first."""
BEGINNING = "zero"
LIMITS = Limits(spans=20_000)
"""A history has more statements than a request."""


def locate(folders: Sequence[Path], app_label: str = "") -> list[MigrationSource]:
    """The migrations in these folders, importable by the names that their own code
    would import them by.

    Raises MigrationError where there are none.
    """
    for folder in folders:
        make_importable(folder)
    if app_label and len(folders) > 1:
        raise MigrationError(
            f"{len(folders)} folders cannot all be of one app {app_label!r}: give "
            "--label with one folder."
        )
    return [source for folder in folders for source in find_sources(folder, app_label)]


def make_importable(folder: Path) -> None:
    """Have Python find ``shop.migrations`` in ``shop/migrations``, from anywhere."""
    here, whole = Path.cwd(), folder.resolve()
    root = home = whole.parent if whole.name == "migrations" else whole
    while _is_package(root) and root.parent != root:
        root = root.parent
    if root == home:  # of no package: the project is where somebody stands, or above it
        root = here if whole.is_relative_to(here) else home.parent
    for path in (root, *(() if _is_package(here) else (here,))):
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").exists()


class Mislabelled(MigrationError):
    """Neither the folder's name nor a label says how its migrations call their app."""


def load(
    sources: list[MigrationSource], *, ignore_missing: bool = False
) -> MigrationLoader:
    """The migrations of these sources; MigrationError where one is mistaken."""
    try:
        loader = MigrationLoader(sources, ignore_missing=ignore_missing)
    except NodeNotFoundError:
        _ensure_labels(MigrationLoader(sources, ignore_missing=True))
        raise
    _ensure_labels(loader)
    return loader


def _ensure_labels(loader: MigrationLoader) -> None:
    """An app whose migrations all come after those of another is called like that."""
    for app in sorted(loader.migrated_apps):
        own = [m for (a, _), m in loader.disk_migrations.items() if a == app]
        named = [(each, key[:2]) for each in own for key in each.dependencies]
        if len(own) < 2 or any(key[0] == app for _, key in named):
            continue
        for migration, (other, name) in named:
            is_ours = (app, name) in loader.disk_migrations
            if is_ours and other not in loader.migrated_apps:
                raise Mislabelled(
                    f"{migration.path} says that its app is {other!r}, and not "
                    f"{app!r}: give --label {other}."
                )


@dataclass
class Project:
    """Migrations of one or more apps, and the database that they are for, if one is
    named."""

    sources: list[MigrationSource]
    loader: MigrationLoader
    database: Database | None

    @classmethod
    def open(
        cls,
        sources: list[MigrationSource],
        database: Database | None = None,
        *,
        reads_only: bool = False,
    ) -> Project:
        """Raises MigrationError where a migration cannot be read, DatabaseError where
        the database cannot. Who ``reads_only`` does not mind what is elsewhere."""
        loader = load(sources, ignore_missing=reads_only)
        loader.database = database
        loader.build_graph()
        return cls(sources, loader, database)

    @property
    def name(self) -> str:
        """Where the migrations are."""
        return ", ".join(_short(source.folder) for source in self.sources[:2]) + (
            f" and {len(self.sources) - 2} more" if len(self.sources) > 2 else ""
        )

    # What a person means.

    def targets(self, text: str = "") -> list[Target]:
        """Nothing is for the latest of all; ``blog``, ``blog.0002``, ``blog.zero``; and
        of a single app ``0002`` or ``zero``.

        Raises NodeNotFoundError and AmbiguityError where nothing or too much is meant,
        ConflictError where there is no single latest.
        """
        if not text:
            self._refuse_conflicts(self.loader.migrated_apps)
            return [(app, name) for app, name in self.loader.graph.leaf_nodes()]
        app, name = self._split(text)
        if name == BEGINNING:
            return [(app, None)]
        if name:
            found = self.loader.get_migration_by_prefix(app, name)
            return [(app, self.in_use(found))]
        self._refuse_conflicts([app])
        return [(app, name) for app, name in self.loader.graph.leaf_nodes(app)]

    def in_use(self, migration: Migration) -> str:
        """Its name; NodeNotFoundError where another one stands for it."""
        if migration.key in self.loader.graph.nodes:
            return migration.name
        for key in self.loader.replacements:
            if migration.key in self.loader.replaced(key) and key in self.loader.graph:
                raise NodeNotFoundError(
                    f"{migration} was replaced by {label(key)}: name that one, or one "
                    "before or after it.",
                    migration.key,
                )
        raise NodeNotFoundError(
            f"{migration} cannot be used while only a part of what it replaces is "
            "applied: name the last of those.",
            migration.key,
        )

    def migration(self, text: str) -> Migration:
        """The one that is meant by ``blog.0002``, or by ``0002`` in a single app."""
        app, name = self._split(text)
        if not name:
            known = [n for a, n in sorted(self.loader.disk_migrations) if a == app]
            example = f", such as {app}.{known[0]}" if known else ""
            raise AmbiguityError(f"Which migration of {app!r}? Name one{example}.")
        return self.loader.get_migration_by_prefix(app, name)

    def _split(self, text: str) -> tuple[str, str]:
        """App and name: of a single app the name alone will do."""
        apps = sorted(self.loader.migrated_apps)
        app, dot, name = text.partition(".")
        if app in apps:
            return app, name
        if len(apps) == 1 and not dot:
            return apps[0], text
        if not dot and app[:1].isdigit():
            raise AmbiguityError(
                f"{text!r} of which app? There are {', '.join(apps)}: write "
                f"{apps[0]}.{text}."
            )
        self.loader.get_migration_by_prefix(app, name or text)  # says what is wrong
        return app, name

    def _refuse_conflicts(self, apps: Iterable[str]) -> None:
        found = self.loader.detect_conflicts()
        for app in sorted(apps):
            if app in found:
                raise ConflictError(
                    f"The app {app!r} has {len(found[app])} latest migrations: "
                    f"{', '.join(found[app])}. Join them with 'fwtrace migrations make "
                    "--merge'."
                )

    # What is to be done.

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

    def unknown(self) -> list[Key]:
        """What is applied of the apps that are here, and has no file."""
        loader = self.loader
        return [
            key
            for key in loader.applied_migrations
            if key[0] in loader.migrated_apps and key not in loader.disk_migrations
        ]

    def plan(self, targets: Iterable[Target], *, fake: bool = False) -> Plan:
        """What is to be run; without a database, for an empty one.

        Raises MigrationError where one does not fit what comes before it, and where the
        database has a gap that does not come from going back or from recording.
        """
        found = migration_plan(self.loader, targets)
        if found:
            self.loader.project_state([migration.key for migration, _ in found])
        if not fake and not any(backwards for _, backwards in found):
            self.loader.check_consistent_history()
        return found


def connected(url: str, *, reads_only: bool = False) -> Database:
    """The database of a URL; who ``reads_only`` makes no file where there is none.

    Raises ValueError for a URL of no database.
    """
    database = connect(url)
    is_file = database.vendor == "sqlite" and database.name != ":memory:"
    if reads_only and is_file and not os.path.exists(database.name):
        return connect("sqlite://")
    return database


def _short(folder: Path) -> str:
    """As seen from here, where it is below."""
    whole = folder.resolve()
    try:
        return str(whole.relative_to(Path.cwd()))
    except ValueError:
        return os.path.join("…", *whole.parts[-2:])


# Running.


def migrate(
    project: Project,
    targets: Iterable[Target],
    *,
    fake: bool = False,
    fake_initial: bool = False,
    wait: float = 60,
    progress: Callable[..., object] | None = None,
    limits: Limits = LIMITS,
) -> Trace:
    """Take the database there; what was done, as a trace whose spans are migrations,
    operations and statements. What stopped it is in the trace's outcome."""
    counts = {"finished": 0, "applied": 0, "undone": 0}

    def counting(action: str, migration: Any = None, fake: bool = False) -> None:
        if action in COUNTED:
            counts[COUNTED[action]] += 1
        if progress is not None:
            progress(action, migration, fake)

    executor = project.executor(counting)
    targets = list(targets)
    project.plan(targets, fake=fake)  # what can be said before anything is done
    database: Any = project.database
    recorder = Recorder(
        f"{database.vendor} {os.path.basename(database.name)}",
        {
            "method": "MIGRATE",
            "target": _target(targets) or project.name,
            "headers": [],
            "body_size": 0,
        },
        root=Span("call", "migrate"),
        user_code=UserCode(tuple(str(each.folder) for each in project.sources)),
        version=__version__,
        limits=limits,
    )
    trace = recorder.trace
    trace.root.attributes["fwtrace.migration.targets"] = [
        f"{app}.{name or BEGINNING}" for app, name in targets
    ]
    detach = attach((MIGRATIONS, EDITORS, ORM, SIGNALS))
    token = CURRENT.set((recorder, recorder.root))
    error: dict[str, Any] | None = None
    try:
        executor.migrate(targets, fake=fake, fake_initial=fake_initial, wait=wait)
    except Exception as raised:
        error = recorder.describe_error(raised)
    finally:
        CURRENT.reset(token)
        detach()
        recorder.finish()
        mark_bookkeeping(trace)
    counts["finished"] = sum(map(_is_finished, trace.root.children))
    done = [f"{count} {word}" for word, count in counts.items() if count]
    phrase = ", ".join([*done, "then failed"] if error and done else done)
    phrase = phrase or ("failed" if error else "nothing to do")
    trace.outcome = {"status": None, "phrase": phrase, "error": error}
    return trace


COUNTED = {"apply_success": "applied", "unapply_success": "undone"}


def _is_finished(span: Span) -> bool:
    """Whether it is a migration that another run had left half-way."""
    return span.error is None and "fwtrace.migration.resumed" in span.attributes


def _target(targets: list[Target]) -> str:
    """The target, or how many there are."""
    if len(targets) > 3:
        return f"{len(targets)} apps to their latest"
    return ", ".join(f"{app}.{name or BEGINNING}" for app, name in targets)


# SQL.


def statements(
    project: Project, migration: Migration, vendors: Iterable[str], backwards: bool
) -> list[dict[str, Any]]:
    """The SQL of each operation, for each of these dialects, with no database:
    ``{"operation", "statements": {vendor: [sql, ...]}}``."""
    state = _state_before(project, migration)
    found: list[dict[str, Any]] = []
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        after = state.clone()
        told = {
            vendor: _collected(migration, operation, vendor, before, after, backwards)
            for vendor in vendors
        }
        found.append(
            {"operation": operation.formatted_description(), "statements": told}
        )
    return found[::-1] if backwards else found


def _state_before(project: Project, migration: Migration) -> ProjectState:
    """The models before a migration, which may be one that a squashed one replaces.

    What does not fit the models that it finds there is told by the loader.
    """
    loader = project.loader
    if migration.key not in loader.graph:
        loader = MigrationLoader(project.sources, replace_migrations=False)
    loader.project_state([migration.key])
    return loader.project_state([migration.key], at_end=False)


def _collected(
    migration: Migration,
    operation: Operation,
    vendor: str,
    before: ProjectState,
    after: ProjectState,
    backwards: bool,
) -> list[str]:
    if backwards and not operation.reversible:
        raise IrreversibleError(
            f"{migration} cannot be undone: {operation.describe()!r} says no way back."
        )
    if not operation.reduces_to_sql:
        return ["-- Python: what it does is not known before it runs."]
    editor = offline_editor(vendor)
    app = migration.app_label
    try:
        if backwards:
            operation.database_backwards(app, editor, after, before)
        else:
            operation.database_forwards(app, editor, before, after)
    except MigrationError:
        raise
    except Exception as error:  # an operation of somebody's own may do anything
        raise MigrationError(
            f"The SQL of {migration}, {operation.describe()!r}, cannot be told without "
            f"a database: {type(error).__name__}: {error}."
        ) from error
    return editor.collected_sql or ["-- nothing: the database is not concerned"]
