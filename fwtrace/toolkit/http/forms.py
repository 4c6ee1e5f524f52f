"""Form bodies: urlencoded and multipart (WHATWG URL; RFC 7578).

A body is fed in pieces and every part of it is bounded; a file past ``Limits.spool``
bytes goes to disk while it arrives.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from fwtrace.toolkit.http.errors import BadRequest, ContentTooLarge
from fwtrace.toolkit.http.headers import parse_options
from fwtrace.toolkit.http.multidict import MultiDict
from fwtrace.toolkit.http.urls import parse_query

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartParser as _Parser

__all__ = [
    "DEFAULT_LIMITS",
    "Limits",
    "MultipartParser",
    "UploadedFile",
    "parse_urlencoded",
]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a request is taken; sizes in bytes.

    ``body`` of what is kept in memory as a whole, ``fields`` and ``files`` of a form,
    ``parts`` of a multipart form, whatever they are, ``field_size`` and ``file_size``
    of one of them, ``spool`` past which a file goes to disk, ``header_size`` of one
    part's headers.
    """

    body: int = 16 * 1024 * 1024
    fields: int = 1000
    field_size: int = 1024 * 1024
    files: int = 100
    parts: int = 1100
    file_size: int = 256 * 1024 * 1024
    spool: int = 1024 * 1024
    header_size: int = 16 * 1024


DEFAULT_LIMITS = Limits()


def parse_urlencoded(data: bytes, limits: Limits = DEFAULT_LIMITS) -> MultiDict[str]:
    """The fields of an ``application/x-www-form-urlencoded`` body.

    Raises BadRequest or ContentTooLarge, as :func:`parse_query` does.
    """
    return parse_query(data.decode("latin-1"), limits.fields)


class UploadedFile:
    """A file that came in a form; ``file`` is in memory or, when large, on disk."""

    __slots__ = ("content_type", "file", "filename", "headers", "name", "size")

    def __init__(self, name: str, filename: str, headers: dict[str, str], spool: int):
        from tempfile import SpooledTemporaryFile

        self.name = name
        self.filename = filename
        self.headers = headers
        self.content_type = headers.get("content-type", "application/octet-stream")
        self.file: IO[bytes] = SpooledTemporaryFile(max_size=spool)
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        return self.file.read(size)

    def save(self, path: Path | str) -> None:
        """Write the whole file to the path."""
        self.file.seek(0)
        with open(path, "wb") as target:
            shutil.copyfileobj(self.file, target)

    def close(self) -> None:
        self.file.close()

    def __iter__(self) -> Iterator[bytes]:
        """The file in chunks of 64 KiB, from its beginning."""
        self.file.seek(0)
        while chunk := self.file.read(65536):
            yield chunk

    def __repr__(self) -> str:
        return f"<UploadedFile {self.filename!r} {self.size} bytes>"


@lru_cache(maxsize=1)
def _library() -> tuple[type[_Parser], type[Exception]]:
    """python-multipart, imported when the first form comes."""
    import logging

    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser as Parser

    # It warns of each malformed body, on standard error where nobody set up logging.
    logging.getLogger("python_multipart").addHandler(logging.NullHandler())
    return Parser, FormParserError


class MultipartParser:
    """A ``multipart/form-data`` body, fed in pieces.

    parser = MultipartParser('multipart/form-data; boundary="x"')
    parser.feed(data) ...
    fields, files = parser.finish()

    Raises BadRequest for what is malformed or cut short, ContentTooLarge past a
    limit; files spooled so far are closed then.
    """

    def __init__(self, content_type: str, limits: Limits = DEFAULT_LIMITS) -> None:
        Parser, self._error = _library()
        kind, options = parse_options(content_type)
        boundary = options.get("boundary", "")
        if kind != "multipart/form-data" or not 0 < len(boundary) <= 200:
            raise BadRequest("A multipart form needs a boundary in its Content-Type.")
        self._limits = limits
        self._fields: MultiDict[str] = MultiDict()
        self._files: MultiDict[UploadedFile] = MultiDict()
        self._count = 0
        self._ended = False
        self._part = _Part()
        self._parser: _Parser = Parser(
            boundary.encode("latin-1", "replace"),
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_part_end": self._end_part,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_end": self._end,
            },
        )

    def feed(self, data: bytes) -> None:
        """Take the next piece of the body."""
        try:
            self._parser.write(data)
        except self._error as error:
            self.close()
            raise BadRequest(f"Malformed multipart form: {error}") from None
        except BaseException:
            self.close()
            raise

    def finish(self) -> tuple[MultiDict[str], MultiDict[UploadedFile]]:
        """The fields and the files, once all of the body was fed."""
        if not self._ended:
            self.close()
            raise BadRequest("The multipart form ends before its last boundary.")
        return self._fields, self._files

    def close(self) -> None:
        """Discard the files that were spooled."""
        if self._part.file is not None:
            self._part.file.close()
        for _, file in self._files.items(multi=True):
            file.close()

    # What the parser calls back, in the order in which it does.

    def _begin(self) -> None:
        self._part = _Part()
        self._count += 1
        if self._count > self._limits.parts:
            raise ContentTooLarge("The form has too many parts.")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._part.header_name += data[start:end]
        self._bound_headers(end - start)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.header_value += data[start:end]
        self._bound_headers(end - start)

    def _bound_headers(self, size: int) -> None:
        self._part.header_size += size
        if self._part.header_size > self._limits.header_size:
            raise ContentTooLarge("The headers of a part are too large.")

    def _header_end(self) -> None:
        part = self._part
        name = part.header_name.decode("latin-1").strip().lower()
        part.headers[name] = _text(bytes(part.header_value), "header").strip()
        part.header_name.clear()
        part.header_value.clear()

    def _headers_finished(self) -> None:
        part = self._part
        kind, options = parse_options(part.headers.get("content-disposition", ""))
        if kind != "form-data" or "name" not in options:
            raise BadRequest("A part of the form has no name.")
        part.name = options["name"]
        if "filename" in options:
            if sum(1 for _ in self._files.items(multi=True)) >= self._limits.files:
                raise ContentTooLarge("The form has too many files.")
            # Some browsers send the whole path; only the name is the client's to say.
            filename = options["filename"].replace("\\", "/").rpartition("/")[2]
            part.file = UploadedFile(
                part.name, filename, part.headers, self._limits.spool
            )

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.size += end - start
        if part.file is not None:
            if part.size > self._limits.file_size:
                raise ContentTooLarge(f"The file {part.name!r} is too large.")
            part.file.file.write(data[start:end])
            part.file.size = part.size
        else:
            if part.size > self._limits.field_size:
                raise ContentTooLarge(f"The field {part.name!r} is too large.")
            part.value += data[start:end]

    def _end_part(self) -> None:
        part = self._part
        if part.name is None:
            raise BadRequest("A part of the form has no headers.")
        if part.file is not None:
            part.file.file.seek(0)
            self._files.add(part.name, part.file)
            part.file = None
        else:
            self._fields.add(part.name, _text(bytes(part.value), "field"))

    def _end(self) -> None:
        self._ended = True


class _Part:
    """The part of the body that is being read."""

    __slots__ = (
        "file",
        "header_name",
        "header_size",
        "header_value",
        "headers",
        "name",
        "size",
        "value",
    )

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.header_name = bytearray()
        self.header_value = bytearray()
        self.header_size = 0
        self.name: str | None = None
        self.value = bytearray()
        self.size = 0
        self.file: UploadedFile | Any | None = None


def _text(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"A {what} of the form is not valid UTF-8.") from None
