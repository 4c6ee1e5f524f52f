"""Mappings whose keys may come more than once, and those that cannot be changed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn

from fwtrace.frameworks.flask.exceptions import BadRequestKeyError

__all__ = [
    "CallbackDict",
    "CombinedMultiDict",
    "ImmutableDict",
    "ImmutableMultiDict",
    "MultiDict",
    "TypeConversionDict",
    "iter_multi_items",
]

_missing: Any = object()


class TypeConversionDict(dict[Any, Any]):
    """A dict whose :meth:`get` converts."""

    def get(
        self, key: Any, default: Any = None, type: Callable[[Any], Any] | None = None
    ) -> Any:
        """The value, through ``type``; the default where it is missing or does not
        convert."""
        try:
            found = self[key]
        except KeyError:
            return default
        if type is None:
            return found
        try:
            return type(found)
        except (ValueError, TypeError):
            return default


def iter_multi_items(mapping: Any) -> Iterator[tuple[Any, Any]]:
    """Every pair of a mapping; a list or tuple as a value stands for several."""
    if isinstance(mapping, MultiDict) or hasattr(mapping, "listvalues"):
        yield from mapping.items(multi=True)
    elif isinstance(mapping, Mapping):
        for key, value in mapping.items():
            if isinstance(value, (list, tuple, set)):
                for each in value:
                    yield key, each
            else:
                yield key, value
    else:
        yield from mapping


class MultiDict(TypeConversionDict):
    """``d[key]`` is the first value of the key, :meth:`getlist` gives them all.

    A missing key raises BadRequestKeyError, which is a KeyError and a 400.
    """

    def __init__(self, mapping: Any = None) -> None:
        super().__init__()
        lists: dict[Any, list[Any]] = {}
        for key, value in iter_multi_items(mapping or ()):
            lists.setdefault(key, []).append(value)
        dict.update(self, lists)

    @classmethod
    def of_lists(cls, lists: Mapping[Any, list[Any]]) -> Any:
        """One that takes the lists of values as they are."""
        made = cls.__new__(cls)
        dict.update(made, lists)
        return made

    def __getitem__(self, key: Any) -> Any:
        found = dict.get(self, key)
        if found:
            return found[0]
        raise BadRequestKeyError(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, [value])

    # Without an own __iter__, dict(multidict) would copy the lists.
    def __iter__(self) -> Iterator[Any]:
        return super().__iter__()

    def add(self, key: Any, value: Any) -> None:
        """Append a value to the key's."""
        dict.setdefault(self, key, []).append(value)

    def getlist(self, key: Any, type: Callable[[Any], Any] | None = None) -> list[Any]:
        """All values of the key; those that ``type`` cannot convert are left out."""
        found: list[Any] = dict.get(self, key) or []
        if type is None:
            return list(found)
        converted = []
        for each in found:
            try:
                converted.append(type(each))
            except (ValueError, TypeError):
                continue
        return converted

    def setlist(self, key: Any, new_list: Iterable[Any]) -> None:
        super().__setitem__(key, list(new_list))

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
            return default
        return self[key]

    def setlistdefault(
        self, key: Any, default_list: Iterable[Any] | None = None
    ) -> list[Any]:
        if key not in self:
            super().__setitem__(key, list(default_list or ()))
        found: list[Any] = dict.__getitem__(self, key)
        return found

    def items(self, multi: bool = False) -> Iterator[tuple[Any, Any]]:  # type: ignore[override]
        """(key, first value) of each key, or with ``multi`` every pair."""
        for key, values in dict.items(self):
            if multi:
                for value in values:
                    yield key, value
            else:
                yield key, values[0]

    def lists(self) -> Iterator[tuple[Any, list[Any]]]:
        for key, values in dict.items(self):
            yield key, list(values)

    def values(self) -> Iterator[Any]:  # type: ignore[override]
        return (values[0] for values in dict.values(self))

    def listvalues(self) -> Iterable[list[Any]]:
        return dict.values(self)

    def copy(self) -> Any:
        return type(self)(self)

    def deepcopy(self, memo: Any = None) -> Any:
        return type(self)(copy.deepcopy(self.to_dict(flat=False), memo))

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> Any:
        return self.deepcopy(memo)

    def __getstate__(self) -> Any:
        return dict(self.lists())

    def __setstate__(self, value: Any) -> None:
        dict.clear(self)
        dict.update(self, value)

    def to_dict(self, flat: bool = True) -> dict[Any, Any]:
        """A plain dict of first values, or of lists."""
        return dict(self.items()) if flat else dict(self.lists())

    def update(self, mapping: Any = (), /, **kwargs: Any) -> None:
        """Add the values to what is there."""
        for pairs in (mapping, kwargs):
            for key, value in iter_multi_items(pairs):
                self.add(key, value)

    def __or__(self, other: Any) -> Any:
        if not isinstance(other, Mapping):
            return NotImplemented
        joined = self.copy()
        joined.update(other)
        return joined

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self

    def pop(self, key: Any, default: Any = _missing) -> Any:
        """Remove the key; its first value."""
        found = dict.pop(self, key, None)
        if found:
            return found[0]
        if default is not _missing:
            return default
        raise BadRequestKeyError(key)

    def popitem(self) -> tuple[Any, Any]:
        key, values = self.popitemlist()
        return key, values[0]

    def poplist(self, key: Any) -> list[Any]:
        found: list[Any] = dict.pop(self, key, [])
        return found

    def popitemlist(self) -> tuple[Any, list[Any]]:
        try:
            return dict.popitem(self)
        except KeyError as error:
            raise BadRequestKeyError(*error.args) from None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.items(multi=True))!r})"


def _refuse(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
    raise TypeError(f"{type(self).__name__!r} objects are immutable")


class _Immutable:
    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse
    add = setlist = setlistdefault = poplist = popitemlist = _refuse


class ImmutableDict(_Immutable, dict[Any, Any]):
    """A dict that cannot be changed; :meth:`copy` gives one that can."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(dict.items(self)))

    def copy(self) -> dict[Any, Any]:
        return dict(self)

    def __copy__(self) -> Any:
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict.__repr__(self)})"


class ImmutableMultiDict(_Immutable, MultiDict):
    """A MultiDict that cannot be changed; :meth:`copy` gives one that can."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset((key, tuple(values)) for key, values in self.lists()))

    def copy(self) -> MultiDict:
        return MultiDict(self)

    def __copy__(self) -> Any:
        return self


class CombinedMultiDict(ImmutableMultiDict):
    """Several MultiDicts seen as one: the first that has a key answers."""

    def __init__(self, dicts: Iterable[MultiDict] | None = None) -> None:
        self.dicts = list(dicts or ())
        super().__init__()

    def __getitem__(self, key: Any) -> Any:
        for each in self.dicts:
            if key in each:
                return each[key]
        raise BadRequestKeyError(key)

    def get(
        self, key: Any, default: Any = None, type: Callable[[Any], Any] | None = None
    ) -> Any:
        for each in self.dicts:
            if key in each:
                if type is None:
                    return each[key]
                try:
                    return type(each[key])
                except (ValueError, TypeError):
                    continue
        return default

    def getlist(self, key: Any, type: Callable[[Any], Any] | None = None) -> list[Any]:
        return [found for each in self.dicts for found in each.getlist(key, type)]

    def keys(self) -> Any:
        return dict.fromkeys(key for each in self.dicts for key in each).keys()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def items(self, multi: bool = False) -> Iterator[tuple[Any, Any]]:  # type: ignore[override]
        seen = set()
        for each in self.dicts:
            for key, value in each.items(multi):
                if multi:
                    yield key, value
                elif key not in seen:
                    seen.add(key)
                    yield key, value

    def values(self) -> Iterator[Any]:  # type: ignore[override]
        return (value for _, value in self.items())

    def lists(self) -> Iterator[tuple[Any, list[Any]]]:
        for key in self.keys():
            yield key, self.getlist(key)

    def listvalues(self) -> Iterable[list[Any]]:
        return (values for _, values in self.lists())

    def copy(self) -> MultiDict:
        return MultiDict(self.items(multi=True))

    def __len__(self) -> int:
        return len(self.keys())

    def __contains__(self, key: object) -> bool:
        return any(key in each for each in self.dicts)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dicts!r})"


class CallbackDict(dict[Any, Any]):
    """A dict that calls ``on_update(dict)`` after every change."""

    def __init__(
        self, initial: Any = None, on_update: Callable[[Any], None] | None = None
    ) -> None:
        super().__init__(initial or ())
        self.on_update = on_update

    def _changed(self) -> None:
        if self.on_update is not None:
            self.on_update(self)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        is_new = key not in self
        found = super().setdefault(key, default)
        if is_new:
            self._changed()
        return found

    def pop(self, key: Any, default: Any = _missing) -> Any:
        is_there = key in self
        found = super().pop(key) if default is _missing else super().pop(key, default)
        if is_there:
            self._changed()
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._changed()

    def clear(self) -> None:
        super().clear()
        self._changed()

    def popitem(self) -> tuple[Any, Any]:
        found = super().popitem()
        self._changed()
        return found

    def update(self, *args: Any, **kwargs: Any) -> None:
        super().update(*args, **kwargs)
        self._changed()

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]
        self.update(other)
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict.__repr__(self)}>"
