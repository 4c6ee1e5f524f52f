"""MigrationAutodetector: the migrations that lead from one state to another.

old, new = loader.project_state(), ProjectState.from_models(models)
MigrationAutodetector(old, new, questioner).changes(loader.graph)
    {"blog": [<Migration blog.0002_post_views>]}

How they are found is in ``detection``; here they get their names and dependencies.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any

from fwtrace.toolkit.orm.migrations.detection.arrangement import Cut, cut
from fwtrace.toolkit.orm.migrations.detection.differences import differences
from fwtrace.toolkit.orm.migrations.migration import Migration, swappable_dependency
from fwtrace.toolkit.orm.migrations.questioner import MigrationQuestioner
from fwtrace.toolkit.orm.migrations.state import Key, ProjectState

__all__ = ["MigrationAutodetector"]

Changes = dict[str, list[Migration]]

LONGEST_NAME = 100


class MigrationAutodetector:
    """Asks the questioner what cannot be told from the states."""

    def __init__(
        self,
        from_state: ProjectState,
        to_state: ProjectState,
        questioner: MigrationQuestioner | None = None,
    ) -> None:
        self.from_state = from_state
        self.to_state = to_state
        self.questioner = questioner or MigrationQuestioner()
        self.existing_apps = {app_label for app_label, _ in from_state.models}
        self.convert_apps: set[str] = set()

    def changes(
        self,
        graph: Any,
        trim_to_apps: Iterable[str] | None = None,
        convert_apps: Collection[str] | None = None,
        migration_name: str | None = None,
    ) -> Changes:
        """The new migrations of each app, with the names that their files are to have.

        ``trim_to_apps`` leaves out other apps, unless these need them; ``convert_apps``
        are those without migrations that are to have some.
        """
        changes = self._detect_changes(convert_apps, graph)
        changes = self.arrange_for_graph(changes, graph, migration_name)
        return self._trim_to_apps(changes, trim_to_apps) if trim_to_apps else changes

    def _detect_changes(
        self, convert_apps: Collection[str] | None = None, graph: Any = None
    ) -> Changes:
        """The migrations, named auto_1, auto_2, ... in each app."""
        self.convert_apps = set(convert_apps or ())
        steps = differences(self.from_state, self.to_state, self.questioner)
        changes: Changes = {}
        names: dict[Cut, str] = {}
        for each in cut(steps, self._swappable):
            before = changes.setdefault(each.app_label, [])
            names[each] = f"auto_{len(before) + 1}"
            made = Migration(names[each], each.app_label)
            made.initial = each.app_label not in self.existing_apps
            made.operations.extend(each.operations)
            needed = self._needed(each, names, graph)
            needed.update(earlier.key for earlier in before[-1:])
            made.dependencies.extend(sorted(needed))
            before.append(made)
        return dict(sorted(changes.items()))

    def _needed(self, cut: Cut, names: dict[Cut, str], graph: Any) -> set[Any]:
        """What a migration depends on in other apps."""
        found: set[Any] = {(app, names[other]) for app, other in cut.after.items()}
        found |= {swappable_dependency(self._swappable[key]) for key in cut.chosen}
        found |= {_last(graph, app) for app, _ in cut.outside if app not in cut.after}
        return found

    @cached_property
    def _swappable(self) -> dict[Key, str]:
        """The names of the models that others may take the place of."""
        return {
            key: state.label
            for key, state in self.to_state.models.items()
            if state.options.get("swappable")
        }

    # Naming.

    def arrange_for_graph(
        self, changes: Changes, graph: Any, migration_name: str | None = None
    ) -> Changes:
        """The migrations behind those of the graph, with numbers and names; apps that
        are not to have a first one are left out."""
        renamed: dict[Key, Key] = {}
        for app_label, migrations in list(changes.items()):
            leaf = next(iter(graph.leaf_nodes(app_label)), None)
            if leaf is None and not self._may_begin(app_label):
                first = app_label, "__first__"
                renamed |= {each.key: first for each in changes.pop(app_label)}
                continue
            if leaf is not None:
                migrations[0].dependencies.append(leaf)
            number = _number(leaf[1]) if leaf else 0
            for count, each in enumerate(migrations, number + 1):
                key, words = each.key, migration_name or each.suggest_name()
                each.name = f"{count:04}_{words[:LONGEST_NAME]}"
                renamed[key] = each.key
        for each in _flat(changes):
            needed = {renamed.get(other, other) for other in each.dependencies}
            each.dependencies[:] = sorted(needed)
        return changes

    def _may_begin(self, app_label: str) -> bool:
        """Whether an app without migrations is to have its first one."""
        return app_label in self.convert_apps or self.questioner.ask_initial(app_label)

    def _trim_to_apps(self, changes: Changes, app_labels: Iterable[str]) -> Changes:
        """Those of the apps, and of apps that they need."""
        wanted: set[str] = set()
        ahead = list(app_labels)
        while ahead:
            app_label = ahead.pop()
            if app_label not in wanted:
                wanted.add(app_label)
                for each in changes.get(app_label, ()):
                    ahead += [dependency[0] for dependency in each.dependencies]
        return {app: found for app, found in changes.items() if app in wanted}


def _flat(changes: Changes) -> list[Migration]:
    return [each for migrations in changes.values() for each in migrations]


def _last(graph: Any, app_label: str) -> Key:
    """What to depend on for a model that no new migration makes."""
    leaves = graph.leaf_nodes(app_label) if graph else ()
    return leaves[0] if leaves else (app_label, "__first__")


def _number(name: str) -> int:
    """The number that a name begins with, or of a squashed one that it ends with."""
    found = re.search(r"_squashed_(\d+)", name) or re.match(r"(\d+)", name)
    return int(found[1]) if found else 0
