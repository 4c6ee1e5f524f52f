"""Text: patterns, slugs, lists of integers, names of files, characters that are not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fwtrace.toolkit.validators.base import Validator

__all__ = [
    "FileExtensionValidator",
    "ProhibitNullCharactersValidator",
    "RegexValidator",
    "int_list_validator",
    "validate_comma_separated_integer_list",
    "validate_slug",
    "validate_unicode_slug",
]


class RegexValidator(Validator):
    """Searches the text for a pattern, and takes what has it; with ``inverse_match``,
    what has it not. ``flags`` are for a pattern that is text."""

    regex: Any = ""
    inverse_match = False
    flags: int = 0

    def __init__(
        self,
        regex: str | re.Pattern[str] | None = None,
        message: Any = None,
        code: str | None = None,
        inverse_match: bool | None = None,
        flags: int | None = None,
    ) -> None:
        given = {
            "regex": regex,
            "message": message,
            "code": code,
            "inverse_match": inverse_match,
            "flags": flags,
        }
        vars(self).update({k: v for k, v in given.items() if v is not None})
        if self.flags and not isinstance(self.regex, str):
            raise TypeError(
                "flags are for a pattern that is text; this one is compiled already: "
                "give them to re.compile()."
            )
        self.regex = re.compile(self.regex, self.flags)

    def __call__(self, value: Any) -> None:
        found = self.regex.search(str(value)) is not None
        if found is bool(self.inverse_match):
            self.refuse(value)


validate_slug = RegexValidator(
    re.compile(r"\A[-a-zA-Z0-9_]+\Z"),
    "A slug has letters a to z, digits, underscores and hyphens, and nothing else.",
)
validate_unicode_slug = RegexValidator(
    re.compile(r"\A[-\w]+\Z"),
    "A slug has letters, digits, underscores and hyphens, and nothing else.",
)


def int_list_validator(
    sep: str = ",",
    message: Any = None,
    code: str = "invalid",
    allow_negative: bool = False,
) -> RegexValidator:
    """Takes ``"1,2,3"``. ValueError for a separator that could be part of a number."""
    if not sep or sep.isdigit():
        raise ValueError(f"Integers cannot be told apart by {sep!r}.")
    number = "-?[0-9]+" if allow_negative else "[0-9]+"
    pattern = rf"\A{number}(?:{re.escape(sep)}{number})*\Z"
    return RegexValidator(re.compile(pattern), message, code)


validate_comma_separated_integer_list = int_list_validator(
    message="Only whole numbers with commas between them are allowed."
)


class ProhibitNullCharactersValidator(Validator):
    """Refuses text with a NUL in it, which several databases cannot keep."""

    message: Any = "Null characters are not allowed."
    code = "null_characters_not_allowed"

    def __init__(self, message: Any = None, code: str | None = None) -> None:
        self.message = message or self.message
        self.code = code or self.code

    def __call__(self, value: Any) -> None:
        if "\0" in str(value):
            self.refuse(value)


class FileExtensionValidator(Validator):
    """Looks at the ``name`` of a file, never into it; None allows any extension."""

    message: Any = (
        "Files of type %(extension)r are not allowed. Allowed are: "
        "%(allowed_extensions)s."
    )
    code = "invalid_extension"

    def __init__(
        self,
        allowed_extensions: Iterable[str] | None = None,
        message: Any = None,
        code: str | None = None,
    ) -> None:
        self.allowed_extensions = allowed_extensions and [
            each.lower() for each in allowed_extensions
        ]
        self.message = message or self.message
        self.code = code or self.code

    def __call__(self, value: Any) -> None:
        allowed = self.allowed_extensions
        extension = Path(value.name).suffix[1:].lower()
        if allowed is not None and extension not in allowed:
            self.refuse(
                value, extension=extension, allowed_extensions=", ".join(allowed)
            )
