"""Cookie parameters, one by one and as a model; cookies that are set."""

from typing import Annotated

from fastapi import Cookie, FastAPI, Response
from pydantic import BaseModel

app = FastAPI()


class Biscuits(BaseModel):
    shape: str
    count: int = 1


@app.get("/one")
async def one(ads_id: Annotated[str | None, Cookie()] = None):
    return {"ads_id": ads_id}


@app.get("/model")
async def model(biscuits: Annotated[Biscuits, Cookie()]):
    return biscuits


@app.get("/set")
async def bake(response: Response):
    response.set_cookie("shape", "star", max_age=60, httponly=True, samesite="strict")
    response.set_cookie("count", "3", secure=True)
    return "baked"


@app.get("/forget")
async def forget(response: Response):
    response.delete_cookie("count")


ASK = [
    (200, "GET", "/one"),
    (200, "GET", "/one", {"headers": {"Cookie": "ads_id=a; other=b"}}),
    (422, "GET", "/model"),
    (200, "GET", "/model", {"headers": {"Cookie": 'shape="st;ar"; count=2'}}),
    (422, "GET", "/model", {"headers": {"Cookie": "shape=; count=two"}}),
    (200, "GET", "/set"),
    (200, "GET", "/forget"),
]
