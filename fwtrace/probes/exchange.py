"""One request's trace from the server's side: what it handed in, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fwtrace.probes.exceptions import describe_exception
from fwtrace.tracer.model import Span, Trace
from fwtrace.tracer.recorder import Recorder
from fwtrace.tracer.redaction import REDACTED, is_secret, redact_text
from fwtrace.tracer.values import clip

__all__ = ["Exchange"]


class Exchange:
    """One request's trace from the server's side."""

    __slots__ = ("_done", "headers", "recorder", "span", "status")

    def __init__(self, recorder: Recorder, done: Callable[[Trace], None]) -> None:
        self.recorder = recorder
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.span: Span | None = None
        self._done: Callable[[Trace], None] | None = done

    def describe(self, stage: str, entries: list[dict[str, str]], entered: int) -> None:
        """What the server hands to the app: the request, and its environ or scope."""
        recorder = self.recorder
        request = recorder.trace.request
        path, _, query = request["target"].partition("?")
        recorder.root.attributes = {
            "http.request.method": request["method"],
            "url.path": path,
            "url.query": query,
        }
        span = recorder.open(stage, stage, recorder.root)
        if span is not None:
            span.attributes["fwtrace.environ"] = entries
            recorder.start(span, entered)
            recorder.charge(recorder.stop(span))

    def open_response(self) -> Span | None:
        recorder = self.recorder
        entered = recorder.clock()
        self.span = span = recorder.open("response", "response", recorder.root)
        if span is not None:
            recorder.start(span, entered)
        return span

    def whole_body(self, chunks: Any) -> None:
        self.open_response()
        self.close_response(len(chunks), sum(map(len, chunks)), b"".join(chunks))
        self.finish()

    def close_response(
        self, chunks: int, size: int, start: bytes, streamed: bool = False
    ) -> None:
        """Describe the response; ``start`` is the body's beginning, for a preview."""
        span = self.span
        if span is None:
            return
        recorder = self.recorder
        left = recorder.stop(span)
        try:
            self._describe(span, chunks, size, start, streamed)
        except Exception as fault:
            recorder.fault(span, fault)
        self.span = None
        recorder.charge(left)

    def _describe(
        self, span: Span, chunks: int, size: int, start: bytes, streamed: bool
    ) -> None:
        code = int(self.status[:3]) if self.status[:3].isdecimal() else None
        span.name = self.status
        kind = encoding = ""
        fields = []
        for name, value in self.headers[: self.recorder.limits.items]:
            lower = name.lower()
            if lower == "content-type":
                kind = value
            elif lower == "content-encoding":
                encoding = value
            fields.append([name, REDACTED if is_secret(lower) else clip(value)])
        span.attributes = {
            "http.response.status_code": code,
            "http.response.headers": fields,
            "http.response.body.size": size,
            "fwtrace.body.type": kind,
            "fwtrace.body.chunks": chunks,
            "fwtrace.body.streamed": streamed,
        }
        if start:
            span.attributes["fwtrace.body.preview"] = _preview(
                start, size, kind, encoding, self.recorder.limits.preview
            )

    def fail(self, error: BaseException) -> None:
        """The app, or its body, let an exception through to the server."""
        recorder = self.recorder
        entered = recorder.clock()
        recorder.trace.outcome["error"] = recorder.describe_error(error)
        if recorder.described is not error:
            span = recorder.open("exception", type(error).__qualname__, recorder.root)
            if span is not None:
                describe_exception(recorder, span, error)
                recorder.start(span, entered)
                recorder.stop(span)
        self.finish()

    def finish(self) -> None:
        if self._done is None:
            return
        done, self._done = self._done, None
        outcome = self.recorder.trace.outcome
        outcome["status"] = int(self.status[:3]) if self.status else None
        outcome["phrase"] = self.status[4:]
        outcome.setdefault("error", None)
        self.recorder.root.attributes["http.response.status_code"] = outcome["status"]
        done(self.recorder.finish())


@lru_cache(maxsize=256)
def _is_text(kind: str) -> bool:
    words = ("json", "xml", "javascript", "urlencoded")
    return kind.startswith("text/") or any(word in kind for word in words)


def _preview(start: bytes, size: int, kind: str, encoding: str, limit: int) -> str:
    if encoding or not _is_text(kind):
        return f"<{size:,} bytes of {encoding or kind or 'data'}>"
    shown = redact_text(start[:limit].decode("utf-8", "replace"))
    return shown if size <= limit else f"{shown}… ({size:,} bytes in all)"
