"""Which lines of Python run inside a block: how much code a request passes through.

Counting slows the code down many times, so it is no part of a timed run.
"""

from __future__ import annotations

import sys
import threading
from types import CodeType, FrameType, TracebackType
from typing import Any, Protocol, Self

__all__ = ["LineCounter"]


class LineCounter:
    """Context manager that collects the distinct lines of what this thread calls in it.

    counter = LineCounter()
    with counter:
        handle(request)
    counter.files()      {"/app/views.py": 12, ...}

    It may be entered again, not twice at once; the lines of all blocks add up. A
    debugger or a coverage tool sees nothing of the block and goes on after it. With
    ``threads`` those count too that are started in the block.
    """

    def __init__(self, *, threads: bool = False) -> None:
        self._lines: dict[str, set[int]] = {}
        self._watch = _watch_for(self._lines, threads)

    def __enter__(self) -> Self:
        self._watch.start(sys._getframe(1).f_code)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._watch.stop()

    def files(self) -> dict[str, int]:
        """The number of distinct lines by file, in the order of their first line."""
        return {file: len(lines) for file, lines in self._lines.items()}


class _Watch(Protocol):
    def start(self, caller: CodeType) -> None: ...

    def stop(self) -> None: ...


class _Tracing:
    """By ``sys.settrace``: whoever traced before does so again afterwards."""

    def __init__(self, lines: dict[str, set[int]], threads: bool) -> None:
        self._lines = lines
        self._threads = threads
        self._before: Any = None
        self._before_in_threads: Any = None

    def start(self, caller: CodeType) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._entered)
        if self._threads:
            self._before_in_threads = threading.gettrace()
            threading.settrace(self._entered)

    def stop(self) -> None:
        sys.settrace(self._before)
        if self._threads:
            threading.settrace(self._before_in_threads)

    def _entered(self, frame: FrameType, event: str, argument: Any) -> Any:
        seen = self._lines.setdefault(frame.f_code.co_filename, set())

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "line":
                seen.add(frame.f_lineno)
            return line

        return line


class _Monitoring:
    """By ``sys.monitoring``, which asks for each line of the thread only once."""

    FREE = (3, 4)
    """The numbers that PEP 669 leaves to tools of no known kind."""

    def __init__(self, lines: dict[str, set[int]], threads: bool, tool: int) -> None:
        self._lines = lines
        self._threads = threads
        self._tool = tool
        self._thread = 0
        self._caller: CodeType | None = None

    @classmethod
    def free_tool(cls) -> int | None:
        if sys.version_info < (3, 12):
            return None
        free = (tool for tool in cls.FREE if sys.monitoring.get_tool(tool) is None)
        return next(free, None)

    def start(self, caller: CodeType) -> None:
        self._caller = caller  # whose own lines are none of the block's calls
        if sys.version_info >= (3, 12):
            monitoring = sys.monitoring
            line = monitoring.events.LINE
            self._thread = threading.get_ident()
            monitoring.use_tool_id(self._tool, "fwtrace")
            monitoring.register_callback(self._tool, line, self._ran)
            monitoring.set_events(self._tool, line)
            monitoring.restart_events()

    def stop(self) -> None:
        if sys.version_info >= (3, 12):
            monitoring = sys.monitoring
            monitoring.set_events(self._tool, monitoring.events.NO_EVENTS)
            monitoring.register_callback(self._tool, monitoring.events.LINE, None)
            monitoring.free_tool_id(self._tool)

    def _ran(self, code: CodeType, line: int) -> Any:
        if not self._threads and threading.get_ident() != self._thread:
            return None
        if code is not self._caller:
            self._lines.setdefault(code.co_filename, set()).add(line)
        if sys.version_info >= (3, 12):
            return sys.monitoring.DISABLE
        return None


def _watch_for(lines: dict[str, set[int]], threads: bool) -> _Watch:
    tool = _Monitoring.free_tool()
    if tool is None:
        return _Tracing(lines, threads)
    return _Monitoring(lines, threads, tool)
