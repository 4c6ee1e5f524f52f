"""Outlines: trees of lines, with notes beside them or below."""

import io

from rich.console import Console
from rich.text import Text

from fwtrace.render.outline import Entry, Outline


def draw(root, width=40, encoding="utf-8"):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=file, width=width).print(Outline(root))
    file.flush()
    text = file.buffer.getvalue().decode(encoding)
    return [line.rstrip() for line in text.splitlines()]


def entry(text, note="", *children):
    return Entry(Text(text), Text(note), list(children))


SHOP = entry(
    "shop",
    "3 migrations",
    entry("0001_initial", "applied", entry("0002_a", "after blog"), entry("0002_b")),
    entry("0003_merge", "joins"),
)


def test_notes_stand_in_a_column():
    assert draw(SHOP) == [
        "shop  3 migrations",
        "├─ 0001_initial  applied",
        "│  ├─ 0002_a     after blog",
        "│  ╰─ 0002_b",
        "╰─ 0003_merge    joins",
    ]


def test_note_without_room_stands_below_and_is_not_cut():
    assert draw(SHOP, width=22) == [
        "shop  3 migrations",
        "├─ 0001_initial",
        "│  │    applied",
        "│  ├─ 0002_a",
        "│  │       after blog",
        "│  ╰─ 0002_b",
        "╰─ 0003_merge    joins",
    ]


def test_long_lines_go_on_below():
    long = entry("app", "", entry("one two three four", "", entry("five")))
    assert draw(long, width=14) == [
        "app",
        "╰─ one two",
        "   │  three",
        "   │  four",
        "   ╰─ five",
    ]


def test_guides_that_ascii_has():
    assert draw(SHOP, encoding="ascii")[1:3] == [
        "|- 0001_initial  applied",
        "|  |- 0002_a     after blog",
    ]
