"""Migrations: each that is run, in it each operation, and in that its statements.

What has to be said around them (the lock, the transaction, the record of what is
applied, the journal) is marked as bookkeeping, so that a picture can fold it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from fwtrace.tracer.model import Location, Span, Trace
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.redaction import REDACTED
from fwtrace.tracer.seam import Probe, Seam, Wrap, spanned

__all__ = ["BOOKKEEPING", "EDITORS", "MIGRATIONS", "mark_bookkeeping"]

BOOKKEEPING = "fwtrace.migration.bookkeeping"
"""What a statement is for that is no part of a migration: ``lock``, ``record``, ..."""
OPERATION = "fwtrace.migration.operation"
_PARAMETER = "db.query.parameter."


# Migrations and operations.


def _migration(recorder: Recorder, span: Span, migration: Any, way: str) -> None:
    span.name = f"{migration.app_label}.{migration.name}"
    _place(span, migration)
    span.attributes |= {
        "fwtrace.migration.app": migration.app_label,
        "fwtrace.migration.name": migration.name,
        "fwtrace.migration.direction": way,
        "fwtrace.migration.operations": len(migration.operations),
    }


def _forwards(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    _migration(recorder, span, args[2], "forwards")
    _faked(span, args[3:4])


def _backwards(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    _migration(recorder, span, args[2], "backwards")
    _faked(span, args[3:4])


def _faked(span: Span, fake: Iterable[bool]) -> None:
    if any(fake):
        span.attributes["fwtrace.migration.fake"] = True


def _resumed(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    stepwise, entry = args[:2]
    turned = args[3] if len(args) > 3 else None
    backwards = entry.backwards if turned is None else turned
    way = "backwards" if backwards else "forwards"
    _migration(recorder, span, stepwise.migration, way)
    span.attributes["fwtrace.migration.resumed"] = True


def _soft_applied(function: Any) -> Any:
    """Looks whether a migration's tables are there: then it is only recorded."""
    look = _quietly(function)

    @functools.wraps(function)
    def looked(*args: Any, **kwargs: Any) -> Any:
        found = look(*args, **kwargs)
        current = CURRENT.get()
        if current is not None:
            _faked(current[1], [found])
        return found

    return looked


def _operation(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    migration, operation, backwards = args[1], args[2], args[6]
    _describe_operation(span, migration, operation, backwards)


def _step(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    stepwise, entry, operation = args[:3]
    _describe_operation(span, stepwise.migration, operation, entry.backwards)


def _describe_operation(
    span: Span, migration: Any, operation: Any, backwards: bool
) -> None:
    numbers = [n for n, each in enumerate(migration.operations, 1) if each is operation]
    span.name = operation.formatted_description()
    _place(span, migration)
    span.attributes |= {
        OPERATION: type(operation).__name__,
        "fwtrace.migration.number": numbers[0] if numbers else 0,
        "fwtrace.migration.operations": len(migration.operations),
        "fwtrace.migration.direction": "backwards" if backwards else "forwards",
    }


def _place(span: Span, migration: Any) -> None:
    if migration.path is not None:
        span.location = Location(str(migration.path.absolute()), 0)


def _unless_within(wrap: Wrap) -> Wrap:
    """An operation that is run step by step has its span already."""

    def chosen(function: Any) -> Any:
        traced = wrap(function)

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            __traceback_hide__ = True
            current = CURRENT.get()
            is_within = current is not None and OPERATION in current[1].attributes
            return (function if is_within else traced)(*args, **kwargs)

        return called

    return chosen


# What is around them.


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


def _keeping(kind: str) -> Wrap:
    """All statements of a function are bookkeeping of this kind."""

    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        def marking(*args: Any, **kwargs: Any) -> Any:
            __traceback_hide__ = True
            current = CURRENT.get()
            if current is None:
                return function(*args, **kwargs)
            children = current[1].children
            before = len(children)
            try:
                return function(*args, **kwargs)
            finally:
                for span in children[before:]:
                    span.attributes[BOOKKEEPING] = kind
                    if kind == "journal":
                        _hide_parameters(span)

        return marking

    return wrap


def _hide_parameters(span: Span) -> None:
    """A journal repeats statements, in which secrets can no longer be told."""
    for name in span.attributes:
        if name.startswith(_PARAMETER):
            span.attributes[name] = REDACTED


_TRANSACTION = ("BEGIN", "COMMIT", "RELEASE", "ROLLBACK", "SAVEPOINT")
_OPEN = ("RunPython", "RunSQL", "SeparateDatabaseAndState")
"""Operations whose statements are somebody's own, whatever they are."""


def mark_bookkeeping(trace: Trace) -> None:
    """Mark what the text of a statement tells, and count the rows that operations have
    written."""
    for span in trace.spans():
        statements = [child for child in span.children if child.stage == "sql"]
        for statement in statements:
            kind = _kind(statement, span)
            if kind:
                statement.attributes.setdefault(BOOKKEEPING, kind)
    for span in trace.spans("migration"):
        if OPERATION in span.attributes:
            rows = list(_rows_written(span))
            if rows:
                span.attributes["fwtrace.migration.rows"] = sum(rows)


def _kind(statement: Span, parent: Span) -> str:
    attributes, operation = statement.attributes, parent.attributes.get(OPERATION)
    word = attributes.get("db.operation.name", "")
    if word in _TRANSACTION:
        return "transaction"
    if attributes.get("db.query.text", "").startswith("SET CONSTRAINTS ALL "):
        return "check"
    if operation in _OPEN or parent.stage not in ("call", "migration"):
        return ""
    if attributes.get("db.collection.name") == "sqlite_sequence":
        return "counter"
    if word.startswith("PRAGMA "):
        return "setting"
    return "lookup" if "db.response.returned_rows" in attributes else ""


def _rows_written(operation: Span) -> Iterable[int]:
    for span in operation.walk():
        if BOOKKEEPING not in span.attributes and span.attributes.get(
            "db.operation.name"
        ) in ("INSERT", "UPDATE", "DELETE", "REPLACE"):
            yield span.attributes.get("fwtrace.sql.affected_rows", 0)


MIGRATIONS = Probe(
    "migrations",
    ("fwtrace.toolkit.orm.migrations",),
    (
        Seam("executor:MigrationExecutor._is_done", _quietly),
        Seam("executor:MigrationExecutor.is_soft_applied", _soft_applied),
        Seam("running.journal:table_names", _quietly),
        Seam("recorder:table_names", _quietly),
        *(
            Seam(f"recorder:MigrationRecorder.{name}", _keeping("record"))
            for name in (
                "applied_migrations",
                "ensure_schema",
                "record_applied",
                "record_unapplied",
            )
        ),
        *(
            Seam(f"running.journal:Journal.{name}", _keeping("journal"))
            for name in ("close", "open", "read", "write")
        ),
        Seam("running.lock:_taken", _keeping("lock")),
        Seam("running.lock:_release", _keeping("lock")),
        Seam(
            "executor:MigrationExecutor.apply_migration",
            spanned("migration", before=_forwards),
        ),
        Seam(
            "executor:MigrationExecutor.unapply_migration",
            spanned("migration", before=_backwards),
        ),
        Seam("running.stepwise:Stepwise.go_on", spanned("migration", before=_resumed)),
        Seam(
            "executor:MigrationExecutor.run_operation",
            _unless_within(spanned("migration", before=_operation)),
        ),
        Seam("running.stepwise:Stepwise.run_step", spanned("migration", before=_step)),
    ),
)

EDITORS = Probe(
    "editors",
    ("fwtrace.toolkit.orm.editor",),
    tuple(
        Seam(target, _quietly)
        for target in (
            "base:inspect_table",
            "base:table_names",
            "mysql:inspect_table",
            "sqlite:inspect_table",
            "sqlite:SQLiteEditor.check_references",
            "sqlite:SQLiteEditor._belongings",
            "sqlite:SQLiteEditor._counter",
            "sqlite:SQLiteEditor.is_taken",
            "postgresql:PostgreSQLEditor.is_taken",
            "mysql:MySQLEditor.is_taken",
        )
    ),
)
