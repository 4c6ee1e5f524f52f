"""Request items as HTTPie has them: what stands after the path on the command line.

Header:value  Header:  Header;   q==value   name=text   name:=json   file@path
and with the value read from a file: ``:@``, ``==@``, ``=@``, ``:=@``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fwtrace.cli.errors import CommandError, UsageError

__all__ = ["Items", "parse_items", "read_file"]

# The longest separator at the earliest place wins.
_SEPARATORS = (":=@", "==@", "=@", ":@", ":=", "==", "=", "@", ":", ";")
_MAX_DEPTH = 20


@dataclass(slots=True)
class Items:
    """``fields`` are (name, value) with str or JSON values, ``files`` (name, path)."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    query: list[tuple[str, str]] = field(default_factory=list)
    fields: list[tuple[str, Any]] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)

    @property
    def has_body(self) -> bool:
        return bool(self.fields or self.files)


def parse_items(words: Sequence[str]) -> Items:
    """All the items of a command line.

    Raises UsageError for a word that is none, CommandError for a file that cannot be
    read.
    """
    items = Items()
    for word in words:
        name, separator, value = _split(word)
        if separator in (":@", "==@", "=@", ":=@"):
            value = _text(read_file(value), value)
            separator = separator[:-1]
            # A file's last newline is part of a text, not of a header or a parameter.
            if separator in (":", "=="):
                value = value.rstrip("\r\n")
        _add(items, word, name, separator, value)
    return items


def _split(word: str) -> tuple[str, str, str]:
    """Name, separator, value; a backslash before a separator takes its meaning."""
    name = ""
    position = 0
    while position < len(word):
        if word[position] == "\\" and position + 1 < len(word):
            following = word[position + 1]
            if following in ":=@;\\":
                name += following
                position += 2
                continue
        for separator in _SEPARATORS:
            if word.startswith(separator, position):
                return name, separator, word[position + len(separator) :]
        name += word[position]
        position += 1
    raise UsageError(
        f"{word!r} is no request item. Write name=value, name:=json, q==value, "
        "Header:value or file@path."
    )


def _add(items: Items, word: str, name: str, separator: str, value: str) -> None:
    if not name:
        raise UsageError(f"{word!r} has no name before {separator!r}.")
    if separator == ":" and not value:
        items.removed.append(name)
    elif separator == ";":
        if value:
            raise UsageError(f"{word!r}: 'Header;' sends it empty, so nothing follows.")
        items.headers.append((name, ""))
    elif separator == ":":
        items.headers.append((name, value.strip()))
    elif separator == "==":
        items.query.append((name, value))
    elif separator == "@":
        items.files.append((name, value))
    elif separator == ":=":
        items.fields.append((name, _json(word, value)))
    else:
        items.fields.append((name, value))


def _json(word: str, value: str) -> Any:
    import json

    try:
        return json.loads(value, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise UsageError(
            f"{word!r}: what follows ':=' is not JSON. For text write name=value."
        ) from None


def _refused(constant: str) -> Any:
    """NaN and Infinity are Python's own: no JSON parser of another has to take them."""
    raise ValueError(constant)


def read_file(path: str) -> bytes:
    """The bytes of a file; ``-`` is standard input."""
    try:
        if path == "-":
            import sys

            return sys.stdin.buffer.read()
        with open(os.path.expanduser(path), "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"Cannot read {path!r}: {reason}.") from None


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise CommandError(f"{path!r} is not UTF-8 text.") from None


def nested(fields: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Fields as one JSON object: ``a[b]=1 a[c][]=2`` -> ``{"a": {"b": 1, "c": [2]}}``.

    Raises UsageError where two items contradict each other.
    """
    result: dict[str, Any] = {}
    for name, value in fields:
        path = _path(name)
        target: Any = result
        for key, following in zip(path, path[1:], strict=False):
            target = _step(target, key, [] if following == "" else {}, name)
        _put(target, path[-1], value, name)
    return result


def _path(name: str) -> list[str]:
    """``"a[b][]"`` -> ``["a", "b", ""]``; a name of another form is one key."""
    first, bracket, rest = name.partition("[")
    if not bracket or not first or not rest.endswith("]"):
        return [name]
    parts = rest[:-1].split("][")
    if len(parts) > _MAX_DEPTH or any("[" in part or "]" in part for part in parts):
        return [name]
    return [first, *parts]


def _step(target: Any, key: str, empty: Any, name: str) -> Any:
    if isinstance(target, list):
        if key:
            raise UsageError(f"{name!r} names a key in what another item made a list.")
        target.append(empty)
        return empty
    found = target.setdefault(key, empty)
    if type(found) is not type(empty):
        raise UsageError(f"{name!r} contradicts another item with the same beginning.")
    return found


def _put(target: Any, key: str, value: Any, name: str) -> None:
    if isinstance(target, list):
        if key:
            raise UsageError(f"{name!r} names a key in what another item made a list.")
        target.append(value)
    else:
        target[key] = value
