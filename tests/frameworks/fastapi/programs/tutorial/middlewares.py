"""Middleware: a function, classes, CORS, gzip, trusted hosts, an ASGI class."""

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import PlainTextResponse
from starlette.middleware.base import BaseHTTPMiddleware


class Stamp(BaseHTTPMiddleware):
    def __init__(self, app, text: str):
        super().__init__(app)
        self.text = text

    async def dispatch(self, request, call_next):
        if "stop" in request.query_params:
            return PlainTextResponse("stopped", 503)
        response = await call_next(request)
        response.headers.append("X-Stamp", self.text)
        return response


class Shout:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def send_louder(message):
            if message["type"] == "http.response.body" and "shout" in scope["path"]:
                message = {**message, "body": message["body"].upper()}
            await send(message)

        await self.app(scope, receive, send_louder)


app = FastAPI()
app.add_middleware(Shout)
app.add_middleware(Stamp, text="one")
app.add_middleware(GZipMiddleware, minimum_size=100, compresslevel=5)
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://shop.example"],
    allow_credentials=True,
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    expose_headers=["X-Stamp"],
)
app.add_middleware(TrustedHostMiddleware, allowed_hosts=["testserver", "*.example"])


@app.middleware("http")
async def count_query(request: Request, call_next):
    response = await call_next(request)
    response.headers["X-Query"] = str(len(request.query_params))
    return response


@app.get("/shout")
async def shout():
    return "hello"


@app.get("/long")
async def long():
    return "long " * 100


PREFLIGHT = {"Origin": "https://shop.example", "Access-Control-Request-Method": "PUT"}
ASK = [
    (200, "GET", "/shout?a=1"),
    (503, "GET", "/shout?stop"),
    (200, "GET", "/long", {"headers": {"Accept-Encoding": "gzip"}}),
    (200, "GET", "/long", {"headers": {"Accept-Encoding": "identity"}}),
    (200, "GET", "/shout", {"headers": {"Origin": "https://shop.example"}}),
    (200, "GET", "/shout", {"headers": {"Origin": "https://other.example"}}),
    (200, "OPTIONS", "/shout", {"headers": PREFLIGHT}),
    (
        400,
        "OPTIONS",
        "/shout",
        {"headers": PREFLIGHT | {"Access-Control-Request-Headers": "X-Other"}},
    ),
    (200, "GET", "/shout", {"headers": {"Host": "a.example"}}),
]
