"""Query parameters: with and without defaults, and of other types than text."""

from fastapi import FastAPI

app = FastAPI()

ROWS = ["ash", "birch", "cedar", "elm"]


@app.get("/trees")
async def trees(start: int = 0, count: int = 2):
    return ROWS[start : start + count]


@app.get("/tree/{name}")
async def tree(name: str, q: str | None = None, short: bool = False):
    found = {"name": name, "q": q}
    return found if short else {**found, "height": "tall"}


@app.get("/needed")
async def needed(this: str, that: int | None = None):
    return {"this": this, "that": that}


ASK = [
    (200, "GET", "/trees"),
    (200, "GET", "/trees?start=1&count=3"),
    (422, "GET", "/trees?start=one"),
    (200, "GET", "/tree/ash"),
    (200, "GET", "/tree/ash?q=old&short=yes"),
    (200, "GET", "/tree/ash?short=0"),
    (422, "GET", "/tree/ash?short=perhaps"),
    (422, "GET", "/needed"),
    (200, "GET", "/needed?this="),
    (422, "GET", "/needed?this=a&that="),
]
