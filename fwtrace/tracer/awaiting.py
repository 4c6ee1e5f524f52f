"""Time running apart from time awaiting: a coroutine driven step by step.

Between two steps a coroutine waits, for its own awaitable and for the event loop to
come back to it. What it runs in the steps themselves is the code's own doing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any

from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder

__all__ = ["RUNNING", "timed_coroutine"]

RUNNING = "fwtrace.running_ns"
"""Attribute: nanoseconds in which a coroutine ran; the rest of its span it waited."""


async def timed_coroutine(coro: Awaitable[Any], span: Span) -> Any:
    """What the coroutine returns; how long it ran is kept on the span.

    Steps of recording are left out, as they are of the span's own times. Outside a
    trace the coroutine is only awaited.
    """
    __traceback_hide__ = True
    current = CURRENT.get()
    if current is None:
        return await coro
    if not isinstance(coro, Coroutine):
        coro = _awaited(coro)
    return await _Stepped(coro, current[0], span)


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    __traceback_hide__ = True
    return await awaitable


class _Stepped:
    """Awaits a coroutine in the place of its caller, with a look at the clock."""

    __slots__ = ("coro", "recorder", "span")

    def __init__(
        self, coro: Coroutine[Any, Any, Any], recorder: Recorder, span: Span
    ) -> None:
        self.coro = coro
        self.recorder = recorder
        self.span = span

    def __await__(self) -> Generator[Any, Any, Any]:
        __traceback_hide__ = True
        coro, recorder = self.coro, self.recorder
        attributes = self.span.attributes
        attributes.setdefault(RUNNING, 0)
        value: Any = None
        error: BaseException | None = None
        while True:
            began = recorder.now()
            try:
                if error is None:
                    yielded = coro.send(value)
                else:
                    yielded = coro.throw(error)
            except StopIteration as stop:
                return stop.value
            finally:
                attributes[RUNNING] += max(0, recorder.now() - began)
            value = error = None
            try:
                value = yield yielded
            except GeneratorExit:
                coro.close()
                raise
            except BaseException as thrown:
                error = thrown
