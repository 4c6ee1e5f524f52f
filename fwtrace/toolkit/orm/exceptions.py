"""What the ORM raises.

Exception
 ├─ ObjectDoesNotExist        each model has a DoesNotExist below it
 ├─ MultipleObjectsReturned   likewise
 ├─ FieldError                a query names what is not there
 ├─ NotConnected              there is no database yet
 └─ DatabaseError             what the database itself refused
     └─ IntegrityError        a constraint; ProtectedError is one of ours
"""

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = [
    "DatabaseError",
    "FieldDoesNotExist",
    "FieldError",
    "IntegrityError",
    "MultipleObjectsReturned",
    "NotConnected",
    "NotSupportedError",
    "ObjectDoesNotExist",
    "OutOfRange",
    "ProgrammingError",
    "ProtectedError",
    "RestrictedError",
    "TransactionManagementError",
    "unknown_name",
]


class ObjectDoesNotExist(Exception):
    """No row matched where one was wanted."""


class MultipleObjectsReturned(Exception):
    """Several rows matched where one was wanted."""


class FieldError(Exception):
    """A query names a field or a lookup that is not there."""


class FieldDoesNotExist(FieldError):
    """A model has no field of that name."""


class OutOfRange(ValueError):
    """A number that no column can hold: a statement without it answers better."""


class NotConnected(RuntimeError):
    """No database was connected yet."""


class DatabaseError(Exception):
    """The database refused a statement; ``__cause__`` is its driver's exception."""


class IntegrityError(DatabaseError):
    """A row would break a constraint."""


class NotSupportedError(DatabaseError):
    """The database cannot do what is asked."""


class ProgrammingError(DatabaseError):
    """The statement is wrong: a table is missing, for one."""


class TransactionManagementError(ProgrammingError):
    """A transaction is not in a state for this."""


class ProtectedError(IntegrityError):
    """A row is referred to by others that forbid its deletion."""

    def __init__(self, message: str, objects: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.protected_objects = set(objects)


class RestrictedError(IntegrityError):
    """A row is referred to by others that are not deleted with it."""

    def __init__(self, message: str, objects: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.restricted_objects = set(objects)


def unknown_name(name: str, choices: Iterable[str]) -> str:
    """The sentence for a name that is no field, in Django's words."""
    import difflib

    known = sorted(choices)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"Cannot resolve keyword {name!r} into field.{hint} "
        f"Choices are: {', '.join(known)}"
    )
