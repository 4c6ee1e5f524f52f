"""Choices as an enum: each member is a value to store and a label to show.

    class Status(TextChoices):
        DRAFT = "d", "Not yet published"
        SHOWN = "s"

    Status.choices        [("d", "Not yet published"), ("s", "Shown")]
    Status.DRAFT.label    "Not yet published"
    str(Status.DRAFT)     "d"

``__empty__ = "(none)"`` in the class adds a choice for None.
"""

from __future__ import annotations

import enum
from typing import Any

__all__ = ["Choices", "ChoicesType", "IntegerChoices", "TextChoices"]


class ChoicesType(enum.EnumMeta):
    """The class of enums of choices: what is known of all members."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: Any, **options: Any
    ) -> ChoicesType:
        made: Any = super().__new__(mcs, name, bases, namespace, **options)
        return enum.unique(made)  # type: ignore[no-any-return]

    def __contains__(cls, value: object) -> bool:
        """Of a member, and of a value that is one's."""
        if isinstance(value, enum.Enum):
            return super().__contains__(value)
        return any(member.value == value for member in cls._members())

    def _members(cls) -> list[Any]:
        return list(cls.__members__.values())

    def _with_empty(cls, empty: Any, others: list[Any]) -> list[Any]:
        return [empty, *others] if hasattr(cls, "__empty__") else others

    @property
    def names(cls) -> list[str]:
        return cls._with_empty("__empty__", list(cls.__members__))

    @property
    def values(cls) -> list[Any]:
        return [value for value, _ in cls.choices]

    @property
    def labels(cls) -> list[Any]:
        return [label for _, label in cls.choices]

    @property
    def choices(cls) -> list[tuple[Any, Any]]:
        """What a field takes as ``choices``."""
        empty = None, getattr(cls, "__empty__", None)
        pairs = [(member.value, member.label) for member in cls._members()]
        return cls._with_empty(empty, pairs)


class Choices(enum.Enum, metaclass=ChoicesType):
    """``NAME = value`` or ``NAME = value, "label"``. Mix in the type of the values:
    ``class Heights(float, Choices)``."""

    _label: Any
    # A template shows the members of a class; it must not call the class.
    do_not_call_in_templates = enum.nonmember(True)

    def __new__(cls, *given: Any) -> Any:
        *values, label = given if _has_label(given) else (*given, None)
        kind: Any = cls._member_type_  # type: ignore[attr-defined]
        if kind is object:
            member: Any = object.__new__(cls)
            member._value_ = values[0] if len(values) == 1 else tuple(values)
        else:
            member = kind.__new__(cls, *values)
            member._value_ = kind(*values)
        member._label = label
        return member

    @property
    def label(self) -> Any:
        if self._label is not None:
            return self._label
        return self.name.replace("_", " ").title()

    def __str__(self) -> str:
        return str(self.value)

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}.{self.name}"


def _has_label(given: tuple[Any, ...]) -> bool:
    """The last of several is one when it is text, or like it (a translation)."""
    last = given[-1] if len(given) > 1 else None
    return hasattr(last, "startswith") and not isinstance(last, bytes)


class IntegerChoices(int, Choices):
    """Choices among integers."""


class TextChoices(str, Choices):
    """Choices among texts; ``enum.auto()`` gives a member its own name as value."""

    @staticmethod
    def _generate_next_value_(
        name: str, start: int, count: int, last_values: list[Any]
    ) -> str:
        return name
