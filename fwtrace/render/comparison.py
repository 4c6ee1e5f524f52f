"""Several apps side by side, row by row; one below the other where that is too wide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from fwtrace.render.findings import (
    body_verdict,
    busy,
    listed,
    ratio_text,
    sentences,
    spread,
)
from fwtrace.render.stages import heading
from fwtrace.render.text import STYLES, clean, duration, share_bar
from fwtrace.render.wrap import longest_piece, wrap
from fwtrace.tracer.comparison import Cell, Comparison, Row, Side, Times

__all__ = ["SHAPES", "ComparisonPicture", "render"]

GAP = 2
TIME = 9
RATIO = 7
SPREAD = 18
BAR = 6
"""Cells of the parts of a measure; a bar has what the others leave, at least this."""
NAME = 24
"""Cells of an app's name that stands before its measure."""
WIDEST_CELL = 56


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the picture: what it is about, and lines for each app.

    ``guide`` stands before its first line, ``below`` before the others.
    """

    label: str
    style: str
    cells: Sequence[Callable[[int], list[Text]]]
    names: Sequence[str] = ()
    guide: str = ""
    below: str = ""


def render(comparison: Comparison, shape: str = "table") -> ComparisonPicture:
    return ComparisonPicture(comparison, shape)


class ComparisonPicture:
    """Draws itself in whatever width the console has (Rich's console protocol)."""

    def __init__(self, comparison: Comparison, shape: str) -> None:
        self.comparison = comparison
        self.draw = SHAPES[shape]

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        page = _Page(self.comparison, options.max_width, options.ascii_only)
        yield from page.header()
        yield Text()
        yield from self.draw(page)
        yield Text()
        yield from page.response()
        yield Text()
        yield from page.summary()


class _Page:
    """The parts of the picture for one width."""

    def __init__(self, comparison: Comparison, width: int, ascii_only: bool) -> None:
        self.comparison = comparison
        self.apps = comparison.apps
        self.width = width
        self.ascii_only = ascii_only
        self.dash = "-" if ascii_only else "–"
        self.has_spread = comparison.rounds > 1

    def header(self) -> Iterator[Text]:
        request = self.comparison.request
        rounds = self.comparison.rounds
        told = f"{len(self.apps)} apps, one run each after a warm-up."
        if self.has_spread:
            told = f"{len(self.apps)} apps, {rounds} runs each: medians and quartiles."
        target = clean(f"{request['method']} {request['target']}")
        yield from self.hanging("", target, "bold")
        told += " A stage's time is its own, without the stages inside it."
        yield from self.hanging("", told, "dim")

    # What is measured

    def facts(self) -> Iterator[Entry]:
        """The apps as wholes."""
        apps = self.apps
        yield Entry("", "", [self.texts(self.outcome(app)) for app in apps])
        first = apps[0].times
        totals = [self.measure(app.times, first, n) for n, app in enumerate(apps)]
        yield Entry("total", "bold", totals)
        if self.comparison.has_async:
            for label, told in busy(apps):
                yield Entry(label, "", [self.texts(Text(text)) for text in told])
        yield Entry("SQL", "", [self.texts(Text(_sql(app))) for app in apps])
        for label, kind in (("framework code", "framework"), ("your code", "user")):
            lines = [getattr(app.lines, kind) for app in apps]
            cells = [self.texts(Text(f"{count:,} lines")) for count in lines]
            yield Entry(label, "", cells)

    def outcome(self, app: Side) -> Text:
        if app.error is not None:
            return Text(clean(f"raised {app.error}"), "bold red")
        status = app.trace.status
        if status is None:
            return Text("no response", "bold red")
        style = "bold green" if status < 400 else "bold red"
        return Text(clean(f"{status} {app.trace.outcome['phrase']}"), style)

    def stages(self) -> Iterator[Entry]:
        for row in self.comparison.rows:
            names = row.names
            is_shared = len(names) == 1
            label = _label(row.stage, names[0] if is_shared else "")
            cells = [
                self.cell(row, number, "" if is_shared or cell is None else cell_name)
                for number, cell in enumerate(row.cells)
                for cell_name in [cell.span.name if cell else ""]
            ]
            yield Entry(
                label,
                STYLES.get(row.stage, ""),
                cells,
                () if is_shared else names,
                " " * row.depth,
                " " * row.depth,
            )

    def cell(self, row: Row, number: int, name: str) -> Callable[[int], list[Text]]:
        cell = row.cells[number]
        if cell is None:
            return self.texts(Text(f"{self.dash:>{TIME}}", "dim"))
        first = row.cells[0]
        style = STYLES.get(row.stage, "")
        first_own = None if first is None else first.own
        measure = self.measure(cell.own, first_own, number, style)

        def lines(width: int) -> list[Text]:
            named = [Text(line) for line in wrap(clean(name), width)] if name else []
            return [*measure(width), *named, *self.error(cell, width)]

        return lines

    def error(self, cell: Cell, width: int) -> list[Text]:
        if cell.span.error is None:
            return []
        raised = f"raised {cell.span.error['type']}"
        return [Text(line, "red") for line in wrap(clean(raised), width)]

    def texts(self, text: Text) -> Callable[[int], list[Text]]:
        """A cell that holds nothing but a text."""

        def lines(width: int) -> list[Text]:
            if text.cell_len <= width:
                return [text]
            return [Text(line, text.style) for line in wrap(text.plain, width)]

        return lines

    def measure(
        self, times: Times, first: Times | None, number: int, style: str = "bold"
    ) -> Callable[[int], list[Text]]:
        """A cell that holds a time, its ratio to the first app's, and a bar."""
        ratio = ""
        if number and first is not None:
            ratio = ratio_text(times.median / max(1, first.median))

        def lines(width: int) -> list[Text]:
            text = Text(f"{duration(times.median):>{TIME}}")
            text.append(f"{ratio:>{RATIO}} ", "bold")
            below = []
            if self.has_spread:
                beside = width >= TIME + RATIO + SPREAD + BAR
                told = spread(times, self.dash)
                if beside:
                    text.append(f"{told:<{SPREAD}}", "dim")
                else:
                    below = [Text(f"{told:>{TIME + RATIO}}", "dim")]
            room = min(40, width - text.cell_len)
            if room >= BAR // 2:
                share = times.median / max(1, self.comparison.slowest)
                text.append(share_bar(min(1, share), room, self.ascii_only), style)
            return [text, *below]

        return lines

    # How it is laid out

    def entries(self) -> Iterator[Entry]:
        yield from self.facts()
        yield Entry("", "", [])
        yield from self.stages()

    def columns(self) -> Iterator[Text]:
        """A column for each app where the names have room, else all in one."""
        entries = list(self.entries())
        count = len(self.apps)
        cell = max(
            TIME + RATIO + 1 + BAR,
            *(longest_piece(clean(app.name)) for app in self.apps),
            *(longest_piece(clean(n)) for e in entries for n in e.names),
        )
        room = self.width - count * (cell + GAP)
        if room < max(len(e.below) + 1 + longest_piece(e.label) for e in entries):
            yield from self.stacked(entries)
            return
        label = min(room, max(len(e.guide) + cell_len(e.label) for e in entries))
        cell = min(WIDEST_CELL, (self.width - label) // count - GAP)
        titles = [self.texts(Text(clean(app.name), "bold")) for app in self.apps]
        for entry in [Entry("", "", titles), *entries]:
            yield from self.side_by_side(entry, label, cell)

    def side_by_side(self, entry: Entry, label: int, cell: int) -> Iterator[Text]:
        columns = [self.label(entry, label), *(lines(cell) for lines in entry.cells)]
        widths = [label] + [cell] * len(entry.cells)
        for number in range(max(1, *map(len, columns))):
            text = Text(no_wrap=True)
            for column, width in zip(columns, widths, strict=True):
                part = column[number].copy() if number < len(column) else Text()
                part.pad_right(width + GAP - part.cell_len)
                text.append_text(part)
            text.rstrip()
            yield text

    def label(self, entry: Entry, width: int) -> list[Text]:
        """The stage and the name, the name below the stage where it must be."""
        stage, _, name = entry.label.partition(" ") if entry.style else ("", "", "")
        whole = len(entry.guide) + cell_len(entry.label) <= width
        if whole or not name:
            lines = wrap(entry.label, width - len(entry.guide))
        else:
            room = width - len(entry.below) - 1
            lines = [stage, *(f" {line}" for line in wrap(name, room))]
        return [
            Text.assemble(
                (entry.below if number else entry.guide, "dim"), (line, entry.style)
            )
            for number, line in enumerate(lines)
        ]

    def stacked(self, entries: Iterable[Entry]) -> Iterator[Text]:
        """One app below the other."""
        names = [clean(app.name) for app in self.apps]
        indent = min(NAME, max(map(cell_len, names))) + GAP
        for entry in entries:
            if entry.label:
                yield from self.label(entry, self.width)
            for name, lines in zip(names, entry.cells, strict=False):
                start = f"{entry.below}  "
                room = self.width - len(start) - indent
                shown = lines(max(TIME + RATIO + 1 + BAR, room))
                yield from self.named(start, name, indent, shown)

    def named(
        self, start: str, name: str, indent: int, lines: list[Text]
    ) -> Iterator[Text]:
        """Lines with an app's name before the first, or above it when it is long."""
        if cell_len(name) > indent - GAP:
            for part in wrap(name, self.width - len(start)):
                yield Text(start + part)
            name = ""
        for number, line in enumerate(lines):
            before = Text.assemble((start, "dim"), "" if number else name)
            before.pad_right(len(start) + indent - before.cell_len)
            yield before.append_text(line)

    def tree(self) -> Iterator[Text]:
        """The rows as a tree, with what each app has to say of a step."""
        yield from self.stacked([*self.facts(), Entry("", "", [])])
        yield Text()
        rows = self.comparison.rows
        guides = _guides([row.depth for row in rows], self.ascii_only)
        for row, (guide, below) in zip(rows, guides, strict=True):
            told = [heading(cell.span).plain if cell else "" for cell in row.cells]
            shared = {text for text in told if text}
            is_shared = len(shared) == 1
            cells = [
                self.cell(row, number, "" if is_shared else text)
                for number, text in enumerate(told)
            ]
            label = _label(row.stage, shared.pop() if is_shared else "")
            style = STYLES.get(row.stage, "")
            yield from self.stacked([Entry(label, style, cells, (), guide, below)])

    # What came back, and what it comes to

    def response(self) -> Iterator[Text]:
        response = self.comparison.response
        yield Text("Response", "bold")
        if len(response.codes) > 1:
            yield Text("  status", "bold")
            yield from self.values([s or "no response" for s in response.statuses])
        for header in response.headers:
            if None not in header.values and not header.is_of_the_moment:
                yield from self.hanging("  ", clean(header.name), "bold")
                yield from self.values(header.values)
        yield from self.missing()
        moment = [each.name for each in response.headers if each.is_of_the_moment]
        if moment:
            told = f"changes with every request: {', '.join(map(clean, moment))}"
            yield from self.hanging("  ", told, "dim")
        yield from self.bodies()

    def missing(self) -> Iterator[Text]:
        """Headers that not all apps send, together by those that do."""
        by_owners: dict[str, list[str]] = {}
        for header in self.comparison.response.headers:
            if None in header.values:
                pairs = zip(self.apps, header.values, strict=True)
                owners = listed([app.name for app, value in pairs if value is not None])
                shown = " / ".join(dict.fromkeys(filter(None, header.values)))
                by_owners.setdefault(owners, []).append(f"{header.name}: {shown}")
        for owners, headers in by_owners.items():
            yield from self.hanging("  ", clean(f"only from {owners}"), "bold")
            for line in headers:
                yield from self.hanging("    ", clean(line))

    def values(self, values: Sequence[str | None]) -> Iterator[Text]:
        """A value of each app, a line each."""
        names = [clean(app.name) for app in self.apps]
        indent = min(NAME, max(map(cell_len, names))) + GAP
        for name, value in zip(names, values, strict=True):
            room = max(8, self.width - 4 - indent)
            if value is None:
                lines = [Text(self.dash, "dim")]
            else:
                lines = [Text(line) for line in wrap(clean(value), room)]
            yield from self.named("    ", name, indent, lines)

    def bodies(self) -> Iterator[Text]:
        response = self.comparison.response
        if response.reference is None:
            return
        reference = clean(self.apps[response.reference].name)
        for number, body in enumerate(response.bodies):
            if body is None:
                continue
            told = f"body of {clean(self.apps[number].name)} against {reference}: "
            told += body_verdict(self.comparison, number)
            style = "bold" if body.verdict == "different" else ""
            yield from self.hanging("  ", told, style)
            for line in body.diff:
                yield from self.hanging("    ", clean(line), _DIFF.get(line[:1], "dim"))
            if body.hidden:
                yield Text(f"    {body.hidden:,} more lines", "dim")

    def hanging(self, indent: str, text: str, style: str = "") -> Iterator[Text]:
        for number, line in enumerate(wrap(text, self.width - len(indent) - 2)):
            yield Text(f"{indent}{'  ' if number else ''}{line}", style)

    def summary(self) -> Iterator[Text]:
        yield Text("In short", "bold")
        for sentence in sentences(self.comparison):
            yield from self.hanging("  ", clean(sentence))


_DIFF = {"+": "green", "-": "red", "@": "cyan"}

SHAPES: dict[str, Callable[[_Page], Iterator[Text]]] = {
    "table": _Page.columns,
    "tree": _Page.tree,
}


def _label(stage: str, name: str) -> str:
    """``"sql SELECT users"``; the stage alone where the name says nothing more."""
    return clean(f"{stage} {name}") if name and name != stage else stage


def _sql(app: Side) -> str:
    count, time = app.sql
    return f"{count:,} in {duration(time)}" if count else "none"


def _guides(depths: Sequence[int], ascii_only: bool) -> Iterator[tuple[str, str]]:
    """Lines of a tree before each row, and before what stands below it."""
    fork, last, bar = ("|- ", "`- ", "|  ") if ascii_only else ("├─ ", "╰─ ", "│  ")
    for number, depth in enumerate(depths):
        after = depths[number + 1 :]
        goes_on = [_goes_on(after, level) for level in range(1, depth + 1)]
        above = "".join(bar if more else "   " for more in goes_on[:-1])
        if not depth:
            yield "", bar if 1 in after else "   "
            continue
        branch = fork if goes_on[-1] else last
        has_children = bool(after) and after[0] > depth
        here = above + (bar if goes_on[-1] else "   ")
        yield above + branch, here + (bar if has_children else "   ")


def _goes_on(after: Sequence[int], level: int) -> bool:
    """Whether another row of that level comes before one further out."""
    nearest = next((depth for depth in after if depth <= level), 0)
    return nearest == level
