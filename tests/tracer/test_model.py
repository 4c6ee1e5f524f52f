"""The JSON form of a trace: round-trips, and refuses what it cannot read."""

import json

import pytest
from hypothesis import given, strategies as st

from fwtrace.tracer.model import SCHEMA, Location, Span, Trace, TraceFormatError

texts = st.text(max_size=10)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=5,
)
spans: st.SearchStrategy[Span] = st.deferred(
    lambda: st.builds(
        Span,
        stage=texts,
        name=texts,
        start=st.integers(),
        end=st.integers(),
        attributes=st.dictionaries(texts, json_values, max_size=3),
        children=st.lists(spans, max_size=2),
        location=st.none() | st.builds(Location, texts, st.integers(), texts),
        error=st.none() | st.just({"type": "ValueError", "message": "no"}),
        fault=st.none() | texts,
    )
)


@given(root=spans)
def test_trace_round_trips_through_json(root):
    trace = Trace("micro", {"method": "GET"}, root, {"status": 200}, id="1")
    assert Trace.from_json(trace.to_json()) == trace


def test_own_time_leaves_out_the_children():
    child = Span("sql", "SELECT users", start=20, end=50)
    span = Span("view", "user_detail", start=10, end=100, children=[child])
    assert (span.duration, span.own) == (90, 60)


def test_walk_gives_parents_first_in_order_of_start():
    tree = Span(
        "server", "a", children=[Span("view", "b", children=[Span("sql", "c")])]
    )
    tree.children.append(Span("response", "d"))
    assert [span.name for span in tree.walk()] == ["a", "b", "c", "d"]


def test_spans_of_one_stage():
    root = Span("server", "a", children=[Span("sql", "b"), Span("view", "c")])
    assert [span.name for span in Trace("x", {}, root).spans("sql")] == ["b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "not JSON"),
        ("[]", "no schema version"),
        ('{"schema": "1"}', "no schema version"),
        (json.dumps({"schema": SCHEMA + 1}), "pip install -U fwtrace"),
        (json.dumps({"schema": SCHEMA}), "incomplete"),
        (
            json.dumps({"schema": SCHEMA, "app": "a", "request": {}, "root": 3}),
            "incomp",
        ),
    ],
    ids=["no json", "list", "text schema", "newer", "empty", "root is no span"],
)
def test_trace_that_cannot_be_read_says_why(text, message):
    with pytest.raises(TraceFormatError, match=message):
        Trace.from_json(text)


def test_children_that_ran_at_once_took_their_time_only_once():
    children = [
        Span("sql", "a", 10, 40),
        Span("sql", "b", 20, 30),
        Span("sql", "c", 30, 60),
        Span("sql", "d", 80, 90),
    ]
    assert Span("view", "v", 0, 100, children=children).own == 40


def test_lifespan_is_no_part_of_the_duration():
    children = [Span("lifespan", "startup", 0, 30), Span("view", "v", 30, 50)]
    trace = Trace("app", {}, Span("server", "x", 0, 60, children=children))
    assert (trace.duration, trace.root.duration) == (30, 60)
