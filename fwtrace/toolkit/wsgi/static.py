"""Static files: a folder as a WSGI app, and nothing outside of it.

A path comes in, a FileResponse goes out: it knows validators and ranges.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fwtrace.toolkit.http.errors import HTTPError, MethodNotAllowed, NotFound
from fwtrace.toolkit.http.urls import decode_path_info, quote_path, safe_join
from fwtrace.toolkit.wsgi.dispatch import error_response
from fwtrace.toolkit.wsgi.response import FileResponse
from fwtrace.toolkit.wsgi.types import Environ, StartResponse

__all__ = ["StaticFiles"]


class StaticFiles:
    """Serves the files below a folder, with validators and ranges.

    ``index`` is the file that answers for a folder, ``max_age`` the seconds for which
    clients may keep what they got.
    """

    def __init__(
        self, folder: Path | str, *, index: str | None = None, max_age: int = 3600
    ) -> None:
        self.folder = Path(folder)
        self.index = index
        self.max_age = max_age

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            response = self.find(environ)
        except HTTPError as error:
            return error_response(environ, error)(environ, start_response)
        return response(environ, start_response)

    def find(self, environ: Environ) -> FileResponse:
        """The file that the request names; an HTTPError when there is none."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            raise MethodNotAllowed(("GET", "HEAD"))
        path = decode_path_info(environ.get("PATH_INFO", "")).lstrip("/")
        try:
            found = self.locate(path, environ.get("SCRIPT_NAME", ""))
            cache = f"public, max-age={self.max_age}"
            return FileResponse(found, headers=[("Cache-Control", cache)])
        except (OSError, ValueError):
            # Too long a name, no permission, gone meanwhile.
            raise NotFound("There is no such file.") from None

    def locate(self, path: str, script_name: str = "") -> Path:
        """The file on disk; raises HTTPError, or OSError for an impossible name."""
        found = safe_join(self.folder, path)
        if found is not None and self.index is not None and found.is_dir():
            if path and not path.endswith("/"):
                # Links of the index are relative to its folder. From the root and
                # with one slash, so that it cannot name another host.
                target = f"{decode_path_info(script_name)}/{path}/"
                raise HTTPError(308, "", [("Location", quote_path(target))])
            found = safe_join(self.folder, path, self.index)
        elif path.endswith("/"):
            found = None
        if found is None or not found.is_file():
            raise NotFound("There is no such file.")
        return found
