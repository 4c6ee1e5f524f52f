"""Path parameters: by type, in order, from an enumeration, with slashes."""

from enum import Enum
from uuid import UUID

from fastapi import FastAPI

app = FastAPI()


class Season(str, Enum):  # noqa: UP042
    spring = "spring"
    autumn = "autumn"


@app.get("/trees/oldest")
async def oldest():
    return {"tree": "oldest"}


@app.get("/trees/{number}")
async def tree(number: int):
    return {"tree": number}


@app.get("/seasons/{season}")
async def season(season: Season):
    return {"season": season, "is_warm": season is Season.spring}


@app.get("/files/{name:path}")
async def file(name: str):
    return {"name": name}


@app.get("/marks/{mark}/{weight}")
async def mark(mark: UUID, weight: float):
    return {"mark": mark, "weight": weight}


ASK = [
    (200, "GET", "/trees/oldest"),
    (200, "GET", "/trees/7"),
    (422, "GET", "/trees/seven"),
    (422, "GET", "/trees/7.5"),
    (200, "GET", "/seasons/spring"),
    (422, "GET", "/seasons/winter"),
    (200, "GET", "/files/home/ann/a%20b.txt"),
    (200, "GET", "/marks/c0ffee00-0000-4000-8000-000000000000/1e3"),
    (422, "GET", "/marks/coffee/heavy"),
]
