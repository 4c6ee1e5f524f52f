"""One row a span: stage, what it was, where, own and total time."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group
from rich.table import Table
from rich.text import Text

from fwtrace.render import Options
from fwtrace.render.stages import heading
from fwtrace.render.text import STYLES, duration
from fwtrace.render.tree import header
from fwtrace.tracer.model import Span, Trace

__all__ = ["render", "rows"]


def render(trace: Trace, options: Options) -> Group:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("stage", no_wrap=True)
    table.add_column("span", overflow="fold")
    table.add_column("own", justify="right", no_wrap=True)
    table.add_column("total", justify="right", no_wrap=True)
    for depth, span in rows(trace, options):
        name = Text("  " * depth).append_text(heading(span))
        table.add_row(
            Text(span.stage, STYLES.get(span.stage, "")),
            name,
            duration(span.own),
            duration(span.duration),
        )
    return Group(header(trace), Text(), table)


def rows(trace: Trace, options: Options) -> Iterator[tuple[int, Span]]:
    """``(depth, span)`` of the spans to show, parents first."""
    pending = [(0, trace.root)]
    while pending:
        depth, span = pending.pop()
        if options.stages is None or span.stage in options.stages:
            yield depth, span
        if options.depth is None or depth < options.depth:
            pending.extend((depth + 1, child) for child in reversed(span.children))
