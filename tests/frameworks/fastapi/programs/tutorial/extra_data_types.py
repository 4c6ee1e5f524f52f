"""More types: times, identifiers, decimals, bytes, sets."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Body, FastAPI

app = FastAPI()


@app.put("/trips/{trip}")
async def trip(
    trip: UUID,
    start: Annotated[datetime, Body()],
    day: Annotated[date, Body()],
    rest: Annotated[timedelta, Body()],
    price: Annotated[Decimal, Body()] = Decimal("1.10"),
    alarm: Annotated[time | None, Body()] = None,
    stops: Annotated[frozenset[int], Body()] = frozenset(),
):
    return {
        "trip": trip,
        "go": start + rest,
        "day": day,
        "rest": rest,
        "price": price,
        "alarm": alarm,
        "stops": stops,
    }


PLACE = "/trips/c0ffee00-0000-4000-8000-000000000000"
TRIP = {"start": "2024-05-01T08:00:00Z", "day": "2024-05-01", "rest": "PT90S"}
ASK = [
    (200, "PUT", PLACE, {"json": TRIP}),
    (
        200,
        "PUT",
        PLACE,
        {"json": {**TRIP, "rest": 60.5, "price": "9.90", "stops": [1, 1]}},
    ),
    (422, "PUT", PLACE, {"json": {**TRIP, "day": "May", "alarm": "25:00"}}),
]
