"""Migrations beside Django's: a history, what has changed, and a table made anew."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.harness import Aim, Result, show
from tests.benchmarks.migrators import seconds_of
from tests.benchmarks.projects import ROOTS, write_big_table, write_history

__all__ = ["migrations"]

HALF = (Aim("fwtrace", "Django", 0.5),)
DATABASE = "db.sqlite3"
MILLION = 1_000_000

Times = dict[str, dict[str, float]]
"""By what was done, the seconds of each competitor."""


def migrations() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        found = [*history(Path(folder)), *detection(Path(folder))]
    with tempfile.TemporaryDirectory() as folder:
        found.append(big_table(Path(folder)))
    return found


def worked(name: str, task: str, folder: Path) -> dict[str, float]:
    """What a process of its own has measured."""
    command = [sys.executable, "-m", "tests.benchmarks.migrators"]
    found = subprocess.run(
        [*command, name, task, str(folder)], check=True, stdout=subprocess.PIPE
    )
    times: dict[str, float] = json.loads(found.stdout)
    return times


def in_turn(rounds: int, runs: dict[str, Callable[[], dict[str, float]]]) -> Times:
    """The best time of each competitor for each thing that it does."""
    best: Times = {}
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


def history(folder: Path) -> list[Result]:
    """200 migrations; reading them and planning is quick, and so done several times."""
    for name, root in ROOTS.items():
        write_history(folder / name, root)
    times = in_turn(
        3,
        {name: lambda name=name: worked(name, "read", folder / name) for name in ROOTS},
    )
    times |= in_turn(
        1,
        {name: lambda name=name: worked(name, "run", folder / name) for name in ROOTS},
    )
    there = {
        name: sum(times[what][name] for what in ("load", "plan", "run"))
        for name in ROOTS
    }
    return [
        shown("200 migrations of 20 apps: loaded, planned and run", there, HALF),
        shown("    loaded, and put into a graph", times["load"]),
        shown("    planned, with the state at the end", times["plan"]),
        shown("    run", times["run"]),
        shown("    and back to the beginning", times["back"], HALF),
    ]


def detection(folder: Path) -> list[Result]:
    times = in_turn(
        2,
        {
            name: lambda name=name: worked(name, "detect", folder / name)
            for name in ROOTS
        },
    )
    return [
        shown("Detecting that nothing has changed in 200 models", times["none"], HALF),
        shown("Detecting one changed field in each of them", times["each"], HALF),
    ]


def big_table(folder: Path) -> Result:
    """A column is altered: all rows are copied."""
    filled = folder / "filled"
    for name, root in ROOTS.items():
        write_big_table(folder / name, root)
    shutil.copytree(folder / "fwtrace", filled)
    worked("fwtrace", "begin", filled)
    _fill(filled / DATABASE)
    (folder / "sqlite3").mkdir()

    def on_a_copy(
        name: str, run: Callable[[Path], dict[str, float]]
    ) -> dict[str, float]:
        shutil.copy(filled / DATABASE, folder / name / DATABASE)
        return run(folder / name)

    times = in_turn(
        3,
        {
            "fwtrace": lambda: on_a_copy(
                "fwtrace", lambda copy: worked("fwtrace", "alter", copy)
            ),
            "sqlite3": lambda: on_a_copy("sqlite3", _bare),
        },
    )
    return shown(
        "A table of a million rows made anew",
        times["alter"],
        (Aim("fwtrace", "sqlite3", 1.5),),
    )


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


def _bare(folder: Path) -> dict[str, float]:
    database = sqlite3.connect(folder / DATABASE, isolation_level=None)
    try:
        return {"alter": seconds_of(lambda: database.executescript(MADE_ANEW))}
    finally:
        database.close()
