"""One-off defaults: the values that a person writes for the rows that are there.

'' or "draft"                               text
timezone.now()                              this moment
timezone.now                                the moment of the migration
[uuid.uuid4().hex, Decimal("1.50"), -3]     and so on

It is Python with a handful of names, and nothing that runs code of its own.
"""

from __future__ import annotations

import ast
import datetime
import uuid
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from fwtrace.toolkit import timezone

__all__ = ["NAMES", "evaluate"]


def _only(module: Any, *names: str) -> SimpleNamespace:
    """Of a module no more than these: it has its own imports too."""
    return SimpleNamespace(**{name: getattr(module, name) for name in names})


NAMES: dict[str, Any] = {
    "datetime": _only(
        datetime, "date", "datetime", "time", "timedelta", "timezone", "UTC"
    ),
    "timezone": SimpleNamespace(now=timezone.now, utc=datetime.UTC),
    "uuid": _only(uuid, "UUID", "uuid1", "uuid4"),
    "Decimal": Decimal,
}

_ALLOWED = (
    ast.Expression,
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Call,
    ast.keyword,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.UnaryOp,
    ast.BinOp,
    ast.expr_context,
    ast.unaryop,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
)


def evaluate(text: str) -> Any:
    """The value that an expression gives; for a wrong one ValueError, a sentence."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        raise ValueError(
            f"{text!r} is no Python expression; text is written in quotes, as in "
            f"{text.strip()!r}."
        ) from None
    for node in ast.walk(tree):
        _check(node, text)
    try:
        return eval(compile(tree, "<default>", "eval"), {"__builtins__": {}}, NAMES)
    except Exception as error:
        raise ValueError(f"{text!r} has no value: {error}.") from error


def _check(node: ast.AST, text: str) -> None:
    if isinstance(node, ast.Name) and node.id not in NAMES:
        raise ValueError(
            f"{text!r} uses {node.id!r}, which is not known here: there are "
            f"{', '.join(NAMES)}; text is written in quotes, as in {text.strip()!r}."
        )
    is_hidden = isinstance(node, ast.Attribute) and node.attr.startswith("_")
    if is_hidden or not isinstance(node, _ALLOWED):
        raise ValueError(
            f"{text!r} does more than a default may: write a value, such as 0, 'draft' "
            "or timezone.now()."
        )
