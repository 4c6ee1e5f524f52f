"""From queryset to queryset: a plan, and the values that go into it.

Each method leads to a plan that its queryset's plan has as a child, under the method's
name and the shape of what it was given. The first call builds it; the others find it.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from fwtrace.toolkit.orm.compiler import ALL_ROWS, Limits
from fwtrace.toolkit.orm.exceptions import OutOfRange
from fwtrace.toolkit.orm.plans import Plan
from fwtrace.toolkit.orm.slots import Slots
from fwtrace.toolkit.orm.sql import Query
from fwtrace.toolkit.orm.where import Q

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = ["Chain", "M"]

M = TypeVar("M")

_PLAIN = frozenset(
    (
        int,
        str,
        float,
        bytes,
        Decimal,
        datetime.date,
        datetime.datetime,
        datetime.time,
        datetime.timedelta,
        uuid.UUID,
    )
)


class Chain(Generic[M]):
    """What a queryset is made of, and how a method leads from one to the next."""

    _cache: list[M] | None

    def __init__(
        self,
        model: type[Model],
        query: Query | None = None,
        using: str | None = None,
        hints: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.plan: Plan = model._meta.plan if query is None else Plan(query)
        self.limits: Limits = ALL_ROWS
        self._values: tuple[Any, ...] = ()
        self._cache = None
        self._db = using
        self._hints = hints
        self._prefetch: tuple[Any, ...] = ()
        self._prefetched = False
        self.known_related: tuple[Any, Any] | None = None

    def _clone(self) -> Self:
        made = object.__new__(type(self))
        state = made.__dict__
        state.update(self.__dict__)
        state["_cache"] = None
        state["_prefetched"] = False
        return made

    def _grown(
        self,
        method: str,
        given: Sequence[Any],
        build: Callable[[Query, Slots], None],
        *options: Any,
    ) -> Self:
        """The queryset that a method leads to; ``given`` are its expressions and
        names."""
        slots = Slots(len(self._values))
        key: Any
        try:
            shape = [each if type(each) is str else each.split(slots) for each in given]
            key = (method, *options, *shape)
            found = self.plan.children.get(key)
        except TypeError:  # something in it has no shape, or cannot be hashed
            slots = Slots(len(self._values))
            for each in given:
                if type(each) is not str:
                    _split_what_can(each, slots)
            key = found = None
        plan = found or self.plan.grow(key, slots, build)
        made = self._clone()
        made.plan = plan
        if slots.values:
            made._values = (*self._values, *_prepared(plan, slots.values))
        return made

    def _narrowed(
        self, negated: bool, args: tuple[Any, ...], conditions: dict[str, Any]
    ) -> Self:
        if self.limits != ALL_ROWS:
            raise TypeError("Cannot filter a queryset once a slice has been taken.")
        self._refuse_after_combination("exclude" if negated else "filter")
        key: Any = None
        if not args:
            for value in conditions.values():
                if type(value) not in _PLAIN:
                    break
            else:
                key = (negated, *conditions)
                plan = self.plan.children.get(key)
                if plan is not None:
                    try:
                        values = [
                            value if prepare is None else prepare(value)
                            for prepare, value in zip(
                                plan.prepares, conditions.values(), strict=True
                            )
                        ]
                    except OutOfRange:
                        pass
                    else:
                        made = self._clone()
                        made.plan = plan
                        made._values = (*self._values, *values)
                        return made
        return self._narrowed_slowly(negated, Q(*args, **conditions), key)

    def _narrowed_slowly(self, negated: bool, q: Q, key: Any) -> Self:
        if negated:
            q = ~q
        slots = Slots(len(self._values))
        try:
            shape = q.split(slots)
            key = key or ("filter", shape)
            plan = self.plan.children.get(key)
        except TypeError:
            slots = Slots(len(self._values))
            _split_what_can(q, slots)
            key = plan = None

        def build(query: Query, slots: Slots) -> None:
            query.add_condition(q, slots)

        try:
            plan = plan or self.plan.grow(key, slots, build)
            values = _prepared(plan, slots.values)
        except OutOfRange:
            plan = self.plan.grow(None, slots, build)
            values = _prepared(plan, slots.values)
        made = self._clone()
        made.plan = plan
        made._values = (*self._values, *values)
        return made

    def _refuse_after_combination(self, method: str) -> None:
        if self.plan.query.combination is not None:
            operator = self.plan.query.combination.operator.lower()
            raise NotImplementedError(
                f"Calling QuerySet.{method}() after {operator}() is not supported."
            )

    @property
    def is_empty(self) -> bool:
        """It can have no rows, whatever is in the database."""
        return self.plan.query.is_empty

    # What is part of a greater query.

    def shape(self) -> Any:
        return (id(self.plan), self.plan, self.limits)

    def slot_values(self) -> tuple[Any, ...]:
        return self._values

    def query_for_subquery(self) -> Query:
        return self.plan.query

    def _sliced(self, start: int, stop: int | None) -> Self:
        """The rows from ``start`` up to ``stop`` of those that these limits leave."""
        if start < 0 or (stop is not None and stop < 0):
            raise ValueError("Negative slicing is not supported: use reverse().")
        made = self._clone()
        low, high = self.limits
        if stop is not None:
            high = low + stop if high is None else min(high, low + stop)
        low = low + start if high is None else min(high, low + start)
        made.limits = (low, high)
        return made


def _prepared(plan: Plan, values: Sequence[Any]) -> list[Any]:
    prepares = plan.prepares
    return [
        value if prepare is None else prepare(value)
        for prepare, value in zip(prepares, values, strict=True)
    ]


def _split_what_can(node: Any, slots: Slots) -> None:
    """Number the values of a tree of which a part has no shape."""
    if isinstance(node, Q):
        for number, child in enumerate(node.children):
            if not isinstance(child, tuple):
                _split_what_can(child, slots)
                continue
            value = child[1]
            if hasattr(value, "slot_values") or hasattr(value, "resolve"):
                _split_what_can(value, slots)
            elif value is None or isinstance(value, bool):
                pass
            elif isinstance(value, (list, tuple, set, frozenset)) and any(
                hasattr(each, "resolve") for each in value
            ):
                for each in value:
                    if hasattr(each, "resolve"):
                        _split_what_can(each, slots)
            elif not (isinstance(value, (list, tuple, set, frozenset)) and not value):
                slots.add(node, value, number)
    elif hasattr(node, "slot_values"):
        slots.extend(node, node.slot_values())
    elif hasattr(node, "split"):
        try:
            hash(node.split(slots))
        except TypeError:
            for child in node.children() if hasattr(node, "children") else ():
                _split_what_can(child, slots)
