"""The recorder: bounded, honest about its own cost, one trace to a context."""

import asyncio
import contextvars
import threading

import pytest

from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Limits, Recorder, end_with


class FakeClock:
    """Nanoseconds that pass only when told to."""

    def __init__(self):
        self.now = 1_000

    def __call__(self):
        return self.now

    def tick(self, nanoseconds):
        self.now += nanoseconds


def recorder(**options):
    clock = FakeClock()
    made = Recorder("app", {}, root=Span("server", "x"), clock=clock, **options)
    return made, clock


def test_span_times_leave_out_what_recording_cost():
    made, clock = recorder()
    with made.span("view", "outer") as outer:
        clock.tick(10)
        with made.span("sql", "inner") as inner:
            clock.tick(5)
            made.charge(clock.now - 5)  # those five were bookkeeping
        clock.tick(1)
    trace = made.finish()
    assert (outer.duration, inner.duration, outer.own) == (11, 0, 11)
    assert trace.overhead == 5
    assert trace.duration == 11


def test_spans_nest_by_context():
    made, _ = recorder()
    with made.span("view", "outer"), made.span("sql", "inner"):
        current = CURRENT.get()
        assert current is not None
        assert current[1].name == "inner"
    assert CURRENT.get() is None
    assert [s.name for s in made.finish().root.walk()] == ["x", "outer", "inner"]


def test_error_is_marked_and_passes_on():
    made, _ = recorder()
    with pytest.raises(ValueError, match="no"), made.span("view", "v") as span:
        raise ValueError("no password=hunter2")
    assert span.error == {
        "type": "ValueError",
        "message": "no password=[redacted]",
    }


def test_exception_that_cannot_be_shown_is_still_recorded():
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError

    made, _ = recorder()
    assert "cannot be shown" in made.describe_error(Broken())["message"]


def test_spans_past_the_bound_are_counted_not_kept():
    made, _ = recorder(limits=Limits(spans=3))
    for number in range(5):
        with made.span("sql", str(number)):
            pass
    trace = made.finish()
    assert [span.name for span in trace.spans("sql")] == ["0", "1"]
    assert trace.dropped == {"sql": 3}


def test_threads_may_record_into_one_trace():
    made = Recorder("app", {}, root=Span("server", "x"), limits=Limits(spans=500))
    barrier = threading.Barrier(4)

    def work():
        barrier.wait()
        for number in range(200):
            with made.span("sql", str(number)):
                pass

    contexts = [contextvars.copy_context() for _ in range(4)]
    threads = [
        threading.Thread(target=context.run, args=(work,)) for context in contexts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trace = made.finish()
    assert sum(1 for _ in trace.spans()) == 500
    assert trace.dropped == {"sql": 301}
    assert all(span.duration >= 0 for span in trace.spans())


def test_thread_of_to_thread_records_below_the_span_that_awaits_it():
    made, _ = recorder()

    def query():
        with made.span("sql", "inner"):
            pass

    async def main():
        with made.span("view", "outer"):
            await asyncio.gather(asyncio.to_thread(query), asyncio.to_thread(query))

    asyncio.run(main())
    (view,) = made.finish().spans("view")
    assert [child.name for child in view.children] == ["inner", "inner"]


def test_trace_may_begin_and_end_with_steps_of_another_recorder():
    before, clock = recorder()
    with before.span("lifespan", "startup") as startup:
        clock.tick(100)
    with before.span("lifespan", "shutdown") as shutdown:
        clock.tick(7)
    assert startup is not None
    assert shutdown is not None
    made = Recorder("app", {}, root=Span("server", "x"), clock=clock)
    made.begin_with(startup, overhead=2)
    with made.span("view", "v") as view:
        clock.tick(10)
    assert view is not None
    trace = made.finish()
    end_with(trace, shutdown, overhead=3)
    assert (startup.start, startup.end) == (0, 100)
    assert (view.start, view.end) == (100, 110)
    assert (shutdown.start, shutdown.end) == (110, 117)
    assert [span.name for span in trace.root.children] == ["startup", "v", "shutdown"]
    assert (trace.overhead, trace.root.duration, trace.duration) == (5, 117, 10)
