"""Exploring the ORM: an expression evaluated, and what it did as a Trace.

with exploring("micro") as session:
    trace = session.evaluate("User.objects.filter(age__gt=30)[:5]")
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self

from fwtrace import __version__
from fwtrace.hosts.evaluate import ExpressionError, evaluate, rows_of
from fwtrace.hosts.models import load_models
from fwtrace.probes.queries import (
    count_instances,
    describe_plan,
    describe_queryset,
    is_queryset,
    new_parts,
)
from fwtrace.probes.tables import PROBES
from fwtrace.toolkit.orm import DatabaseError
from fwtrace.toolkit.orm.compiler import SQLCompiler
from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.loading import is_watched
from fwtrace.tracer.frames import UserCode
from fwtrace.tracer.model import Span, Trace
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.seam import attach
from fwtrace.tracer.values import show, show_named

__all__ = ["exploring"]

ROWS = 20
"""Rows kept of a result."""
PLANNED = ("SELECT", "WITH", "UPDATE", "DELETE")
READS = ("SELECT", "EXPLAIN", "WITH", "PRAGMA", "VALUES", "SAVEPOINT", "RELEASE")


class exploring:
    """Context manager: expressions share one session, and one transaction.

    ``commit``: keep what they change when the block ends; it is rolled back otherwise.
    """

    def __init__(
        self,
        app: str = "micro",
        *,
        models: str | None = None,
        database: str | None = None,
        commit: bool = False,
    ) -> None:
        self.found = load_models(app, models, database)
        self.database = self.found.database
        self.commit = commit
        self.changed = False
        """Whether a statement changed the database."""
        self.found.names.update(database=self.database, raw=self._raw)
        self._stack = ExitStack()
        self._count = 0

    def __enter__(self) -> Self:
        self._stack.callback(attach((*PROBES,)))
        self._transaction = self.database.atomic()
        self._transaction.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()
        if self.commit and error is None:
            self._transaction.__exit__(None, None, None)
            return
        undo = _Undo()
        try:
            self._transaction.__exit__(_Undo, undo, None)
        except _Undo:
            pass

    def evaluate(self, source: str) -> Trace:
        """The trace of one expression; what it raises is in its outcome, and undone.

        It may use the models, the names of ``fwtrace.toolkit.orm``, ``database``,
        ``raw("SELECT ...")``, and what earlier ones have assigned.

        Raises :class:`~fwtrace.hosts.evaluate.ExpressionError` for wrong syntax.
        """
        self._count += 1
        recorder = Recorder(
            "sql",
            {"method": "SQL", "target": source, "headers": [], "body_size": 0},
            root=Span("call", source),
            user_code=UserCode((self.found.folder,)),
            version=__version__,
        )
        trace, journey = recorder.trace, _Journey()
        # What fails is undone, so that the transaction can go on.
        with suppress(_Undo), self.database.atomic():
            token = CURRENT.set((recorder, recorder.root))
            try:
                file = f"expression {self._count}"
                value = evaluate(source, self.found.names, file, journey.step)
                self._describe(trace, value, file)
                trace.outcome = {"status": None, "phrase": "", "error": None}
            except ExpressionError:
                raise
            except Exception as error:
                told = recorder.describe_error(error)
                trace.outcome = {"status": None, "phrase": "", "error": told}
                raise _Undo from None
            finally:
                CURRENT.reset(token)
                recorder.finish()
        trace.root.attributes["fwtrace.query.steps"] = journey.steps
        self._explain(trace)
        return trace

    def _describe(self, trace: Trace, value: Any, file: str) -> None:
        attributes = trace.root.attributes
        if is_queryset(value):
            attributes["fwtrace.query"] = describe_queryset(value)
            rows = rows_of(value, file)
        elif isinstance(value, list):
            rows = value
        else:
            rows = [value] if hasattr(value, "_meta") else []
            if value is None:
                return
            attributes["fwtrace.result"] = show(value)
        attributes["fwtrace.result.type"] = type(value).__qualname__
        if rows:
            attributes["fwtrace.result.count"] = len(rows)
            attributes["fwtrace.result.rows"] = [_row(each) for each in rows[:ROWS]]
            attributes["fwtrace.result.instances"] = count_instances(rows)

    def _explain(self, trace: Trace) -> None:
        """The database's plan of each statement that has one, left out of the trace."""
        dialect = get_dialect(self.database.vendor)
        for span in trace.spans("sql"):
            attributes = span.attributes
            words = attributes.get("db.operation.name", "")
            if words not in READS:
                self.changed = True
            if words not in PLANNED or span.error is not None:
                continue
            params = [
                value
                for key, value in attributes.items()
                if key.startswith("db.query.parameter.")
            ]
            options = {"costs": False} if dialect.vendor == "postgresql" else {}
            sql = dialect.explain(options) + attributes["db.query.text"]
            try:
                with self.database.atomic():
                    rows = self.database.fetch(sql, params)
            except DatabaseError:
                continue  # a statement that was cut, or a value that is not plain
            plan = describe_plan(rows, self.database.vendor)
            attributes["fwtrace.query.plan"] = plan

    def _raw(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of a statement as it is, by the names of their columns."""
        names, rows = self.database.fetch_named(sql, params)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def compiled(self, source: str, vendors: list[str]) -> list[dict[str, Any]]:
        """The SQL of a queryset for several databases, none of them asked."""
        value = evaluate(source, self.found.names, "expression", lambda *_: None)
        if not is_queryset(value):
            raise LookupError("--dialect compiles a queryset, and this is none.")
        found = []
        for vendor in vendors:
            statement = value.plan.statement(
                "select", vendor, value.limits, SQLCompiler.select
            )
            sql, params = statement.bind(value.slot_values(), value.limits)
            found.append(
                {"dialect": vendor, "sql": sql, "parameters": list(map(show, params))}
            )
        return found

    def times(self, source: str, repeat: int) -> dict[str, Any]:
        """Microseconds, the least of ``repeat`` runs: compile, execute, load."""
        value = evaluate(source, self.found.names, "expression", lambda *_: None)
        if not is_queryset(value):
            raise LookupError("--repeat times a queryset, and this is none.")
        best: dict[str, Any] = {}

        def clock(name: str, function: Any, *args: Any) -> Any:
            started = time.perf_counter_ns()
            result = function(*args)
            taken = (time.perf_counter_ns() - started) / 1000
            best[name] = min(best.get(name, taken), taken)
            return result

        vendor = self.database.vendor
        for _ in range(repeat):
            value.plan.statements.clear()
            make = (("select"), vendor, value.limits, SQLCompiler.select)
            clock("compile", value.plan.statement, *make)
            statement = value.plan.statement(*make)
            sql, params = clock(
                "bind", statement.bind, value.slot_values(), value.limits
            )
            rows = clock("execute", self.database.fetch, sql, params)
            clock("load", statement.loader(is_watched()), rows, self.database)
        return {"repeat": repeat, "rows": len(rows), **best}


class _Undo(Exception):
    """Leaves a transaction so that nothing of it stays."""


class _Journey:
    """The links of a chain, each with what it put into the query."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.before: dict[str, Any] = {}

    def step(self, source: str, value: Any) -> None:
        told: dict[str, Any] = {"source": source, "type": type(value).__qualname__}
        if is_queryset(value):
            after = describe_queryset(value)
            told["adds"] = new_parts(self.before, after)
            self.before = after
        self.steps.append(told)


def _row(value: Any) -> dict[str, str]:
    """A row as ``{column: text}``."""
    if hasattr(value, "_meta"):
        names = [field.attname for field in value._meta.concrete_fields]
        state = value.__dict__
        extra = [n for n in state if n not in names and not n.startswith("_")]
        return {n: show_named(n, state[n]) for n in [*names, *extra] if n in state}
    if isinstance(value, dict):
        return {str(name): show_named(str(name), each) for name, each in value.items()}
    if isinstance(value, tuple):
        labels = getattr(value, "_fields", None) or range(len(value))
        return {
            str(n): show_named(str(n), each)
            for n, each in zip(labels, value, strict=True)
        }
    return {"value": show(value)}
