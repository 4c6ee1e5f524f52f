"""Where results go: pictures and tables to standard output, JSON for scripts.

Everything that is printed passes :func:`write`. Text of an app is untrusted: it becomes
rich's Text, never markup, and control characters in it are shown, not sent.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from fwtrace.cli.errors import CommandError, printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from fwtrace.render import Options
    from fwtrace.tracer.model import Trace

__all__ = [
    "abandon",
    "draw",
    "draw_text",
    "print_json",
    "print_table",
    "relative",
    "save",
    "show_trace",
    "show_user_traceback",
    "write",
    "write_json",
]

FILE_WIDTH = 120


def write(text: str, stream: TextIO | None = None) -> None:
    """Write to standard output, or to ``stream``, all of it at once.

    A reader that has gone has seen enough; any other failure is a CommandError.
    """
    stream = stream or sys.stdout
    if stream is None:  # the shell closed it: fwtrace apps >&-
        return
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        abandon(stream)
    except OSError as error:
        abandon(stream)
        raise CommandError(f"Cannot write the output: {error.strerror}.") from None


def abandon(stream: TextIO | None) -> None:
    """Let what a stream still holds go nowhere, or Python complains at its exit."""
    if stream is None:
        return
    with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def draw(*pictures: RenderableType, stream: TextIO | None = None) -> None:
    """Rich renderables, as wide and as colourful as the stream can take."""
    from fwtrace.render.text import LENIENT

    stream = stream or sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=LENIENT)
    write(_drawn(_Held(stream), pictures), stream)


def draw_text(picture: RenderableType) -> str:
    """A picture as plain text for a file: no colours, a width of its own."""
    width = os.environ.get("COLUMNS", "")
    columns = int(width) if width.isdecimal() and int(width) else FILE_WIDTH
    return _drawn(_Held(None), [picture], width=columns, color_system=None)


def save(text: str, path: str) -> None:
    """Write text to a file."""
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"Cannot write {path!r}: {reason}.") from None


def show_trace(trace: Trace, shape: str, options: Options, output: str | None) -> None:
    """A trace as JSON, or as the picture of that name; ``output`` is a file."""
    from fwtrace.render import load

    to_file = output not in (None, "-")
    if shape == "json":
        text = trace.to_json(indent=2)
        save(text + "\n", str(output)) if to_file else write_json(text)
        return
    picture = load(shape)(trace, options)
    save(draw_text(picture), str(output)) if to_file else draw(picture)


class _Held(io.StringIO):
    """Text held until all of it is there, for a stream that it resembles to rich."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()


def _console(stream: Any, **options: Any) -> Console:
    """Rich's console, which honours NO_COLOR, FORCE_COLOR, COLUMNS and pipes."""
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False, **options)


def _drawn(held: _Held, pictures: Iterable[RenderableType], **options: Any) -> str:
    console = _console(held, **options)
    for picture in pictures:
        console.print(picture)
    # Rich fills tables up to their width; in a file or a pipe that is but noise.
    return "\n".join(line.rstrip(" ") for line in held.getvalue().split("\n"))


def print_json(data: Any) -> None:
    """Indented JSON of the data."""
    import json

    write_json(json.dumps(data, indent=2, ensure_ascii=False))


def write_json(text: str) -> None:
    """JSON that is text already; in ASCII where the stream takes nothing else."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        import json

        text = json.dumps(json.loads(text), indent=2)
    write(text + "\n")


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    folds: str = "",
    styles: Sequence[str] = (),
) -> None:
    """A plain table: a bold heading where it has one, aligned columns.

    Where the terminal is too narrow, ``folds`` names the column that gives way; the
    others only where that is not enough.
    """
    from rich.table import Table
    from rich.text import Text

    cells = [[printable(cell) for cell in row] for row in rows]
    table = Table(
        box=None,
        padding=(0, 2, 0, 0),
        pad_edge=False,
        header_style="bold",
        show_header=any(columns),
    )
    firm = _fits_but_for(folds, columns, cells)
    for title, style in zip(columns, styles or [""] * len(columns), strict=True):
        table.add_column(
            title,
            style=style,
            overflow="fold",
            no_wrap=firm and title != folds,
        )
    for row in cells:
        table.add_row(*map(Text, row))
    draw(table)


def _fits_but_for(
    folds: str, columns: Sequence[str], cells: Sequence[Sequence[str]]
) -> bool:
    """Whether the other columns leave the one that folds enough to be read."""
    from rich.cells import cell_len

    widths = (
        max(map(cell_len, (title, *(row[number] for row in cells))))
        for number, title in enumerate(columns)
        if title != folds
    )
    return sum(width + 2 for width in widths) + 16 <= _console(_Held(sys.stdout)).width


def relative(file: str | None, line: int | None) -> str:
    """``views.py:41``, short: below the working directory, or the last folders."""
    from fwtrace.render.text import place
    from fwtrace.tracer.model import Location

    return place(Location(file, line or 0)) if file else ""


def show_user_traceback(error: BaseException) -> None:
    """The traceback of the user's own code behind ``error``, on standard error.

    Their frames only; what led to the exception first, as Python has it.
    """
    from rich.text import Text

    from fwtrace.render.stages import frame_lines
    from fwtrace.render.text import plain
    from fwtrace.tracer.frames import UserCode

    if sys.stderr is None:
        return
    user_code = UserCode()
    lines: list[Text] = []
    for cause in reversed(list(_causes(error.__cause__))):
        if lines:
            lines.append(Text("which led to", "dim"))
        frames = user_code.frames(cause.__traceback__)
        lines += frame_lines([frame for frame in frames if frame["user"]])
        if isinstance(cause, SyntaxError) and cause.filename:
            lines.append(plain(relative(cause.filename, cause.lineno)))
            lines.append(Text(f"  {printable((cause.text or '').strip())}", "bold"))
        if cause is not error.__cause__:
            lines.append(plain(f"{type(cause).__name__}: {cause}", "red"))
    draw(*lines, stream=sys.stderr)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, what it came from, and so on; never in a circle."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)
