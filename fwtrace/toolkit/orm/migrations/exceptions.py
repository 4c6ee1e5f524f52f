"""What can be wrong with migrations."""

from __future__ import annotations

from typing import Any

__all__ = [
    "AmbiguityError",
    "BadMigrationError",
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


class NodeNotFoundError(MigrationError, LookupError):
    """A migration that is named and not there."""

    def __init__(self, message: str, node: Any, origin: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.origin = origin
