"""SQL laid out and highlighted, by the tokens of sqlparse."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from fwtrace.render.text import clean

__all__ = ["format_sql"]


def format_sql(sql: str, width: int) -> Text:
    """The statement on one line when it fits, else one clause a line."""
    import sqlparse

    one_line = " ".join(sql.split())
    if len(one_line) > width:
        laid_out = sqlparse.format(
            one_line, reindent=True, wrap_after=max(40, width - 10), indent_width=2
        )
    else:
        laid_out = one_line
    text = Text()
    for statement in sqlparse.parse(laid_out):
        tokens: Any = statement
        for token in tokens.flatten():
            text.append(_clean_lines(token.value), _style(token))
    return text


def _clean_lines(value: str) -> str:
    return "\n".join(clean(line) for line in value.split("\n"))


def _style(token: Any) -> str:
    from sqlparse import tokens

    kind = token.ttype
    if kind in tokens.Keyword:
        return "bold blue"
    if kind in tokens.Literal.String.Symbol:
        return ""
    if kind in tokens.Literal or kind in tokens.Name.Placeholder:
        return "green"
    return ""
