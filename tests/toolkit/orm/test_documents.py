"""JSON: documents by their keys, on every server."""

from typing import Any

import pytest

from fwtrace.toolkit.orm import F, JSONField, Model, NotSupportedError, Q


class Paper(Model):
    data: Any = JSONField(null=True)

    class Meta:
        ordering = ["id"]


DOCUMENTS: list[Any] = [
    {"name": "Ann", "age": 30, "tags": ["a", "b"], "home": {"city": "Rome"}},
    {"name": "bob", "age": 9, "tags": [], "home": None, "it's": 1},
    {"name": "100%", "age": 4.5, "ok": True},
    [1, {"x": "y"}],
    None,
]


@pytest.fixture
def papers(connected):
    Paper.create_table()
    for document in DOCUMENTS:
        Paper.objects.create(data=document)
    return Paper.objects


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"data__name": "Ann"}, [1]),
        ({"data__home__city": "Rome"}, [1]),
        ({"data__tags__0": "a"}, [1]),
        ({"data__1__x": "y"}, [4]),
        ({"data__age": 9}, [2]),
        ({"data__ok": True}, [3]),
        ({"data__home": None}, [2]),
        ({"data__home__isnull": False}, [1, 2]),
        ({"data__isnull": True}, [5]),
        ({"data__age__gt": 5}, [1, 2]),
        ({"data__age__lte": 9}, [2, 3]),
        ({"data__name__in": ["bob", "Ann"]}, [1, 2]),
        ({"data__name__icontains": "B"}, [2]),
        ({"data__name__startswith": "100%"}, [3]),
        ({"data__name__iexact": "ANN"}, [1]),
        ({"data__name__regex": "^[Ab]"}, [1, 2]),
        ({"data__tags": ["a", "b"]}, [1]),
        ({"data": [1, {"x": "y"}]}, [4]),
        ({"data__has_key": "ok"}, [3]),
        ({"data__has_keys": ["name", "tags"]}, [1, 2]),
        ({"data__has_any_keys": ["ok", "tags"]}, [1, 2, 3]),
        ({"data__it's": 1}, [2]),
        ({'data__x"]; DROP': 1}, []),
        ({"data__%s__?": 1}, []),
    ],
)
def test_conditions_on_keys(papers, conditions, found):
    assert list(papers.filter(**conditions).values_list("pk", flat=True)) == found


def test_excluded_and_combined(papers):
    rows = papers.exclude(data__name="Ann").filter(data__has_key="name")
    assert [paper.pk for paper in rows] == [2, 3]
    both = papers.filter(Q(data__name="Ann") | Q(data__age__lt=5))
    assert [paper.pk for paper in both] == [1, 3]


def test_keys_are_values_and_orders(papers):
    named = papers.filter(data__has_key="name")
    assert list(named.values_list("data__name", "data__age")) == [
        ("Ann", 30),
        ("bob", 9),
        ("100%", 4.5),
    ]
    assert named.annotate(tags=F("data__tags")).first().tags == ["a", "b"]
    assert list(papers.filter(data__1__x="y").values("data__0")) == [{"data__0": 1}]


def test_containment_where_the_database_has_it(papers, connected):
    rows = papers.filter(data__contains={"name": "Ann", "home": {"city": "Rome"}})
    if connected.vendor == "sqlite":
        with pytest.raises(NotSupportedError, match="contains"):
            list(rows)
    else:
        assert [paper.pk for paper in rows] == [1]
        wide = {"name": "100%", "age": 4.5, "ok": True, "more": 1}
        assert [paper.pk for paper in papers.filter(data__contained_by=wide)] == [3]
