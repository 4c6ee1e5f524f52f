"""The pages, and the files below ``config.FILE_DIR``."""

from __future__ import annotations

import datetime

from fwtrace.frameworks.micro import (
    App,
    FileResponse,
    JsonResponse,
    Request,
    Response,
    abort,
    render_template,
)
from fwtrace.toolkit.http.urls import safe_join
from sample_apps.file_server import config

__all__ = ["app"]

app = App(__name__, templates=config.TEMPLATE_DIR)


@app.route("/")
def homepage(request: Request) -> str:
    return "<h1>Hello World</h1>"


@app.route("/", methods=["POST"])
def tell_time(request: Request) -> Response:
    now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S")
    return JsonResponse({"time": now})


@app.route("/home")
def home_page(request: Request) -> Response:
    return render_template("home.html")


@app.route("/files/")
def list_files(request: Request) -> Response:
    if not config.FILE_DIR.is_dir():
        abort(404, "There is no folder of files.")
    files = sorted(p for p in config.FILE_DIR.rglob("*") if p.is_file())
    entries = [
        {"name": p.relative_to(config.FILE_DIR).as_posix(), "size": p.stat().st_size}
        for p in files
        if safe_join(config.FILE_DIR, p.relative_to(config.FILE_DIR).as_posix())
    ]
    return render_template("listing.html", files=entries)


@app.route("/files/<path:name>")
def download(request: Request, name: str) -> Response:
    found = safe_join(config.FILE_DIR, name)
    if found is None or not found.is_file():
        abort(404, "There is no such file.")
    return FileResponse(found)
