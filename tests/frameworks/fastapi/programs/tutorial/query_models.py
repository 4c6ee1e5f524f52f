"""Query parameters, together as a model."""

from typing import Annotated, Literal

from fastapi import FastAPI, Query
from pydantic import BaseModel, Field

app = FastAPI()


class Wish(BaseModel):
    model_config = {"extra": "forbid"}

    limit: int = Field(10, gt=0, le=50)
    order: Literal["new", "old"] = "new"
    tags: list[str] = []


@app.get("/wishes")
async def wishes(wish: Annotated[Wish, Query()]):
    return wish


ASK = [
    (200, "GET", "/wishes"),
    (200, "GET", "/wishes?limit=5&order=old&tags=a&tags=b"),
    (422, "GET", "/wishes?limit=51&order=any"),
    (422, "GET", "/wishes?limt=5"),
]
