"""What passes a middleware: on its way in, on its way out, and what it changed."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, TypeAlias

from fwtrace.probes.environ import show_entry
from fwtrace.tracer.frames import location_of
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import Recorder
from fwtrace.tracer.redaction import REDACTED, is_secret
from fwtrace.tracer.values import clip

__all__ = ["PASSAGE", "Passage", "describe_passage"]

Change: TypeAlias = dict[str, Any]
Fields: TypeAlias = Sequence[tuple[str, str]]


class Passage:
    """What passed one layer during one request.

    ``what`` is what its keys are of, ``"environ"`` or ``"scope"``; ``keys`` and the
    request's ``fields`` as the layer got them, ``status`` and ``headers`` as it gave
    them.
    """

    __slots__ = (
        "called",
        "fields",
        "headers",
        "inner",
        "keys",
        "left",
        "status",
        "what",
    )

    def __init__(self, what: str, keys: dict[str, Any], fields: Fields = ()) -> None:
        self.what = what
        self.keys = keys
        self.fields = fields
        self.status = ""
        self.headers: Fields = ()
        self.inner: Passage | None = None
        self.called = 0
        self.left: int | None = None


PASSAGE: ContextVar[Passage | None] = ContextVar("fwtrace_passage", default=None)
"""The layer that the request is in; None outside of all."""


def describe_passage(
    recorder: Recorder,
    span: Span,
    passage: Passage,
    skipped: list[str],
    app: Any,
    raised: bool = False,
) -> None:
    """Tell on a layer's span what it took and changed, or that it answered itself."""
    attributes = span.attributes
    attributes["code.function.name"] = f"{type(app).__module__}.{span.name}"
    span.location = location_of(app)
    inner = passage.inner
    if inner is None:
        if not raised:
            attributes["fwtrace.answered"] = True
            attributes["fwtrace.answered.reason"] = f"answered {passage.status} itself"
            attributes["fwtrace.skipped"] = skipped
        return
    attributes["fwtrace.middleware.in"] = max(0, inner.called - span.start)
    if not raised and inner.left is not None:
        attributes["fwtrace.middleware.out"] = max(0, span.end - inner.left)
    changes = _key_changes(passage, inner)
    changes += _header_changes("in", passage.fields, inner.fields)
    if not raised:
        changes += _response_changes(inner, passage)
    if changes:
        attributes["fwtrace.changes"] = changes[: recorder.limits.items]


def _key_changes(outer: Passage, inner: Passage) -> list[Change]:
    before, after, what = outer.keys, inner.keys, outer.what
    changes = []
    for key, value in after.items():
        if key not in before:
            changes.append(_change("in", what, "added", key, value))
        elif not _is_same(before[key], value):
            changes.append(_change("in", what, "changed", key, value, before[key]))
    changes += [
        _change("in", what, "removed", key, None, value)
        for key, value in before.items()
        if key not in after
    ]
    return changes


def _is_same(before: Any, after: Any) -> bool:
    """Objects of the app are not compared: that would run its code."""
    plain = type(before) in (str, bytes, int) and type(before) is type(after)
    return before is after or (plain and before == after)


def _change(
    half: str, what: str, op: str, key: str, value: Any, old: Any = None
) -> Change:
    change: Change = {"half": half, "what": what, "op": op, "key": key}
    if op != "removed":
        change["value"] = show_entry(key, value)
    if op != "added":
        change["old"] = show_entry(key, old)
    return change


def _response_changes(inner: Passage, outer: Passage) -> list[Change]:
    """What the layer did to the status and the headers on the way out."""
    changes = []
    if inner.status != outer.status:
        changes.append(
            _change("out", "status", "changed", "status", outer.status, inner.status)
        )
    return changes + _header_changes("out", inner.headers, outer.headers)


def _header_changes(half: str, given: Fields, made: Fields) -> list[Change]:
    if given == made:
        return []
    changes = []
    before, after = _grouped(given), _grouped(made)
    for name, value in after.items():
        if name not in before:
            changes.append(_header_change(half, "added", name, value))
        elif before[name] != value:
            changes.append(_header_change(half, "changed", name, value, before[name]))
    changes += [
        _header_change(half, "removed", name, "", value)
        for name, value in before.items()
        if name not in after
    ]
    return changes


def _header_change(half: str, op: str, name: str, value: str, old: str = "") -> Change:
    change: Change = {"half": half, "what": "header", "op": op, "key": name}
    if op != "removed":
        change["value"] = REDACTED if is_secret(name) else clip(value)
    if op != "added":
        change["old"] = REDACTED if is_secret(name) else clip(old)
    return change


def _grouped(headers: Fields) -> dict[str, str]:
    grouped: dict[str, str] = {}
    for name, value in headers:
        name = name.title()
        grouped[name] = f"{grouped[name]}, {value}" if name in grouped else value
    return grouped
