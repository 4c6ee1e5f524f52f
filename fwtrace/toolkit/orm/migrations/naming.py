"""What names a field by its old name, made to name it by its new one."""

from __future__ import annotations

from copy import copy
from typing import Any

from fwtrace.toolkit.orm.expressions import F
from fwtrace.toolkit.orm.where import Q

__all__ = ["renamed", "renamed_field", "renamed_in"]


def renamed(name: str, old: str, new: str) -> str:
    """``"title"``, ``"-title"``, ``"title_id"`` and ``"title__startswith"`` alike."""
    sign, bare = ("-", name[1:]) if name.startswith("-") else ("", name)
    first, lookups, rest = bare.partition("__")
    if first == old:
        first = new
    elif first == f"{old}_id":
        first = f"{new}_id"
    return f"{sign}{first}{lookups}{rest}"


def renamed_in(value: Any, old: str, new: str) -> Any:
    """An index, a constraint or an expression that names the field by its new name; the
    very same one where it does not name it."""
    if isinstance(value, F):
        name = renamed(value.name, old, new)
        return value if name == value.name else type(value)(name)
    if isinstance(value, Q):
        children = [_child(each, old, new) for each in value.children]
        return _with(value, "children", children)
    if isinstance(value, (list, tuple)):
        found = type(value)(renamed_in(each, old, new) for each in value)
        return found if _differs(found, value) else value
    if not hasattr(value, "deconstruct"):
        return value
    _, args, options = value.deconstruct()
    new_args = [renamed_in(each, old, new) for each in args]
    new_options = {
        name: _names(each, old, new)
        if name in ("fields", "include")
        else renamed_in(each, old, new)
        for name, each in options.items()
    }
    if not _differs([*new_args, *new_options.values()], [*args, *options.values()]):
        return value
    return type(value)(*new_args, **new_options)


def renamed_field(field: Any, old: str, new: str) -> Any:
    """A field that is made of others, or worked out of them, with their new names."""
    if getattr(field, "generated", False):
        expression = renamed_in(field.expression, old, new)
        return _with(field, "expression", expression)
    parts = getattr(field, "field_names", None)
    if parts and old in [part.removesuffix("_id") for part in parts] + list(parts):
        return type(field)(*(renamed(part, old, new) for part in parts))
    return field


def _child(child: Any, old: str, new: str) -> Any:
    if isinstance(child, tuple):
        return renamed(child[0], old, new), renamed_in(child[1], old, new)
    return renamed_in(child, old, new)


def _names(names: Any, old: str, new: str) -> Any:
    return type(names)(renamed(name, old, new) for name in names)


def _with(what: Any, name: str, value: Any) -> Any:
    if not _differs([value], [getattr(what, name)]):
        return what
    made = copy(what)
    setattr(made, name, value)
    return made


def _differs(some: Any, others: Any) -> bool:
    return any(
        one is not other and one != other
        for one, other in zip(some, others, strict=True)
    )
