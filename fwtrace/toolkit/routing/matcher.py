"""The compiled matcher: a trie of path segments.

Looking a path up costs a step for each of its segments, however many routes there
are. A node has plain edges (a dict), edges with a test (one for each converter in
use there), and tails: patterns that go on over slashes, kept where their plain
beginning ends. All that match are found; the caller takes the first registered.

Each node is visited at most once for a path, so overlapping patterns cannot make a
look-up cost more than the table has nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeAlias

from fwtrace.toolkit.routing.patterns import (
    Literal,
    Param,
    Pattern,
    Piece,
    Regex,
    Rest,
    literal_prefix,
    to_regex,
)

__all__ = ["Found", "Matcher"]

Test: TypeAlias = Callable[[str], tuple[Any, ...] | None]
Found: TypeAlias = tuple[int, Any, dict[str, Any]]


class _Node:
    __slots__ = ("leaves", "plain", "tails", "tested")

    def __init__(self) -> None:
        self.plain: dict[str, _Node] = {}
        self.tested: list[tuple[Test, _Node, Any]] = []
        self.tails: list[_Tail] = []
        self.leaves: list[tuple[int, Any, tuple[str, ...]]] = []


class _Tail:
    """A pattern that is matched against all that is left of the path.

    ``names`` are the parameters that the trie has matched on the way here.
    """

    __slots__ = ("__dict__", "names", "order", "pattern", "pieces", "value")

    def __init__(
        self,
        order: int,
        value: Any,
        pattern: Pattern,
        pieces: list[Piece],
        names: tuple[str, ...],
    ) -> None:
        self.order = order
        self.value = value
        self.pattern = pattern
        self.pieces = pieces
        self.names = names

    @property
    def is_mount(self) -> bool:
        return isinstance(self.pieces[0], Rest)

    @cached_property
    def regex(self) -> re.Pattern[str]:
        source, ends = to_regex(self.pieces)
        return re.compile(source + (r"\Z" if ends else ""), re.DOTALL)

    def match(self, text: str, values: tuple[Any, ...]) -> dict[str, Any] | None:
        found = self.regex.match(text)
        params = None if found is None else self.pattern.convert(found)
        if params is None:
            return None
        return dict(zip(self.names, values, strict=True)) | params


class Matcher:
    """``add`` patterns with the value each stands for, ``find`` what matches a path."""

    __slots__ = ("_count", "_root")

    def __init__(self) -> None:
        self._root = _Node()
        self._count = 0

    def add(self, pattern: Pattern, value: Any) -> None:
        """Enter a pattern; earlier ones come first in what :meth:`find` gives."""
        node, order = self._root, self._count
        self._count += 1
        segments, tail = _split(pattern.pieces)
        names: tuple[str, ...] = ()
        for segment in segments:
            if isinstance(segment, str):
                child = node.plain.get(segment)
                if child is None:
                    child = node.plain[segment] = _Node()
                node = child
            else:
                names += tuple(p.name for p in segment if isinstance(p, Param))
                node = _tested_child(node, segment)
        if tail is None:
            node.leaves.append((order, value, names))
        else:
            node.tails.append(_Tail(order, value, pattern, tail, names))

    def find(self, path: str) -> list[Found]:
        """``[(order, value, params)]`` of every pattern that matches, in order."""
        segments = path.split("/")
        count = len(segments)
        found: list[Found] = []
        pending: list[tuple[_Node, int, tuple[Any, ...]]] = [(self._root, 0, ())]
        while pending:
            at, depth, values = pending.pop()
            node: _Node | None = at
            while node is not None:
                if node.tails:
                    _match_tails(node, segments[depth:], values, found)
                if depth == count:
                    for order, value, names in node.leaves:
                        # One parameter is by far the most common number of them.
                        if len(names) == 1:
                            params = {names[0]: values[0]}
                        else:
                            params = dict(zip(names, values, strict=True))
                        found.append((order, value, params))
                    break
                segment = segments[depth]
                depth += 1
                if node.tested:
                    for test, child, _ in node.tested:
                        converted = test(segment)
                        if converted is not None:
                            pending.append((child, depth, values + converted))
                node = node.plain.get(segment)
        if len(found) > 1:
            found.sort(key=_order)
        return found


def _order(found: Found) -> int:
    return found[0]


def _match_tails(
    node: _Node, segments: list[str], values: tuple[Any, ...], found: list[Found]
) -> None:
    text = "/".join(segments)
    for tail in node.tails:
        if tail.is_mount:
            params = tail.match("/" + text if segments else "", values)
        elif segments:
            params = tail.match(text, values)
        else:
            params = None  # the path ends before the slash that the tail follows
        if params is not None:
            found.append((tail.order, tail.value, params))


def _split(
    pieces: tuple[Piece, ...],
) -> tuple[list[str | list[Piece]], list[Piece] | None]:
    """The whole segments that the trie can hold, and the pieces of a tail, if any."""
    if len(pieces) == 1 and isinstance(pieces[0], Literal):
        return [*pieces[0].text.split("/")], None
    segments: list[list[Piece]] = [[]]
    for position, piece in enumerate(pieces):
        if isinstance(piece, Literal):
            _extend(segments, piece.text)
        elif isinstance(piece, Param) and not piece.converter.spans:
            segments[-1].append(piece)
        elif isinstance(piece, Rest):
            # A mount takes the path at its prefix, and all below it: "" or "/...".
            return [*map(_plain, segments)], [piece]
        else:
            if isinstance(piece, Regex):
                prefix = literal_prefix(piece.source)
                _extend(segments, prefix)
                piece = Regex(piece.source.removeprefix("^")[len(prefix) :])
            *whole, begun = segments
            return [*map(_plain, whole)], [*begun, piece, *pieces[position + 1 :]]
    return [*map(_plain, segments)], None


def _extend(segments: list[list[Piece]], text: str) -> None:
    first, *rest = text.split("/")
    if first:
        segments[-1].append(Literal(first))
    segments += [[Literal(part)] if part else [] for part in rest]


def _plain(segment: list[Piece]) -> str | list[Piece]:
    """The text of a segment without parameters; the others as they are."""
    if all(isinstance(piece, Literal) for piece in segment):
        return "".join(piece.text for piece in segment if isinstance(piece, Literal))
    return segment


def _tested_child(node: _Node, segment: list[Piece]) -> _Node:
    """The node behind a segment with parameters; one edge for each kind of test."""
    only = segment[0] if len(segment) == 1 else None
    key: Any
    if isinstance(only, Param):
        key = only.converter
    else:
        key = tuple(p.converter if isinstance(p, Param) else p for p in segment)
    for _, child, known in node.tested:
        if known == key:
            return child
    child = _Node()
    test = only.converter.convert if isinstance(only, Param) else _mixed_test(segment)
    node.tested.append((test, child, key))
    return child


def _mixed_test(segment: list[Piece]) -> Test:
    """A segment of text and parameters, such as ``<name>.<ext>``, by its regex."""
    pattern = Pattern("", segment)

    def test(text: str) -> tuple[Any, ...] | None:
        params = pattern.match(text)
        return None if params is None else tuple(params[n] for n in pattern.names)

    return test
