"""A waterfall: each span a bar from where it started to where it ended."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from fwtrace.render import Options
from fwtrace.render.table import rows
from fwtrace.render.text import STYLES, clean, duration
from fwtrace.render.tree import TIME, header
from fwtrace.tracer.model import Trace

__all__ = ["Timeline", "render"]


def render(trace: Trace, options: Options) -> Timeline:
    return Timeline(trace, options)


class Timeline:
    def __init__(self, trace: Trace, options: Options) -> None:
        self.trace = trace
        self.options = options

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        width = options.max_width
        label = min(40, width * 2 // 5)
        room = max(10, width - label - TIME - 2)
        scale = room / max(1, self.trace.root.duration)
        full = "=" if options.ascii_only else "━"
        yield header(self.trace)
        yield Text()
        for depth, span in rows(self.trace, self.options):
            style = STYLES.get(span.stage, "")
            start = min(room - 1, int((span.start - self.trace.root.start) * scale))
            cells = min(room - start, max(1, round(span.duration * scale)))
            text = Text(no_wrap=True)
            text.append(f"{'  ' * depth}{span.stage} ", style)
            text.append(clean(span.name))
            text.truncate(label, overflow="ellipsis", pad=True)
            text.append(" " + " " * start)
            text.append(full * cells, style or "bold")
            text.append(" " * (room - start - cells))
            text.append(f" {duration(span.duration):>{TIME}}")
            yield text
