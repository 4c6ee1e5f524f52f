"""Cookies: lenient to read, strict to write."""

import datetime

import pytest
from hypothesis import given, strategies as st

from fwtrace.toolkit.http.cookies import dump_cookie, parse_cookies


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ('a="1"', {"a": "1"}),
        ("a=1; a=2", {"a": "1"}),
        ("a; =1; b c=2; d=4", {"d": "4"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=%zz", {"a": "%zz"}),
        ("", {}),
    ],
)
def test_parse_cookies_passes_over_what_is_malformed(header, cookies):
    assert parse_cookies(header) == cookies


def test_every_attribute_is_written():
    when = datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=datetime.UTC)
    assert dump_cookie(
        "a",
        "1",
        domain="example.org",
        max_age=datetime.timedelta(minutes=1),
        expires=when,
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    ) == (
        "a=1; Path=/; Domain=example.org; Max-Age=60; "
        "Expires=Sun, 06 Nov 1994 08:49:37 GMT; Secure; HttpOnly; SameSite=None; "
        "Partitioned"
    )


@pytest.mark.parametrize(
    "options",
    [
        {"name": "a b"},
        {"name": ""},
        {"name": "a", "path": "/; Secure"},
        {"name": "a", "domain": "x\r\n"},
        {"name": "a", "samesite": "None"},
        {"name": "a", "partitioned": True},
        {"name": "a", "samesite": "Sometimes"},
        {"name": "a", "value": "\ud800"},
    ],
)
def test_cookie_that_browsers_would_refuse_is_refused(options):
    with pytest.raises(ValueError):  # noqa: PT011
        dump_cookie(**options)


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_comes_back(value):
    header = dump_cookie("name", value).partition(";")[0]
    assert header.isascii()
    assert parse_cookies(header) == {"name": value}


@given(st.text())
def test_any_header_is_read(header):
    assert all(name for name in parse_cookies(header))
