"""ValidationError: one message, a list of them, or lists by field.

ValidationError("Too long.", code="max_length").messages   ["Too long."]
ValidationError(["a", "b"]).messages                       ["a", "b"]
ValidationError({"age": "Too young."}).message_dict        {"age": ["Too young."]}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["NON_FIELD_ERRORS", "ValidationError"]

NON_FIELD_ERRORS = "__all__"
"""The key of what is wrong with the whole, not with one field."""


class ValidationError(Exception):
    """Something that a user gave cannot be.

    What it was made of decides what it has: ``error_dict`` for a mapping; else
    ``error_list``; and for one message also ``message``, ``code`` and ``params``.
    ``params`` are filled into the message (``"%(value)s is too long."``) when it is
    read, so that whoever catches it may put another message in its place.
    """

    message: Any
    code: str | None
    params: Mapping[str, Any] | None
    error_list: list[ValidationError]
    error_dict: dict[str, list[ValidationError]]

    def __init__(
        self,
        message: Any,
        code: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code, params)
        if isinstance(message, ValidationError):
            self._take(message)
        elif isinstance(message, Mapping):
            self.error_dict = {
                name: _error(errors).error_list for name, errors in message.items()
            }
        elif isinstance(message, (list, tuple)):
            self.error_list = _flat(message)
        else:
            self.message, self.code, self.params = message, code, params
            self.error_list = [self]

    def _take(self, other: ValidationError) -> None:
        """Be the same as another."""
        if hasattr(other, "error_dict"):
            self.error_dict = other.error_dict
        elif hasattr(other, "message"):
            self.message, self.code = other.message, other.code
            self.params = other.params
            self.error_list = [self]
        else:
            self.error_list = other.error_list

    @property
    def message_dict(self) -> dict[str, list[str]]:
        """Messages by field; AttributeError when it is not by fields."""
        return {name: _texts(errors) for name, errors in self.error_dict.items()}

    @property
    def messages(self) -> list[str]:
        """Every message, filled in."""
        return _texts(_all(self))

    def update_error_dict(
        self, error_dict: dict[str, list[ValidationError]]
    ) -> dict[str, list[ValidationError]]:
        """Add these errors to those in ``error_dict``, and return it."""
        for name, errors in _by_name(self).items():
            error_dict.setdefault(name, []).extend(errors)
        return error_dict

    def __iter__(self) -> Iterator[Any]:
        """The messages; or ``(field, messages)`` when it is by fields."""
        if hasattr(self, "error_dict"):
            return iter(self.message_dict.items())
        return iter(self.messages)

    def __str__(self) -> str:
        if hasattr(self, "error_dict"):
            return repr(self.message_dict)
        return repr(self.messages)

    def __repr__(self) -> str:
        return f"ValidationError({self})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ValidationError):
            return NotImplemented
        return _identity(self) == _identity(other)

    def __hash__(self) -> int:
        return hash(_identity(self))


def _error(given: Any) -> ValidationError:
    error = given if isinstance(given, ValidationError) else ValidationError(given)
    # Under one name, what is by fields is a list like any other.
    return ValidationError(_all(error)) if hasattr(error, "error_dict") else error


def _flat(given: Iterable[Any]) -> list[ValidationError]:
    """The errors of a list of messages, errors, and lists of them."""
    return [
        error
        for each in given
        for error in _all(
            each if isinstance(each, ValidationError) else ValidationError(each)
        )
    ]


def _all(error: ValidationError) -> list[ValidationError]:
    """Every single error, whatever field it is of."""
    if hasattr(error, "error_dict"):
        return [each for errors in error.error_dict.values() for each in errors]
    return error.error_list


def _by_name(error: ValidationError) -> dict[str, list[ValidationError]]:
    if hasattr(error, "error_dict"):
        return error.error_dict
    return {NON_FIELD_ERRORS: error.error_list}


def _texts(errors: Iterable[ValidationError]) -> list[str]:
    return [_text(error) for error in errors]


def _text(error: ValidationError) -> str:
    return str(error.message % error.params if error.params else error.message)


def _identity(error: ValidationError) -> tuple[Any, ...]:
    """What two errors that say the same have in common, whatever the order."""
    if hasattr(error, "error_dict"):
        named = {name: _sorted(errors) for name, errors in error.error_dict.items()}
        return tuple(sorted(named.items()))
    return _sorted(error.error_list)


def _sorted(errors: Iterable[ValidationError]) -> tuple[Any, ...]:
    return tuple(sorted(map(_single, errors)))


def _single(error: ValidationError) -> tuple[str, str, str]:
    params = sorted(error.params.items()) if error.params else None
    return str(error.message), str(error.code), repr(params)
