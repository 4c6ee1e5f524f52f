"""Bookkeeping, folded: statements that only surround what a migration does.

sql BEGIN                        bookkeeping transaction
sql CREATE users                 sql CREATE users
sql INSERT django_migrations     bookkeeping record, transaction
sql COMMIT
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby

from fwtrace.tracer.model import Span, Trace

__all__ = ["fold_bookkeeping"]

MARK = "fwtrace.migration.bookkeeping"


def fold_bookkeeping(trace: Trace) -> Trace:
    """The trace with one span in the place of several such statements in a row."""
    return replace(trace, root=_folded(trace.root))


def _folded(span: Span) -> Span:
    children: list[Span] = []
    for is_bookkeeping, group in groupby(span.children, key=_is_bookkeeping):
        alike = list(group)
        children += [_together(alike)] if is_bookkeeping else map(_folded, alike)
    return replace(span, children=children)


def _is_bookkeeping(span: Span) -> bool:
    return MARK in span.attributes and span.error is None


def _together(spans: list[Span]) -> Span:
    """As long as all of them took, and called after what they are for."""
    counted = Counter(span.attributes[MARK] for span in spans)
    names = [f"{name} ×{n}" if n > 1 else name for name, n in counted.items()]
    start = spans[0].start
    return Span(
        "bookkeeping",
        ", ".join(names),
        start,
        start + sum(span.duration for span in spans),
        {"fwtrace.folded": len(spans)},
    )
