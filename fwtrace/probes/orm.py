"""The ORM: each statement that reaches the database, with its rows."""

from __future__ import annotations

from typing import Any

from fwtrace.probes.sql import describe_statement
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import Recorder
from fwtrace.tracer.seam import Probe, Seam, spanned

__all__ = ["ORM"]


def _statement(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    database, sql = args[:2]
    parameters = args[2] if len(args) > 2 else ()
    describe_statement(recorder, span, database.vendor, database.name, sql, parameters)


def _returned(
    recorder: Recorder, span: Span, args: tuple[Any, ...], rows: list[Any]
) -> None:
    span.attributes["db.response.returned_rows"] = len(rows)


def _affected(
    recorder: Recorder, span: Span, args: tuple[Any, ...], cursor: Any
) -> None:
    if cursor.rowcount >= 0:
        span.attributes["fwtrace.sql.affected_rows"] = cursor.rowcount


ORM = Probe(
    "orm",
    ("fwtrace.toolkit.orm",),
    (
        Seam(
            "database:Database.fetch",
            spanned("sql", before=_statement, after=_returned),
        ),
        Seam("database:Database.fetch_chunks", spanned("sql", before=_statement)),
        Seam(
            "database:Database.execute",
            spanned("sql", before=_statement, after=_affected),
        ),
    ),
)
