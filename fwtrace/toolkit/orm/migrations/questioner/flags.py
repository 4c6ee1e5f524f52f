"""Answers from flags, where nobody is there to ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from fwtrace.toolkit.orm.fields import NOT_PROVIDED
from fwtrace.toolkit.orm.migrations.exceptions import MigrationError
from fwtrace.toolkit.orm.migrations.questioner.base import (
    MigrationQuestioner,
    NeedsAnswer,
    once_for_all,
)
from fwtrace.toolkit.orm.migrations.questioner.oneoff import evaluate

__all__ = ["FlagQuestioner", "Rename"]


class Rename(NamedTuple):
    """A rename that there may have been: of a model, if ``model`` is empty."""

    app_label: str
    model: str
    old: str
    new: str

    def __str__(self) -> str:
        """The flag that says so."""
        names = (self.app_label, self.model, self.old)
        return f"--rename {'.'.join(filter(None, names))}={self.new}"


class FlagQuestioner(MigrationQuestioner):
    """``renames`` has new names by ``[app.]model.field`` and ``[app.]Model``, as in
    ``{"book.pages": "page_count"}``; ``defaults`` has Python: ``{"book.isbn": "''"}``.

    A rename that nobody spoke of is none; ``unanswered`` has those that were possible,
    ``unused`` the flags that fit nothing, ``notes`` what else a person should be told.
    """

    def __init__(
        self,
        renames: Mapping[str, str] | None = None,
        defaults: Mapping[str, str] | None = None,
        specified_apps: Collection[str] | None = None,
        dry_run: bool | None = None,
        answers: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(answers, specified_apps, dry_run)
        self._renames = {name.lower(): new for name, new in (renames or {}).items()}
        self._values = {
            name.lower(): _value_of(name, text)
            for name, text in (defaults or {}).items()
        }
        self._flags = [f"--rename {name}" for name in renames or ()]
        self._flags += [f"--default {name}" for name in defaults or ()]
        self._used: set[str] = set()
        self.unanswered: list[Rename] = []
        self.notes: list[str] = []

    @property
    def unused(self) -> list[str]:
        """The flags that no question was answered by."""
        return [flag for flag in self._flags if flag.lower() not in self._used]

    # Renames.

    def ask_rename(
        self,
        model_name: str,
        old_name: str,
        new_name: str,
        field_instance: Any,
        *,
        app_label: str = "",
    ) -> bool:
        return self._is_rename(Rename(app_label, model_name, old_name, new_name))

    def ask_rename_model(self, old_model_state: Any, new_model_state: Any) -> bool:
        old, new = old_model_state, new_model_state
        return self._is_rename(Rename(old.app_label, "", old.name, new.name))

    def told_field_name(
        self, model_name: str, old_name: str, *, app_label: str = ""
    ) -> str | None:
        key = _find(self._renames, app_label, model_name, old_name)
        return None if key is None else self._renames[key]

    def told_model_name(self, old_model_state: Any) -> str | None:
        state = old_model_state
        key = _find(self._renames, state.app_label, state.name)
        return None if key is None else self._renames[key]

    def _is_rename(self, possible: Rename) -> bool:
        names = (possible.model, possible.old) if possible.model else (possible.old,)
        key = _find(self._renames, possible.app_label, *names)
        if key is None:
            self.unanswered.append(possible)
            return False
        is_said = self._renames[key].lower() == possible.new.lower()
        if is_said:
            self._used.add(f"--rename {key}")
        return is_said

    # Defaults.

    def ask_not_null_addition(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> Any:
        return self._needed(app_label, model_name, field_name, "''")

    def ask_auto_now_add_addition(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> Any:
        return self._needed(app_label, model_name, field_name, "timezone.now()")

    def ask_not_null_alteration(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> Any:
        found = self._value(app_label, model_name, field_name)
        if found is NOT_PROVIDED:
            name = f"{model_name}.{field_name}"
            self.notes.append(
                f"{name} may be NULL no more: the migration will stop at rows where it "
                f"is, unless you say what to put there, as in --default {name}=\"''\"."
            )
        return found

    def ask_unique_callable_default_addition(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> None:
        self.notes.append(once_for_all(model_name, field_name))

    def _value(self, *names: str) -> Any:
        key = _find(self._values, *names)
        if key is None:
            return NOT_PROVIDED
        self._used.add(f"--default {key}")
        return self._values[key]

    def _needed(self, app_label: str, model: str, field: str, example: str) -> Any:
        found = self._value(app_label, model, field)
        if found is NOT_PROVIDED and not self.dry_run:
            raise NeedsAnswer(
                f"{model}.{field} of {app_label} is new, cannot be NULL and has no "
                "default: say what the rows that are there get, as in --default "
                f'{model}.{field}="{example}", or give the field a default.'
            )
        return found


def _find(known: Collection[str], app_label: str, *names: str) -> str | None:
    """The name as it was given: with the app, or without."""
    bare = ".".join(names).lower()
    full = f"{app_label}.{bare}".lower()
    return next((name for name in (full, bare) if name in known), None)


def _value_of(name: str, text: str) -> Any:
    try:
        return evaluate(text)
    except ValueError as error:
        raise MigrationError(f"--default {name}: {error}") from None
