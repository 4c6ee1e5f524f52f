"""Migration: a class of operations, and what it has to come after."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from fwtrace.toolkit.orm.migrations.operations import Operation
from fwtrace.toolkit.orm.migrations.state import ProjectState

__all__ = ["Migration", "SwappableTuple", "swappable_dependency"]

LONGEST_NAME = 52


class Migration:
    """One step of an app's history: subclass it in a file of its own, as ``Migration``.

    ``dependencies`` and ``run_before`` are pairs of app and name; ``replaces`` those
    that a squashed one stands for. ``initial`` says that it may be taken as applied
    where its tables are there already. ``atomic`` is for what no transaction can hold.
    """

    operations: ClassVar[Any] = []
    dependencies: ClassVar[Any] = []
    run_before: ClassVar[Any] = []
    replaces: ClassVar[Any] = []
    initial: bool | None = None
    atomic = True
    path: Path | None = None
    """The file that it was read from."""

    def __init__(self, name: str, app_label: str) -> None:
        self.name = name
        self.app_label = app_label
        kind = type(self)
        self.operations: list[Operation] = list(kind.operations)  # type: ignore[misc]
        self.dependencies: list[Any] = list(kind.dependencies)  # type: ignore[misc]
        self.run_before: list[Any] = list(kind.run_before)  # type: ignore[misc]
        self.replaces: list[Any] = list(kind.replaces)  # type: ignore[misc]

    @property
    def key(self) -> tuple[str, str]:
        return self.app_label, self.name

    def __repr__(self) -> str:
        return f"<Migration {self.app_label}.{self.name}>"

    def __str__(self) -> str:
        return f"{self.app_label}.{self.name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Migration) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def mutate_state(
        self, project_state: ProjectState, preserve: bool = True
    ) -> ProjectState:
        """The state after the migration; ``preserve`` leaves the one given as it is."""
        state = project_state.clone() if preserve else project_state
        for operation in self.operations:
            operation.state_forwards(self.app_label, state)
        return state

    def suggest_name(self) -> str:
        """A name that tells what it does, whose words do not depend on the day."""
        if self.initial:
            return "initial"
        fragments = [
            re.sub(r"\W+", "_", fragment)
            for fragment in (each.migration_name_fragment for each in self.operations)
            if fragment
        ]
        if not fragments:
            return "custom" if self.operations else "empty"
        name = fragments[0]
        for fragment in fragments[1:]:
            longer = f"{name}_{fragment}"
            if len(longer) > LONGEST_NAME:
                return f"{name}_and_more"
            name = longer
        return name


class SwappableTuple(NamedTuple):
    """A dependency on the app of a model that a setting names."""

    app_label: str
    name: str
    setting: str = ""


def swappable_dependency(value: str) -> SwappableTuple:
    """The first migration of the app that ``"accounts.User"`` is of."""
    return SwappableTuple(value.split(".", 1)[0], "__first__", value)
