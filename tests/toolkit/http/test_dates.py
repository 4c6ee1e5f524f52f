"""HTTP dates in three formats, written in one."""

import datetime

import pytest
from hypothesis import given, strategies as st

from fwtrace.toolkit.http.dates import http_date, parse_http_date

MOMENT = datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_the_three_formats_of_rfc_9110_are_read(text):
    assert parse_http_date(text) == MOMENT


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT", "a b c d e f", "1 2 3 4 5"],
)
def test_what_is_no_date_is_none(text):
    assert parse_http_date(text) is None


@given(st.integers(0, 4_000_000_000))
def test_what_is_written_is_read(seconds):
    moment = parse_http_date(http_date(seconds))
    assert moment is not None
    assert moment.timestamp() == seconds


@given(st.text(max_size=50))
def test_any_text_is_a_date_or_none(text):
    parse_http_date(text)
