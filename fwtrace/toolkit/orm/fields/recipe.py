"""How a field was made: its class, and the options that differ from the defaults.

CharField("full name", max_length=9, null=True)
    "fwtrace.toolkit.orm.CharField"
    {"verbose_name": "full name", "max_length": 9, "null": True}
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.fields.base import Field

__all__ = ["NOT_PROVIDED", "OPTIONS", "merged", "options", "path"]


class _NotProvided:
    def __repr__(self) -> str:
        return "NOT_PROVIDED"

    def __reduce__(self) -> str:
        return "NOT_PROVIDED"  # a copy of it is itself


NOT_PROVIDED = _NotProvided()

OPTIONS: dict[str, Any] = {
    "verbose_name": None,
    "primary_key": False,
    "max_length": None,
    "unique": False,
    "blank": False,
    "null": False,
    "db_index": False,
    "default": NOT_PROVIDED,
    "db_default": NOT_PROVIDED,
    "editable": True,
    "serialize": True,
    "choices": None,
    "help_text": "",
    "db_column": None,
    "db_comment": None,
    "auto_created": False,
    "validators": [],
    "error_messages": None,
}
"""What every field may be given, and what it is when it is not."""


def merged(kind: type, name: str) -> dict[str, Any]:
    """The dictionaries of that name of a class and its bases, the nearest winning."""
    found: dict[str, Any] = {}
    for each in reversed(kind.__mro__):
        found |= vars(each).get(name, {})
    return found


def options(field: Field) -> dict[str, Any]:
    """The options to give, to make the field again."""
    defaults = merged(type(field), "default_options")
    given = {name: _given(field, name) for name in defaults}
    return {k: v for k, v in given.items() if not _same(v, defaults[k])}


def path(kind: type) -> str:
    """Where a class is found; ours, where users find them."""
    module, name = kind.__module__, kind.__qualname__
    if module.startswith("fwtrace.toolkit.orm."):
        public = import_module("fwtrace.toolkit.orm")
        if getattr(public, name, None) is kind:
            module = "fwtrace.toolkit.orm"
    return f"{module}.{name}"


def _given(field: Field, name: str) -> Any:
    """An option as it was given, which it may be no more."""
    value = vars(field).get(f"_{name}", NOT_PROVIDED)
    if value is NOT_PROVIDED:
        value = getattr(field, name)
    return list(value) if isinstance(value, list) else value


def _same(value: Any, default: Any) -> bool:
    return value is default or (isinstance(default, (str, list)) and value == default)
