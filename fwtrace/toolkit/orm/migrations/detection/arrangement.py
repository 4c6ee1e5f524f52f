"""From steps to migrations: cuts where apps wait for each other, and an order.

An app gets one migration, unless it and others need something of each other: then one
of them goes ahead as far as it can. Within a migration the steps go phase by phase,
each after what it needs. A model is made with all its parts, except where models need
each other: then what would close the circle is added once both are there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import TypeVar

from fwtrace.toolkit.orm.migrations.detection.steps import Fact, Step, Whole
from fwtrace.toolkit.orm.migrations.exceptions import CircularDependencyError
from fwtrace.toolkit.orm.migrations.operations import Operation
from fwtrace.toolkit.orm.migrations.state import Key

__all__ = ["Cut", "arrange", "cut"]

T = TypeVar("T")
Waits = Mapping[Step, Collection[Step]]
"""For each step those that come before it."""


class Cut:
    """The steps of one migration.

    ``after`` has the last cut of each other app that it comes after; ``outside`` the
    models of other apps that it needs and that no step makes; ``chosen`` those that it
    needs and that others may take the place of.
    """

    def __init__(self, number: int, app_label: str, steps: list[Step]) -> None:
        self.number = number
        self.app_label = app_label
        self.steps = steps
        self.after: dict[str, Cut] = {}
        self.outside: list[Key] = []
        self.chosen: list[Key] = []
        self.operations: list[Operation] = []

    def come_after(self, other: Cut) -> None:
        if other.app_label == self.app_label:
            return
        known = self.after.get(other.app_label)
        if known is None or known.number < other.number:
            self.after[other.app_label] = other


def cut(steps: Sequence[Step], swappable: Collection[Key] = ()) -> list[Cut]:
    """The migrations, each after those that it needs."""
    givers = _givers(steps)
    waits = {step: _before(step, givers) for step in steps}
    found = _Cutting(steps, waits).cuts()
    cut_of = {step: each for each in found for step in each.steps}
    for each in found:
        each.operations = arrange(each.steps, waits)
        for fact in dict.fromkeys(fact for step in each.steps for fact in step.needs):
            kind, key, _ = fact
            is_far = key[0] != each.app_label and kind in ("made", "known")
            if is_far and key in swappable:
                each.chosen.append(key)
            elif fact in givers:
                for giver in givers[fact]:
                    each.come_after(cut_of[giver])
            elif is_far:
                each.outside.append(key)
    return found


def _givers(steps: Iterable[Step]) -> dict[Fact, list[Step]]:
    found: dict[Fact, list[Step]] = {}
    for step in steps:
        for fact in step.gives:
            found.setdefault(fact, []).append(step)
    return found


def _before(step: Step, givers: Mapping[Fact, list[Step]]) -> Collection[Step]:
    found = {
        giver: None
        for fact in step.needs
        for giver in givers.get(fact, ())
        if giver is not step
    }
    return found.keys()


class _Cutting:
    """What is left to cut, app by app."""

    def __init__(self, steps: Iterable[Step], waits: Waits) -> None:
        self.waits = waits
        self.done: set[Step] = set()
        self.left: dict[str, list[Step]] = {}
        for step in steps:
            self.left.setdefault(step.app_label, []).append(step)

    def cuts(self) -> list[Cut]:
        found: list[Cut] = []
        while self.left:
            app_label, steps = self._next()
            found.append(Cut(len(found), app_label, steps))
            self.done.update(steps)
            rest = [step for step in self.left[app_label] if step not in self.done]
            if rest:
                self.left[app_label] = rest
            else:
                del self.left[app_label]
        return found

    def _next(self) -> tuple[str, list[Step]]:
        waits = {app: self._awaited(app) for app in sorted(self.left)}
        tied = sorted(knot(waits, next(iter(waits))))
        if len(tied) == 1:
            return tied[0], self.left[tied[0]]
        # The one that goes ahead is one after which most of the others can follow.
        ahead = {app: self._possible(app) for app in tied}
        app = max(tied, key=lambda app: (bool(ahead[app]), self._follow(ahead[app])))
        if not ahead[app]:
            raise _deadlock(step for each in tied for step in self.left[each])
        return app, ahead[app]

    def _awaited(self, app: str) -> list[str]:
        """The apps that one cannot be done without."""
        found = {
            other.app_label
            for step in self.left[app]
            for other in self.waits[step]
            if other not in self.done
        }
        return sorted(found - {app})

    def _possible(self, app: str) -> list[Step]:
        """Those of an app that wait for none of another's."""
        return _closure(self.left[app], self.waits, self.done.__contains__)

    def _follow(self, steps: Collection[Step]) -> int:
        """How many apps could be done at once after these steps."""
        done = self.done.union(steps)
        return sum(
            len(_closure(left, self.waits, done.__contains__)) == len(left)
            for left in self.left.values()
        )


def _closure(
    steps: Iterable[Step], waits: Waits, is_done: Callable[[Step], bool]
) -> list[Step]:
    """Of the steps those that need nothing but what is done, and one another."""
    found: dict[Step, None] = {}
    waiting = list(steps)
    while True:
        ready = [
            step
            for step in waiting
            if all(other in found or is_done(other) for other in waits[step])
        ]
        if not ready:
            return list(found)
        found |= dict.fromkeys(ready)
        waiting = [step for step in waiting if step not in found]


def knot(waits: Mapping[T, Iterable[T]], start: T) -> list[T]:
    """What waits for one another and for nothing else, on the way from ``start``: a
    single one if it waits for nothing."""
    path: list[dict[T, None]] = [{start: None}]
    while True:
        inner = path[-1]
        ahead = [each for one in inner for each in waits[one] if each not in inner]
        if not ahead:
            return list(inner)
        place = next((i for i, each in enumerate(path) if ahead[0] in each), len(path))
        # Whoever is met again waits for all that come after it.
        path[place:] = [{k: None for each in path[place:] for k in each}]
        path[place].setdefault(ahead[0])


# The order within a migration.


class _Unit:
    """Steps that become one operation: a single one, or a model with its parts."""

    def __init__(self, steps: list[Step], whole: Whole | None = None) -> None:
        self.steps = steps
        self.whole = whole
        self.rank = (steps[0] if whole is None else whole.core).rank

    def operation(self) -> Operation:
        if self.whole is None:
            return self.steps[0].operation
        return self.whole.operation(self.steps)


def arrange(steps: Iterable[Step], waits: Waits) -> list[Operation]:
    """The operations of the steps, in their order."""
    units = left = _units(steps)
    done: set[_Unit] = set()
    while True:
        done.update(_in_order(_unit_waits(left, waits)))
        left = [unit for unit in units if unit not in done]
        if not left:
            break
        left = _untied(left, _unit_waits(left, waits), waits)
        units = [*(unit for unit in units if unit in done), *left]
    # What was taken apart may now come before what was ready without it.
    return [unit.operation() for unit in _in_order(_unit_waits(units, waits))]


def _units(steps: Iterable[Step]) -> list[_Unit]:
    steps = list(steps)
    present = set(steps)
    single: list[_Unit] = []
    together: dict[int, _Unit] = {}
    for step in steps:
        whole = step.whole
        if whole is None or whole.core not in present:
            single.append(_Unit([step]))
        elif id(whole) in together:
            together[id(whole)].steps.append(step)
        else:
            together[id(whole)] = _Unit([step], whole)
    return [*together.values(), *single]


def _unit_waits(units: Iterable[_Unit], waits: Waits) -> dict[_Unit, list[_Unit]]:
    unit_of = {step: unit for unit in units for step in unit.steps}
    return {
        unit: list(
            dict.fromkeys(
                unit_of[other]
                for step in unit.steps
                for other in waits[step]
                if unit_of.get(other, unit) is not unit
            )
        )
        for unit in units
    }


def _in_order(waits: Mapping[_Unit, list[_Unit]]) -> list[_Unit]:
    """As many as can be; of several the one of the lowest rank is next."""
    followers: dict[_Unit, list[_Unit]] = {unit: [] for unit in waits}
    missing = {unit: len(before) for unit, before in waits.items()}
    for unit, before in waits.items():
        for each in before:
            followers[each].append(unit)
    ready = [(unit.rank, unit) for unit in waits if not missing[unit]]
    heapify(ready)
    found: list[_Unit] = []
    while ready:
        _, unit = heappop(ready)
        found.append(unit)
        for each in followers[unit]:
            missing[each] -= 1
            if not missing[each]:
                heappush(ready, (each.rank, each))
    return found


def _untied(
    units: list[_Unit], ahead: Mapping[_Unit, list[_Unit]], waits: Waits
) -> list[_Unit]:
    """The units with one of a knot taken apart, the one that costs the least."""
    blocked = {step for unit in units for step in unit.steps}
    tied = (_apart(u, waits, blocked) for u in knot(ahead, units[0]) if u.whole)
    ways = [way for way in tied if way is not None]
    if not ways:
        raise _deadlock(blocked)
    _, chosen, pieces = min(ways, key=lambda way: way[0])
    return [*pieces, *(unit for unit in units if unit is not chosen)]


_Way = tuple[tuple[int, int], _Unit, list[_Unit]]
"""What it costs to take a unit apart, the unit, and the pieces."""


def _apart(unit: _Unit, waits: Waits, blocked: Collection[Step]) -> _Way | None:
    """A model without the parts that are to wait, or a model that is deleted after
    those parts that others wait for; None if that would help nobody."""
    whole = unit.whole
    assert whole is not None
    now = _closure(unit.steps, waits, lambda step: step not in blocked)
    rest = [step for step in unit.steps if step not in now]
    _, number = unit.rank
    if whole.is_deletion:
        cost = len(now), -number
        return (cost, unit, [*_singles(now), _Unit(rest, whole)]) if now else None
    cost = sum(step.adds_column for step in rest), number
    pieces = [_Unit(now, whole), *_singles(rest)]
    return (cost, unit, pieces) if whole.core in now else None


def _singles(steps: Iterable[Step]) -> list[_Unit]:
    return [_Unit([step]) for step in steps]


def _deadlock(steps: Iterable[Step]) -> CircularDependencyError:
    waiting = "; ".join(
        f"{step.app_label}: {step.operation.describe()}"
        for step in sorted(steps, key=lambda step: (step.app_label, step.rank))
    )
    return CircularDependencyError(
        f"These changes wait for each other: {waiting}. Make them in two steps."
    )
