"""Where code is, and whose it is: the user's, or a library's.

The user's own line behind a statement is the first frame outward that belongs neither
to Python, nor to an installed package, nor to fwtrace.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterable
from functools import lru_cache
from types import CodeType, FrameType, TracebackType
from typing import Any

from fwtrace.tracer.model import Location

__all__ = ["UserCode", "excerpt", "location_of"]

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARIES = (
    _OWN,
    os.path.dirname(os.path.realpath(linecache.__file__)) + os.sep,
    # The commands that packages install: fwtrace, gunicorn.
    os.path.realpath(os.path.dirname(sys.executable)) + os.sep,
)
_INSTALLED = f"{os.sep}site-packages{os.sep}"
EXCERPT_LINES = 12


class UserCode:
    """Tells the user's frames from the others.

    ``roots``: folders that count as the user's even inside ``site-packages``, such as
    that of an installed app under trace.
    """

    __slots__ = ("_known", "roots")

    def __init__(self, roots: Iterable[str] = ()) -> None:
        self.roots = tuple(os.path.realpath(root) + os.sep for root in roots if root)
        self._known: dict[str, bool] = {}

    def owns(self, file: str) -> bool:
        """Whether the file is the user's code."""
        known = self._known.get(file)
        if known is None:
            known = self._known[file] = self._decide(file)
        return known

    def _decide(self, file: str) -> bool:
        if file.startswith("<"):
            return False
        path = os.path.realpath(file)
        installed = path.rfind(_INSTALLED) + len(_INSTALLED)
        libraries = [len(each) for each in _LIBRARIES if path.startswith(each)]
        roots = [len(root) for root in self.roots if path.startswith(root)]
        # The innermost folder that says anything about the file decides.
        library = max([installed if _INSTALLED in path else 0, *libraries])
        return max(roots, default=0) > library or not library

    def caller(self, depth: int = 1) -> Location | None:
        """The nearest frame of the user's, counted from ``depth`` frames up."""
        frame: FrameType | None = sys._getframe(depth)
        known = self._known
        while frame is not None:
            code = frame.f_code
            file = code.co_filename
            if known.get(file) or (file not in known and self.owns(file)):
                return Location(file, _line(frame), code.co_qualname)
            frame = frame.f_back
        return None

    def frames(self, traceback: TracebackType | None) -> list[dict[str, Any]]:
        """The traceback as data, outermost first; hidden frames left out."""
        found = []
        while traceback is not None:
            frame, code = traceback.tb_frame, traceback.tb_frame.f_code
            if not frame.f_locals.get("__traceback_hide__"):
                line = _line(frame, traceback.tb_lineno)
                found.append(
                    {
                        "file": code.co_filename,
                        "line": line,
                        "function": code.co_qualname,
                        "text": linecache.getline(code.co_filename, line).strip(),
                        "user": self.owns(code.co_filename),
                    }
                )
            traceback = traceback.tb_next
        return found


def _line(frame: FrameType, line: int | None = None) -> int:
    """The line in the source file; a compiled jinja2 template maps it back."""
    line = line if line is not None else frame.f_lineno
    template = frame.f_globals.get("__jinja_template__")
    if template is not None:
        return int(template.get_corresponding_lineno(line))
    return line


def location_of(function: Any) -> Location | None:
    """Where a function, method or class was defined; None for built-in ones."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if isinstance(code, CodeType):
        return Location(code.co_filename, code.co_firstlineno, code.co_qualname)
    kind = function if isinstance(function, type) else type(function)
    call = getattr(kind.__dict__.get("__call__"), "__code__", None)
    if call is not None:
        return Location(call.co_filename, call.co_firstlineno, kind.__qualname__)
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    line = kind.__dict__.get("__firstlineno__", 0)
    return Location(file, line, kind.__qualname__) if file else None


def excerpt(place: Location, lines: int = EXCERPT_LINES) -> dict[str, Any] | None:
    """``{"start": first line number, "lines": [...]}`` from the place on.

    Of a function, its decorators, signature and body, up to ``lines`` of them.
    """
    return _excerpt(place.file, place.line, lines)


@lru_cache(maxsize=1024)
def _excerpt(file: str, start: int, lines: int) -> dict[str, Any] | None:
    source = linecache.getlines(file)
    if not 0 < start <= len(source):
        return None
    first = source[start - 1]
    indent = len(first) - len(first.lstrip())
    kept = [first.rstrip()]
    in_body = False
    for text in source[start : start + lines - 1]:
        bare = text.strip()
        depth = len(text) - len(text.lstrip())
        if bare and depth <= indent and in_body and not bare.startswith(")"):
            break
        in_body = in_body or (bool(bare) and depth > indent)
        kept.append(text.rstrip())
    while kept and not kept[-1]:
        kept.pop()
    return {"start": start, "lines": kept}
