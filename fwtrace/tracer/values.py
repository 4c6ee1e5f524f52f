"""Values as short text, without asking the value.

``repr`` of an application's object may be slow, may raise, and may run SQL (a queryset
does): looking at an app must not change what it does. So only built-in types are
shown by value, everything else by its class.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from fwtrace.tracer.redaction import REDACTED, is_secret, redact_text

__all__ = ["clip", "function_name", "show", "show_named"]

LENGTH = 200
"""Characters kept of one value."""
ITEMS = 10
"""Items kept of one collection."""
DEPTH = 3


def clip(text: str, length: int = LENGTH) -> str:
    """The text, cut to length with its true length told.

    ``clip("x" * 12345, 5)`` → ``"xxxxx… (12,345 in all)"``
    """
    if len(text) <= length:
        return text
    return f"{text[:length]}… ({len(text):,} in all)"


def function_name(function: Any) -> str:
    """``"UserView.get"`` for whatever can be called; its class where it has no name."""
    name = getattr(function, "__qualname__", None)
    return name if isinstance(name, str) else type(function).__qualname__


def show(value: Any, depth: int = DEPTH) -> str:
    """A short text that stands for the value; calls no code of the application."""
    kind = type(value)
    writer = _WRITERS.get(kind)
    if writer is not None:
        return writer(value, depth)
    if isinstance(value, type):
        return value.__qualname__
    return _show_object(value)


def show_named(name: str, value: Any) -> str:
    """As :func:`show`, or ``[redacted]`` when the name says so."""
    return REDACTED if is_secret(name) else show(value)


def _show_object(value: Any) -> str:
    name = type(value).__qualname__
    if type(value).__module__ == "_io":
        return f"<{name}>"
    try:
        state = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return f"<{name}>"
    for key in ("pk", "id", "name"):
        found = state.get(key) if type(state) is dict else None
        if type(found) in (int, str):
            return clip(f"<{name} {key}={found!r}>")
    return f"<{name}>"


def _show_text(value: str | bytes, depth: int) -> str:
    if len(value) <= LENGTH:
        return redact_text(repr(value))
    return f"{redact_text(repr(value[:LENGTH]))}… ({len(value):,} in all)"


def _show_int(value: int, depth: int) -> str:
    return (
        repr(value)
        if value.bit_length() < 512
        else f"<int of {value.bit_length()} bits>"
    )


def _show_plain(value: Any, depth: int) -> str:
    return repr(value)


def _join(parts: Iterable[str], size: int) -> str:
    shown = ", ".join(parts)
    return f"{shown}, … ({size:,} in all)" if size > ITEMS else shown


def _first(values: Iterable[Any]) -> list[Any]:
    kept = []
    for value in values:
        kept.append(value)
        if len(kept) == ITEMS:
            break
    return kept


def _show_sequence(left: str, right: str) -> Callable[[Any, int], str]:
    def write(value: Any, depth: int) -> str:
        if depth == 0:
            return f"{left}…{right}" if value else left + right
        parts = (show(item, depth - 1) for item in _first(value))
        return left + _join(parts, len(value)) + right

    return write


def _show_mapping(value: Mapping[Any, Any], depth: int) -> str:
    if depth == 0:
        return "{…}" if value else "{}"
    parts = (
        f"{show(key, depth - 1)}: "
        + (REDACTED if type(key) is str and is_secret(key) else show(item, depth - 1))
        for key, item in _first(value.items())
    )
    return "{" + _join(parts, len(value)) + "}"


def _show_function(value: Any, depth: int) -> str:
    return function_name(value)


_WRITERS: dict[type, Callable[[Any, int], str]] = {
    type(None): _show_plain,
    bool: _show_plain,
    float: _show_plain,
    int: _show_int,
    str: _show_text,
    bytes: _show_text,
    list: _show_sequence("[", "]"),
    tuple: _show_sequence("(", ")"),
    set: _show_sequence("{", "}"),
    frozenset: _show_sequence("{", "}"),
    dict: _show_mapping,
    datetime.date: lambda value, depth: str(value),
    datetime.datetime: lambda value, depth: str(value),
    datetime.time: lambda value, depth: str(value),
    datetime.timedelta: lambda value, depth: str(value),
    FunctionType: _show_function,
    MethodType: _show_function,
    BuiltinFunctionType: _show_function,
}
