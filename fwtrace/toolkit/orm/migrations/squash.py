"""One migration for many, and one that joins branches.

squash(loader, "blog", "", "0042")    0001_squashed_0042_...: the same in fewer steps
merge(loader, "blog")                 0043_merge_...: after each of the latest ones
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.migrations.exceptions import (
    CircularDependencyError,
    ConflictError,
    MigrationError,
)
from fwtrace.toolkit.orm.migrations.graph import Key, label
from fwtrace.toolkit.orm.migrations.loading.modules import is_importable
from fwtrace.toolkit.orm.migrations.migration import LONGEST_NAME, Migration
from fwtrace.toolkit.orm.migrations.operations import (
    Operation,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from fwtrace.toolkit.orm.migrations.optimizer import MigrationOptimizer
from fwtrace.toolkit.orm.migrations.touched import touched

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.migrations.loader import MigrationLoader

__all__ = ["Squashed", "merge", "squash"]

OPAQUE = (RunPython, RunSQL, SeparateDatabaseAndState)
"""Nobody can tell what these do, so nothing is moved past them."""


@dataclass(frozen=True)
class Squashed:
    """``kept`` are the operations that nothing could be reduced past, each with the
    migration that it comes from; ``notes`` are sentences on what is left to people."""

    migration: Migration
    replaced: list[Migration]
    kept: list[tuple[Migration, Operation]]
    notes: list[str]

    @property
    def before(self) -> int:
        """How many operations there were."""
        return sum(len(each.operations) for each in self.replaced)


def squash(
    loader: MigrationLoader,
    app_label: str,
    start: str | None,
    end: str,
    name: str = "",
    no_optimize: bool = False,
) -> Squashed:
    """From the migration ``start``, or the first where none is named, to ``end``:
    beginnings of names will do. ``name`` is for the new one, without its number."""
    replaced = _range(loader, app_label, start, end)
    made = Migration(_name(replaced, bool(start), name), app_label)
    if made.key in loader.disk_migrations:
        raise MigrationError(f"There is a migration {made} already: name another.")
    made.replaces.extend(each.key for each in replaced)
    made.initial = not _own_dependencies(replaced) and replaced[0].initial is not False
    made.atomic = all(each.atomic for each in replaced)
    made.dependencies.extend(_outside(replaced, "dependencies"))
    made.run_before.extend(_outside(replaced, "run_before"))
    _ensure_no_circle(loader, made, replaced)
    steps = [step for each in replaced for step in each.operations]
    made.operations.extend(steps if no_optimize else _fewer(steps, app_label))
    origins = {id(step): each for each in replaced for step in each.operations}
    kept: list[tuple[Migration, Operation]] = [
        (origins[id(step)], step)
        for step in made.operations
        if isinstance(step, OPAQUE) and id(step) in origins
    ]
    notes = [
        *_on_kept(kept),
        *_on_functions(made, replaced),
        *_on_atomic(made, replaced),
    ]
    return Squashed(made, replaced, kept, notes)


def _fewer(operations: list[Operation], app_label: str) -> list[Operation]:
    found = MigrationOptimizer().optimize(operations, app_label)
    return [each for each in found if not each.elidable]


def _range(
    loader: MigrationLoader, app_label: str, start: str | None, end: str
) -> list[Migration]:
    last = loader.get_migration_by_prefix(app_label, end).key
    plan = [key for key in loader.graph.forwards_plan(last) if key[0] == app_label]
    if start:
        first = loader.get_migration_by_prefix(app_label, start).key
        if first not in plan:
            raise MigrationError(
                f"{label(first)} does not come before {label(last)}: squash from one "
                "that does."
            )
        plan = plan[plan.index(first) :]
    if len(plan) < 2:
        raise MigrationError(
            f"There is only {label(last)} to squash: name one further apart."
        )
    return [loader.graph.nodes[key] for key in plan]


def _name(replaced: Sequence[Migration], is_from_start: bool, name: str) -> str:
    first = replaced[0].name if is_from_start else "0001"
    if name:
        return f"{first.partition('_')[0]}_{name}"
    return f"{first}_squashed_{replaced[-1].name}"


def _own_dependencies(replaced: Sequence[Migration]) -> list[Key]:
    app_label = replaced[0].app_label
    named = _outside(replaced, "dependencies")
    return [each for each in named if each[0] == app_label]


def _outside(replaced: Sequence[Migration], attribute: str) -> list[Any]:
    """What they name besides each other, in the order in which they do."""
    app_label = replaced[0].app_label
    inside = {each.key for each in replaced} | {(app_label, "__first__")}
    named = [each for migration in replaced for each in getattr(migration, attribute)]
    return list(dict.fromkeys(each for each in named if each[:2] not in inside))


def _ensure_no_circle(
    loader: MigrationLoader, made: Migration, replaced: Sequence[Migration]
) -> None:
    """What it is to come after may not come after a part of it."""
    inside = {each.key for each in replaced}
    for dependency in made.dependencies:
        key = loader.resolve(dependency[:2])
        if key is None or key not in loader.graph:
            continue
        between = [each for each in loader.graph.forwards_plan(key) if each in inside]
        if between:
            raise CircularDependencyError(
                f"{made} would wait for itself: it comes after {label(key)}, which "
                f"comes after {label(between[-1])}. Squash what lies before and what "
                "lies after one by one."
            )


# What is left to people.


def _on_kept(kept: Sequence[tuple[Migration, Operation]]) -> Iterator[str]:
    named = ", ".join(f"{step.describe()} ({each.name})" for each, step in kept)
    if named:
        yield (
            f"Nothing is reduced past {named}: mark with elidable=True what a new "
            "database has no need of."
        )


def _on_functions(made: Migration, replaced: Sequence[Migration]) -> Iterator[str]:
    files = {type(each).__module__: each for each in replaced}
    for each in dict.fromkeys(_all_named(made.operations)):
        origin = files.get(each.__module__)
        if origin is None:
            continue
        name = each.__qualname__
        if is_importable(each.__module__):
            yield (
                f"{each.__module__}.{name} is called by {made.name}: copy it there "
                f"before {origin.name} is deleted."
            )
        else:
            line = inspect.getsourcelines(each)[1]
            yield (
                f"Copy {name} from {origin.path}, line {line}, into {made.name}: "
                "Python cannot import it from there."
            )


def _on_atomic(made: Migration, replaced: Sequence[Migration]) -> Iterator[str]:
    if not made.atomic:
        names = ", ".join(each.name for each in replaced if not each.atomic)
        yield (
            f"{made.name} runs outside of a transaction, as {names} did: put what "
            "needs that into a migration of its own."
        )


def _all_named(given: Any) -> Iterator[Any]:
    """The functions and classes in operations, in their fields, and so on."""
    if inspect.isfunction(given) or isinstance(given, type):
        yield given
    elif isinstance(given, functools.partial):
        yield from _all_named((given.func, given.args, given.keywords))
    elif isinstance(given, dict):
        yield from _all_named([*given, *given.values()])
    elif isinstance(given, (list, tuple, set, frozenset)):
        for each in given:
            yield from _all_named(each)
    elif inspect.ismethod(given):
        yield from _all_named(given.__self__)
    elif hasattr(given, "deconstruct"):
        yield type(given)
        yield from _all_named(list(given.deconstruct()))


# Branches.


def merge(
    loader: MigrationLoader, app_label: str, names: Iterable[str] = ()
) -> Migration:
    """A migration after each of these, or after each latest one of the app, that does
    nothing: ConflictError where the branches do not get along with each other."""
    leaves = sorted(names) or loader.detect_conflicts().get(app_label, [])
    if len(leaves) < 2:
        raise MigrationError(
            f"The app {app_label!r} has no two latest migrations: there is nothing to "
            "merge."
        )
    keys = [loader.get_migration_by_prefix(app_label, each).key for each in leaves]
    for one, other in combinations(keys, 2):
        _ensure_apart(loader, one, other)
    made = Migration(_merged_name([name for _, name in keys]), app_label)
    made.dependencies.extend(keys)
    return made


def _ensure_apart(loader: MigrationLoader, one: Key, other: Key) -> None:
    for mine, step in _only(loader, one, other):
        for theirs, another in _only(loader, other, one):
            what = touched(step).clash(touched(another))
            if what:
                raise ConflictError(
                    f"{mine.name} ({step.describe()}) and {theirs.name} "
                    f"({another.describe()}) both have to do with {what}, and neither "
                    "comes after the other: let one of them depend on the other."
                )


def _only(
    loader: MigrationLoader, one: Key, other: Key
) -> list[tuple[Migration, Operation]]:
    """The operations that lead to one and not to the other."""
    graph = loader.graph
    shared = set(graph.forwards_plan(other))
    return [
        (graph.nodes[key], operation)
        for key in graph.forwards_plan(one)
        if key not in shared and key[0] == one[0]
        for operation in graph.nodes[key].operations
    ]


def _merged_name(names: Sequence[str]) -> str:
    number = max(map(_number, names)) + 1
    words = [re.sub(r"^\d+_", "", name) for name in names]
    name = f"{number:04}_merge_{'_'.join(words)}"
    return name if len(name) <= LONGEST_NAME else f"{number:04}_merge"


def _number(name: str) -> int:
    """The number that a name begins with, or of a squashed one that it ends with."""
    found = re.search(r"_squashed_(\d+)", name) or re.match(r"(\d+)", name)
    return int(found[1]) if found else 0
