"""Header fields, with the methods that code written for Flask uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

from fwtrace.frameworks.flask.datastructures.mappings import (
    MultiDict,
    iter_multi_items,
)
from fwtrace.frameworks.flask.exceptions import BadRequestKeyError
from fwtrace.toolkit.http import headers as toolkit
from fwtrace.toolkit.wsgi.request import EnvironHeaders as ToolkitEnvironHeaders

__all__ = ["EnvironHeaders", "Headers"]

_missing: Any = object()


class _Reading:
    """What reading has in common: values may be converted, in :meth:`get` or
    :meth:`getlist`."""

    def get(
        self, key: str, default: Any = None, type: Callable[[str], Any] | None = None
    ) -> Any:
        found = super().get(key)  # type: ignore[misc]
        if found is None:
            return default
        if type is None:
            return found
        try:
            return type(found)
        except (ValueError, TypeError):
            return default

    def getlist(self, key: str, type: Callable[[str], Any] | None = None) -> list[Any]:
        key = key.lower()
        found = []
        for name, value in self.items():
            if name.lower() == key:
                try:
                    found.append(value if type is None else type(value))
                except (ValueError, TypeError):
                    continue
        return found

    def get_all(self, name: str) -> list[str]:
        return self.getlist(name)

    def items(self, lower: bool = False) -> Any:
        found = super().items()  # type: ignore[misc]
        return [(key.lower(), value) for key, value in found] if lower else found

    def keys(self, lower: bool = False) -> Any:
        return [key for key, _ in self.items(lower)]

    def values(self) -> Any:
        return [value for _, value in self.items()]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items())

    def to_wsgi_list(self) -> list[tuple[str, str]]:
        return list(self.items())

    def __str__(self) -> str:
        lines = [f"{key}: {value}" for key, value in self.items()]
        return "\r\n".join([*lines, "\r\n"])


class Headers(_Reading, toolkit.Headers):  # type: ignore[misc]
    """A list of header fields that also answers by name; iterating gives pairs.

    Names and values that HTTP cannot carry raise ValueError. Named arguments of
    ``add`` and ``set`` become parameters: ``add("X", "v", filename="a")``.
    """

    __slots__ = ()

    def __init__(self, defaults: Any = None) -> None:
        super().__init__()
        if defaults is not None:
            self.extend(defaults)

    @classmethod
    def of_list(cls, fields: list[tuple[str, str]]) -> Self:
        """One that takes a list of valid fields as it is."""
        made = cls.__new__(cls)
        made._list = fields
        return made

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, int):
            return self._list[key]
        if isinstance(key, slice):
            return type(self)(self._list[key])
        found = self.get(key)
        if found is None:
            raise BadRequestKeyError(key)
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(key, str):
            if type(value) is not str or not value.isascii():
                value = _value(key, value, None)
            super().__setitem__(key, value)
        elif isinstance(key, int):
            self._list[key] = toolkit.Headers([(value[0], _text(value[1]))])._list[0]
        else:
            pairs = value.items() if isinstance(value, Mapping) else value
            self._list[key] = toolkit.Headers([(k, _text(v)) for k, v in pairs])._list

    def __delitem__(self, key: Any) -> None:
        if isinstance(key, str):
            super().__delitem__(key)
        else:
            del self._list[key]

    def add(self, name: str, value: Any, /, **options: Any) -> None:  # type: ignore[override]
        """Append a field, beside others of the same name."""
        super().add(name, _value(name, value, options))

    add_header = add

    def set(self, name: str, value: Any, /, **options: Any) -> None:
        """Put one field in the place of all of that name."""
        super().__setitem__(name, _value(name, value, options))

    def setlist(self, key: str, values: Iterable[Any]) -> None:
        """Put several fields in the place of all of that name."""
        super().__delitem__(key)
        for value in values:
            self.add(key, value)

    def setdefault(self, name: str, value: Any) -> str:
        return super().setdefault(name, _text(value))

    def setlistdefault(self, key: str, default: Iterable[Any]) -> list[str]:
        if key not in self:
            self.setlist(key, default)
        return self.getlist(key)

    def extend(self, arg: Any = (), /, **named: Any) -> None:
        """Append all fields of a mapping, of pairs, and of named arguments."""
        for pairs in (arg, named):
            for key, value in _pairs(pairs):
                self.add(key, value)

    def update(self, arg: Any = (), /, **named: Any) -> None:
        """Put the fields in the place of those of the same names."""
        for pairs in (arg, named):
            lists: dict[str, list[Any]] = {}
            for key, value in _pairs(pairs):
                lists.setdefault(key, []).append(value)
            for key, values in lists.items():
                self.setlist(key, values)

    def remove(self, key: str) -> None:
        super().__delitem__(key)

    def pop(self, key: Any = None, default: Any = _missing) -> Any:
        """Remove a field by its name or position, the last by default."""
        if key is None or isinstance(key, int):
            return self._list.pop(-1 if key is None else key)
        if key in self:
            found = self[key]
            self.remove(key)
            return found
        if default is not _missing:
            return default
        raise BadRequestKeyError(key)

    def popitem(self) -> tuple[str, str]:
        return self._list.pop()

    def clear(self) -> None:
        self._list.clear()

    def copy(self) -> Headers:
        return type(self)(self._list)

    __copy__ = copy

    def __or__(self, other: Any) -> Headers:
        joined = self.copy()
        joined.update(other)
        return joined

    def __ior__(self, other: Any) -> Headers:
        self.update(other)
        return self


class EnvironHeaders(_Reading, ToolkitEnvironHeaders):  # type: ignore[misc]
    """The request's headers, read from the environ; they cannot be changed."""

    __slots__ = ()

    def __getitem__(self, key: str) -> str:
        found = self.get(key)
        if found is None:
            raise BadRequestKeyError(key)
        return str(found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnvironHeaders) and self._environ is other._environ

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> Headers:
        return Headers(self)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _pairs(fields: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(fields, (toolkit.Headers, EnvironHeaders)):
        yield from fields.items()
    elif isinstance(fields, MultiDict):
        yield from fields.items(multi=True)
    else:
        yield from iter_multi_items(fields)


def _value(name: str, value: Any, options: dict[str, Any] | None) -> str:
    """The value as text, with its options; of a URL, percent-encoded."""
    text = value if isinstance(value, str) else str(value)
    if not text.isascii() and name.lower() in ("location", "content-location"):
        text = iri_to_uri(text)
    return _with_options(text, options) if options else text


def iri_to_uri(iri: str) -> str:
    """The URL in ASCII: a name as IDNA, the rest percent-encoded as UTF-8."""
    if iri.isascii():
        return iri
    parts = urlsplit(iri)
    netloc = parts.netloc
    if not netloc.isascii():
        user, at, host = netloc.rpartition("@")
        with suppress(UnicodeError):
            host = host.encode("idna").decode("ascii")
        netloc = f"{quote(user, safe=_URL)}{at}{host}"
    rest = (
        quote(part, safe=_URL) for part in (parts.path, parts.query, parts.fragment)
    )
    return urlunsplit((parts.scheme, netloc, *rest))


# WHATWG URL: none of these changes its meaning by staying as it is.
_URL = "%!$&'()*+,/:;=?@[]#"


def _with_options(value: str, options: dict[str, Any]) -> str:
    for key, option in options.items():
        name = key.replace("_", "-")
        if option is None:
            value += f"; {name}"
        else:
            value += f"; {name}={quote_option(str(option))}"
    return value


_PLAIN = frozenset("!#$%&'*+-.^_`|~") | frozenset(map(chr, range(48, 58)))
_PLAIN |= frozenset(map(chr, range(65, 91))) | frozenset(map(chr, range(97, 123)))


def quote_option(text: str) -> str:
    """A token as it is, other text as a quoted string (RFC 9110, 5.6.4)."""
    if text and _PLAIN.issuperset(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
