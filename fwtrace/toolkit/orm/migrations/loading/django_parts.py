"""What files written for Django take from it that we have not, or call otherwise: its
settings, its connections, its version, ``F("a") + 1``."""

from __future__ import annotations

import os
import sys
from typing import Any

from fwtrace.toolkit.orm.database import Database, get_database
from fwtrace.toolkit.orm.expressions import Combined, Expression, ExpressionWrapper

__all__ = [
    "DEFAULT_DB_ALIAS",
    "VERSION",
    "CombinedExpression",
    "connection",
    "connections",
    "settings",
]

VERSION = (5, 2, 0, "final", 0)
"""That of the format of the files: some ask for it."""
DEFAULT_DB_ALIAS = "default"

DEFAULTS = {"AUTH_USER_MODEL": "auth.User"}


class _Settings:
    """Those of the Django project where there is one, and the few defaults that
    migrations ask for."""

    def __getattr__(self, name: str) -> Any:
        project = _project_settings()
        if project is not None:
            return getattr(project, name)
        try:
            return DEFAULTS[name]
        except KeyError:
            raise AttributeError(
                f"settings.{name} is asked for, and there are no settings of Django: "
                "name their module in DJANGO_SETTINGS_MODULE."
            ) from None


def _project_settings() -> Any:
    """The settings of Django, if it has any; only then is it imported."""
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        from django.conf import settings

        return settings
    module = sys.modules.get("django.conf")
    return module.settings if module and module.settings.configured else None


class _Connections:
    def __getitem__(self, alias: str) -> Database:
        return get_database(alias)


class _Connection:
    """The default database, whichever that is when it is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(get_database(), name)


settings = _Settings()
connections = _Connections()
connection = _Connection()


def CombinedExpression(
    lhs: Any, connector: str, rhs: Any, output_field: Any = None
) -> Expression:
    made = Combined(lhs, connector, rhs)
    return made if output_field is None else ExpressionWrapper(made, output_field)
