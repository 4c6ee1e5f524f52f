"""Request items as HTTPie has them."""

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.cli.errors import CommandError, UsageError
from fwtrace.cli.items import nested, parse_items
from fwtrace.cli.request import build_request


@pytest.mark.parametrize(
    ("word", "part", "expected"),
    [
        ("name=Ann", "fields", [("name", "Ann")]),
        ("age:=30", "fields", [("age", 30)]),
        ('tags:=["a"]', "fields", [("tags", ["a"])]),
        ("q==two words", "query", [("q", "two words")]),
        ("X-A:1", "headers", [("X-A", "1")]),
        ("X-A: 1", "headers", [("X-A", "1")]),
        ("X-A;", "headers", [("X-A", "")]),
        ("Accept:", "removed", ["Accept"]),
        ("file@a.txt", "files", [("file", "a.txt")]),
        (r"a\=b=c", "fields", [("a=b", "c")]),
        (r"a\:b=c", "fields", [("a:b", "c")]),
        ("url=http://x", "fields", [("url", "http://x")]),
        ("a=b==c", "fields", [("a", "b==c")]),
        ("name=", "fields", [("name", "")]),
    ],
)
def test_item(word, part, expected):
    assert getattr(parse_items([word]), part) == expected


def test_values_from_files(tmp_path):
    file = tmp_path / "v"
    file.write_text('{"a": 1}\n')
    items = parse_items([f"t=@{file}", f"j:=@{file}", f"q==@{file}", f"H:@{file}"])
    assert items.fields == [("t", '{"a": 1}'), ("j", {"a": 1})]
    assert items.query == [("q", '{"a": 1}')]
    assert items.headers == [("H", '{"a": 1}')]


@pytest.mark.parametrize("word", ["nonsense", "=x", ":x", "a:={", "X;y", "@f"])
def test_malformed_item_is_one_sentence(word):
    with pytest.raises(UsageError, match=r"\.$"):
        parse_items([word])


def test_unreadable_file_is_named(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        parse_items([f"a=@{tmp_path}/none"])


@pytest.mark.parametrize(
    ("words", "data"),
    [
        (["a=1", "b:=2"], {"a": "1", "b": 2}),
        (["a[b]=1", "a[c]=2"], {"a": {"b": "1", "c": "2"}}),
        (["a[]=1", "a[]=2"], {"a": ["1", "2"]}),
        (["a[b][]=1"], {"a": {"b": ["1"]}}),
        (["a[=1"], {"a[": "1"}),
    ],
)
def test_nested_fields(words, data):
    assert nested(parse_items(words).fields) == data


@pytest.mark.parametrize("words", [["a=1", "a[b]=2"], ["a[]=1", "a[b]=2"]])
def test_fields_that_contradict_each_other_are_refused(words):
    with pytest.raises(UsageError, match="item"):
        nested(parse_items(words).fields)


@pytest.mark.parametrize(
    ("words", "method", "target"),
    [
        (["/users"], "GET", "/users"),
        (["post", "/users"], "POST", "/users"),
        (["/users", "name=x"], "POST", "/users"),
        (["users/1", "q==a b"], "GET", "/users/1?q=a+b"),
        (["/x?a=1", "b==2"], "GET", "/x?a=1&b=2"),
        (["http://localhost:8000/x?a=1#f"], "GET", "/x?a=1"),
        (["/é"], "GET", "/%C3%A9"),
        (["DELETE", "/users/1"], "DELETE", "/users/1"),
    ],
)
def test_method_and_target(words, method, target):
    request = build_request(words)
    assert (request.method, request.target) == (method, target)


def test_bodies_json_form_multipart_and_raw(tmp_path):
    assert build_request(["/", "a=1"]).body == b'{"a": "1"}'
    form = build_request(["/", "a=1", "b=x y"], form=True)
    assert form.body == b"a=1&b=x+y"
    assert dict(form.headers)["Content-Type"] == "application/x-www-form-urlencoded"
    file = tmp_path / "up.txt"
    file.write_bytes(b"hello")
    upload = build_request(["/", f"f@{file}"])
    assert b'filename="up.txt"' in upload.body
    assert dict(upload.headers)["Content-Type"].startswith("multipart/form-data")
    assert build_request(["/"], body=f"@{file}").body == b"hello"
    with pytest.raises(UsageError, match="not both"):
        build_request(["/", "a=1"], body="x")


def test_headers_replace_and_remove_ours():
    headers = build_request(
        ["/", "accept:text/html", "User-Agent:", "X:1", "X:2"]
    ).headers
    assert headers == [("accept", "text/html"), ("X", "1"), ("X", "2")]


def test_cookies_are_sent_together():
    headers = build_request(["/"], cookies=["a=1", "b=2"]).headers
    assert ("Cookie", "a=1; b=2") in headers
    with pytest.raises(UsageError, match="name=value"):
        build_request(["/"], cookies=["nonsense"])


@pytest.mark.parametrize("word", ["X:a\r\nb", "X Y:1", "X:☃"])
def test_header_that_http_cannot_carry_is_one_sentence(word):
    with pytest.raises(UsageError):
        build_request(["/", word])


@given(st.lists(st.text(max_size=15), min_size=1, max_size=4))
@settings(deadline=None)
def test_any_words_are_a_request_or_one_sentence(words):
    try:
        target = build_request(words).target
    except CommandError as error:
        target = f"/{str(error) and 'one sentence'}"
    assert target.startswith("/")
    assert len(target) > 1 or words[0] in ("", "/") or target == "/"
    assert target.isascii()
