"""Annotations, aggregates, functions, windows, subqueries: computed by the database."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    Abs,
    Avg,
    Case,
    Cast,
    CharField,
    Coalesce,
    Concat,
    Count,
    DateField,
    DecimalField,
    DenseRank,
    Exists,
    ExpressionWrapper,
    ExtractYear,
    F,
    FieldError,
    FirstValue,
    FloatField,
    ForeignKey,
    Greatest,
    IntegerField,
    Lag,
    Least,
    Length,
    Lower,
    ManyToManyField,
    Max,
    Min,
    Model,
    NullIf,
    OuterRef,
    Q,
    Rank,
    Replace,
    Round,
    RowNumber,
    RowRange,
    StdDev,
    StringAgg,
    Subquery,
    Substr,
    Sum,
    Trim,
    Trunc,
    TruncMonth,
    Upper,
    Value,
    Variance,
    When,
    Window,
)


class Shop(Model):
    name: Any = CharField(max_length=50)


class Label(Model):
    word: Any = CharField(max_length=50)


class Item(Model):
    shop: Any = ForeignKey(Shop, related_name="items")
    name: Any = CharField(max_length=50)
    price: Any = DecimalField(max_digits=8, decimal_places=2)
    stock: Any = IntegerField(null=True)
    added: Any = DateField()
    labels: Any = ManyToManyField(Label, related_name="items")

    class Meta:
        ordering = ["id"]


@pytest.fixture
def shops(connected):
    for model in (Shop, Label, Item):
        model.create_table()
    north, south = (Shop.objects.create(name=name) for name in ("North", "South"))
    Shop.objects.create(name="Empty")
    red, green = (Label.objects.create(word=word) for word in ("red", "green"))
    rows = [
        (north, "apple", "1.50", 10, (2024, 1, 5), [red, green]),
        (north, "Pear", "2.25", None, (2024, 2, 6), [green]),
        (south, "plum", "0.75", 30, (2025, 2, 7), []),
        (south, "fig", "4.00", 5, (2025, 3, 8), [red]),
    ]
    for shop, name, price, stock, day, labels in rows:
        item = Item.objects.create(
            shop=shop,
            name=name,
            price=Decimal(price),
            stock=stock,
            added=datetime.date(*day),
        )
        item.labels.add(*labels)
    return Shop.objects.order_by("id")


def names(rows):
    return [row.name for row in rows]


def test_count_of_related_rows(shops):
    counted = shops.annotate(n=Count("items"))
    assert [(s.name, s.n) for s in counted] == [
        ("North", 2),
        ("South", 2),
        ("Empty", 0),
    ]
    assert names(counted.filter(n__gt=0)) == ["North", "South"]
    assert names(counted.filter(n=0)) == ["Empty"]
    assert names(counted.order_by("-n", "-name")) == ["South", "North", "Empty"]
    assert counted.count() == 3
    assert counted.filter(n__gt=0).count() == 2


def test_aggregates_of_all_rows(shops):
    found = Item.objects.aggregate(
        Avg("stock"), total=Sum("price"), least=Min("price"), most=Max("stock")
    )
    assert found == {
        "stock__avg": 15.0,
        "total": Decimal("8.50"),
        "least": Decimal("0.75"),
        "most": 30,
    }
    assert Item.objects.filter(pk=0).aggregate(n=Count("*"), s=Sum("stock")) == {
        "n": 0,
        "s": None,
    }
    assert Item.objects.none().aggregate(n=Count("id"), s=Sum("stock", default=7)) == {
        "n": 0,
        "s": 7,
    }


def test_statistics(shops):
    found = Item.objects.aggregate(
        a=StdDev("stock"), b=Variance("stock"), c=Variance("stock", sample=True)
    )
    assert found["b"] == pytest.approx(116.6666, rel=1e-4)
    assert found["a"] == pytest.approx(10.8012, rel=1e-4)
    assert found["c"] == pytest.approx(175.0)


def test_aggregate_over_a_slice_distinct_and_groups(shops):
    assert Item.objects.order_by("price")[:2].aggregate(s=Sum("price")) == {
        "s": Decimal("2.25")
    }
    counted = shops.annotate(n=Count("items"))
    assert counted.aggregate(Max("n"), Avg("n")) == {
        "n__max": 2,
        "n__avg": pytest.approx(4 / 3, rel=1e-4),
    }
    assert Item.objects.values("shop").distinct().aggregate(n=Count("shop")) == {"n": 2}


def test_filtered_and_distinct_aggregates(shops):
    found = shops.annotate(
        cheap=Count("items", filter=Q(items__price__lt=2), distinct=True),
        labels=Count("items__labels", distinct=True),
    )
    assert [(s.cheap, s.labels) for s in found] == [(1, 2), (1, 1), (0, 0)]


def test_condition_denied_within_an_aggregate_is_about_its_rows(shops):
    found = shops.annotate(n=Count("items", filter=~Q(items__price__lt=2)))
    assert [s.n for s in found] == [1, 1, 0]


def test_values_before_annotate_groups_by_them(shops):
    found = Item.objects.order_by().values("shop__name").annotate(n=Count("id"))
    assert list(found.order_by("shop__name")) == [
        {"shop__name": "North", "n": 2},
        {"shop__name": "South", "n": 2},
    ]
    years = Item.objects.order_by().values(year=ExtractYear("added"))
    assert list(years.annotate(s=Sum("price")).order_by("year")) == [
        {"year": 2024, "s": Decimal("3.75")},
        {"year": 2025, "s": Decimal("4.75")},
    ]


def test_string_agg(shops):
    found = shops.annotate(all=StringAgg("items__name", ", ", order_by="items__id"))
    assert [s.all for s in found][:2] == ["apple, Pear", "plum, fig"]


def test_arithmetic_on_columns(shops):
    found = Item.objects.annotate(
        worth=ExpressionWrapper(
            F("price") * F("stock"), DecimalField(max_digits=10, decimal_places=2)
        ),
        more=F("stock") + 1,
        half=F("stock") / 2,
        rest=F("stock") % 3,
        less=-F("stock"),
    )
    apple = found.get(name="apple")
    assert (apple.worth, apple.more, apple.half, apple.rest) == (15, 11, 5, 1)
    assert apple.less == -10
    assert names(Item.objects.filter(stock__gt=F("price") * 7)) == ["plum"]
    Item.objects.filter(name="fig").update(stock=F("stock") * 2 + 1)
    assert Item.objects.get(name="fig").stock == 11


def test_text_functions(shops):
    apple = Item.objects.annotate(
        lower=Lower("name"),
        upper=Upper("name"),
        size=Length("name"),
        begin=Substr("name", 1, 2),
        both=Concat("name", Value(" in "), "shop__name"),
        other=Replace("name", "p", "b"),
        bare=Trim(Value("  x ")),
    ).get(name="apple")
    assert (apple.lower, apple.upper, apple.size) == ("apple", "APPLE", 5)
    assert (apple.begin, apple.both) == ("ap", "apple in North")
    assert (apple.other, apple.bare) == ("abble", "x")
    assert names(Item.objects.filter(name__lower="pear")) == ["Pear"]
    assert names(Item.objects.filter(name__length__lte=3)) == ["fig"]


def test_comparison_functions(shops):
    pear = Item.objects.annotate(
        stock_or=Coalesce("stock", 0),
        none=NullIf("name", Value("Pear")),
        high=Greatest("price", Value(Decimal(2))),
        low=Least("price", Value(Decimal(2))),
        text=Cast("price", CharField(max_length=20)),
        whole=Cast("price", IntegerField()),
        near=Round("price", 1),
        size=Abs(F("price") * -1),
    ).get(name="Pear")
    assert (pear.stock_or, pear.none, pear.high, pear.low) == (
        0,
        None,
        Decimal("2.25"),
        2,
    )
    assert pear.text.startswith("2.25")
    assert pear.whole == 2
    assert pear.size == Decimal("2.25")
    assert float(pear.near) == pytest.approx(2.3, abs=0.051)


def test_case_and_when(shops):
    size = Case(
        When(price__gte=2, then=Value("dear")),
        When(stock__isnull=True, then=Value("gone")),
        default=Value("cheap"),
    )
    found = Item.objects.annotate(size=size)
    assert [i.size for i in found] == ["cheap", "dear", "cheap", "dear"]
    assert names(found.filter(size="dear")) == ["Pear", "fig"]
    totals = Item.objects.aggregate(
        dear=Sum(
            Case(When(price__gte=2, then=1), default=0, output_field=IntegerField())
        )
    )
    assert totals == {"dear": 2}


def test_moments(shops):
    assert names(Item.objects.filter(added__year=2024, added__month__lt=2)) == ["apple"]
    assert names(Item.objects.filter(added__week_day=6)) == ["apple", "plum"]
    months = Item.objects.annotate(month=TruncMonth("added")).values_list("month")
    assert months[0] == (datetime.date(2024, 1, 1),)
    assert list(Item.objects.dates("added", "year")) == [
        datetime.date(2024, 1, 1),
        datetime.date(2025, 1, 1),
    ]
    quarter = Item.objects.annotate(q=Trunc("added", "quarter")).get(name="fig")
    assert quarter.q == datetime.date(2025, 1, 1)


def test_subqueries(shops):
    cheapest = Item.objects.filter(shop=OuterRef("pk")).order_by("price")
    found = shops.annotate(cheapest=Subquery(cheapest.values("name")[:1]))
    assert [s.cheapest for s in found] == ["apple", "plum", None]
    assert names(found.filter(cheapest="plum")) == ["South"]
    dear = Item.objects.filter(shop=OuterRef("pk"), price__gt=3)
    assert names(shops.filter(Exists(dear))) == ["South"]
    assert names(shops.filter(~Exists(dear))) == ["North", "Empty"]
    assert names(shops.filter(Exists(dear) | Q(name="Empty"))) == ["South", "Empty"]
    assert [s.has for s in shops.annotate(has=Exists(dear))] == [False, True, False]


def test_one_plan_serves_other_values_in_subqueries(shops):
    def richer(price):
        rows = Item.objects.filter(shop=OuterRef("pk"), price__gt=price)
        return names(shops.filter(Exists(rows), name__contains="o"))

    assert richer(2) == ["North", "South"]
    assert richer(3) == ["South"]
    assert richer(0) == ["North", "South"]


def test_windows(shops):
    by_price = Window(RowNumber(), partition_by="shop", order_by="price")
    found = Item.objects.annotate(place=by_price).order_by("shop", "place")
    assert [(i.name, i.place) for i in found] == [
        ("apple", 1),
        ("Pear", 2),
        ("plum", 1),
        ("fig", 2),
    ]
    assert names(found.filter(place=1)) == ["apple", "plum"]
    running = Window(Sum("price"), order_by="id", frame=RowRange(start=None, end=0))
    assert [i.sum for i in Item.objects.annotate(sum=running)] == [
        Decimal("1.50"),
        Decimal("3.75"),
        Decimal("4.50"),
        Decimal("8.50"),
    ]
    others = Item.objects.annotate(
        before=Window(Lag("name"), order_by="id"),
        first=Window(FirstValue("name"), order_by="id"),
        rank=Window(Rank(), order_by="shop"),
        dense=Window(DenseRank(), order_by="shop"),
    )
    assert [(i.before, i.first, i.rank, i.dense) for i in others] == [
        (None, "apple", 1, 1),
        ("apple", "apple", 1, 1),
        ("Pear", "apple", 3, 2),
        ("plum", "apple", 3, 2),
    ]


def test_ordering_by_expressions(shops):
    by = Item.objects.order_by(F("stock").asc(nulls_first=True))
    assert names(by)[0] == "Pear"
    assert names(Item.objects.order_by(F("stock").desc(nulls_last=True)))[-1] == "Pear"
    assert names(Item.objects.order_by(Lower("name"))) == [
        "apple",
        "fig",
        "Pear",
        "plum",
    ]
    assert len(Item.objects.order_by("?")) == 4


def test_alias_is_not_selected(shops):
    found = Item.objects.alias(double=F("stock") * 2).filter(double__gt=50)
    assert names(found) == ["plum"]
    assert not hasattr(found[0], "double")
    assert "double" not in str(found.query).partition("FROM")[0]


def test_annotation_may_not_hide_a_field(shops):
    with pytest.raises(ValueError, match="conflicts with a field"):
        Item.objects.annotate(name=Lower("name"))
    with pytest.raises(FieldError, match="Did you mean 'price'"):
        Item.objects.annotate(x=F("prcie"))
    with pytest.raises(TypeError, match="non-expression"):
        Item.objects.annotate(x="name")
    with pytest.raises(ValueError, match="cannot be the name"):
        Item.objects.annotate(**{'x" FROM item; --': F("name")})


def test_floats_of_the_database_are_floats(shops):
    found = Item.objects.annotate(f=Cast("stock", FloatField())).first()
    assert (found.f, type(found.f)) == (10.0, float)
