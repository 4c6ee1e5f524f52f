"""Signals against django.dispatch, blinker, and a bare loop."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.benchmarks.harness import Aim, Result, compare, show

COUNTS = (0, 1, 10, 1000)


def _receivers(count: int) -> list[Any]:
    def make() -> Any:
        def receive(sender: Any = None, signal: Any = None, **named: Any) -> int:
            return 1

        return receive

    return [make() for _ in range(count)]


def _bare(receivers: list[Any], sender: Any, **named: Any) -> list[Any]:
    return [(r, r(sender=sender, signal=None, **named)) for r in receivers]


def signals() -> list[Result]:
    import blinker
    from django.dispatch import Signal as DjangoSignal

    from fwtrace.toolkit.signals import Signal

    found = []
    for count in COUNTS:
        receivers = _receivers(count)
        ours, theirs = Signal(), DjangoSignal()
        cached, other = DjangoSignal(use_caching=True), blinker.Signal()
        for receive in receivers:
            ours.connect(receive)
            theirs.connect(receive)
            cached.connect(receive)
            other.connect(receive)

        asked = {
            "fwtrace": ours.send,
            "Django": theirs.send,
            "Django, caching": cached.send,
            "blinker": other.send,
            "a bare loop": partial(_bare, receivers),
        }
        result = compare(
            f"A signal to {count:,} receivers",
            {name: partial(send, Signal, instance=1) for name, send in asked.items()},
        )
        rivals = ("Django", "Django, caching", "blinker")
        aims = [Aim("fwtrace", rival, 1.0) for rival in rivals]
        if count >= 10:
            aims.append(Aim("fwtrace", "a bare loop", 1.5))
        show(result, tuple(aims))
        found.append(result)
    return found
