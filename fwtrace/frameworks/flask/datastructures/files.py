"""A file that came in a form, or that a test sends in one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any

from fwtrace.frameworks.flask.datastructures.headers import Headers
from fwtrace.toolkit.http.headers import parse_options

__all__ = ["FileStorage"]


class FileStorage:
    """A file of a form: ``stream`` and what the client says of it.

    All that a file can do is done by the stream: ``file.read()``, ``file.seek(0)``.
    """

    def __init__(
        self,
        stream: IO[bytes] | None = None,
        filename: str | None = None,
        name: str | None = None,
        content_type: str | None = None,
        content_length: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.name = name
        self.stream: IO[bytes] = BytesIO() if stream is None else stream
        if filename is None:
            named = getattr(stream, "name", None)
            if isinstance(named, bytes):
                named = os.fsdecode(named)
            # An int is a descriptor, "<stdin>" and its like are no files.
            if isinstance(named, str) and named[:1] != "<":
                filename = named
        self.filename = filename
        self.headers = Headers() if headers is None else headers
        if content_type is not None:
            self.headers["Content-Type"] = content_type
        if content_length is not None:
            self.headers["Content-Length"] = str(content_length)

    @property
    def content_type(self) -> str | None:
        kind: str | None = self.headers.get("content-type")
        return kind

    @property
    def content_length(self) -> int:
        found: int = self.headers.get("content-length", 0, type=int)
        return found

    @property
    def mimetype(self) -> str:
        return parse_options(self.content_type or "")[0]

    @property
    def mimetype_params(self) -> dict[str, str]:
        return parse_options(self.content_type or "")[1]

    def save(
        self, dst: str | os.PathLike[str] | IO[bytes], buffer_size: int = 16384
    ) -> None:
        """Write what is left of the stream to a path or into a file."""
        if isinstance(dst, (str, os.PathLike)):
            with open(dst, "wb") as target:
                shutil.copyfileobj(self.stream, target, buffer_size)
        else:
            shutil.copyfileobj(self.stream, dst, buffer_size)

    def close(self) -> None:
        self.stream.close()

    def __bool__(self) -> bool:
        return bool(self.filename)

    def __getattr__(self, name: str) -> Any:
        if name == "stream":
            raise AttributeError(name)
        return getattr(self.stream, name)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.stream)

    def __repr__(self) -> str:
        return f"<FileStorage: {self.filename!r} ({self.content_type!r})>"
