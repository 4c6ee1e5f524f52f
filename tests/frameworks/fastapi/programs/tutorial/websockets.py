"""WebSockets: parameters, dependencies, several clients, being refused."""

from typing import Annotated

from fastapi import (
    Cookie,
    Depends,
    FastAPI,
    Query,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
    status,
)

app = FastAPI()
LEFT: list[str] = []


async def who(
    websocket: WebSocket,
    session: Annotated[str | None, Cookie()] = None,
    token: Annotated[str | None, Query()] = None,
):
    if session is None and token is None:
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "Who is there?")
    return session or token


@app.websocket("/rooms/{room}")
async def chat(
    websocket: WebSocket, room: int, name: Annotated[str, Depends(who)], q: int = 1
):
    await websocket.accept()
    try:
        while True:
            text = await websocket.receive_text()
            if text == "bye":
                await websocket.close(4000, "Goodbye")
                return
            await websocket.send_text(f"{room} {name} {q}: {text}")
    except WebSocketDisconnect:
        LEFT.append(name)


@app.websocket("/json")
async def json(websocket: WebSocket):
    await websocket.accept(subprotocol="plain")
    async for data in websocket.iter_json():
        await websocket.send_json({"got": data})


@app.get("/left")
async def left():
    return LEFT


ASK = [
    (None, "WS", "/rooms/1?token=ann", ["a", "ä"]),
    (4000, "WS", "/rooms/1?token=ann&q=2", ["a", "bye"]),
    (1008, "WS", "/rooms/1", []),
    (1008, "WS", "/rooms/one?token=ann", []),
    (None, "WS", "/json", ["1", '{"a": [null]}']),
    (1000, "WS", "/nowhere", []),
    (200, "GET", "/left"),
]
