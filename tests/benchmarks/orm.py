"""The ORM against Django's, SQLAlchemy, peewee, Pony, and sqlite3 itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tests.benchmarks import rivals
from tests.benchmarks.harness import Aim, Result, compare, show

__all__ = ["orm"]

QUESTIONS: dict[str, tuple[str, tuple[Aim, ...]]] = {
    "sql": (
        "Building SQL of a chain of five",
        (Aim("fwtrace", "Django", 0.15), Aim("fwtrace", "Pony", 1.0)),
    ),
    "get": ("Getting one row by its key", (Aim("fwtrace", "Django", 0.17),)),
    "some": ("A filter that finds about 20 rows", (Aim("fwtrace", "Django", 0.3),)),
    "all": (
        "Loading 10,000 rows",
        (
            Aim("fwtrace", "Django", 0.45),
            Aim("fwtrace", "peewee", 0.45),
            Aim("fwtrace", "sqlite3", 2.3),
        ),
    ),
    "insert": ("1,000 inserts, one by one", (Aim("fwtrace", "Django", 0.2),)),
    "bulk": ("1,000 inserts in bulk", ()),
    "follow": ("Following a foreign key of 100 rows", ()),
    "joined": ("The same with select_related", ()),
    "prefetch": ("Prefetching 100 x 10 rows", ()),
    "aggregate": ("Two aggregates of 10,000 rows", ()),
}


@lru_cache(maxsize=1)
def competitors() -> dict[str, Any]:
    return {
        "fwtrace": rivals.Ours(),
        "Django": rivals.Django(),
        "SQLAlchemy": rivals.SQLAlchemy(),
        "peewee": rivals.Peewee(),
        "Pony": rivals.Pony(),
        "sqlite3": rivals.Bare(),
    }


def orm() -> list[Result]:
    found = []
    for name, (title, aims) in QUESTIONS.items():
        askable: dict[str, Callable[[], object]] = {
            rival: getattr(made, name)
            for rival, made in competitors().items()
            if hasattr(made, name)
        }
        result = compare(title, askable)
        ahead = tuple(
            Aim("fwtrace", rival, 1.0)
            for rival in ("Django", "SQLAlchemy", "peewee")
            if not aims
        )
        show(result, aims or ahead)
        found.append(result)
    return found
