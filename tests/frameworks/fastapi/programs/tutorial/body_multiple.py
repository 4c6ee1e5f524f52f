"""Body: several parameters, and one alone under its name."""

from typing import Annotated

from fastapi import Body, FastAPI
from pydantic import BaseModel

app = FastAPI()


class Cake(BaseModel):
    name: str
    layers: int = 1


class Baker(BaseModel):
    name: str


@app.put("/orders/{number}")
async def order(
    number: int, cake: Cake, baker: Baker | None = None, q: str | None = None
):
    return {"number": number, "cake": cake, "baker": baker, "q": q}


@app.post("/urgent")
async def urgent(cake: Cake, haste: Annotated[int, Body(gt=0)]):
    return {"cake": cake, "haste": haste}


@app.post("/alone")
async def alone(cake: Annotated[Cake, Body(embed=True)]):
    return cake


ASK = [
    (200, "PUT", "/orders/1", {"json": {"cake": {"name": "Opera", "layers": 6}}}),
    (200, "PUT", "/orders/1?q=x", {"json": {"cake": {"name": "O"}, "baker": None}}),
    (422, "PUT", "/orders/1", {"json": {"cake": {}, "baker": {"name": 1}}}),
    (200, "POST", "/urgent", {"json": {"cake": {"name": "O"}, "haste": 3}}),
    (422, "POST", "/urgent", {"json": {"cake": {"name": "O"}, "haste": 0}}),
    (200, "POST", "/alone", {"json": {"cake": {"name": "O"}}}),
    (422, "POST", "/alone", {"json": {"name": "O"}}),
]
