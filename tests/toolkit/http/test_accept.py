"""Content negotiation."""

import pytest
from hypothesis import given, strategies as st

from fwtrace.toolkit.http.accept import Accept


@pytest.mark.parametrize(
    ("header", "offers", "best"),
    [
        ("text/html;q=0.8, application/json", ["text/html", "application/json"], 1),
        ("text/*", ["application/json", "text/html"], 1),
        ("*/*;q=0.1, text/html", ["application/json", "text/html"], 1),
        ("", ["a/b", "c/d"], 0),
        ("text/html;q=0, */*", ["text/html", "a/b"], 1),
        ("text/html;q=nonsense, a/b", ["text/html", "a/b"], 1),
        ("image/png", ["text/html"], None),
        ("en-GB, en;q=0.5", ["en-US", "en-GB"], 1),
        ("gzip;q=1, identity;q=0.5", ["gzip", "identity"], 0),
        ("br", ["gzip", "identity"], 1),
        ("identity;q=0, *;q=0", ["identity"], None),
    ],
)
def test_best(header, offers, best):
    assert Accept(header).best(offers) == (None if best is None else offers[best])


def test_iteration_is_by_quality():
    assert list(Accept("a;q=0.1, b, c;q=0")) == ["b", "a"]
    assert "a" in Accept("a")
    assert "c" not in Accept("a")


@given(st.text(), st.text(min_size=1))
def test_any_header_gives_a_quality(header, offer):
    assert 0 <= Accept(header).quality(offer) <= 1
