"""SQL laid out and highlighted, by the tokens of sqlparse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from fwtrace.render.text import clean

__all__ = ["format_sql"]


def format_sql(sql: str, width: int) -> Text:
    """The statement on one line when it fits, else one clause a line, wrapped."""
    one_line = " ".join(sql.split())
    fits = len(one_line) <= width
    text, column, depth = Text(), 0, 0
    for word in _words(one_line):
        first = word.plain.partition(" ")[0].upper()
        starts_clause = depth == 0 and first in _CLAUSES and bool(word.spans)
        depth += word.plain.count("(") - word.plain.count(")")
        breaks = column > 0 and not fits
        if breaks and starts_clause:
            text.append("\n")
            column = 0
        elif breaks and column + 1 + len(word) > width:
            text.append("\n  ")
            column = 2
        elif column:
            text.append(" ")
            column += 1
        text.append_text(word)
        column += len(word)
    return text


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
