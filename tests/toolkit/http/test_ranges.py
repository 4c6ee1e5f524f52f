"""Single byte ranges."""

import pytest
from hypothesis import given, strategies as st

from fwtrace.toolkit.http.errors import RangeNotSatisfiable
from fwtrace.toolkit.http.ranges import parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-4", (0, 5)),
        ("bytes=5-", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=0-99", (0, 10)),
        ("bytes=4-2", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes", None),
        ("bytes=-", None),
    ],
)
def test_parse_range(header, expected):
    assert parse_range(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_range_outside_the_body_is_416_with_its_size(header):
    with pytest.raises(RangeNotSatisfiable) as caught:
        parse_range(header, 10)
    assert caught.value.headers == [("Content-Range", "bytes */10")]


@given(st.text(max_size=30).map("bytes={}".format), st.integers(0, 100))
def test_any_header_is_a_range_within_the_body_or_none(header, size):
    try:
        found = parse_range(header, size)
    except RangeNotSatisfiable:
        return
    assert found is None or 0 <= found[0] < found[1] <= size
