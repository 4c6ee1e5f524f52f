"""The verb beside ``record``: one request through several apps, side by side.

comparison = compare(["micro", "wsgi"], "GET", "/users/1", repeat=20)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import fwtrace
from fwtrace.hosts.errors import HostError
from fwtrace.hosts.inprocess import send_wsgi
from fwtrace.hosts.locate import Located
from fwtrace.record import recording
from fwtrace.tracer.alignment import Aligned, align
from fwtrace.tracer.answers import Answer, difference
from fwtrace.tracer.comparison import Cell, Comparison, Lines, Row, Side, Times
from fwtrace.tracer.frames import UserCode
from fwtrace.tracer.lines import LineCounter
from fwtrace.tracer.model import Span, Trace

__all__ = ["compare"]

_PACKAGE = os.path.dirname(os.path.abspath(fwtrace.__file__))
_FRAMEWORKS = (
    os.path.join(_PACKAGE, "toolkit", ""),
    os.path.join(_PACKAGE, "frameworks", ""),
    f"{os.sep}site-packages{os.sep}",
    f"{os.sep}dist-packages{os.sep}",
)
_HOSTS = (
    os.path.join(_PACKAGE, "toolkit", "wsgi", "client.py"),
    os.path.join(_PACKAGE, "hosts", "asgi.py"),
)
"""The server's side of a request in this process: no part of any app."""


def compare(
    apps: Sequence[str | Located | Any],
    method: str = "GET",
    target: str = "/",
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    repeat: int = 1,
) -> Comparison:
    """The same request through each app, ``repeat`` rounds in turn after a warm-up.

    An app is named as for :func:`fwtrace.record.record`. What an app raises is in its
    trace. Raises :class:`~fwtrace.hosts.errors.HostError` when there is no such app.
    """
    request = (method, target, headers, body)
    runs: list[_Runs] = []
    with ExitStack() as stack:
        served: dict[int, tuple[recording, Send]] = {}
        for app in apps:
            session = recording(app)
            runs.append(_Runs(session.located, request))
            if id(session.located.app) not in served:
                stack.enter_context(session)
                send = stack.enter_context(_serving(session.app, session.is_asgi))
                served[id(session.located.app)] = session, send
        for _ in range(repeat + 1):
            for run in runs:
                run.record(*served[id(run.located.app)])
    lines = [run.lines() for run in runs]
    aligned = align([run.middle for run in runs])
    response = difference(
        [run.answer for run in runs],
        [[answer for answer in run.answers if answer] for run in runs],
    )
    return Comparison(
        runs[0].middle.request,
        tuple(map(_side, runs, _names(runs), lines)),
        tuple(_rows(aligned, runs)),
        response,
    )


Request: TypeAlias = tuple[str, str, Sequence[tuple[str, str]], bytes]
Send: TypeAlias = Callable[..., tuple[str, list[tuple[str, str]], bytes]]


@contextmanager
def _serving(app: Any, is_asgi: bool) -> Iterator[Send]:
    """What sends a request to the app: one of ASGI has started up, and stays up."""
    if not is_asgi:
        yield partial(send_wsgi, app)
        return
    from fwtrace.hosts.asgi import Host

    with Host(app) as host:
        yield host.send


@dataclass(slots=True)
class _Runs:
    """All runs of one app; the first is the warm-up, which is not timed.

    ``answers`` has one more than ``traces`` once :meth:`lines` was called.
    """

    located: Located
    request: Request
    traces: list[Trace] = field(default_factory=list)
    answers: list[Answer | None] = field(default_factory=list)

    def record(self, session: recording, send: Send) -> None:
        """One more run; what the app raises is in its trace."""
        self._send(send)
        trace = session.traces.pop()
        # The start-up is in the first trace alone: not one of them is compared with it.
        trace.root.children = [s for s in trace.root.children if s.stage != "lifespan"]
        self.traces.append(trace)

    def lines(self) -> Lines:
        """One more run, with nothing attached to it, to count its lines."""
        is_asgi = self.located.protocol == "asgi"
        # Its sync endpoints run in worker threads, which a new host starts anew.
        counter = LineCounter(threads=is_asgi)
        counted = _CountedASGI if is_asgi else _Counted
        with _serving(counted(self.located.app, counter), is_asgi) as send:
            self._send(send)
        return _classified(counter.files(), UserCode((self.located.folder,)))

    def _send(self, send: Send) -> None:
        answer = None
        with _contained():
            status, headers, body = send(*self.request)
            answer = Answer(status, tuple(headers), body)
        self.answers.append(answer)

    @property
    def timed(self) -> list[Trace]:
        return self.traces[1:]

    @property
    def middle(self) -> Trace:
        """The trace whose duration is the median, or the next below it."""
        return self.traces[self._middle()]

    @property
    def answer(self) -> Answer | None:
        """What the app answered when it made that trace."""
        return self.answers[self._middle()]

    def _middle(self) -> int:
        ordered = sorted(
            range(1, len(self.traces)), key=lambda number: self.traces[number].duration
        )
        return ordered[(len(ordered) - 1) // 2]


@contextmanager
def _contained() -> Iterator[None]:
    """What an app raises ends here, except for Ctrl-C and when it does not start."""
    try:
        yield
    except (KeyboardInterrupt, HostError):
        raise
    except BaseException:
        pass


class _Counted:
    """An app and its body with their lines counted, and none of their server's."""

    def __init__(self, app: Any, counter: LineCounter) -> None:
        self.app = app
        self.counter = counter

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        with self.counter:
            body = self.app(environ, start_response)
        return self.chunks(body)

    def chunks(self, body: Any) -> Iterator[bytes]:
        with self.counter:
            try:
                chunks = list(body)
            finally:
                if hasattr(body, "close"):
                    body.close()
        yield from chunks


class _CountedASGI:
    """The same of an ASGI app, from its start to its end, but for its lifespan."""

    def __init__(self, app: Any, counter: LineCounter) -> None:
        self.app = app
        self.counter = counter

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        with self.counter:
            await self.app(scope, receive, send)


def _classified(files: dict[str, int], user_code: UserCode) -> Lines:
    """Lines of Python files by whose they are; those of Python itself are left out."""
    framework = user = 0
    for file, count in files.items():
        if not file.endswith(".py") or file in _HOSTS:
            continue
        if user_code.owns(file):
            user += count
        elif any(folder in file for folder in _FRAMEWORKS):
            framework += count
    return Lines(framework, user)


def _side(runs: _Runs, name: str, lines: Lines) -> Side:
    durations = tuple(trace.duration for trace in runs.timed)
    return Side(name, runs.located.target, runs.middle, durations, lines)


def _names(runs: Sequence[_Runs]) -> list[str]:
    """The apps' names; one that is compared with itself has a number, ``micro (2)``."""
    names: list[str] = []
    for run in runs:
        name = run.located.name
        before = sum(other.located.name == name for other in runs[: len(names)])
        names.append(f"{name} ({before + 1})" if before else name)
    return names


def _rows(aligned: Sequence[Aligned], runs: Sequence[_Runs]) -> Iterator[Row]:
    times = [_times(run) for run in runs]
    for row in aligned:
        cells = (
            Cell(span, *times_of[id(span)]) if span is not None else None
            for span, times_of in zip(row.spans, times, strict=True)
        )
        yield Row(row.key[0], row.depth, tuple(cells))


def _times(runs: _Runs) -> dict[int, tuple[Times, Times]]:
    """Own and total time of each span of the middle trace, by its id.

    Over all the runs that took the same steps as that one.
    """
    spans = list(runs.middle.spans())
    steps = [span.stage for span in spans]
    alike: list[list[Span]] = []
    for trace in runs.timed:
        others = list(trace.spans())
        if [span.stage for span in others] == steps:
            alike.append(others)
    return {
        id(span): (
            Times.of([each.own for each in same]),
            Times.of([each.duration for each in same]),
        )
        for span, same in zip(spans, zip(*alike, strict=True), strict=True)
    }
