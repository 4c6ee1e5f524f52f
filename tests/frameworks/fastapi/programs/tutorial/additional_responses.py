"""Additional responses: with models, media types and examples, and combined."""

from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel

app = FastAPI()


class Song(BaseModel):
    id: str
    title: str


class Message(BaseModel):
    message: str


SHARED = {404: {"description": "No such song"}, 302: {"description": "Moved"}}


@app.get(
    "/songs/{id}",
    response_model=Song,
    responses={
        **SHARED,
        404: {"model": Message, "description": "Not there"},
        200: {
            "description": "The song",
            "content": {
                "application/json": {"example": {"id": "bar", "title": "La"}},
                "audio/ogg": {},
            },
        },
        "4XX": {"model": Message},
        "default": {"description": "Anything else"},
    },
)
async def song(id: str):
    if id == "foo":
        return {"id": "foo", "title": "Do"}
    return JSONResponse({"message": "Not there"}, 404)


@app.get("/cover", response_class=FileResponse, responses={**SHARED})
async def cover():
    return __file__


ASK = [(200, "GET", "/songs/foo"), (404, "GET", "/songs/bar")]
