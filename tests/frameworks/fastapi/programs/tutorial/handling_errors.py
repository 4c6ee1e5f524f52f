"""Handling errors: raised, handled, and those of validation in another form."""

from fastapi import FastAPI, HTTPException, Request
from fastapi.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
)
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

app = FastAPI()


class OutOfTea(Exception):
    def __init__(self, kind: str):
        self.kind = kind


@app.exception_handler(OutOfTea)
async def out_of_tea(request: Request, error: OutOfTea):
    return JSONResponse({"missing": error.kind, "at": request.url.path}, 418)


@app.exception_handler(StarletteHTTPException)
async def tell(request, error):
    if error.status_code == 404:
        return PlainTextResponse(f"gone: {error.detail}", 404, error.headers)
    return await http_exception_handler(request, error)


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError):
    if "short" in request.query_params:
        return PlainTextResponse(f"{len(error.errors())} of {error.body}", 400)
    return await request_validation_exception_handler(request, error)


@app.get("/tea/{kind}")
async def tea(kind: str):
    if kind == "green":
        raise OutOfTea(kind)
    if kind == "cold":
        raise HTTPException(404, {"why": "nobody"}, headers={"X-Error": "cold"})
    if kind == "iced":
        raise HTTPException(status_code=403)
    return kind


@app.post("/cups")
async def cups(count: int, sizes: list[int]):
    return count


ASK = [
    (200, "GET", "/tea/black"),
    (418, "GET", "/tea/green"),
    (404, "GET", "/tea/cold"),
    (403, "GET", "/tea/iced"),
    (404, "GET", "/coffee"),
    (405, "GET", "/cups"),
    (422, "POST", "/cups?count=x", {"json": [1, "b"]}),
    (400, "POST", "/cups?count=x&short=1", {"json": ["a", "b"]}),
]
