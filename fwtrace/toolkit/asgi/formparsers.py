"""Form bodies of ASGI requests, through the toolkit's own parsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import Any
from urllib.parse import unquote_plus

from fwtrace.toolkit.asgi.datastructures import FormData, Headers, UploadFile

__all__ = ["FormParser", "MultiPartException", "MultiPartParser"]


class MultiPartException(Exception):
    """What is wrong with the form, in ``message``."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class FormParser:
    """An urlencoded form, read as it comes."""

    def __init__(
        self,
        headers: Headers,
        stream: AsyncIterator[bytes],
        *,
        max_fields: float = 1000,
        max_part_size: int = 1024 * 1024,
    ) -> None:
        self.headers = headers
        self.stream = stream
        self.max_fields = max_fields
        self.max_part_size = max_part_size

    async def parse(self) -> FormData:
        """The form; MultiPartException past a limit."""
        items: list[tuple[str, str]] = []
        rest = b""
        async for chunk in self.stream:
            *whole, rest = (rest + chunk).split(b"&")
            for part in whole:
                self._add(part, items)
            self._check(rest)
        self._add(rest, items)
        return FormData(items)

    def _check(self, part: bytes) -> None:
        if len(part) > self.max_part_size + 1:  # the "=" is no part of either
            size = self.max_part_size // 1024
            raise MultiPartException(f"Field exceeded maximum size of {size}KB.")

    def _add(self, part: bytes, items: list[tuple[str, str]]) -> None:
        self._check(part)
        if not part:
            return
        if len(items) >= self.max_fields:
            raise MultiPartException(
                f"Too many fields. Maximum number of fields is {self.max_fields}."
            )
        name, _, value = part.decode("latin-1").partition("=")
        items.append((unquote_plus(name), unquote_plus(value)))


class _Part:
    """The part of the body that is being read."""

    __slots__ = ("data", "file", "header", "headers", "name", "value")

    def __init__(self) -> None:
        self.name = ""
        self.data = bytearray()
        self.file: UploadFile | None = None
        self.header = b""
        self.value = b""
        self.headers: list[tuple[bytes, bytes]] = []


def _text(data: bytes | bytearray, charset: str) -> str:
    try:
        return data.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return data.decode("latin-1")


class MultiPartParser:
    """A multipart form, read as it comes; large files go to disk, in threads."""

    spool_max_size = 1024 * 1024
    max_part_size = 1024 * 1024

    def __init__(
        self,
        headers: Headers,
        stream: AsyncIterator[bytes],
        *,
        max_files: float = 1000,
        max_fields: float = 1000,
        max_part_size: int = 1024 * 1024,
    ) -> None:
        self.headers = headers
        self.stream = stream
        self.max_files = max_files
        self.max_fields = max_fields
        self.max_part_size = max_part_size
        self.items: list[tuple[str, str | UploadFile]] = []
        self._files = self._fields = 0
        self._part = _Part()
        self._charset = "utf-8"
        self._written: list[tuple[UploadFile, bytes]] = []
        self._finished: list[UploadFile] = []
        self._opened: list[Any] = []

    async def parse(self) -> FormData:
        """The form; MultiPartException for what is malformed or past a limit."""
        from python_multipart.exceptions import FormParserError
        from python_multipart.multipart import MultipartParser

        try:
            parser = MultipartParser(
                self._boundary(),
                {
                    "on_part_begin": self.on_part_begin,
                    "on_part_data": self.on_part_data,
                    "on_part_end": self.on_part_end,
                    "on_header_field": self.on_header_field,
                    "on_header_value": self.on_header_value,
                    "on_header_end": self.on_header_end,
                    "on_headers_finished": self.on_headers_finished,
                },
            )
            async for chunk in self.stream:
                parser.write(chunk)
                await self._store()
            parser.finalize()
        except BaseException as error:
            for file in self._opened:
                file.close()
            if isinstance(error, FormParserError):
                raise MultiPartException("Invalid multipart data.") from error
            raise
        return FormData(self.items)

    def _boundary(self) -> bytes:
        import codecs

        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self.headers["content-type"])
        charset = options.get(b"charset", b"utf-8").decode("latin-1")
        try:
            self._charset = codecs.lookup(charset).name
        except LookupError:
            self._charset = "latin-1"
        if b"boundary" not in options:
            raise MultiPartException("Missing boundary in multipart.")
        return options[b"boundary"]

    async def _store(self) -> None:
        """Write what came of files: a disk may be slow, so not in the callbacks."""
        for file, data in self._written:
            await file.write(data)
        for file in self._finished:
            await file.seek(0)
        self._written.clear()
        self._finished.clear()

    # What the parser calls back.

    def on_part_begin(self) -> None:
        self._part = _Part()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.file is not None:
            self._written.append((part.file, data[start:end]))
            return
        part.data += data[start:end]
        if len(part.data) > self.max_part_size:
            size = self.max_part_size // 1024
            raise MultiPartException(f"Part exceeded maximum size of {size}KB.")

    def on_part_end(self) -> None:
        part = self._part
        if part.file is None:
            self.items.append((part.name, _text(part.data, self._charset)))
        else:
            self._finished.append(part.file)
            self.items.append((part.name, part.file))

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]

    def on_header_end(self) -> None:
        part = self._part
        part.headers.append((part.header.lower(), part.value))
        part.header = part.value = b""

    def on_headers_finished(self) -> None:
        from python_multipart.multipart import parse_options_header

        part = self._part
        disposition = dict(part.headers).get(b"content-disposition")
        _, options = parse_options_header(disposition)
        if b"name" not in options:
            raise MultiPartException(
                'The Content-Disposition header field "name" must be provided.'
            )
        part.name = _text(options[b"name"], self._charset)
        if b"filename" not in options:
            self._fields += 1
            if self._fields > self.max_fields:
                raise MultiPartException(
                    f"Too many fields. Maximum number of fields is {self.max_fields}."
                )
            return
        self._files += 1
        if self._files > self.max_files:
            raise MultiPartException(
                f"Too many files. Maximum number of files is {self.max_files}."
            )
        stored = SpooledTemporaryFile(max_size=self.spool_max_size)
        self._opened.append(stored)
        part.file = UploadFile(
            stored,
            size=0,
            filename=_text(options[b"filename"], self._charset),
            headers=Headers(raw=part.headers),
        )
