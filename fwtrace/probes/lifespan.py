"""The lifespan of an ASGI app: its start-up before, and its shutdown after requests."""

from __future__ import annotations

from typing import Any

from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.redaction import redact_text
from fwtrace.tracer.values import clip

__all__ = ["Lifespan"]


class Lifespan:
    """Records the app's answer to ``lifespan.startup``, then to ``lifespan.shutdown``.

    ``done(span)`` takes each of the two when it is over; of an app that does not
    answer, and so has no lifespan, there is none.
    """

    def __init__(self, recorder: Recorder, done: Any) -> None:
        self.recorder = recorder
        self._done = done
        self._span: Span | None = None

    async def run(
        self, app: Any, scope: dict[str, Any], receive: Any, send: Any
    ) -> None:
        __traceback_hide__ = True
        recorder = self.recorder

        async def noting_receive() -> Any:
            message = await receive()
            if message["type"].startswith("lifespan."):
                self._open(message["type"].removeprefix("lifespan."))
            return message

        async def noting_send(message: Any) -> None:
            await send(message)
            _, step, outcome = f"{message['type']}..".split(".")[:3]
            if outcome in ("complete", "failed"):
                self._close(step, outcome, str(message.get("message", "")))

        try:
            await app(scope, noting_receive, noting_send)
        except BaseException as error:
            if self._span is not None and self._span.name == "shutdown":
                recorder.fail(self._span, error)
                self._close("shutdown", "failed")
            raise
        finally:
            self._close("shutdown", "complete")

    def _open(self, step: str) -> None:
        recorder = self.recorder
        entered = recorder.clock()
        self._span = span = recorder.open("lifespan", step, recorder.root)
        if span is not None:
            CURRENT.set((recorder, span))
            recorder.start(span, entered)

    def _close(self, step: str, outcome: str, message: str = "") -> None:
        span = self._span
        if span is None or span.name != step:
            return
        self.recorder.stop(span)
        self._span = None
        CURRENT.set(None)  # what the app goes on with is of no request
        if outcome == "failed" and span.error is None:
            last = message.strip().rpartition("\n")[2]
            kind, colon, said = last.partition(": ")
            told = (kind, said) if colon and kind.isidentifier() else ("failed", last)
            span.error = {"type": told[0], "message": clip(redact_text(told[1]))}
        self._done(span)
