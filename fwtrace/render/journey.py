"""An expression on its way: methods, query, SQL, rows, instances, plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from fwtrace.render import Options
from fwtrace.render.sql import format_sql
from fwtrace.render.text import clean, duration, place, plain
from fwtrace.tracer.analysis import warnings
from fwtrace.tracer.model import Location, Span, Trace

__all__ = ["Journey", "render"]

WIDEST = 140
VALUES = 5
"""Sets of values shown of a statement that ran several times."""


def render(trace: Trace, options: Options) -> Journey:
    return Journey(trace)


class Journey:
    """Draws itself in whatever width the console has (Rich's console protocol)."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        trace, attributes = self.trace, self.trace.root.attributes
        width = min(options.max_width, WIDEST)
        lines = trace.root.name.split("\n")
        groups = _groups(trace)
        shown: set[int] = set()
        for number, line in enumerate(lines, 1):
            yield Text(clean(line), "bold")
            if len(lines) == 1:
                break
            for position, group in enumerate(groups):
                if _is_of_line(group[0], number):
                    shown.add(position)
                    yield from _statements(group, width)
                    yield Text()
        steps = attributes.get("fwtrace.query.steps", [])
        if len(steps) > 1:
            yield from _heading("methods")
            for step in steps:
                yield from _step(step, width)
        if "fwtrace.query" in attributes:
            yield from _heading("query")
            yield from _query(attributes["fwtrace.query"])
        for position, group in enumerate(groups):
            if position not in shown:
                yield Text()
                yield from _statements(group, width)
        yield from _outcome(trace)
        rows = attributes.get("fwtrace.result.rows", [])
        if rows:
            yield Text()
            yield _table(rows)
            hidden = attributes["fwtrace.result.count"] - len(rows)
            if hidden > 0:
                yield Text(f"… and {hidden:,} more", "dim")
        for warning in warnings(trace):
            yield Text.assemble(("! ", "bold red"), clean(warning.message))


def _heading(name: str, more: str = "") -> Iterator[Text]:
    yield Text()
    yield Text.assemble((name, "bold cyan"), (f"  {more}" if more else "", "dim"))


def _step(step: dict[str, Any], width: int) -> Iterator[Text]:
    line = Text(f"  {clean(step['source'])}")
    adds = step.get("adds") or {}
    shown = "; ".join(f"{name} {_short(value)}" for name, value in adds.items())
    line.append(f"  → {step['type']}", "dim")
    line.truncate(width, overflow="ellipsis")
    yield line
    if shown:
        note = Text(f"      + {clean(shown)}", "green")
        note.truncate(width, overflow="ellipsis")
        yield note


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_short(each) for each in value)
    if isinstance(value, dict):
        return " ".join(f"{name}({_short(each)})" for name, each in value.items())
    return str(value)


def _query(query: dict[str, Any]) -> Iterator[Text]:
    parts = list(query.items())
    for number, (name, value) in enumerate(parts):
        last = number == len(parts) - 1
        yield from _branch(name, value, "", last)


def _branch(name: str, value: Any, prefix: str, last: bool) -> Iterator[Text]:
    guide = prefix + ("╰─ " if last else "├─ ")
    below = prefix + ("   " if last else "│  ")
    if not isinstance(value, list) or name == "limits":
        yield Text.assemble((guide, "dim"), (f"{name} ", "bold"), clean(_limits(value)))
        return
    yield Text.assemble((guide, "dim"), (name, "bold"))
    for number, each in enumerate(value):
        is_last = number == len(value) - 1
        if isinstance(each, dict):
            ((inner, children),) = each.items()
            yield from _branch(inner, children, below, is_last)
        else:
            mark = "╰─ " if is_last else "├─ "
            yield Text.assemble((below + mark, "dim"), clean(each))


def _limits(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    low, high = value
    if high is None:
        return f"from row {low}" if low else "none"
    return f"rows {low} to {high}"


def _groups(trace: Trace) -> list[list[Span]]:
    """The statements; those that are the same but for their values are together."""
    found: dict[Any, list[Span]] = {}
    for span in trace.spans("sql"):
        text = span.attributes.get("db.query.text")
        found.setdefault((text, str(span.location), span.error is None), []).append(
            span
        )
    return list(found.values())


def _is_of_line(span: Span, line: int) -> bool:
    where = span.location
    return where is not None and where.line == line and _is_typed(where)


def _is_typed(where: Location) -> bool:
    return where.file.startswith("expression ")


def _statements(group: list[Span], width: int) -> Iterator[Text]:
    span = group[0]
    attributes = span.attributes
    facts = [attributes.get("db.system.name", "")]
    if len(group) > 1:
        facts.append(f"{len(group):,} times")
    if "db.response.returned_rows" in attributes:
        rows = sum(each.attributes["db.response.returned_rows"] for each in group)
        facts.append(f"{rows:,} row{'' if rows == 1 else 's'}")
    elif attributes.get("fwtrace.sql.affected_rows"):
        facts.append(f"{attributes['fwtrace.sql.affected_rows']} affected")
    facts.append(duration(sum(each.duration for each in group)))
    if span.location is not None and not _is_typed(span.location):
        facts.append(place(span.location))
    yield Text.assemble(("sql", "bold cyan"), (f"  {' · '.join(facts)}", "dim"))
    sql = format_sql(attributes.get("db.query.text", ""), width - 2)
    for line in sql.split("\n"):
        yield Text("  ") + line
    given = list(dict.fromkeys(filter(None, map(_parameters, group))))
    if given:
        more = "; …" if len(given) > VALUES else ""
        line = Text.assemble(
            ("  with ", "dim"), clean("; ".join(given[:VALUES]) + more)
        )
        line.truncate(width, overflow="ellipsis")
        yield line
    if span.error is not None:
        yield plain(f"  {span.error['type']}: {span.error['message']}", "red")
    for step in attributes.get("fwtrace.query.plan", ()):
        yield from _plan(step, "  plan ")


def _parameters(span: Span) -> str:
    return ", ".join(
        repr(value)
        for key, value in span.attributes.items()
        if key.startswith("db.query.parameter.")
    )


def _plan(step: dict[str, Any], prefix: str) -> Iterator[Text]:
    line = Text.assemble((prefix, "dim"), clean(step["text"]))
    if step["is_scan"]:
        line.append("  ← reads the whole table", "bold red")
    yield line
    for child in step["children"]:
        yield from _plan(child, " " * len(prefix) + "╰─ ")


def _outcome(trace: Trace) -> Iterator[Text]:
    attributes = trace.root.attributes
    yield from _heading("result")
    error = trace.outcome.get("error")
    if error:
        yield plain(f"  {error['type']}: {error['message']}", "red")
        return
    kind = attributes.get("fwtrace.result.type")
    if "fwtrace.result" in attributes:
        yield plain(f"  {attributes['fwtrace.result']}")
        return
    if kind is None:
        yield plain(f"  done in {duration(trace.duration)}")
        return
    count = attributes.get("fwtrace.result.count", 0)
    line = plain(f"  {kind} of {count:,} in {duration(trace.duration)}")
    made = attributes.get("fwtrace.result.instances", {})
    if made:
        told = ", ".join(f"{number:,} {name}" for name, number in made.items())
        line.append(f"; instances made: {clean(told)}", "dim")
    yield line


def _table(rows: list[dict[str, str]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    names = list(dict.fromkeys(name for row in rows for name in row))
    for name in names:
        table.add_column(clean(name), overflow="ellipsis", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(clean(row.get(name, ""))) for name in names))
    return table
