"""Where results go: pictures and tables to standard output, JSON for scripts."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "console",
    "print_json",
    "print_table",
    "printable",
    "relative",
    "show_user_traceback",
    "use_database",
]


def console(stderr: bool = False) -> Console:
    """Rich's console, which honours NO_COLOR, FORCE_COLOR, COLUMNS and pipes."""
    from rich.console import Console

    from fwtrace.render.text import LENIENT

    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=LENIENT)
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def printable(text: str) -> str:
    """The text with what a terminal would act on made visible."""
    return "".join(
        char if char.isprintable() or char == "\n" else ascii(char)[1:-1]
        for char in text
    )


def print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A plain table: a bold heading, aligned columns, long cells folded."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console().print(table)


def relative(file: str | None, line: int | None) -> str:
    """``views.py:41``, short: below the working directory, or the last folders."""
    from fwtrace.render.text import place
    from fwtrace.tracer.model import Location

    return place(Location(file, line or 0)) if file else ""


def use_database(url: str | None) -> None:
    """The app, which is not loaded yet, finds the URL where it looks for it."""
    import os

    if url is not None:
        os.environ["DATABASE_URL"] = url


def show_user_traceback(error: BaseException) -> None:
    """The traceback of the user's own code, on standard error."""
    from rich.text import Text

    from fwtrace.render.stages import frame_lines
    from fwtrace.tracer.frames import UserCode

    cause = error.__cause__
    if cause is None:
        return
    frames = UserCode().frames(cause.__traceback__)
    lines = list(frame_lines([frame for frame in frames if frame["user"]]))
    if isinstance(cause, SyntaxError) and cause.filename:
        lines.append(Text(f"{cause.filename}:{cause.lineno}"))
    for line in lines:
        console(stderr=True).print(line)
