"""Small pieces of text that all pictures share: durations, places, clean strings.

Everything in a trace is untrusted: it becomes Text, never markup, and control
characters in it are shown, not sent to the terminal.
"""

from __future__ import annotations

import codecs
import os

from rich.text import Text

from fwtrace.tracer.model import Location

__all__ = ["LENIENT", "STYLES", "clean", "duration", "place", "plain", "share_bar"]

STYLES = {
    "server": "bold",
    "lifespan": "bright_blue",
    "environ": "cyan",
    "scope": "cyan",
    "request": "cyan",
    "middleware": "magenta",
    "resolver": "blue",
    "context": "blue",
    "dependency": "blue",
    "validation": "blue",
    "view": "green",
    "form": "green",
    "migration": "green",
    "bookkeeping": "dim",
    "sql": "yellow",
    "signal": "bright_magenta",
    "template": "bright_blue",
    "cache": "yellow",
    "session": "bright_cyan",
    "serializer": "green",
    "task": "bright_blue",
    "websocket": "cyan",
    "layer": "magenta",
    "exception": "red",
    "response": "bold",
    "after": "dim",
    "call": "",
}

_CONTROL = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)]}
_CONTROL |= {0x200E: "", 0x200F: "", **dict.fromkeys(range(8234, 8239), "")}
_CONTROL |= dict.fromkeys(range(8294, 8298), "")


LENIENT = "fwtrace.lenient"
"""The name of an error handler for streams: what they cannot encode becomes ASCII."""

_PLAIN = {
    "✓": "+",
    "✗": "-",
    "→": ">",
    "·": "-",
    "µ": "u",
    "×": "x",
    "⏎": " ",
    "…": ".",
}


def _lenient(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end]
    return "".join(_PLAIN.get(char, "?") for char in part), error.end


codecs.register_error(LENIENT, _lenient)


def clean(text: object) -> str:
    """The text on one line, control and direction characters made visible or gone."""
    return str(text).replace("\r\n", "⏎").replace("\n", "⏎").translate(_CONTROL)


def plain(text: object, style: str = "") -> Text:
    return Text(clean(text), style=style)


def duration(nanoseconds: int) -> str:
    """``850`` -> ``"0.9 µs"``, ``1_234_567`` -> ``"1.23 ms"``, and so on."""
    if nanoseconds < 100_000:
        return f"{nanoseconds / 1e3:.1f} µs"
    if nanoseconds < 1_000_000_000:
        return f"{nanoseconds / 1e6:.2f} ms"
    return f"{nanoseconds / 1e9:.2f} s"


def place(location: Location | None) -> str:
    """``views.py:41``, the file relative to the working directory or by its tail."""
    if location is None:
        return ""
    file = location.file
    here = _working_directory() + os.sep
    if file.startswith(here):
        file = file[len(here) :]
    else:
        file = os.sep.join(file.split(os.sep)[-3:])
    return clean(f"{file}:{location.line}" if location.line else file)


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return "."


def share_bar(share: float, width: int, ascii_only: bool) -> str:
    """A bar for a share of 0 to 1; at least something for anything."""
    full = "#" if ascii_only else "█"
    cells = share * width
    if ascii_only:
        return full * max(1, round(cells))
    eighths = max(1, round(cells * 8))
    return full * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()
