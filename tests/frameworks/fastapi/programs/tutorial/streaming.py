"""Streaming: lines of JSON, raw chunks and server-sent events, by yielding."""

from collections.abc import AsyncIterable, Iterable
from typing import Annotated

from fastapi import FastAPI, Header
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

app = FastAPI()


class Step(BaseModel):
    number: int
    text: str = "step"


@app.get("/lines")
async def lines() -> AsyncIterable[Step]:
    for number in range(3):
        yield Step(number=number)


@app.get("/sync")
def sync() -> Iterable[Step]:
    yield {"number": 1, "text": "dict", "more": True}


@app.get("/raw", response_class=StreamingResponse)
async def raw() -> AsyncIterable[bytes]:
    yield b"one "
    yield b"two"


@app.get("/events", response_class=EventSourceResponse)
async def events(last_event_id: Annotated[int | None, Header()] = None):
    yield Step(number=last_event_id or 0)
    yield ServerSentEvent(data={"a": 1}, event="named", id="7", retry=100)
    yield ServerSentEvent(raw_data="plain\ntext", comment="a comment")


@app.post("/events", response_class=EventSourceResponse)
def posted(step: Step) -> Iterable[Step]:
    yield step


ASK = [
    (200, "GET", "/lines"),
    (200, "GET", "/sync"),
    (200, "GET", "/raw"),
    (200, "GET", "/events"),
    (200, "GET", "/events", {"headers": {"Last-Event-ID": "5"}}),
    (200, "POST", "/events", {"json": {"number": 2}}),
    (422, "POST", "/events", {"json": {}}),
]
