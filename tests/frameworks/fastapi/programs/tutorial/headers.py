"""Header parameters: underscores, repeated, as a model; headers that are set."""

from typing import Annotated

from fastapi import FastAPI, Header, Response
from pydantic import BaseModel

app = FastAPI()


class Common(BaseModel):
    host: str
    save_data: bool = False
    x_tag: list[str] = []


@app.get("/one")
async def one(
    user_agent: Annotated[str | None, Header()] = None,
    strange_name: Annotated[str | None, Header(convert_underscores=False)] = None,
):
    return {"agent": user_agent, "strange": strange_name}


@app.get("/many")
async def many(x_token: Annotated[list[str] | None, Header()] = None):
    return x_token


@app.get("/model")
async def model(common: Annotated[Common, Header()], response: Response):
    response.headers["X-Seen"] = str(len(common.x_tag))
    return common


ASK = [
    (200, "GET", "/one", {"headers": {"User-Agent": "test"}}),
    (200, "GET", "/one", {"headers": {"strange_name": "x", "User-Agent": "test"}}),
    (200, "GET", "/many"),
    (200, "GET", "/many", {"headers": [("X-Token", "a"), ("X-Token", "b")]}),
    (200, "GET", "/model", {"headers": [("Save-Data", "on"), ("X-Tag", "a")]}),
    (422, "GET", "/model", {"headers": {"Save-Data": "maybe"}}),
]
