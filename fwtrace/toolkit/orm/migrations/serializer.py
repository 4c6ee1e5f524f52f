"""Values as the Python that makes them again, with the imports that it needs.

None, "a", [1.5], date(2026, 1, 2)      what LITERALS say, and containers of them
CharField, default_price                their names: see names
CharField(max_length=9), Q(a=1)         a call, told by their deconstruct()

Anything else raises CannotSerialize, a ValueError. Register a serializer for a class of
your own, if it cannot have a ``deconstruct()``.
"""

from __future__ import annotations

import functools
import operator
import re
import types
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, Flag
from inspect import signature
from typing import Any, ClassVar

from fwtrace.toolkit.orm.deletion import OnDelete
from fwtrace.toolkit.orm.enums import Choices
from fwtrace.toolkit.orm.expressions import Combined, Expression
from fwtrace.toolkit.orm.fields import NOT_PROVIDED, Field
from fwtrace.toolkit.orm.manager import BaseManager
from fwtrace.toolkit.orm.migrations.exceptions import CannotSerialize
from fwtrace.toolkit.orm.migrations.operations.base import Operation
from fwtrace.toolkit.orm.migrations.writing.literals import (
    LITERALS,
    Written,
    quoted,
    regex_flags,
)
from fwtrace.toolkit.orm.migrations.writing.names import front_named, named, path_named
from fwtrace.toolkit.orm.migrations.writing.operators import (
    is_name,
    lookups_of,
    written_combined,
    written_q,
)
from fwtrace.toolkit.orm.model import Model
from fwtrace.toolkit.orm.query import QuerySet
from fwtrace.toolkit.orm.where import Q
from fwtrace.toolkit.validators import Validator

__all__ = [
    "BaseSerializer",
    "Serializer",
    "operation",
    "serialize",
    "serializer_factory",
]


class BaseSerializer:
    """Of one value: subclass it for a class of your own, and register it."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def serialize(self) -> Written:
        """The expression, and the lines that import what it names."""
        return _written(self.value)


class Serializer:
    """The serializers that users brought, by the classes that they are for."""

    _registry: ClassVar[dict[Any, type[BaseSerializer]]] = {}

    @classmethod
    def register(cls, type_: Any, serializer: type[BaseSerializer]) -> None:
        if not issubclass(serializer, BaseSerializer):
            raise ValueError(
                f"{serializer.__name__} is no serializer: derive it from "
                "BaseSerializer."
            )
        cls._registry[type_] = serializer

    @classmethod
    def unregister(cls, type_: Any) -> None:
        cls._registry.pop(type_)


def serializer_factory(value: Any) -> BaseSerializer:
    """The serializer of a value; the newest comes first."""
    for kind, serializer in reversed(Serializer._registry.items()):
        if isinstance(value, kind):
            return serializer(value)
    return BaseSerializer(value)


def serialize(value: Any, where: str = "") -> Written:
    """The expression that makes a value again, and the lines of its imports.

    Raises CannotSerialize, which tells ``where`` the value stands.
    """
    try:
        return serializer_factory(value).serialize()
    except CannotSerialize as error:
        if where:
            error.within(where)
        raise


def _written(value: Any) -> Written:
    for kinds, write in RULES:
        if isinstance(value, kinds):
            return write(value)
    if isinstance(getattr(value, "__qualname__", None), str):
        return named(value)
    raise CannotSerialize(
        value,
        f"nothing tells how to make such a {type(value).__name__} again",
        "Give its class a deconstruct() method (the decorator deconstructible of "
        "fwtrace.toolkit.deconstruct does), or register a serializer with "
        "MigrationWriter.register_serializer().",
    )


# Containers.


def _each(values: Iterable[Any]) -> tuple[list[str], set[str]]:
    found = [serialize(value) for value in values]
    return [text for text, _ in found], set().union(*(more for _, more in found))


def _list(value: Sequence[Any]) -> Written:
    texts, imports = _each(value)
    return f"[{', '.join(texts)}]", imports


def _tuple(value: Iterable[Any]) -> Written:
    texts, imports = _each(value)
    comma = "," if len(texts) == 1 else ""
    return f"({', '.join(texts)}{comma})", imports


def _set(value: Iterable[Any]) -> Written:
    """In the order of the texts: the same set is written the same way each time."""
    texts, imports = _each(value)
    return f"{{{', '.join(sorted(texts))}}}" if texts else "set()", imports


def _frozenset(value: Iterable[Any]) -> Written:
    text, imports = _set(value)
    return "frozenset()" if text == "set()" else f"frozenset({text})", imports


def _dict(value: Mapping[Any, Any]) -> Written:
    keys, imports = _each(value)
    values, more = _each(value.values())
    pairs = zip(keys, values, strict=True)
    return f"{{{', '.join(f'{k}: {v}' for k, v in pairs)}}}", imports | more


def _generic(value: types.GenericAlias) -> Written:
    origin, imports = serialize(value.__origin__)
    texts, more = _each(value.__args__)
    return f"{origin}[{', '.join(texts)}]", imports | more


# Enums.


def _enum(value: Enum) -> Written:
    kind, imports = named(type(value))
    return _member(kind, value.name), imports


def _flag(value: Flag) -> Written:
    kind, imports = named(type(value))
    members = list(value)
    if not members or functools.reduce(operator.or_, members) != value:
        return f"{kind}({value.value})", imports
    return " | ".join(_member(kind, each.name or "") for each in members), imports


def _member(kind: str, name: str) -> str:
    return f"{kind}.{name}" if is_name(name) else f"{kind}[{quoted(name)}]"


# Calls.


def call(
    function: Written,
    args: Iterable[Any] = (),
    options: Mapping[str, Any] | None = None,
) -> Written:
    """``function(*args, **options)``."""
    name, imports = function
    given, more = _each(args)
    imports = imports | more
    for key, value in (options or {}).items():
        text, more = serialize(value, where=key)
        given.append(
            f"{key}={text}" if is_name(key) else f"**{{{quoted(key)}: {text}}}"
        )
        imports |= more
    return f"{name}({', '.join(given)})", imports


class Deconstructible(ABC):
    """What tells how to make it again: whatever has a ``deconstruct()``."""

    @abstractmethod
    def deconstruct(self) -> Any: ...

    @classmethod
    def __subclasshook__(cls, kind: type) -> bool:
        return hasattr(kind, "deconstruct")


def _deconstructed(value: Any) -> Written:
    path, args, options = value.deconstruct()
    return call(path_named(path, value), args, options)


def _in_front(value: Any) -> Written:
    """``CASCADE``, ``validate_slug``: one of ours, and there is a name for it."""
    return front_named(value) or _deconstructed(value)


def _field(value: Field) -> Written:
    _, path, args, options = value.deconstruct()
    return call(path_named(path, value), args, options)


def _manager(value: BaseManager) -> Written:
    as_manager, path, queryset, args, options = value.deconstruct()
    rows, imports = path_named(queryset, value) if queryset else ("", set())
    if as_manager:
        return f"{rows}.as_manager()", imports
    kind, more = path_named(path, value)
    kind += f".from_queryset({rows})" if rows else ""
    return call((kind, imports | more), args or (), options)


def _partial(value: functools.partial[Any] | functools.partialmethod[Any]) -> Written:
    name = f"functools.{type(value).__name__}"
    return call((name, {"import functools"}), (value.func, *value.args), value.keywords)


# Expressions.


def _q(value: Q) -> Written:
    lookups = lookups_of(value)
    if lookups is not None:
        return call(path_named(value.deconstruct()[0], value), (), lookups)
    return written_q(value, serialize) or _deconstructed(value)


def _combined(value: Combined) -> Written:
    return written_combined(value, serialize) or _deconstructed(value)


def _expression(value: Expression) -> Written:
    """Those of users may make something else of their arguments, which are not kept."""
    _, args, options = value.deconstruct()
    try:
        is_same = type(value)(*args, **options) == value
    except (TypeError, ValueError):
        is_same = False
    if not is_same:
        raise CannotSerialize(
            value,
            f"{type(value).__name__} makes something else of its arguments",
            "Give it a deconstruct() method that returns its path, its arguments by "
            "position and those by name.",
        )
    return _deconstructed(value)


# Operations.


def operation(value: Operation, app_label: str = "") -> Written:
    """``migrations.AddField(...)``, its arguments by name."""
    _, args, options = value.deconstruct()
    names = list(signature(type(value).__init__).parameters)[1:]
    function, imports = named(type(value))
    given = []
    for name, argument in {**dict(zip(names, args, strict=False)), **options}.items():
        text, more = _argument(value, name, argument, app_label)
        given.append(f"{name}={text}")
        imports = imports | more
    return f"{function}({', '.join(given)})", imports


def _argument(value: Operation, name: str, given: Any, app_label: str) -> Written:
    model = getattr(value, "model_name", None) or getattr(value, "name", "")
    label = f"{app_label}.{model}".strip(".") if model else type(value).__name__
    if name == "fields" and isinstance(given, list):
        written = [serialize(pair, where=f"{label}.{pair[0]}") for pair in given]
        imports = set().union(*(more for _, more in written))
        text = f"[{', '.join(text for text, _ in written)}]"
    else:
        place = f"{name} of {label}"
        own = f"{label}.{getattr(value, 'name', '')}"
        text, imports = serialize(given, where=own if name == "field" else place)
    if given and name in value.serialization_expand_args:
        text = f"{text[:-1]},{text[-1]}"  # the layout gives each item its own line
    return text, imports


def _refuse(value: Any) -> Written:
    raise CannotSerialize(
        type(value),  # showing a queryset would ask the database
        "what is in the database is no part of the models",
        "Use a function at the top of a module that looks it up.",
    )


RULES: tuple[tuple[Any, Callable[[Any], Written]], ...] = (
    (type, named),
    ((Model, QuerySet), _refuse),
    (Field, _field),
    (BaseManager, _manager),
    (Operation, operation),
    (Q, _q),
    (Combined, _combined),
    (Expression, _expression),
    ((OnDelete, Validator, type(NOT_PROVIDED)), _in_front),
    (Deconstructible, _deconstructed),
    (Choices, lambda member: serialize(member.value)),
    (re.RegexFlag, regex_flags),
    (Flag, _flag),
    (Enum, _enum),
    *LITERALS,
    (types.GenericAlias, _generic),
    (list, _list),
    (tuple, _tuple),
    (dict, _dict),
    (frozenset, _frozenset),
    (set, _set),
    ((functools.partial, functools.partialmethod), _partial),
    (Iterable, _tuple),
)
"""Kinds of values and what writes them; the first that fits does."""
