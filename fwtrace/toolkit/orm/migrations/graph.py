"""The migrations of all apps, and which of them come before which.

    graph = MigrationGraph()
    graph.add_node(("blog", "0001_initial"), first)
    graph.add_node(("blog", "0002_tags"), second)
    graph.add_dependency(second, ("blog", "0002_tags"), ("blog", "0001_initial"))
    graph.forwards_plan(("blog", "0002_tags"))    both keys, the first first

Nothing here recurses: a history may be as long as it likes. Where an order is free, it
is that of the keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any

from fwtrace.toolkit.orm.migrations.exceptions import (
    BadMigrationError,
    CircularDependencyError,
    NodeNotFoundError,
)
from fwtrace.toolkit.orm.migrations.migration import Migration
from fwtrace.toolkit.orm.migrations.state import ProjectState

__all__ = ["Key", "MigrationGraph", "label", "near"]

Key = tuple[str, str]
"""``("blog", "0001_initial")``: an app, and the name of one of its migrations."""


class MigrationGraph:
    """``nodes`` are migrations by key; ``parents`` the keys of what comes before each,
    ``children`` of what comes after it."""

    def __init__(self) -> None:
        self.nodes: dict[Key, Migration] = {}
        self.parents: dict[Key, set[Key]] = {}
        self.children: dict[Key, set[Key]] = {}
        self._wanted_by: dict[Key, Any] = {}
        """Of keys that are named and not there yet, the migration that names them."""
        self._walked: tuple[list[Key], ProjectState] = [], ProjectState()

    def __repr__(self) -> str:
        edges = sum(map(len, self.parents.values()))
        return f"<MigrationGraph: {len(self.nodes)} migrations, {edges} dependencies>"

    def __contains__(self, key: object) -> bool:
        return key in self.nodes

    # Building it.

    def add_node(self, key: Key, migration: Migration) -> None:
        self.nodes[key] = migration
        self._make_place(key)
        self._wanted_by.pop(key, None)

    def add_dependency(
        self,
        migration: Migration | None,
        child: Key,
        parent: Key,
        skip_validation: bool = False,
    ) -> None:
        """Have the child come after the parent, as the migration demands.

        Either may be added later where ``validate_consistency`` is called at the end.
        """
        for key in (child, parent):
            if key not in self.nodes:
                self._make_place(key)
                self._wanted_by.setdefault(key, migration)
        self._link(child, parent)
        if not skip_validation:
            self.validate_consistency()

    def _make_place(self, key: Key) -> None:
        self.parents.setdefault(key, set())
        self.children.setdefault(key, set())
        self._walked = [], ProjectState()

    def _link(self, child: Key, parent: Key) -> None:
        self.parents[child].add(parent)
        self.children[parent].add(child)
        self._walked = [], ProjectState()

    def _take_out(self, key: Key) -> tuple[set[Key], set[Key]]:
        """Remove a node; the parents and the children that it had."""
        self.nodes.pop(key, None)
        self._wanted_by.pop(key, None)
        parents, children = self.parents.pop(key), self.children.pop(key)
        for parent in parents:
            self.children[parent].discard(key)
        for child in children:
            self.parents[child].discard(key)
        self._walked = [], ProjectState()
        return parents, children

    def remove_replaced_nodes(self, replacement: Key, replaced: Iterable[Key]) -> None:
        """Put a squashed migration into the place of those that it replaces."""
        self._require(replacement)
        gone = {key for key in replaced if key in self.parents and key != replacement}
        for key in gone:
            parents, children = self._take_out(key)
            for parent in parents - gone - {replacement}:
                self._link(replacement, parent)
            for child in children - gone - {replacement}:
                self._link(child, replacement)

    def remove_replacement_node(
        self, replacement: Key, replaced: Iterable[Key]
    ) -> None:
        """Leave a squashed migration out: what comes after it comes after the last of
        those that it would have replaced."""
        self._require(replacement)
        _, children = self._take_out(replacement)
        kept = {key for key in replaced if key in self.nodes}
        for last in kept:
            if not self.children[last] & kept:
                for child in children - kept:
                    self._link(child, last)

    # Checking it.

    def validate_consistency(self) -> None:
        """Raise NodeNotFoundError for a migration that another one names and that is
        not there."""
        if not self._wanted_by:
            return
        key, origin = min(self._wanted_by.items(), key=lambda item: item[0])
        who = "" if origin is None else f"{_place(origin)} depends on {label(key)}: "
        raise NodeNotFoundError(f"{who}{self._no_such(key)}", key, origin)

    def _no_such(self, key: Key) -> str:
        app, name = key
        names = [known for owner, known in self.nodes if owner == app]
        if not names:
            return (
                f"there are no migrations of the app {app!r}. Add the folder that they "
                "are in, or take the dependency out."
            )
        return f"the app {app!r} has no migration {name!r}.{near(name, names)}"

    def _require(self, key: Key) -> None:
        if key not in self.nodes:
            found = self._no_such(key)
            raise NodeNotFoundError(f"{found[0].upper()}{found[1:]}", key)

    def ensure_not_cyclic(self) -> None:
        """Raise CircularDependencyError, naming all that wait for each other."""
        ordered = {key: sorted(self.parents[key]) for key in sorted(self.parents)}
        try:
            TopologicalSorter(ordered).prepare()
        except CycleError as error:
            cycle = error.args[1][:0:-1]
            start = cycle.index(min(cycle))
            named = [*cycle[start:], *cycle[:start], cycle[start]]
            raise CircularDependencyError(
                f"These migrations wait for each other: "
                f"{' -> '.join(map(label, named))}. Take one of these dependencies out."
            ) from None

    # Reading it.

    def root_nodes(self, app: str | None = None) -> list[Key]:
        """Those that come after none of their own app."""
        return self._ends(self.parents, app)

    def leaf_nodes(self, app: str | None = None) -> list[Key]:
        """Those that none of their own app comes after."""
        return self._ends(self.children, app)

    def _ends(self, edges: Mapping[Key, set[Key]], app: str | None) -> list[Key]:
        return sorted(
            key
            for key in self.nodes
            if app in (None, key[0]) and all(other[0] != key[0] for other in edges[key])
        )

    def forwards_plan(self, target: Key) -> list[Key]:
        """What is to be applied for this one to be, in order: itself last."""
        self._require(target)
        return _walk([target], self.parents)

    def backwards_plan(self, target: Key) -> list[Key]:
        """What is to be undone for this one to be, in order: itself last."""
        self._require(target)
        return _walk([target], self.children)

    def plan(
        self, nodes: Key | Sequence[Key] | None = None, at_end: bool = True
    ) -> list[Key]:
        """What leads to all of these, in order; they too, unless not ``at_end``."""
        wanted = self._several(nodes)
        for key in wanted:
            self._require(key)
        found = _walk(wanted, self.parents)
        left_out = set() if at_end else set(wanted)
        return [key for key in found if key not in left_out]

    def _several(self, nodes: Any) -> list[Key]:
        if nodes is None:
            return self.leaf_nodes()
        return [nodes] if nodes and isinstance(nodes[0], str) else list(nodes)

    def make_state(
        self, nodes: Key | Sequence[Key] | None = None, at_end: bool = True
    ) -> ProjectState:
        """The models after these migrations; without ``at_end``, before them.

        Whoever asks for one point of the history after another walks along it once.
        """
        plan = self.plan(nodes, at_end)
        done, state = self._walked
        if plan[: len(done)] != done:
            done, state = [], ProjectState()
        state = state.clone()
        for key in plan[len(done) :]:
            _mutate(self.nodes[key], state)
        self._walked = plan, state
        return state.clone()


def _walk(starts: Iterable[Key], edges: Mapping[Key, set[Key]]) -> list[Key]:
    """The starts and all that the edges lead to, each after all that it leads to."""
    found: list[Key] = []
    entered: set[Key] = set()
    stack = [(key, False) for key in starts][::-1]
    while stack:
        key, is_complete = stack.pop()
        if is_complete:
            found.append(key)
        elif key not in entered:
            entered.add(key)
            stack.append((key, True))
            stack += [(each, False) for each in sorted(edges[key])]
    return found


def _mutate(migration: Migration, state: ProjectState) -> None:
    try:
        migration.mutate_state(state, preserve=False)
    except (LookupError, TypeError, ValueError) as error:
        said = error.args[0] if error.args else error
        raise BadMigrationError(
            f"{_place(migration)} does not fit what comes before it: {said}"
        ) from error


def label(key: Key) -> str:
    """``"blog.0001_initial"``"""
    return f"{key[0]}.{key[1]}"


def near(name: str, names: Iterable[str]) -> str:
    """A question for the slip that was made, or what there is; with a leading space."""
    known = sorted(names)
    close = get_close_matches(name, known, 1, 0.5)
    if close:
        return f" Did you mean {close[0]!r}?"
    listed = ", ".join(known[:5])
    more = f" and {len(known) - 5} more" if len(known) > 5 else ""
    return f" There is {listed}{more}." if known else ""


def _place(migration: Migration) -> str:
    """The file of a migration, or its name where it has none."""
    return str(migration.path or migration)
