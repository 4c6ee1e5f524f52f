"""Files written for Django, read with our classes: what its names stand for.

from django.db import migrations, models    our migrations, our models
import django.db.models.deletion            django.db.models.deletion.CASCADE is ours
import django.contrib.auth.models           Django's own, which has to be there then

A file is executed with ``BUILTINS``, whose import statement looks into ``MODULES``
first; so it makes no difference whether Django is installed.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["BUILTINS", "MODULES", "Namespace"]

ORM = "fwtrace.toolkit.orm"
MIGRATIONS = f"{ORM}.migrations"
MODELS = f"{ORM}.models"
PARTS = f"{MIGRATIONS}.loading.django_parts"

MODULES: dict[str, tuple[str, ...]] = {
    "django": (PARTS,),
    "django.conf": (PARTS,),
    "django.core": (),
    "django.core.exceptions": (f"{ORM}.exceptions", "fwtrace.toolkit.validators"),
    "django.core.validators": ("fwtrace.toolkit.validators",),
    "django.db": (PARTS, f"{ORM}.exceptions"),
    "django.db.migrations": (MIGRATIONS,),
    "django.db.migrations.exceptions": (f"{MIGRATIONS}.exceptions",),
    "django.db.migrations.migration": (f"{MIGRATIONS}.migration",),
    "django.db.migrations.operations": (f"{MIGRATIONS}.operations",),
    "django.db.migrations.operations.base": (f"{MIGRATIONS}.operations.base",),
    "django.db.migrations.operations.fields": (f"{MIGRATIONS}.operations.fields",),
    "django.db.migrations.operations.models": (
        f"{MIGRATIONS}.operations.models",
        f"{MIGRATIONS}.operations.options",
        f"{MIGRATIONS}.operations.indexes",
    ),
    "django.db.migrations.operations.special": (f"{MIGRATIONS}.operations.special",),
    "django.db.migrations.state": (f"{MIGRATIONS}.state",),
    "django.db.models": (MODELS, f"{ORM}.constraints"),
    "django.db.models.aggregates": (f"{ORM}.aggregates",),
    "django.db.models.base": (f"{ORM}.model",),
    "django.db.models.constraints": (f"{ORM}.constraints",),
    "django.db.models.deletion": (f"{ORM}.deletion",),
    "django.db.models.enums": (f"{ORM}.enums",),
    "django.db.models.expressions": (f"{ORM}.expressions", MODELS, PARTS),
    "django.db.models.fields": (f"{ORM}.fields", MODELS),
    "django.db.models.fields.generated": (MODELS,),
    "django.db.models.fields.json": (f"{ORM}.documents", MODELS),
    "django.db.models.fields.proxy": (MODELS,),
    "django.db.models.fields.related": (MODELS,),
    "django.db.models.functions": (MODELS,),
    "django.db.models.functions.comparison": (MODELS,),
    "django.db.models.functions.datetime": (MODELS,),
    "django.db.models.functions.json": (MODELS,),
    "django.db.models.functions.math": (MODELS,),
    "django.db.models.functions.text": (MODELS,),
    "django.db.models.functions.window": (MODELS,),
    "django.db.models.indexes": (f"{ORM}.constraints",),
    "django.db.models.lookups": (f"{ORM}.lookups",),
    "django.db.models.manager": (f"{ORM}.manager",),
    "django.db.models.query": (f"{ORM}.query", MODELS),
    "django.db.models.query_utils": (f"{ORM}.where",),
    "django.db.models.signals": (f"{ORM}.signals",),
    "django.db.transaction": (f"{ORM}.transaction",),
    "django.db.utils": (f"{ORM}.exceptions",),
    "django.utils": (),
    "django.utils.deconstruct": ("fwtrace.toolkit.deconstruct",),
    "django.utils.timezone": ("fwtrace.toolkit.timezone",),
}
"""Modules of Django, and ours in which their names are found; whoever has counterparts
of others may add them."""


class Namespace(ModuleType):
    """A module of Django in which a file finds ours."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = _found(self.__name__, name)
        setattr(self, name, found)
        return found


@cache
def namespace(module: str) -> Namespace:
    return Namespace(module)


def _found(module: str, name: str) -> Any:
    """What ``module.name`` stands for; AttributeError, naming both."""
    dotted = f"{module}.{name}"
    if dotted in MODULES:
        return namespace(dotted)
    for ours in MODULES[module]:
        try:
            return getattr(import_module(ours), name)
        except AttributeError:
            pass
    try:
        return import_module(dotted)
    except ModuleNotFoundError:
        raise AttributeError(f"fwtrace has nothing for {dotted}.") from None


def _import(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    """``__import__`` as such a file has it."""
    if level or name.partition(".")[0] != "django":
        return builtins.__import__(name, globals, locals, fromlist or (), level)
    if name not in MODULES:
        found = _imported(name)
    else:
        found = namespace(name)
        _ensure_names(found, fromlist or ())
    return found if fromlist else namespace("django")


def _imported(name: str) -> ModuleType:
    """A module of Django's own."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != "django":
            raise
        raise ModuleNotFoundError(
            f"{name} is Django's own, and Django is not installed.", name=name
        ) from None


def _ensure_names(module: Namespace, names: Sequence[str]) -> None:
    for name in names:
        try:
            getattr(module, name)
        except AttributeError as error:
            raise ImportError(str(error)) from None


BUILTINS = {**vars(builtins), "__import__": _import}
"""What a file is executed with, as its ``__builtins__``."""
