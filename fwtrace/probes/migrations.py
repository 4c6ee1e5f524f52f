"""Migrations: each that is run, and in it each operation."""

from __future__ import annotations

import functools
from typing import Any

from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.seam import Probe, Seam, spanned

__all__ = ["EDITORS", "MIGRATIONS"]


def _forwards(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    _describe(span, args[2], "applied")


def _backwards(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    _describe(span, args[2], "undone")


def _describe(span: Span, migration: Any, how: str) -> None:
    span.name = f"{migration.app_label}.{migration.name}"
    span.attributes["fwtrace.migration.app"] = migration.app_label
    span.attributes["fwtrace.migration.name"] = migration.name
    span.attributes["fwtrace.migration.direction"] = how


def _operation(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    migration, operation = args[1:3]
    span.name = operation.formatted_description()
    span.attributes["fwtrace.migration.operation"] = type(operation).__name__
    numbers = [n for n, each in enumerate(migration.operations) if each is operation]
    if numbers:
        span.attributes["fwtrace.migration.number"] = numbers[0] + 1


def _quietly(function: Any) -> Any:
    """What is read to know the schema is no part of what was done to it."""
    if function is None:
        raise AttributeError("there is no such function to trace")

    @functools.wraps(function)
    def quiet(*args: Any, **kwargs: Any) -> Any:
        __traceback_hide__ = True
        token = CURRENT.set(None)
        try:
            return function(*args, **kwargs)
        finally:
            CURRENT.reset(token)

    return quiet


MIGRATIONS = Probe(
    "migrations",
    ("fwtrace.toolkit.orm.migrations",),
    (
        Seam("executor:MigrationExecutor._is_done", _quietly),
        Seam("executor:table_names", _quietly),
        Seam("journal:table_names", _quietly),
        Seam("recorder:table_names", _quietly),
        Seam(
            "executor:MigrationExecutor.apply_migration",
            spanned("migration", before=_forwards),
        ),
        Seam(
            "executor:MigrationExecutor.unapply_migration",
            spanned("migration", before=_backwards),
        ),
        Seam(
            "executor:MigrationExecutor.run_operation",
            spanned("migration", before=_operation),
        ),
    ),
)

EDITORS = Probe(
    "editors",
    ("fwtrace.toolkit.orm.editor",),
    tuple(
        Seam(f"{target}", _quietly)
        for target in (
            "base:SchemaEditor.find",
            "sqlite:SQLiteEditor.is_taken",
            "sqlite:SQLiteEditor.check_references",
            "sqlite:SQLiteEditor._refuse_drift",
            "sqlite:SQLiteEditor._belongings",
            "sqlite:SQLiteEditor._counter",
            "postgresql:PostgreSQLEditor.is_taken",
            "mysql:MySQLEditor.is_taken",
        )
    ),
)
