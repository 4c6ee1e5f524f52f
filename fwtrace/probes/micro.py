"""The micro framework: its dispatch, phase by phase."""

from __future__ import annotations

from typing import Any

from fwtrace.probes.calls import describe_function
from fwtrace.probes.exceptions import handling
from fwtrace.probes.routing import endpoint_of
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import Recorder
from fwtrace.tracer.seam import Probe, Seam, spanned

__all__ = ["MICRO"]


def _view(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    _, _, match = args
    describe_function(span, endpoint_of(match.route), match.params)


def _viewed(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    span.attributes["fwtrace.return_type"] = type(result).__qualname__


MICRO = Probe(
    "micro",
    ("fwtrace.frameworks.micro",),
    (
        Seam("app:App.call_view", spanned("view", before=_view, after=_viewed)),
        Seam("app:App.handle_exception", handling),
    ),
)
