"""Who answers what models do not tell: flags first, then a person if there is one."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import Any

from fwtrace.cli.migrations.common import say
from fwtrace.toolkit.orm.fields import NOT_PROVIDED
from fwtrace.toolkit.orm.migrations.questioner import (
    FlagQuestioner,
    InteractiveQuestioner,
    NeedsAnswer,
)

__all__ = ["Questioner", "is_somebody_there"]


def is_somebody_there() -> bool:
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


class Questioner(FlagQuestioner):
    """What no flag answers is asked on the terminal, unless nobody is to be asked."""

    def __init__(
        self,
        renames: Mapping[str, str],
        defaults: Mapping[str, str],
        apps: Collection[str],
        *,
        dry_run: bool,
        asks: bool,
    ) -> None:
        super().__init__(renames, defaults, apps, dry_run)
        self.person = InteractiveQuestioner(_ask, say, None, apps, dry_run)
        self.asks = asks

    def ask_rename(self, *names: Any, app_label: str = "") -> bool:
        found = super().ask_rename(*names, app_label=app_label)
        if not (self.asks and self._is_left_open()):
            return found
        return self.person.ask_rename(*names, app_label=app_label)

    def ask_rename_model(self, old_model_state: Any, new_model_state: Any) -> bool:
        found = super().ask_rename_model(old_model_state, new_model_state)
        if not (self.asks and self._is_left_open()):
            return found
        return self.person.ask_rename_model(old_model_state, new_model_state)

    def _is_left_open(self) -> bool:
        """Whether no flag fits the question that was just put."""
        return bool(self.unanswered and self.unanswered.pop())

    def ask_not_null_addition(self, *names: str, app_label: str = "") -> Any:
        try:
            return super().ask_not_null_addition(*names, app_label=app_label)
        except NeedsAnswer:
            if not self.asks:
                raise
            return self.person.ask_not_null_addition(*names, app_label=app_label)

    def ask_auto_now_add_addition(self, *names: str, app_label: str = "") -> Any:
        try:
            return super().ask_auto_now_add_addition(*names, app_label=app_label)
        except NeedsAnswer:
            if not self.asks:
                raise
            return self.person.ask_auto_now_add_addition(*names, app_label=app_label)

    def ask_not_null_alteration(self, *names: str, app_label: str = "") -> Any:
        count = len(self.notes)
        found = super().ask_not_null_alteration(*names, app_label=app_label)
        if found is not NOT_PROVIDED or not self.asks:
            return found
        del self.notes[count:]
        return self.person.ask_not_null_alteration(*names, app_label=app_label)

    def ask_unique_callable_default_addition(
        self, *names: str, app_label: str = ""
    ) -> None:
        asked: Any = self.person if self.asks else super()
        asked.ask_unique_callable_default_addition(*names, app_label=app_label)


def _ask(question: str) -> str:
    from fwtrace.cli.output import write

    write(question, sys.stderr)
    line = sys.stdin.readline()
    if not line:
        write("\n", sys.stderr)
        raise EOFError
    return line
