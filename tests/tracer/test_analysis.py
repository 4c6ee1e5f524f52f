"""What a trace amounts to."""

import pytest

from fwtrace.tracer.analysis import is_success, time_by_stage, warnings
from fwtrace.tracer.model import Location, Span, Trace


def sql(text, parameter, line=1, **options):
    return Span(
        "sql",
        "SELECT users",
        attributes={"db.query.text": text, "db.query.parameter.0": parameter},
        location=Location("views.py", line),
        **options,
    )


def trace(*spans, status=200, **options):
    return Trace(
        "app",
        {},
        Span("server", "x", 0, 100, children=list(spans)),
        {"status": status},
        **options,
    )


def kinds(*spans, **options):
    return [warning.kind for warning in warnings(trace(*spans, **options))]


def test_time_by_stage_counts_own_time_only():
    view = Span("view", "v", 0, 60, children=[Span("sql", "q", 10, 50)])
    times = {each.stage: (each.own, each.count) for each in time_by_stage(trace(view))}
    assert times == {"sql": (40, 1), "server": (40, 1), "view": (20, 1)}


def test_like_queries_from_one_line_are_n_plus_one():
    text = "SELECT 1 FROM users WHERE id = ?"
    assert kinds(*[sql(text, n) for n in range(3)]) == ["n+1"]
    assert kinds(*[sql(text, n) for n in range(2)]) == []
    assert kinds(*[sql(text, n, line=n) for n in range(3)]) == []


def test_same_query_twice_is_a_duplicate():
    (warning,) = warnings(trace(sql("SELECT 1", 1, line=3), sql("SELECT 1", 1, line=4)))
    assert warning.kind == "duplicate"
    assert "views.py:3, views.py:4" in warning.message


def test_writes_are_no_duplicates():
    assert kinds(*[sql("INSERT INTO users", 1) for _ in range(4)]) == []


def test_errors_faults_and_dropped_spans_are_told():
    raised = trace()
    raised.outcome["error"] = {"type": "KeyError", "message": "x"}
    assert warnings(raised)[0].message == "The app raised KeyError: x"
    handled = Span("exception", "E", attributes={"exception.type": "E"})
    assert kinds(handled, status=500) == ["error"]
    assert kinds(handled, status=404) == []
    assert kinds(Span("view", "v", fault="broken")) == ["fault"]
    assert kinds(dropped={"sql": 1200}) == ["dropped"]


@pytest.mark.parametrize(
    ("outcome", "success"),
    [
        ({"status": 200, "error": None}, True),
        ({"status": 404, "error": None}, False),
        ({"status": None, "error": None}, False),
        ({"status": 200, "error": {"type": "KeyError", "message": ""}}, False),
        ({"status": 101, "error": None, "close": {"code": 1000}}, True),
        ({"status": 101, "error": None, "close": {"code": 1011}}, False),
    ],
)
def test_success_is_an_answer_below_400_and_a_close_in_order(outcome, success):
    assert is_success(Trace("app", {}, Span("server", "x"), outcome)) == success
