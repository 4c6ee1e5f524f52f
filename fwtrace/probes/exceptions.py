"""Exceptions that the app handles itself: what was raised, where, and who took it."""

from __future__ import annotations

from typing import Any

from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import Recorder
from fwtrace.tracer.seam import spanned

__all__ = ["describe_exception", "handling"]


def describe_exception(recorder: Recorder, span: Span, error: BaseException) -> None:
    """The exception with its frames; said in full only once in a trace."""
    told = recorder.describe_error(error)
    span.name = type(error).__qualname__
    span.attributes["exception.type"] = told["type"]
    span.attributes["exception.message"] = told["message"]
    if recorder.described is error:
        return
    recorder.described = error
    frames = recorder.user_code.frames(error.__traceback__)
    span.attributes["fwtrace.exception.frames"] = frames[-recorder.limits.items :]


def _raised(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    error = next((each for each in args if isinstance(each, BaseException)), None)
    if error is not None:
        describe_exception(recorder, span, error)


handling = spanned("exception", before=_raised)
"""Wraps a method that is given the exception it is to make a response of."""
