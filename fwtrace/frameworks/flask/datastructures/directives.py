"""Headers that are lists: caching, tags, sets, ranges (RFC 9110, 9111)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, MutableSet
from datetime import datetime
from typing import Any

from fwtrace.frameworks.flask.datastructures.headers import quote_option
from fwtrace.frameworks.flask.datastructures.mappings import CallbackDict, _Immutable
from fwtrace.toolkit.http.conditional import ETags as ToolkitETags
from fwtrace.toolkit.http.dates import http_date, parse_http_date
from fwtrace.toolkit.http.headers import split_list

__all__ = [
    "ContentRange",
    "ETags",
    "HeaderSet",
    "IfRange",
    "Range",
    "RequestCacheControl",
    "ResponseCacheControl",
    "parse_directives",
]


def parse_directives(header: str | None) -> dict[str, str | None]:
    """``'max-age=5, no-cache, x="a, b"'`` -> its names and values, None where none."""
    found: dict[str, str | None] = {}
    for part in split_list(header or ""):
        name, equals, value = part.partition("=")
        found[name.strip()] = _unquote(value.strip()) if equals else None
    return found


def _unquote(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


class _Directive:
    """One directive as an attribute: a flag, a number, or text that may be left out."""

    def __init__(self, kind: type | None = None, empty: Any = None) -> None:
        self.kind = kind
        self.empty = empty

    def __set_name__(self, owner: type, name: str) -> None:
        self.key = name.replace("_", "-")

    def __get__(self, directives: Any, owner: Any = None) -> Any:
        if directives is None:
            return self
        if self.kind is bool:
            return self.key in directives
        if self.key not in directives:
            return None
        value = directives[self.key]
        if value is None:
            return self.empty
        if self.kind is not int:
            return value
        try:
            return int(value)
        except ValueError:
            return None

    def __set__(self, directives: Any, value: Any) -> None:
        if value is None or value is False:
            directives.pop(self.key, None)
        elif value is True or self.kind is bool:
            directives[self.key] = None
        else:
            directives[self.key] = str(int(value) if self.kind is int else value)

    def __delete__(self, directives: Any) -> None:
        directives.pop(self.key, None)


class _CacheControl(CallbackDict):
    """The directives of ``Cache-Control`` as a dict and as attributes."""

    no_store = _Directive(bool)
    max_age = _Directive(int)
    no_transform = _Directive(bool)
    stale_if_error = _Directive(int)

    def __init__(
        self, values: Any = (), on_update: Callable[[Any], None] | None = None
    ) -> None:
        super().__init__(values, on_update)
        self.provided = values is not None

    def to_header(self) -> str:
        parts = []
        for name, value in self.items():
            parts.append(name if value is None else f"{name}={quote_option(value)}")
        return ", ".join(parts)

    __str__ = to_header


class RequestCacheControl(_Immutable, _CacheControl):
    """What the client asks of caches."""

    no_cache = _Directive(bool)
    max_stale = _Directive(int, empty=True)
    min_fresh = _Directive(int)
    only_if_cached = _Directive(bool)


class ResponseCacheControl(_CacheControl):
    """What the app asks of caches."""

    no_cache = _Directive(empty=True)
    public = _Directive(bool)
    private = _Directive(empty=True)
    must_revalidate = _Directive(bool)
    proxy_revalidate = _Directive(bool)
    s_maxage = _Directive(int)
    immutable = _Directive(bool)
    must_understand = _Directive(bool)
    stale_while_revalidate = _Directive(int)


class HeaderSet(MutableSet[str]):
    """Names in any case, each once, in order; ``on_update`` hears of changes."""

    def __init__(
        self,
        headers: Iterable[str] | None = None,
        on_update: Callable[[Any], None] | None = None,
    ) -> None:
        self._names: dict[str, str] = {each.lower(): each for each in headers or ()}
        self.on_update = on_update

    @classmethod
    def parse(
        cls, header: str | None, on_update: Callable[[Any], None] | None = None
    ) -> HeaderSet:
        return cls(map(_unquote, split_list(header or "")), on_update)

    def _changed(self) -> None:
        if self.on_update is not None:
            self.on_update(self)

    def add(self, header: str) -> None:
        self.update((header,))

    def update(self, iterable: Iterable[str]) -> None:
        new = {e.lower(): e for e in iterable if e.lower() not in self._names}
        if new:
            self._names.update(new)
            self._changed()

    def remove(self, header: str) -> None:
        if header.lower() not in self._names:
            raise KeyError(header)
        self.discard(header)

    def discard(self, header: str) -> None:
        if self._names.pop(header.lower(), None) is not None:
            self._changed()

    def clear(self) -> None:
        self._names.clear()
        self._changed()

    def find(self, header: str) -> int:
        names = list(self._names)
        return names.index(header.lower()) if header.lower() in names else -1

    def as_set(self, preserve_casing: bool = False) -> set[str]:
        return set(self._names.values() if preserve_casing else self._names)

    def to_header(self) -> str:
        return ", ".join(map(quote_option, self._names.values()))

    def __getitem__(self, position: int) -> str:
        return list(self._names.values())[position]

    def __contains__(self, header: object) -> bool:
        return isinstance(header, str) and header.lower() in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._names)

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"HeaderSet({list(self)!r})"


class ETags(Collection[str]):
    """The tags of ``If-Match`` and ``If-None-Match``, without their quotes."""

    def __init__(
        self,
        strong_etags: Iterable[str] = (),
        weak_etags: Iterable[str] = (),
        star_tag: bool = False,
    ) -> None:
        self.star_tag = star_tag
        self._strong = frozenset(() if star_tag else strong_etags)
        self._weak = frozenset(weak_etags)

    @classmethod
    def parse(cls, header: str | None) -> ETags:
        found = ToolkitETags(header or "")
        strong = [tag[1:-1] for tag in found.tags if not tag.startswith("W/")]
        weak = [tag[3:-1] for tag in found.tags if tag.startswith("W/")]
        return cls(strong, weak, found.any)

    def as_set(self, include_weak: bool = False) -> set[str]:
        return set(self._strong | self._weak if include_weak else self._strong)

    def is_weak(self, etag: str) -> bool:
        return etag in self._weak

    def is_strong(self, etag: str) -> bool:
        return etag in self._strong

    def contains_weak(self, etag: str) -> bool:
        return self.is_weak(etag) or self.contains(etag)

    def contains(self, etag: str) -> bool:
        return self.star_tag or self.is_strong(etag)

    def contains_raw(self, etag: str) -> bool:
        """Whether a tag as a header has it, quoted and perhaps weak, is among them."""
        if etag.startswith("W/"):
            return self.contains_weak(_unquote(etag[2:]))
        return self.contains(_unquote(etag))

    def to_header(self) -> str:
        if self.star_tag:
            return "*"
        weak = (f'W/"{tag}"' for tag in self._weak)
        return ", ".join([*(f'"{tag}"' for tag in self._strong), *weak])

    def __bool__(self) -> bool:
        return bool(self.star_tag or self._strong or self._weak)

    def __len__(self) -> int:
        return len(self._strong)

    def __iter__(self) -> Iterator[str]:
        return iter(self._strong)

    def __contains__(self, etag: object) -> bool:
        return isinstance(etag, str) and self.contains(etag)

    def __str__(self) -> str:
        return self.to_header()


class IfRange:
    """``If-Range``: an ``etag`` or a ``date``, or neither."""

    def __init__(self, etag: str | None = None, date: datetime | None = None) -> None:
        self.etag = etag
        self.date = date

    @classmethod
    def parse(cls, header: str | None) -> IfRange:
        if not header:
            return cls()
        date = parse_http_date(header)
        if date is not None:
            return cls(date=date)
        return cls(etag=_unquote(header.removeprefix("W/")))

    def to_header(self) -> str:
        if self.date is not None:
            return http_date(self.date)
        return "" if self.etag is None else f'"{self.etag}"'

    __str__ = to_header


class Range:
    """``Range``: ``units`` and ``(start, stop)`` pairs; stop is exclusive, None at the
    end; a negative start counts from the end."""

    def __init__(
        self, units: str | None, ranges: Iterable[tuple[int, int | None]]
    ) -> None:
        self.units = units
        self.ranges = list(ranges)

    @classmethod
    def parse(cls, header: str | None) -> Range | None:
        """None for no header and for one that makes no sense."""
        units, equals, specs = (header or "").partition("=")
        if not equals:
            return None
        ranges: list[tuple[int, int | None]] = []
        last_end: int | None = 0
        for spec in specs.split(","):
            first, dash, last = (part.strip() for part in spec.partition("-"))
            if not dash or not all(map(_is_number, (first, last))):
                return None
            if not first:
                if not last.strip("0") or last_end is None:
                    return None
                ranges.append((-int(last), None))
                last_end = None
                continue
            start, stop = int(first), int(last) + 1 if last else None
            out_of_order = last_end is None or start < last_end
            if out_of_order or (stop is not None and start >= stop):
                return None
            ranges.append((start, stop))
            last_end = stop
        return cls(units.strip().lower(), ranges)

    def range_for_length(self, length: int | None) -> tuple[int, int] | None:
        """The only range within a body of that length; None where there is none."""
        if self.units != "bytes" or length is None or len(self.ranges) != 1:
            return None
        start, stop = self.ranges[0]
        if stop is None:
            stop = length
            start = max(0, start + length) if start < 0 else start
        return (start, min(stop, length)) if start < min(stop, length) else None

    def make_content_range(self, length: int | None) -> ContentRange | None:
        found = self.range_for_length(length)
        return None if found is None else ContentRange(self.units, *found, length)

    def to_content_range_header(self, length: int | None) -> str | None:
        found = self.make_content_range(length)
        return None if found is None else found.to_header()

    def to_header(self) -> str:
        parts = []
        for start, stop in self.ranges:
            if stop is None:
                parts.append(f"{start}-" if start >= 0 else f"{start}")
            else:
                parts.append(f"{start}-{stop - 1}")
        return f"{self.units}={','.join(parts)}"

    __str__ = to_header


def _is_number(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and len(text) < 20)


class ContentRange:
    """``Content-Range``: ``units``, ``start``, ``stop`` (exclusive) and ``length``."""

    def __init__(
        self,
        units: str | None,
        start: int | None = None,
        stop: int | None = None,
        length: int | None = None,
        on_update: Callable[[Any], None] | None = None,
    ) -> None:
        self._on_update: Callable[[Any], None] | None = None
        self.set(start, stop, length, units)
        self._on_update = on_update

    @classmethod
    def parse(
        cls, header: str | None, on_update: Callable[[Any], None] | None = None
    ) -> ContentRange:
        units, _, rest = (header or "").strip().partition(" ")
        span, _, whole = rest.partition("/")
        first, dash, last = span.partition("-")
        try:
            length = None if whole == "*" else int(whole)
            if span == "*":
                return cls(units, None, None, length, on_update)
            start, stop = int(first), int(last) + 1
        except ValueError:
            return cls(None, on_update=on_update)
        return cls(units, start, stop, length, on_update)

    def set(
        self,
        start: int | None,
        stop: int | None,
        length: int | None = None,
        units: str | None = "bytes",
    ) -> None:
        """Set all of it; ValueError for a start that is not before its stop."""
        if (start is None) != (stop is None) or (
            start is not None and stop is not None and not 0 <= start < stop
        ):
            raise ValueError(f"{start}-{stop} is no range.")
        self.units, self.start, self.stop, self.length = units, start, stop, length
        if self._on_update is not None:
            self._on_update(self)

    def unset(self) -> None:
        self.set(None, None, units=None)

    def to_header(self) -> str:
        if self.units is None:
            return ""
        length = "*" if self.length is None else self.length
        if self.start is None or self.stop is None:
            return f"{self.units} */{length}"
        return f"{self.units} {self.start}-{self.stop - 1}/{length}"

    def __bool__(self) -> bool:
        return self.units is not None

    __str__ = to_header
