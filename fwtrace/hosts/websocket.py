"""The in-process host of WebSockets: the client's side of a conversation."""

from __future__ import annotations

import asyncio
import base64
import os
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fwtrace.hosts.asgi import GRACE, TIMEOUT, Host, build_scope

__all__ = ["WAIT", "Ended", "build_websocket_scope", "talk"]

Message = dict[str, Any]

WAIT = 0.5
"""Seconds to listen, once the app has taken the last message."""
NORMAL, ABNORMAL = 1000, 1006
"""RFC 6455, 7.4.1: the purpose is fulfilled; there was no close frame."""


@dataclass(slots=True)
class Ended:
    """How it ended: was it accepted, what came, and the code and reason of its end."""

    accepted: bool = False
    received: list[str | bytes] = field(default_factory=list)
    code: int | None = None
    reason: str = ""


def talk(
    app: Any,
    target: str = "/",
    headers: Sequence[tuple[str, str]] = (),
    messages: Sequence[str | bytes] = (),
    wait: float = WAIT,
    timeout: float = TIMEOUT,
) -> Ended:
    """Connect, send each message when the app asks for it, listen, close with 1000.

    What the app raises comes out. Raises TimeoutError for an app that does not accept,
    or does not end, in time.
    """
    scope = build_websocket_scope(target, headers)

    async def converse(host: Host) -> Ended:
        server = _Server(messages)
        await _Client(server, host.call(scope, server), timeout).converse(wait)
        return server.ended

    with Host(app, timeout) as host:
        return host.run(converse(host))


def build_websocket_scope(
    target: str, headers: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """The scope of a handshake (RFC 6455, 4.1), its subprotocols from their header."""
    scope = build_scope("GET", target, headers)
    del scope["method"]
    asked = [
        (b"connection", b"Upgrade"),
        (b"upgrade", b"websocket"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", base64.b64encode(os.urandom(16))),
    ]
    given = {name for name, _ in scope["headers"]}
    scope["headers"] += [pair for pair in asked if pair[0] not in given]
    offered = ",".join(
        value.decode("latin-1")
        for name, value in scope["headers"]
        if name == b"sec-websocket-protocol"
    )
    return scope | {
        "type": "websocket",
        "scheme": "ws",
        "subprotocols": [each.strip() for each in offered.split(",") if each.strip()],
        "extensions": {"websocket.http.response": {}},
    }


class _Server:
    """Hands the client's messages to the app, and takes the app's."""

    def __init__(self, messages: Sequence[str | bytes]) -> None:
        self.ended = Ended()
        self.answered = asyncio.Event()  # accepted, or refused
        self.taken = asyncio.Event()  # the last message is with the app
        self.over = asyncio.Event()  # one side has closed
        self.gone = False  # the app was told, or does not listen
        self._messages = deque(messages)
        self._connected = False
        self._denied = False
        self._closed = False  # by the app

    async def receive(self) -> Message:
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        await self.answered.wait()
        if self._messages and not self.over.is_set():
            message = self._messages.popleft()
            if not self._messages:
                self.taken.set()
            kind = "text" if isinstance(message, str) else "bytes"
            return {"type": "websocket.receive", kind: message}
        await self.over.wait()
        self.gone = True
        code, reason = self.ended.code, self.ended.reason
        return {"type": "websocket.disconnect", "code": code, "reason": reason}

    async def send(self, message: Message) -> None:
        kind = str(message["type"])
        if self._closed:
            raise RuntimeError(f"The app sent {kind!r} after it had closed.")
        if self.gone:
            # ASGI, "Send - send event": a server should raise an OSError then.
            raise ConnectionError(f"The client has left; the app sent {kind!r}.")
        taker = self._taker(kind)
        if taker is None:
            when = "after" if self.ended.accepted else "before"
            raise RuntimeError(f"The app sent {kind!r} {when} it had accepted.")
        taker(message)

    def _taker(self, kind: str) -> Callable[[Message], None] | None:
        """What takes such a message now; None when it is out of place."""
        if self.ended.accepted:
            takers = {"websocket.send": self._take, "websocket.close": self._close}
        elif self._denied:
            takers = {"websocket.http.response.body": self._deny_body}
        else:
            takers = {
                "websocket.accept": self._accept,
                "websocket.close": self._close,
                "websocket.http.response.start": self._deny,
            }
        return takers.get(kind)

    def _accept(self, message: Message) -> None:
        self.ended.accepted = True
        self.answered.set()
        if not self._messages:
            self.taken.set()

    def _take(self, message: Message) -> None:
        text, data = message.get("text"), message.get("bytes")
        if isinstance(text, str):
            self.ended.received.append(text)
        elif isinstance(data, (bytes, bytearray, memoryview)):
            self.ended.received.append(bytes(data))
        else:
            raise RuntimeError("The app sent a message with neither text nor bytes.")

    def _close(self, message: Message) -> None:
        self._closed = True
        self.end(message.get("code", NORMAL), message.get("reason") or "")

    def _deny(self, message: Message) -> None:
        self._denied = True

    def _deny_body(self, message: Message) -> None:
        if not message.get("more_body", False):
            self._closed = True
            self.end(ABNORMAL, "")

    def end(self, code: int, reason: str = "") -> None:
        """One side closes."""
        self.ended.code, self.ended.reason = code, reason
        self.answered.set()
        self.over.set()


class _Client:
    """Waits for the app no longer than it may."""

    def __init__(self, server: _Server, call: Awaitable[Any], timeout: float) -> None:
        self._server = server
        self._task = asyncio.ensure_future(call)
        self._timeout = timeout

    async def converse(self, wait: float) -> None:
        server = self._server
        await self._until(server.answered, self._timeout)
        if server.ended.accepted:
            await self._until(server.taken, self._timeout)
            await self._until(server.over, wait)
        if server.answered.is_set() and not server.over.is_set():
            server.end(NORMAL)
        await self._end(max(wait, GRACE))

    async def _until(self, event: asyncio.Event, timeout: float) -> None:
        """Until the event, the end of the conversation, or that of the app."""
        waits = [asyncio.ensure_future(e.wait()) for e in (event, self._server.over)]
        await asyncio.wait(
            [self._task, *waits], timeout=timeout, return_when=asyncio.FIRST_COMPLETED
        )
        for each in waits:
            each.cancel()

    async def _end(self, wait: float) -> None:
        """Await the app, which may have something to finish, but not for ever."""
        task = self._task
        if self._server.answered.is_set():
            await asyncio.wait([task], timeout=wait)
        if not task.done():
            self._server.gone = True  # tells an app that sends, and does not listen
            await asyncio.wait([task], timeout=GRACE)
        if not task.done():
            sentence = self._late()
            task.cancel(sentence)
            await asyncio.wait([task], timeout=GRACE)
            raise TimeoutError(sentence)
        await task

    def _late(self) -> str:
        if self._server.answered.is_set():
            return "The app did not end after the WebSocket was closed."
        return f"The app did not accept the WebSocket within {self._timeout:g} seconds."
