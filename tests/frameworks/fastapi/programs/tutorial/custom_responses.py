"""Custom responses: pages, text, redirects, streams, files, a class of one's own."""

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)

PAGE = Path(__file__).parent.parent / "templates/item.html"


class Indented(JSONResponse):
    media_type = "application/json; indent=1"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, indent=1).encode()


app = FastAPI(default_response_class=Indented)


@app.get("/indented")
async def indented():
    return {"a": [1]}


@app.get("/page", response_class=HTMLResponse)
async def page():
    return "<h1>Page</h1>"


@app.get("/text", response_class=PlainTextResponse)
def text():
    return "text"


@app.get("/xml")
async def xml():
    return Response("<a/>", media_type="application/xml", headers={"X-A": "1"})


@app.get("/away", response_class=RedirectResponse, status_code=302)
async def away():
    return "https://example.org/?q=a b"


@app.get("/stream")
async def stream():
    def lines():
        yield "one\n"
        yield "two\n"

    return StreamingResponse(lines(), media_type="text/plain")


@app.get("/file", response_class=FileResponse)
async def file():
    return str(PAGE)


@app.get("/download")
async def download():
    return FileResponse(PAGE, filename="ä.html", status_code=201)


@app.get("/json")
async def direct():
    return JSONResponse(["ä", None], 203, {"X-B": "2"})


ASK = [
    (200, "GET", "/indented"),
    (200, "GET", "/page"),
    (200, "GET", "/text"),
    (200, "GET", "/xml"),
    (302, "GET", "/away"),
    (200, "GET", "/stream"),
    (200, "GET", "/file"),
    (201, "GET", "/download"),
    (203, "GET", "/json"),
]
