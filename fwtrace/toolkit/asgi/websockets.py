"""WebSockets: a conversation, checked step by step (ASGI, "WebSocket").

connecting ── accept ──> connected ── close, or the client goes ──> disconnected
     └─ close, or a denial response ─────────────────────────────────────┘
"""

from __future__ import annotations

import enum
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any, cast

from fwtrace.toolkit.asgi.requests import HTTPConnection
from fwtrace.toolkit.asgi.responses import Response
from fwtrace.toolkit.asgi.types import Message, Receive, Scope, Send

__all__ = [
    "WebSocket",
    "WebSocketClose",
    "WebSocketDisconnect",
    "WebSocketDisconnected",
    "WebSocketState",
]


class WebSocketState(enum.Enum):
    CONNECTING = 0
    CONNECTED = 1
    DISCONNECTED = 2
    RESPONSE = 3


class WebSocketDisconnect(Exception):
    """The client has gone, with this code and reason."""

    def __init__(self, code: int = 1000, reason: str | None = None) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason or ""


class WebSocketDisconnected(RuntimeError):
    """Something was asked of a WebSocket that is not, or no longer, connected."""


_CONNECTING, _CONNECTED, _DISCONNECTED, _RESPONSE = WebSocketState


class WebSocket(HTTPConnection):
    """One WebSocket: ``await accept()``, then receive and send."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope)
        if scope["type"] != "websocket":
            raise AssertionError(f"{scope['type']!r} is no WebSocket.")
        self._receive = receive
        self._send = send
        self.client_state = _CONNECTING
        self.application_state = _CONNECTING

    async def receive(self) -> Message:
        """The next message; RuntimeError for one that cannot come now."""
        state = self.client_state
        if state is _DISCONNECTED:
            raise WebSocketDisconnected(
                'Cannot call "receive" once a disconnect message has been received.'
            )
        message = await self._receive()
        kind = message["type"]
        if state is _CONNECTING:
            _expect(kind, ("websocket.connect",))
            self.client_state = _CONNECTED
        else:
            _expect(kind, ("websocket.receive", "websocket.disconnect"))
            if kind == "websocket.disconnect":
                self.client_state = _DISCONNECTED
        return message

    async def send(self, message: Message) -> None:
        """Send a message; RuntimeError for one that cannot be sent now."""
        kind = message["type"]
        state = self.application_state
        if state is _CONNECTED:
            _expect(kind, ("websocket.send", "websocket.close"))
            if kind == "websocket.close":
                self.application_state = _DISCONNECTED
            try:
                await self._send(message)
            except OSError:
                self.application_state = _DISCONNECTED
                raise WebSocketDisconnect(1006) from None
            return
        if state is _CONNECTING:
            start = "websocket.http.response.start"
            _expect(kind, ("websocket.accept", "websocket.close", start))
            after = {"websocket.close": _DISCONNECTED, start: _RESPONSE}
            self.application_state = after.get(kind, _CONNECTED)
        elif state is _RESPONSE:
            _expect(kind, ("websocket.http.response.body",))
            if not message.get("more_body", False):
                self.application_state = _DISCONNECTED
        else:
            raise WebSocketDisconnected(
                'Cannot call "send" once a close message has been sent.'
            )
        await self._send(message)

    async def accept(
        self,
        subprotocol: str | None = None,
        headers: Iterable[tuple[bytes, bytes]] | None = None,
    ) -> None:
        if self.client_state is _CONNECTING:
            await self.receive()
        await self.send(
            {
                "type": "websocket.accept",
                "subprotocol": subprotocol,
                "headers": headers or [],
            }
        )

    async def _receive_data(self) -> Message:
        if self.application_state is not _CONNECTED:
            raise WebSocketDisconnected(
                'WebSocket is not connected. Need to call "accept" first.'
            )
        message = await self.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"], message.get("reason"))
        return message

    async def receive_text(self) -> str:
        return cast(str, (await self._receive_data())["text"])

    async def receive_bytes(self) -> bytes:
        return cast(bytes, (await self._receive_data())["bytes"])

    async def receive_json(self, mode: str = "text") -> Any:
        """JSON that came as text, or with ``mode="binary"`` as bytes."""
        _check_mode(mode)
        message = await self._receive_data()
        return json.loads(message["text"] if mode == "text" else message["bytes"])

    async def iter_text(self) -> AsyncIterator[str]:
        """What comes, until the client goes."""
        try:
            while True:
                yield await self.receive_text()
        except WebSocketDisconnect:
            pass

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        try:
            while True:
                yield await self.receive_bytes()
        except WebSocketDisconnect:
            pass

    async def iter_json(self) -> AsyncIterator[Any]:
        try:
            while True:
                yield await self.receive_json()
        except WebSocketDisconnect:
            pass

    async def send_text(self, data: str) -> None:
        await self.send({"type": "websocket.send", "text": data})

    async def send_bytes(self, data: bytes) -> None:
        await self.send({"type": "websocket.send", "bytes": data})

    async def send_json(self, data: Any, mode: str = "text") -> None:
        _check_mode(mode)
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        if mode == "text":
            await self.send_text(text)
        else:
            await self.send_bytes(text.encode())

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        await self.send(
            {"type": "websocket.close", "code": code, "reason": reason or ""}
        )

    async def send_denial_response(self, response: Response) -> None:
        """Answer the handshake with a response; RuntimeError if the server cannot."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            raise RuntimeError(
                "The server doesn't support the Websocket Denial Response extension."
            )
        await response(self.scope, self.receive, self.send)


def _expect(kind: str, expected: tuple[str, ...]) -> None:
    if kind not in expected:
        wanted = " or ".join(f'"{each}"' for each in expected)
        raise RuntimeError(f"Expected ASGI message {wanted}, but got {kind!r}")


def _check_mode(mode: str) -> None:
    if mode not in ("text", "binary"):
        raise RuntimeError('The "mode" argument should be "text" or "binary".')


class WebSocketClose:
    """An ASGI app that closes the WebSocket."""

    def __init__(self, code: int = 1000, reason: str | None = None) -> None:
        self.code = code
        self.reason = reason or ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {"type": "websocket.close", "code": self.code, "reason": self.reason}
        )
