"""``jsonable_encoder``: from any object to what JSON can hold.

How an object is written depends on its class alone. ``_writer_of`` finds that out once
for each class; a writer is ``(object, options, include, exclude) -> data`` and looks up
the writers of what is inside by ``options.find``.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import sys
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import Path, PurePath
from types import GeneratorType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import PydanticUndefinedType, Url

from fwtrace.frameworks.fastapi.exceptions import PydanticV1NotSupportedError

if TYPE_CHECKING:
    from fwtrace.frameworks.fastapi.types import IncEx

__all__ = ["ENCODERS_BY_TYPE", "decimal_encoder", "isoformat", "jsonable_encoder"]

Encoder: TypeAlias = Callable[[Any], Any]
Writer: TypeAlias = Callable[[Any, "_Options", Any, Any], Any]


def isoformat(o: datetime.date | datetime.time) -> str:
    return o.isoformat()


def decimal_encoder(dec_value: Decimal) -> int | float:
    """An int where it has no decimal places, else a float.

    Decimal("1")    1
    Decimal("1.0")  1.0
    """
    exponent = dec_value.as_tuple().exponent
    whole = isinstance(exponent, int) and exponent >= 0  # it is "n" for NaN
    return int(dec_value) if whole else float(dec_value)


# Applications add their own here, at any time.
ENCODERS_BY_TYPE: dict[type[Any], Encoder] = {
    bytes: bytes.decode,
    datetime.date: isoformat,
    datetime.datetime: isoformat,
    datetime.time: isoformat,
    datetime.timedelta: datetime.timedelta.total_seconds,
    Decimal: decimal_encoder,
    Enum: lambda o: o.value,
    frozenset: list,
    deque: list,
    GeneratorType: list,
    IPv4Address: str,
    IPv4Interface: str,
    IPv4Network: str,
    IPv6Address: str,
    IPv6Interface: str,
    IPv6Network: str,
    Path: str,
    re.Pattern: lambda o: o.pattern,
    set: list,
    UUID: str,
    Url: str,
}

_BUILT_IN = tuple(ENCODERS_BY_TYPE.items())

# By name, since to import these takes long, and most applications do not.
_WRITTEN_BY_STR = {
    "pydantic.color.Color",
    "pydantic.networks.AnyUrl",
    "pydantic.networks.NameEmail",
    "pydantic.types.SecretBytes",
    "pydantic.types.SecretStr",
    "pydantic_extra_types.color.Color",
}

_AS_THEY_ARE: frozenset[Any] = frozenset({str, int, float, bool, type(None)})


@lru_cache(maxsize=2048)
def _writer_of(cls: type) -> Writer:
    """How objects of the class are written; the first kind that fits."""
    if issubclass(cls, BaseModel):
        return _write_model
    if dataclasses.is_dataclass(cls):
        return _write_dataclass
    for base, writer in _WRITERS.items():
        if issubclass(cls, base):
            return writer
    return _write_other


class _Options(NamedTuple):
    """What ``jsonable_encoder`` was asked for, the same at every depth."""

    by_alias: bool = True
    exclude_unset: bool = False
    exclude_defaults: bool = False
    exclude_none: bool = False
    sqlalchemy_safe: bool = True
    custom: Mapping[Any, Encoder] | None = None
    find: Callable[[Any], Writer] = _writer_of
    # The classes to pass over without a look-up.
    plain: frozenset[Any] = _AS_THEY_ARE

    def of_dump(self) -> _Options:
        """The options for what a model made of itself; it knew the others already."""
        if self.by_alias and not self.exclude_unset and not self.custom:
            return self
        return _Options(
            exclude_defaults=self.exclude_defaults,
            exclude_none=self.exclude_none,
            sqlalchemy_safe=self.sqlalchemy_safe,
        )


def jsonable_encoder(
    obj: Any,
    include: IncEx | None = None,
    exclude: IncEx | None = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    custom_encoder: dict[Any, Encoder] | None = None,
    sqlalchemy_safe: bool = True,
) -> Any:
    """The object as dicts, lists, strings, numbers, bools and None.

    ``include`` and ``exclude`` choose the keys of the object, or of each in a list; the
    other options are pydantic's, for models at any depth. ``custom_encoder`` maps
    classes to functions that come before all else, except inside models.
    ``sqlalchemy_safe`` leaves out keys that begin with ``_sa``.
    """
    if type(obj) in _AS_THEY_ARE and not custom_encoder:
        return obj
    kept: Any = include if isinstance(include, set | dict | None) else set(include)
    left: Any = exclude if isinstance(exclude, set | dict | None) else set(exclude)
    options = _Options(
        by_alias, exclude_unset, exclude_defaults, exclude_none, sqlalchemy_safe
    )
    if custom_encoder:
        options = options._replace(
            custom=custom_encoder,
            find=_finder(custom_encoder),
            plain=frozenset(),
        )
    return options.find(type(obj))(obj, options, kept, left)


def _finder(custom: Mapping[Any, Encoder]) -> Callable[[Any], Writer]:
    """Like ``_writer_of``, but these encoders come first."""

    @cache
    def find(cls: type) -> Writer:
        encoder = custom.get(cls)
        if encoder is None:
            fitting = (custom[base] for base in custom if issubclass(cls, base))
            encoder = next(fitting, None)
        return _writer_of(cls) if encoder is None else _calling(encoder)

    return find


def _calling(encoder: Encoder) -> Writer:
    return lambda obj, options, include, exclude: encoder(obj)


def _write_model(obj: BaseModel, options: _Options, include: Any, exclude: Any) -> Any:
    data: Any = obj.model_dump(
        mode="json",
        include=include,
        exclude=exclude,
        by_alias=options.by_alias,
        exclude_unset=options.exclude_unset,
        exclude_none=options.exclude_none,
        exclude_defaults=options.exclude_defaults,
    )
    # It may hold "_sa..." still, None in plain dicts, and what serializers return.
    options = options.of_dump()
    return options.find(type(data))(data, options, None, None)


def _write_dataclass(obj: Any, options: _Options, include: Any, exclude: Any) -> Any:
    if options.custom:  # which is not for the dataclasses inside
        data = dataclasses.asdict(obj)
    else:
        # Without the deep copy; those inside are written in their turn.
        data = {
            field.name: getattr(obj, field.name) for field in dataclasses.fields(obj)
        }
    return options.find(dict)(data, options, include, exclude)


def _write_dict(
    obj: Mapping[Any, Any], options: _Options, include: Any, exclude: Any
) -> dict[Any, Any]:
    find, plain, safe = options.find, options.plain, options.sqlalchemy_safe
    data = {}
    for key, value in obj.items():
        if value is None and options.exclude_none:
            continue
        if safe and isinstance(key, str) and key.startswith("_sa"):
            continue
        if include is not None and key not in include:
            continue
        if exclude is not None and key in exclude:
            continue
        kind = type(key)
        if kind not in plain:
            key = find(kind)(key, options, None, None)
        kind = type(value)
        if kind not in plain:
            value = find(kind)(value, options, None, None)
        data[key] = value
    return data


def _write_list(obj: Any, options: _Options, include: Any, exclude: Any) -> list[Any]:
    find, plain = options.find, options.plain
    data = []
    for item in obj:
        kind = type(item)
        if kind not in plain:
            item = find(kind)(item, options, include, exclude)
        data.append(item)
    return data


def _write_other(obj: Any, options: _Options, include: Any, exclude: Any) -> Any:
    """By its encoder, else as its pairs, else as its attributes."""
    cls: Any = type(obj)
    encoder = ENCODERS_BY_TYPE.get(cls) or _inherited_encoder(cls)
    if encoder is not None:
        return encoder(obj)
    if obj.__class__ is not cls:  # a proxy
        return options.find(obj.__class__)(obj, options, include, exclude)
    if _is_of_pydantic_v1(cls):
        raise PydanticV1NotSupportedError(
            f"{obj!r} is a model of pydantic.v1, which is no longer supported: "
            "derive it from pydantic.BaseModel."
        )
    data: Any
    try:
        data = dict(obj)
    except Exception as no_pairs:
        try:
            data = vars(obj)
        except Exception as no_attributes:
            raise ValueError([no_pairs, no_attributes]) from no_attributes
    return options.find(type(data))(data, options, include, exclude)


@lru_cache(maxsize=2048)
def _inherited_encoder(cls: Any) -> Encoder | None:
    for base, encoder in _BUILT_IN:
        if issubclass(cls, base):
            return encoder
    names = {f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__}
    return None if names.isdisjoint(_WRITTEN_BY_STR) else str


def _is_of_pydantic_v1(cls: type) -> bool:
    module = sys.modules.get("pydantic.v1.main")
    return module is not None and issubclass(cls, module.BaseModel)


def _write_as_it_is(obj: Any, options: _Options, include: Any, exclude: Any) -> Any:
    return obj


_WRITERS: dict[type | tuple[type, ...], Writer] = {
    Enum: _calling(lambda o: o.value),
    PurePath: _calling(str),
    (str, int, float, type(None)): _write_as_it_is,
    PydanticUndefinedType: _calling(lambda o: None),
    dict: _write_dict,
    (list, set, frozenset, GeneratorType, tuple, deque): _write_list,
}
