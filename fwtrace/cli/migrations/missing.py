"""What is missing between the models of some apps and their migrations."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fwtrace.cli.errors import UsageError
from fwtrace.cli.migrations.common import are_here, located, meant

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.migrations.loader import MigrationLoader, MigrationSource
    from fwtrace.toolkit.orm.migrations.migration import Migration
    from fwtrace.toolkit.orm.migrations.questioner import MigrationQuestioner
    from fwtrace.toolkit.orm.migrations.state import ProjectState

__all__ = ["changes", "empty", "merged", "refuse_conflicts", "sources_to_be"]


# Where the migrations are, or will be.


def sources_to_be(folders: list[Path] | None, label: str) -> list[MigrationSource]:
    """Those that are there, and those of apps that have models and no migrations."""
    if folders:
        return [each for folder in folders for each in _of_folder(folder, label)]
    if _has_models(Path()) and not Path("migrations").is_dir():
        return [_new(Path("migrations"), label)]
    if not are_here():
        _refuse_beginnings()
    return located(None, label)


def _refuse_beginnings() -> None:
    """Somebody whose apps have no migrations yet does not mean the sample's."""
    apps = sorted(
        entry.name
        for entry in Path().iterdir()
        if entry.is_dir() and _has_models(entry)
    )
    if apps:
        raise UsageError(
            f"No app has migrations here yet. Say which is to have its first ones: "
            f"--folder {apps[0]}"
            + (f" (there are {', '.join(apps)})." if len(apps) > 1 else ".")
        )


def _of_folder(folder: Path, label: str) -> list[MigrationSource]:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{str(folder)!r} is a file: name a folder of migrations.")
    if folder.is_dir():
        if _has_models(folder) and not (folder / "migrations").is_dir():
            return [_new(folder / "migrations", label)]
        return located([folder], label)
    if folder.name == "migrations" and folder.parent.is_dir():
        return [_new(folder, label)]
    raise UsageError(
        f"{str(folder)!r} is not there: name an app, or its folder of migrations."
    )


def _has_models(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("models.py", "models/__init__.py"))


def _new(folder: Path, label: str) -> MigrationSource:
    from fwtrace.migrate import make_importable
    from fwtrace.toolkit.orm.migrations.loading.sources import source_of

    make_importable(folder)
    return source_of(folder, label)


# Kinds of new migrations.


def refuse_conflicts(loader: MigrationLoader) -> None:
    from fwtrace.toolkit.orm.migrations.exceptions import ConflictError

    for app, names in loader.detect_conflicts().items():
        raise ConflictError(
            f"The app {app!r} has {len(names)} latest migrations: {', '.join(names)}. "
            "Join them with 'fwtrace migrations make --merge' first."
        )


def changes(
    loader: MigrationLoader, models: str, questioner: MigrationQuestioner, name: str
) -> list[Migration]:
    """What takes the migrations to where the models are."""
    from fwtrace.toolkit.orm.migrations.autodetector import MigrationAutodetector

    old = loader.project_state()
    apps = [source.app_label for source in loader.sources]
    detector = MigrationAutodetector(old, _wanted(loader, old, models), questioner)
    found = detector.changes(loader.graph, apps, apps, name or None)
    return [migration for made in found.values() for migration in made]


def _wanted(loader: MigrationLoader, old: ProjectState, models: str) -> ProjectState:
    """The state that the classes say; of an app without any, what it is now."""
    from fwtrace.toolkit.orm.migrations.state import ModelState, ProjectState

    if models and len(loader.sources) > 1:
        raise UsageError(
            f"There are the migrations of {len(loader.sources)} apps, and --models has "
            "those of one: name its folder with --folder."
        )
    modules = {source.app_label: models or _beside(source) for source in loader.sources}
    found = {app: _models(module) for app, module in modules.items()}
    if not any(found.values()):
        names = ", ".join(map(repr, modules.values()))
        raise UsageError(
            f"There are no models of fwtrace's ORM in {names}: name their module with "
            "--models."
        )
    made = ProjectState()
    for app, classes in found.items():
        known = [state for state in old.models.values() if state.app_label == app]
        for state in [ModelState.from_model(each, app) for each in classes] or known:
            made.add_model(state)
    _refuse_strangers(made, loader)
    return made


def _models(module: str) -> list[Any]:
    """The classes of a module, if there is one and it has any."""
    from fwtrace.hosts.errors import AppNotFound
    from fwtrace.hosts.models import models_of_module

    try:
        found = models_of_module(module)
    except AppNotFound:
        return []
    return [each for each in found if not _is_made_along(each)]


def _is_made_along(model: Any) -> bool:
    """The table of pairs comes with the field that it is of."""
    return bool(model._meta.abstract or model._meta.auto_created)


def _beside(source: MigrationSource) -> str:
    """``shop.models`` of ``shop.migrations``."""
    home, dot, _ = source.package.rpartition(".")
    if not source.package:
        raise UsageError(
            f"Which models are those of {str(source.folder)!r}? Name their module with "
            "--models, such as shop.models."
        )
    return f"{home}{dot}models"


def _refuse_strangers(state: ProjectState, loader: MigrationLoader) -> None:
    for app, name in state.models:
        if app not in loader.migrated_apps:
            known = ", ".join(sorted(loader.migrated_apps))
            raise UsageError(
                f"The model {state.models[app, name].label} says that its app is "
                f"{app!r}, and the migrations are of {known}: give --label {app}."
            )


def empty(loader: MigrationLoader, name: str) -> list[Migration]:
    """One without operations, to be filled in."""
    from fwtrace.toolkit.orm.migrations.autodetector import MigrationAutodetector
    from fwtrace.toolkit.orm.migrations.migration import Migration
    from fwtrace.toolkit.orm.migrations.questioner import MigrationQuestioner
    from fwtrace.toolkit.orm.migrations.state import ProjectState

    apps = sorted(loader.migrated_apps)
    if len(apps) > 1:
        raise UsageError(
            f"An empty migration of which app? There are {', '.join(apps)}: name the "
            "folder of one with --folder."
        )
    made = Migration("auto_1", apps[0])
    made.initial = not loader.graph.leaf_nodes(apps[0])
    numbered = MigrationAutodetector(
        ProjectState(), ProjectState(), MigrationQuestioner(None, apps)
    )
    numbered.arrange_for_graph({apps[0]: [made]}, loader.graph, name or "custom")
    return [made]


def merged(loader: MigrationLoader, name: str) -> list[Migration]:
    """One for each app that has several latest ones."""
    from fwtrace.toolkit.orm.migrations.squash import merge

    found = []
    with meant():
        for app, names in _conflicts(loader):
            made = merge(loader, app, names)
            if name:
                made.name = f"{made.name.partition('_')[0]}_{name}"
            found.append(made)
    return found


def _conflicts(loader: MigrationLoader) -> Iterable[tuple[str, list[str]]]:
    from fwtrace.toolkit.orm.migrations.exceptions import MigrationError

    found = loader.detect_conflicts()
    if not found:
        apps = ", ".join(sorted(loader.migrated_apps))
        raise MigrationError(
            f"There is nothing to merge: each app has one latest migration ({apps})."
        )
    return found.items()
