"""Request items as HTTPie has them."""

import pytest

from fwtrace.cli.errors import CommandError, UsageError
from fwtrace.cli.items import nested, parse_items


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
        (r"a\b=c", "fields", [(r"a\b", "c")]),
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
    assert items.fields == [("t", '{"a": 1}\n'), ("j", {"a": 1})]
    assert items.query == [("q", '{"a": 1}')]
    assert items.headers == [("H", '{"a": 1}')]


@pytest.mark.parametrize(
    "word",
    ["nonsense", "=x", ":x", "a:={", "a:=NaN", "a:=" + "[" * 9999, "X;y", "@f", ""],
    ids=lambda word: word[:9],
)
def test_malformed_item_is_one_sentence(word):
    with pytest.raises(UsageError, match=r"\.$"):
        parse_items([word])


def test_unreadable_file_is_named(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        parse_items([f"a=@{tmp_path}/none"])
    with pytest.raises(CommandError, match="directory"):
        parse_items([f"a=@{tmp_path}"])


def test_file_that_is_no_text_is_named(tmp_path):
    file = tmp_path / "v"
    file.write_bytes(b"\xff")
    with pytest.raises(CommandError, match="not UTF-8"):
        parse_items([f"a=@{file}"])


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
