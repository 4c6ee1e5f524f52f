"""Data made of dicts, lists, strings and numbers alone, as JSON has them."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_jsonable_python

_SCALARS = frozenset({str, int, float, bool, type(None)})


def plain(value: Any) -> Any:
    """A copy for JSON, in which every key that had no value is left out.

    What the application declared may be anything, such as a date or an enum.
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict:
        if not all(type(key) is str for key in value):
            return plain(to_jsonable_python(value, by_alias=True, exclude_none=True))
        return {key: plain(each) for key, each in value.items() if each is not None}
    if kind is list or kind is tuple:
        return [plain(each) for each in value]
    return plain(to_jsonable_python(value, by_alias=True, exclude_none=True))


def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Both at once: dicts within merge, lists follow each other, else second wins."""
    found = dict(first)
    for key, value in second.items():
        known = found.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            found[key] = merged(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            found[key] = known + value
        else:
            found[key] = value
    return found
