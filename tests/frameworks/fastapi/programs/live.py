"""What only a server shows: streams, WebSockets, how it starts and how it ends."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import BackgroundTasks, FastAPI, Request, UploadFile, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.websockets import WebSocketDisconnect

LOG = Path("log.txt")
GATE = Path("go on")


def note(text: str) -> None:
    with LOG.open("a") as log:
        log.write(f"{text}\n")


@asynccontextmanager
async def lifespan(app: FastAPI):
    note("started")
    yield {"greeting": "hello"}
    note("ended")


app = FastAPI(lifespan=lifespan)


@app.get("/")
async def index(request: Request, name: str = "you"):
    return {"said": f"{request.state.greeting} {name}", "by": request.url.scheme}


@app.post("/upload")
def upload(file: UploadFile):
    return len(file.file.read())


@app.post("/later")
async def later(tasks: BackgroundTasks):
    tasks.add_task(note, "later")


@app.get("/fails")
async def fails():
    raise RuntimeError("on purpose")


@app.get("/gated")
async def gated():
    async def lines():
        yield "0\n"
        while not GATE.exists():
            await asyncio.sleep(0.01)
        yield "1\n"
        yield "2\n"

    return StreamingResponse(lines(), media_type="text/plain")


@app.get("/endless")
async def endless():
    async def lines():
        try:
            while True:
                yield "more\n"
                await asyncio.sleep(0.05)
        finally:
            note("left alone")

    return StreamingResponse(lines(), media_type="text/plain")


@app.websocket("/echo")
async def echo(websocket: WebSocket):
    await websocket.accept(subprotocol="echo")
    try:
        while (text := await websocket.receive_text()) != "bye":
            await websocket.send_text(text.upper())
        await websocket.close(4001, "farewell")
    except WebSocketDisconnect as closed:
        note(f"closed {closed.code}")


@app.websocket("/shut")
async def shut(websocket: WebSocket):
    await websocket.close()
