"""Patterns: the text of a route, taken apart into literals, parameters and regexes.

"/users/<int:id>"          '/users/', int id
"/files/<name>.<slug:ext>" '/files/', str name, '.', slug ext
r"^/blog/(?P<y>[0-9]{4})"  a regular expression, its literal beginning known
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from fwtrace.toolkit.http.urls import quote_path
from fwtrace.toolkit.routing.converters import CONVERTERS, Converter

__all__ = ["Literal", "NoReverseMatch", "Param", "Pattern", "Regex", "Rest", "parse"]


class NoReverseMatch(LookupError):
    """No URL can be built: the message says which name or parameter is wrong."""


@dataclass(frozen=True, slots=True)
class Literal:
    text: str


@dataclass(frozen=True, slots=True)
class Param:
    name: str
    converter: Converter
    kind: str


@dataclass(frozen=True, slots=True)
class Regex:
    source: str


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of the path below a mount."""


Piece: TypeAlias = Literal | Param | Regex | Rest

_PARAM = re.compile(r"<(?:([A-Za-z_]\w*):)?([A-Za-z_]\w*)>")


def parse(text: str) -> tuple[Piece, ...]:
    """The pieces of a path such as ``"/users/<int:id>"``.

    Raises ValueError for unbalanced angle brackets, an unknown converter, and a
    parameter that comes twice.
    """
    if "<" not in text and ">" not in text:
        return (Literal(text),) if text else ()
    pieces: list[Piece] = []
    end = 0
    for found in _PARAM.finditer(text):
        if found.start() > end:
            pieces.append(_literal(text[end : found.start()], text))
        kind, name = found[1] or "str", found[2]
        converter = CONVERTERS.get(kind)
        if converter is None:
            raise ValueError(_unknown_converter(kind, text))
        pieces.append(Param(name, converter, kind))
        end = found.end()
    if end < len(text):
        pieces.append(_literal(text[end:], text))
    return tuple(pieces)


def _literal(part: str, text: str) -> Literal:
    if "<" in part or ">" in part:
        raise ValueError(
            f"The path {text!r} has a bracket that opens or closes nothing. Write a "
            "parameter as <name> or <converter:name>."
        )
    return Literal(part)


def _unknown_converter(kind: str, text: str) -> str:
    import difflib

    near = difflib.get_close_matches(kind, CONVERTERS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"The path {text!r} names an unknown converter {kind!r}.{hint} "
        f"There are {', '.join(sorted(CONVERTERS))}."
    )


class Pattern:
    """The pattern of one route: matches paths, explains why not, builds them."""

    __slots__ = ("__dict__", "names", "params", "pieces", "text")

    def __init__(self, text: str, pieces: Sequence[Piece]) -> None:
        self.text = text
        self.pieces = tuple(pieces)
        self.params: dict[str, Converter] = {}
        for piece in self.pieces:
            if isinstance(piece, Param):
                if piece.name in self.params:
                    raise ValueError(
                        f"The path {text!r} has two parameters {piece.name!r}."
                    )
                self.params[piece.name] = piece.converter
        self.names = tuple(self.params)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """One regular expression for the whole pattern, groups named by parameter."""
        source, ends = to_regex(self.pieces)
        return re.compile(source + (r"\Z" if ends else ""), re.DOTALL)

    @cached_property
    def _segments(self) -> tuple[Pattern, ...]:
        """The text between the slashes, each a pattern of its own."""
        return tuple(Pattern(text, parse(text)) for text in self.text.split("/")[1:])

    def match(self, path: str) -> dict[str, Any] | None:
        """The parameters of the path, converted; None when it does not match."""
        found = self.regex.match(path)
        return None if found is None else self.convert(found)

    def convert(self, found: re.Match[str]) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        for name, text in found.groupdict().items():
            if name == REST:
                values[name] = text
                continue
            converter = self.params.get(name)
            if converter is None:
                if text is not None:
                    values[name] = text
                continue
            converted = converter.convert(text)
            if converted is None:
                return None
            values[name] = converted[0]
        return values

    def build(self, **params: Any) -> str:
        """The path of these parameters, percent-encoded.

        Raises NoReverseMatch for one that is missing or does not fit.
        """
        return "".join(self._build(piece, params) for piece in self.pieces)

    def _build(self, piece: Piece, params: dict[str, Any]) -> str:
        if isinstance(piece, Literal):
            return quote_path(piece.text)
        if isinstance(piece, Rest):
            return ""
        if isinstance(piece, Regex):
            return _build_regex(piece.source, params, self.text)
        if piece.name not in params:
            raise NoReverseMatch(f"{self.text!r} needs a value for {piece.name!r}.")
        value = params[piece.name]
        try:
            text = piece.converter.to_url(value)
        except (TypeError, ValueError):
            text = ""
        if piece.converter.convert(text) is None:
            raise NoReverseMatch(
                f"{value!r} is not {piece.converter.label}, which {self.text!r} needs "
                f"for {piece.name!r}."
            )
        return quote_path(text)

    def explain(self, path: str) -> str:
        """Why the path does not match, in words; empty when it does."""
        if any(isinstance(piece, (Regex, Rest)) for piece in self.pieces):
            matches = self.match(path) is not None
            return "" if matches else self._explain_whole()
        wanted, given = self._segments, path.split("/")[1:]
        for number, segment in enumerate(wanted):
            if number >= len(given):
                return f"the path ends before segment {number + 1}, {segment.text!r}"
            reason = _explain_segment(segment, given[number], number + 1)
            if reason == "rest":
                matches = self.match(path) is not None
                return "" if matches else "the rest of the path does not match"
            if reason:
                return reason
        if len(given) == len(wanted):
            return ""
        return f"the path goes on with {'/' + '/'.join(given[len(wanted) :])!r}"

    def _explain_whole(self) -> str:
        if any(isinstance(piece, Rest) for piece in self.pieces):
            return f"the path is not below {self.text.removesuffix('/…') or '/'!r}"
        return "does not match the regular expression"


def _explain_segment(segment: Pattern, text: str, number: int) -> str:
    """Why the text is not the segment; ``"rest"`` when it alone cannot tell."""
    wanted, pieces = segment.text, segment.pieces
    if not segment.params:
        if wanted == text:
            return ""
        if not wanted:
            return f"the path goes on with {text!r}"
        if not text:
            return f"the path ends before segment {number}, {wanted!r}"
        return f"segment {number}: {text!r} is not {wanted!r}"
    if any(converter.spans for converter in segment.params.values()):
        return "rest"
    only = pieces[0] if len(pieces) == 1 else None
    if isinstance(only, Param):
        matches = only.converter.convert(text) is not None
    else:
        matches = segment.match(text) is not None
    if matches:
        return ""
    if not text:
        return f"the path ends before segment {number}, {wanted!r}"
    if isinstance(only, Param):
        return f"segment {number}: {text!r} is not {only.converter.label}"
    return f"segment {number}: {text!r} does not fit {wanted!r}"


REST = "fwtrace_rest"


def to_regex(pieces: Sequence[Piece]) -> tuple[str, bool]:
    """The source of the pieces, and whether it must reach the end of the path.

    A regular expression says itself where it ends, as Django's ``re_path`` does.
    """
    source = ""
    for piece in pieces:
        if isinstance(piece, Literal):
            source += re.escape(piece.text)
        elif isinstance(piece, Param):
            source += f"(?P<{piece.name}>{piece.converter.regex})"
        elif isinstance(piece, Rest):
            source += f"(?P<{REST}>(?:/.*)?)"
        else:
            source += f"(?:{piece.source})"
    return source, not (pieces and isinstance(pieces[-1], Regex))


def literal_prefix(source: str) -> str:
    """The plain text that a regular expression must begin with.

    r"blog/(?P<y>[0-9]+)" -> "blog/"      "colou?r" -> "colo"      "a|b" -> ""
    """
    if "|" in source:
        return ""
    prefix = ""
    for char in source.removeprefix("^"):
        if char in "*?{":  # the last character may be absent
            return prefix[:-1]
        if char in "\\.[](){}^$+":
            return prefix
        prefix += char
    return prefix


_GROUP = re.compile(r"\(\?P<(\w+)>((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*)\)")
_SIMPLE = re.compile(r"(?:[^\\.\[\](){}^$+*?|]|\\[^\w\s])*")


def _build_regex(source: str, params: dict[str, Any], text: str) -> str:
    """Reverse a regular expression made of plain text and named groups."""
    built, end = "", 0
    body = source.removeprefix("^").removesuffix("$").removesuffix(r"\Z")
    for found in _GROUP.finditer(body):
        built += _plain(body[end : found.start()], text)
        name = found[1]
        if name not in params:
            raise NoReverseMatch(f"{text!r} needs a value for {name!r}.")
        value = str(params[name])
        if re.fullmatch(found[2], value) is None:
            raise NoReverseMatch(f"{value!r} does not fit {found[0]!r} in {text!r}.")
        built += quote_path(value)
        end = found.end()
    return built + _plain(body[end:], text)


def _plain(source: str, text: str) -> str:
    if _SIMPLE.fullmatch(source) is None:
        raise NoReverseMatch(
            f"No URL can be built from {text!r}: {source!r} stands for more than one "
            "text. Put it in a named group (?P<name>...)."
        )
    return quote_path(re.sub(r"\\(.)", r"\1", source))
