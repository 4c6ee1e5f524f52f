"""``fwtrace frameworks``: frameworks side by side, and ours measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fwtrace.cli.options import AsJson

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.table import Table as RichTable

    from fwtrace.survey import Survey, Table

__all__ = ["command"]


def command(as_json: AsJson = False) -> None:
    """Compare frameworks: what they offer, and what those in here measure.

    Counts the files and lines of each, looks which features it has, and times one
    request of the sample service on it.

    Example: fwtrace frameworks
    """
    from fwtrace.cli.output import draw, print_json
    from fwtrace.survey import LANGUAGES, PYTHON, survey

    found = list(survey())
    if as_json:
        print_json(
            {
                "python": _as_rows(PYTHON),
                "languages": _as_rows(LANGUAGES),
                "measured": [each.to_dict() for each in found],
            }
        )
        return
    for table in (PYTHON, LANGUAGES):
        _print(table.title, ("", *table.columns), table.rows)
        draw("")
    title = "Measured here: GET /users/1 of the same service on each"
    _print(title, ("", *(each.name for each in found)), _measured(found))


def _as_rows(table: Table) -> list[dict[str, str]]:
    names = ("aspect", *table.columns)
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def _measured(found: Sequence[Survey]) -> list[tuple[str, ...]]:
    fastest = min(each.microseconds for each in found)
    rows = [
        ("µs a request", *(f"{each.microseconds:.0f}" for each in found)),
        ("to the fastest", *(f"{each.microseconds / fastest:.2f}×" for each in found)),
        ("files of its own", *(f"{each.files}" for each in found)),
        ("lines of code", *(f"{each.lines:,}" for each in found)),
        ("made of", *(", ".join(map(_short, each.packages)) for each in found)),
    ]
    features = dict.fromkeys(name for each in found for name in each.features)
    for name in features:
        marks = ("✓" if name in each.features else "–" for each in found)
        rows.append((name, *marks))
    return rows


def _short(package: str) -> str:
    return package.rpartition(".")[2]


def _print(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A titled table in which every column folds: at words, where there is room.

    Where there is not, the columns stand in several tables.
    """
    from fwtrace.cli.output import draw

    cells = list(zip(columns, *rows, strict=True))

    class Folding:
        def __rich_console__(
            self, console: Console, options: ConsoleOptions
        ) -> Iterator[RichTable]:
            first, *others = cells
            width = options.max_width
            for number, group in enumerate(_groups(first, others, width)):
                heading = title if number == 0 else ""
                yield _table(heading, [first, *group], width)

    draw(Folding())


def _table(title: str, cells: Sequence[Sequence[str]], width: int) -> RichTable:
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=None,
        padding=(0, 2, 0, 0),
        pad_edge=False,
        header_style="bold cyan",
        title=title,
        title_style="bold",
        title_justify="left",
    )
    widths = _widths(cells, width - 2 * (len(cells) - 1))
    for number, (column, each) in enumerate(zip(cells, widths, strict=True)):
        style = "" if number else "dim"
        table.add_column(column[0], style=style, overflow="fold", width=each)
    for row in list(zip(*cells, strict=True))[1:]:
        table.add_row(*map(Text, row))
    return table


def _groups(
    first: Sequence[str], others: Sequence[Sequence[str]], width: int
) -> list[list[Sequence[str]]]:
    """The columns that stand beside the first, so many at once as their words fit."""
    groups: list[list[Sequence[str]]] = [[]]
    room = width - _longest_word(first)
    left = room
    for column in others:
        needed = _longest_word(column) + 2
        if groups[-1] and needed > left:
            groups.append([])
            left = room
        groups[-1].append(column)
        left -= needed
    return groups


def _longest_word(cells: Sequence[str]) -> int:
    return max(len(word) for cell in cells for word in [*cell.split(), ""])


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int | None]:
    """How wide each column is: its longest word at least, the rest as it is needed.

    None, for Rich to decide, where all fits, and where not even the words do.
    """
    whole = [max(map(len, cells)) for cells in columns]
    least = list(map(_longest_word, columns))
    spare = room - sum(least)
    if sum(whole) <= room or spare < 0:
        return [None] * len(columns)
    wanted = sum(whole) - sum(least)
    return [
        low + (high - low) * spare // wanted
        for low, high in zip(least, whole, strict=True)
    ]
