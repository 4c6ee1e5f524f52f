"""Converters: what a part of a URL may look like, and the value it stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fwtrace.frameworks.flask.datastructures.mappings import ImmutableDict
from fwtrace.frameworks.flask.routing.errors import ValidationError
from fwtrace.toolkit.routing.converters import Converter

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.routing.map import Map

__all__ = [
    "DEFAULT_CONVERTERS",
    "AnyConverter",
    "BaseConverter",
    "FloatConverter",
    "IntegerConverter",
    "NumberConverter",
    "PathConverter",
    "UUIDConverter",
    "UnicodeConverter",
]

# WHATWG URL, "path percent-encode set": these may stay as they are in a path.
SAFE = "!$&'()*+,/:;=@"


class BaseConverter(Converter):
    """One kind of parameter. Subclass it and enter it in ``app.url_map.converters``.

    ``regex`` is what the text must match; ``to_python`` turns it into the value,
    raising :exc:`ValidationError` where it is none; ``to_url`` turns the value into
    text that is quoted. ``weight`` orders rules that both match: lower goes first.
    Arguments in the rule, ``<name(1, x=2):param>``, are given to ``__init__``.
    """

    regex = "[^/]+"
    weight = 100
    part_isolating = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "regex" in cls.__dict__ and "part_isolating" not in cls.__dict__:
            cls.part_isolating = "/" not in cls.regex

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        self.map = map

    def to_python(self, value: str) -> Any:
        return value

    def to_url(self, value: Any) -> str:
        return quote(str(value), safe=SAFE)

    @property
    def spans(self) -> bool:
        return not self.part_isolating

    def convert(self, text: str) -> tuple[Any] | None:
        """The text itself: its value is made once a rule is chosen."""
        return None if self._fullmatch(text) is None else (text,)


class UnicodeConverter(BaseConverter):
    """Text without a slash: ``<string(minlength=2, maxlength=9):name>``."""

    def __init__(
        self,
        map: Map,
        minlength: int = 1,
        maxlength: int | None = None,
        length: int | None = None,
    ) -> None:
        super().__init__(map)
        if length is not None:
            self._bounds = (int(length), int(length))
        else:
            longest = 1 << 62 if maxlength is None else int(maxlength)
            self._bounds = (int(minlength), longest)
        low, high = self._bounds
        self.regex = (
            f"[^/]{{{low},{'' if maxlength is None and length is None else high}}}"
        )

    def convert(self, text: str) -> tuple[Any] | None:
        low, high = self._bounds
        return (text,) if low <= len(text) <= high else None


class AnyConverter(BaseConverter):
    """One of some words: ``<any(about, help):page>``."""

    def __init__(self, map: Map, *items: str) -> None:
        super().__init__(map)
        self.items = set(items)
        self.regex = f"(?:{'|'.join(re.escape(item) for item in items)})"

    def to_url(self, value: Any) -> str:
        if value not in self.items:
            words = ", ".join(f"'{each}'" for each in sorted(self.items))
            raise ValueError(f"'{value}' is not one of {words}")
        return str(value)


class PathConverter(BaseConverter):
    """Text with slashes, the first character apart: ``<path:name>``."""

    part_isolating = False
    regex = "[^/].*?"
    weight = 200


class NumberConverter(BaseConverter):
    """What int and float share: ``fixed_digits``, ``min``, ``max``, ``signed``."""

    weight = 50
    num_convert: Callable[[Any], Any] = int

    def __init__(
        self,
        map: Map,
        fixed_digits: int = 0,
        min: Any = None,
        max: Any = None,
        signed: bool = False,
    ) -> None:
        super().__init__(map)
        if signed:
            self.regex = f"-?{self.regex}"
        self.fixed_digits = fixed_digits
        self.min = min
        self.max = max
        self.signed = signed

    def to_python(self, value: str) -> Any:
        if self.fixed_digits and len(value) != self.fixed_digits:
            raise ValidationError()
        try:
            number = self.num_convert(value)
        except ValueError:  # more digits than Python takes
            raise ValidationError() from None
        if self.min is not None and number < self.min:
            raise ValidationError()
        if self.max is not None and number > self.max:
            raise ValidationError()
        return number

    def to_url(self, value: Any) -> str:
        text = str(self.num_convert(value))
        return text.zfill(self.fixed_digits) if self.fixed_digits else text


class IntegerConverter(NumberConverter):
    """Digits: ``<int(min=1):id>``."""

    regex = r"\d+"

    def convert(self, text: str) -> tuple[Any] | None:
        if text.isdecimal() or (self.signed and self._fullmatch(text)):
            return (text,)
        return None


class FloatConverter(NumberConverter):
    """Digits with a point among them: ``<float:price>``."""

    regex = r"\d+\.\d+"
    num_convert = float


class UUIDConverter(BaseConverter):
    regex = "-".join(f"[A-Fa-f0-9]{{{length}}}" for length in (8, 4, 4, 4, 12))

    def to_python(self, value: str) -> Any:
        from uuid import UUID

        return UUID(value)

    def to_url(self, value: Any) -> str:
        return str(value)


DEFAULT_CONVERTERS: Mapping[str, type[BaseConverter]] = ImmutableDict(
    {
        "default": UnicodeConverter,
        "string": UnicodeConverter,
        "any": AnyConverter,
        "path": PathConverter,
        "int": IntegerConverter,
        "float": FloatConverter,
        "uuid": UUIDConverter,
    }
)
