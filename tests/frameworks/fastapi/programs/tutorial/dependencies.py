"""Dependencies: functions, classes, in decorators, of routers and of the whole app."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException

CALLS: list[str] = []


async def check_key(x_key: Annotated[str, Header()] = "none"):
    CALLS.append("key")
    if x_key == "bad":
        raise HTTPException(400, "Not with that key.")


async def check_hour(hour: int = 12):
    CALLS.append("hour")
    if not 8 <= hour < 20:
        raise HTTPException(403, "Closed.")


app = FastAPI(dependencies=[Depends(check_key)])
router = APIRouter(prefix="/night", dependencies=[Depends(check_hour)])


async def window(q: str | None = None, skip: int = 0, limit: int = 10):
    return {"q": q, "skip": skip, "limit": limit}


class Window:
    def __init__(self, q: str | None = None, skip: int = 0):
        self.q = q
        self.skip = skip


class AtLeast:
    def __init__(self, least: int):
        self.least = least

    def __call__(self, value: int = 0):
        return max(value, self.least)


CommonWindow = Annotated[dict, Depends(window)]


@app.get("/function")
async def function(window: CommonWindow):
    return window


@app.get("/class")
async def cls(
    window: Annotated[Window, Depends()],
    same: Window = Depends(Window),  # noqa: B008
):
    return {"q": window.q, "skip": window.skip, "is_same": window is same}


@app.get("/instance")
async def instance(value: Annotated[int, Depends(AtLeast(5))]):
    return value


@app.get("/decorator", dependencies=[Depends(check_hour)])
async def decorator():
    return "open"


@router.get("/bar")
async def bar():
    return "cheers"


@app.get("/calls")
async def calls():
    return CALLS


app.include_router(router)

ASK = [
    (200, "GET", "/function?q=a&skip=2"),
    (422, "GET", "/function?skip=a"),
    (200, "GET", "/class?q=a&skip=2"),
    (200, "GET", "/instance?value=3"),
    (200, "GET", "/instance?value=8"),
    (200, "GET", "/decorator"),
    (403, "GET", "/decorator?hour=3"),
    (403, "GET", "/night/bar?hour=21"),
    (200, "GET", "/night/bar?hour=19"),
    (400, "GET", "/function", {"headers": {"X-Key": "bad"}}),
    (200, "GET", "/calls"),
]
