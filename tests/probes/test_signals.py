"""Signals under trace: each receiver a span, for as long as it ran."""

import asyncio
import time

import pytest

from fwtrace.probes.signals import SIGNALS
from fwtrace.toolkit.signals import Signal
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.seam import attach


def traced(make):
    """The trace of a coroutine, and what it returned."""
    detach = attach([SIGNALS])
    recorder = Recorder("app", {}, root=Span("server", "x"))

    async def run():
        token = CURRENT.set((recorder, recorder.root))
        try:
            return await make()
        finally:
            CURRENT.reset(token)

    try:
        returned = asyncio.run(run())
    finally:
        detach()
    return recorder.finish(), returned


async def slow(sender, **named):
    await asyncio.sleep(0.02)
    return "slow"


def quick(sender, **named):
    time.sleep(0.005)
    return "quick"


async def broken(sender, **named):
    await asyncio.sleep(0)
    raise ValueError("no")


def test_span_of_asend_ends_when_all_have_answered():
    greeted = Signal("greeted")
    greeted.connect(slow)
    greeted.connect(quick)
    trace, responses = traced(lambda: greeted.asend("x"))
    assert responses == [(quick, "quick"), (slow, "slow")]
    (root,) = trace.root.children
    assert (root.name, root.attributes["fwtrace.signal.sender"]) == ("greeted", "'x'")
    children = {span.name: span for span in root.children}
    assert set(children) == {"quick", "slow"}
    assert children["slow"].duration >= 19_000_000
    assert root.end >= children["slow"].end > children["slow"].start >= root.start


def test_failure_of_an_async_receiver_is_on_its_span():
    greeted = Signal("greeted")
    greeted.connect(broken)
    trace, responses = traced(lambda: greeted.asend_robust("x"))
    ((receiver, error),) = responses
    assert receiver is broken
    assert isinstance(error, ValueError)
    (child,) = trace.root.children[0].children
    assert child.error == {"type": "ValueError", "message": "no"}
    with pytest.raises(ValueError, match="no"):
        traced(lambda: greeted.asend("x"))
