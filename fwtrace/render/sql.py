"""SQL laid out and highlighted, by the tokens of sqlparse."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from fwtrace.render.text import clean

__all__ = ["format_sql"]


def format_sql(sql: str, width: int) -> Text:
    """The statement on one line when it fits, else one clause a line."""
    from sqlparse import lexer

    tokenize: Any = lexer.tokenize
    one_line = " ".join(sql.split())
    text, column, indent = Text(), 0, 0
    fits = len(one_line) <= width
    for kind, value in tokenize(one_line):
        style = _style(kind)
        starts_clause = style and value.upper().split(" ")[0] in _CLAUSES
        breaks = column and starts_clause and not fits and not indent
        if breaks or (column > 2 and column + len(value) > width and not fits):
            text.rstrip()
            text.append("\n" if breaks else "\n  ")
            column = 0 if breaks else 2
            value = value.lstrip()
        indent += (value == "(") - (value == ")")
        text.append(clean(value), style)
        column += len(value)
    return text


_CLAUSES = frozenset(
    "FROM WHERE GROUP HAVING ORDER LIMIT OFFSET INNER LEFT RIGHT FULL CROSS JOIN "
    "UNION EXCEPT INTERSECT VALUES SET RETURNING WINDOW".split()
)


def _style(kind: Any) -> str:
    from sqlparse import tokens

    if kind in tokens.Keyword:
        return "bold blue"
    if kind in tokens.Literal.String.Symbol:
        return ""
    if kind in tokens.Literal or kind in tokens.Name.Placeholder:
        return "green"
    return ""
