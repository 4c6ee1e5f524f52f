"""What a trace amounts to: where the time went, and what to worry about.

Each pass takes a Trace and returns data; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fwtrace.tracer.model import Span, Trace

__all__ = ["StageTime", "Warning", "is_success", "time_by_stage", "warnings"]

# RFC 6455, 7.4.1: done, going away, and a close without a code.
_CLOSED_WELL = (1000, 1001, 1005)

REPEATED = 3
"""How many like statements from one line make an N+1."""


@dataclass(frozen=True, slots=True)
class StageTime:
    """Own time of all spans of a stage, in nanoseconds, and how many there were."""

    stage: str
    own: int
    count: int


@dataclass(frozen=True, slots=True)
class Warning:
    """Something to look at: ``kind``, a sentence, and the spans it is about."""

    kind: str
    message: str
    spans: list[Span] = field(default_factory=list)


def is_success(trace: Trace) -> bool:
    """Whether the app raised nothing, answered below 400, and closed in order."""
    close = trace.outcome.get("close") or {"code": 1000}
    return (
        trace.outcome.get("error") is None
        and (trace.status or 500) < 400
        and close["code"] in _CLOSED_WELL
    )


def time_by_stage(trace: Trace) -> list[StageTime]:
    """The stages by the time spent in them alone, the longest first."""
    own: dict[str, int] = {}
    count: dict[str, int] = {}
    for span in trace.spans():
        own[span.stage] = own.get(span.stage, 0) + span.own
        count[span.stage] = count.get(span.stage, 0) + 1
    times = [StageTime(stage, own[stage], count[stage]) for stage in own]
    return sorted(times, key=lambda each: -each.own)


def warnings(trace: Trace) -> list[Warning]:
    """Everything worth a warning, the gravest first."""
    return [warning for check in CHECKS for warning in check(trace)]


def _errors(trace: Trace) -> list[Warning]:
    error = trace.outcome.get("error")
    if trace.request.get("method") == "MIGRATE":
        return []  # it stands at the operation that raised it
    if error is not None:
        said = f"{error['type']}: {error['message']}"
        return [Warning("error", f"The app raised {said}")]
    status = trace.status or 0
    spans = [s for s in trace.spans("exception") if status >= 500]
    return [
        Warning("error", f"{s.attributes.get('exception.type', s.name)} became a "
                f"{status}: {s.attributes.get('exception.message', '')}", [s])
        for s in spans[:1]
    ]  # fmt: skip


def _repeated(trace: Trace) -> list[Warning]:
    """N+1: like statements from one line with other parameters; and duplicates."""
    alike: dict[tuple[str, str], list[Span]] = {}
    same: dict[tuple[str, str], list[Span]] = {}
    for span in trace.spans("sql"):
        text = span.attributes.get("db.query.text", "")
        if not text.lstrip().upper().startswith("SELECT"):
            continue
        if "fwtrace.migration.bookkeeping" in span.attributes:
            continue
        alike.setdefault((text, str(span.location)), []).append(span)
        same.setdefault((text, _parameters(span)), []).append(span)
    found = []
    told: set[int] = set()
    for (_, place), spans in alike.items():
        if len(spans) >= REPEATED and len({_parameters(s) for s in spans}) > 1:
            told |= {id(span) for span in spans}
            found.append(
                Warning(
                    "n+1",
                    f"{len(spans)} queries like {spans[0].name!r} from {place}: "
                    "one for each row. Fetch them at once: select_related() or a join.",
                    spans,
                )
            )
    for spans in same.values():
        if len(spans) > 1 and not any(id(span) in told for span in spans):
            places = sorted({str(span.location) for span in spans})
            found.append(
                Warning(
                    "duplicate",
                    f"{len(spans)} times the same query {spans[0].name!r} from "
                    f"{', '.join(places[:3])}.",
                    spans,
                )
            )
    return found


def _parameters(span: Span) -> str:
    return str(
        [v for k, v in span.attributes.items() if k.startswith("db.query.parameter.")]
    )


def _faults(trace: Trace) -> list[Warning]:
    spans = [span for span in trace.spans() if span.fault is not None]
    return [
        Warning("fault", f"fwtrace could not describe {s.name!r}: {s.fault}", [s])
        for s in spans[:3]
    ]


def _dropped(trace: Trace) -> list[Warning]:
    if not trace.dropped:
        return []
    parts = ", ".join(f"{n:,} {stage}" for stage, n in trace.dropped.items())
    return [Warning("dropped", f"Too many spans to keep; counted only: {parts}.")]


CHECKS: tuple[Callable[[Trace], list[Warning]], ...] = (
    _errors,
    _repeated,
    _faults,
    _dropped,
)
