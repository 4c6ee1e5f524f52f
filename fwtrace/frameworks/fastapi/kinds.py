"""What an annotation says of a parameter: one value or several, a file, a model."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from types import UnionType
from typing import Annotated, Any, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel

from fwtrace.toolkit.asgi.datastructures import UploadFile

__all__ = [
    "SEQUENCES",
    "is_bytes",
    "is_bytes_sequence",
    "is_file",
    "is_file_sequence",
    "is_scalar",
    "is_scalar_sequence",
    "is_sequence",
    "is_subclass",
    "is_union",
    "model_of",
]

SEQUENCES: dict[type, type] = {
    Sequence: list,
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    deque: deque,
}
_SEQUENCE_TYPES = tuple(SEQUENCES)


def is_subclass(annotation: Any, base: Any) -> TypeGuard[type]:
    """``issubclass``, and False for what is no class."""
    try:
        return isinstance(annotation, type) and issubclass(annotation, base)
    except TypeError:  # list[int] is a type to isinstance, but not to issubclass
        return False


def is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def _is_sequence_type(annotation: Any) -> bool:
    return is_subclass(annotation, _SEQUENCE_TYPES) and not is_subclass(
        annotation, (str, bytes)
    )


def is_sequence(annotation: Any) -> bool:
    """A list, a set, ..., or a union with one of them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return is_sequence(get_args(annotation)[0])
    if is_union(annotation):
        return any(map(is_sequence, get_args(annotation)))
    return _is_sequence_type(annotation) or _is_sequence_type(origin)


def _is_complex(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if is_union(annotation):
        return any(map(_is_complex, get_args(annotation)))
    if origin is Annotated:
        return _is_complex(get_args(annotation)[0])
    return any(
        is_subclass(each, (BaseModel, Mapping, UploadFile))
        or _is_sequence_type(each)
        or is_dataclass(each)
        for each in (annotation, origin)
    ) or hasattr(origin, "__get_pydantic_core_schema__")


def is_scalar(annotation: Any) -> bool:
    """One value, such as a path or a query string can hold."""
    return annotation is Ellipsis or not _is_complex(annotation)


def is_scalar_sequence(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return is_scalar_sequence(get_args(annotation)[0])
    if is_union(annotation):
        found = [arg for arg in get_args(annotation) if is_scalar_sequence(arg)]
        rest = [arg for arg in get_args(annotation) if arg not in found]
        return bool(found) and all(map(is_scalar, rest))
    return is_sequence(annotation) and all(map(is_scalar, get_args(annotation)))


def _is_or_may_be(annotation: Any, kind: type) -> bool:
    if is_subclass(annotation, kind):
        return True
    return is_union(annotation) and any(
        is_subclass(arg, kind) for arg in get_args(annotation)
    )


def _is_sequence_of(annotation: Any, kind: type) -> bool:
    if is_union(annotation):
        return any(_is_sequence_of(arg, kind) for arg in get_args(annotation))
    return is_sequence(annotation) and all(
        _is_or_may_be(arg, kind) for arg in get_args(annotation)
    )


def is_bytes(annotation: Any) -> bool:
    return _is_or_may_be(annotation, bytes)


def is_bytes_sequence(annotation: Any) -> bool:
    return _is_sequence_of(annotation, bytes)


def is_file(annotation: Any) -> bool:
    return _is_or_may_be(annotation, UploadFile)


def is_file_sequence(annotation: Any) -> bool:
    return _is_sequence_of(annotation, UploadFile)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The model that the annotation is, or may be beside None."""
    if is_union(annotation):
        args = get_args(annotation)
        if len(args) == 2 and type(None) in args:
            annotation = args[0] if args[1] is type(None) else args[1]
    return annotation if is_subclass(annotation, BaseModel) else None
