"""Extra models: a shared base, one of several, lists and dictionaries."""

from typing import Literal

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Vehicle(BaseModel):
    colour: str


class Bus(Vehicle):
    kind: Literal["bus"] = "bus"
    seats: int


class Van(Vehicle):
    kind: Literal["van"] = "van"
    load: float


FLEET = {1: Bus(colour="red", seats=40), 2: Van(colour="white", load=1.5)}


@app.get("/fleet/{number}", response_model=Bus | Van)
async def vehicle(number: int):
    return FLEET[number]


@app.get("/colours", response_model=dict[int, str])
async def colours():
    return {number: vehicle.colour for number, vehicle in FLEET.items()}


@app.get("/fleet", response_model=list[Vehicle])
async def fleet():
    return FLEET.values()


@app.post("/fleet")
async def add(vehicle: Bus | Van) -> Bus | Van:
    return vehicle


ASK = [
    (200, "GET", "/fleet/1"),
    (200, "GET", "/fleet/2"),
    (200, "GET", "/colours"),
    (200, "GET", "/fleet"),
    (200, "POST", "/fleet", {"json": {"colour": "blue", "load": 2}}),
    (422, "POST", "/fleet", {"json": {"colour": "blue", "kind": "van"}}),
]
