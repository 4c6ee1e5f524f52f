"""Sub-dependencies: each runs once for a request, unless it is told otherwise."""

from typing import Annotated

from fastapi import Cookie, Depends, FastAPI

app = FastAPI()
COUNT = {"calls": 0}


def counted() -> int:
    COUNT["calls"] += 1
    return COUNT["calls"]


def first(q: str | None = None):
    return q


def second(
    q: Annotated[str | None, Depends(first)],
    last: Annotated[str | None, Cookie()] = None,
    number: int = Depends(counted),
):
    return q or last or number


@app.get("/")
async def index(
    found: Annotated[str | int | None, Depends(second)],
    once: Annotated[int, Depends(counted)],
    again: Annotated[int, Depends(counted, use_cache=False)],
):
    return {"found": found, "once": once, "again": again}


ASK = [
    (200, "GET", "/"),
    (200, "GET", "/?q=now"),
    (200, "GET", "/", {"headers": {"Cookie": "last=then"}}),
]
