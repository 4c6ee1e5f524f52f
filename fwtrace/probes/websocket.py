"""The life of a WebSocket: each event a step, with what the app did because of it."""

from __future__ import annotations

from typing import Any

from fwtrace.probes.exchange import Exchange
from fwtrace.probes.response import Response
from fwtrace.probes.scope import header_pairs, status_line
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT
from fwtrace.tracer.redaction import REDACTED, is_secret, redact_text
from fwtrace.tracer.values import clip

__all__ = ["Conversation"]

Message = dict[str, Any]

# RFC 6455, 7.4.1: no close frame came; the server met what it did not expect.
ABNORMAL, INTERNAL_ERROR = 1006, 1011


class Conversation:
    """Notes what the app receives and sends.

    What the app receives is a step until it asks for more: what it did in between is
    below it. What it sends is a step where it was sent.
    """

    def __init__(self, exchange: Exchange, receive: Any, send: Any) -> None:
        self._exchange = exchange
        self._recorder = exchange.recorder
        self._receive = receive
        self._send = send
        self._denial = Response(exchange)
        self._open: list[tuple[Span, Span]] = []
        self._accepted = False
        self._close: dict[str, Any] | None = None

    async def receive(self) -> Message:
        __traceback_hide__ = True
        self._settle()
        message: Message = await self._receive()
        recorder = self._recorder
        entered = recorder.clock()
        kind = message["type"].rpartition(".")[2]
        if kind == "disconnect":
            self._closed("client", message)
        parent = self._parent()
        span = recorder.open("websocket", kind, parent)
        if span is not None:
            self._describe(span, message)
            self._open.append((span, parent))
            CURRENT.set((recorder, span))
            recorder.start(span, entered)
        return message

    async def send(self, message: Message) -> None:
        __traceback_hide__ = True
        await self._send(message)
        kind = message["type"]
        if kind.startswith("websocket.http.response."):
            self._denial.note(message)
            return
        recorder = self._recorder
        entered = recorder.clock()
        if kind == "websocket.accept":
            self._accepted = True
            self._exchange.status = status_line(101)
            self._exchange.headers = header_pairs(message.get("headers", ()))
        elif kind == "websocket.close":
            if not self._accepted:
                self._exchange.status = status_line(403)
            self._closed("app", message)
        span = recorder.open("websocket", kind.rpartition(".")[2], self._parent())
        if span is not None:
            self._describe(span, message)
            recorder.start(span, entered)
            recorder.charge(recorder.stop(span))

    def finish(self, raised: bool) -> None:
        """The app has returned, or raised."""
        for span, parent in reversed(self._open):
            self._recorder.stop(span)
            if parent.end:
                span.end = max(span.start, min(span.end, parent.end))
        self._open.clear()
        self._denial.finish()
        if self._accepted and self._close is None:
            code = INTERNAL_ERROR if raised else ABNORMAL
            self._closed("server", {"code": code})
        if self._close is not None:
            self._recorder.trace.outcome["close"] = self._close

    def _settle(self) -> None:
        """The app asks for more: it is done with what it had received."""
        current = CURRENT.get()
        here = None if current is None else current[1]
        for number, (span, parent) in enumerate(self._open):
            if span is here or parent is here:
                for each, _ in self._open[number:]:
                    self._recorder.stop(each)
                del self._open[number:]
                CURRENT.set((self._recorder, parent))
                return

    def _parent(self) -> Span:
        current = CURRENT.get()
        return self._recorder.root if current is None else current[1]

    def _closed(self, by: str, message: Message) -> None:
        if self._close is None:
            reason = clip(redact_text(str(message.get("reason") or "")))
            code = message.get("code", 1000)
            self._close = {"code": code, "reason": reason, "by": by}

    def _describe(self, span: Span, message: Message) -> None:
        try:
            self._told(span.attributes, message)
        except Exception as fault:
            self._recorder.fault(span, fault)

    def _told(self, told: dict[str, Any], message: Message) -> None:
        kind = message["type"]
        limit = self._recorder.limits.preview
        text, data = message.get("text"), message.get("bytes")
        if text is not None:
            told["fwtrace.websocket.text"] = clip(redact_text(text), limit)
            told["fwtrace.websocket.size"] = len(text.encode("utf-8", "replace"))
        elif data is not None:
            told["fwtrace.websocket.size"] = len(data)
        if kind == "websocket.accept":
            told["fwtrace.websocket.subprotocol"] = message.get("subprotocol")
            told["http.response.headers"] = [
                [name, REDACTED if is_secret(name) else clip(value)]
                for name, value in header_pairs(message.get("headers", ()))
            ]
        if kind in ("websocket.close", "websocket.disconnect"):
            told["fwtrace.websocket.code"] = message.get("code", 1000)
            reason = str(message.get("reason") or "")
            told["fwtrace.websocket.reason"] = clip(redact_text(reason))
