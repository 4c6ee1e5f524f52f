"""What spans of calls have in common: where the function is, what it was given."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fwtrace.tracer.frames import excerpt, location_of
from fwtrace.tracer.model import Location, Span
from fwtrace.tracer.values import function_name, show_named

__all__ = ["describe_function", "kwarg_texts"]


def describe_function(span: Span, function: Any, kwargs: dict[str, Any]) -> None:
    """Name the span after the function and keep its place, source and arguments."""
    span.name, span.location, told = _facts(function)
    span.attributes = {**told, "fwtrace.arguments": kwarg_texts(kwargs)}


@lru_cache(maxsize=1024)
def _facts(function: Any) -> tuple[str, Location | None, dict[str, Any]]:
    """Name, place and attributes: what is the same at every call."""
    name = function_name(function)
    told: dict[str, Any] = {
        "code.function.name": f"{getattr(function, '__module__', '?')}.{name}"
    }
    place = location_of(function)
    if place is not None:
        told |= {"code.file.path": place.file, "code.line.number": place.line}
        source = excerpt(place)
        if source is not None:
            told["fwtrace.source"] = source
    return name, place, told


def kwarg_texts(kwargs: dict[str, Any]) -> dict[str, str]:
    """Each argument as text, secret ones redacted by their name."""
    return {name: show_named(name, value) for name, value in kwargs.items()}
