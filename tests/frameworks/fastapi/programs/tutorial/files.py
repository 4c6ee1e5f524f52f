"""Request files: as bytes, as UploadFile, several, beside fields."""

from typing import Annotated

from fastapi import FastAPI, File, Form, UploadFile

app = FastAPI()


@app.post("/bytes")
async def as_bytes(file: Annotated[bytes, File(description="Whole")]):
    return len(file)


@app.post("/upload")
async def upload(file: UploadFile):
    start = await file.read(3)
    await file.seek(0)
    return {
        "name": file.filename,
        "kind": file.content_type,
        "size": file.size,
        "start": start.decode(),
        "all": len(await file.read()),
    }


@app.post("/maybe")
def maybe(file: UploadFile | None = None):
    return file.file.read().decode() if file else "no file"


@app.post("/many")
async def many(files: list[UploadFile]):
    return [file.filename for file in files]


@app.post("/mixed")
async def mixed(
    first: Annotated[bytes, File()],
    second: Annotated[UploadFile, File()],
    token: Annotated[str, Form()],
):
    return [len(first), second.content_type, token]


TEXT = ("a.txt", b"hello there", "text/plain")
ASK = [
    (200, "POST", "/bytes", {"files": {"file": TEXT}}),
    (422, "POST", "/bytes"),
    (200, "POST", "/upload", {"files": {"file": TEXT}}),
    (200, "POST", "/upload", {"files": {"file": ("Ä.bin", b"x" * 2_000_000)}}),
    (422, "POST", "/upload", {"data": {"file": "text"}}),
    (200, "POST", "/maybe"),
    (200, "POST", "/maybe", {"files": {"file": TEXT}}),
    (200, "POST", "/many", {"files": [("files", TEXT), ("files", ("b", b""))]}),
    (
        200,
        "POST",
        "/mixed",
        {"files": {"first": TEXT, "second": TEXT}, "data": {"token": "t"}},
    ),
    (422, "POST", "/mixed", {"files": {"first": TEXT}}),
]
