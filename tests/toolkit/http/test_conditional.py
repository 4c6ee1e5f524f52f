"""Preconditions, in the order of RFC 9110, 13.2.2."""

import datetime

import pytest

from fwtrace.toolkit.http.conditional import (
    ETags,
    evaluate,
    generate_etag,
    if_range_holds,
)

MODIFIED = datetime.datetime(1994, 11, 6, 8, 49, 37, 500, tzinfo=datetime.UTC)
SAME = "Sun, 06 Nov 1994 08:49:37 GMT"
EARLIER = "Sat, 05 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {}, 200),
        ("GET", {"If-None-Match": '"a"'}, 304),
        ("GET", {"If-None-Match": 'W/"a"'}, 304),
        ("GET", {"If-None-Match": "*"}, 304),
        ("GET", {"If-None-Match": '"b"'}, 200),
        ("PUT", {"If-None-Match": '"a"'}, 412),
        ("PUT", {"If-Match": '"b"'}, 412),
        ("PUT", {"If-Match": '"x", "a"'}, 200),
        ("PUT", {"If-Match": 'W/"a"'}, 412),
        ("GET", {"If-Modified-Since": SAME}, 304),
        ("GET", {"If-Modified-Since": EARLIER}, 200),
        ("GET", {"If-Modified-Since": "nonsense"}, 200),
        ("PUT", {"If-Unmodified-Since": EARLIER}, 412),
        ("PUT", {"If-Unmodified-Since": SAME}, 200),
        ("GET", {"If-None-Match": '"b"', "If-Modified-Since": SAME}, 200),
    ],
)
def test_evaluate(method, headers, expected):
    assert evaluate(method, headers.get, '"a"', MODIFIED) == expected


def test_tags_may_hold_commas():
    assert ETags('"a,b", W/"c"').tags == ['"a,b"', 'W/"c"']


def test_etag_is_of_the_content():
    assert generate_etag(b"a") == generate_etag(b"a") != generate_etag(b"b")
    assert generate_etag(b"a", weak=True).startswith('W/"')


@pytest.mark.parametrize(
    ("header", "holds"),
    [(None, True), ('"a"', True), ('"b"', False), (SAME, True), (EARLIER, False)],
)
def test_if_range(header, holds):
    assert if_range_holds(header, '"a"', MODIFIED) is holds
