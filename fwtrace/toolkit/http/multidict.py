"""A mapping whose keys may come more than once, as query strings and forms have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

__all__ = ["MultiDict"]

V = TypeVar("V")


class MultiDict(Generic[V]):
    """``d[key]`` is the first value of the key, :meth:`getlist` gives them all."""

    __slots__ = ("_lists",)

    def __init__(
        self, pairs: Mapping[str, V] | Iterable[tuple[str, V]] | None = None
    ) -> None:
        self._lists: dict[str, list[V]] = {}
        if pairs:
            for key, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
                self.add(key, value)

    def add(self, key: str, value: V) -> None:
        """Append a value to the key's."""
        found = self._lists.get(key)
        if found is None:
            self._lists[key] = [value]
        else:
            found.append(value)

    def __getitem__(self, key: str) -> V:
        return self._lists[key][0]

    def __setitem__(self, key: str, value: V) -> None:
        self._lists[key] = [value]

    def __contains__(self, key: object) -> bool:
        return key in self._lists

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def get(
        self,
        key: str,
        default: Any = None,
        type: Callable[[V], Any] | None = None,
    ) -> Any:
        """The first value, converted by ``type``; the default where that fails."""
        found = self._lists.get(key)
        if found is None:
            return default
        if type is None:
            return found[0]
        try:
            return type(found[0])
        except (TypeError, ValueError):
            return default

    def getlist(self, key: str) -> list[V]:
        return list(self._lists.get(key, ()))

    def keys(self) -> Iterable[str]:
        return self._lists.keys()

    def values(self) -> Iterator[V]:
        return (values[0] for values in self._lists.values())

    def items(self, multi: bool = False) -> Iterator[tuple[str, V]]:
        """(key, first value) of each key, or with ``multi`` every pair."""
        if multi:
            return ((k, v) for k, values in self._lists.items() for v in values)
        return ((k, values[0]) for k, values in self._lists.items())

    def to_dict(self, flat: bool = True) -> dict[str, Any]:
        """A plain dict of first values, or of lists."""
        if flat:
            return dict(self.items())
        return {key: list(values) for key, values in self._lists.items()}

    def __eq__(self, other: object) -> bool:
        if isinstance(other, MultiDict):
            return self._lists == other._lists
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"MultiDict({list(self.items(multi=True))!r})"
