"""The pages, and the files below ``config.FILE_DIR``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fwtrace.frameworks.micro import (
    FileResponse,
    JsonResponse,
    Request,
    Response,
    abort,
    render_template,
)
from fwtrace.toolkit.http.urls import safe_join
from sample_apps.file_server import config
from sample_apps.file_server.app import app

__all__ = ["download", "home_page", "homepage", "list_files", "tell_time"]


class Entry(NamedTuple):
    """A line of the listing: the name is the path below the folder."""

    name: str
    size: int


@app.route("/")
def homepage(request: Request) -> str:
    return "<h1>Hello World</h1>"


@app.route("/home")
def home_page(request: Request) -> Response:
    return render_template("home.html")


@app.route("/files/")
def list_files(request: Request) -> Response:
    if not config.FILE_DIR.is_dir():
        abort(404, "There is no folder of files.")
    return render_template("listing.html", files=sorted(entries(config.FILE_DIR)))


@app.route("/", methods=["POST"], name="time")
@app.route("/home", methods=["POST"], name="home_time")
@app.route("/files/", methods=["POST"], name="files_time")
def tell_time(request: Request) -> Response:
    """Whatever is posted to a page, it answers with the time."""
    return JsonResponse({"time": time.strftime("%Y-%m-%d %H:%M:%S")})


@app.route("/files/<path:name>")
def download(request: Request, name: str) -> Response:
    found = safe_join(config.FILE_DIR, name)
    try:
        if found is not None and found.is_file():
            return FileResponse(found)
    except OSError:
        pass  # too long a name, no permission, gone meanwhile
    abort(404, "There is no such file.")


def entries(root: Path) -> Iterator[Entry]:
    """The files that :func:`download` would hand out."""
    for folder, _, names in os.walk(root):
        for name in names:
            path = (Path(folder) / name).relative_to(root).as_posix()
            found = safe_join(root, path)
            if found is not None and found.is_file() and path.isprintable():
                yield Entry(path, found.stat().st_size)
