"""Dependencies with yield: what is behind it runs afterwards, in reverse order."""

from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException

app = FastAPI()
LOG: list[str] = []


class Stolen(Exception):
    pass


async def outer():
    LOG.append("open outer")
    try:
        yield "outer"
    finally:
        LOG.append("close outer")


def inner(outside: Annotated[str, Depends(outer)]):
    LOG.append("open inner")
    try:
        yield f"{outside}/inner"
    except Stolen as error:
        LOG.append("inner saw it")
        raise HTTPException(400, f"Stolen: {error}") from error
    finally:
        LOG.append("close inner")


@app.get("/log")
async def log():
    said, LOG[:] = list(LOG), []
    return said


@app.get("/early")
async def early(value: Annotated[str, Depends(outer, scope="function")]):
    return value


@app.get("/{what}")
async def what(what: str, value: Annotated[str, Depends(inner)]):
    if what == "ring":
        raise Stolen(what)
    if what == "door":
        raise HTTPException(403, "Locked.")
    if what == "fire":
        raise RuntimeError("fire")
    return value


ASK = [
    (200, "GET", "/lamp"),
    (200, "GET", "/log"),
    (400, "GET", "/ring"),
    (200, "GET", "/log"),
    (403, "GET", "/door"),
    (200, "GET", "/log"),
    (500, "GET", "/fire"),
    (200, "GET", "/log"),
    (200, "GET", "/early"),
    (200, "GET", "/log"),
]
