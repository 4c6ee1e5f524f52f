"""What a piece of a model names: other models and fields, which must be there before it
and may go only after it.

ForeignKey("Author", to_field="code")       blog.author, blog.author.code
GeneratedField(expression=F("a") + 1)       blog.book.a
Index(fields=["-added"])                    added, a field of its own model
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fwtrace.toolkit.orm.expressions import F
from fwtrace.toolkit.orm.migrations.state import (
    Key,
    ModelState,
    key_of,
    target_of,
    through_of,
)
from fwtrace.toolkit.orm.where import Q

__all__ = ["Place", "base_keys", "names_in", "names_of", "own_names", "places_of"]

Place = tuple[Key, str]
"""A field of a model; the model itself where the name is empty."""


def places_of(field: Any, state: ModelState) -> list[Place]:
    """What a field of that model needs: of relations the models that they lead to, of
    generated and composite ones the fields that they are made of."""
    if field.is_relation:
        return list(_related(field, state))
    names: Iterable[str] = ()
    if field.generated:
        names = names_in(field.expression)
    elif hasattr(field, "field_names"):
        names = field.field_names
    return [(state.key, name) for name in own_names(names, state)]


def _related(field: Any, state: ModelState) -> Iterator[Place]:
    target = target_of(field, state)
    yield target, ""
    if to_field := getattr(field, "to_field", None):
        yield target, to_field
    through = through_of(field, state)
    if through is not None:
        yield through, ""
        for name in field.through_fields or ():
            yield through, name


def base_keys(state: ModelState) -> list[Key]:
    """The models that one inherits from, as far as they are models of migrations."""
    named = (base for base in state.bases if isinstance(base, str))
    return [key_of(base, state.app_label) for base in named]


def names_of(declared: Any, state: ModelState) -> list[str]:
    """The fields of its model that an index or a constraint names."""
    found = [name.lstrip("-") for name in getattr(declared, "fields", ())]
    found += getattr(declared, "include", None) or ()
    for each in getattr(declared, "expressions", ()):
        found += names_in(each[0] if isinstance(each, tuple) else each)
    found += names_in(getattr(declared, "condition", None))
    return own_names(found, state)


def names_in(node: Any) -> Iterator[str]:
    """The fields that an expression or a condition begins its names with."""
    if isinstance(node, str):
        yield _first(node.lstrip("-"))
    elif isinstance(node, F):
        yield _first(node.name)
    elif isinstance(node, Q):
        for child in node.children:
            if isinstance(child, tuple):
                yield _first(child[0])
                yield from _in_value(child[1])
            else:
                yield from names_in(child)
    elif hasattr(node, "children"):
        for child in node.children():
            yield from names_in(child)


def _in_value(value: Any) -> Iterator[str]:
    """Text is a value here, where it is a name as an expression."""
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _in_value(each)
    elif not isinstance(value, str):
        yield from names_in(value)


def _first(path: str) -> str:
    return path.partition("__")[0]


def own_names(names: Iterable[str], state: ModelState) -> list[str]:
    """The same as the model names them: ``author`` for ``author_id``, no name twice."""
    found = {_own(name, state): None for name in names}
    return list(found)


def _own(name: str, state: ModelState) -> str:
    if name in state.fields:
        return name
    if name == "pk":
        keys = (n for n, field in state.fields.items() if field.primary_key)
        return next(keys, name)
    bare = name.removesuffix("_id")
    return bare if bare in state.fields else name
