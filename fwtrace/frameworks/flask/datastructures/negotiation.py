"""Content negotiation: what a client accepts, the best first (RFC 9110, 12.5)."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

__all__ = ["Accept", "CharsetAccept", "LanguageAccept", "MIMEAccept", "parse_accept"]

A = TypeVar("A", bound="Accept")

MAX_PARTS = 100


def parse_accept(header: str | None, kind: type[A]) -> A:
    """The header as a list of this kind; malformed parts are passed over."""
    if not header:
        return kind(None)
    found = []
    for part in header.split(",", MAX_PARTS)[:MAX_PARTS]:
        value, quality = part.strip(), 1.0
        head, semicolon, last = value.rpartition(";")
        name, _, number = last.partition("=")
        if semicolon and name.strip().lower() == "q":
            value = head.strip()
            try:
                quality = float(number)
            except ValueError:
                continue
            if not 0 <= quality <= 1:
                continue
        if value:
            found.append((value, quality))
    return kind(found)


class Accept(tuple[tuple[str, float], ...]):
    """What a client accepts. ``value in accept``, ``accept[value]`` is its quality.

    The most specific come first, and of those the ones with the best quality.
    """

    provided: bool
    """Whether there was such a header."""

    def __new__(cls, values: Iterable[tuple[str, float]] | None = ()) -> Any:
        ranked = sorted(values or (), key=cls._rank, reverse=True)
        made = super().__new__(cls, ranked)
        made.provided = values is not None
        return made

    @classmethod
    def _rank(cls, each: tuple[str, float]) -> Any:
        return cls._specificity(each[0]), each[1]

    @staticmethod
    def _specificity(value: str) -> tuple[bool, ...]:
        return (value != "*",)

    def _covers(self, item: str, offer: str) -> bool:
        """Whether the client's item accepts the app's offer."""
        return item == "*" or item.lower() == offer.lower()

    def _item_for(self, offer: str) -> tuple[str, float] | None:
        return next((each for each in self if self._covers(each[0], offer)), None)

    def quality(self, key: str) -> float:
        """0 to 1: how much the client likes it."""
        found = self._item_for(key)
        return 0 if found is None else found[1]

    def __getitem__(self, key: Any) -> Any:
        return self.quality(key) if isinstance(key, str) else super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._item_for(key) is not None

    def index(self, key: Any, *bounds: Any) -> int:
        """The position of the item that accepts it; ValueError where none does."""
        if not isinstance(key, str):
            return super().index(key, *bounds)
        found = self._item_for(key)
        if found is None:
            raise ValueError(key)
        return super().index(found)

    def find(self, key: Any) -> int:
        """As :meth:`index`, but -1 where there is none."""
        try:
            return self.index(key)
        except ValueError:
            return -1

    def values(self) -> Iterator[str]:
        return (value for value, _ in self)

    def best_match(
        self, matches: Iterable[str], default: str | None = None
    ) -> str | None:
        """The offer that the client likes best; the more specific, then the first, of
        equals."""
        best, chosen = None, default
        for offer in matches:
            found = self._item_for(offer)
            if found is None or found[1] <= 0:
                continue
            rank = (found[1], self._specificity(found[0]))
            if best is None or rank > best:
                best, chosen = rank, offer
        return chosen

    @property
    def best(self) -> str | None:
        return tuple.__getitem__(self, 0)[0] if self else None

    def to_header(self) -> str:
        return ",".join(v if q == 1 else f"{v};q={q}" for v, q in self)

    __str__ = to_header

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"


class MIMEAccept(Accept):
    """Media types, with ``text/*`` and ``*/*``."""

    @staticmethod
    def _specificity(value: str) -> tuple[bool, ...]:
        kind, _, options = value.partition(";")
        parts = kind.split("/") + [each for each in options.split(";") if each]
        return tuple(part.strip() != "*" for part in parts)

    def _covers(self, item: str, offer: str) -> bool:
        if "/" not in offer:
            raise ValueError(f"{offer!r} is no media type.")
        if "/" not in item:
            return False
        kind, subtype, options = _media(item)
        wanted_kind, wanted_subtype, wanted_options = _media(offer)
        if wanted_kind == "*" and wanted_subtype != "*":
            raise ValueError(f"{offer!r} is no media type.")
        if kind == "*":
            return subtype == "*"
        if wanted_kind == "*":
            return True
        if kind != wanted_kind:
            return False
        if "*" in (subtype, wanted_subtype):
            return True
        return subtype == wanted_subtype and options == wanted_options

    @property
    def accept_html(self) -> bool:
        return self._item_for("text/html") is not None or self.accept_xhtml

    @property
    def accept_xhtml(self) -> bool:
        kinds = ("application/xhtml+xml", "application/xml")
        return any(self._item_for(kind) is not None for kind in kinds)

    @property
    def accept_json(self) -> bool:
        return self._item_for("application/json") is not None


def _media(text: str) -> tuple[str, str, list[str]]:
    whole, *options = (part.strip() for part in text.lower().split(";"))
    kind, _, subtype = whole.partition("/")
    return kind, subtype, sorted(options)


def _tags(language: str) -> list[str]:
    return language.lower().replace("_", "-").split("-")


class LanguageAccept(Accept):
    """Languages; ``en`` and ``en-GB`` stand for each other where none fits better."""

    def _covers(self, item: str, offer: str) -> bool:
        return item == "*" or _tags(item) == _tags(offer)

    def best_match(
        self, matches: Iterable[str], default: str | None = None
    ) -> str | None:
        offers = list(matches)
        found = super().best_match(offers)
        if found is not None:
            return found
        # A client of en-GB takes en, and a client of en takes en-GB.
        primary: Accept = Accept((_tags(value)[0], quality) for value, quality in self)
        found = primary.best_match(offers)
        if found is not None:
            return found
        by_tag = {_tags(offer)[0]: offer for offer in reversed(offers)}
        chosen = super().best_match([_tags(offer)[0] for offer in offers])
        return default if chosen is None else by_tag[chosen]


class CharsetAccept(Accept):
    """Charsets by any of their names: ``utf8`` is ``UTF-8``."""

    def _covers(self, item: str, offer: str) -> bool:
        return item == "*" or _codec(item) == _codec(offer)


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return name.lower()
