"""The values of a statement, taken out of the calls that gave them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.sql import Query

__all__ = [
    "Const",
    "Param",
    "SQL",
    "Scope",
    "Slots",
]


class Param(NamedTuple):
    """A parameter of a statement: which of the values given, and what is done to it.

    ``many`` is one value that is a list, written out at the time of asking: by
    ``process``, unless that is the dialect's usual way.
    """

    slot: int
    process: Callable[[Any], Any] | None = None
    many: bool = False


class Const(NamedTuple):
    """A parameter that is the same at every run."""

    value: Any


SQL: TypeAlias = "tuple[str, list[Param | Const]]"
"""Text with a placeholder for each parameter, and the parameters."""


class Slots:
    """The values of one call, taken out of it, each with its number."""

    def __init__(self, base: int = 0) -> None:
        self.base = base
        self.values: list[Any] = []
        self.prepares: dict[int, Callable[[Any], Any]] = {}
        self.is_volatile = False
        """The statement depends on a value: it is good for this call only."""
        self._places: dict[Hashable, int] = {}
        self._kept: list[Any] = []

    def add(self, leaf: Any, value: Any, position: int = 0) -> None:
        self._places[id(leaf), position] = self.base + len(self.values)
        self._kept.append(leaf)  # an id is one object's for as long as it lives
        self.values.append(value)

    def extend(self, leaf: Any, values: Sequence[Any]) -> None:
        """All values of a queryset: its first gets the number."""
        self._places[id(leaf), 0] = self.base + len(self.values)
        self._kept.append(leaf)
        self.values.extend(values)

    def place(self, leaf: Any, position: int = 0) -> int | None:
        return self._places.get((id(leaf), position))

    def value(self, place: int) -> Any:
        return self.values[place - self.base]


class Scope:
    """Where names are looked up: a query, and what may be done to it for that."""

    def __init__(
        self,
        query: Query,
        slots: Slots,
        reuse: set[str] | None = None,
        is_negated: bool = False,
        allow_joins: bool = True,
        splits: bool = False,
    ) -> None:
        self.query = query
        self.slots = slots
        self.reuse = reuse
        """Many-valued joins that may serve again; None for all there are."""
        self.is_negated = is_negated
        self.allow_joins = allow_joins
        self.splits = splits
        """What is denied over a many-valued relation is asked in a subquery: of a
        filter's conditions it is, of those within an expression it is not."""
