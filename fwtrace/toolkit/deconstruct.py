"""Objects that know how they were made, so that a migration can make them again.

@deconstructible
class InFolder:
    def __init__(self, folder): ...

InFolder("photos").deconstruct()    ("shop.files.InFolder", ("photos",), {})
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, overload

__all__ = ["Recipe", "deconstructible", "deep_deconstruct"]

Recipe = tuple[str, tuple[Any, ...], dict[str, Any]]
"""The path of a class, and what to call it with."""

C = TypeVar("C", bound=type)


@overload
def deconstructible(cls: C, *, path: str = "") -> C: ...
@overload
def deconstructible(cls: None = None, *, path: str = "") -> Callable[[C], C]: ...


def deconstructible(cls: Any = None, *, path: str = "") -> Any:
    """Have the instances of a class keep what they were called with.

    ``path`` is for a class that is to be imported from another place than the module
    that it is written in; it does not hold for its subclasses.
    """

    def decorated(cls: Any) -> Any:
        def __new__(kind: Any, *args: Any, **kwargs: Any) -> Any:
            plain = original is object.__new__
            made = original(kind) if plain else original(kind, *args, **kwargs)
            made._made_of = args, kwargs
            return made

        def deconstruct(self: Any) -> Recipe:
            kind = type(self)
            own = path if kind is cls else ""
            return own or f"{kind.__module__}.{kind.__qualname__}", *self._made_of

        original = cls.__new__
        cls.__new__ = __new__
        cls.deconstruct = deconstruct
        return cls

    return decorated if cls is None else decorated(cls)


def deep_deconstruct(value: Any) -> Any:
    """What is equal of two values that were made alike, though they may not be."""
    if isinstance(value, (list, tuple)):
        return type(value), [deep_deconstruct(each) for each in value]
    if isinstance(value, dict):
        return {key: deep_deconstruct(each) for key, each in value.items()}
    if isinstance(value, partial):
        made_of = [value.func, value.args, value.keywords]
        return partial, deep_deconstruct(made_of)
    if isinstance(value, type) or not hasattr(value, "deconstruct"):
        return value
    return deep_deconstruct(value.deconstruct())
