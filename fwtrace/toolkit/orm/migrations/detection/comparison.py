"""Whether two states say the same: fields, options and what is in them, by how they are
made again, since a file and a class never hold the same objects.

CharField(max_length=9), CharField(max_length=9)            the same
ForeignKey("Author"), ForeignKey(to="blog.author")          the same within blog
default=today, default=today of a module read again         the same
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import FunctionType
from typing import Any

from fwtrace.toolkit.orm.fields import Field
from fwtrace.toolkit.orm.migrations.state import ModelState, target_of, through_of

__all__ = ["FieldRecipe", "Recipes", "same", "without"]

FieldRecipe = tuple[str, list[Any], dict[str, Any]]
"""The path of a field's class, and its arguments; models as keys, in place of names."""


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, or made alike, all the way down."""
    if one is other:
        return True
    compare = _COMPARISONS.get(type(one))
    if compare is not None:
        return compare(one, other)
    if isinstance(one, type):
        return isinstance(other, type) and _same_path(one, other)
    if hasattr(one, "deconstruct"):
        return hasattr(other, "deconstruct") and same(_recipe(one), _recipe(other))
    return bool(one == other)


def _same_plain(one: Any, other: Any) -> bool:
    return bool(one == other)


def _same_float(one: float, other: Any) -> bool:
    is_nan = one != one and isinstance(other, float) and other != other
    return is_nan or one == other


def _same_items(one: Any, other: Any) -> bool:
    return (
        type(one) is type(other)
        and len(one) == len(other)
        and all(map(same, one, other))
    )


def _same_mapping(one: dict[Any, Any], other: Any) -> bool:
    return (
        isinstance(other, dict)
        and one.keys() == other.keys()
        and all(same(value, other[key]) for key, value in one.items())
    )


def _same_partial(one: partial[Any], other: Any) -> bool:
    return isinstance(other, partial) and same(_call(one), _call(other))


def _call(given: partial[Any]) -> Any:
    return given.func, given.args, given.keywords


def _same_path(one: Any, other: Any) -> bool:
    """Of what was read again from the same place; a lambda has no place."""
    paths = {(each.__module__, each.__qualname__) for each in (one, other)}
    return len(paths) == 1 and "<" not in one.__qualname__


def _same_function(one: FunctionType, other: Any) -> bool:
    return isinstance(other, FunctionType) and _same_path(one, other)


_COMPARISONS: Mapping[type, Callable[[Any, Any], bool]] = {
    **dict.fromkeys((bool, bytes, int, str, type(None)), _same_plain),
    float: _same_float,
    list: _same_items,
    tuple: _same_items,
    dict: _same_mapping,
    partial: _same_partial,
    FunctionType: _same_function,
}


def _recipe(value: Any) -> Any:
    # What a field is called is told by where it stands.
    found = value.deconstruct()
    return found[1:] if isinstance(value, Field) else found


_BESIDE = frozenset(("creation_counter", "error_messages", "name"))
"""What a field keeps that is not an option of it, or follows from one."""


class Recipes:
    """How fields are made. A field is asked at most once, and only if what it keeps
    leaves a doubt."""

    def __init__(self) -> None:
        # The field is kept as well: the id of one that is gone may be given again.
        self._known: dict[int, tuple[Field, FieldRecipe]] = {}

    def of(self, field: Any, state: ModelState) -> FieldRecipe:
        found = self._known.get(id(field))
        if found is None:
            _, path, args, options = field.deconstruct()
            if field.is_relation:
                keys = {"to": target_of(field, state)}
                options = {**options, **keys, "through": through_of(field, state)}
            found = self._known[id(field)] = field, (path, args, options)
        return found[1]

    def same(self, one: Any, of_one: ModelState, other: Any, of: ModelState) -> bool:
        """Whether the fields of two states of one model are."""
        if one is other or _keep_the_same(one, other):
            return True
        return same(self.of(one, of_one), self.of(other, of))


def _keep_the_same(one: Field, other: Field) -> bool:
    """Whether they are of one class and have the same in every attribute."""
    mine, theirs = vars(one), vars(other)
    return (
        type(one) is type(other)
        and mine.keys() == theirs.keys()
        and all(
            value is theirs[name] or name in _BESIDE or same(value, theirs[name])
            for name, value in mine.items()
        )
    )


def without(recipe: FieldRecipe, *names: str) -> FieldRecipe:
    """The recipe but for these options."""
    path, args, options = recipe
    return path, args, {k: v for k, v in options.items() if k not in names}
