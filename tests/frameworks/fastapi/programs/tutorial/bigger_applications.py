"""Bigger applications: routers within routers, prefixes, tags, shared responses."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException


async def need_token(x_token: Annotated[str, Header()]):
    if x_token != "sesame":
        raise HTTPException(400, "X-Token is wrong.")


users = APIRouter()
items = APIRouter(
    prefix="/items",
    tags=["items"],
    dependencies=[Depends(need_token)],
    responses={404: {"description": "Not there"}},
)
admin = APIRouter()
deep = APIRouter(prefix="/deep")


@users.get("/users/{name}", tags=["users"])
async def user(name: str):
    return {"name": name}


@items.get("/")
async def all_items():
    return ["plumbus"]


@items.put("/{key}", tags=["custom"], responses={403: {"description": "Fixed"}})
async def put(key: str):
    if key != "plumbus":
        raise HTTPException(403, "Only the plumbus.")
    return key


@deep.post("/any")
@deep.put("/any")
async def either():
    return "either"


@admin.post("/")
async def act():
    return "acted"


items.include_router(deep)
app = FastAPI()
app.include_router(users)
app.include_router(users, prefix="/v2", include_in_schema=False)
app.include_router(items)
app.include_router(
    admin,
    prefix="/admin",
    tags=["admin"],
    dependencies=[Depends(need_token)],
    responses={418: {"description": "I am"}},
    deprecated=True,
)

OPEN = {"headers": {"X-Token": "sesame"}}
ASK = [
    (200, "GET", "/users/ann"),
    (200, "GET", "/v2/users/ann"),
    (422, "GET", "/items/"),
    (400, "GET", "/items/", {"headers": {"X-Token": "no"}}),
    (200, "GET", "/items/", OPEN),
    (307, "GET", "/items", OPEN),
    (403, "PUT", "/items/other", OPEN),
    (200, "PUT", "/items/deep/any", OPEN),
    (200, "POST", "/admin/", OPEN),
    (405, "GET", "/admin/", OPEN),
]
