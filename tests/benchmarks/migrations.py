"""Migrations beside Django's: a history, what has changed, and a table made anew.

Both work in processes of their own, and print what they measure: see ``migrators``.

    TMPDIR=/dev/shm python -m tests.benchmarks migrations

leaves out how long the disk takes for 200 transactions, much the same for both.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.benchmarks.harness import Aim, Result, show
from tests.benchmarks.migrators import DATABASE
from tests.benchmarks.projects import ROOTS, write_big_table, write_history

__all__ = ["migrations"]

HALF = (Aim("fwtrace", "Django", 0.5),)
MILLION = 1_000_000

Run = Callable[[], dict[str, float]]
"""The seconds that things took, by what was done."""


def migrations() -> list[Result]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, root in ROOTS.items():
            write_history(folder / name, root)
        found = [*history(folder), *detection(folder)]
    with tempfile.TemporaryDirectory() as made:
        found.append(big_table(Path(made)))
    return found


def history(folder: Path) -> list[Result]:
    """200 migrations, with fewer rounds of what takes long."""
    took = in_turn(5, both("read", folder))
    took |= in_turn(3, both("run", folder))
    took |= in_turn(1, both("back", folder))
    whole = {
        name: sum(took[what][name] for what in ("load", "plan", "run"))
        for name in ROOTS
    }
    return [
        shown("200 migrations: loaded, planned, run", whole, HALF),
        shown("of this: loaded, and put into a graph", took["load"]),
        shown("of this: planned, with the state at the end", took["plan"]),
        shown("of this: run", took["run"]),
        shown("200 migrations undone", took["back"], HALF),
    ]


def detection(folder: Path) -> list[Result]:
    took = in_turn(2, both("detect", folder))
    return [
        shown("Detecting that none of 200 models changed", took["none"], HALF),
        shown("Detecting a changed field in each of them", took["each"], HALF),
    ]


def big_table(folder: Path) -> Result:
    """A column is altered of a table that has another with an index."""
    ours = folder / "fwtrace"
    write_big_table(ours, ROOTS["fwtrace"])
    (folder / "sqlite3").mkdir()
    worked("fwtrace", "begin", ours)
    filled = folder / DATABASE
    shutil.move(ours / DATABASE, filled)
    _fill(filled)

    def on_a_copy(name: str) -> dict[str, float]:
        shutil.copy(filled, folder / name)
        return worked(name, "alter", folder / name)

    names = ("fwtrace", "sqlite3")
    took = in_turn(5, {name: partial(on_a_copy, name) for name in names})
    aims = (Aim("fwtrace", "sqlite3", 1.5),)
    return shown("A table of a million rows made anew", took["alter"], aims)


def both(task: str, folder: Path) -> dict[str, Run]:
    return {name: partial(worked, name, task, folder / name) for name in ROOTS}


def worked(name: str, task: str, folder: Path) -> dict[str, float]:
    """What a process of its own has measured."""
    command = [sys.executable, "-m", "tests.benchmarks.migrators"]
    found = subprocess.run(
        [*command, name, task, str(folder)],
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    seconds: dict[str, float] = json.loads(found.stdout)
    return seconds


def in_turn(rounds: int, runs: dict[str, Run]) -> dict[str, dict[str, float]]:
    """For each thing that is done, the best seconds of each competitor."""
    best: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for name, run in runs.items():
            for what, seconds in run().items():
                known = best.setdefault(what, {})
                known[name] = min(seconds, known.get(name, seconds))
    return best


def shown(title: str, seconds: dict[str, float], aims: tuple[Aim, ...] = ()) -> Result:
    result = Result(title, seconds)
    show(result, aims)
    return result


def _fill(path: Path) -> None:
    with sqlite3.connect(path) as made:
        made.execute("INSERT INTO shop_author VALUES (1), (2), (3)")
        made.execute(
            "WITH RECURSIVE numbers(n) AS "
            f"(SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT {MILLION}) "
            "INSERT INTO shop_book SELECT n, 'The book ' || n, n % 500, n / 8.0, "
            "n % 3 + 1 FROM numbers"
        )
    made.close()
