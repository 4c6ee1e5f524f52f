"""Lifespan: what is shared by all requests; a router may have one as well."""

from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request

MODELS: dict[str, object] = {}


@asynccontextmanager
async def lifespan(app: FastAPI):
    MODELS["double"] = lambda x: x * 2
    yield {"started": "at noon"}
    MODELS.clear()


@asynccontextmanager
async def of_router(app):
    MODELS["router"] = True
    yield {"also": "the router"}


app = FastAPI(lifespan=lifespan)
router = APIRouter(lifespan=of_router)


@router.get("/double")
async def double(x: float, request: Request):
    return [MODELS["double"](x), request.state.started, sorted(MODELS)]


@router.get("/also")
async def also(request: Request):
    return request.state.also


app.include_router(router)
ASK = [(200, "GET", "/double?x=4"), (200, "GET", "/also")]
