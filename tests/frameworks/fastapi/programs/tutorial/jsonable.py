"""JSON compatible encoder, and body updates by PUT and PATCH."""

from datetime import datetime

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel

app = FastAPI()

PLANTS: dict[str, dict] = {"fern": {"name": "Fern", "water": 2}}


class Plant(BaseModel):
    name: str | None = None
    water: float = 1.5
    seen: datetime | None = None
    notes: list[str] = []


@app.get("/plants/{key}", response_model=Plant)
async def show(key: str):
    return PLANTS[key]


@app.put("/plants/{key}")
async def replace(key: str, plant: Plant):
    PLANTS[key] = jsonable_encoder(plant)
    return PLANTS[key]


@app.patch("/plants/{key}")
async def update(key: str, plant: Plant) -> Plant:
    kept = Plant(**PLANTS[key])
    changed = kept.model_copy(update=plant.model_dump(exclude_unset=True))
    PLANTS[key] = jsonable_encoder(changed, exclude_defaults=True)
    return changed


ASK = [
    (200, "GET", "/plants/fern"),
    (200, "PATCH", "/plants/fern", {"json": {"seen": "2024-05-01T10:00:00"}}),
    (200, "PATCH", "/plants/fern", {"json": {"water": 1.5}}),
    (200, "GET", "/plants/fern"),
    (200, "PUT", "/plants/fern", {"json": {"name": "Moss"}}),
    (200, "GET", "/plants/fern"),
]
