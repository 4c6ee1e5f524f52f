"""Traces of several apps row by row: the steps of one beside those of the others.

Each row is one step of the life of a request; an app that did not take it has a gap
there. Every span of every trace stands in exactly one row, in the order in which it
started.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias

from fwtrace.tracer.model import Span, Trace

__all__ = ["Aligned", "align", "kind_of"]

Key: TypeAlias = tuple[str, str]

_NAMED = frozenset(
    (
        "call",
        "dependency",
        "form",
        "layer",
        "lifespan",
        "middleware",
        "signal",
        "sql",
        "task",
    )
)
"""Stages of which a request passes many, told apart by their names."""

_SAME = {"scope": "environ"}
"""What ASGI calls otherwise than WSGI."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """One row: the span of each trace, None where it has none.

    ``depth`` is for indentation: deeper than that of each span's parent.
    """

    key: Key
    depth: int
    spans: tuple[Span | None, ...]


@dataclass(slots=True)
class _Step:
    """A span of one trace, or of all those merged already."""

    key: Key
    spans: list[Span | None]


def kind_of(span: Span) -> Key:
    """What makes two spans of different apps the same step.

    Span("view", "UserView.get")                        ("view", "")
    Span("middleware", "shop.layers.SessionMiddleware") ("middleware", "session")
    """
    if span.stage not in _NAMED:
        return _SAME.get(span.stage, span.stage), ""
    name = span.name
    if span.stage == "middleware":
        name = name.rpartition(".")[2].removesuffix("Middleware") or name
    return span.stage, name.lower()


def align(traces: Sequence[Trace]) -> list[Aligned]:
    """The rows of two traces or more, the first trace's root on top."""
    rows: list[_Step] = []
    parents: dict[int, Span] = {}
    for number, trace in enumerate(traces):
        steps = []
        for span in trace.root.walk():
            parents.update((id(child), span) for child in span.children)
            cells: list[Span | None] = [None] * len(traces)
            cells[number] = span
            steps.append(_Step(kind_of(span), cells))
        rows = _merge(rows, steps, parents)
    depths = _depths(rows, parents)
    return [
        Aligned(row.key, depth, tuple(row.spans))
        for row, depth in zip(rows, depths, strict=True)
    ]


def _merge(
    left: list[_Step], right: list[_Step], parents: dict[int, Span]
) -> list[_Step]:
    matcher = SequenceMatcher(
        None, [s.key for s in left], [s.key for s in right], autojunk=False
    )
    merged: list[_Step] = []
    for _, start, end, from_, to in matcher.get_opcodes():
        ours, theirs = left[start:end], right[from_:to]
        if [s.key for s in ours] == [s.key for s in theirs]:
            merged += map(_joined, ours, theirs)
        else:
            merged += _interleaved(ours, theirs, merged, parents)
    return merged


def _joined(left: _Step, right: _Step) -> _Step:
    pairs = zip(left.spans, right.spans, strict=True)
    return _Step(left.key, [a or b for a, b in pairs])


def _interleaved(
    left: list[_Step],
    right: list[_Step],
    before: list[_Step],
    parents: dict[int, Span],
) -> list[_Step]:
    """Steps that only one side has: the deeper first, so that children stay near."""
    left_depths = _depths([*before, *left], parents)[len(before) :]
    right_depths = _depths([*before, *right], parents)[len(before) :]
    found: list[_Step] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if left_depths[i] >= right_depths[j]:
            found.append(left[i])
            i += 1
        else:
            found.append(right[j])
            j += 1
    return [*found, *left[i:], *right[j:]]


def _depths(rows: Sequence[_Step], parents: dict[int, Span]) -> list[int]:
    """How deep each row stands: one deeper than the deepest of its spans' parents."""
    depth_of: dict[int, int] = {}
    depths = []
    for row in rows:
        spans = [span for span in row.spans if span is not None]
        above = [parents.get(id(span)) for span in spans]
        depth = max(
            (depth_of.get(id(parent), 0) + 1 for parent in above if parent is not None),
            default=0,
        )
        depth_of.update((id(span), depth) for span in spans)
        depths.append(depth)
    return depths
