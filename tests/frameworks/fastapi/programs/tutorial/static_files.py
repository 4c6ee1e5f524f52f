"""Static files: a folder under a path."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

app = FastAPI()
FOLDER = Path(__file__).parent.parent / "templates"
app.mount("/static", StaticFiles(directory=FOLDER), name="static")


@app.get("/where")
async def where():
    return app.url_path_for("static", path="/item.html")


ASK = [
    (200, "GET", "/where"),
    (200, "GET", "/static/item.html"),
    (206, "GET", "/static/item.html", {"headers": {"Range": "bytes=0-9"}}),
    (404, "GET", "/static/none.html"),
    (404, "GET", "/static/../tutorial/files.py"),
    (405, "POST", "/static/item.html"),
]
