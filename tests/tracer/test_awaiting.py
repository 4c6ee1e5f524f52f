"""Time running apart from time awaiting, by a clock that passes when told to."""

import asyncio

import pytest

from fwtrace.tracer.awaiting import RUNNING, timed_coroutine
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from tests.tracer.test_recorder import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def recorder(clock):
    made = Recorder("app", {}, root=Span("server", "x"), clock=clock)
    token = CURRENT.set((made, made.root))
    yield made
    CURRENT.reset(token)


async def other_work(clock):
    clock.tick(100)


def test_only_its_own_steps_are_time_running(recorder, clock):
    async def work():
        clock.tick(3)
        await asyncio.sleep(0)
        clock.tick(4)
        return "done"

    async def main():
        result, _ = await asyncio.gather(
            timed_coroutine(work(), recorder.root), other_work(clock)
        )
        return result

    assert asyncio.run(main()) == "done"
    assert recorder.root.attributes[RUNNING] == 7


def test_recording_is_left_out(recorder, clock):
    async def work():
        clock.tick(3)
        before = clock()
        clock.tick(50)
        recorder.charge(before)

    asyncio.run(timed_coroutine(work(), recorder.root))
    assert recorder.root.attributes[RUNNING] == 3


def test_error_and_cancelling_reach_the_coroutine_and_come_out(recorder, clock):
    seen = []

    async def waits():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            clock.tick(5)
            seen.append("cancelled")
            raise

    async def main():
        task = asyncio.ensure_future(timed_coroutine(waits(), recorder.root))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == ["cancelled"]
    assert recorder.root.attributes[RUNNING] == 5


def test_coroutine_that_is_dropped_is_closed(recorder):
    closed = []

    async def waits():
        try:
            await asyncio.sleep(60)
        finally:
            closed.append(True)

    timed = timed_coroutine(waits(), recorder.root)
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(asyncio.sleep(0))
        asyncio._set_running_loop(loop)
        timed.send(None)
        timed.close()
    finally:
        asyncio._set_running_loop(None)
        loop.close()
    assert closed == [True]


def test_anything_that_can_be_awaited_is_timed(recorder, clock):
    async def main():
        future = asyncio.get_running_loop().create_future()
        future.set_result(3)
        return await timed_coroutine(future, recorder.root)

    assert asyncio.run(main()) == 3


def test_without_a_trace_it_is_only_awaited():
    async def work():
        return 1

    span = Span("view", "v")
    assert asyncio.run(timed_coroutine(work(), span)) == 1
    assert span.attributes == {}
