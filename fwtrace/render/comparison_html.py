"""A comparison as one page of HTML that needs nothing else: no script, no network."""

from __future__ import annotations

import os
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fwtrace.render.findings import body_verdict, busy, ratio_text, sentences, spread
from fwtrace.render.text import clean, duration
from fwtrace.tracer.comparison import Comparison, Row, Side, Times

__all__ = ["page"]

TEMPLATE = "comparison.html"


def page(comparison: Comparison) -> str:
    """The whole document; every text of an app in it is escaped."""
    environment = Environment(
        loader=FileSystemLoader(os.path.dirname(os.path.abspath(__file__))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    return environment.get_template(TEMPLATE).render(_context(comparison)) + "\n"


def _clean(value: Any) -> Any:
    """Text of an app without what controls a terminal; what a macro made as it is."""
    is_text = isinstance(value, str) and not hasattr(value, "__html__")
    return clean(value) if is_text else value


def _context(comparison: Comparison) -> dict[str, Any]:
    apps, request = comparison.apps, comparison.request
    first, slowest = apps[0].times, comparison.slowest
    return {
        "title": f"{request['method']} {request['target']}",
        "rounds": comparison.rounds,
        "apps": [
            _app(app, None if app is apps[0] else first, comparison) for app in apps
        ],
        "busy": list(busy(apps)) if comparison.has_async else [],
        "rows": [_row(row, comparison.rounds, slowest) for row in comparison.rows],
        "headers": comparison.response.headers,
        "bodies": [
            {
                "app": apps[number].name,
                "verdict": body_verdict(comparison, number),
                "diff": [(_kind(line), line) for line in body.diff],
                "hidden": body.hidden,
            }
            for number, body in enumerate(comparison.response.bodies)
            if body is not None
        ],
        "reference": apps[comparison.response.reference or 0].name,
        "sentences": sentences(comparison),
    }


def _app(app: Side, first: Times | None, comparison: Comparison) -> dict[str, Any]:
    status = app.trace.status
    count, time = app.sql
    return {
        "name": app.name,
        "target": app.target,
        "outcome": _outcome(app),
        "failed": app.error is not None or (status or 500) >= 400,
        "total": _measure(app.times, first, comparison.rounds, comparison.slowest),
        "sql": f"{count:,} in {duration(time)}" if count else "none",
        "framework": f"{app.lines.framework:,}",
        "user": f"{app.lines.user:,}",
    }


def _outcome(app: Side) -> str:
    if app.error is not None:
        return f"raised {app.error}"
    if app.trace.status is None:
        return "no response"
    return f"{app.trace.status} {app.trace.outcome['phrase']}"


def _row(row: Row, rounds: int, slowest: int) -> dict[str, Any]:
    names = row.names
    first = row.cells[0].own if row.cells[0] else None
    cells: list[dict[str, Any] | None] = []
    for number, cell in enumerate(row.cells):
        if cell is None:
            cells.append(None)
            continue
        error = cell.span.error
        compared = first if number else None
        cells.append(
            {
                **_measure(cell.own, compared, rounds, slowest),
                "name": cell.span.name if len(names) > 1 else "",
                "error": f"raised {error['type']}" if error else "",
            }
        )
    is_told = len(names) == 1 and names[0] != row.stage
    return {
        "stage": row.stage,
        "name": names[0] if is_told else "",
        "depth": row.depth,
        "cells": cells,
    }


def _measure(
    times: Times, first: Times | None, rounds: int, slowest: int
) -> dict[str, Any]:
    """A time, its ratio to the first app's, its spread, and its share in percent."""
    return {
        "time": duration(times.median),
        "ratio": ratio_text(times.median / max(1, first.median)) if first else "",
        "spread": spread(times) if rounds > 1 else "",
        "share": f"{min(100, 100 * times.median / max(1, slowest)):.2f}",
    }


def _kind(line: str) -> str:
    return {"+": "added", "-": "removed", "@": "place"}.get(line[:1], "same")
