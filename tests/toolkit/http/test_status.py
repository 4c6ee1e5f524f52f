"""Status lines by number, phrase and line."""

import pytest
from hypothesis import given, strategies as st

from fwtrace.toolkit.http.status import PHRASES, status_line


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (404, "404 Not Found"),
        ("404", "404 Not Found"),
        ("not found", "404 Not Found"),
        ("Content Too Large", "413 Content Too Large"),
        ("299 Just Fine", "299 Just Fine"),
        (599, "599 Unknown"),
    ],
)
def test_status_line(status, line):
    assert status_line(status) == line


@pytest.mark.parametrize(
    "status", [0, 99, 600, "nope", "", "200 \r\nX: y", "２００", -200, "9" * 5000]
)
def test_what_is_no_status_is_refused(status):
    with pytest.raises(ValueError, match=r"status"):
        status_line(status)


@given(st.sampled_from(sorted(PHRASES)))
def test_number_and_phrase_lead_to_the_same_line(code):
    assert status_line(PHRASES[code]) == status_line(code)
