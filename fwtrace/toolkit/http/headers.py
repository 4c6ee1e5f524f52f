"""Header fields: case-insensitive names, in order, duplicates kept (RFC 9110, 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["Headers", "parse_options", "split_list"]


class Headers:
    """A list of header fields that also answers by name.

    ``h[name]`` is the first value, setting replaces all of that name, :meth:`add`
    keeps them. Names and values that HTTP cannot carry raise ValueError.
    """

    __slots__ = ("_list",)

    def __init__(
        self,
        fields: Mapping[str, str] | Iterable[tuple[str, str]] | Headers | None = None,
    ) -> None:
        self._list: list[tuple[str, str]] = []
        if fields:
            pairs = fields.items() if hasattr(fields, "items") else fields
            for name, value in pairs:
                self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Append a field, beside others of the same name."""
        if name not in _LOWER:
            _lower(name)
        self._list.append((name, _value(value)))

    def get(self, name: str, default: Any = None) -> Any:
        name = name.lower()
        size = len(name)
        for key, value in self._list:
            if len(key) == size and key.lower() == name:
                return value
        return default

    def getlist(self, name: str) -> list[str]:
        """All values of that name, in order."""
        name = name.lower()
        return [value for key, value in self._list if key.lower() == name]

    def setdefault(self, name: str, value: str) -> str:
        found = self.get(name)
        if found is None:
            self.add(name, value)
            return value
        return str(found)

    def __getitem__(self, name: str) -> str:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return str(found)

    def __setitem__(self, name: str, value: str) -> None:
        lower = _LOWER.get(name) or _lower(name)
        field = (name, _value(value))
        fields = self._list
        size = len(name)
        for position, (key, _) in enumerate(fields):
            # Comparing lengths first leaves few names to be lowered.
            if len(key) == size and key.lower() == lower:
                fields[position] = field
                rest = fields[position + 1 :]
                fields[position + 1 :] = [f for f in rest if f[0].lower() != lower]
                return
        fields.append(field)

    def __delitem__(self, name: str) -> None:
        lower = name.lower()
        self._list[:] = [field for field in self._list if field[0].lower() != lower]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._list)

    def keys(self) -> list[str]:
        return [name for name, _ in self._list]

    def items(self) -> list[tuple[str, str]]:
        """Every field, in order, names as they were written."""
        return list(self._list)

    to_list = items

    def copy(self) -> Headers:
        return Headers(self._list)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return [(k.lower(), v) for k, v in self._list] == [
            (k.lower(), v) for k, v in other._list
        ]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({self._list!r})"


# RFC 9110, 5.6.2: the characters of a token, of which a field name is made.
_TOKEN = frozenset(
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)


# Names that were found valid, in lower case: an app has few, and uses them often.
_LOWER: dict[str, str] = {}


def _lower(name: str) -> str:
    if not name or not _TOKEN.issuperset(name):
        raise ValueError(f"{name!r} is no header name: it must be one token.")
    lower = name.lower()
    if len(_LOWER) < 1000:
        _LOWER[name] = lower
    return lower


def _value(value: str) -> str:
    if type(value) is str and value.isascii() and value.isprintable():
        return value  # what nearly all are
    if not isinstance(value, str):
        raise TypeError(f"A header's value is a str, not {type(value).__name__}.")
    if "\r" in value or "\n" in value or "\0" in value:
        raise ValueError(f"{value!r} cannot be a header: it holds CR, LF or NUL.")
    if not value.isascii():
        try:
            value.encode("latin-1")
        except UnicodeEncodeError:
            raise ValueError(f"{value!r} cannot be a header: not latin-1.") from None
    return value


def parse_options(header: str) -> tuple[str, dict[str, str]]:
    """Split a value from its parameters.

    'text/html; charset="utf-8"' -> ("text/html", {"charset": "utf-8"})
    """
    value, _, rest = header.partition(";")
    options: dict[str, str] = {}
    while rest:
        part, rest = _next_option(rest)
        name, equals, text = part.partition("=")
        if equals and name.strip():
            options.setdefault(name.strip().lower(), _unquote(text.strip()))
    return value.strip().lower(), options


def split_list(header: str) -> list[str]:
    """The members of a list (RFC 9110, 5.6.1): ``'a, b="c, d"'`` -> a, b="c, d"."""
    if '"' not in header:
        parts = header.split(",")
    else:
        parts = []
        while header:
            part, header = _next_option(header, ",")
            parts.append(part)
    return [member for part in parts if (member := part.strip())]


def _next_option(text: str, separator: str = ";") -> tuple[str, str]:
    """The text up to the next separator outside quotes, and what follows it."""
    quoted = escaped = False
    for position, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == separator and not quoted:
            return text[:position], text[position + 1 :]
    return text, ""


def _unquote(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    return inner.replace('\\"', '"').replace("\\\\", "\\") if "\\" in inner else inner
