"""The WebSocket, as a view sees it."""

from fwtrace.toolkit.asgi.websockets import (
    WebSocket,
    WebSocketDisconnect,
    WebSocketState,
)

__all__ = ["WebSocket", "WebSocketDisconnect", "WebSocketState"]
