"""A proxy: an object that stands for another, looked up anew at each use."""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable
from typing import Any

__all__ = ["LocalProxy"]


class LocalProxy:
    """Stands for what ``find()`` gives, in all that is done to it.

    Outside of what it belongs to ``find`` raises RuntimeError; a test for truth is
    then false, and ``repr`` says that it is unbound.
    """

    __slots__ = ("__weakref__", "_find")

    def __init__(self, find: Callable[[], Any]) -> None:
        object.__setattr__(self, "_find", find)

    def _get_current_object(self) -> Any:
        """The object itself, for who must hold it or compare its identity."""
        return self._find()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._find(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._find(), name)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        try:
            return type(self._find())
        except RuntimeError:
            return LocalProxy

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        found: dict[str, Any] = self._find().__dict__
        return found

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        found: str | None = self._find().__doc__
        return found

    @property
    def __wrapped__(self) -> Any:
        return self._find()

    def __bool__(self) -> bool:
        try:
            return bool(self._find())
        except RuntimeError:
            return False

    def __repr__(self) -> str:
        try:
            return repr(self._find())
        except RuntimeError:
            return "<LocalProxy unbound>"

    def __dir__(self) -> list[str]:
        try:
            return dir(self._find())
        except RuntimeError:
            return []

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._find()(*args, **named)

    def __copy__(self) -> Any:
        return copy.copy(self._find())

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy.deepcopy(self._find(), memo)


def _forward(name: str, function: Callable[..., Any]) -> None:
    def method(self: LocalProxy, *args: Any) -> Any:
        return function(self._find(), *args)

    method.__name__ = name
    setattr(LocalProxy, name, method)


def _forward_swapped(name: str, function: Callable[..., Any]) -> None:
    def method(self: LocalProxy, other: Any) -> Any:
        return function(other, self._find())

    method.__name__ = name
    setattr(LocalProxy, name, method)


for _function in (
    "lt le eq ne gt ge add sub mul matmul truediv floordiv mod pow lshift rshift and_ "
    "or_ xor neg pos abs invert index contains getitem setitem delitem iadd iand isub "
    "ifloordiv ilshift imatmul imod imul ior ipow irshift itruediv ixor"
).split():
    _forward(f"__{_function.rstrip('_')}__", getattr(operator, _function))
for _function in (
    "add sub mul matmul truediv floordiv mod pow lshift rshift and_ or_ xor"
).split():
    _forward_swapped(f"__r{_function.rstrip('_')}__", getattr(operator, _function))
for _builtin in (
    str,
    bytes,
    hash,
    len,
    iter,
    next,
    reversed,
    int,
    float,
    complex,
    round,
    format,
):
    _forward(f"__{_builtin.__name__}__", _builtin)
_forward("__divmod__", divmod)
_forward_swapped("__rdivmod__", divmod)
for _whole in ("trunc", "floor", "ceil"):
    _forward(f"__{_whole}__", getattr(math, _whole))
for _special in (
    "enter",
    "exit",
    "aenter",
    "aexit",
    "aiter",
    "anext",
    "await",
    "fspath",
):
    _forward(
        f"__{_special}__",
        lambda found, *args, _name=f"__{_special}__": getattr(found, _name)(*args),
    )
_forward("__instancecheck__", lambda found, other: isinstance(other, found))
_forward("__subclasscheck__", lambda found, other: issubclass(other, found))
