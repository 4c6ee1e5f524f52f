"""The messages of an ASGI response one by one, and the span they amount to."""

from __future__ import annotations

from typing import Any

from fwtrace.probes.exchange import Exchange
from fwtrace.probes.scope import header_pairs, status_line
from fwtrace.tracer.model import Span

__all__ = ["Response"]

Message = dict[str, Any]


class Response:
    """What the app sent, as the server took it."""

    def __init__(self, exchange: Exchange, send: Any = None) -> None:
        self._exchange = exchange
        self._send = send
        self._messages: list[dict[str, Any]] = []
        self._chunks = self._size = 0
        self._start = bytearray()
        self._more = False
        self._span: Span | None = None
        self._ended = 0

    async def send(self, message: Message) -> None:
        __traceback_hide__ = True
        await self._send(message)
        self.note(message)

    def note(self, message: Message) -> None:
        """A message that the server has taken."""
        exchange = self._exchange
        recorder = exchange.recorder
        entered = recorder.clock()
        try:
            kind = message["type"].rpartition(".")[2]
            told: dict[str, Any] = {"type": message["type"], "at": recorder.now()}
            if kind == "start":
                exchange.status = status_line(message["status"])
                exchange.headers = header_pairs(message.get("headers", ()))
                told["status"] = int(message["status"])
                told["headers"] = len(exchange.headers)
            elif kind == "body":
                told |= self._body(message)
            if len(self._messages) < recorder.limits.items:
                self._messages.append(told)
        except Exception as fault:
            recorder.fault(recorder.root, fault)
        recorder.charge(entered)
        if message["type"].endswith(".body") and not self._more:
            self._close()

    def _body(self, message: Message) -> dict[str, Any]:
        body = message.get("body", b"")
        limit = self._exchange.recorder.limits.preview
        self._more = bool(message.get("more_body", False))
        self._chunks += bool(body)
        self._size += len(body)
        if len(self._start) < limit:
            self._start += body[:limit]
        return {"size": len(body), "more_body": self._more}

    def _close(self) -> None:
        """All of the response is there; the app may go on."""
        exchange = self._exchange
        if self._span is not None:
            return
        self._span = exchange.open_response()
        streamed = self._chunks > 1
        exchange.close_response(self._chunks, self._size, bytes(self._start), streamed)
        self._ended = exchange.recorder.now()
        if self._span is not None:
            self._span.attributes["fwtrace.response.messages"] = self._messages

    def finish(self, raised: bool = False) -> None:
        """The app has returned, or raised."""
        if self._messages and self._span is None:
            self._close()
        elif self._span is not None:
            after = self._exchange.recorder.now() - self._ended
            self._span.attributes["fwtrace.response.after_ns"] = max(0, after)
