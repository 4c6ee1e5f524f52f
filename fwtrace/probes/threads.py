"""Hops into worker threads: how long a function waited for its thread.

Starlette and FastAPI run plain functions in threads, always by ``anyio``. The time in
the thread is the function's own span; the time before it is told of beside it.
"""

from __future__ import annotations

import functools
import threading
from contextvars import ContextVar
from typing import Any

from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT
from fwtrace.tracer.seam import Probe, Seam
from fwtrace.tracer.values import function_name

__all__ = ["THREADS", "THREAD", "WAITED", "describe_thread"]

THREAD = "fwtrace.thread.name"
WAITED = "fwtrace.thread.waited_ns"
"""Attributes: the thread that a function ran in; nanoseconds until it had begun."""


class _Hop:
    """One function's way into a thread; told once, on the span that is about it."""

    __slots__ = ("asked", "begun", "is_told", "thread")

    def __init__(self, asked: int) -> None:
        self.asked = self.begun = asked
        self.thread = ""
        self.is_told = False

    def begin(self, now: int) -> None:
        self.begun = now
        self.thread = threading.current_thread().name

    def tell(self, span: Span) -> None:
        self.is_told = True
        span.attributes[THREAD] = self.thread
        span.attributes[WAITED] = max(0, self.begun - self.asked)


_HOP: ContextVar[_Hop | None] = ContextVar("fwtrace_hop", default=None)


def describe_thread(span: Span) -> None:
    """Tell on the first span within a thread how its function came there."""
    hop = _HOP.get()
    if hop is not None and not hop.is_told and hop.thread:
        hop.tell(span)


def _hopping(run_sync: Any) -> Any:
    @functools.wraps(run_sync)
    async def traced(function: Any, *args: Any, **options: Any) -> Any:
        __traceback_hide__ = True
        current = CURRENT.get()
        if current is None:
            return await run_sync(function, *args, **options)
        recorder, span = current
        hop = _Hop(recorder.now())

        def begun(*args: Any) -> Any:
            __traceback_hide__ = True
            hop.begin(recorder.now())
            return function(*args)

        token = _HOP.set(hop)
        try:
            return await run_sync(begun, *args, **options)
        finally:
            _HOP.reset(token)
            if not hop.is_told and hop.thread and _is_of(span, function):
                hop.tell(span)

    return traced


def _is_of(span: Span, function: Any) -> bool:
    """Whether the span is about this function, and not only calls it."""
    while isinstance(function, functools.partial):
        function = function.func
    # The way in and out of a generator is a method of its context manager.
    manager = getattr(function, "__self__", None)
    told = function_name(getattr(manager, "gen", function))
    named = str(span.attributes.get("code.function.name", "")).rpartition(".")[2]
    return told.rpartition(".")[2] == named


THREADS = Probe("threads", ("anyio",), (Seam("to_thread:run_sync", _hopping),))
