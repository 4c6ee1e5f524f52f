"""The questions, as nobody answers them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fwtrace.toolkit.orm.fields import NOT_PROVIDED
from fwtrace.toolkit.orm.migrations.exceptions import MigrationError

__all__ = ["MigrationQuestioner", "NeedsAnswer", "once_for_all"]


class NeedsAnswer(MigrationError):
    """A question that cannot be left open, and that nobody has answered."""


class MigrationQuestioner:
    """``defaults`` has answers by the name of the question, ``{"ask_rename": True}``;
    ``specified_apps`` are those that may have a first migration.

    In a ``dry_run`` nothing is written, so that no default is needed.
    """

    def __init__(
        self,
        defaults: Mapping[str, Any] | None = None,
        specified_apps: Collection[str] | None = None,
        dry_run: bool | None = None,
    ) -> None:
        self.defaults = dict(defaults or {})
        self.specified_apps = set(specified_apps or ())
        self.dry_run = bool(dry_run)

    def ask_initial(self, app_label: str) -> bool:
        """Whether an app without migrations is to have its first one."""
        given = bool(self.defaults.get("ask_initial", False))
        return app_label in self.specified_apps or given

    def ask_not_null_addition(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> Any:
        """What the rows that are there get in a new column that cannot be NULL."""
        return NOT_PROVIDED

    def ask_not_null_alteration(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> Any:
        """What to put where a column has NULL, which it may have no more."""
        return NOT_PROVIDED

    def ask_auto_now_add_addition(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> Any:
        """When the rows that are there shall have been added."""
        return NOT_PROVIDED

    def ask_unique_callable_default_addition(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> None:
        """Whether to go on, though a function that gives the default is called once for
        all rows, whose values are to differ."""

    def ask_rename(
        self,
        model_name: str,
        old_name: str,
        new_name: str,
        field_instance: Any,
        *,
        app_label: str = "",
    ) -> bool:
        """Whether a new field is one that is there no more under another name."""
        return bool(self.defaults.get("ask_rename", False))

    def ask_rename_model(self, old_model_state: Any, new_model_state: Any) -> bool:
        """The same of a model."""
        return bool(self.defaults.get("ask_rename_model", False))

    def ask_merge(self, app_label: str) -> bool:
        """Whether to merge the branches of an app's migrations."""
        return bool(self.defaults.get("ask_merge", False))

    # Renames of what has changed besides are not asked about: they may have been told.

    def told_field_name(
        self, model_name: str, old_name: str, *, app_label: str = ""
    ) -> str | None:
        """The new name of a field, if it was said without being asked."""
        return None

    def told_model_name(self, old_model_state: Any) -> str | None:
        return None


def once_for_all(model: str, field: str) -> str:
    return (
        f"{model}.{field} is unique, and its default is a function, which a migration "
        "calls once: all rows that are there get the same value, and more than one row "
        "stops it. Let the field be NULL first, and fill it in with RunPython."
    )
