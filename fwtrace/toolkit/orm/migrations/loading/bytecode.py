"""Compiled files, kept where Python keeps them: ``__pycache__/0001_initial...pyc``.

They are told apart by what is in their source (PEP 552, checked hash-based pycs) and
not by its time, so one that is edited twice in a second is never mistaken; and Python
itself reads them too.
"""

from __future__ import annotations

import marshal
import os
import sys
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from types import CodeType

__all__ = ["Bytecode"]

CHECKED_HASH = (0b11).to_bytes(4, "little")
"""The flags of a file that is valid for a source with its hash."""


class Bytecode:
    """The compiled files of a folder, whose path is absolute."""

    def __init__(self, folder: str) -> None:
        self._before, _, self._after = cache_from_source(f"{folder}/*.py").rpartition(
            "*"
        )

    def compiled(self, source: bytes, name: str, path: str) -> CodeType:
        """The code of the file of that name, which is executed under that path;
        SyntaxError and what else ``compile`` raises."""
        kept = f"{self._before}{name}{self._after}"
        head = MAGIC_NUMBER + CHECKED_HASH + source_hash(source)
        code = _read(kept, head)
        if code is None or code.co_filename != path:
            code = compile(source, path, "exec", dont_inherit=True)
            if not sys.dont_write_bytecode:
                _write(kept, head + marshal.dumps(code))
        return code


def _read(kept: str, head: bytes) -> CodeType | None:
    try:
        with open(kept, "rb", buffering=0) as file:
            data = file.read()
        found = marshal.loads(data[len(head) :]) if data.startswith(head) else None
    except (OSError, EOFError, TypeError, ValueError):
        return None
    return found if isinstance(found, CodeType) else None


def _write(kept: str, data: bytes) -> None:
    """As a whole or not at all: others may be reading it."""
    made = f"{kept}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        with open(made, "wb") as file:
            file.write(data)
        os.replace(made, kept)
    except OSError:
        pass  # a folder that is not to be written to
