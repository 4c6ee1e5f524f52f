"""The choices of a field, however they were given, as pairs and groups of pairs.

{"a": "Ann", "b": "Bob"}                      [("a", "Ann"), ("b", "Bob")]
Status (an enum)                              [("d", "Draft"), ("s", "Shown")]
[("Audio", [("v", "Vinyl")]), ("x", "?")]     the same
a function                                    what it gives, each time it is asked
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import EnumMeta
from typing import Any, TypeAlias

__all__ = ["Choices", "Given", "Pairs", "current", "flatten", "normalize"]

Pairs: TypeAlias = list[tuple[Any, Any]]
Choices: TypeAlias = list[tuple[Any, Any]]
"""Pairs of value and label; or of a group's name and its pairs."""
Given: TypeAlias = Choices | Callable[[], Any] | None


def normalize(given: Any) -> Given:
    """The choices checked and in their one form; a function is left for later.

    Raises TypeError for what has not the shape of choices.
    """
    if given is None:
        return None
    if callable(given) and not isinstance(given, EnumMeta):
        return given  # type: ignore[no-any-return]
    return [_choice(each) for each in _items(given)]


def current(choices: Given) -> Choices | None:
    if callable(choices):
        found: Any = normalize(choices())
        return found if isinstance(found, list) else None
    return choices


def flatten(choices: Choices | None) -> Pairs:
    """The pairs, without the groups that they are in."""
    flat: Pairs = []
    for value, label in choices or ():
        flat += label if isinstance(label, list) else [(value, label)]
    return flat


def _items(given: Any) -> Iterable[Any]:
    if isinstance(given, EnumMeta):
        return _of_enum(given)
    if isinstance(given, Mapping):
        return given.items()
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(_wrong(given))
    return given


def _of_enum(kind: Any) -> Iterable[Any]:
    if hasattr(kind, "choices"):
        return kind.choices  # type: ignore[no-any-return]
    return [(each.value, each.name.replace("_", " ").title()) for each in kind]


def _choice(given: Any) -> tuple[Any, Any]:
    value, label = _pair(given)
    if isinstance(label, (list, tuple, Mapping, EnumMeta)):
        return value, [_pair(each) for each in _items(label)]
    return value, label


def _pair(given: Any) -> tuple[Any, Any]:
    if isinstance(given, (list, tuple)) and len(given) == 2:
        return given[0], given[1]
    raise TypeError(_wrong(given))


def _wrong(given: Any) -> str:
    return (
        f"Choices are pairs of a value and a label, as in [('s', 'Small')], or groups "
        f"of them, a mapping, an enum or a function: not {given!r}."
    )
