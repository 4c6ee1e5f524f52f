"""What spans of calls have in common: where the function is, what it was given."""

from __future__ import annotations

from typing import Any

from fwtrace.tracer.frames import excerpt, location_of
from fwtrace.tracer.model import Span
from fwtrace.tracer.values import function_name, show_named

__all__ = ["describe_function", "kwarg_texts"]


def describe_function(span: Span, function: Any, kwargs: dict[str, Any]) -> None:
    """Name the span after the function and keep its place, source and arguments."""
    span.name = function_name(function)
    attributes = span.attributes
    attributes["code.function.name"] = (
        f"{getattr(function, '__module__', '?')}.{span.name}"
    )
    attributes["fwtrace.arguments"] = kwarg_texts(kwargs)
    place = span.location = location_of(function)
    if place is not None:
        attributes["code.file.path"] = place.file
        attributes["code.line.number"] = place.line
        source = excerpt(place)
        if source is not None:
            attributes["fwtrace.source"] = source


def kwarg_texts(kwargs: dict[str, Any]) -> dict[str, str]:
    """Each argument as text, secret ones redacted by their name."""
    return {name: show_named(name, value) for name, value in kwargs.items()}
