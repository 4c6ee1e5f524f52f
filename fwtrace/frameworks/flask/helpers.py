"""What views use: URLs, redirects, flashed messages, files."""

from __future__ import annotations

import io
import os
import posixpath
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import update_wrapper
from html import escape
from time import time
from typing import IO, TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote
from zlib import adler32

from fwtrace.frameworks.flask.datastructures.headers import Headers, iri_to_uri
from fwtrace.frameworks.flask.exceptions import (
    NotFound,
    abort as _abort,
)
from fwtrace.frameworks.flask.globals import (
    _cv_app,
    _cv_request,
    current_app,
    request,
    session,
)
from fwtrace.frameworks.flask.scaffold import get_root_path
from fwtrace.frameworks.flask.signals import message_flashed
from fwtrace.toolkit.http.urls import safe_join

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.wrappers import BaseResponse, Response

__all__ = [
    "abort",
    "flash",
    "get_debug_flag",
    "get_flashed_messages",
    "get_root_path",
    "get_template_attribute",
    "make_response",
    "redirect",
    "send_file",
    "send_from_directory",
    "stream_with_context",
    "url_for",
]


def get_debug_flag() -> bool:
    """Whether FLASK_DEBUG says so."""
    found = os.environ.get("FLASK_DEBUG", "")
    return bool(found) and found.lower() not in ("0", "false", "no")


def get_load_dotenv(default: bool = True) -> bool:
    """Whether .env files are read: unless FLASK_SKIP_DOTENV says so."""
    found = os.environ.get("FLASK_SKIP_DOTENV")
    return found.lower() in ("0", "false", "no") if found else default


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """The URL of an endpoint of the current app; see :meth:`Flask.url_for`."""
    return current_app.url_for(
        endpoint,
        _anchor=_anchor,
        _method=_method,
        _scheme=_scheme,
        _external=_external,
        **values,
    )


def redirect(
    location: str, code: int = 302, Response: type[Any] | None = None
) -> BaseResponse:
    """A response that sends the client elsewhere: 301, 302, 303, 307 or 308."""
    context = _cv_app.get(None)
    if context is not None and Response is None:
        return context.app.redirect(location, code)
    made: BaseResponse = _redirect(location, code, Response)
    return made


def _redirect(location: str, code: int = 302, response_class: Any = None) -> Any:
    if response_class is None:
        from fwtrace.frameworks.flask.wrappers import BaseResponse as response_class
    shown = escape(location)
    body = (
        "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n"
        "<h1>Redirecting...</h1>\n"
        f'<p>You are being sent to <a href="{shown}">{shown}</a>. '
        "If nothing happens, follow the link.\n"
    )
    made = response_class(body, code, mimetype="text/html")
    made.headers["Location"] = iri_to_uri(location)
    return made


def abort(code: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Answer with this status, or this response, from wherever the request is.

    Raises LookupError for a status that has no exception.
    """
    context = _cv_app.get(None)
    if context is not None:
        context.app.aborter(code, *args, **kwargs)
    _abort(code, *args, **kwargs)


def make_response(*args: Any) -> Response:
    """What a view might return, as a response to add headers to."""
    if not args:
        return current_app.response_class()
    return current_app.make_response(args[0] if len(args) == 1 else args)


def get_template_attribute(template_name: str, attribute: str) -> Any:
    """A macro or variable that a template exports."""
    template = current_app.jinja_env.get_template(template_name)
    return getattr(template.module, attribute)


def stream_with_context(generator_or_function: Any) -> Any:
    """The generator, still within this request's context while it is sent.

    A decorator too, of a function that gives one. Raises RuntimeError where no request
    is handled.
    """
    if callable(generator_or_function) and not hasattr(
        generator_or_function, "__next__"
    ):

        def decorated(*args: Any, **kwargs: Any) -> Any:
            return stream_with_context(generator_or_function(*args, **kwargs))

        return update_wrapper(decorated, generator_or_function)
    context = _cv_request.get(None)
    if context is None:
        raise RuntimeError(
            "stream_with_context() can only be used while a request is handled, such "
            "as in a view."
        )
    chunks = iter(generator_or_function)

    def stream() -> Iterator[Any]:
        with context:
            yield None  # for the context to be entered while there is one
            try:
                yield from chunks
            finally:
                close = getattr(chunks, "close", None)
                if close is not None:
                    close()

    streaming = stream()
    next(streaming)
    return streaming


# Flashed messages.


def flash(message: Any, category: str = "message") -> None:
    """Keep a message for the next page that shows them."""
    flashes = session.get("_flashes", [])
    flashes.append((category, message))
    session["_flashes"] = flashes
    if message_flashed.connections:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        message_flashed.send(
            app, _async_wrapper=app.ensure_sync, message=message, category=category
        )


def get_flashed_messages(
    with_categories: bool = False, category_filter: Any = ()
) -> list[Any]:
    """The messages, which are then forgotten, but for this request.

    With ``with_categories`` pairs ``(category, message)``; ``category_filter`` names
    the categories to take.
    """
    context = _cv_request.get(None)
    if context is None:
        request.method  # noqa: B018  # raises, saying what to do
    assert context is not None
    flashes = context.flashes
    if flashes is None:
        flashes = session.pop("_flashes") if "_flashes" in session else []
        context.flashes = flashes
    if category_filter:
        flashes = [flash for flash in flashes if flash[0] in category_filter]
    return list(flashes) if with_categories else [flash[1] for flash in flashes]


# Files.


def send_file(
    path_or_file: str | os.PathLike[str] | IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | float | None = None,
    max_age: int | Callable[[str | None], int | None] | None = None,
) -> Response:
    """A file as a response; never a path that a client gave, for which there is
    :func:`send_from_directory`.

    ``path_or_file`` is a path, from the app's root, or an open binary file.
    ``conditional`` honours the request's conditions and ranges, ``etag`` tags the file
    by its time and size, or as it says. ``max_age`` is seconds. Raises TypeError
    where neither name nor ``mimetype`` tells its type, OSError for a missing file.
    """
    app = current_app
    headers = Headers()
    path = size = mtime = None
    if isinstance(path_or_file, (str, os.PathLike)):
        path = os.path.join(app.root_path, path_or_file)
        info = os.stat(path)
        size, mtime = info.st_size, info.st_mtime
        download_name = download_name or os.path.basename(path)
    if mimetype is None:
        mimetype = _guess_type(download_name, headers, as_attachment)
    if download_name is not None:
        _set_disposition(headers, download_name, as_attachment)
    elif as_attachment:
        raise TypeError(
            "An attachment needs a name: give 'download_name', or a path instead of a "
            "file."
        )
    source: Any = None
    if path is not None and app.config["USE_X_SENDFILE"]:
        headers["X-Sendfile"] = path
    elif path is not None:
        source = open(path, "rb")
    else:
        source, size = _open_source(path_or_file)
    response = app.response_class(
        source,
        mimetype=mimetype,
        headers=headers,
        direct_passthrough=source is not None,
    )
    try:
        if size is not None:
            response.content_length = size
        moment = mtime if last_modified is None else last_modified
        if moment is not None:
            response.last_modified = moment
        if max_age is None:
            max_age = app.get_send_file_max_age
        age = max_age(path) if callable(max_age) else max_age
        _set_caching(response, age)
        _set_etag(response, etag, path, size, mtime)
        if conditional:
            _make_conditional(response, size)
    except BaseException:
        response.close()
        raise
    return response


def _guess_type(name: str | None, headers: Headers, as_attachment: bool) -> str:
    if name is None:
        raise TypeError(
            "Nothing tells the type of the file: give 'mimetype' or 'download_name', "
            "or a path instead of a file."
        )
    from mimetypes import guess_type

    kind, encoding = guess_type(f"/{name}")
    # Browsers would save an attachment unpacked, under the name of the packed one.
    if encoding is not None and not as_attachment:
        headers["Content-Encoding"] = encoding
    return kind or "application/octet-stream"


def _set_disposition(headers: Headers, name: str, as_attachment: bool) -> None:
    """RFC 6266: a plain name for all, and a UTF-8 one where it needs it."""
    how = "attachment" if as_attachment else "inline"
    if name.isascii():
        headers.set("Content-Disposition", how, filename=name)
        return
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    quoted = quote(name, safe="!#$&+-.^_`|~")
    headers.set("Content-Disposition", how, filename=plain)
    headers["Content-Disposition"] += f"; filename*=UTF-8''{quoted}"


def _open_source(file: Any) -> tuple[Any, int | None]:
    if isinstance(file, io.TextIOBase):
        raise ValueError("Files must be opened in binary mode or use BytesIO.")
    size = file.getbuffer().nbytes if isinstance(file, io.BytesIO) else None
    return _Chunks(file), size


class _Chunks:
    """An open file as chunks of 64 KiB, from where it stands; a range may seek."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.read = file.read
        if hasattr(file, "seek"):
            self.seek = file.seek

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._file.read(65536):
            yield chunk

    def close(self) -> None:
        close = getattr(self._file, "close", None)
        if close is not None:
            close()


def _set_caching(response: Response, age: int | None) -> None:
    control = response.cache_control
    if age is None:
        control.no_cache = True
        return
    if age > 0:
        control.public = True
    else:
        control.no_cache = True
    control.max_age = age
    response.expires = int(time() + age)


def _set_etag(
    response: Response,
    etag: bool | str,
    path: str | None,
    size: int | None,
    mtime: float | None,
) -> None:
    if isinstance(etag, str):
        response.set_etag(etag)
    elif etag and path is not None:
        check = adler32(os.fsencode(path)) & 0xFFFFFFFF
        response.set_etag(f"{mtime}-{size}-{check}")


def _make_conditional(response: Response, size: int | None) -> None:
    context = _cv_request.get(None)
    environ = context.request.environ if context is not None else None
    if environ is None:
        return
    response.make_conditional(environ, accept_ranges=True, complete_length=size)
    # A cache that has the file knows these already.
    if response.status_code == 304:
        response.headers.pop("x-sendfile", None)


def send_from_directory(
    directory: str | os.PathLike[str], path: str | os.PathLike[str], **kwargs: Any
) -> Response:
    """A file below a folder, whatever path the client asks for; as :func:`send_file`.

    Raises NotFound for a path out of the folder, and where there is no such file.
    """
    root = os.path.join(current_app.root_path, directory)
    try:
        found = safe_join(root, posixpath.normpath(os.fspath(path)))
        if found is None or not found.is_file():
            raise NotFound()
        return send_file(found, **kwargs)
    except (OSError, ValueError):
        raise NotFound() from None
