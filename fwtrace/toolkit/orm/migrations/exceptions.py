"""What can be wrong with migrations."""

from __future__ import annotations

import reprlib
from typing import Any

__all__ = [
    "AmbiguityError",
    "BadMigrationError",
    "CannotSerialize",
    "CircularDependencyError",
    "ConflictError",
    "InconsistentMigrationHistory",
    "InvalidBasesError",
    "IrreversibleError",
    "MigrationError",
    "MigrationSchemaMissing",
    "NodeNotFoundError",
]


class MigrationError(Exception):
    """A sentence that says what is wrong, where, and what to do."""


class AmbiguityError(MigrationError):
    """More than one migration begins with the name that was given."""


class BadMigrationError(MigrationError):
    """A file of a migration that cannot be used."""


class CannotSerialize(MigrationError, ValueError):
    """A value that no file can hold: which, where it stands, why, and what to do."""

    def __init__(self, value: object, why: str, advice: str) -> None:
        super().__init__(why, advice)
        self.value = value
        self.why = why
        self.advice = advice
        self.place = ""

    def within(self, place: str) -> CannotSerialize:
        """The same, of a part of something: ``default`` within ``blog.Post.title``."""
        self.place = f"{self.place} of {place}" if self.place else place
        return self

    def __str__(self) -> str:
        what = reprlib.repr(self.value)
        place = f" ({self.place})" if self.place else ""
        return f"Cannot write {what}{place} into a migration: {self.why}. {self.advice}"


class CircularDependencyError(MigrationError):
    """Migrations that wait for each other."""


class ConflictError(MigrationError):
    """An app with more than one latest migration."""


class InconsistentMigrationHistory(MigrationError):
    """A migration is applied, one that it depends on is not."""


class InvalidBasesError(MigrationError):
    """A model is built upon one that is not there."""


class IrreversibleError(MigrationError):
    """An operation that cannot be undone."""


class MigrationSchemaMissing(MigrationError):
    """The table of applied migrations cannot be made."""


class NodeNotFoundError(MigrationError, KeyError):
    """A migration that is named and not there."""

    def __init__(self, message: str, node: Any, origin: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.origin = origin

    def __str__(self) -> str:
        return self.message  # a KeyError shows the repr of it
