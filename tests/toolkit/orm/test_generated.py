"""GeneratedField: columns that the database works out of others."""

import datetime
import pickle
from decimal import Decimal
from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    Avg,
    BooleanField,
    Case,
    CharField,
    CheckConstraint,
    Concat,
    Count,
    DateField,
    DecimalField,
    DurationField,
    ExtractYear,
    F,
    Field,
    FieldError,
    FloatField,
    ForeignKey,
    GeneratedField,
    IntegerField,
    IntegrityError,
    JSONField,
    Lower,
    Max,
    Model,
    NotSupportedError,
    PositiveIntegerField,
    Q,
    RowNumber,
    Subquery,
    Sum,
    TextField,
    UniqueConstraint,
    Value,
    When,
    Window,
    post_init,
)
from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.schema import column_sql, create_statements
from fwtrace.toolkit.validators import ValidationError
from tests.toolkit.orm import oracle
from tests.toolkit.orm.servers import only_sqlite


class Box(Model):
    width: Any = IntegerField()
    height: Any = IntegerField(default=2, null=True)
    area: Any = GeneratedField(
        expression=F("width") * F("height"),
        output_field=IntegerField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["id"]
        constraints = [CheckConstraint(condition=Q(area__lt=1000), name="small")]


@pytest.fixture
def boxes(connected):
    Box.create_table()
    return Box.objects


# Saving.


def test_value_is_there_after_saving(boxes):
    box = boxes.create(width=3)
    assert box.area == 6
    box.width = 5
    box.save()
    assert box.area == 10
    box.height = None
    box.save(update_fields=["height"])
    assert box.area is None


def test_value_is_read_in_the_statement_that_writes(boxes, statements, connected):
    box = boxes.create(width=3)
    box.width = 4
    box.save()
    kinds = [sql.split()[0] for sql, _ in statements]
    assert kinds == ["INSERT", "UPDATE"]
    assert box.area == 8
    # MariaDB returns nothing of an UPDATE: the value was fetched just now.
    assert len(statements) == (3 if connected.vendor == "mysql" else 2)


def test_no_statement_writes_it(boxes, statements):
    box = boxes.create(width=3, area=100)
    assert box.area == 6
    box.area = 100
    box.save()
    box.save(update_fields=["area"])
    boxes.bulk_create([Box(width=1, area=9)])
    written = [sql.partition(" RETURNING ")[0] for sql, _ in statements]
    assert not any("area" in sql for sql in written)
    assert sorted(boxes.values_list("area", flat=True)) == [2, 6]


def test_row_that_is_not_saved_has_no_value():
    box = Box(width=3)
    with pytest.raises(AttributeError, match="Save the Box first.*'area'"):
        box.area  # noqa: B018
    assert not hasattr(box, "area")
    assert Box(width=3, area=5).area == 5  # as of a row that somebody else read
    assert Box._meta.get_field("area").value_from_object(Box(area=5)) == 5


def test_rows_come_with_their_values(boxes, statements):
    made = boxes.create(width=3)
    box = boxes.get()
    assert (box.area, box.get_deferred_fields()) == (6, set())
    boxes.update(width=F("width") + 1)
    assert made.area == 6
    made.refresh_from_db()
    assert made.area == 8
    made.__dict__.pop("area")
    made.refresh_from_db(fields=["area"])
    assert made.area == 8
    assert pickle.loads(pickle.dumps(made)).area == 8


def test_value_may_be_left_for_later(boxes, statements):
    boxes.create(width=3)
    for box in (boxes.only("width").get(), boxes.defer("area").get()):
        del statements[:]
        assert (box.width, len(statements)) == (3, 0)
        assert (box.area, len(statements)) == (6, 1)


def test_row_without_its_value_is_saved_whole(boxes):
    """What the database works out is nothing that was left out of the instance."""
    box = boxes.create(width=3)
    box.width = 4
    box.save()
    boxes.all().delete()
    box.save()
    assert boxes.get().area == box.area == 8


def test_bulk_create_reads_values_back(boxes):
    made = boxes.bulk_create([Box(width=1), Box(id=70, width=2, area=99)])
    assert [box.area for box in made] == [2, 4]
    assert sorted(boxes.values_list("area", flat=True)) == [2, 4]


def test_bulk_create_forgets_what_it_cannot_know(boxes):
    (box,) = boxes.bulk_create([Box(id=70, width=1, area=99)], ignore_conflicts=True)
    assert "area" not in box.__dict__
    assert box.area == 2
    (box,) = boxes.bulk_create(
        [Box(id=70, width=5)],
        update_conflicts=True,
        update_fields=["width"],
        unique_fields=["id"],
    )
    assert box.area == 10


def test_nothing_else_sets_it(boxes):
    box = boxes.create(width=3)
    with pytest.raises(ValueError, match="cannot be used with generated fields"):
        boxes.bulk_update([box], ["width", "area"])
    with pytest.raises(FieldError, match="'area': the database works it out"):
        boxes.update(area=5)
    assert boxes.get_or_create(width=8, defaults={"area": 1})[0].area == 16
    assert boxes.update_or_create(width=8, defaults={"height": 1})[0].area == 8


def test_rows_that_are_watched_have_it_too(boxes):
    boxes.create(width=3)
    seen = []
    with post_init.connected_to(lambda sender, instance, **_: seen.append(instance)):
        (box,) = boxes.all()
        deferred = boxes.only("width").get()
    assert (box.area, deferred.area) == (6, 6)
    assert seen


def test_raw_rows_have_it_too(boxes):
    boxes.create(width=3)
    (box,) = boxes.raw("SELECT * FROM box")
    assert (box.area, box.get_deferred_fields()) == (6, set())


# Queries.


def test_queries_take_it_as_any_column(boxes):
    for width in (3, 1, 2):
        boxes.create(width=width)
    boxes.create(width=1, height=None)
    assert boxes.get(area=6).width == 3
    assert boxes.filter(area__gte="4").count() == 2
    assert boxes.filter(area__in=[2, 4]).count() == 2
    assert boxes.filter(area__isnull=True).get().height is None
    assert boxes.filter(area=F("width") * 2).count() == 3
    assert boxes.filter(width__lt=F("area")).count() == 3
    rows = boxes.filter(area__isnull=False).order_by("-area")
    assert list(rows.values_list("area", flat=True)) == [6, 4, 2]
    assert boxes.aggregate(Sum("area"), Max("area"), Avg("area"), n=Count("area")) == {
        "area__sum": 12,
        "area__max": 6,
        "area__avg": 4.0,
        "n": 3,
    }
    found = boxes.filter(width=3).annotate(twice=F("area") * 2).values("area", "twice")
    assert list(found) == [{"area": 6, "twice": 12}]
    with pytest.raises(ValueError, match="'area' of Box expected a number but got 'x'"):
        boxes.filter(area="x")
    with pytest.raises(FieldError, match="nonsense"):
        boxes.filter(area__nonsense=1)


class Person(Model):
    """One generated column of each kind of value."""

    first: Any = CharField(max_length=20)
    last: Any = CharField(max_length=20, default="")
    born: Any = DateField(null=True)
    died: Any = DateField(null=True)
    price: Any = DecimalField(max_digits=8, decimal_places=2, default=Decimal("0.10"))
    full: Any = GeneratedField(
        expression=Concat("first", Value(" "), "last"),
        output_field=CharField(max_length=41, db_comment="not the column's"),
        db_persist=True,
        unique=True,
    )
    slug: Any = GeneratedField(
        expression=Lower("first"),
        output_field=TextField(),
        db_persist=True,
        verbose_name="short name",
        db_column="short",
    )
    year: Any = GeneratedField(
        expression=ExtractYear("born"),
        output_field=IntegerField(),
        db_persist=True,
        db_index=True,
    )
    is_old: Any = GeneratedField(
        expression=Q(born__lt=datetime.date(1950, 1, 1)),
        output_field=BooleanField(),
        db_persist=True,
    )
    state: Any = GeneratedField(
        expression=Case(
            When(died__isnull=False, then=Value("dead?")),
            When(born__gte="2000-01-01", then=Value("it's %s 50%")),
            default=Value("\\ ?"),
        ),
        output_field=CharField(max_length=20, choices={"dead?": "Dead"}),
        db_persist=True,
        choices={"dead?": "Dead"},
    )
    life: Any = GeneratedField(
        expression=F("died") - F("born"),
        output_field=DurationField(),
        db_persist=True,
    )
    triple: Any = GeneratedField(
        expression=F("price") * 3,
        output_field=DecimalField(max_digits=8, decimal_places=2),
        db_persist=True,
    )
    get_state_display: Any


@pytest.fixture
def people(connected):
    Person.create_table()
    return Person.objects


def test_values_are_those_of_the_output_field(people):
    made = people.create(
        first="Ann",
        last="Lee",
        born=datetime.date(1940, 1, 2),
        died=datetime.date(1940, 1, 5),
    )
    for ann in (made, people.get(), people.only("id").get()):
        assert (ann.full, ann.slug, ann.year) == ("Ann Lee", "ann", 1940)
        assert (ann.state, ann.get_state_display()) == ("dead?", "Dead")
        assert ann.is_old is True
        assert ann.life == datetime.timedelta(3)
        assert str(ann.triple) == "0.30"
    names = ("full", "is_old", "life", "triple")
    assert people.values_list(*names).get() == tuple(getattr(made, n) for n in names)


def test_constants_stand_as_they_are(people):
    bo = people.create(first="Bo", born=datetime.date(2001, 1, 1))
    assert (bo.state, bo.is_old, bo.life) == ("it's %s 50%", False, None)
    assert people.create(first="Cy").state == "\\ ?"


def test_lookups_are_those_of_the_output_field(people):
    people.create(first="Ann", last="Lee", born=datetime.date(1940, 1, 2))
    assert people.filter(full__icontains="N L", slug__startswith="a").exists()
    assert people.filter(full__regex="^Ann", is_old=True).exists()
    assert people.filter(year__range=(1939, 1941)).exists()
    assert not people.filter(life__gt=datetime.timedelta(1)).exists()


def test_uniqueness_is_the_databases(people):
    people.create(first="Ann", last="Lee")
    with pytest.raises(IntegrityError):
        people.create(first="Ann", last="Lee")


@only_sqlite
def test_others_refer_to_it(connected):
    class Letter(Model):
        to: Any = ForeignKey(Person, to_field="full")

    Person.create_table()
    Letter.create_table()
    ann = Person.objects.create(first="Ann", last="Lee")
    Letter.objects.create(to=ann)
    assert Letter.objects.get(to__full="Ann Lee").to == ann
    assert Letter.objects.values_list("to_id", flat=True).get() == "Ann Lee"
    sql = column_sql(Letter._meta.get_field("to"), get_dialect("sqlite"))
    assert sql.startswith('"to_id" varchar(41) NOT NULL REFERENCES "person" ("full")')


class Shelf(Model):
    """A value kept nowhere; PostgreSQL knows of none before its version 18."""

    width: Any = IntegerField()
    label: Any = CharField(max_length=9, default="")
    half: Any = GeneratedField(
        expression=F("width") / 2.0, output_field=FloatField(), db_persist=False
    )


def test_value_that_is_not_kept(connected):
    if connected.vendor == "postgresql":
        with pytest.raises(NotSupportedError, match=r"Shelf.half.*db_persist=True"):
            Shelf.create_table()
        return
    Shelf.create_table()
    shelf = Shelf.objects.create(width=3)
    assert shelf.half == Shelf.objects.get(half__gt=1).half == 1.5


class Thing(Model):
    """What others inherit."""

    name: Any = CharField(max_length=9)
    shout: Any = GeneratedField(
        expression=Concat("name", Value("!")),
        output_field=CharField(max_length=10),
        db_persist=True,
    )

    class Meta:
        abstract = True


class Toy(Thing):
    facts: Any = JSONField(default=dict)
    maker: Any = ForeignKey("self", null=True)
    maker_was: Any = GeneratedField(
        expression=F("maker_id"), output_field=IntegerField(), db_persist=True
    )


class Game(Toy):
    players: Any = PositiveIntegerField(default=2)
    hands: Any = GeneratedField(
        expression=F("players") * 2,
        output_field=PositiveIntegerField(),
        db_persist=True,
    )


def test_models_inherit_it(connected):
    Toy.create_table()
    Game.create_table()
    toy = Toy.objects.create(name="top")
    game = Game.objects.create(name="chess", maker=toy)
    assert (game.shout, game.hands, game.maker_was) == ("chess!", 4, toy.pk)
    game.players, game.name = 3, "go"
    game.save()
    for found in (game, Game.objects.get(), Game.objects.get(hands=6, shout="go!")):
        assert (found.shout, found.hands) == ("go!", 6)
    assert Toy.objects.get(pk=game.pk).shout == "go!"
    assert list(Game.objects.values_list("shout", "hands")) == [("go!", 6)]
    assert Toy.objects.filter(game__hands=6, maker__shout="top!").exists()
    assert Toy.objects.select_related("maker").get(pk=game.pk).maker.shout == "top!"


# Checks of an instance.


def test_full_clean_leaves_it_out(boxes):
    box = Box(width=3)
    box.full_clean()
    assert "area" not in box.__dict__
    with pytest.raises(ValidationError, match="small"):
        Box(width=600).full_clean()
    box.save()
    box.width = 700
    with pytest.raises(ValidationError, match="small"):
        box.full_clean()


@only_sqlite
def test_uniqueness_is_not_asked_for_beforehand(connected):
    class Pair(Model):
        a: Any = IntegerField()
        b: Any = GeneratedField(
            expression=F("a") + 1,
            output_field=IntegerField(),
            db_persist=True,
            unique=True,
        )
        c: Any = IntegerField(default=0)

        class Meta:
            unique_together = ("b", "c")
            constraints = [UniqueConstraint(fields=["b", "c"], name="one_pair")]

    Pair.create_table()
    Pair.objects.create(a=1)
    Pair(a=1).full_clean()
    with pytest.raises(IntegrityError):
        Pair(a=1).save()


# Definitions.


def generated(expression=None, **options):
    given: Any = {"output_field": IntegerField(), "db_persist": True} | options
    return GeneratedField(expression=expression or F("width") + 1, **given)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"output_field": None}, "needs an output_field.*not None"),
        ({"output_field": IntegerField}, "needs an output_field"),
        ({"output_field": ForeignKey("self")}, "cannot have a ForeignKey as its"),
        ({"output_field": generated()}, "cannot have a GeneratedField as its"),
        ({"expression": "width"}, "needs an expression.*not 'width'"),
        ({"db_persist": None}, "needs db_persist=True.*or db_persist=False"),
        ({"db_persist": 1}, "not 1"),
        ({"default": 3}, "has no default: the database"),
        ({"db_default": 3}, "has no db_default"),
        ({"primary_key": True}, "cannot be the primary key"),
        ({"editable": True}, "leave editable and blank away"),
        ({"blank": False}, "leave editable and blank away"),
        ({"nul": True}, "unexpected keyword argument 'nul'"),
    ],
)
def test_wrong_options_are_refused_at_once(options, why):
    with pytest.raises((TypeError, ValueError), match=why):
        generated(**options)


def test_a_definition_says_all():
    with pytest.raises(TypeError, match="needs an expression"):
        GeneratedField(output_field=IntegerField(), db_persist=True)
    with pytest.raises(ValueError, match="needs db_persist"):
        GeneratedField(expression=F("a"), output_field=IntegerField())


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        (F("owner__width"), "Joined field references"),
        (Q(owner__width=1), "cannot refer to another table"),
        (Q(crate=1), "cannot refer to another table"),
        (Max("width"), "cannot refer to an aggregate"),
        (F("width") + Count("*"), "cannot refer to an aggregate"),
        (Window(RowNumber()), "cannot refer to a window function"),
        (F("double") + 1, "cannot refer to 'double', which is generated itself"),
        (F("new") + 1, "cannot refer to 'new', which is generated itself"),
        (Q(double__gt=1), "which is generated itself"),
        (F("wide"), "Did you mean 'width'"),
        (Subquery(Box.objects.values("width")[:1]), "the rows of a query"),
    ],
)
def test_wrong_expressions_are_refused_with_the_class(expression, why):
    with pytest.raises(FieldError, match=f"Crate.new.*{why}"):

        class Crate(Model):
            new = generated(expression)
            owner = ForeignKey("self", null=True)
            width = IntegerField()
            double = generated(F("width") * 2)


def test_expression_beside_an_unknown_model_is_checked_with_the_table():
    class Lid(Model):
        of = ForeignKey("Bucket")
        wrong = generated(F("of__size"))

    dialect = get_dialect("sqlite")
    with pytest.raises(FieldError, match="not defined: 'Bucket'"):
        create_statements(Lid, dialect)

    class Bucket(Model):
        size = IntegerField()

    with pytest.raises(FieldError, match=r"Lid\.wrong.*Joined"):
        create_statements(Lid, dialect)


@pytest.mark.parametrize(
    ("vendor", "sql"),
    [
        (
            "sqlite",
            '"full" varchar(41) GENERATED ALWAYS AS ((COALESCE("first", \'\') || '
            "COALESCE(' ', '') || COALESCE(\"last\", ''))) STORED UNIQUE",
        ),
        (
            "postgresql",
            '"full" varchar(41) GENERATED ALWAYS AS ((COALESCE(("first")::text, \'\') '
            "|| COALESCE((' ')::text, '') || COALESCE((\"last\")::text, ''))) "
            "STORED UNIQUE",
        ),
        (
            "mysql",
            "`full` varchar(41) GENERATED ALWAYS AS (CONCAT(COALESCE(`first`, ''), "
            "COALESCE(' ', ''), COALESCE(`last`, ''))) STORED UNIQUE",
        ),
    ],
)
def test_column_is_defined_by_the_expression(vendor, sql):
    assert column_sql(Person._meta.get_field("full"), get_dialect(vendor)) == sql


def test_field_tells_how_it_was_made():
    expression, output = F("width") * 2, IntegerField()
    field = GeneratedField(
        expression=expression, output_field=output, db_persist=False, null=True
    )
    assert field.deconstruct()[1:] == (
        "fwtrace.toolkit.orm.GeneratedField",
        [],
        {
            "expression": expression,
            "output_field": output,
            "db_persist": False,
            "null": True,
        },
    )
    again = field.clone().deconstruct()[3]
    assert (again["expression"], again["output_field"]) == (expression, output)
    area = Box._meta.get_field("area")
    assert area.deconstruct()[0] == "area"
    assert area.deconstruct()[3]["output_field"] is not area.output_field
    assert (area.editable, area.blank, area.concrete) == (False, True, True)
    assert (area.kind, area.get_internal_type()) == ("IntegerField", "IntegerField")
    assert area.get_lookup("gt") is Field().get_lookup("gt")
    assert (area.to_python("5"), area.value_to_string(Box(area=5))) == (5, "5")


# As Django does it.


def parcels(models, create):
    """What a program sees of generated columns."""

    class Parcel(models.Model):  # type: ignore[misc, name-defined]
        width = models.PositiveIntegerField()
        code = models.CharField(max_length=5, default="a", db_collation="nocase")
        area = models.GeneratedField(
            expression=models.F("width") * 2,
            output_field=models.PositiveIntegerField(),
            db_persist=True,
            unique=True,
        )
        wide = models.GeneratedField(
            expression=models.Q(width__gt=3),
            output_field=models.BooleanField(),
            db_persist=False,
            null=True,
            verbose_name="is wide",
        )

        class Meta:
            app_label = "oracle"

    statements = create(Parcel)
    rows = Parcel.objects
    one = rows.create(width=3, area=5)
    (two,) = rows.bulk_create([Parcel(width=4)])
    field = Parcel._meta.get_field("wide")
    options = field.deconstruct()[3]
    return {
        "created": [one.area, one.wide, two.area, two.wide],
        "unsaved": hasattr(Parcel(width=1), "area"),
        "given": Parcel(width=1, area=7).area,
        "deferred": sorted(Parcel(width=1).get_deferred_fields()),
        "filtered": rows.get(area=8).pk,
        "ordered": list(rows.order_by("-area").values_list("area", "wide")),
        "summed": rows.aggregate(s=models.Sum("area"))["s"],
        "excluded": rows.exclude(wide=True).count(),
        "options": sorted(options),
        "told": [options["db_persist"], options["null"], options["verbose_name"]],
        "facts": [field.editable, field.blank, field.null, field.generated],
        "kind": field.get_internal_type(),
        "columns": statements[0].partition("(")[2].replace('"nocase"', "nocase"),
    }


@only_sqlite
@pytest.mark.oracle
def test_all_is_as_in_django(connected):
    assert oracle.ours(parcels) == oracle.djangos(parcels)
