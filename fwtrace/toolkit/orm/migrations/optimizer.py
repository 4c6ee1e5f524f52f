"""Fewer operations that do the same: ``AddField`` goes into its ``CreateModel``, and
what is made and removed again is left out.

What becomes of two operations is for them to say, ``one.reduce(other, app_label)``; the
optimizer brings them side by side, past those between them that do not mind.
"""

from __future__ import annotations

from collections.abc import Sequence

from fwtrace.toolkit.orm.migrations.operations import Operation

__all__ = ["MigrationOptimizer"]

Reduced = bool | list[Operation]


class MigrationOptimizer:
    """``MigrationOptimizer().optimize(operations, "blog")``"""

    def optimize(
        self, operations: Sequence[Operation], app_label: str
    ) -> list[Operation]:
        """The operations, until no two of them can be made fewer; those given are left
        as they are."""
        pairs = _Pairs(app_label)
        before: list[Operation] = []
        found = list(operations)
        while found != before:
            before = found
            found = _pass(found, pairs)
        return found


class _Pairs:
    """What becomes of two operations: each two are asked once, however often they are
    looked at."""

    def __init__(self, app_label: str) -> None:
        self._app_label = app_label
        self._reduced: dict[tuple[int, int], tuple[Reduced, Operation, Operation]] = {}
        self._put_after: dict[tuple[int, int], Operation | None] = {}

    def reduce(self, one: Operation, other: Operation) -> Reduced:
        key = id(one), id(other)
        found = self._reduced.get(key)
        if found is None:
            # They are kept, so that no other operation gets one of these numbers.
            found = one.reduce(other, self._app_label), one, other
            self._reduced[key] = found
        return found[0]

    def put_after(self, one: Operation, other: Operation) -> Operation | None:
        if self.reduce(one, other) is True:
            return one
        key = id(one), id(other)
        if key not in self._put_after:
            self._put_after[key] = one.put_after(other, self._app_label)
        return self._put_after[key]


def _pass(operations: list[Operation], pairs: _Pairs) -> list[Operation]:
    index = 0
    while index < len(operations):
        shorter = _reduced(operations, index, pairs)
        if shorter is None:
            index += 1
        else:
            operations = shorter
    return operations


def _reduced(
    operations: list[Operation], index: int, pairs: _Pairs
) -> list[Operation] | None:
    """With the operation of that place and a later one reduced; None if there is no
    such later one."""
    operation = operations[index]
    lowered: Operation | None = operation
    for place, other in enumerate(operations[index + 1 :], index + 1):
        made = pairs.reduce(lowered or operation, other)
        if not isinstance(made, list):
            lowered = lowered and pairs.put_after(lowered, other)
            continue
        between = operations[index + 1 : place]
        if lowered:
            return [*operations[:index], *between, *made, *operations[place + 1 :]]
        passed = _passed(between, other, pairs)
        if passed is not None:
            return [*operations[:index], *made, *passed, *operations[place + 1 :]]
    return None


def _passed(
    between: list[Operation], other: Operation, pairs: _Pairs
) -> list[Operation] | None:
    """Those between, with the other gone up past them; None where one is in its way."""
    found = []
    for each in reversed(between):
        moved = pairs.put_after(each, other)
        if moved is None:
            return None
        found.append(moved)
    return found[::-1]
