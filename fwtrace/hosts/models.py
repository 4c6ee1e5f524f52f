"""From names on the command line to models, and the database that they are in."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any

from fwtrace.hosts.errors import AppImportFailed, AppNotFound
from fwtrace.hosts.locate import locate

__all__ = ["Models", "load_models", "models_of_module"]


@dataclass(frozen=True, slots=True)
class Models:
    """``names``: what an expression may use; ``models``: the classes among it."""

    names: dict[str, Any]
    models: dict[str, Any]
    database: Any
    folder: str


def load_models(app: str, module: str | None, database: str | None) -> Models:
    """The models of an app, or of a module of their own, with their database: one in
    memory where none is named.

    Raises :class:`AppNotFound` where there are none, :class:`AppImportFailed` when
    their own code fails to load.
    """
    folder = os.path.curdir
    if module is not None:
        _import(module)
        home = module
    else:
        located = locate(app)
        folder, home = located.folder, located.target.partition(":")[0]
    from fwtrace.toolkit import orm

    found = _models_of(home)
    if not found and module is None:
        found = _models_of("")
    if not found:
        raise AppNotFound(
            f"{module or app!r} has no models of fwtrace's ORM: name a module that has "
            "with --models."
        )
    if not _is_connected() or (database is not None and module is not None):
        orm.connect(database or "sqlite://")
    names = {name: getattr(orm, name) for name in orm.__all__}
    return Models({**names, **found}, found, orm.get_database(), folder)


def models_of_module(module: str) -> list[Any]:
    """The models of a module, and of the modules that it is the package of.

    Raises :class:`AppNotFound` where there are none, :class:`AppImportFailed` when
    its own code fails to load.
    """
    _import(module)
    found = _models_of(module)
    if not found:
        raise AppNotFound(f"{module!r} has no models of fwtrace's ORM.")
    return list(found.values())


def _models_of(home: str) -> dict[str, Any]:
    """Models of the module, else of the nearest package around it that has any."""
    from fwtrace.toolkit.orm.registry import every_model

    made = list(every_model.values())
    while True:
        found = {
            model.__name__: model
            for model in made
            if not home or f"{model.__module__}.".startswith(f"{home}.")
        }
        if found or not home:
            return found
        home = home.rpartition(".")[0]
        if not home:
            return {}


def _is_connected() -> bool:
    from fwtrace.toolkit.orm import NotConnected, get_database

    try:
        get_database()
    except NotConnected:
        return False
    return True


def _import(module: str) -> None:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module + ".").startswith(error.name + "."):
            raise AppNotFound(f"There is no module {module!r}.") from None
        raise AppImportFailed(f"{module!r} cannot be imported: {error}.") from error
    except Exception as error:
        kind = type(error).__name__
        message = f"{module!r} cannot be imported: {kind}: {error}."
        raise AppImportFailed(message) from error
