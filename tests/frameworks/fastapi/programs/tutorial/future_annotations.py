"""Annotations as text: everything above, with the future import."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request
from pydantic import BaseModel

app = FastAPI()


class Leaf(BaseModel):
    parts: list[Leaf] = []
    colour: str


def window(start: Annotated[int, Query(ge=0)] = 0) -> int:
    return start


@app.post("/leaves")
async def leaf(
    leaf: Leaf, start: Annotated[int, Depends(window)], request: Request
) -> Leaf:
    return leaf.parts[start] if leaf.parts else leaf


LEAF = {"colour": "green", "parts": [{"colour": "red"}]}
ASK = [
    (200, "POST", "/leaves", {"json": LEAF}),
    (422, "POST", "/leaves?start=-1", {"json": {"parts": [{}]}}),
]
