"""What FastAPI does around a view, in words: what it solves, checks and leaves out."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from fwtrace.render.text import clean, duration, plain
from fwtrace.tracer.model import Span

__all__ = [
    "dependency",
    "dependency_heading",
    "removed",
    "thread",
    "validation",
    "validation_heading",
]


def dependency_heading(span: Span) -> str:
    """``get_db · set-up``, ``user → 'ann'``, ``settings from the cache``"""
    attributes = span.attributes
    if attributes.get("fwtrace.dependency.cached"):
        return f"{span.name} from the cache"
    if attributes.get("fwtrace.dependency.called") is False:
        return f"{span.name} was not called: its parameters are wrong"
    half = attributes.get("fwtrace.dependency.half")
    value = attributes.get("fwtrace.dependency.value")
    name = f"{span.name} · set-up" if half == "set-up" else span.name
    return name if value is None else f"{name} → {value}"


def dependency(span: Span, width: int) -> Iterator[Text]:
    by = span.attributes.get("fwtrace.dependency.overridden_by")
    if by is not None:
        yield plain(f"overridden by {by}()", "yellow")


def thread(span: Span) -> Iterator[Text]:
    """How long a function waited for the thread that it ran in."""
    waited = span.attributes.get("fwtrace.thread.waited_ns")
    if waited is not None:
        name = span.attributes.get("fwtrace.thread.name", "")
        yield plain(f"in thread {name}, waited {duration(waited)} for it", "dim")


def validation_heading(span: Span) -> str:
    """``path number  '7' → 7``, ``query q = 'all' by default``"""
    attributes = span.attributes
    raw = attributes.get("fwtrace.parameter.raw")
    value = attributes.get("fwtrace.parameter.value")
    if value is None:
        return f"{span.name} {raw or ''}".rstrip()
    if raw is None:
        return f"{span.name} = {value} by default"
    return f"{span.name} {raw} → {value}"


def validation(span: Span, width: int) -> Iterator[Text]:
    for error in span.attributes.get("fwtrace.parameter.errors", ()):
        at = ".".join(str(part) for part in error["loc"])
        yield plain(f"✗ {at}: {error['message']}", "red")


def removed(span: Span, width: int) -> Iterator[Text]:
    """The keys that a response model left out."""
    for each in span.attributes.get("fwtrace.serializer.removed", ()):
        yield Text(clean(f"- {each['key']} {each['reason']}"), "yellow")
