"""Comparison: one request through several apps, as plain data.

``fwtrace.compare`` makes it, renderers draw it, :meth:`Comparison.to_dict` exports it.
All times are nanoseconds.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fwtrace.tracer.awaiting import RUNNING
from fwtrace.tracer.model import Span, Trace

__all__ = [
    "SCHEMA",
    "BodyDifference",
    "Cell",
    "Comparison",
    "HeaderDifference",
    "Lines",
    "ResponseDifference",
    "Row",
    "Side",
    "Summary",
    "Times",
    "Work",
]

SCHEMA = 1
"""Version of the JSON form."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long the runs took: their median, and the quartiles that half of them fill.

    Of a single run all three are the same.
    """

    median: int
    low: int
    high: int

    @classmethod
    def of(cls, runs: Sequence[int]) -> Times:
        if len(runs) == 1:
            return cls(runs[0], runs[0], runs[0])
        low, median, high = statistics.quantiles(runs, n=4, method="inclusive")
        return cls(round(median), round(low), round(high))

    def to_dict(self) -> dict[str, int]:
        return {"median": self.median, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Work:
    """What a request keeps busy, and for how long, in nanoseconds.

    ``held``     the server's thread, or with ASGI its event loop: nobody else is served
    ``threads``  worker threads
    ``waiting``  nothing: the event loop may serve others
    """

    is_async: bool
    held: int
    threads: int
    waiting: int

    @classmethod
    def of(cls, trace: Trace) -> Work:
        running = trace.root.attributes.get(RUNNING)
        if running is None:
            return cls(False, trace.duration, 0, 0)
        threads = _threads(trace.root)
        waiting = max(0, trace.duration - running - threads)
        return cls(True, running, threads, waiting)

    def to_dict(self) -> dict[str, Any]:
        return {
            "async": self.is_async,
            "held": self.held,
            "threads": self.threads,
            "waiting": self.waiting,
        }


def _threads(span: Span) -> int:
    """The time of the outermost spans that ran in worker threads."""
    if "fwtrace.thread.name" in span.attributes and RUNNING not in span.attributes:
        return span.duration
    return sum(map(_threads, span.children))


@dataclass(frozen=True, slots=True)
class Lines:
    """Distinct lines that ran: of frameworks and libraries, and of the user's code."""

    framework: int
    user: int


@dataclass(frozen=True, slots=True)
class Side:
    """One app. ``trace`` is that of the run in the middle, ``durations`` are all runs'.

    ``target`` is where the app was found, ``module:attribute``.
    """

    name: str
    target: str
    trace: Trace
    durations: tuple[int, ...]
    lines: Lines

    @property
    def times(self) -> Times:
        return Times.of(self.durations)

    @property
    def error(self) -> str | None:
        """``"ValueError: what it said"`` when the app raised."""
        error = self.trace.outcome.get("error")
        return f"{error['type']}: {error['message']}" if error else None

    @property
    def work(self) -> Work:
        return Work.of(self.trace)

    @property
    def sql(self) -> tuple[int, int]:
        """How many statements ran, and their time."""
        spans = list(self.trace.spans("sql"))
        dropped = self.trace.dropped.get("sql", 0)
        return len(spans) + dropped, sum(span.duration for span in spans)

    def to_dict(self) -> dict[str, Any]:
        count, time = self.sql
        return {
            "name": self.name,
            "target": self.target,
            "status": self.trace.status,
            "error": self.error,
            "durations": list(self.durations),
            **self.times.to_dict(),
            "sql": {"count": count, "time": time},
            "work": self.work.to_dict(),
            "lines": {"framework": self.lines.framework, "user": self.lines.user},
            "trace": self.trace.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Cell:
    """A step of one app: its span, its own time and the time with all below it."""

    span: Span
    own: Times
    total: Times


@dataclass(frozen=True, slots=True)
class Row:
    """The same step in every app; None for an app that did not take it."""

    stage: str
    depth: int
    cells: tuple[Cell | None, ...]

    @property
    def names(self) -> list[str]:
        """The names of the step, each once."""
        return list(dict.fromkeys(cell.span.name for cell in self.cells if cell))

    def to_dict(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "depth": self.depth,
            "cells": [
                cell
                and {
                    "name": cell.span.name,
                    "own": cell.own.to_dict(),
                    "total": cell.total.to_dict(),
                }
                for cell in self.cells
            ],
        }


@dataclass(frozen=True, slots=True)
class HeaderDifference:
    """A response header that is not the same everywhere; None where it is missing.

    ``varies``: it changes from one request to the next of the same app.
    """

    name: str
    values: tuple[str | None, ...]
    varies: bool

    @property
    def is_of_the_moment(self) -> bool:
        """Whether all apps send it, with a value that is never the same twice."""
        return self.varies and None not in self.values


@dataclass(frozen=True, slots=True)
class BodyDifference:
    """The body of one app against that of the first which answered.

    ``verdict``  "same", "same JSON" (but for spacing and order), or "different"
    ``diff``     lines of a unified diff, without its two headings
    ``hidden``   lines of it that were left out
    ``note``     what there is to say where there is no diff
    ``varies``   it changes from one request to the next of the same app
    """

    verdict: str
    diff: tuple[str, ...] = ()
    hidden: int = 0
    note: str = ""
    varies: bool = False


@dataclass(frozen=True, slots=True)
class ResponseDifference:
    """What differs in what came back; None stands for an app that did not answer.

    ``reference`` is the position of the app that the bodies are compared with.
    """

    statuses: tuple[str | None, ...]
    sizes: tuple[int | None, ...]
    headers: tuple[HeaderDifference, ...]
    bodies: tuple[BodyDifference | None, ...]
    reference: int | None

    @property
    def codes(self) -> set[str | None]:
        """The status codes that came; a phrase of its own makes no other answer."""
        return {status and status[:3] for status in self.statuses}

    @property
    def differs(self) -> list[str]:
        """Which of "status", "headers" and "body" differ, for more than the moment."""
        bodies = [body for body in self.bodies if body is not None]
        found = {
            "status": len(self.codes) > 1,
            "headers": any(not header.is_of_the_moment for header in self.headers),
            "body": any(body.verdict == "different" for body in bodies)
            or len({size is None for size in self.sizes}) > 1,
        }
        return [part for part, is_different in found.items() if is_different]

    def to_dict(self) -> dict[str, Any]:
        return {
            "statuses": list(self.statuses),
            "sizes": list(self.sizes),
            "headers": [
                {"name": each.name, "values": list(each.values), "varies": each.varies}
                for each in self.headers
            ],
            "reference": self.reference,
            "bodies": [
                each
                and {
                    "verdict": each.verdict,
                    "diff": list(each.diff),
                    "hidden": each.hidden,
                    "note": each.note,
                    "varies": each.varies,
                }
                for each in self.bodies
            ],
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """What it comes to.

    ``fastest``   position of the app with the lowest median; None if all failed
    ``ratios``    by app, its median to that of the fastest; None for one that failed
    ``close``     positions of those whose spread meets that of the fastest
    ``only``      by app, the steps that no other app took: "middleware NoUser"
    ``statements``  by app, how many SQL statements ran
    ``differs``   which parts of the response differ
    """

    fastest: int | None
    ratios: tuple[float | None, ...]
    close: tuple[int, ...]
    only: tuple[tuple[str, ...], ...]
    statements: tuple[int, ...]
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``request`` as in a trace; ``apps``, and the cells of each row, in one order."""

    request: dict[str, Any]
    apps: tuple[Side, ...]
    rows: tuple[Row, ...]
    response: ResponseDifference

    @property
    def rounds(self) -> int:
        return len(self.apps[0].durations)

    @property
    def has_async(self) -> bool:
        """Whether an app is of ASGI, so that it matters what a request keeps busy."""
        return any(app.work.is_async for app in self.apps)

    @property
    def slowest(self) -> int:
        """The longest median."""
        return max(app.times.median for app in self.apps)

    def summary(self) -> Summary:
        sound = [n for n, app in enumerate(self.apps) if app.trace.status is not None]
        sound = [n for n in sound if self.apps[n].error is None]
        times = [app.times for app in self.apps]
        fastest = min(sound, key=lambda n: times[n].median, default=None)
        ratios: list[float | None] = [None] * len(times)
        close: list[int] = []
        if fastest is not None:
            best = times[fastest]
            for n in sound:
                ratios[n] = times[n].median / max(1, best.median)
                if n != fastest and times[n].low <= best.high:
                    close.append(n)
        return Summary(
            fastest,
            tuple(ratios),
            tuple(close) if self.rounds > 1 else (),
            tuple(map(self._only_of, range(len(self.apps)))),
            tuple(app.sql[0] for app in self.apps),
            tuple(self.response.differs),
        )

    def _only_of(self, number: int) -> tuple[str, ...]:
        """The steps that this app alone took, each once."""
        found: dict[str, None] = {}
        for row in self.rows:
            cell = row.cells[number]
            if cell is not None and sum(each is not None for each in row.cells) == 1:
                found[f"{row.stage} {cell.span.name}"] = None
        return tuple(found)

    def only(self, stages: Collection[str]) -> Comparison:
        """With the rows of these stages alone; those below others move outward."""
        kept = []
        above: list[tuple[int, int]] = []
        for row in self.rows:
            if row.stage not in stages:
                continue
            while above and above[-1][0] >= row.depth:
                above.pop()
            depth = above[-1][1] + 1 if above else 0
            above.append((row.depth, depth))
            kept.append(replace(row, depth=depth))
        return replace(self, rows=tuple(kept))

    def to_dict(self) -> dict[str, Any]:
        summary = self.summary()
        names = [app.name for app in self.apps]
        return {
            "schema": SCHEMA,
            "request": self.request,
            "rounds": self.rounds,
            "apps": [app.to_dict() for app in self.apps],
            "rows": [row.to_dict() for row in self.rows],
            "response": self.response.to_dict(),
            "summary": {
                "fastest": None if summary.fastest is None else names[summary.fastest],
                "ratios": dict(zip(names, summary.ratios, strict=True)),
                "close": [names[n] for n in summary.close],
                "only": dict(zip(names, map(list, summary.only), strict=True)),
                "statements": dict(zip(names, summary.statements, strict=True)),
                "differs": list(summary.differs),
            },
        }
