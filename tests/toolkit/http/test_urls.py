"""Paths and query strings."""

from urllib.parse import parse_qsl, quote_plus

import pytest
from hypothesis import given, strategies as st

from fwtrace.toolkit.http.errors import BadRequest, ContentTooLarge, HTTPError
from fwtrace.toolkit.http.urls import (
    decode_path_info,
    encode_query,
    parse_query,
    quote_path,
    safe_join,
)

texts = st.text(st.characters(codec="utf-8"), max_size=20)


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        ("", []),
        ("a=1&b=2&a=3", [("a", "1"), ("a", "3"), ("b", "2")]),
        ("q=two+words", [("q", "two words")]),
        ("q=caf%C3%A9", [("q", "café")]),
        ("blank=&flag&&", [("blank", ""), ("flag", "")]),
        ("a%3Db=c%26d", [("a=b", "c&d")]),
    ],
)
def test_parse_query(raw, pairs):
    assert list(parse_query(raw).items(multi=True)) == pairs


@pytest.mark.parametrize("raw", ["a=%", "a=%z", "a=%zz", "a=%ff", "%C3=1", "a=%2"])
def test_malformed_query_is_a_bad_request(raw):
    with pytest.raises(BadRequest):
        parse_query(raw)


def test_too_many_fields_are_refused():
    with pytest.raises(ContentTooLarge):
        parse_query("&".join(["a=1"] * 1001))


@given(st.lists(st.tuples(texts, texts), max_size=5))
def test_what_is_encoded_is_parsed(pairs):
    query = encode_query(pairs)
    assert sorted(parse_query(query).items(multi=True)) == sorted(
        parse_qsl(query, keep_blank_values=True)
    )


@given(st.text(max_size=50))
def test_any_query_is_parsed_or_refused(raw):
    try:
        parse_query(raw)
        status = 200
    except HTTPError as error:
        status = error.status
    assert status in (200, 400)


def test_path_info_is_utf8_in_latin1():
    assert decode_path_info("/caf\xc3\xa9") == "/café"
    with pytest.raises(BadRequest):
        decode_path_info("/\xff")
    with pytest.raises(BadRequest):
        decode_path_info("/a\0b")


def test_quote_path_keeps_slashes():
    assert quote_path("/a b/c?d") == "/a%20b/c%3Fd"
    assert quote_plus("a b") == "a+b"


@pytest.mark.parametrize(
    "part",
    [
        "../secret",
        "a/../../secret",
        "/etc/passwd",
        "a\0b",
        "..\\secret",
        "link/secret",
        "..",
        "a/..//../x",
    ],
)
def test_safe_join_never_leaves_the_root(tmp_path, part):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("x")
    (root / "link").symlink_to(tmp_path)
    assert safe_join(root, part) is None


@given(st.text(max_size=30))
def test_safe_join_of_anything_stays_below(part):
    found = safe_join("/srv/files", part)
    assert found is None or str(found).startswith("/srv/files")
