"""SQL laid out and highlighted, by the tokens of sqlparse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from fwtrace.render.text import clean

__all__ = ["Dialects", "Scripts", "format_sql", "lay_out"]

NARROWEST = 44
"""Columns that a statement needs to stand beside another."""
NARROWEST_SCRIPT = 30
"""The same of statements that are broken at each column of a table."""
GAP = 2


def format_sql(sql: str, width: int) -> Text:
    """The statement on one line when it fits, else as many clauses a line as do.

    A clause that is wider than that has lines of its own, and goes on indented.
    """
    text, column, wrapped = Text(), 0, False
    for clause in _clauses(" ".join(sql.split())):
        if wrapped or (column and column + 1 + clause.cell_len > width):
            text.append("\n")
            column = 0
        wrapped = clause.cell_len > width
        for word in clause.split(" "):
            if column > 2 and column + 1 + word.cell_len > width:
                text.append("\n  ")
                column = 2
            elif column:
                text.append(" ")
                column += 1
            text.append_text(word)
            column += word.cell_len
    return text


class Dialects:
    """A statement in several dialects: side by side where there is room.

    ``compiled``: ``[{"dialect", "sql", "parameters"}]``.
    """

    def __init__(self, compiled: list[dict[str, Any]]) -> None:
        self.compiled = compiled

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        width = options.max_width // len(self.compiled) - 2
        if width < NARROWEST:
            for each in self.compiled:
                yield Text(each["dialect"], "bold cyan")
                yield _with_parameters(each, options.max_width)
            return
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
        for each in self.compiled:
            table.add_column(Text(each["dialect"], "bold cyan"), width=width)
        table.add_row(*(_with_parameters(each, width) for each in self.compiled))
        yield table


class Scripts:
    """Several statements in each of several dialects: side by side where there is room.

    ``scripts``: ``{"sqlite": ["CREATE TABLE ...;", ...], ...}``.
    """

    def __init__(self, scripts: Mapping[str, Sequence[str]]) -> None:
        self.scripts = scripts

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        count = len(self.scripts)
        width = (options.max_width - GAP * (count - 1)) // count
        if width < NARROWEST_SCRIPT or count == 1:
            for name, statements in self.scripts.items():
                if count > 1:
                    yield Text(name, "bold cyan")
                yield _script(statements, options.max_width)
            return
        table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False)
        for name in self.scripts:
            table.add_column(Text(name, "bold cyan"), width=width, overflow="fold")
        table.add_row(*(_script(each, width) for each in self.scripts.values()))
        yield table


def _script(statements: Iterable[str], width: int) -> Text:
    return Text("\n").join(lay_out(each, width) for each in statements)


def lay_out(sql: str, width: int) -> Text:
    """A statement as :func:`format_sql` has it; where it makes or changes a table and
    is wider than that, with a line for each column or action."""
    if sql.startswith("--"):
        return Text(clean(sql), "dim")
    text = " ".join(sql.split())
    head, items, tail = _definition(text)
    if len(text) <= width or not items:
        return format_sql(sql, width)
    lines = [format_sql(head, width)]
    for number, item in enumerate(items, 1):
        comma = "," if number < len(items) else "" if tail.startswith(")") else tail
        for line in format_sql(item + comma, width - 2).split("\n"):
            lines.append(Text("  ") + line)
    if tail.startswith(")"):
        lines.append(format_sql(tail, width))
    return Text("\n").join(lines)


_TABLE = re.compile(r"CREATE TABLE [^(]+\(")
_CHANGE = re.compile(r"ALTER TABLE (`[^`]+`|\"[^\"]+\"|\S+) ")


def _definition(sql: str) -> tuple[str, list[str], str]:
    """``CREATE TABLE x (``, the columns, and ``);`` -- or ``ALTER TABLE x``, what is
    done to it, and ``;``. Of another statement there are none."""
    found = _TABLE.match(sql) or _CHANGE.match(sql)
    if found is None:
        return sql, [], ""
    items, end = [""], found.end()
    depth, quote = 0, ""
    for char in sql[found.end() :]:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif char == "," and depth == 0:
            items.append("")
            end += 1
            continue
        elif (char == ")" and depth == 0) or (char == ";" and depth == 0):
            break
        depth += 0 if quote else (char == "(") - (char == ")")
        items[-1] += char
        end += 1
    return found[0].rstrip(), [item.strip() for item in items], sql[end:]


def _with_parameters(compiled: dict[str, Any], width: int) -> Text:
    text = format_sql(compiled["sql"], width)
    if compiled["parameters"]:
        text.append(f"\nwith {clean(', '.join(compiled['parameters']))}", "dim")
    return text


def _clauses(sql: str) -> Iterator[Text]:
    """The statement's clauses, each in one line; those in parentheses stay inside."""
    clause, depth = Text(), 0
    for word in _words(sql):
        first = word.plain.partition(" ")[0].upper()
        if clause and depth == 0 and first in _CLAUSES and word.spans:
            yield clause
            clause = Text()
        depth += word.plain.count("(") - word.plain.count(")")
        clause.append_text(word if not clause else Text(" ") + word)
    if clause:
        yield clause


def _words(sql: str) -> Iterator[Text]:
    """The tokens of a statement in one line, those with no space between together."""
    from sqlparse import lexer

    tokenize: Any = lexer.tokenize
    word = Text()
    for kind, value in tokenize(sql):
        style = _style(kind)
        # "INNER JOIN" is one token, and stays in one piece.
        parts = [value] if style == KEYWORD else value.split(" ")
        for number, part in enumerate(parts):
            if number and word:
                yield word
                word = Text()
            word.append(clean(part), style)
    if word:
        yield word


KEYWORD = "bold blue"
_CLAUSES = frozenset(
    "FROM WHERE GROUP HAVING ORDER LIMIT OFFSET INNER LEFT RIGHT FULL CROSS JOIN "
    "UNION EXCEPT INTERSECT VALUES SET RETURNING WINDOW".split()
)


def _style(kind: Any) -> str:
    from sqlparse import tokens

    if kind in tokens.Keyword:
        return KEYWORD
    if kind in tokens.Literal.String.Symbol:
        return ""
    if kind in tokens.Literal or kind in tokens.Name.Placeholder:
        return "green"
    return ""
