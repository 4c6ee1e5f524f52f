"""All migrations there are, as files and in a database, put into one graph.

loader = MigrationLoader(find_sources(Path(".")), get_database())
loader.graph.leaf_nodes()                     the latest of each app
loader.get_migration_by_prefix("blog", "0002")
loader.project_state()                        the models as all of them leave them
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.migrations.exceptions import (
    AmbiguityError,
    BadMigrationError,
    InconsistentMigrationHistory,
    NodeNotFoundError,
)
from fwtrace.toolkit.orm.migrations.graph import Key, MigrationGraph, label, near
from fwtrace.toolkit.orm.migrations.loading.reading import read_migrations
from fwtrace.toolkit.orm.migrations.loading.sources import MigrationSource, find_sources
from fwtrace.toolkit.orm.migrations.migration import Migration
from fwtrace.toolkit.orm.migrations.recorder import MigrationRecorder

if TYPE_CHECKING:
    import datetime

    from fwtrace.toolkit.orm.database import Database
    from fwtrace.toolkit.orm.migrations.state import ProjectState

__all__ = ["MigrationLoader", "MigrationSource", "find_sources"]

ENDS = ("__first__", "__latest__")


class Applied(Enum):
    """How much of what a squashed migration replaces is applied."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


class MigrationLoader:
    """``disk_migrations`` are all that were read, ``replacements`` the squashed ones
    among them, ``graph`` those that count for the database.

    With ``ignore_missing``, what an app depends on that has no source is left out.
    """

    def __init__(
        self,
        sources: Iterable[MigrationSource],
        database: Database | None = None,
        ignore_missing: bool = False,
        replace_migrations: bool = True,
    ) -> None:
        self.sources = list(sources)
        self.database = database
        self.ignore_missing = ignore_missing
        self.replace_migrations = replace_migrations
        self.migrated_apps = {source.app_label for source in self.sources}
        self.disk_migrations: dict[Key, Migration] = {}
        self.load_disk()
        self.build_graph()

    def load_disk(self) -> None:
        """Read the files."""
        folders: dict[str, MigrationSource] = {}
        self.disk_migrations = {}
        for source in self.sources:
            other = folders.setdefault(source.app_label, source)
            if other is not source:
                raise BadMigrationError(
                    f"{other.folder} and {source.folder} are both of the app "
                    f"{source.app_label!r}: give one of them another label."
                )
            for migration in read_migrations(source):
                self.disk_migrations[migration.key] = migration

    def build_graph(self) -> None:
        """Look into the database again, and put those together that count for it."""
        self.applied_migrations: dict[Key, datetime.datetime] = {}
        if self.database is not None:
            recorder = MigrationRecorder(self.database)
            self.applied_migrations = recorder.applied_migrations()
        self.graph = MigrationGraph()
        self.replacements = {
            k: m for k, m in self.disk_migrations.items() if m.replaces
        }
        self.partly_applied: dict[Key, list[Key]] = {}
        """Squashed ones that cannot be used, and what is not applied of the rest."""
        self._add_all()
        inner_first = sorted(self.replacements, key=lambda key: len(self.replaced(key)))
        for key, status in [(key, self._status(key)) for key in inner_first]:
            self._replace(key, status)
        self.graph.validate_consistency()
        self.graph.ensure_not_cyclic()

    # Dependencies.

    def _add_all(self) -> None:
        for key, migration in self.disk_migrations.items():
            self.graph.add_node(key, migration)
        elsewhere: list[tuple[Migration, Key, Key]] = []
        for key, migration in self.disk_migrations.items():
            links = [(key, each[:2]) for each in migration.dependencies]
            links += [(each[:2], key) for each in migration.run_before]
            for child, parent in links:
                if child[0] != parent[0]:
                    elsewhere.append((migration, child, parent))
                elif parent[1] not in ENDS and child[1] not in ENDS:
                    self.graph.add_dependency(migration, child, parent, True)
        # The first and the latest of an app are known once each app is in order.
        self._firsts = _by_app(self.graph.root_nodes())
        self._latest = _by_app(self.graph.leaf_nodes())
        for migration, child, parent in elsewhere:
            first, second = self.resolve(child), self.resolve(parent)
            if first and second:
                self.graph.add_dependency(migration, first, second, True)

    def resolve(self, key: Key) -> Key | None:
        """Which migration is meant; None where it is nothing to wait for."""
        app, name = key
        if app not in self.migrated_apps and self.ignore_missing:
            return None
        if name not in ENDS or app not in self.migrated_apps:
            return key
        ends = self._firsts if name == "__first__" else self._latest
        return ends.get(app)

    # Squashed migrations.

    def replaced(self, key: Key) -> list[Key]:
        """All that a squashed migration stands for, those of squashed ones among them
        included."""
        found: dict[Key, None] = {}
        left = list(reversed(self.replacements[key].replaces))
        while left:
            each = left.pop()
            if each == key:
                raise BadMigrationError(
                    f"{self.replacements[key].path} replaces itself: take "
                    f"{label(key)} out of the lists of what is replaced."
                )
            if each not in found:
                found[each] = None
                inner = self.replacements.get(each)
                left += reversed(inner.replaces if inner else [])
        return list(found)

    def _replace(self, key: Key, status: Applied) -> None:
        """Use a squashed migration, or those that it replaces where only some of them
        are applied."""
        replaced = self.replaced(key)
        self.applied_migrations.pop(key, None)
        if status is Applied.ALL:
            moments = [self.applied_migrations.get(each) for each in replaced]
            self.applied_migrations[key] = max(filter(None, moments))
        if status is Applied.SOME:
            missing = [each for each in replaced if not self._is_applied(each)]
            self.partly_applied[key] = missing
        if not self.replace_migrations:
            return
        # Another may have been squashed from the same ones, and not named here.
        names = set(replaced)
        same = [
            other
            for other in self.replacements
            if names.issuperset(self.replaced(other))
        ]
        if status is Applied.SOME:
            self._ensure_there(key)
            self.graph.remove_replacement_node(key, {*replaced, *same} - {key})
        else:
            self.graph.remove_replaced_nodes(key, {*replaced, *same} - {key})

    def _status(self, key: Key) -> Applied:
        found = {
            Applied.ALL
            if each in self.applied_migrations
            else self._status(each)
            if each in self.replacements
            else Applied.NONE
            for each in self.replacements[key].replaces
        }
        return found.pop() if len(found) == 1 else Applied.SOME

    def _is_applied(self, key: Key) -> bool:
        if key in self.applied_migrations:
            return True
        return key in self.replacements and self._status(key) is Applied.ALL

    def _ensure_there(self, key: Key) -> None:
        """The files that a squashed migration replaces are needed."""
        for each in self.replacements[key].replaces:
            if each not in self.disk_migrations:
                missing = ", ".join(map(label, self.partly_applied[key]))
                raise NodeNotFoundError(
                    f"{self.replacements[key].path} cannot be used: of what it "
                    f"replaces, {missing} is not applied, the rest is. The file of "
                    f"{label(each)} is needed to go on: bring it back.",
                    each,
                    self.replacements[key],
                )

    # Looking.

    def get_migration(self, app_label: str, name: str) -> Migration:
        """The migration of that very name; NodeNotFoundError, a KeyError, names one
        that is near."""
        try:
            return self.disk_migrations[app_label, name]
        except KeyError:
            raise self._no_such(app_label, name) from None

    def get_migration_by_prefix(self, app_label: str, prefix: str) -> Migration:
        """The one whose name begins so: ``get_migration_by_prefix("blog", "0002")``."""
        if (app_label, prefix) in self.disk_migrations:
            return self.disk_migrations[app_label, prefix]
        found = [name for name in self._names(app_label) if name.startswith(prefix)]
        if len(found) > 1:
            raise AmbiguityError(
                f"{len(found)} migrations of {app_label!r} begin with {prefix!r}: "
                f"{', '.join(found)}. Write more of the name."
            )
        if not found:
            raise self._no_such(app_label, prefix)
        return self.disk_migrations[app_label, found[0]]

    def _names(self, app_label: str) -> list[str]:
        return [name for app, name in self.disk_migrations if app == app_label]

    def _no_such(self, app_label: str, name: str) -> NodeNotFoundError:
        if app_label not in self.migrated_apps:
            said = (
                f"There is no app {app_label!r}.{near(app_label, self.migrated_apps)}"
            )
        else:
            hint = near(name, self._names(app_label))
            said = f"The app {app_label!r} has no migration {name!r}.{hint}"
        return NodeNotFoundError(said, (app_label, name))

    def check_consistent_history(self, database: Database | None = None) -> None:
        """Raise InconsistentMigrationHistory where a migration is applied before one
        that it depends on."""
        database = database or self.database
        if database is None:
            return
        applied = self.applied_migrations
        if database is not self.database:
            applied = MigrationRecorder(database).applied_migrations()
        for key in applied:
            for parent in sorted(self.graph.parents.get(key, ())):
                if parent not in applied and not self._counts(parent, applied):
                    raise InconsistentMigrationHistory(
                        f"{label(key)} is applied to {database.alias!r}, and "
                        f"{label(parent)} is not, which it depends on. Migrate "
                        f"{key[0]!r} back to before {key[1]}, or record "
                        f"{label(parent)} with --fake where its tables are there."
                    )

    def _counts(self, key: Key, applied: Any) -> bool:
        """Whether all that it replaces is applied."""
        replaced = self.replacements.get(key)
        return replaced is not None and all(
            each in applied for each in replaced.replaces
        )

    def detect_conflicts(self) -> dict[str, list[str]]:
        """Apps with more than one latest migration, and which these are."""
        found: dict[str, list[str]] = {}
        for app, name in self.graph.leaf_nodes():
            found.setdefault(app, []).append(name)
        return {app: names for app, names in found.items() if len(names) > 1}

    def project_state(self, nodes: Any = None, at_end: bool = True) -> ProjectState:
        """The models after these migrations, or after all."""
        return self.graph.make_state(nodes, at_end)


def _by_app(keys: list[Key]) -> dict[str, Key]:
    """The first of each app."""
    return {key[0]: key for key in reversed(keys)}
