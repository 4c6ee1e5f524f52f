"""What the ORM raises.

Exception
 ├─ ObjectDoesNotExist        each model has a DoesNotExist below it
 ├─ MultipleObjectsReturned   likewise
 ├─ FieldError                a query names what is not there
 ├─ NotConnected              there is no database yet
 └─ DatabaseError             what the database itself refused
     └─ IntegrityError        a constraint; ProtectedError is one of ours
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = [
    "DatabaseError",
    "translated",
    "OperationalError",
    "MissingDriver",
    "InternalError",
    "InterfaceError",
    "DataError",
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


class MissingDriver(ImportError):
    """The driver of a database is not installed; the message says how to."""


class InterfaceError(Exception):
    """The driver was used in a wrong way, or lost its connection."""


class DatabaseError(Exception):
    """The database refused a statement; ``__cause__`` is its driver's exception."""


class DataError(DatabaseError):
    """A value is none that the column can hold."""


class OperationalError(DatabaseError):
    """The database cannot be reached, or cannot go on."""


class IntegrityError(DatabaseError):
    """A row would break a constraint."""


class InternalError(DatabaseError):
    """The database is in trouble with itself."""


class ProgrammingError(DatabaseError):
    """The statement is wrong: a table is missing, for one."""


class NotSupportedError(DatabaseError):
    """The database cannot do what is asked."""


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


_DRIVERS: dict[str, type[Exception]] = {
    each.__name__: each
    for each in (
        InterfaceError,
        DatabaseError,
        DataError,
        OperationalError,
        IntegrityError,
        InternalError,
        ProgrammingError,
        NotSupportedError,
    )
}


def translated(error: Exception, prefix: str = "") -> Exception:
    """A driver's exception (PEP 249) as one of ours; others as they are."""
    if isinstance(error, UnicodeEncodeError):
        return DatabaseError(f"The text is not valid Unicode: {error}.")
    if isinstance(error, OverflowError):
        return DatabaseError("The database keeps integers of 64 bits; one is larger.")
    for kind in type(error).__mro__:
        ours = _DRIVERS.get(kind.__name__)
        if ours is not None and kind.__module__ != __name__:
            return ours(prefix + _message(error))
    return error


def _message(error: Exception) -> str:
    args = error.args
    code_first = len(args) == 2 and isinstance(args[0], int)
    message = str(args[1] if code_first else error).strip().partition("\n")[0]
    missing = ("no such table", "doesn't exist", "does not exist")
    about = re.search(r"\b(column|database|relation|table)\b", message, re.IGNORECASE)
    is_table = about is not None and about[1].lower() in ("relation", "table")
    if is_table and any(words in message for words in missing):
        message = message.removesuffix(".")
        message += ". Make a model's table with its create_table()."
    return message


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
