"""Static files: directories as an ASGI app, and nothing outside of them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from typing import TypeAlias, TypeGuard

from fwtrace.toolkit.asgi.datastructures import URL, Headers
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.responses import FileResponse, RedirectResponse, Response
from fwtrace.toolkit.asgi.routing import get_route_path
from fwtrace.toolkit.asgi.types import Receive, Scope, Send
from fwtrace.toolkit.asgi.websockets import WebSocketClose

__all__ = ["NotModifiedResponse", "StaticFiles"]

PathLike: TypeAlias = str | os.PathLike[str]
Found: TypeAlias = tuple[str, os.stat_result | None]


class NotModifiedResponse(Response):
    """304: the client has it already. Keeps the fields of RFC 9110, 15.4.5."""

    NOT_MODIFIED_HEADERS = (
        "cache-control",
        "content-location",
        "date",
        "etag",
        "expires",
        "vary",
    )

    def __init__(self, headers: Headers) -> None:
        names = self.NOT_MODIFIED_HEADERS
        kept = {name: value for name, value in headers.items() if name in names}
        super().__init__(status_code=304, headers=kept)


class StaticFiles:
    """Serves what is below ``directory``, and below ``"statics"`` of each package.

    ``packages`` are names, or pairs of a name and a directory within. With ``html`` a
    directory answers with its ``index.html``, and what is missing with ``404.html``.
    """

    def __init__(
        self,
        *,
        directory: PathLike | None = None,
        packages: Sequence[str | tuple[str, str]] | None = None,
        html: bool = False,
        check_dir: bool = True,
        follow_symlink: bool = False,
    ) -> None:
        self.directory = directory
        self.packages = packages
        self.all_directories = self.get_directories(directory, packages)
        self.html = html
        self.follow_symlink = follow_symlink
        self.config_checked = False
        if check_dir and directory is not None and not os.path.isdir(directory):
            raise RuntimeError(f"Directory '{directory}' does not exist")

    def get_directories(
        self,
        directory: PathLike | None = None,
        packages: Sequence[str | tuple[str, str]] | None = None,
    ) -> list[PathLike]:
        """The directories to search, in order."""
        own = [] if directory is None else [directory]
        return [*own, *map(_directory_of, packages or ())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        if scope["type"] != "http":
            raise AssertionError(f"{scope['type']!r} asks for no file.")
        if not self.config_checked:
            await self.check_config()
            self.config_checked = True
        response = await self.get_response(self.get_path(scope), scope)
        await response(scope, receive, send)

    def get_path(self, scope: Scope) -> str:
        """The path below the directory, as the file system writes it, without dots."""
        parts = filter(None, get_route_path(scope).split("/"))
        return os.path.normpath(os.path.join("", *parts))

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, a redirect to it or a 304; HTTPException where there is none."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        full_path, found = await self._look_up(path)
        if _is_file(found):
            return self.file_response(full_path, found, scope)
        if self.html:
            if found is not None and stat.S_ISDIR(found.st_mode):
                index, found = await self._look_up(os.path.join(path, "index.html"))
                if _is_file(found):
                    if scope["path"].endswith("/"):
                        return self.file_response(index, found, scope)
                    # Else its relative links would lead elsewhere.
                    url = URL(scope=scope)
                    return RedirectResponse(url.replace(path=f"{url.path}/"))
            full_path, found = await self._look_up("404.html")
            if _is_file(found):
                return FileResponse(full_path, status_code=404, stat_result=found)
        raise HTTPException(404)

    async def _look_up(self, path: str) -> Found:
        from anyio import to_thread

        try:
            return await to_thread.run_sync(self.lookup_path, path)
        except PermissionError:
            raise HTTPException(401) from None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise HTTPException(404) from None
            raise
        except ValueError:  # a null byte, or another drive
            raise HTTPException(404) from None

    def lookup_path(self, path: str) -> Found:
        """Where it is and its stat; ``("", None)`` if it is not below a directory."""
        if path.startswith(("/", "\\")):
            return "", None
        # Where links may lead out, only the dots of the path itself are resolved.
        resolve = os.path.abspath if self.follow_symlink else os.path.realpath
        for directory in self.all_directories:
            root = resolve(directory)
            full_path = resolve(os.path.join(directory, path))
            if os.path.commonpath([root, full_path]) != str(root):
                continue
            try:
                return str(full_path), os.stat(full_path)
            except (FileNotFoundError, NotADirectoryError):
                continue
        return "", None

    def file_response(
        self,
        full_path: PathLike,
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = FileResponse(full_path, status_code, stat_result=stat_result)
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response

    async def check_config(self) -> None:
        """RuntimeError if the directory is none: else all would be a mere 404."""
        from anyio import to_thread

        if self.directory is None:
            return
        try:
            found = await to_thread.run_sync(os.stat, self.directory)
        except FileNotFoundError:
            raise RuntimeError(
                f"StaticFiles directory '{self.directory}' does not exist."
            ) from None
        if not stat.S_ISDIR(found.st_mode):
            raise RuntimeError(
                f"StaticFiles path '{self.directory}' is not a directory."
            )

    def is_not_modified(
        self, response_headers: Headers, request_headers: Headers
    ) -> bool:
        """Whether the client has it: by its etags, and only without them by its date.

        RFC 9110, 13.1.3: "A recipient MUST ignore If-Modified-Since if the request
        contains an If-None-Match header field".
        """
        from email.utils import parsedate

        if tags := request_headers.get("if-none-match"):
            known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
            return tags.strip() == "*" or response_headers["etag"] in known
        since = parsedate(request_headers.get("if-modified-since"))
        changed = parsedate(response_headers.get("last-modified"))
        return since is not None and changed is not None and since >= changed


def _directory_of(package: str | tuple[str, str]) -> str:
    """The directory within a package; AssertionError if there is none."""
    from importlib.util import find_spec

    name, within = (package, "statics") if isinstance(package, str) else package
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise AssertionError(f"Package {name!r} could not be found.")
    found = os.path.normpath(os.path.join(os.path.dirname(spec.origin), within))
    if not os.path.isdir(found):
        raise AssertionError(
            f"Directory {within!r} in package {name!r} could not be found."
        )
    return found


def _is_file(found: os.stat_result | None) -> TypeGuard[os.stat_result]:
    return found is not None and stat.S_ISREG(found.st_mode)
