"""SQL in tokens: of a table SQLite keeps the statement that created it, and nothing
else tells the names of its constraints, their conditions and its expressions.

Conditions and indexes as PostgreSQL and MariaDB tell them are read by the same tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

__all__ = [
    "Clause",
    "IndexText",
    "TableText",
    "Token",
    "folded",
    "mentioned",
    "normalised",
    "read_index",
    "read_table",
    "tokens",
    "unwrapped",
]

# What SQLite takes for a blank and for a letter: Python's \s and \w are others.
_WORD = r"[A-Za-z_\x80-\U0010ffff][A-Za-z_0-9$\x80-\U0010ffff]*"
_PATTERN = rf"""
  (?P<blank> [ \t\n\f\r]+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
| (?P<string> [xX]?'[^']*(?:''[^']*)*' )
| (?P<name> "[^"]*(?:""[^"]*)*" | `[^`]*(?:``[^`]*)*` | %s\[[^\]]*\] )
| (?P<number> 0[xX][0-9a-fA-F]+
  | (?:[0-9][0-9_]*\.?[0-9]* | \.[0-9]+) (?:[eE][+-]?[0-9]+)? )
| (?P<word> {_WORD} )
| (?P<sign> \|\| | << | >> | <= | >= | == | <> | != | ->> | -> | :: | . )
"""
_OF_SQLITE = re.compile(_PATTERN % "", re.VERBOSE | re.DOTALL)
# Right after a value a bracket opens PostgreSQL's subscript, not SQLite's quoted name.
_OF_ANY = re.compile(_PATTERN % r'(?<![\w)\]"])', re.VERBOSE | re.DOTALL)
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def folded(name: str) -> str:
    """The name as SQLite compares it: only ASCII letters have no case."""
    return name.translate(_LOWER)


class Token(NamedTuple):
    """``kind`` is ``"word"``, ``"name"`` (one in quotes), ``"string"``, ``"number"`` or
    ``"sign"``; ``start`` is where its ``text`` stands."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """In capitals; empty where it is in quotes, so that no name is a keyword."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def value(self) -> str:
        """The name, without its quotes: SQLite takes a string for one, too."""
        if self.kind not in ("name", "string"):
            return self.text
        quote = self.text[-1]
        return self.text[1:-1].replace(quote * 2, quote)


def tokens(sql: str, pattern: re.Pattern[str] = _OF_SQLITE) -> list[Token]:
    """All of it but blanks and comments; a quote that nothing closes is a sign."""
    return [
        Token(str(found.lastgroup), found.group(), found.start())
        for found in pattern.finditer(sql)
        if found.lastgroup != "blank"
    ]


def _closings(found: Sequence[Token]) -> dict[int, int]:
    """Which token closes a parenthesis, by that which opens it."""
    opened: list[int] = []
    closings: dict[int, int] = {}
    for at, token in enumerate(found):
        if token.text == "(":
            opened.append(at)
        elif token.text == ")" and opened:
            closings[opened.pop()] = at
    return closings


def _inside(found: Sequence[Token], closings: dict[int, int]) -> tuple[int, int]:
    """The tokens that are left without parentheses around them all."""
    low, high = 0, len(found)
    while low < high and closings.get(low) == high - 1:
        low, high = low + 1, high - 1
    return low, high


def unwrapped(sql: str) -> str:
    """Without parentheses around it all: ``((a) + (b))`` is ``(a) + (b)``."""
    found = tokens(sql, _OF_ANY)
    low, high = _inside(found, _closings(found))
    return sql[found[low].start : found[high - 1].end] if low < high else ""


def normalised(sql: str) -> str:
    """Alike for texts that differ in blanks, comments, case, quotes of names, and
    parentheses around it all."""
    found = tokens(sql, _OF_ANY)
    low, high = _inside(found, _closings(found))
    return " ".join(_normal(token) for token in found[low:high])


def _normal(token: Token) -> str:
    if token.kind == "word":
        return token.text.lower()
    if token.kind != "name":
        return token.text
    value = token.value.lower()
    if re.fullmatch(_WORD, value):
        return value
    return '"' + value.replace('"', '""') + '"'


def mentioned(sql: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Those of the columns that the expression names."""
    found = tokens(sql, _OF_ANY)
    named = {
        folded(token.value)
        for token, after in zip(found, [*found[1:], None], strict=True)
        if token.kind == "name"
        or (token.kind == "word" and (after is None or after.text != "("))
    }
    return tuple(column for column in columns if folded(column) in named)


class IndexText(NamedTuple):
    """A CREATE INDEX: ``method`` is the word after USING, ``rest`` is what stands
    between the keys and WHERE."""

    method: str = ""
    keys: str = ""
    rest: str = ""
    where: str = ""
    is_plain: bool = False
    """The keys are columns, with no more than an order."""

    @property
    def definition(self) -> str:
        """What columns and orders leave out: empty for most."""
        if self.rest or self.method not in ("", "btree"):
            return f"USING {self.method} ({self.keys}) {self.rest}".rstrip()
        return "" if self.is_plain else self.keys


def read_index(sql: str) -> IndexText:
    found = tokens(sql, _OF_ANY)
    closings = _closings(found)
    opening = next((at for at, token in enumerate(found) if at in closings), None)
    if opening is None:
        return IndexText()
    closing = closings[opening]
    has_method = found[opening - 2].word == "USING"
    rest, where = sql[found[closing].end :], ""
    at = closing + 1
    while at < len(found):
        if found[at].word == "WHERE":
            rest = sql[found[closing].end : found[at].start]
            where = unwrapped(sql[found[at].end :])
            break
        at = closings.get(at, at) + 1
    return IndexText(
        found[opening - 1].value if has_method else "",
        sql[found[opening].end : found[closing].start].strip(),
        rest.strip(),
        where,
        all(_is_column(found[a:b]) for a, b in _parts(found, closings, opening)),
    )


def _parts(
    found: Sequence[Token], closings: dict[int, int], opening: int
) -> Iterator[tuple[int, int]]:
    """Start and end of what commas separate within a parenthesis."""
    start = at = opening + 1
    closing = closings[opening]
    while at < closing:
        if found[at].text == ",":
            yield start, at
            start = at + 1
        at = closings.get(at, at) + 1
    yield start, closing


def _is_column(key: Sequence[Token]) -> bool:
    if not 1 <= len(key) <= 2 or key[0].kind not in ("word", "name", "string"):
        return False
    return len(key) == 1 or key[1].word in ("ASC", "DESC")


@dataclass(slots=True)
class Clause:
    """A constraint as it is written: ``kind`` is ``"primary"``, ``"unique"``,
    ``"foreign"`` or ``"check"``, ``condition`` a check's."""

    kind: str
    name: str
    columns: tuple[str, ...]
    condition: str = ""
    deferrable: bool = False


@dataclass(slots=True)
class TableText:
    """What a CREATE TABLE says, the clauses as they follow each other."""

    clauses: list[Clause] = field(default_factory=list)
    generated: dict[str, str] = field(default_factory=dict)
    """Expressions, by column."""
    collations: dict[str, str] = field(default_factory=dict)
    auto: bool = False

    def of(self, kind: str) -> list[Clause]:
        return [clause for clause in self.clauses if clause.kind == kind]


def read_table(sql: str) -> TableText:
    """What is in the text of a table; nothing is found in that of a virtual one."""
    found = tokens(sql)
    if [token.word for token in found[:2]] != ["CREATE", "TABLE"]:
        return TableText()
    return _TableReader(sql, found).read()


class _TableReader:
    """Goes from word to word: each has a method, which returns where to go on.

    Columns and constraints of the table are read alike, for SQLite needs no comma
    between constraints, and none of them means another thing in the other place.
    """

    def __init__(self, sql: str, found: Sequence[Token]) -> None:
        end = Token("end", "", len(sql))
        self.sql = sql
        self.count = len(found)
        self.tokens = [*found, end, end, end, end]
        self.closings = _closings(found)
        self.table = TableText()
        self.column = ""
        self.name = ""

    def read(self) -> TableText:
        opening = next((at for at in range(self.count) if at in self.closings), None)
        if opening is not None:
            for start, end in _parts(self.tokens, self.closings, opening):
                self.line(start, end)
        return self.table

    def line(self, at: int, end: int) -> None:
        self.column = self.name = ""
        if self.tokens[at].word not in self.openings:
            self.column = self.tokens[at].value
            at += 1
        while at < end:
            read = self.readers.get(self.tokens[at].word)
            at = self.past(at) if read is None else read(self, at)

    def past(self, at: int) -> int:
        """After the token; after all of a parenthesis that it opens."""
        return self.closings.get(at, at) + 1

    def taken(self) -> str:
        """The name that was given to this constraint, not to the next."""
        name, self.name = self.name, ""
        return name

    def group(self, at: int) -> str:
        closing = self.closings.get(at, at)
        return self.sql[self.tokens[at].end : self.tokens[closing].start]

    def columns(self, at: int) -> tuple[tuple[str, ...], int]:
        """Those in the parenthesis, if there is one, else that of the line."""
        if at not in self.closings:
            return (self.column,), at
        parts = _parts(self.tokens, self.closings, at)
        return tuple(self.tokens[start].value for start, _ in parts), self.past(at)

    def named(self, at: int) -> int:
        self.name = self.tokens[at + 1].value
        return at + 2

    def primary(self, at: int) -> int:
        columns, after = self.columns(at + 2)
        words = [token.word for token in self.tokens[at:after]]
        self.table.auto = self.table.auto or "AUTOINCREMENT" in words
        self.table.clauses.append(Clause("primary", self.taken(), columns))
        return after

    def auto(self, at: int) -> int:
        self.table.auto = True
        return at + 1

    def unique(self, at: int) -> int:
        columns, after = self.columns(at + 1)
        self.table.clauses.append(Clause("unique", self.taken(), columns))
        return after

    def check(self, at: int) -> int:
        condition = unwrapped(self.group(at + 1))
        self.table.clauses.append(Clause("check", self.taken(), (), condition))
        return self.past(at + 1)

    def foreign(self, at: int) -> int:
        columns, after = self.columns(at + 2)
        return self.refer(columns, after)

    def references(self, at: int) -> int:
        return self.refer((self.column,), at)

    def refer(self, columns: tuple[str, ...], at: int) -> int:
        self.table.clauses.append(Clause("foreign", self.taken(), columns))
        return at + 2

    def defer(self, at: int) -> int:
        """The last foreign key, even where something else follows that."""
        for clause in self.table.of("foreign")[-1:]:
            clause.deferrable = True
        return at + 1

    def negate(self, at: int) -> int:
        """``NOT NULL``, ``NOT DEFERRABLE``."""
        self.taken()
        return at + 2

    def action(self, at: int) -> int:
        """``ON DELETE SET NULL``, ``ON CONFLICT IGNORE``."""
        return at + (4 if self.tokens[at + 2].word in ("SET", "NO") else 3)

    def default(self, at: int) -> int:
        self.taken()
        return self.past(at + (2 if self.tokens[at + 1].text in ("+", "-") else 1))

    def collate(self, at: int) -> int:
        self.taken()
        self.table.collations[self.column] = self.tokens[at + 1].value
        return at + 2

    def generate(self, at: int) -> int:
        self.taken()
        self.table.generated[self.column] = unwrapped(self.group(at + 1))
        return self.past(at + 1)

    def null(self, at: int) -> int:
        self.taken()
        return at + 1

    openings: ClassVar = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"}
    readers: ClassVar[dict[str, Callable[[_TableReader, int], int]]] = {
        "CONSTRAINT": named,
        "PRIMARY": primary,
        "AUTOINCREMENT": auto,
        "UNIQUE": unique,
        "CHECK": check,
        "FOREIGN": foreign,
        "REFERENCES": references,
        "DEFERRABLE": defer,
        "NOT": negate,
        "ON": action,
        "DEFAULT": default,
        "COLLATE": collate,
        "AS": generate,
        "NULL": null,
    }
