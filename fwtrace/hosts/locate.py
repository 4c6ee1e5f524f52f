"""From a name on the command line to an app object.

``micro``            a clone's sample service, by its known name
``package.mod:app``  module and attribute, as gunicorn and uvicorn take them;
                     ``module:create_app()`` calls a factory
``path/to/app.py``   a file, with ``:attribute`` when that has none of the usual names
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from fwtrace.hosts.errors import AppImportFailed, AppNotFound
from fwtrace.tracer.protocol import NotAnApp, Protocol, protocol_of

__all__ = ["KNOWN", "Known", "Located", "locate", "locate_object"]


@dataclass(frozen=True, slots=True)
class Known:
    """An app that comes with fwtrace; ``needs`` names the package it runs on, where
    that is none of fwtrace's own, and ``extra`` the extra of fwtrace that has it."""

    target: str
    summary: str
    needs: str = ""
    extra: str = ""

    @property
    def install(self) -> str:
        return (
            f"pip install 'fwtrace[{self.extra}]'"
            if self.extra
            else (f"pip install {self.needs}")
        )


KNOWN: dict[str, Known] = {
    "micro": Known(
        "sample_apps.users.micro:app", "users and posts on the micro framework"
    ),
    "flask": Known("sample_apps.users.flask:app", "the same on the Flask clone"),
    "flask:original": Known(
        "sample_apps.users.original:app", "the same program on Flask itself", "flask"
    ),
    "fastapi": Known(
        "sample_apps.users.fastapi:app",
        "the same on the FastAPI clone",
        "pydantic",
        "fastapi",
    ),
    "fastapi:original": Known(
        "sample_apps.users.fastapi_original:app",
        "the same program on FastAPI itself",
        "fastapi",
    ),
    "items": Known(
        "sample_apps.items.main:app",
        "an API: tokens, uploads, WebSocket, events",
        "pydantic",
        "fastapi",
    ),
    "blog": Known(
        "sample_apps.blog.wsgi:app", "a blog with authors and sessions, on the clone"
    ),
    "wsgi": Known(
        "sample_apps.users.raw:application", "the same on the raw WSGI toolkit"
    ),
    "wsgi_hello": Known(
        "sample_apps.wsgi_hello:application", "hello, login, profile: WSGI by hand"
    ),
    "url_table": Known(
        "sample_apps.url_table:application", "a table of URLs under wsgiref"
    ),
    "file_server": Known(
        "sample_apps.file_server:app", "listing and download of files"
    ),
}

DEFAULT_ATTRIBUTES = (
    "app",
    "application",
    "wsgi_app",
    "asgi_app",
    "wsgi",
    "asgi",
    "create_app()",
)


@dataclass(frozen=True, slots=True)
class Located:
    """``name`` as it was given, ``app`` the callable, ``target`` where it was found.

    ``folder`` holds the user's own code: the app's package or the file's folder;
    ``protocol`` is how the app is called.
    """

    name: str
    app: Any
    target: str
    folder: str
    protocol: Protocol = "wsgi"


def locate(name: str) -> Located:
    """The app of that name.

    Raises :class:`AppNotFound` when there is none, :class:`AppImportFailed` when the
    app's own code fails to load.
    """
    known = KNOWN.get(name)
    if known is not None and known.needs and not _is_installed(known.needs):
        raise AppNotFound(
            f"The app {name!r} runs on {known.needs}, which is not installed: "
            f"{known.install}."
        )
    target = known.target if known else name
    place, attribute = _split(target)
    if place.endswith(".py") or os.sep in place:
        module = _import_file(place)
    else:
        module = _import_module(place, name)
    app, protocol = _attribute(module, attribute, place)
    found = f"{module.__name__}:{attribute or '?'}"
    return Located(name, app, found, _folder(module), protocol)


def locate_object(app: Any) -> Located:
    """An app that is here already; raises :class:`AppNotFound` for what is none."""
    name = getattr(app, "__name__", None) or type(app).__name__
    return Located(name, app, name, "", _protocol(app, name))


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _split(target: str) -> tuple[str, str]:
    place, colon, attribute = target.rpartition(":")
    return (place, attribute) if colon else (target, "")


def _folder(module: ModuleType) -> str:
    file: str | None = getattr(module, "__file__", None)
    if file is None:
        return ""
    folder = os.path.dirname(os.path.abspath(file))
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        package = folder
        folder = os.path.dirname(folder)
        if os.path.basename(folder) in ("site-packages", "dist-packages"):
            return package
    return folder


def _import_file(path: str) -> ModuleType:
    """Import a file as the module that it is within its package."""
    full = os.path.abspath(path) if os.path.exists(path) else path
    if not os.path.isfile(full):
        raise AppNotFound(
            f"There is no file {path!r}. Name a Python file that is there."
        )
    folder, filename = os.path.split(full)
    parts = [os.path.splitext(filename)[0]]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    if parts[-1] == "__init__":
        parts.pop()
    name = ".".join(parts)
    loaded = sys.modules.get(name)
    if loaded is not None and not _is_from(loaded, full):
        raise AppNotFound(
            f"A module named {name!r} is loaded already, so {path!r} cannot be "
            "imported under that name. Rename the file."
        )
    _prepend(folder)
    return _import(name, path)


def _is_from(module: ModuleType, file: str) -> bool:
    found = getattr(module, "__file__", None)
    return found is not None and os.path.realpath(found) == os.path.realpath(file)


def _import_module(name: str, given: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise AppNotFound(_unknown(given))
    with suppress(OSError):  # the working directory may be gone
        _prepend(os.getcwd())
    return _import(name, given)


def _prepend(folder: str) -> None:
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _import(module: str, given: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module + ".").startswith(error.name + "."):
            raise AppNotFound(_unknown(given)) from None
        raise AppImportFailed(_failed(given, error)) from error
    except (Exception, SystemExit) as error:
        raise AppImportFailed(_failed(given, error)) from error


def _failed(given: str, error: BaseException) -> str:
    return f"The app {given!r} cannot be imported: {type(error).__name__}: {error}."


def _unknown(given: str) -> str:
    import difflib

    near = difflib.get_close_matches(given, KNOWN, n=2)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return (
        f"No app is called {given!r}.{hint} Name one of {', '.join(KNOWN)}, "
        "a module:attribute, or a file such as app.py."
    )


def _attribute(module: ModuleType, attribute: str, place: str) -> tuple[Any, Protocol]:
    for name in (attribute,) if attribute else DEFAULT_ATTRIBUTES:
        found = _resolve(module, name)
        if found is not None:
            return found, _protocol(found, f"{place}:{name}")
    if attribute:
        near = _near(module, attribute)
        raise AppNotFound(f"{place!r} has no attribute {attribute!r}.{near}")
    raise AppNotFound(
        f"{place!r} has no {', '.join(DEFAULT_ATTRIBUTES[:-1])} in it. "
        f"Say which: {place}:attribute."
    )


def _resolve(module: ModuleType, name: str) -> Any:
    bare = name.removesuffix("()")
    found: Any = module
    for part in bare.split("."):
        found = getattr(found, part, None)
    if found is None or bare == name:
        return found
    try:
        return found()
    except Exception as error:
        raise AppImportFailed(_failed(f"{module.__name__}:{name}", error)) from error


def _near(module: ModuleType, attribute: str) -> str:
    import difflib

    names = [name for name in vars(module) if not name.startswith("_")]
    near = difflib.get_close_matches(attribute, names, n=2)
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""


def _protocol(app: Any, target: str) -> Protocol:
    try:
        return protocol_of(app)
    except NotAnApp as error:
        raise AppNotFound(f"{target!r} {error}") from None
