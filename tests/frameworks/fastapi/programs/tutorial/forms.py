"""Form fields, one by one and as a model."""

from typing import Annotated

from fastapi import FastAPI, Form
from pydantic import BaseModel

app = FastAPI()


class Ticket(BaseModel):
    model_config = {"extra": "forbid"}

    name: str
    seats: list[int] = []


@app.post("/login")
async def login(
    username: Annotated[str, Form()], password: Annotated[str, Form(min_length=3)]
):
    return {"username": username, "length": len(password)}


@app.post("/tickets")
async def ticket(ticket: Annotated[Ticket, Form()]):
    return ticket


ASK = [
    (200, "POST", "/login", {"data": {"username": "ann", "password": "ä b+c"}}),
    (422, "POST", "/login", {"data": {"username": "", "password": "x"}}),
    (422, "POST", "/login", {"json": {"username": "ann", "password": "xyz"}}),
    (422, "POST", "/login"),
    (200, "POST", "/tickets", {"data": {"name": "Ann", "seats": ["1", "2"]}}),
    (422, "POST", "/tickets", {"data": {"name": "Ann", "seat": "1"}}),
]
