"""Convertors: what a part of a path may look like, and the value it stands for."""

from __future__ import annotations

import math
import re
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from fwtrace.toolkit.routing.converters import Converter

__all__ = ["CONVERTOR_TYPES", "Convertor", "register_url_convertor"]

T = TypeVar("T")


class Convertor(Generic[T]):
    """One kind of parameter: ``regex`` is what its text must match as a whole."""

    regex: ClassVar[str] = ""

    def convert(self, value: str) -> T:
        """The value of the text."""
        raise NotImplementedError

    def to_string(self, value: T) -> str:
        """The text of the value; AssertionError where it has none."""
        raise NotImplementedError


class StringConvertor(Convertor[str]):
    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        text = str(value)
        _require("/" not in text, "May not contain path separators")
        _require(bool(text), "Must not be empty")
        return text


class PathConvertor(Convertor[str]):
    regex = ".*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return str(value)


class IntegerConvertor(Convertor[int]):
    regex = "[0-9]+"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        number = int(value)
        _require(number >= 0, "Negative integers are not supported")
        return str(number)


class FloatConvertor(Convertor[float]):
    regex = r"[0-9]+(?:\.[0-9]+)?"

    def convert(self, value: str) -> float:
        return float(value)

    def to_string(self, value: float) -> str:
        number = float(value)
        _require(not math.isnan(number), "NaN values are not supported")
        _require(not math.isinf(number), "Infinite values are not supported")
        _require(number >= 0, "Negative floats are not supported")
        return f"{number:.20f}".rstrip("0").rstrip(".")


class UUIDConvertor(Convertor[UUID]):
    regex = "-?".join(f"[0-9a-fA-F]{{{length}}}" for length in (8, 4, 4, 4, 12))

    def convert(self, value: str) -> UUID:
        return UUID(value)

    def to_string(self, value: UUID) -> str:
        return str(value)


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise AssertionError(sentence)


CONVERTOR_TYPES: dict[str, Convertor[Any]] = {
    "str": StringConvertor(),
    "path": PathConvertor(),
    "int": IntegerConvertor(),
    "float": FloatConvertor(),
    "uuid": UUIDConvertor(),
}


def register_url_convertor(key: str, convertor: Convertor[Any]) -> None:
    """Make ``{param:key}`` known."""
    CONVERTOR_TYPES[key] = convertor


class Matching(Converter):
    """A convertor as the toolkit's matcher uses it."""

    def __init__(self, convertor: Convertor[Any]) -> None:
        self.convertor = convertor
        self.regex = convertor.regex
        self._is_text = type(convertor) is StringConvertor

    def convert(self, text: str) -> tuple[Any] | None:
        if self._is_text:
            return (text,) if text else None
        if self._fullmatch(text) is None:
            return None
        try:
            return (self.convertor.convert(text),)
        except ValueError:  # digits that are too many for Python, say
            return None

    @property
    def _fullmatch(self) -> Any:
        found = self.__dict__.get("_pattern")
        if found is None:
            pattern = re.compile(self.regex, re.DOTALL)
            found = self.__dict__["_pattern"] = pattern.fullmatch
        return found


_matching: dict[int, Matching] = {}


def matching(convertor: Convertor[Any]) -> Matching:
    """One for each convertor, so that the matcher holds a segment against it once."""
    found = _matching.get(id(convertor))
    if found is None or found.convertor is not convertor:
        found = _matching[id(convertor)] = Matching(convertor)
    return found
