"""Answers from a person, in text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from fwtrace.toolkit.orm.fields import NOT_PROVIDED
from fwtrace.toolkit.orm.migrations.questioner.base import (
    MigrationQuestioner,
    NeedsAnswer,
    once_for_all,
)
from fwtrace.toolkit.orm.migrations.questioner.oneoff import NAMES, evaluate

__all__ = ["InteractiveQuestioner"]

_QUIT = ("q", "quit", "exit")
_NOW = "timezone.now"


class InteractiveQuestioner(MigrationQuestioner):
    """Asks by ``ask``, which shows text and returns the answer, and says the rest by
    ``tell``. A wrong answer is asked for again; ``quit`` raises NeedsAnswer."""

    def __init__(
        self,
        ask: Callable[[str], str],
        tell: Callable[[str], None],
        defaults: Mapping[str, Any] | None = None,
        specified_apps: Collection[str] | None = None,
        dry_run: bool | None = None,
    ) -> None:
        super().__init__(defaults, specified_apps, dry_run)
        self.ask = ask
        self.tell = tell

    # Renames, and merges.

    def ask_rename(
        self,
        model_name: str,
        old_name: str,
        new_name: str,
        field_instance: Any,
        *,
        app_label: str = "",
    ) -> bool:
        kind = type(field_instance).__name__
        names = f"{model_name}.{old_name} renamed to {model_name}.{new_name}"
        return self._agree(f"Was {names} ({kind})?")

    def ask_rename_model(self, old_model_state: Any, new_model_state: Any) -> bool:
        old, new = old_model_state, new_model_state
        return self._agree(f"Was the model {old.label} renamed to {new.name}?")

    def ask_merge(self, app_label: str) -> bool:
        return self._agree(
            f"Do the branches of {app_label}'s migrations change different things, so "
            "that one migration can join them?"
        )

    # Defaults.

    def ask_not_null_addition(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> Any:
        if self.dry_run:
            return NOT_PROVIDED
        self._choose(
            f"The new field {model_name}.{field_name} cannot be NULL and has no "
            "default, so that the rows that are there need a value.",
            ["Give them one now", "Quit, to give the field a default in the model"],
        )
        return self._value()

    def ask_auto_now_add_addition(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> Any:
        if self.dry_run:
            return NOT_PROVIDED
        self._choose(
            f"The new field {model_name}.{field_name} notes when a row is added, which "
            "is not known of the rows that are there.",
            ["Give them a moment now", "Quit, to give the field a default instead"],
        )
        return self._value(_NOW)

    def ask_not_null_alteration(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> Any:
        if self.dry_run:
            return NOT_PROVIDED
        chosen = self._choose(
            f"The field {model_name}.{field_name} may be NULL no more, and has no "
            "default for rows where it is.",
            [
                "Give them a value now",
                "Leave them: there are none, or an operation of my own sees to them",
                "Quit, to give the field a default in the model",
            ],
        )
        return self._value() if chosen == 1 else NOT_PROVIDED

    def ask_unique_callable_default_addition(
        self, field_name: str, model_name: str, *, app_label: str = ""
    ) -> None:
        if not self.dry_run:
            self._choose(
                once_for_all(model_name, field_name),
                ["Go on: there is one row at most, or I will change the migration"]
                + ["Quit, to change the model"],
            )

    # Asking.

    def _answer(self, question: str) -> str:
        try:
            found = self.ask(question).strip()
        except EOFError:
            raise NeedsAnswer(
                f"Nobody is there to answer: {question.strip()}"
            ) from None
        if found.lower() in _QUIT:
            raise NeedsAnswer("You quit: no migration was made.")
        return found

    def _agree(self, question: str) -> bool:
        known = {"y": True, "yes": True, "n": False, "no": False, "": False}
        while (found := self._answer(f"{question} [y/N] ").lower()) not in known:
            self.tell("Answer y or n, or quit.")
        return known[found]

    def _choose(self, what: str, choices: Sequence[str]) -> int:
        """The number of one of the choices; the last of them is to quit."""
        self.tell(what)
        for number, choice in enumerate(choices, 1):
            self.tell(f" {number}) {choice}")
        numbers = [str(number) for number in range(1, len(choices) + 1)]
        while (found := self._answer("Number: ")) not in numbers:
            self.tell(f"Answer with a number from 1 to {len(choices)}.")
        if found == numbers[-1]:
            raise NeedsAnswer("You quit: no migration was made.")
        return int(found)

    def _value(self, usual: str = "") -> Any:
        self.tell(f"Write it as Python; {', '.join(NAMES)} are known.")
        prompt = f"Value [{usual}]: " if usual else "Value: "
        while True:
            try:
                return evaluate(self._answer(prompt) or usual)
            except ValueError as error:
                self.tell(str(error))
