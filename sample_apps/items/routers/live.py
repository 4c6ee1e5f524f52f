"""What stays open: the announcements, and an echo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fwtrace.frameworks.fastapi import APIRouter, Header, WebSocket, WebSocketDisconnect
from fwtrace.frameworks.fastapi.sse import EventSourceResponse, ServerSentEvent
from sample_apps.items.needs import CurrentFeed, ListeningAccount

__all__ = ["router"]

router = APIRouter(tags=["live"])


@router.get("/events", response_class=EventSourceResponse)
async def events(
    feed: CurrentFeed, last_event_id: Annotated[int, Header(ge=0)] = 0
) -> AsyncIterator[ServerSentEvent]:
    """What happens to items; who lost the connection goes on where it broke."""
    async for announcement in feed.after(last_event_id):
        yield ServerSentEvent(
            id=str(announcement.number),
            event=announcement.kind,
            data={"item": announcement.item},
        )


@router.websocket("/echo")
async def echo(websocket: WebSocket, account: ListeningAccount) -> None:
    await websocket.accept()
    try:
        while True:
            text = await websocket.receive_text()
            await websocket.send_text(f"{account.name}: {text}")
    except WebSocketDisconnect:
        pass  # that is how it ends
