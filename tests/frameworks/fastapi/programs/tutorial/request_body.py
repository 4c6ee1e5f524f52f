"""Request body: a model, beside path and query parameters."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Parcel(BaseModel):
    to: str
    weight: float
    note: str | None = None
    insured: bool = False


@app.post("/parcels")
async def send(parcel: Parcel):
    cost = parcel.weight * 2 + (5 if parcel.insured else 0)
    return {**parcel.model_dump(), "cost": cost}


@app.put("/parcels/{number}")
async def change(number: int, parcel: Parcel, by: str | None = None):
    return {"number": number, "by": by, "parcel": parcel}


PARCEL = {"to": "Ann", "weight": 1.5}
JSON = {"Content-Type": "application/json"}
ASK = [
    (200, "POST", "/parcels", {"json": PARCEL}),
    (200, "POST", "/parcels", {"json": PARCEL | {"insured": True, "more": 1}}),
    (422, "POST", "/parcels", {"json": {"weight": "heavy"}}),
    (422, "POST", "/parcels", {"json": [PARCEL]}),
    (422, "POST", "/parcels"),
    (422, "POST", "/parcels", {"content": b"{'to'", "headers": JSON}),
    (422, "POST", "/parcels", {"data": PARCEL}),
    (200, "PUT", "/parcels/3?by=Bob", {"json": PARCEL}),
    (422, "PUT", "/parcels/x", {"json": {"to": 1}}),
]
