"""Converters: what a part of a path may look like, and the value it stands for."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

__all__ = ["CONVERTERS", "Converter", "register_converter"]


class Converter:
    """One kind of parameter: subclass it, then :func:`register_converter`.

    ``regex`` is what the text must match as a whole. ``to_python`` turns the text
    into the value, raising ValueError where it is no match after all; ``to_url``
    turns it back.
    """

    regex = "[^/]+"
    label = "text"

    def to_python(self, text: str) -> Any:
        return text

    def to_url(self, value: Any) -> str:
        return str(value)

    @cached_property
    def spans(self) -> bool:
        """Whether the text may go on over slashes; when in doubt it may."""
        rest = self.regex.replace("[^/]", "").replace("\\.", "")
        return "/" in rest or "." in rest or "\\" in re.sub(r"\\[dw-]", "", rest)

    @cached_property
    def _fullmatch(self) -> Any:
        return re.compile(self.regex).fullmatch

    def convert(self, text: str) -> tuple[Any] | None:
        """The value in a tuple; None when the text does not match."""
        if self._fullmatch(text) is None:
            return None
        try:
            return (self.to_python(text),)
        except ValueError:
            return None


class StrConverter(Converter):
    """Any text without a slash."""

    def convert(self, text: str) -> tuple[str] | None:
        return (text,) if text else None


class IntConverter(Converter):
    """Decimal digits, at most 19: more is no number that anything counts."""

    regex = "[0-9]{1,19}"
    label = "an int"

    def to_python(self, text: str) -> int:
        return int(text)

    def convert(self, text: str) -> tuple[int] | None:
        if text.isdigit() and text.isascii() and len(text) < 20:
            return (int(text),)
        return None

    def to_url(self, value: Any) -> str:
        return str(int(value))


class SlugConverter(Converter):
    regex = "[-a-zA-Z0-9_]+"
    label = "a slug"


class UUIDConverter(Converter):
    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    label = "a UUID"

    def to_python(self, text: str) -> Any:
        from uuid import UUID

        return UUID(text)


class FloatConverter(Converter):
    regex = r"[0-9]{1,100}(?:\.[0-9]{1,100})?"
    label = "a float"

    def to_python(self, text: str) -> float:
        return float(text)

    def to_url(self, value: Any) -> str:
        return f"{float(value):f}".rstrip("0").removesuffix(".")


class PathConverter(Converter):
    """Any text, slashes included."""

    regex = ".+"
    label = "a path"


CONVERTERS: dict[str, Converter] = {
    "float": FloatConverter(),
    "int": IntConverter(),
    "path": PathConverter(),
    "slug": SlugConverter(),
    "str": StrConverter(),
    "string": StrConverter(),
    "uuid": UUIDConverter(),
}


def register_converter(name: str, converter: Converter | type[Converter]) -> None:
    """Make ``<name:param>`` known. Takes a Converter class or an instance."""
    made = converter() if isinstance(converter, type) else converter
    if not name.isidentifier():
        raise ValueError(f"{name!r} cannot name a converter: use an identifier.")
    CONVERTERS[name] = made
