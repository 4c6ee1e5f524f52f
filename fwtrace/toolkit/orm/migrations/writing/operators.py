"""Conditions and sums as people write them, by operators.

Q(a=1) | ~Q(b=2)        models.Q(a=1) | ~models.Q(b=2)
F("a") * 2 + F("b")     models.F("a") * 2 + models.F("b")
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from keyword import iskeyword
from typing import Any

from fwtrace.toolkit.orm.expressions import Combined, plain_value
from fwtrace.toolkit.orm.migrations.writing.layout import enclosed
from fwtrace.toolkit.orm.migrations.writing.literals import Written
from fwtrace.toolkit.orm.where import AND, OR, XOR, Q

__all__ = ["is_name", "lookups_of", "written_combined", "written_q"]

Write = Callable[[Any], Written]

_LOGIC: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    AND: ("&", operator.and_),
    OR: ("|", operator.or_),
    XOR: ("^", operator.xor),
}
_ARITHMETIC: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "+": ("+", operator.add),
    "-": ("-", operator.sub),
    "*": ("*", operator.mul),
    "/": ("/", operator.truediv),
    "%": ("%", operator.mod),
    "^": ("**", operator.pow),
}
_BITS = {"&": "bitand", "|": "bitor", "#": "bitxor"}


def written_q(q: Q, write: Write) -> Written | None:
    """By operators; None where they would make another of it."""
    if q.negated:
        return _denied(q, write)
    sign, combine = _LOGIC[q.connector]
    operands = [Q(each) if isinstance(each, tuple) else each for each in q.children]
    if len(operands) < 2 or reduce(combine, operands) != q:
        return None
    return _joined(sign, [write(each) for each in operands])


def _denied(q: Q, write: Write) -> Written | None:
    only = q.children[0]
    if not isinstance(only, Q) or ~only != q:
        return None
    text, imports = write(only)
    return f"~{enclosed(text)}", imports


def lookups_of(q: Q) -> dict[str, Any] | None:
    """What to give by name, where there is nothing else: ``Q(a=1, b=2)``."""
    if q.negated or q.connector != AND:
        return None
    pairs = [each for each in q.children if isinstance(each, tuple)]
    lookups: dict[str, Any] = dict(pairs)
    is_all = len(lookups) == len(pairs) == len(q.children)
    return lookups if is_all and all(map(is_name, lookups)) else None


def is_name(name: str) -> bool:
    """Whether an argument can have it."""
    return name.isidentifier() and not iskeyword(name)


def written_combined(node: Combined, write: Write) -> Written | None:
    """By operators; None where they would make another of it."""
    left, right = node.args[0], plain_value(node.args[1])
    if node.connector in _BITS:
        name = _BITS[node.connector]
        if getattr(left, name)(right) != node:
            return None
        (text, imports), (other, more) = write(left), write(right)
        return f"{enclosed(text)}.{name}({other})", imports | more
    sign, combine = _ARITHMETIC.get(node.connector, ("", None))
    if combine is None or combine(left, right) != node:
        return None
    return _joined(sign, [write(left), write(right)])


def _joined(sign: str, operands: Sequence[Written]) -> Written:
    first, *others = (text for text, _ in operands)
    texts = [enclosed(first, sign, is_left=True)]
    texts += [enclosed(each, sign) for each in others]
    return f" {sign} ".join(texts), set().union(*(imports for _, imports in operands))
