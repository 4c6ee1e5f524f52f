"""A mapping whose keys may come more than once."""

import pytest

from fwtrace.toolkit.http.multidict import MultiDict


def test_first_value_of_a_key_and_all_of_them():
    fields = MultiDict([("a", "1"), ("b", "2"), ("a", "3")])
    assert fields["a"] == "1"
    assert fields.getlist("a") == ["1", "3"]
    assert fields.getlist("c") == []
    assert list(fields) == ["a", "b"]
    with pytest.raises(KeyError):
        fields["c"]


def test_items_of_first_values_or_of_every_pair():
    fields = MultiDict([("a", 1), ("a", 2)])
    assert list(fields.items()) == [("a", 1)]
    assert list(fields.items(multi=True)) == [("a", 1), ("a", 2)]
    assert fields.to_dict() == {"a": 1}
    assert fields.to_dict(flat=False) == {"a": [1, 2]}


def test_get_converts_or_gives_the_default():
    fields = MultiDict({"page": "2", "bad": "x"})
    assert fields.get("page", 1, type=int) == 2
    assert fields.get("bad", 1, type=int) == 1
    assert fields.get("none", 1, type=int) == 1


def test_setting_replaces_adding_appends():
    fields = MultiDict({"a": 1})
    fields.add("a", 2)
    fields["b"] = 3
    fields["a"] = 4
    assert fields == MultiDict([("a", 4), ("b", 3)])
    assert repr(fields) == "MultiDict([('a', 4), ('b', 3)])"
