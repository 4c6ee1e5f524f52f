"""The request itself, a response parameter, and what a connection says."""

from fastapi import FastAPI, Request, Response
from fastapi.requests import HTTPConnection

app = FastAPI()


@app.post("/raw/{name}")
async def raw(name: str, request: Request):
    return {
        "method": request.method,
        "path": request.url.path,
        "query": list(request.query_params.multi_items()),
        "params": request.path_params,
        "body": (await request.body()).decode(),
        "client": request.client.host,
        "cookies": request.cookies,
    }


@app.get("/connection")
async def connection(connection: HTTPConnection, response: Response):
    response.headers["X-Host"] = connection.url.hostname
    response.status_code = 203
    return connection.headers.get("x-a")


ASK = [
    (
        200,
        "POST",
        "/raw/ann?a=1&a=2",
        {"content": b"hi", "headers": {"Cookie": "b=c"}},
    ),
    (203, "GET", "/connection", {"headers": {"X-A": "a"}}),
]
