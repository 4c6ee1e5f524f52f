"""Ours and Django's migrations, each in a process of its own that prints its times.

    python -m tests.benchmarks.migrators fwtrace run /tmp/folder

The folder has the migrations of either; what is imported before is not counted.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.benchmarks.projects import APPS, ROOTS, two_hundred_models

DATABASE = "db.sqlite3"
DETECTIONS = 3
"""How often is looked for what has changed: the best time counts."""


class Ours:
    def __init__(self, folder: Path, apps: list[str]) -> None:
        from fwtrace.toolkit.orm import connect, migrations, models
        from fwtrace.toolkit.orm.migrations import executor, loader

        self.folder = folder
        self.parts: Any = executor, loader, migrations, models
        self.database: Any = connect(f"sqlite:///{folder / DATABASE}")
        self.database.fetch("SELECT 1")

    def load(self) -> None:
        executor, loader, *_ = self.parts
        sources = loader.find_sources(self.folder)
        self.loader = loader.MigrationLoader(sources, self.database)
        self.executor = executor.MigrationExecutor(self.loader, self.database)

    def plan(self) -> None:
        self.targets: Any = self.loader.graph.leaf_nodes()
        self.steps = self.executor.migration_plan(self.targets)
        self.loader.project_state()

    def run(self) -> None:
        self.executor.migrate(self.targets, plan=self.steps)

    def back(self) -> None:
        self.executor.migrate([(app, None) for app in APPS])

    def begin(self) -> None:
        self.executor.migrate([("shop", "0001_book")])

    def tables(self) -> int:
        from fwtrace.toolkit.orm.introspection import table_names

        return len(table_names(self.database))


class Django(Ours):
    def __init__(self, folder: Path, apps: list[str]) -> None:
        sys.path.insert(0, str(folder))
        import django
        from django.conf import settings

        engine = "django.db.backends.sqlite3"
        settings.configure(
            DATABASES={"default": {"ENGINE": engine, "NAME": folder / DATABASE}},
            INSTALLED_APPS=apps,
        )
        django.setup()
        from django.db import connection
        from django.db.migrations import executor

        self.parts = executor
        self.database = connection
        connection.ensure_connection()

    def load(self) -> None:
        self.executor = self.parts.MigrationExecutor(self.database)
        self.loader = self.executor.loader

    def tables(self) -> int:
        return len(self.database.introspection.table_names())


COLUMNS = "id, title, pages, price, author_id"
MADE_ANEW = f"""
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE new (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    title varchar(99) NOT NULL,
    pages integer NOT NULL,
    price real NULL,
    author_id bigint NOT NULL REFERENCES shop_author (id)
        DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO new ({COLUMNS}) SELECT {COLUMNS} FROM shop_book;
DROP TABLE shop_book;
ALTER TABLE new RENAME TO shop_book;
CREATE INDEX by_author ON shop_book (author_id);
COMMIT;
"""


class Bare:
    """No migrations at all: the statements that make the big table anew."""

    def __init__(self, folder: Path, apps: list[str]) -> None:
        self.database = sqlite3.connect(folder / DATABASE, isolation_level=None)

    def load(self) -> None:
        pass

    plan = load

    def run(self) -> None:
        self.database.executescript(MADE_ANEW)


SIDES: dict[str, Any] = {"fwtrace": Ours, "Django": Django, "sqlite3": Bare}


def read(name: str, folder: Path) -> dict[str, float]:
    """The files into a graph, and the graph into a plan and a state."""
    side = SIDES[name](folder, APPS)
    return {each: seconds_of(getattr(side, each)) for each in ("load", "plan")}


def run(name: str, folder: Path) -> dict[str, float]:
    """All migrations: three models and a table of pairs in each app."""
    (folder / DATABASE).unlink(missing_ok=True)
    side = SIDES[name](folder, APPS)
    side.load()
    side.plan()
    seconds = {"run": seconds_of(side.run)}
    _expect(4 * len(APPS) + 1, side.tables())
    return seconds


def back(name: str, folder: Path) -> dict[str, float]:
    """The same undone."""
    side = SIDES[name](folder, APPS)
    side.load()
    seconds = {"back": seconds_of(side.back)}
    _expect(1, side.tables())
    return seconds


def begin(name: str, folder: Path) -> dict[str, float]:
    """The first migration of the big table."""
    side = SIDES[name](folder, ["shop"])
    side.load()
    return {"begin": seconds_of(side.begin)}


def alter(name: str, folder: Path) -> dict[str, float]:
    """The second one."""
    side = SIDES[name](folder, ["shop"])
    side.load()
    side.plan()
    return {"alter": seconds_of(side.run)}


def detect(name: str, folder: Path) -> dict[str, float]:
    """What has changed, of 200 models: nothing, and a field of each."""
    SIDES[name](folder, [])
    models = import_module(f"{ROOTS[name]}.models")
    parts: list[Any] = [
        import_module(f"{ROOTS[name]}.migrations.{each}")
        for each in ("state", "graph", "questioner", "autodetector")
    ]
    return {
        what: min(_detection(length, models, *parts) for _ in range(DETECTIONS))
        for what, length in (("none", 50), ("each", 60))
    }


def _detection(
    length: int, models: Any, state: Any, graph: Any, questioner: Any, auto: Any
) -> float:
    detector = auto.MigrationAutodetector(
        two_hundred_models(models, state),
        two_hundred_models(models, state, length),
        questioner.MigrationQuestioner({"ask_initial": True}),
    )
    changes: dict[str, Any] = {}
    known = graph.MigrationGraph()
    taken = seconds_of(lambda: changes.update(detector.changes(known)))
    found = sum(len(each.operations) for some in changes.values() for each in some)
    _expect(0 if length == 50 else 200, found)
    return taken


def _expect(count: int, found: int) -> None:
    if found != count:
        raise AssertionError(f"There are {found}, not {count}.")


def seconds_of(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


TASKS: dict[str, Callable[[str, Path], dict[str, float]]] = {
    "read": read,
    "run": run,
    "back": back,
    "begin": begin,
    "alter": alter,
    "detect": detect,
}

if __name__ == "__main__":
    _, name, task, folder = sys.argv
    print(json.dumps(TASKS[task](name, Path(folder))))
