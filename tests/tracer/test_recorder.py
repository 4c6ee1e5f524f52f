"""The recorder: bounded, honest about its own cost, one trace to a context."""

import pytest

from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Limits, Recorder


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
