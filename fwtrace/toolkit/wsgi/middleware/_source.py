"""The lines of source around a call, as HTML: numbered, coloured, the call marked."""

from __future__ import annotations

import io
import keyword
import linecache
import tokenize
from functools import lru_cache
from html import escape
from itertools import islice
from types import TracebackType

__all__ = ["excerpt"]

CONTEXT = 4
WIDTH = 300
"""Characters kept of one line."""

# (first column, behind the last one, CSS class)
Mark = tuple[int, int, str]
_KINDS = {tokenize.COMMENT: "c", tokenize.STRING: "s", tokenize.NUMBER: "n"}
for _part in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"):  # from 3.12 on
    _KINDS[getattr(tokenize, _part, -1)] = "s"


def excerpt(traceback: TracebackType) -> str:
    """``<pre>`` with the line that was running; empty when there is no source."""
    frame = traceback.tb_frame
    file, current = frame.f_code.co_filename, traceback.tb_lineno
    linecache.checkcache(file)  # the developer may just have changed it
    lines = linecache.getlines(file, frame.f_globals)
    if not 1 <= current <= len(lines):
        return ""
    marks = _marks("".join(lines)) if file.endswith(".py") else {}
    first, last = max(1, current - CONTEXT), min(len(lines), current + CONTEXT)
    while last > current and not lines[last - 1].strip():
        last -= 1
    shown = []
    for number in range(first, last + 1):
        line = lines[number - 1].rstrip()[:WIDTH]
        text = _coloured(line, marks.get(number, ()))
        if number == current:
            text = _underlined(line, marks.get(number, ()), _columns(traceback, line))
        here = " class=here" if number == current else ""
        shown.append(f"<span{here}><i>{number}</i>{text}</span>")
    return f"<pre>{''.join(shown)}</pre>"


@lru_cache(maxsize=32)
def _marks(source: str) -> dict[int, list[Mark]]:
    """What to colour on each line; nothing for a source that is no Python."""
    found: dict[int, list[Mark]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            kind = _KINDS.get(token.type, "")
            if token.type == tokenize.NAME and keyword.iskeyword(token.string):
                kind = "k"
            if kind:
                (top, left), (bottom, right) = token.start, token.end
                for row in range(top, bottom + 1):
                    start = left if row == top else 0
                    stop = right if row == bottom else WIDTH
                    found.setdefault(row, []).append((start, stop, kind))
    except (SyntaxError, tokenize.TokenError):
        pass
    return found


def _coloured(line: str, marks: list[Mark] | tuple[()], start: int = 0) -> str:
    """The line from a column on, its marks as ``<b class=...>``."""
    parts, at = [], start
    for first, stop, kind in marks:
        first, stop = max(first, at), min(stop, len(line))
        if first < stop:
            parts.append(escape(line[at:first]))
            parts.append(f"<b class={kind}>{escape(line[first:stop])}</b>")
            at = stop
    return "".join(parts) + escape(line[at:])


def _underlined(
    line: str, marks: list[Mark] | tuple[()], columns: tuple[int, int] | None
) -> str:
    if columns is None:
        return _coloured(line, marks)
    first, stop = columns
    before = _coloured(line[:first], marks)
    inside = _coloured(line[:stop], marks, first)
    return f"{before}<u>{inside}</u>{_coloured(line, marks, stop)}"


def _columns(traceback: TracebackType, line: str) -> tuple[int, int] | None:
    """The part of the line that was running (PEP 657), unless it is all of it."""
    positions = traceback.tb_frame.f_code.co_positions()
    found = next(islice(positions, traceback.tb_lasti // 2, None), None)
    if found is None:
        return None
    top, bottom, left, right = found
    if top != traceback.tb_lineno or left is None or right is None:
        return None
    raw = line.encode("utf-8", "replace")  # the columns count its bytes
    first = len(raw[:left].decode("utf-8", "ignore"))
    stop = len(raw[:right].decode("utf-8", "ignore")) if bottom == top else len(line)
    whole = line.strip() == line[first:stop].strip()
    return None if whole or first >= stop else (first, stop)
