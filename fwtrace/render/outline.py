"""An outline: lines below lines, each with a note beside it, or below where that has no
room. Nothing is cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from fwtrace.render.tree import ASCII, UNICODE

__all__ = ["Entry", "Outline"]

WIDEST = 60
"""Columns that notes leave to what they stand beside, if they are to be aligned."""
GAP = 2


@dataclass
class Entry:
    """One line, its note, and what stands below it."""

    text: Text
    note: Text = field(default_factory=Text)
    children: list[Entry] = field(default_factory=list)


class Outline:
    """Entries, each the root of a tree of its own; their notes are aligned."""

    def __init__(self, *roots: Entry) -> None:
        self.roots = roots

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        drawing = _Drawing(console, options)
        for root in self.roots:
            drawing.column = min(WIDEST, drawing.widest(root, 0))
            yield from drawing.entry(root, "", "")


class _Drawing:
    def __init__(self, console: Console, options: ConsoleOptions) -> None:
        self.console = console
        self.width = options.max_width
        self.guides = ASCII if options.ascii_only else UNICODE
        self.column = 0

    def widest(self, entry: Entry, depth: int) -> int:
        """How far the lines with notes reach; that of the root is not aligned."""
        own = len(self.guides[0]) * depth + entry.text.cell_len
        below = [self.widest(child, depth + 1) for child in entry.children]
        return max([own if depth and entry.note else 0, *below])

    def entry(self, entry: Entry, guide: str, below: str) -> Iterator[Text]:
        fork, last, bar, space = self.guides
        inner = below + (bar if entry.children else space)
        yield from self.lines(entry, guide, inner)
        for number, child in enumerate(entry.children, 1):
            is_last = number == len(entry.children)
            yield from self.entry(
                child,
                below + (last if is_last else fork),
                below + (space if is_last else bar),
            )

    def lines(self, entry: Entry, guide: str, inner: str) -> Iterator[Text]:
        """The line of an entry, and more where it does not fit."""
        room = max(8, self.width - max(len(guide), len(inner)))
        pieces = entry.text.wrap(self.console, room, overflow="fold", no_wrap=False)
        lines = [_guided(guide, piece) for piece in pieces[:1]]
        lines += [_guided(inner, piece) for piece in pieces[1:]]
        if entry.note:
            lines += self.beside(lines, entry.note, guide, inner)
        yield from lines

    def beside(
        self, lines: list[Text], note: Text, guide: str, inner: str
    ) -> Iterator[Text]:
        """Put the note at the end of the last line, or else return lines of it."""
        end = lines[-1].cell_len
        start = max(end, self.column if guide else 0) + GAP
        if start + note.cell_len > self.width:
            start = end + GAP
        if start + note.cell_len <= self.width:
            lines[-1].append(" " * (start - end)).append_text(note)
            return
        room = max(8, self.width - len(inner) - GAP)
        for piece in note.wrap(self.console, room, overflow="fold", no_wrap=False):
            yield _guided(inner + " " * GAP, piece)


def _guided(guide: str, text: Text) -> Text:
    return Text(no_wrap=True).append(guide, "dim").append_text(text)
