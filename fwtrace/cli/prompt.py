"""The prompt of ``fwtrace sql``: history, and completion of what there is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

__all__ = ["complete", "lines"]

HISTORY = 1000
"""Lines kept in the file of the history."""
OPENERS = "(,' \"-"
"""After these, within a call, the name of a field may begin."""


def complete(text: str, names: dict[str, Any]) -> list[str]:
    """What the end of the line may become: a name, an attribute, a field, a lookup."""
    if "(" in text:
        return _fields(text, names)
    head, dot, tail = text.rpartition(".")
    if not dot:
        return sorted(name for name in names if name.startswith(tail or text))
    holder = _value(head, names)
    found = [name for name in dir(holder) if name.startswith(tail) and name[0] != "_"]
    return [f"{head}.{name}" for name in sorted(found)]


def _fields(text: str, names: dict[str, Any]) -> list[str]:
    """Within a call: fields and lookups of the model that the line is about."""
    start = max(map(text.rfind, OPENERS)) + 1
    word = text[start:]
    model = names.get(text.partition(".")[0])
    meta = getattr(model, "_meta", None)
    if meta is None:
        return []
    *path, last = word.split("__")
    field = None
    for name in path:
        field = meta.find(name) if meta is not None else None
        meta = getattr(getattr(field, "related_model", None), "_meta", None)
    if meta is not None:
        choices = meta.names()
    else:
        from fwtrace.toolkit.orm.lookups import lookup_names

        choices = lookup_names(field) if field is not None else []
    head = text[:start] + "".join(f"{name}__" for name in path)
    return [head + name for name in choices if name.startswith(last)]


def _value(text: str, names: dict[str, Any]) -> Any:
    """What a dotted name stands for; None where it cannot be told without a call."""
    found: Any = None
    for number, part in enumerate(text.split(".")):
        found = names.get(part) if number == 0 else getattr(found, part, None)
        if found is None:
            return None
    return found


def lines(names: dict[str, Any], read: Callable[[str], str] = input) -> Iterator[str]:
    """Each line that is typed, until the end of file or ``exit``."""
    with suppress(ImportError):
        _prepare(names)
    while True:
        try:
            line = read("sql> ").strip()
        except EOFError:
            return
        if line in ("exit", "quit", "exit()", "quit()"):
            return
        if line:
            yield line


def _prepare(names: dict[str, Any]) -> None:
    import atexit
    import readline

    def completer(text: str, state: int) -> str | None:
        found = complete(readline.get_line_buffer()[: readline.get_endidx()], names)
        begin = readline.get_begidx()
        return found[state][begin:] if state < len(found) else None

    readline.set_completer(completer)
    readline.set_completer_delims("")
    readline.parse_and_bind("tab: complete")
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    file = os.path.join(state, "fwtrace", "sql_history")
    with suppress(OSError):
        os.makedirs(os.path.dirname(file), exist_ok=True)
        readline.read_history_file(file)
    readline.set_history_length(HISTORY)

    def save() -> None:
        with suppress(OSError):
            readline.write_history_file(file)

    atexit.register(save)
