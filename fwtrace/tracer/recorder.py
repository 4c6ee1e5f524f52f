"""The recorder: makes one Trace out of the steps of one request.

Time here is the app's own. Each step takes the time it spent on bookkeeping out of
the clock that all later steps read, so a span never includes what recording cost;
the sum is stated in ``Trace.overhead``.

The current span lives in one context variable. Tasks and ``asyncio.to_thread`` inherit
it; a thread that handles another request has its own. Several threads may record into
one trace: what they cost is taken out of the one clock of all, so a step in one thread
can look shorter for recording in another, but never less than nothing.
"""

from __future__ import annotations

import datetime
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fwtrace.tracer.frames import UserCode
from fwtrace.tracer.model import Span, Trace
from fwtrace.tracer.redaction import redact_text
from fwtrace.tracer.values import clip

__all__ = ["CURRENT", "Limits", "Recorder", "end_with"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one trace may hold; past it the recorder counts instead of storing.

    ``spans`` in all, ``text`` characters of one statement or message, ``preview``
    characters of a body, ``items`` of one list (patterns tried, headers, names).
    """

    spans: int = 2_000
    text: int = 4_000
    preview: int = 1_000
    items: int = 100


_DEFAULT_LIMITS = Limits()


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _now() -> str:
    """``"2024-02-29T12:00:00.000123+00:00"``"""
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{rest // 1000:06d}+00:00"


class Recorder:
    """Records one request; :attr:`trace` is complete after :meth:`finish`."""

    __slots__ = (
        "_count",
        "_lock",
        "_origin",
        "clock",
        "described",
        "limits",
        "overhead",
        "trace",
        "user_code",
    )

    def __init__(
        self,
        app: str,
        request: dict[str, Any],
        *,
        root: Span,
        limits: Limits | None = None,
        user_code: UserCode | None = None,
        clock: Callable[[], int] = time.perf_counter_ns,
        version: str = "",
    ) -> None:
        self.limits = limits or _DEFAULT_LIMITS
        self.user_code = user_code or UserCode()
        self.clock = clock
        self.overhead = 0
        self.described: BaseException | None = None
        self._count = 1
        self._lock = threading.Lock()
        self.trace = Trace(
            app=app,
            request=request,
            root=root,
            id=os.urandom(16).hex(),
            started_at=_now(),
            version=version,
        )
        self._origin = clock()

    @property
    def root(self) -> Span:
        return self.trace.root

    def open(self, stage: str, name: str, parent: Span) -> Span | None:
        """A new span under the parent; None, and counted, past the bound."""
        with self._lock:
            if self._count >= self.limits.spans:
                dropped = self.trace.dropped
                dropped[stage] = dropped.get(stage, 0) + 1
                return None
            self._count += 1
        span = Span(stage, name)
        parent.children.append(span)
        return span

    def start(self, span: Span, entered: int) -> None:
        """Start the span now; all since ``entered`` (a clock reading) was recording."""
        with self._lock:
            now = self.clock()
            self.overhead += now - entered
            span.start = now - self._origin - self.overhead

    def stop(self, span: Span) -> int:
        """Stop the span now and return the clock reading, to be given to `charge`."""
        now = self.clock()
        span.end = max(span.start, now - self._origin - self.overhead)
        return now

    def charge(self, since: int) -> None:
        """All since the clock reading ``since`` was recording, not the app."""
        with self._lock:
            self.overhead += self.clock() - since

    def now(self) -> int:
        """Nanoseconds since the trace began, without what recording cost."""
        return self.clock() - self._origin - self.overhead

    def take_overhead(self) -> int:
        """What recording cost so far, to be stated by another recorder."""
        taken, self.overhead = self.overhead, 0
        self._origin += taken
        return taken

    def begin_with(self, span: Span, overhead: int) -> None:
        """Let the trace begin with a step that another recorder has recorded."""
        shift_times(span, -span.start)
        self._origin -= span.duration
        self.root.children.insert(0, span)
        self.overhead += overhead
        self._origin -= overhead

    @contextmanager
    def span(self, stage: str, name: str) -> Iterator[Span | None]:
        """A span around a block, for probes that are no plain call."""
        entered = self.clock()
        current = CURRENT.get()
        parent = current[1] if current else self.root
        span = self.open(stage, name, parent)
        if span is None:
            yield None
            return
        token = CURRENT.set((self, span))
        self.start(span, entered)
        try:
            yield span
        except BaseException as error:
            self.fail(span, error)
            raise
        finally:
            left = self.stop(span)
            CURRENT.reset(token)
            self.charge(left)

    def fail(self, span: Span, error: BaseException) -> None:
        """Mark the span with an error that came out of the app's own code."""
        span.error = self.describe_error(error)

    def describe_error(self, error: BaseException) -> dict[str, str]:
        try:
            message = redact_text(str(error))
        except Exception:
            message = "<the exception cannot be shown>"
        kind = type(error)
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        return {
            "type": module + kind.__qualname__,
            "message": clip(message, self.limits.text),
        }

    def fault(self, span: Span, error: Exception) -> None:
        """Keep a fault of the probe on its span; it never reaches the app."""
        span.fault = clip(f"{type(error).__name__}: {error}")

    def finish(self) -> Trace:
        """Close the trace: its root ends now."""
        self.stop(self.root)
        self.trace.overhead = self.overhead
        return self.trace


def shift_times(span: Span, nanoseconds: int) -> None:
    """Move a step, and all below it, to another time."""
    for each in span.walk():
        each.start += nanoseconds
        each.end += nanoseconds


def end_with(trace: Trace, span: Span, overhead: int) -> None:
    """Let a finished trace go on with a step that another recorder has recorded."""
    root = trace.root
    shift_times(span, root.end - span.start)
    root.children.append(span)
    root.end = span.end
    trace.overhead += overhead


CURRENT: ContextVar[tuple[Recorder, Span] | None] = ContextVar(
    "fwtrace_current", default=None
)
"""The recorder of this request and the span that is open; None when none is traced."""
