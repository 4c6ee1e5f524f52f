"""Traces beside each other: every step in one row, in its own order."""

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.tracer.alignment import align, kind_of
from fwtrace.tracer.model import Span, Trace

STAGES = st.sampled_from(["middleware", "resolver", "view", "sql", "signal"])
NAMES = st.sampled_from(["a", "b", "AMiddleware"])
SPANS = st.recursive(
    st.builds(Span, STAGES, NAMES),
    lambda inner: st.builds(
        lambda stage, name, children: Span(stage, name, children=children),
        STAGES,
        NAMES,
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)
TRACES = st.builds(
    lambda children: Trace("app", {}, Span("server", "s", children=children)),
    st.lists(SPANS, max_size=4),
)


def trace(*children):
    return Trace("app", {}, Span("server", "s", children=list(children)))


def rows(*traces):
    return [
        (row.depth, *(span.name if span else None for span in row.spans))
        for row in align(traces)
    ]


@settings(max_examples=300)
@given(st.lists(TRACES, min_size=2, max_size=4))
def test_every_span_stands_in_one_row_and_in_order(traces):
    aligned = align(traces)
    for number, each in enumerate(traces):
        column = [r.spans[number] for r in aligned if r.spans[number] is not None]
        assert [id(span) for span in column] == [id(s) for s in each.root.walk()]
    for row in aligned:
        assert {kind_of(span) for span in row.spans if span is not None} == {row.key}


@settings(max_examples=200)
@given(st.lists(TRACES, min_size=2, max_size=3))
def test_a_row_stands_deeper_than_its_spans_parents(traces):
    depths = {}
    for row in align(traces):
        for span in row.spans:
            if span is not None:
                depths[id(span)] = row.depth
    for each in traces:
        for span in each.root.walk():
            for child in span.children:
                assert depths[id(child)] > depths[id(span)]


def test_the_same_traces_have_no_gaps():
    assert rows(*[trace(Span("view", "v", children=[Span("sql", "q")]))] * 2) == [
        (0, "s", "s"),
        (1, "v", "v"),
        (2, "q", "q"),
    ]


def test_a_step_that_one_lacks_leaves_a_gap():
    wrapped = trace(Span("middleware", "M", children=[Span("view", "v")]))
    assert rows(wrapped, trace(Span("view", "w"))) == [
        (0, "s", "s"),
        (1, "M", None),
        (2, "v", "w"),
    ]


@pytest.mark.parametrize(
    ("span", "kind"),
    [
        (Span("view", "UserView.get"), ("view", "")),
        (
            Span("middleware", "shop.layers.SessionMiddleware"),
            ("middleware", "session"),
        ),
        (Span("middleware", "Middleware"), ("middleware", "middleware")),
        (Span("sql", "SELECT users"), ("sql", "select users")),
    ],
)
def test_what_makes_two_spans_the_same_step(span, kind):
    assert kind_of(span) == kind
