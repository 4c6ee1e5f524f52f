"""Custom request and route classes: a body that is decoded on its way in."""

import gzip
from collections.abc import Callable

from fastapi import APIRouter, Body, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute


class GzipRequest(Request):
    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            body = await super().body()
            if "gzip" in self.headers.getlist("Content-Encoding"):
                body = gzip.decompress(body)
            self._body = body
        return self._body


class GzipRoute(APIRoute):
    def get_route_handler(self) -> Callable:
        handler = super().get_route_handler()

        async def unzip(request: Request) -> Response:
            request = GzipRequest(request.scope, request.receive)
            response = await handler(request)
            response.headers["X-Route"] = self.path
            return response

        return unzip


class TellingRoute(APIRoute):
    def get_route_handler(self) -> Callable:
        handler = super().get_route_handler()

        async def tell(request: Request) -> Response:
            try:
                return await handler(request)
            except RequestValidationError as error:
                body = (await request.body()).decode()
                detail = {"errors": error.errors(), "body": body}
                raise HTTPException(422, detail) from error

        return tell


app = FastAPI()
app.router.route_class = GzipRoute
telling = APIRouter(route_class=TellingRoute)


@app.post("/sum")
async def total(numbers: list[int] = Body()):  # noqa: B008
    return {"sum": sum(numbers)}


@telling.post("/told")
async def told(numbers: list[int] = Body()):  # noqa: B008
    return sum(numbers)


app.include_router(telling)

PACKED = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
ASK = [
    (200, "POST", "/sum", {"json": [1, 2]}),
    (
        200,
        "POST",
        "/sum",
        {"content": gzip.compress(b"[1, 2, 3]", mtime=0), "headers": PACKED},
    ),
    (422, "POST", "/told", {"json": ["a"]}),
    (200, "POST", "/told", {"json": [1]}),
]
