"""Steps: operations with what each needs to be so, and what it makes so.

CreateModel("Author")               gives  made blog.author
AddField("Book", "author")          needs  made blog.book, made blog.author
                                    gives  made blog.book.author
RemoveField("Book", "editor")       needs  free blog.book.editor
                                    gives  gone blog.book.editor, free blog.editor
DeleteModel("Editor")               needs  free blog.editor

A fact that no step gives is so already; one that several give is so after all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import IntEnum, auto
from typing import Any

from fwtrace.toolkit.orm.migrations.operations import CreateModel, Operation
from fwtrace.toolkit.orm.migrations.state import Key, ModelState

__all__ = [
    "DECLARED",
    "Creation",
    "Fact",
    "Phase",
    "Piece",
    "Step",
    "Whole",
    "created",
    "dropped",
    "free",
    "gone",
    "known",
    "made",
]

Fact = tuple[str, Key, str]
Piece = tuple[str, str]
"""A part of a model: ``("fields", "title")``, ``("indexes", "by_date")``."""

DECLARED = ("indexes", "constraints")
"""The options that are lists of what has a name of its own."""


def made(key: Key, name: str = "") -> Fact:
    """The model is there, or its field of that name."""
    return "made", key, name


def gone(key: Key, name: str = "") -> Fact:
    """The model is there no more, or the field."""
    return "gone", key, name


def free(key: Key, name: str = "") -> Fact:
    """What is to name it no more does not."""
    return "free", key, name


def dropped(key: Key, name: str) -> Fact:
    """An index or a constraint has left its name to another."""
    return "dropped", key, name


def known(key: Key) -> Fact:
    """The model is there, whatever else becomes of it."""
    return "known", key, ""


class Phase(IntEnum):
    """The order of steps that do not wait for each other."""

    CREATE_MODEL = auto()
    RENAME_MODEL = auto()
    ALTER_OPTIONS = auto()
    ALTER_MANAGERS = auto()
    REMOVE_CONSTRAINT = auto()
    REMOVE_INDEX = auto()
    RENAME_FIELD = auto()
    RENAME_INDEX = auto()
    REMOVE_TOGETHER = auto()
    REMOVE_FIELD = auto()
    ADD_FIELD = auto()
    ALTER_FIELD = auto()
    ALTER_ORDER = auto()
    ALTER_TOGETHER = auto()
    ADD_INDEX = auto()
    ADD_CONSTRAINT = auto()
    ALTER_CONSTRAINT = auto()
    ALTER_TABLE = auto()
    ALTER_COMMENT = auto()
    DELETE_MODEL = auto()


@dataclass(eq=False, slots=True)
class Step:
    """One operation; where it is a ``piece`` of making or deleting a model, ``whole``
    may do it as well."""

    phase: Phase
    app_label: str
    operation: Operation
    needs: list[Fact] = field(default_factory=list)
    gives: list[Fact] = field(default_factory=list)
    piece: Piece = ("", "")
    whole: Whole | None = None
    number: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        return self.phase, self.number

    @property
    def adds_column(self) -> bool:
        added: Any = self.operation
        return self.phase is Phase.ADD_FIELD and not added.field.many_to_many


class Whole:
    """A model that is made or deleted: ``core`` is the step of the model itself, which
    does its ``parts`` too, but for those that cannot be done with it."""

    is_deletion = True

    def __init__(self, core: Step) -> None:
        self.core = core
        self.parts: list[Step] = []
        core.whole = self

    def take(self, part: Step) -> None:
        self.parts.append(part)
        part.whole = self

    def operation(self, with_steps: Collection[Step]) -> Operation:
        """The operation that does the core, and of the parts those given."""
        return self.core.operation


class Creation(Whole):
    """A model that is made."""

    is_deletion = False

    def __init__(self, core: Step, state: ModelState) -> None:
        super().__init__(core)
        self.state = state

    def operation(self, with_steps: Collection[Step]) -> Operation:
        left_out = {each.piece for each in self.parts if each not in with_steps}
        return created(self.state, left_out) if left_out else self.core.operation


def created(state: ModelState, left_out: Collection[Piece] = ()) -> CreateModel:
    """CreateModel of all that a state has but for these pieces."""
    return CreateModel(
        name=state.name,
        fields=[
            (n, f) for n, f in state.fields.items() if ("fields", n) not in left_out
        ],
        options=dict(_options(state, left_out)),
        bases=state.bases,
        managers=state.managers,
    )


def _options(
    state: ModelState, left_out: Collection[Piece]
) -> Iterator[tuple[str, Any]]:
    for name, value in state.options.items():
        if name not in DECLARED and (name, "") not in left_out:
            yield name, value
    for name in DECLARED:
        kept = [e for e in state.options[name] if (name, e.name) not in left_out]
        if kept:
            yield name, kept
