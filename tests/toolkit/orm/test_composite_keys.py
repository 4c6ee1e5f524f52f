"""Primary keys of several columns: ``pk = CompositePrimaryKey("order_id", "line")``."""

import copy
import datetime
import decimal
import pickle
import uuid
from typing import Any

import pytest

from fwtrace.toolkit import orm
from fwtrace.toolkit.orm import (
    AutoField,
    Case,
    CharField,
    CheckConstraint,
    CompositePrimaryKey,
    Count,
    DatabaseError,
    DateField,
    DateTimeField,
    DecimalField,
    Exists,
    F,
    FieldDoesNotExist,
    FieldError,
    ForeignKey,
    GeneratedField,
    Index,
    IntegerField,
    IntegrityError,
    Length,
    ManyToManyField,
    Max,
    Model,
    OneToOneField,
    OuterRef,
    Prefetch,
    Q,
    RowNumber,
    Subquery,
    UniqueConstraint,
    UUIDField,
    Value,
    When,
    Window,
    create_tables,
    post_delete,
)
from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.model import ModelBase
from fwtrace.toolkit.orm.schema import create_statements
from fwtrace.toolkit.validators import ValidationError
from tests.toolkit.orm import oracle
from tests.toolkit.orm.servers import only_sqlite


class Order(Model):
    name: Any = CharField(max_length=20)
    lines: Any
    product_set: Any


class Product(Model):
    name: Any = CharField(max_length=20)
    orders: Any = ManyToManyField(Order, through="OrderLine")
    orderline_set: Any


class OrderLine(Model):
    pk: Any = CompositePrimaryKey("order_id", "position")
    order: Any = ForeignKey(Order, related_name="lines")
    position: Any = IntegerField()
    product: Any = ForeignKey(Product, null=True, blank=True)
    note: Any = CharField(max_length=20, default="", blank=True)


@pytest.fixture
def shop(connected):
    """Order 1 has the lines 1 and 2, order 2 the line 1; order 3 has none."""
    create_tables([Order, Product, OrderLine], connected)
    orders = [Order.objects.create(name=name) for name in ("one", "two", "three")]
    tea = Product.objects.create(name="tea")
    for order, position in ((1, 1), (1, 2), (2, 1)):
        OrderLine.objects.create(
            pk=(order, position), product=tea, note=f"{order}-{position}"
        )
    return orders


LINES = OrderLine.objects


def keys(rows):
    return [row.pk for row in rows]


# The class.


def test_the_key_is_made_of_fields_of_the_model():
    meta = OrderLine._meta
    key: Any = meta.pk
    order, position = map(meta.get_field, ("order", "position"))
    assert key is meta.get_field("pk")
    assert (key.name, key.attname, key.column) == ("pk", "pk", None)
    assert (key.primary_key, key.unique, key.null, key.editable) == (
        True,
        True,
        False,
        False,
    )
    assert key.fields == meta.pk_fields == (order, position)
    assert key.columns == ("order_id", "position")
    assert [field.name for field in meta.fields] == [
        "pk",
        "order",
        "position",
        "product",
        "note",
    ]
    assert key not in meta.concrete_fields
    assert not order.primary_key


def test_pk_fields_of_other_models_are_their_one_key():
    assert Order._meta.pk_fields == (Order._meta.get_field("id"),)


def test_a_foreign_key_is_named_with_or_without_id():
    class Hall(Model):
        pass

    class Seat(Model):
        pk: Any = CompositePrimaryKey("hall", "number")
        hall: Any = ForeignKey(Hall)
        number: Any = IntegerField()

    assert Seat(hall_id=3, number=4).pk == (3, 4)


def test_deconstruct_gives_the_names_by_position():
    assert OrderLine._meta.pk.deconstruct() == (
        "pk",
        "fwtrace.toolkit.orm.CompositePrimaryKey",
        ["order_id", "position"],
        {},
    )
    key = CompositePrimaryKey("a", "b", verbose_name="both")
    assert key.clone().deconstruct()[2:] == (["a", "b"], {"verbose_name": "both"})


@pytest.mark.parametrize(
    ("names", "options", "why"),
    [
        ((), {}, "needs the names of at least two fields"),
        (("a",), {}, "needs the names of at least two fields"),
        (("a", "a"), {}, "names a field twice: a, a"),
        (("a", 1), {}, "takes the names of fields, not 1"),
        (("a", "b"), {"null": True}, "cannot be null"),
        (("a", "b"), {"default": (1, 2)}, "has no default"),
        (("a", "b"), {"db_default": (1, 2)}, "has no db_default"),
        (("a", "b"), {"db_column": "ab"}, "has no db_column"),
        (("a", "b"), {"db_index": True}, "has no db_index"),
        (("a", "b"), {"db_comment": "!"}, "has no db_comment"),
        (("a", "b"), {"editable": True}, "leave primary_key, editable and blank away"),
        (("a", "b"), {"primary_key": False}, "leave primary_key, editable and blank"),
    ],
)
def test_a_key_refuses_what_is_no_key(names, options, why):
    with pytest.raises(ValueError, match=why):
        CompositePrimaryKey(*names, **options)


class Parent(Model):
    """What classes refer to that come to nothing."""


AB: dict[str, Any] = {"a": IntegerField(), "b": IntegerField()}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"key": CompositePrimaryKey("a", "b")}, "is called pk, not 'key'"),
        ({"pk": CompositePrimaryKey("a", "c")}, "'c', which is no column of its own"),
        ({"pk": CompositePrimaryKey("a", "pk")}, "'pk', which is no column of its own"),
        ({"b": IntegerField(null=True)}, "'b', which can be NULL"),
        (
            {
                "b": GeneratedField(
                    expression=F("a") + 1, output_field=IntegerField(), db_persist=True
                )
            },
            "'b', which the database works out",
        ),
        ({"id": AutoField(primary_key=True)}, "two primary keys, 'id' and 'pk'"),
        (
            {
                "pk": CompositePrimaryKey("parent", "parent_id"),
                "parent": ForeignKey(Parent),
            },
            "one field under two names: parent, parent_id",
        ),
        ({"a": ForeignKey("self")}, "Wrong.a cannot refer to Wrong"),
        ({"tags": ManyToManyField(Parent)}, "Wrong.tags cannot keep pairs of Wrong"),
    ],
)
def test_a_model_refuses_a_key_that_it_cannot_have(body, why):
    namespace = {"pk": CompositePrimaryKey("a", "b"), **copy.deepcopy(AB), **body}
    if "key" in body:
        del namespace["pk"]
    with pytest.raises(TypeError, match=why):
        ModelBase("Wrong", (Model,), {"__module__": __name__, **namespace})


@pytest.mark.parametrize(
    "options",
    [
        {"unique_together": [("pk", "c")]},
        {"indexes": [Index(fields=["-pk"], name="wrong")]},
        {"constraints": [UniqueConstraint(fields=["pk"], name="wrong")]},
        {"constraints": [CheckConstraint(condition=Q(pk__gt=(0, 0)), name="wrong")]},
        {"constraints": [CheckConstraint(condition=~Q(Q(pk=(0, 0))), name="wrong")]},
    ],
)
def test_the_meta_names_the_columns_and_not_the_key(options):
    with pytest.raises(TypeError, match="name its columns, a, b"):

        class Wrong(Model):
            pk = CompositePrimaryKey("a", "b")
            a = IntegerField()
            b = IntegerField()
            c = IntegerField()
            Meta = type("Meta", (), options)


@pytest.mark.parametrize("kind", [ForeignKey, OneToOneField])
@pytest.mark.parametrize("options", [{}, {"to_field": "pk"}, {"db_constraint": False}])
def test_a_foreign_key_cannot_refer_to_such_a_key(kind, options):
    with pytest.raises(TypeError, match="Delivery.line cannot refer to OrderLine"):

        class Delivery(Model):
            line = kind(OrderLine, **options)


def test_a_many_to_many_relation_cannot_either():
    with pytest.raises(TypeError, match="Delivery.lines cannot keep pairs of OrderLin"):

        class Delivery(Model):
            lines = ManyToManyField(OrderLine)


def test_nor_can_a_table_that_inherits():
    with pytest.raises(TypeError, match="orderline_ptr cannot refer to OrderLine"):

        class GiftLine(OrderLine):
            ribbon = CharField(max_length=9)


def test_a_reference_by_name_is_refused_once_there_is_the_model():
    class Waiting(Model):
        line: Any = ForeignKey("KeyedLater")

    with pytest.raises(TypeError, match="Waiting.line cannot refer to KeyedLater"):

        class KeyedLater(Model):
            pk = CompositePrimaryKey("a", "b")
            a = IntegerField()
            b = IntegerField()


def test_a_foreign_key_to_a_unique_column_of_such_a_model(connected):
    class Ticket(Model):
        pk: Any = CompositePrimaryKey("row", "seat")
        row: Any = IntegerField()
        seat: Any = IntegerField()
        code: Any = CharField(max_length=9, unique=True)

    class Visit(Model):
        ticket: Any = ForeignKey(Ticket, to_field="code", null=True)

    create_tables([Ticket, Visit], connected)
    ticket = Ticket.objects.create(row=1, seat=2, code="A")
    Visit.objects.create(ticket=ticket)
    Visit.objects.create()
    visits = Visit.objects.select_related("ticket").order_by("pk")
    assert [visit.ticket for visit in visits] == [ticket, None]
    assert Visit.objects.get(ticket__pk=(1, 2)).ticket.pk == (1, 2)
    assert list(visits.values_list("ticket__pk", flat=True)) == [(1, 2), (None, None)]
    assert Visit.objects.exclude(ticket__pk=(1, 2)).count() == 1


def test_an_abstract_model_passes_the_key_on(connected):
    class Dated(Model):
        pk: Any = CompositePrimaryKey("year", "number")
        year: Any = IntegerField()
        number: Any = IntegerField()

        class Meta:
            abstract = True

    class Invoice(Dated):
        total: Any = IntegerField(default=0)

        class Meta:
            ordering = ["-pk"]

    class Letter(Dated):
        pass

    Invoice.create_table()
    for number in (1, 2):
        Invoice.objects.create(year=2024, number=number)
    assert keys(Invoice.objects.all()) == [(2024, 2), (2024, 1)]
    assert [field.model for field in Letter._meta.pk_fields] == [Letter, Letter]


def test_a_proxy_has_the_key_of_its_model(shop):
    class Gift(OrderLine):
        class Meta:
            proxy = True

    found = Gift.objects.get(pk=(1, 2))
    assert found == LINES.get(pk=(1, 2))
    assert Gift._meta.pk is OrderLine._meta.pk


# Its value.


def test_it_is_a_tuple_that_can_be_set():
    line: Any = OrderLine(pk=(1, 2), note="x")
    assert (line.order_id, line.position, line.pk) == (1, 2, (1, 2))
    line.position = 3
    assert line.pk == (1, 3)
    line.pk = [4, 5]
    assert (line.order_id, line.position) == (4, 5)
    line.pk = None
    assert line.pk == (None, None)


@pytest.mark.parametrize("value", [5, "ab", (1,), (1, 2, 3)])
def test_it_takes_a_tuple_of_its_length_alone(value):
    why = r"expected a tuple of 2 values \(order_id, position\)"
    with pytest.raises(ValueError, match=why):
        OrderLine(pk=value)
    with pytest.raises(ValueError, match=why):
        OrderLine().pk = value


def test_it_is_set_once_each_of_its_fields_is():
    assert not OrderLine()._is_pk_set()
    assert not OrderLine(order_id=1)._is_pk_set()
    assert OrderLine(order_id=1, position=0)._is_pk_set()
    assert not Order()._is_pk_set()
    assert Order(id=1)._is_pk_set()


def test_setting_it_changes_what_a_foreign_key_refers_to(shop):
    line = LINES.get(pk=(1, 1))
    assert line.order.name == "one"
    line.pk = (2, 1)
    assert line.order.name == "two"


def test_instances_of_one_key_are_equal():
    one = OrderLine(pk=(1, 2), note="a")
    assert one == OrderLine(pk=[1, 2], note="b")
    assert one != OrderLine(pk=(2, 1))
    assert len({one, OrderLine(pk=(1, 2))}) == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(OrderLine(order_id=1))


def test_it_is_shown():
    assert str(OrderLine(pk=(1, 2))) == "OrderLine object ((1, 2))"
    assert repr(OrderLine(pk=(1, None))) == "<OrderLine: OrderLine object ((1, None))>"


def test_it_survives_pickling_and_files(shop):
    line = LINES.get(pk=(1, 2))
    assert pickle.loads(pickle.dumps(line)).pk == (1, 2)
    key: Any = OrderLine._meta.pk
    assert key.value_from_object(line) == (1, 2)
    text = key.value_to_string(line)
    assert text == '["1", "2"]'
    assert key.to_python(text) == (1, 2)
    assert key.to_python((1, 2)) == (1, 2)
    with pytest.raises(ValidationError, match="no list of the values"):
        key.to_python("1-2")


# Asking for it.


def test_get(shop):
    assert LINES.get(pk=(1, 2)).note == "1-2"
    assert LINES.get(pk=["1", "2"]).note == "1-2"
    assert LINES.get(pk=(shop[0], 2)).note == "1-2"
    for missing in ((9, 9), (1, None)):
        with pytest.raises(OrderLine.DoesNotExist):
            LINES.get(pk=missing)


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"pk": (1, 2)}, [(1, 2)]),
        ({"pk": OrderLine(pk=(1, 2))}, [(1, 2)]),
        ({"pk__in": [(1, 2), (2, 1), (9, 9), (1, None)]}, [(1, 2), (2, 1)]),
        ({"pk__in": {(1, 2)}}, [(1, 2)]),
        ({"pk__in": []}, []),
        ({"pk__in": [(1, None)]}, []),
        ({"pk__gt": (1, 1)}, [(1, 2), (2, 1)]),
        ({"pk__gte": (1, 2)}, [(1, 2), (2, 1)]),
        ({"pk__lt": (2, 1)}, [(1, 1), (1, 2)]),
        ({"pk__lte": (1, 1)}, [(1, 1)]),
        ({"pk__gt": (1, 1), "pk__lt": (2, 0)}, [(1, 2)]),
        ({"pk__isnull": False}, [(1, 1), (1, 2), (2, 1)]),
        ({"pk__isnull": True}, []),
        ({"pk": (F("order_id"), 2)}, [(1, 2)]),
        ({"pk__gt": (F("order_id"), 1)}, [(1, 2)]),
        ({"pk": F("pk"), "position": 2}, [(1, 2)]),
    ],
)
def test_filter_compares_as_tuples_are(shop, conditions, found):
    assert keys(LINES.filter(**conditions).order_by("pk")) == found


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ({"pk": (1, 2)}, [(1, 1), (2, 1)]),
        ({"pk__in": [(1, 2), (2, 1)]}, [(1, 1)]),
        ({"pk__gt": (1, 1)}, [(1, 1)]),
        ({"pk__in": []}, [(1, 1), (1, 2), (2, 1)]),
        ({"pk__isnull": False}, []),
    ],
)
def test_exclude_leaves_the_others(shop, conditions, left):
    assert keys(LINES.exclude(**conditions).order_by("pk")) == left
    assert keys(LINES.filter(~Q(**conditions)).order_by("pk")) == left


def test_conditions_are_combined(shop):
    either = Q(pk=(1, 1)) | Q(pk=(2, 1))
    assert keys(LINES.filter(either).order_by("-pk")) == [(2, 1), (1, 1)]
    assert keys(LINES.filter(either ^ Q(position=1))) == []
    both = LINES.filter(pk__gt=(1, 1)) & LINES.filter(pk__lt=(2, 1))
    assert keys(both) == [(1, 2)]
    assert (LINES.filter(pk=(1, 1)) | LINES.filter(pk=(2, 1))).count() == 2


BEYOND = 2**70


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"pk": (BEYOND, 1)}, []),
        ({"pk__in": [(BEYOND, 1), (1, -BEYOND)]}, []),
        ({"pk__in": [(BEYOND, 1), (1, 2)]}, [(1, 2)]),
        ({"pk__lt": (BEYOND, 1)}, [(1, 1), (1, 2), (2, 1)]),
        ({"pk__gt": (BEYOND, 1)}, []),
        ({"pk__gte": (-BEYOND, 1)}, [(1, 1), (1, 2), (2, 1)]),
        ({"pk__lt": (1, BEYOND)}, [(1, 1), (1, 2)]),
        ({"pk__gt": (1, BEYOND)}, [(2, 1)]),
        ({"pk__gte": (2, -BEYOND)}, [(2, 1)]),
        ({"pk__lte": (2, -BEYOND)}, [(1, 1), (1, 2)]),
    ],
)
def test_numbers_that_no_column_can_hold(shop, conditions, found):
    for _ in range(2):  # with and without a plan for smaller ones
        assert keys(LINES.filter(**conditions).order_by("pk")) == found
        name = next(iter(conditions))
        LINES.filter(**{name: [(1, 1)] if name == "pk__in" else (1, 1)}).exists()


@pytest.mark.parametrize(
    "conditions",
    [
        {"pk": 1},
        {"pk": "12"},
        {"pk": None},
        {"pk": True},
        {"pk": ()},
        {"pk": (1,)},
        {"pk": (1, 2, 3)},
        {"pk": (F("order_id"),)},
        {"pk": F("position")},
        {"pk__gt": None},
        {"pk__gt": (1,)},
        {"pk__in": (1, 2)},
        {"pk__in": [(1, 2), None]},
        {"pk__in": [(1, 2, 3)]},
    ],
)
def test_what_is_no_key_is_refused(conditions):
    with pytest.raises(ValueError, match="Field 'pk' of OrderLine expected a tuple of"):
        LINES.filter(**conditions)


def test_a_value_that_its_field_cannot_have_is_refused():
    with pytest.raises(ValueError, match="Field 'position' of OrderLine expected a nu"):
        LINES.filter(pk=(1, "x"))
    with pytest.raises(TypeError, match="pk__in takes a list or a queryset, not 5"):
        LINES.filter(pk__in=5)
    with pytest.raises(ValueError, match="pk__isnull takes True or False, not 1"):
        LINES.filter(pk__isnull=1)


@pytest.mark.parametrize("name", ["contains", "iexact", "range", "order", "0"])
def test_it_has_no_other_lookups(name):
    why = "for CompositePrimaryKey 'pk'.* There are exact, gt, gte, in, isnull, lt, lte"
    with pytest.raises(FieldError, match=why):
        LINES.filter(**{f"pk__{name}": (1, 2)})


@only_sqlite
def test_it_is_compared_as_a_row(shop, statements):
    list(LINES.filter(pk=(1, 2)))
    list(LINES.filter(pk__gte=(1, 2)))
    list(LINES.filter(pk__in=[(1, 2), (2, 1)]))
    list(LINES.order_by("-pk"))
    row, place = '("orderline"."order_id", "orderline"."position")', "(?, ?)"
    assert [sql.split('"orderline" ')[1] for sql, _ in statements] == [
        f"WHERE {row} = {place}",
        f"WHERE {row} >= {place}",
        f"WHERE {row} IN (VALUES {place}, {place})",
        'ORDER BY "orderline"."order_id" DESC, "orderline"."position" DESC',
    ]
    assert [params for _, params in statements] == [[1, 2], [1, 2], [1, 2, 2, 1], []]


def test_a_query_is_compiled_once_for_all_keys(shop):
    first, second = LINES.filter(pk=(1, 1)), LINES.filter(pk=(2, 1))
    assert first.plan is second.plan
    assert [first.get().pk, second.get().pk] == [(1, 1), (2, 1)]


@pytest.mark.parametrize(
    "rows",
    [
        LINES.filter(position=1).values("order", "position"),
        LINES.filter(position=1).values("pk"),
        LINES.filter(position=1).values_list("order_id", "position"),
        LINES.filter(position=1).values_list("pk", flat=True),
        LINES.filter(position=1),
        Subquery(LINES.filter(position=1).values("pk")),
    ],
    ids=["columns", "pk", "list", "flat", "rows", "subquery"],
)
def test_in_the_rows_of_a_queryset(shop, rows):
    assert keys(LINES.filter(pk__in=rows).order_by("pk")) == [(1, 1), (2, 1)]
    assert keys(LINES.exclude(pk__in=rows)) == [(1, 2)]


def test_a_slice_is_a_queryset_of_fewer_rows(shop):
    last = LINES.order_by("-pk").values("pk")[:1]
    assert keys(LINES.filter(pk__in=last)) == [(2, 1)]
    assert keys(LINES.filter(pk=last)) == [(2, 1)]
    assert keys(LINES.filter(pk__lt=last).order_by("pk")) == [(1, 1), (1, 2)]
    assert [o.name for o in Order.objects.filter(lines__pk=last)] == ["two"]


@pytest.mark.parametrize("names", [["order"], ["order", "position", "note"]])
def test_a_queryset_has_as_many_columns_as_the_key(names):
    with pytest.raises(ValueError, match="key of 2 columns must have as many"):
        LINES.filter(pk__in=LINES.values(*names))


def test_one_column_is_not_compared_with_a_key():
    with pytest.raises(FieldError, match="must have one column"):
        LINES.filter(order__in=LINES.values("pk"))
    with pytest.raises(ValueError, match="note__exact takes one value"):
        LINES.filter(note=F("pk"))


def test_keys_of_the_query_around(shop):
    same = OrderLine.objects.filter(pk=OuterRef("pk"))
    noted = LINES.annotate(n=Subquery(same.values("note")[:1])).order_by("pk")
    assert list(noted.values_list("n", flat=True)) == ["1-1", "1-2", "2-1"]
    later = LINES.filter(order=OuterRef("order"), pk__gt=OuterRef("pk"))
    assert keys(LINES.filter(Exists(later))) == [(1, 1)]


@pytest.mark.parametrize("count", [50, 2_000, 20_000])
def test_lists_of_many_keys(shop, count):
    wanted = [(order, position) for position in range(count // 2) for order in (1, 2)]
    assert keys(LINES.filter(pk__in=wanted).order_by("pk")) == [(1, 1), (1, 2), (2, 1)]


class Reading(Model):
    pk: Any = CompositePrimaryKey("amount", "sensor", "at", "token")
    amount: Any = DecimalField(max_digits=8, decimal_places=2)
    sensor: Any = CharField(max_length=4)
    at: Any = DateTimeField()
    token: Any = UUIDField(default=uuid.uuid4)
    note: Any = CharField(max_length=9, default="")


def test_columns_of_any_kind(connected):
    Reading.create_table()
    start = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    rows = [
        Reading(
            amount=decimal.Decimal(n) / 4,
            sensor="02" if n % 2 else "1",
            at=start + datetime.timedelta(seconds=n),
        )
        for n in range(300)
    ]
    Reading.objects.bulk_create(rows)
    known = keys(rows)
    assert list(Reading.objects.order_by("pk").values_list("pk", flat=True)) == known
    assert Reading.objects.get(pk=known[7]).pk == known[7]
    assert Reading.objects.filter(pk__gt=known[7]).count() == 292
    for count in (5, 130, 300):
        assert Reading.objects.filter(pk__in=known[:count]).count() == count
    longer = [(amount, sensor + "0000", *rest) for amount, sensor, *rest in known]
    assert not Reading.objects.filter(pk__in=longer).exists()
    rows[3].note = "x"
    rows[3].save()
    assert Reading.objects.get(pk=known[3]).note == "x"


# In order, as values, counted.


def test_order(shop):
    rows = LINES.all()
    assert keys(rows.order_by("-pk")) == [(2, 1), (1, 2), (1, 1)]
    assert keys(rows.order_by("pk").reverse()) == [(2, 1), (1, 2), (1, 1)]
    assert keys(rows.order_by(F("pk").desc())) == [(2, 1), (1, 2), (1, 1)]
    assert keys(rows.order_by("position", "-pk")) == [(2, 1), (1, 1), (1, 2)]
    assert keys(rows.annotate(key=F("pk")).order_by("-key"))[0] == (2, 1)
    assert keys(rows.order_by("pk").distinct()) == [(1, 1), (1, 2), (2, 1)]


def test_the_first_and_the_last(shop):
    first, last = LINES.first(), LINES.last()
    assert [first, last] == [OrderLine(pk=(1, 1)), OrderLine(pk=(2, 1))]
    assert [LINES.earliest("pk"), LINES.latest("pk")] == [first, last]
    assert [row.pk for row in LINES.order_by("pk")[1:]] == [(1, 2), (2, 1)]


def test_values(shop):
    rows = LINES.order_by("pk")
    assert list(rows.values("pk"))[0] == {"pk": (1, 1)}
    assert list(rows.values("note", "pk"))[0] == {"note": "1-1", "pk": (1, 1)}
    assert list(rows.values_list("pk", flat=True)) == [(1, 1), (1, 2), (2, 1)]
    assert list(rows.values_list("pk", "note"))[0] == ((1, 1), "1-1")
    assert rows.values_list("pk", named=True)[0].pk == (1, 1)
    assert rows.values(key=F("pk"))[0] == {"key": (1, 1)}
    assert rows.annotate(key=F("pk")).get(key=(1, 2)).key == (1, 2)
    assert "pk" not in rows.values()[0]


def test_values_over_a_relation(shop):
    orders = Order.objects.order_by("pk", "lines__pk")
    expected = [
        ("one", (1, 1)),
        ("one", (1, 2)),
        ("two", (2, 1)),
        ("three", (None,) * 2),
    ]
    assert list(orders.values_list("name", "lines")) == expected
    assert list(orders.values_list("name", "lines__pk")) == expected


def test_values_of_several_querysets(shop):
    rows = LINES.filter(pk=(2, 1)).values_list("pk", "note")
    both = rows.union(LINES.filter(position=2).values_list("pk", "note"))
    assert list(both.order_by("-pk")) == [((2, 1), "2-1"), ((1, 2), "1-2")]
    assert list(both.order_by("note")) == [((1, 2), "1-2"), ((2, 1), "2-1")]
    lines = LINES.filter(pk=(2, 1)).union(LINES.filter(pk=(1, 1)))
    assert keys(lines.order_by("pk")) == [(1, 1), (2, 1)]


def test_how_many_and_whether(shop):
    assert LINES.count() == LINES.values("pk").distinct().count() == 3
    assert LINES.filter(pk__gt=(1, 1)).count() == 2
    assert LINES.filter(pk=(1, 1)).exists()
    assert not LINES.filter(pk=(9, 9)).exists()
    assert LINES.contains(OrderLine(pk=(1, 1)))
    with pytest.raises(ValueError, match="unsaved"):
        LINES.contains(OrderLine(order_id=1))


def test_iterator_and_in_bulk(shop):
    assert keys(LINES.order_by("pk").iterator(2)) == [(1, 1), (1, 2), (2, 1)]
    found = LINES.in_bulk([(1, 1), (9, 9)])
    assert {key: line.note for key, line in found.items()} == {(1, 1): "1-1"}
    assert len(LINES.in_bulk()) == 3
    assert LINES.in_bulk([]) == {}


def test_only_and_defer_always_fetch_it(shop, statements):
    for rows in (LINES.only("note"), LINES.only("pk"), LINES.defer("pk", "position")):
        assert rows.get(pk=(1, 2)).pk == (1, 2)
    assert len(statements) == 3
    line = LINES.only("pk").get(pk=(1, 2))
    assert line.get_deferred_fields() == {"product_id", "note"}
    assert line.note == "1-2"


def test_raw(shop):
    sql = "SELECT note, position, order_id FROM orderline WHERE position = %s"
    (line,) = LINES.raw(sql, [2])
    assert (line.pk, line.note) == ((1, 2), "1-2")
    with pytest.raises(FieldDoesNotExist, match="must include the primary key"):
        list(LINES.raw("SELECT note, order_id FROM orderline"))


def test_count_is_the_one_aggregate_of_it(shop):
    assert LINES.aggregate(Count("pk")) == {"pk__count": 3}
    assert LINES.aggregate(n=Count("pk", filter=Q(position=1))) == {"n": 2}
    assert LINES.order_by("pk")[:2].aggregate(n=Count("pk")) == {"n": 2}
    lines = LINES.values("position").annotate(n=Count("pk")).order_by("position")
    assert list(lines.values_list("position", "n")) == [(1, 2), (2, 1)]
    orders = Order.objects.annotate(n=Count("lines")).order_by("pk")
    assert list(orders.values_list("name", "n")) == [
        ("one", 2),
        ("two", 1),
        ("three", 0),
    ]


@pytest.mark.parametrize(
    "expression",
    [
        Max("pk"),
        Length("pk"),
        F("pk") + 1,
        Value(1) + F("pk"),
        Case(When(position=1, then=F("pk"))),
        Window(RowNumber(), partition_by="pk"),
    ],
)
def test_functions_take_one_column(expression):
    why = "takes one column, and the primary key is of several: name one of order_id, p"
    with pytest.raises(ValueError, match=why):
        LINES.annotate(n=expression)


def test_distinct_keys_are_not_counted():
    with pytest.raises(ValueError, match="takes one column, and the primary key is of"):
        LINES.aggregate(n=Count("pk", distinct=True))


def test_groups_of_rows_and_rows_as_groups(shop):
    lines = LINES.annotate(n=Count("order__lines")).order_by("pk")
    assert [(line.pk, line.n) for line in lines] == [
        ((1, 1), 2),
        ((1, 2), 2),
        ((2, 1), 1),
    ]
    assert lines.filter(n=2).count() == 2
    grouped = LINES.values("pk").annotate(n=Count("note")).order_by("pk")
    assert list(grouped)[0] == {"pk": (1, 1), "n": 1}


def test_conditions_and_windows_within_expressions(shop):
    is_first = Case(When(pk=(1, 1), then=Value("yes")), default=Value("no"))
    rows = LINES.annotate(
        first=is_first, number=Window(RowNumber(), order_by="-pk")
    ).order_by("pk")
    assert list(rows.values_list("first", "number")) == [
        ("yes", 3),
        ("no", 2),
        ("no", 1),
    ]


def test_neighbours_and_an_order_of_their_own(connected):
    class Album(Model):
        get_track_order: Any
        set_track_order: Any

    class Track(Model):
        pk: Any = CompositePrimaryKey("album", "code")
        album: Any = ForeignKey(Album)
        code: Any = CharField(max_length=2)
        day: Any = DateField(default=datetime.date(2024, 1, 2))
        get_next_by_day: Any
        get_next_in_order: Any

        class Meta:
            order_with_respect_to = "album"

    create_tables([Album, Track], connected)
    album = Album.objects.create()
    first, second = (Track.objects.create(album=album, code=c) for c in "ba")
    assert second.get_next_by_day() == first
    assert first.get_next_in_order() == second
    with pytest.raises(ValueError, match="Save the Track first"):
        Track(code="c").get_next_by_day()
    album.set_track_order([second.pk, first.pk])
    assert list(album.get_track_order()) == [second.pk, first.pk]


# Saving.


def test_save_inserts_and_updates(shop, statements):
    line = OrderLine(order=shop[2], position=1, note="new")
    line.save()
    line.note = "old"
    line.save()
    verbs = [sql.split()[0] for sql, _ in statements]
    assert verbs == ["UPDATE", "INSERT", "UPDATE"]
    assert LINES.get(pk=(3, 1)).note == "old"


def test_a_changed_key_is_another_row(shop):
    line = LINES.get(pk=(1, 1))
    line.position = 7
    line.save()
    assert keys(LINES.filter(order=1).order_by("pk")) == [(1, 1), (1, 2), (1, 7)]


def test_force_insert_and_force_update(shop):
    with pytest.raises(IntegrityError):
        OrderLine(pk=(1, 1)).save(force_insert=True)
    with pytest.raises(DatabaseError, match="did not affect any rows"):
        OrderLine(pk=(3, 1)).save(force_update=True)
    for options in ({"force_update": True}, {"update_fields": ["note"]}):
        with pytest.raises(ValueError, match="no primary key"):
            OrderLine(order_id=1).save(**options)
    with pytest.raises(IntegrityError):
        OrderLine(order_id=1).save()


def test_update_fields(shop):
    line = OrderLine(pk=(1, 1), note="new", position=5)
    line.pk = (1, 1)
    line.save(update_fields=["note"])
    assert LINES.get(pk=(1, 1)).product_id is not None
    for name in ("pk", "position", "order"):
        with pytest.raises(ValueError, match=f"primary keys.*: {name}"):
            line.save(update_fields=[name])


def test_a_row_of_a_reference_that_was_saved_since(shop):
    order = Order(name="four")
    line = OrderLine(order=order, position=1)
    with pytest.raises(ValueError, match="Save the Order before"):
        line.save()
    order.save()
    line.save()
    assert line.pk == (order.pk, 1)


def test_defaults_make_a_new_key_without_asking_for_it(connected, statements):
    class Draw(Model):
        pk: Any = CompositePrimaryKey("game", "token")
        game: Any = IntegerField(default=7)
        token: Any = UUIDField(default=uuid.uuid4)

    Draw.create_table()
    del statements[:]
    draw = Draw()
    draw.save()
    emptied = Draw(game=None)
    emptied.save()
    assert [sql.split()[0] for sql, _ in statements] == ["INSERT", "INSERT"]
    assert draw.pk[0] == emptied.pk[0] == 7


def test_create_and_what_looks_first(shop):
    assert LINES.create(pk=(3, 1), note="x").pk == (3, 1)
    with pytest.raises(IntegrityError):
        LINES.create(pk=(3, 1))
    assert LINES.get_or_create(pk=(3, 1))[1] is False
    made, created = LINES.get_or_create(pk=(3, 2), defaults={"note": "y"})
    assert (made.pk, made.note, created) == ((3, 2), "y", True)
    changed, created = LINES.update_or_create(pk=(3, 2), defaults={"note": "z"})
    assert (LINES.get(pk=(3, 2)).note, created) == ("z", False)


def test_refresh_from_db(shop):
    line = LINES.get(pk=(1, 1))
    LINES.filter(pk=(1, 1)).update(note="changed")
    line.refresh_from_db(fields=["note"])
    assert line.note == "changed"
    line.note = "lost"
    line.refresh_from_db()
    assert line.note == "changed"
    with pytest.raises(OrderLine.DoesNotExist):
        OrderLine(order_id=1).refresh_from_db()


# Many rows at once.


def test_bulk_create(shop):
    made = LINES.bulk_create(
        [OrderLine(pk=(3, 1)), OrderLine(order=shop[2], position=2)]
    )
    assert keys(made) == [(3, 1), (3, 2)]
    assert LINES.filter(order=3).count() == 2
    with pytest.raises(IntegrityError):
        LINES.bulk_create([OrderLine(order=shop[2])])
    LINES.bulk_create([OrderLine(pk=(3, 1), note="x")], ignore_conflicts=True)
    assert LINES.get(pk=(3, 1)).note == ""


@pytest.mark.parametrize("unique", [["pk"], ["order", "position"]])
def test_bulk_create_updates_rows_that_are_there(shop, unique):
    lines = [OrderLine(pk=(1, 1), note="old"), OrderLine(pk=(3, 1), note="new")]
    LINES.bulk_create(
        lines, update_conflicts=True, update_fields=["note"], unique_fields=unique
    )
    found = LINES.in_bulk(keys(lines))
    assert [found[key].note for key in keys(lines)] == ["old", "new"]
    assert found[1, 1].product_id is not None


@pytest.mark.parametrize("name", ["pk", "position"])
def test_bulk_methods_do_not_change_keys(shop, name):
    lines = list(LINES.all())
    with pytest.raises(ValueError, match="cannot set primary keys in update_fields"):
        LINES.bulk_create(
            lines, update_conflicts=True, update_fields=[name], unique_fields=["pk"]
        )
    with pytest.raises(ValueError, match=r"bulk_update\(\) can"):
        LINES.bulk_update(lines, [name])


def test_bulk_update(shop):
    lines = list(LINES.order_by("pk"))
    for line in lines:
        line.note = f"note {line.pk}"
    assert LINES.bulk_update(lines, ["note", "product"]) == 3
    assert LINES.get(pk=(1, 2)).note == "note (1, 2)"
    with pytest.raises(ValueError, match="must have a primary key set"):
        LINES.bulk_update([OrderLine(order_id=1)], ["note"])


def test_update(shop):
    assert LINES.filter(pk=(1, 1)).update(note="a") == 1
    assert LINES.filter(order__name="one").update(note="b") == 2
    assert LINES.filter(pk__in=LINES.filter(note="2-1")).update(position=8) == 1
    assert keys(LINES.order_by("-pk")) == [(2, 8), (1, 2), (1, 1)]
    with pytest.raises(FieldError, match="'pk': it is no column of the table"):
        LINES.update(pk=(1, 9))
    with pytest.raises(FieldError, match="to a primary key of several columns"):
        LINES.update(note=F("pk"))


def test_delete(shop):
    line = LINES.get(pk=(1, 1))
    assert line.delete() == (1, {"OrderLine": 1})
    assert line.pk == (None, None)
    with pytest.raises(ValueError, match="has no key"):
        line.delete()
    assert LINES.filter(order__name="one").delete() == (1, {"OrderLine": 1})
    assert keys(LINES.all()) == [(2, 1)]


def test_deleting_collects_rows_by_their_keys(shop):
    gone = []

    def note(sender, instance, **more):
        gone.append(instance.pk)

    post_delete.connect(note, sender=OrderLine)
    try:
        assert shop[0].delete() == (3, {"OrderLine": 2, "Order": 1})
    finally:
        post_delete.disconnect(note, sender=OrderLine)
    assert sorted(gone) == [(1, 1), (1, 2)]
    assert keys(LINES.all()) == [(2, 1)]


# Relations.


def test_the_way_back_from_its_foreign_keys(shop):
    one = shop[0]
    assert keys(one.lines.order_by("-pk")) == [(1, 2), (1, 1)]
    assert one.lines.create(position=9).pk == (1, 9)
    one.lines.add(OrderLine(position=10), bulk=False)
    one.lines.add(OrderLine.objects.create(pk=(3, 11)))
    assert keys(one.lines.filter(position__gt=8).order_by("pk")) == [
        (1, 9),
        (1, 10),
        (1, 11),
    ]
    assert not shop[2].lines.exists()


def test_rows_that_let_go(shop):
    tea = Product.objects.get()
    first, *_ = lines = list(LINES.order_by("pk"))
    tea.orderline_set.remove(first)
    assert tea.orderline_set.count() == 2
    tea.orderline_set.set(lines[:2])
    assert keys(tea.orderline_set.order_by("pk")) == [(1, 1), (1, 2)]
    tea.orderline_set.clear()
    assert LINES.filter(product=None).count() == 3


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        ({"lines": (1, 2)}, ["one"]),
        ({"lines": OrderLine(pk=(1, 2))}, ["one"]),
        ({"lines__pk": (2, 1)}, ["two"]),
        ({"lines__in": [(1, 1), OrderLine(pk=(2, 1))]}, ["one", "two"]),
        ({"lines__in": LINES.filter(position=2)}, ["one"]),
        ({"lines__pk__gt": (1, 2)}, ["two"]),
        ({"lines__isnull": True}, ["three"]),
        ({"lines": None}, ["three"]),
        ({"lines__pk__isnull": True}, ["three"]),
    ],
)
def test_conditions_over_a_relation(shop, conditions, names):
    found = Order.objects.filter(**conditions).order_by("pk")
    assert [order.name for order in found] == names
    left = Order.objects.exclude(**conditions).order_by("pk")
    assert {order.name for order in left} == {"one", "two", "three"} - set(names)


def test_select_related_and_prefetch_related(shop, statements):
    for line in LINES.select_related("order", "product"):
        assert (line.order.name, line.product.name)[1] == "tea"
    assert len(statements) == 1
    orders = Order.objects.prefetch_related("lines__product").order_by("pk")
    found = [keys(order.lines.all()) for order in orders]
    assert [sorted(each) for each in found] == [[(1, 1), (1, 2)], [(2, 1)], []]
    lines = LINES.prefetch_related("order__lines").order_by("pk")
    assert [len(line.order.lines.all()) for line in lines] == [2, 2, 1]
    assert len(statements) == 7


def test_prefetching_some_of_each(shop):
    last = Prefetch("lines", LINES.order_by("-pk")[:1], to_attr="last")
    orders = Order.objects.prefetch_related(last).order_by("pk")
    assert [keys(order.last) for order in orders] == [[(1, 2)], [(2, 1)], []]


def test_a_one_to_one_field_as_part_of_it(connected):
    class Depot(Model):
        parcel: Any

    class Parcel(Model):
        pk: Any = CompositePrimaryKey("depot", "weight")
        depot: Any = OneToOneField(Depot)
        weight: Any = IntegerField()

    create_tables([Depot, Parcel], connected)
    one, two = Depot.objects.create(), Depot.objects.create()
    Parcel.objects.create(depot=one, weight=5)
    assert one.parcel.pk == (1, 5)
    found = Depot.objects.select_related("parcel").order_by("pk")
    assert [hasattr(depot, "parcel") for depot in found] == [True, False]
    assert list(Depot.objects.exclude(parcel__pk=(1, 5))) == [two]
    assert list(Depot.objects.filter(parcel=None)) == [two]


def test_a_many_to_many_relation_through_it(shop):
    tea = Product.objects.get()
    orders = tea.orders.order_by("pk")
    assert [order.name for order in orders] == ["one", "one", "two"]
    assert [p.name for p in shop[1].product_set.all()] == ["tea"]
    tea.orders.add(shop[2], through_defaults={"position": 4})
    assert LINES.get(order=3).pk == (3, 4)
    tea.orders.remove(shop[0])
    assert keys(LINES.order_by("pk")) == [(2, 1), (3, 4)]
    (found,) = Product.objects.prefetch_related("orders")
    assert {order.name for order in found.orders.all()} == {"two", "three"}
    tea.orders.clear()
    assert not LINES.exists()


# Checking.


def test_full_clean_finds_a_key_that_is_taken(shop):
    line = OrderLine(pk=(1, 1))
    with pytest.raises(ValidationError) as raised:
        line.full_clean()
    assert raised.value.message_dict == {
        "__all__": ["Order line with this Order and Position already exists."]
    }
    OrderLine(pk=(1, 3)).full_clean()
    line.full_clean(exclude={"pk"})
    line.full_clean(exclude={"position"})
    line.validate_unique(exclude={"order"})


def test_full_clean_of_a_row_and_of_a_part_of_a_key(shop):
    LINES.get(pk=(1, 1)).full_clean()
    with pytest.raises(ValidationError) as raised:
        OrderLine(order_id=1).full_clean()
    assert list(raised.value.message_dict) == ["position"]


def test_full_clean_of_a_unique_column_beside_it(connected):
    class Badge(Model):
        pk: Any = CompositePrimaryKey("house", "floor")
        house: Any = IntegerField()
        floor: Any = IntegerField()
        code: Any = CharField(max_length=9, unique=True)

    Badge.create_table()
    badge = Badge.objects.create(pk=(1, 2), code="A")
    badge.full_clean()
    with pytest.raises(ValidationError, match="Badge with this Code already exists"):
        Badge(pk=(1, 3), code="A").full_clean()


# Tables.


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql", "mysql"])
def test_the_table_has_the_key(vendor):
    dialect = get_dialect(vendor)
    create, *_ = create_statements(OrderLine, dialect)
    order, position = map(dialect.quote, ("order_id", "position"))
    assert f"PRIMARY KEY ({order}, {position})" in create
    assert create.count("PRIMARY KEY") == 1
    assert "None" not in create


def test_the_database_watches_over_the_key(shop, connected):
    with pytest.raises(IntegrityError):
        connected.execute(
            "INSERT INTO orderline (order_id, position, note) VALUES (1, 1, '')"
        )


# As Django does it.

QUESTIONS = """
LINES.get(pk=(1, 2))
LINES.get(pk=["1", "2"])
LINES.get(pk=(9, 9))
LINES.get(pk=(1, None))
LINES.get(pk=1)
LINES.get(pk=None)
LINES.get(pk=(1,))
LINES.get(pk=("x", 2))
LINES.filter(pk=(1, 2))
LINES.filter(pk__in=[(1, 2), (2, 1), (1, None)]).order_by("pk")
LINES.filter(pk__in=[])
LINES.filter(pk__in=(1, 2))
LINES.filter(pk__in=[(1, 2, 3)])
LINES.filter(pk__gt=(1, 1)).order_by("pk")
LINES.filter(pk__gte=(1, 2)).order_by("pk")
LINES.filter(pk__lt=(2, 1)).order_by("pk")
LINES.filter(pk__lte=(1, 1))
LINES.filter(pk__gt=(1, None))
LINES.filter(pk__gt=(1, 1), pk__lt=(2, 1))
LINES.filter(pk__isnull=True)
LINES.filter(pk__isnull=False).count()
LINES.filter(pk__isnull=1)
LINES.filter(pk__order=1)
LINES.filter(pk=(models.F("order_id"), 2))
LINES.filter(note=models.F("pk"))
LINES.exclude(pk=(1, 2)).order_by("pk")
LINES.exclude(pk=(1, None))
LINES.exclude(pk__in=[(1, 2)]).order_by("pk")
LINES.exclude(pk__in=[]).order_by("pk")
LINES.exclude(pk__gt=(1, 1))
LINES.filter(models.Q(pk=(1, 1)) | models.Q(pk=(2, 1))).order_by("-pk")
LINES.filter(pk__in=LINES.values("order", "position")).order_by("pk")
LINES.filter(pk__in=LINES.filter(position=1)).order_by("pk")
LINES.filter(pk__in=LINES.values("order"))
LINES.exclude(pk__in=LINES.filter(position=1).values("pk"))
LINES.filter(pk=LINES.order_by("-pk").values("pk")[:1])
LINES.filter(models.Exists(LINES.filter(order=models.OuterRef("order"),
 pk__gt=models.OuterRef("pk"))))
LINES.order_by("pk")
LINES.order_by("-pk")
LINES.order_by(models.F("pk").desc())
LINES.order_by("pk__order")
LINES.first()
LINES.last()
LINES.earliest("pk")
LINES.latest("pk")
LINES.values("pk").order_by("pk")
LINES.order_by("pk").values()
LINES.values_list("pk", "note").order_by("pk")
LINES.values_list("pk", flat=True).order_by("pk")
LINES.values_list("pk", flat=True).last()
LINES.values(key=models.F("pk")).order_by("pk")
LINES.annotate(key=models.F("pk")).order_by("pk")[0].key
LINES.values_list("pk").union(LINES.values_list("pk")).count()
LINES.distinct().count()
LINES.in_bulk([(1, 1), (9, 9)])
LINES.in_bulk([(1, 1)], field_name="position")
LINES.contains(OrderLine(pk=(1, 1)))
LINES.contains(OrderLine(order_id=1))
LINES.only("note").get(pk=(1, 1)).get_deferred_fields()
LINES.only("pk").get(pk=(1, 1)).get_deferred_fields()
LINES.defer("position").get(pk=(1, 1)).get_deferred_fields()
LINES.aggregate(models.Count("pk"))
LINES.aggregate(n=models.Count("pk", filter=models.Q(position=1)))
LINES.aggregate(n=models.Count("pk", distinct=True))
LINES.aggregate(n=models.Max("pk"))
LINES.annotate(n=models.F("pk") + 1)
LINES.values("position").annotate(n=models.Count("pk")).order_by("position")
LINES.annotate(n=models.Count("order__lines")).order_by("pk").values_list("pk", "n")
Order.objects.filter(lines=(1, 2))
Order.objects.filter(lines=OrderLine(pk=(2, 1)))
Order.objects.filter(lines__pk__in=[(1, 1), (2, 1)]).order_by("pk")
Order.objects.exclude(lines__pk=(1, 2)).order_by("pk")
Order.objects.filter(lines__isnull=True)
Order.objects.order_by("lines__pk").exclude(lines=None).values_list("pk", "lines")
Order.objects.values_list("pk", "lines").order_by("pk", "lines__pk")
Order.objects.annotate(n=models.Count("lines")).order_by("pk").values_list("pk", "n")
[[row.pk for row in order.lines.all()] for order in
 Order.objects.prefetch_related("lines").order_by("pk")]
Product.objects.get().orders.order_by("pk")
[len(each.orders.all()) for each in Product.objects.prefetch_related("orders")]
OrderLine().pk
OrderLine(order_id=1)._is_pk_set()
OrderLine(pk=(1, 2), position=3).pk
OrderLine(pk=5)
OrderLine(pk=(1, 2, 3))
OrderLine(pk=None).pk
OrderLine(1, 2, 3, "x").pk
str(OrderLine(pk=(1, 2)))
OrderLine(pk=(1, 2)) == OrderLine(pk=(1, 2))
OrderLine(order_id=1) == OrderLine(order_id=1)
hash(OrderLine(pk=(1, 2))) == hash((1, 2))
hash(OrderLine(order_id=1))
[field.name for field in OrderLine._meta.fields]
[field.name for field in OrderLine._meta.concrete_fields]
[field.name for field in OrderLine._meta.get_fields()]
[field.name for field in OrderLine._meta.pk_fields]
[field.primary_key for field in OrderLine._meta.fields]
OrderLine._meta.pk.deconstruct()[2]
OrderLine._meta.pk.value_to_string(OrderLine(pk=(1, 2)))
OrderLine(pk=(1, 1), note="n").validate_unique()
OrderLine(pk=(1, 1), note="n").validate_unique(exclude={"pk"})
OrderLine(pk=(1, 1), note="n").validate_unique(exclude={"position"})
OrderLine(pk=(1, 3), note="n").full_clean()
OrderLine(order_id=1).save(force_update=True)
OrderLine(order_id=1).save()
OrderLine(order_id=1).delete()
OrderLine(order_id=1).refresh_from_db()
OrderLine(pk=(3, 1)).save(force_update=True)
OrderLine(pk=(1, 1)).save(force_insert=True)
OrderLine(pk=(1, 1)).save(update_fields=["position"])
LINES.update(pk=(1, 9))
LINES.update(note=models.F("pk"))
LINES.bulk_update(LINES.all(), ["position"])
LINES.bulk_update([OrderLine(order_id=1)], ["note"])
LINES.bulk_create([OrderLine(order_id=1)])
LINES.get_or_create(pk=(1, 1))[1]
LINES.get_or_create(pk=(3, 1), defaults={"note": "new"})[0].note
LINES.update_or_create(pk=(3, 1), defaults={"note": "newer"})[1]
LINES.get(pk=(3, 1)).note
LINES.bulk_create([OrderLine(pk=(3, 2)), OrderLine(pk=(3, 3), note="x")])
LINES.bulk_create([OrderLine(pk=(3, 3), note="y")], update_conflicts=True,
 update_fields=["note"], unique_fields=["order", "position"])
LINES.get(pk=(3, 3)).note
LINES.filter(order__name="three").update(note="z")
LINES.filter(pk__gt=(3, 2)).delete()[0]
LINES.get(pk=(3, 2)).delete()[0]
OrderLine(pk=(9, 9)).delete()[0]
Order.objects.get(pk=3).delete()[0]
LINES.order_by("pk")
"""


def answers(models, create):
    class Order(models.Model):  # type: ignore[misc, name-defined]
        name = models.CharField(max_length=20)

        class Meta:
            app_label = "oracle"

    class Product(models.Model):  # type: ignore[misc, name-defined]
        name = models.CharField(max_length=20)
        orders = models.ManyToManyField(Order, through="oracle.OrderLine")

        class Meta:
            app_label = "oracle"

    class OrderLine(models.Model):  # type: ignore[misc, name-defined]
        pk = models.CompositePrimaryKey("order_id", "position")
        order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
        position = models.IntegerField()
        product = models.ForeignKey(Product, models.CASCADE, null=True, blank=True)
        note = models.CharField(max_length=20, default="")

        class Meta:
            app_label = "oracle"

    *_, table = (
        sql for sql in create(Order, Product, OrderLine) if "PRIMARY KEY (" in sql
    )
    LINES = OrderLine.objects
    for name in ("one", "two", "three"):
        Order.objects.create(name=name)
    tea = Product.objects.create(name="tea")
    for key in ((1, 1), (1, 2), (2, 1)):
        LINES.create(pk=key, product=tea, note="{}-{}".format(*key))
    names = {**locals(), "models": models}
    found = {"key": table[table.index("PRIMARY KEY (") :].split(")")[0]}
    for question in QUESTIONS.replace("\n ", " ").strip().splitlines():
        try:
            found[question] = plain(eval(question, names))
        except Exception as error:
            found[question] = type(error).__name__
    return found


def plain(value):
    """Rows as their keys, in what JSON has."""
    if hasattr(value, "_meta"):
        return [type(value).__name__, value.pk]
    if isinstance(value, dict):
        return [[key, plain(each)] for key, each in value.items()]
    if isinstance(value, set):
        return sorted(value)
    if hasattr(value, "__iter__") and not isinstance(value, str):
        return [plain(each) for each in value]
    return value


@only_sqlite
@pytest.mark.oracle
def test_all_is_as_in_django(connected):
    mine = oracle.ours(answers)
    assert len(mine) > 120
    assert mine == oracle.djangos(answers)


def test_it_has_djangos_name():
    assert orm.models.CompositePrimaryKey is CompositePrimaryKey
