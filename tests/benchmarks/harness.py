"""The harness: run competitors in turn, many rounds, and keep each one's best time.

Interleaving lets drift of the machine hit every competitor alike; the minimum is the
round least disturbed by others.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ROUNDS = 15
ROUND_SECONDS = 0.02


@dataclass(frozen=True)
class Result:
    """Best seconds per call of each competitor, by its name."""

    title: str
    seconds: dict[str, float]

    def ratio(self, ours: str, theirs: str) -> float:
        return self.seconds[ours] / self.seconds[theirs]


def compare(title: str, competitors: Mapping[str, Callable[[], object]]) -> Result:
    """Time each callable; they run interleaved, round by round."""
    counts = {name: _calibrate(run) for name, run in competitors.items()}
    best = dict.fromkeys(competitors, float("inf"))
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            for name, run in competitors.items():
                best[name] = min(best[name], _time(run, counts[name]) / counts[name])
    finally:
        gc.enable()
    return Result(title, best)


def _calibrate(run: Callable[[], object]) -> int:
    """How many calls fill a round; also warms up."""
    count = 1
    while True:
        taken = _time(run, count)
        if taken > ROUND_SECONDS / 4:
            return max(1, int(count * ROUND_SECONDS / taken))
        count *= 4


def _time(run: Callable[[], object], count: int) -> float:
    calls = range(count)
    started = time.perf_counter()
    for _ in calls:
        run()
    return time.perf_counter() - started


@dataclass(frozen=True)
class Aim:
    """What a ratio should be at most."""

    ours: str
    theirs: str
    most: float


def show(result: Result, aims: tuple[Aim, ...] = ()) -> None:
    """Print one comparison: times, multiples of the fastest, and the aims."""
    print(f"\n{result.title}")
    fastest = min(result.seconds.values())
    for name, seconds in result.seconds.items():
        print(f"  {name:<28}{seconds * 1e6:>12.2f} µs {seconds / fastest:>8.2f} x")
    for aim in aims:
        if aim.ours in result.seconds and aim.theirs in result.seconds:
            ratio = result.ratio(aim.ours, aim.theirs)
            verdict = "met" if ratio <= aim.most else "MISSED"
            print(
                f"  {aim.ours} / {aim.theirs} = {ratio:.2f},"
                f" aim {aim.most:.2f}: {verdict}"
            )
