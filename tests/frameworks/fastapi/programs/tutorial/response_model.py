"""Response model: what goes out is filtered and checked."""

from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel

app = FastAPI()


class Member(BaseModel):
    name: str
    city: str | None = None
    points: int = 10


class Joining(Member):
    password: str


MEMBERS = {
    "ann": {"name": "Ann", "city": "Oslo", "points": 10},
    "bob": {"name": "Bob"},
}


@app.post("/members", response_model=Member)
async def join(member: Joining) -> Any:
    return member


@app.post("/typed")
async def typed(member: Joining) -> Member:
    return member


@app.get("/all")
async def everybody() -> list[Member]:
    return list(MEMBERS.values())


@app.get("/set/{key}", response_model=Member, response_model_exclude_unset=True)
async def set_only(key: str):
    return MEMBERS[key]


@app.get("/some/{key}", response_model=Member, response_model_include={"name"})
async def some(key: str):
    return MEMBERS[key]


@app.get("/plain/{key}", response_model=Member, response_model_exclude_defaults=True)
async def plain(key: str):
    return MEMBERS[key]


@app.get("/broken")
async def broken() -> Member:
    return {"nme": "Ann"}


@app.get("/portal")
async def portal(away: bool = False) -> Response:
    return RedirectResponse("/all") if away else JSONResponse({"stay": True})


@app.get("/none", response_model=None)
async def none(away: bool = False) -> Response | dict:
    return {"stay": not away}


ANN = {"name": "Ann", "password": "secret"}
ASK = [
    (200, "POST", "/members", {"json": ANN}),
    (200, "POST", "/typed", {"json": ANN}),
    (200, "GET", "/all"),
    (200, "GET", "/set/ann"),
    (200, "GET", "/set/bob"),
    (200, "GET", "/some/ann"),
    (200, "GET", "/plain/ann"),
    (500, "GET", "/broken"),
    (307, "GET", "/portal?away=1"),
    (200, "GET", "/portal"),
    (200, "GET", "/none"),
]
