"""Body: lists, sets, models in models, dictionaries, and a list alone."""

from fastapi import FastAPI
from pydantic import BaseModel, HttpUrl

app = FastAPI()


class Photo(BaseModel):
    url: HttpUrl
    caption: str = ""


class Album(BaseModel):
    title: str
    tags: set[str] = set()
    photos: list[Photo] | None = None
    parts: list["Album"] = []


@app.put("/albums/{number}")
async def keep(number: int, album: Album):
    return {"number": number, "album": album, "tags": sorted(album.tags)}


@app.post("/photos")
async def several(photos: list[Photo]):
    return [photo.url for photo in photos]


@app.post("/weights")
async def weights(weights: dict[int, float]):
    return weights


PHOTO = {"url": "https://example.org/a.jpg"}
ALBUM = {"title": "One", "tags": ["b"], "photos": [PHOTO], "parts": [{"title": "Two"}]}
ASK = [
    (200, "PUT", "/albums/1", {"json": ALBUM}),
    (422, "PUT", "/albums/1", {"json": {"photos": [{"url": "no"}], "parts": [{}]}}),
    (200, "POST", "/photos", {"json": [PHOTO, PHOTO]}),
    (422, "POST", "/photos", {"json": [PHOTO, {}]}),
    (200, "POST", "/weights", {"json": {"1": 2.5, "3": 4}}),
    (422, "POST", "/weights", {"json": {"one": 1}}),
]
