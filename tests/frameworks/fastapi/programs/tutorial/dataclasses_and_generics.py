"""Dataclasses, generics, unions that are told apart, and typed dictionaries."""

from dataclasses import dataclass, field
from typing import Annotated, Generic, Literal, TypeVar

from fastapi import Body, FastAPI
from pydantic import BaseModel
from typing_extensions import TypedDict

app = FastAPI()
T = TypeVar("T")


@dataclass
class Author:
    name: str
    works: list[str] = field(default_factory=list)


class Page(BaseModel, Generic[T]):
    rows: list[T]
    total: int


class Point(TypedDict):
    x: float
    y: float


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str] = []


Pet = Annotated[Cat | Dog, Body(discriminator="kind")]


@app.post("/authors", response_model=Author)
async def author(author: Author):
    return author


@app.get("/authors")
async def authors() -> Page[Author]:
    return Page(rows=[Author("Ann", ["One"])], total=1)


@app.post("/points")
async def points(points: list[Point]) -> tuple[int, Point | None]:
    return len(points), points[0] if points else None


@app.post("/pets")
async def pets(pet: Pet):
    return pet


ASK = [
    (200, "POST", "/authors", {"json": {"name": "Ann"}}),
    (422, "POST", "/authors", {"json": {"works": "One"}}),
    (200, "GET", "/authors"),
    (200, "POST", "/points", {"json": [{"x": 1, "y": 2}]}),
    (422, "POST", "/points", {"json": [{"x": 1}]}),
    (200, "POST", "/pets", {"json": {"kind": "dog", "tricks": ["sit"]}}),
    (422, "POST", "/pets", {"json": {"kind": "cow"}}),
]
