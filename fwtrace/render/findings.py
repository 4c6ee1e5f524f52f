"""What a comparison comes to, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fwtrace.render.text import duration
from fwtrace.tracer.comparison import Comparison, Side, Summary, Times

__all__ = ["body_verdict", "busy", "listed", "ratio_text", "sentences", "spread"]

LISTED = 6
"""Steps of one app that are named; the others are counted."""


def sentences(comparison: Comparison) -> list[str]:
    """Time, steps, SQL, response: one sentence or two on each."""
    summary = comparison.summary()
    return [
        *_failures(comparison),
        *_time(comparison, summary),
        *_blocking(comparison),
        *_steps(comparison, summary),
        *_sql(comparison, summary),
        *_response(comparison),
    ]


def _failures(comparison: Comparison) -> Iterator[str]:
    for app in comparison.apps:
        if app.error is not None:
            yield f"{app.name} raised {app.error}"


def _time(comparison: Comparison, summary: Summary) -> Iterator[str]:
    fastest = summary.fastest
    if fastest is None or sum(ratio is not None for ratio in summary.ratios) < 2:
        return
    best = comparison.apps[fastest]
    others = sorted(
        (ratio, app.name)
        for n, (app, ratio) in enumerate(
            zip(comparison.apps, summary.ratios, strict=True)
        )
        if ratio is not None and n != fastest
    )
    told = listed([f"{name} took {_times_as_long(ratio)}" for ratio, name in others])
    caveats = ""
    if comparison.rounds == 1:
        caveats += " One run tells little: try --repeat 20."
    elif summary.close:
        close = listed([comparison.apps[n].name for n in summary.close])
        caveats += f" Within the spread of the runs {close} may be as fast."
    if "status" in summary.differs:
        caveats += " But the answers are not alike."
    took = duration(best.times.median)
    yield f"{best.name} was fastest with {took}; {told}.{caveats}"


def _times_as_long(ratio: float) -> str:
    """``1.004`` -> ``"the same"``, ``1.253`` -> ``"1.25 times as long"``"""
    shown = _digits(ratio)
    return "the same" if shown == "1.00" else f"{shown} times as long"


def _digits(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:,.0f}"


def ratio_text(ratio: float) -> str:
    """``1.253`` -> ``"1.25×"``, ``25.3`` -> ``"25×"``, past that ``">9999×"``"""
    return f"{_digits(ratio)}×" if ratio < 9_999 else ">9999×"


def _blocking(comparison: Comparison) -> Iterator[str]:
    """Who else could have been served in the meantime, where that is not the same."""
    works = {app.name: app.work for app in comparison.apps if app.error is None}
    if len({work.is_async for work in works.values()}) < 2:
        return
    told = [
        f"{name} kept the event loop for {duration(work.held)}, and others could be "
        f"served for {duration(work.waiting + work.threads)}"
        if work.is_async
        else f"{name} kept its thread for all of its {duration(work.held)}"
        for name, work in works.items()
    ]
    yield f"{'; '.join(told)}."


def _steps(comparison: Comparison, summary: Summary) -> Iterator[str]:
    for app, steps in zip(comparison.apps, summary.only, strict=True):
        if steps:
            more = f" and {len(steps) - LISTED} more" if len(steps) > LISTED else ""
            yield f"Only {app.name} has {', '.join(steps[:LISTED])}{more}."
    if all(None not in row.cells for row in comparison.rows):
        yield "All took the same steps."


def _sql(comparison: Comparison, summary: Summary) -> Iterator[str]:
    counts = summary.statements
    if not any(counts):
        return
    if len(set(counts)) == 1:
        plural = "" if counts[0] == 1 else "s"
        yield f"SQL: {counts[0]:,} statement{plural} in each."
        return
    told = ", ".join(
        f"{app.name} {count:,}"
        for app, count in zip(comparison.apps, counts, strict=True)
    )
    yield f"SQL statements: {told}."


def _response(comparison: Comparison) -> Iterator[str]:
    response = comparison.response
    if sum(status is not None for status in response.statuses) < 2:
        return
    differs = response.differs
    if differs:
        parts = listed(differs)
        yield f"The responses differ in {parts}."
        return
    moment = [header.name for header in response.headers]
    but = f", but for what changes with every request: {', '.join(moment)}"
    yield f"The responses are the same{but if moment else ''}."


def listed(words: Sequence[str]) -> str:
    """``["a", "b", "c"]`` -> ``"a, b and c"``"""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def body_verdict(comparison: Comparison, number: int) -> str:
    """What there is to say of the body of one app; "" of one that is compared with."""
    body = comparison.response.bodies[number]
    size = comparison.response.sizes[number]
    if body is None:
        return ""
    varies = " It changes with every request of one app, too." if body.varies else ""
    if body.verdict == "same":
        return f"the same {size:,} bytes.{varies}"
    if body.verdict == "same JSON":
        return f"the same JSON, written differently, in {size:,} bytes.{varies}"
    note = f" ({body.note})" if body.note else ""
    return f"different, {size:,} bytes{note}.{varies}"


def spread(times: Times, dash: str = "–") -> str:
    """``"0.61–0.80 ms"``: the quartiles."""
    low, high = duration(times.low), duration(times.high)
    if low.split()[1] == high.split()[1]:
        low = low.split()[0]
    return f"{low}{dash}{high}"


def busy(apps: Sequence[Side]) -> Iterator[tuple[str, list[str]]]:
    """Rows that set blocking beside awaiting: what a request keeps from others."""
    works = [app.work for app in apps]
    kinds = ("WSGI, it blocks", "ASGI, it awaits")
    yield "protocol", [kinds[work.is_async] for work in works]
    loops = ("of the server's thread", "of the event loop")
    yield (
        "keeps busy",
        [f"{duration(work.held)} {loops[work.is_async]}" for work in works],
    )
    for label, kind in (
        ("in other threads", "threads"),
        ("lets others run", "waiting"),
    ):
        times = [getattr(work, kind) for work in works]
        if any(times):
            yield label, [duration(time) if time else "–" for time in times]
