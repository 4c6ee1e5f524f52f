"""Span and Trace: what was recorded, as plain data.

A :class:`Trace` is the tree of spans of one request, plus the request, the app and
the outcome. It holds nothing but JSON types, so a trace saved yesterday renders
today, on a machine that has none of the frameworks it was taken from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["SCHEMA", "STAGES", "Location", "Span", "Trace", "TraceFormatError"]

SCHEMA = 1
"""Version of the JSON form; raised when an old reader could misread a new trace."""

STAGES = (
    "server",
    "lifespan",
    "environ",
    "scope",
    "request",
    "middleware",
    "resolver",
    "context",
    "dependency",
    "validation",
    "view",
    "form",
    "migration",
    "sql",
    "signal",
    "template",
    "cache",
    "session",
    "serializer",
    "task",
    "websocket",
    "layer",
    "exception",
    "response",
    "after",
    "call",
)
"""Every stage of the lifecycle, in the order in which a legend lists them."""

JSON: TypeAlias = Any

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class TraceFormatError(ValueError):
    """The text is not a trace that this version of fwtrace can read."""


@dataclass(slots=True)
class Location:
    """Where code is: file path, 1-based line (0: unknown), qualified name."""

    file: str
    line: int
    function: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(slots=True)
class Span:
    """One timed step of a stage.

    ``start`` and ``end`` are nanoseconds since the trace began, with the recorder's
    own cost taken out. ``error`` is ``{"type", "message"}`` when the step raised;
    ``fault`` tells what went wrong inside the probe, never inside the app.
    """

    stage: str
    name: str
    start: int = 0
    end: int = 0
    attributes: dict[str, JSON] = field(default_factory=dict)
    children: list[Span] = field(default_factory=list)
    location: Location | None = None
    error: dict[str, str] | None = None
    fault: str | None = None

    @property
    def duration(self) -> int:
        """Nanoseconds from start to end, children included."""
        return self.end - self.start

    @property
    def own(self) -> int:
        """Nanoseconds spent in this step itself, without its children.

        Those that ran at once, in tasks or threads, took the time only once.
        """
        return max(0, self.duration - _covered(self.children))

    def walk(self) -> Iterator[Span]:
        """This span and all below it, parents first, in the order they started."""
        pending = [self]
        while pending:
            span = pending.pop()
            yield span
            pending.extend(reversed(span.children))

    def to_dict(self) -> dict[str, JSON]:
        """The span as JSON types; empty parts are left out."""
        data: dict[str, JSON] = {
            "stage": self.stage,
            "name": self.name,
            "start": self.start,
            "end": self.end,
        }
        if self.attributes:
            data["attributes"] = self.attributes
        if self.location is not None:
            place = self.location
            data["location"] = {
                "file": place.file,
                "line": place.line,
                "function": place.function,
            }
        if self.error is not None:
            data["error"] = self.error
        if self.fault is not None:
            data["fault"] = self.fault
        if self.children:
            data["children"] = [child.to_dict() for child in self.children]
        return data

    @classmethod
    def from_dict(cls, data: dict[str, JSON]) -> Span:
        place = data.get("location")
        return cls(
            stage=data["stage"],
            name=data["name"],
            start=data["start"],
            end=data["end"],
            attributes=data.get("attributes", {}),
            children=[cls.from_dict(child) for child in data.get("children", ())],
            location=Location(**place) if place else None,
            error=data.get("error"),
            fault=data.get("fault"),
        )


def _covered(spans: list[Span]) -> int:
    """The nanoseconds in which at least one of the spans ran."""
    covered = until = 0
    for span in sorted(spans, key=lambda each: each.start):
        covered += max(0, span.end - max(span.start, until))
        until = max(until, span.end)
    return covered


@dataclass(slots=True)
class Trace:
    """One request through one app.

    ``request``  ``{"method", "target", "headers": [[name, value]], "body_size"}``
    ``outcome``  ``{"status": int | None, "phrase": str, "error": {"type", "message"} |
    None}``: the error is what the app let through to its server. Of a WebSocket also
    ``{"close": {"code", "reason", "by": "app" | "client" | "server"}}``.
    ``dropped``  spans that were counted but not kept, by stage.
    ``overhead`` nanoseconds that recording cost, left out of all the spans' times.
    """

    app: str
    request: dict[str, JSON]
    root: Span
    outcome: dict[str, JSON] = field(default_factory=dict)
    id: str = ""
    started_at: str = ""
    overhead: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    version: str = ""

    @property
    def status(self) -> int | None:
        """The response's status code; None when the app answered nothing."""
        status: int | None = self.outcome.get("status")
        return status

    @property
    def duration(self) -> int:
        """Nanoseconds from the first stage to the last.

        The app's lifespan is in the trace, but no part of the request.
        """
        around = (s.duration for s in self.root.children if s.stage == "lifespan")
        return self.root.duration - sum(around)

    def spans(self, stage: str | None = None) -> Iterator[Span]:
        """Every span, parents first; only those of one stage when it is named."""
        return (s for s in self.root.walk() if stage is None or s.stage == stage)

    def to_dict(self) -> dict[str, JSON]:
        return {
            "schema": SCHEMA,
            "fwtrace": self.version,
            "id": self.id,
            "started_at": self.started_at,
            "app": self.app,
            "request": self.request,
            "outcome": self.outcome,
            "duration": self.duration,
            "overhead": self.overhead,
            "dropped": self.dropped,
            "root": self.root.to_dict(),
        }

    def to_json(self, indent: int | None = None) -> str:
        if indent is None:
            return _encode(self.to_dict())
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    @classmethod
    def from_dict(cls, data: Any) -> Trace:
        """The trace that :meth:`to_dict` described.

        Raises :class:`TraceFormatError` when it is none, or of a newer schema.
        """
        if not isinstance(data, dict) or not isinstance(data.get("schema"), int):
            raise TraceFormatError("This is not a trace: it has no schema version.")
        if data["schema"] > SCHEMA:
            raise TraceFormatError(
                f"The trace has schema {data['schema']}, this fwtrace reads up to "
                f"{SCHEMA}: upgrade with pip install -U fwtrace."
            )
        try:
            return cls(
                app=data["app"],
                request=data["request"],
                root=Span.from_dict(data["root"]),
                outcome=data["outcome"],
                id=data["id"],
                started_at=data["started_at"],
                overhead=data["overhead"],
                dropped=data["dropped"],
                version=data["fwtrace"],
            )
        except (AttributeError, KeyError, RecursionError, TypeError) as error:
            raise TraceFormatError(f"The trace is incomplete: {error}.") from error

    @classmethod
    def from_json(cls, text: str) -> Trace:
        try:
            return cls.from_dict(json.loads(text))
        except (json.JSONDecodeError, RecursionError) as error:
            raise TraceFormatError(f"The trace is not JSON: {error}.") from error
