"""The default picture: the tree of stages, where the time went, warnings."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from fwtrace.render import Options
from fwtrace.render.stages import changes, details, heading, source_lines, where
from fwtrace.render.text import STYLES, clean, duration, plain, share_bar
from fwtrace.tracer.analysis import is_success, time_by_stage, warnings
from fwtrace.tracer.awaiting import RUNNING
from fwtrace.tracer.model import Span, Trace

__all__ = ["ASCII", "UNICODE", "TracePicture", "header", "render"]

TIME = 10
"""Cells of the column of times at the right."""
WIDEST = 140


def render(trace: Trace, options: Options) -> TracePicture:
    return TracePicture(trace, options)


class TracePicture:
    """Draws itself in whatever width the console has (Rich's console protocol)."""

    def __init__(self, trace: Trace, options: Options) -> None:
        self.trace = trace
        self.options = options

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        width = min(options.max_width, WIDEST)
        guides = ASCII if options.ascii_only else UNICODE
        yield header(self.trace)
        yield Text()
        yield from _Tree(self.options, width, guides).draw(self.trace.root)
        if self.options.stages is None:
            yield Text()
            yield from _times(self.trace, width, options.ascii_only)
        yield from _warnings(self.trace)


def header(trace: Trace) -> Text:
    """One line: request, app, outcome, total time, and what recording cost."""
    outcome, style = _outcome(trace)
    method, target = trace.request.get("method"), trace.request.get("target")
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(clean(f"{method} {target}"), "bold")
    text.append(clean(f" · {trace.app} · "))
    text.append(clean(outcome.strip()), style)
    text.append(f" · {duration(trace.duration)}", "bold")
    if RUNNING in trace.root.attributes:
        text.append(f", {duration(trace.root.attributes[RUNNING])} of it running")
    text.append(f" + {duration(trace.overhead)} of tracing left out", "dim")
    return text


def _outcome(trace: Trace) -> tuple[str, str]:
    """What came back, and its style: the status, or how a WebSocket was closed."""
    status, close = trace.status, trace.outcome.get("close")
    if status is None:
        failed = trace.outcome.get("error") or not trace.outcome.get("phrase")
        said = trace.outcome.get("phrase") or "no response"
        return said, "bold red" if failed else "bold green"
    if status == 101 and close is not None:
        style = "bold green" if is_success(trace) else "bold red"
        return f"closed {close['code']} by the {close['by']} {close['reason']}", style
    style = "bold green" if status < 400 else "bold red"
    return f"{status} {trace.outcome.get('phrase', '')}", style


UNICODE = ("├─ ", "╰─ ", "│  ", "   ")
ASCII = ("|- ", "`- ", "|  ", "   ")


class _Tree:
    """Lines of a tree, the own time of each span in a column at the right."""

    def __init__(
        self, options: Options, width: int, guides: tuple[str, str, str, str]
    ) -> None:
        self.options = options
        self.width = width
        self.fork, self.last, self.bar, self.space = guides

    def draw(self, root: Span) -> Iterator[Text]:
        spans = self.shown(root)
        for number, span in enumerate(spans):
            yield from self.span(span, "", number == len(spans) - 1, 1)

    def shown(self, span: Span) -> list[Span]:
        """The children to draw; those of a hidden stage give way to theirs."""
        stages = self.options.stages
        if stages is None:
            return span.children
        found: list[Span] = []
        for child in span.children:
            found += [child] if child.stage in stages else self.shown(child)
        return found

    def span(
        self, span: Span, prefix: str, is_last: bool, depth: int
    ) -> Iterator[Text]:
        children = self.shown(span)
        deeper = self.options.depth is None or depth < self.options.depth
        below = prefix + (self.space if is_last else self.bar)
        room = self.width - len(below) - 3
        out = list(self.out(span, room))
        title, place = self.title(span, prefix + (self.last if is_last else self.fork))
        yield title
        follows = (children and deeper) or out
        inner = below + (self.bar if follows else self.space)
        for line in [*place, *self.notes(span, room)]:
            yield self.line(inner, line)
        if children and not deeper:
            count = sum(1 for _ in span.walk()) - 1
            noun = "span" if count == 1 else "spans"
            yield self.line(inner, Text(f"… {count} {noun} below", "dim"))
        elif children:
            for number, child in enumerate(children):
                last = number == len(children) - 1 and not out
                yield from self.span(child, below, last, depth + 1)
        for number, line in enumerate(out):
            yield self.line(below + (self.space if number else self.last), line)

    def title(self, span: Span, guide: str) -> tuple[Text, list[Text]]:
        """The span's first line, and its place where that has no room beside it."""
        style = STYLES.get(span.stage, "")
        if span.error is not None:
            style = f"{style} red"
        text = Text(no_wrap=True).append(guide, "dim")
        text.append(span.stage, style or "bold")
        text.append(" ")
        text.append_text(heading(span))
        room = self.width - TIME - 1
        place = where(span)
        fits = text.cell_len + 2 + len(place) <= room
        if place and fits:
            text.append(f"  {place}", "dim")
        text.truncate(room, overflow="ellipsis", pad=True)
        text.append(f" {duration(span.own):>{TIME}}")
        return text, [] if fits or not place else [Text(place, "dim")]

    def line(self, guide: str, line: Text) -> Text:
        text = Text(no_wrap=True).append(guide, "dim")
        text.append_text(line)
        text.truncate(self.width, overflow="ellipsis")
        return text

    def notes(self, span: Span, room: int) -> Iterator[Text]:
        """What stands below the title and above the children."""
        if span.stage in ("middleware", "session"):
            yield from changes(span, "in", room)
            if _is_hook(span):
                yield from changes(span, "out", room)
            if span.attributes.get("fwtrace.answered"):
                reason = span.attributes.get("fwtrace.answered.reason", "")
                yield plain(f"{reason}; never ran: {_skipped(span)}", "bold")
        yield from details(span, room)
        if self.options.source:
            yield from source_lines(span)

    def out(self, span: Span, room: int) -> Iterator[Text]:
        """A middleware's way out, which comes after all that it wraps."""
        if _is_hook(span):
            return
        made = list(changes(span, "out", room))
        took = span.attributes.get("fwtrace.middleware.out")
        if span.stage != "middleware" or (not made and took is None):
            return
        text = Text.assemble(("out ", STYLES["middleware"]))
        text.append(f"of {clean(span.name)} ", "dim")
        if took is not None:
            text.append(duration(took), "dim")
        yield text
        yield from made


def _is_hook(span: Span) -> bool:
    """Whether it is a function that the framework calls, and wraps nothing."""
    return "fwtrace.hook" in span.attributes


def _skipped(span: Span) -> str:
    return ", ".join(span.attributes.get("fwtrace.skipped", ())) or "nothing"


def _times(trace: Trace, width: int, ascii_only: bool) -> Iterator[Text]:
    """Bars by stage: own time, share, count; not those that round to nothing."""
    times = [each for each in time_by_stage(trace) if each.own > 0]
    total = sum(each.own for each in times) or 1
    yield Text("Where the time went", "bold")
    label = max([11, *(len(each.stage) + 1 for each in times)])
    room = max(8, min(width, 100) - label - TIME - 18)
    for each in times[:8]:
        share = each.own / total
        if share < 0.005:
            continue
        bar = share_bar(share, room, ascii_only)
        text = Text.assemble((f"  {each.stage:<{label}}", STYLES.get(each.stage, "")))
        text.append(bar.ljust(room), STYLES.get(each.stage, ""))
        text.append(f"{duration(each.own):>{TIME}}")
        text.append(f"{share:>6.0%}", "bold")
        text.append(f"  ×{each.count}", "dim")
        yield text


def _warnings(trace: Trace) -> Iterator[Text]:
    found = warnings(trace)
    if not found:
        return
    yield Text()
    for warning in found:
        yield Text.assemble(("! ", "bold red"), clean(warning.message))
