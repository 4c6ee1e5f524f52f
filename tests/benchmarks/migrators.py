"""Ours and Django's migrations, each in a process of its own that prints its times.

    python -m tests.benchmarks.migrators fwtrace run /tmp/folder

The folder has the migrations of either; what is imported before is not counted.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.benchmarks.projects import APPS, ROOTS, two_hundred_models

DETECTIONS = 5
"""How often each of the quick ones is done: the best counts."""

Targets = list[tuple[str, str | None]]


class Ours:
    def __init__(self, folder: Path, apps: list[str]) -> None:
        from fwtrace.toolkit.orm import connect, migrations, models
        from fwtrace.toolkit.orm.migrations import executor, loader

        self.folder = folder
        self.parts = executor, loader, migrations, models
        self.database = connect(f"sqlite:///{folder / 'db.sqlite3'}")
        self.database.fetch("SELECT 1")

    def load(self) -> None:
        executor, loader, *_ = self.parts
        self.loader = loader.MigrationLoader(
            loader.find_sources(self.folder), self.database
        )
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

    def expect(self, count: int) -> None:
        """Raise AssertionError where there are more or fewer tables."""
        found = self.tables()
        if len(found) != count:
            raise AssertionError(f"There are {len(found)} tables, not {count}.")

    def tables(self) -> list[str]:
        from fwtrace.toolkit.orm.introspection import table_names

        return table_names(self.database)


class Django(Ours):
    def __init__(self, folder: Path, apps: list[str]) -> None:
        sys.path.insert(0, str(folder))
        import django
        from django.conf import settings

        database = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "db.sqlite3",
        }
        settings.configure(DATABASES={"default": database}, INSTALLED_APPS=apps)
        django.setup()
        from django.db import connection
        from django.db.migrations import executor

        self.parts = (executor,)
        self.database = connection
        connection.ensure_connection()

    def load(self) -> None:
        (executor,) = self.parts
        self.executor = executor.MigrationExecutor(self.database)
        self.loader = self.executor.loader

    def tables(self) -> list[str]:
        found: list[str] = self.database.introspection.table_names()
        return found


SIDES = {"fwtrace": Ours, "Django": Django}
ALL_TABLES = 81
"""Three models and a table of pairs in each app, and the record of migrations."""


def read(name: str, folder: Path) -> dict[str, float]:
    """The files into a graph, and the graph into a plan and a state."""
    side = SIDES[name](folder, APPS)
    return {each: seconds_of(getattr(side, each)) for each in ("load", "plan")}


def run(name: str, folder: Path) -> dict[str, float]:
    """All migrations there and back again."""
    side = SIDES[name](folder, APPS)
    side.load()
    side.plan()
    seconds = {"run": seconds_of(side.run)}
    side.expect(ALL_TABLES)
    side.load()
    seconds["back"] = seconds_of(side.back)
    side.expect(1)
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
    """What has changed, of 200 models."""
    SIDES[name](folder, [])
    models = import_module(f"{ROOTS[name]}.models")
    parts = [
        import_module(f"{ROOTS[name]}.migrations.{each}")
        for each in ("state", "graph", "questioner", "autodetector")
    ]
    return {
        title: min(_detection(models, *parts, length) for _ in range(DETECTIONS))
        for title, length in (("none", 50), ("each", 60))
    }


def _detection(
    models: Any, state: Any, graph: Any, questioner: Any, auto: Any, length: int
) -> float:
    detector = auto.MigrationAutodetector(
        two_hundred_models(models, state),
        two_hundred_models(models, state, length),
        questioner.MigrationQuestioner({"ask_initial": True}),
    )
    changes: dict[str, Any] = {}
    made = graph.MigrationGraph()
    taken = seconds_of(lambda: changes.update(detector.changes(made)))
    found = sum(len(each.operations) for some in changes.values() for each in some)
    if found != (0 if length == 50 else 200):
        raise AssertionError(f"{found} operations were found.")
    return taken


def seconds_of(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


TASKS = {each.__name__: each for each in (read, run, detect, begin, alter)}

if __name__ == "__main__":
    _, name, task, folder = sys.argv
    print(json.dumps(TASKS[task](name, Path(folder))))
