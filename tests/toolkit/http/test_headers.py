"""Headers: any case, in order, duplicates kept, nothing that could split them."""

import pytest
from hypothesis import given, strategies as st

from fwtrace.toolkit.http.headers import Headers, parse_options, split_list


def test_names_match_in_any_case_and_keep_their_own():
    headers = Headers([("Content-Type", "text/plain")])
    assert headers["content-type"] == "text/plain"
    assert "CONTENT-TYPE" in headers
    assert headers.to_list() == [("Content-Type", "text/plain")]


def test_duplicates_are_kept_until_set():
    headers = Headers([("A", "1"), ("B", "2")])
    headers.add("a", "3")
    assert headers.getlist("A") == ["1", "3"]
    headers["a"] = "4"
    assert headers.to_list() == [("a", "4"), ("B", "2")]


def test_deleting_removes_all_of_a_name():
    headers = Headers({"A": "1", "B": "2"})
    del headers["a"]
    assert headers.keys() == ["B"]
    with pytest.raises(KeyError):
        headers["A"]


def test_setdefault_keeps_what_is_there():
    headers = Headers({"A": "1"})
    assert (headers.setdefault("a", "2"), headers.setdefault("B", "3")) == ("1", "3")


def test_equal_headers_differ_in_case_of_names_only():
    assert Headers({"A": "1"}) == Headers({"a": "1"})
    assert Headers({"A": "1"}) != Headers({"A": "2"})


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nb", "a\0b", "☃"])
def test_value_that_a_header_cannot_carry_is_refused(value):
    with pytest.raises(ValueError, match="cannot be a header"):
        Headers([("X", value)])


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "é"])
def test_name_that_is_no_token_is_refused(name):
    with pytest.raises(ValueError, match="no header name"):
        Headers([(name, "x")])


@given(st.text())
def test_any_value_is_refused_or_kept_without_line_breaks(value):
    try:
        headers = Headers([("X", value)])
    except ValueError:
        return
    assert headers["X"] == value
    assert not set("\r\n\0") & set(value)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("text/html; charset=utf-8", ("text/html", {"charset": "utf-8"})),
        ('form-data; name="a;b"', ("form-data", {"name": "a;b"})),
        (r'x; a="q\"uo"; B=2', ("x", {"a": 'q"uo', "b": "2"})),
        ("TEXT/PLAIN", ("text/plain", {})),
        ("", ("", {})),
        ("x; =1; ;;", ("x", {})),
    ],
)
def test_parse_options(header, expected):
    assert parse_options(header) == expected


@given(st.text())
def test_parse_options_takes_anything(header):
    value, options = parse_options(header)
    assert isinstance(value, str)
    assert all(key == key.lower() for key in options)


@pytest.mark.parametrize(
    ("header", "members"),
    [
        ("", []),
        ("a", ["a"]),
        (" a , b ", ["a", "b"]),
        ("a,,b", ["a", "b"]),
        ('a="b, c", d', ['a="b, c"', "d"]),
        ('a="b\\", c", d', ['a="b\\", c"', "d"]),
    ],
)
def test_a_list_is_split_at_commas_outside_quotes(header, members):
    assert split_list(header) == members
