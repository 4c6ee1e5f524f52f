"""The files of a single-page application, served where no route answers."""

from __future__ import annotations

import os
import stat
import warnings
from typing import Literal, TypeAlias

from fwtrace.toolkit.asgi.datastructures import URL
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import RedirectResponse, Response
from fwtrace.toolkit.asgi.staticfiles import StaticFiles
from fwtrace.toolkit.asgi.types import Scope

__all__ = ["FRONTEND_PATH", "Fallback", "FrontendFiles", "join", "normalized"]

FRONTEND_PATH = "fwtrace.fastapi.frontend_path"
"""The key in the scope of the path below the frontend."""

Fallback: TypeAlias = Literal["auto", "index.html", "404.html"] | None


def normalized(path: str) -> str:
    """AssertionError for what is no path of a frontend."""
    if not path.startswith("/"):
        kind = "start with '/'" if path else "not be empty"
        raise AssertionError(f"A frontend path must {kind}")
    return path.rstrip("/") or "/"


def join(prefix: str, path: str) -> str:
    return (prefix + path.rstrip("/")) or "/"


class FrontendFiles(StaticFiles):
    """A directory that a build has made.

    ``fallback`` answers what is missing: "index.html" (200) where a browser navigates,
    "404.html" (404) always; "auto" takes what is there, the latter first.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: bool | Literal["auto"] = "auto",
    ) -> None:
        if fallback not in ("auto", "index.html", "404.html", None):
            raise AssertionError(
                "fallback must be 'auto', 'index.html', '404.html', or None"
            )
        where = f"Resolved absolute path: '{os.path.realpath(directory)}'"
        missing = f"Frontend directory '{directory}' does not exist. {where}"
        if check_dir == "auto":
            check_dir = os.environ.get("FASTAPI_ENV") != "development"
            if not check_dir and not os.path.isdir(directory):
                warnings.warn(missing, stacklevel=3)
        if check_dir and not os.path.isdir(directory):
            raise RuntimeError(missing)
        super().__init__(directory=directory, html=True, check_dir=check_dir)
        self.fallback = fallback
        if check_dir and fallback not in ("auto", None):
            self._require(self.lookup_path(str(fallback))[1])

    def _require(self, found: os.stat_result | None) -> os.stat_result:
        if found is None or not stat.S_ISREG(found.st_mode):
            raise RuntimeError(
                f"Frontend fallback file '{self.fallback}' does not exist in "
                f"directory '{self.directory}'."
            )
        return found

    async def serve(self, request: Request) -> Response:
        """The endpoint: the file of the path that was found below the frontend."""
        scope = request.scope
        if not self.config_checked:
            await self.check_config()
            self.config_checked = True
        parts = filter(None, scope[FRONTEND_PATH].split("/"))
        path = os.path.normpath(os.path.join("", *parts))
        found = await self._resource(path)
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(404 if found is None else 405)
        if found is None:
            return await self._fall_back(request)
        full_path, status, is_index = found
        if is_index and not scope["path"].endswith("/"):
            url = URL(scope=scope)
            return RedirectResponse(url.replace(path=f"{url.path}/"))
        return self.file_response(full_path, status, scope)

    async def _resource(self, path: str) -> tuple[str, os.stat_result, bool] | None:
        """The file, or the index of the directory: its path, stat, and which it is."""
        full_path, found = await self._look_up(path)
        is_directory = found is not None and stat.S_ISDIR(found.st_mode)
        if is_directory:
            full_path, found = await self._look_up(os.path.join(path, "index.html"))
        if found is None or not stat.S_ISREG(found.st_mode):
            return None
        return full_path, found, is_directory

    async def _fall_back(self, request: Request) -> Response:
        if self.fallback in ("auto", "404.html"):
            response = await self._page("404.html", request.scope, 404)
            if response is not None:
                return response
        if self.fallback in ("auto", "index.html") and _is_navigation(request):
            response = await self._page("index.html", request.scope, 200)
            if response is not None:
                return response
        raise HTTPException(404)

    async def _page(self, name: str, scope: Scope, status: int) -> Response | None:
        full_path, found = await self._look_up(name)
        if self.fallback == name:
            found = self._require(found)
        if found is None or not stat.S_ISREG(found.st_mode):
            return None
        return self.file_response(full_path, found, scope, status)


def _is_navigation(request: Request) -> bool:
    """Whether a page is wanted, not a picture or data for one."""
    from fwtrace.toolkit.http.headers import parse_options

    for wanted in request.headers.get("accept", "").split(","):
        kind, options = parse_options(wanted)
        if kind.strip().lower() in ("text/html", "application/xhtml+xml"):
            try:
                return float(options.get("q", "1")) != 0
            except ValueError:
                return True
    return False
