"""What a table's definition says beside types: comments, checks, collations."""

import re
from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    CharField,
    CheckConstraint,
    DatabaseError,
    F,
    ForeignKey,
    GeneratedField,
    Index,
    IntegerField,
    IntegrityError,
    JSONField,
    ManyToManyField,
    Model,
    PositiveBigIntegerField,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    Q,
    SlugField,
    TextField,
    Upper,
    Value,
)
from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.schema import (
    collation_sql,
    column_comment,
    column_sql,
    create_statements,
    table_comment,
)
from tests.toolkit.orm import oracle
from tests.toolkit.orm.servers import only_servers, only_sqlite

REMARK = 'Ann\'s: 100% \\ "done" ; – ?'


class Plant(Model):
    """Kept in a garden."""

    name: Any = CharField(max_length=9, db_comment=REMARK, unique=True)
    parent: Any = ForeignKey("self", null=True, db_comment="which it grew of")
    height: Any = IntegerField(default=0, db_index=True)
    twice: Any = GeneratedField(
        expression=F("height") * 2,
        output_field=IntegerField(),
        db_persist=True,
        db_comment="made",
    )
    kin: Any = ManyToManyField("self")

    class Meta:
        db_table_comment = f"Of the garden. {REMARK}"


# Comments.


def comments(connected):
    """``{column: comment}``, of the table itself under ``""``."""
    if connected.vendor == "mysql":
        columns = connected.fetch(
            "SELECT column_name, column_comment FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND table_name = 'plant'"
        )
        ((table,),) = connected.fetch(
            "SELECT table_comment FROM information_schema.tables "
            "WHERE table_schema = DATABASE() AND table_name = 'plant'"
        )
    else:
        columns = connected.fetch(
            "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute "
            "WHERE attrelid = 'plant'::regclass AND attnum > 0"
        )
        ((table,),) = connected.fetch(
            "SELECT obj_description('plant'::regclass, 'pg_class')"
        )
    return {name: text for name, text in columns if text} | {"": table}


@only_servers
def test_database_keeps_the_comments(connected):
    Plant.create_table()
    assert comments(connected) == {
        "": f"Of the garden. {REMARK}",
        "name": REMARK,
        "parent_id": "which it grew of",
        "twice": "made",
    }
    Plant.create_table()  # a table that is there stays
    assert Plant.objects.create(name="oak").twice == 0


@only_sqlite
def test_sqlite_has_none(connected):
    sql = "".join(create_statements(Plant, get_dialect("sqlite")))
    assert "Ann" not in sql
    assert "COMMENT" not in sql
    Plant.create_table()


def test_comments_are_statements_of_postgresql():
    postgresql = get_dialect("postgresql")
    _, _, _, *statements = create_statements(Plant, postgresql)
    assert [sql.partition(" IS ")[0] for sql in statements] == [
        'COMMENT ON TABLE "plant"',
        'COMMENT ON COLUMN "plant"."name"',
        'COMMENT ON COLUMN "plant"."parent_id"',
        'COMMENT ON COLUMN "plant"."twice"',
    ]
    # The driver makes one "%" of two.
    assert "'Ann''s: 100%% \\ \"done\"" in statements[1]


def test_comments_are_taken_away():
    class Bare(Model):
        name = CharField(db_comment="")

    postgresql = get_dialect("postgresql")
    assert table_comment(Bare, postgresql) == 'COMMENT ON TABLE "bare" IS NULL'
    name = Bare._meta.get_field("name")
    assert column_comment(name, postgresql).endswith('"name" IS NULL')
    assert len(create_statements(Bare, postgresql)) == 1


# Checks.


class Count(Model):
    small: Any = PositiveSmallIntegerField(default=0)
    middle: Any = PositiveIntegerField(default=0, null=True, db_column="mid")
    big: Any = PositiveBigIntegerField(default=0)
    facts: Any = JSONField(null=True)


@pytest.fixture
def counts(connected):
    Count.create_table()
    return Count.objects


@pytest.mark.parametrize("name", ["small", "middle", "big"])
def test_database_refuses_what_is_below_zero(counts, name):
    counts.create()
    with pytest.raises(DatabaseError):
        counts.create(**{name: -1})
    with pytest.raises(DatabaseError):
        counts.update(**{name: F(name) - 1})
    counts.update(middle=None)
    assert counts.get().middle is None


@only_sqlite
def test_sqlite_refuses_text_that_is_no_json(counts, connected):
    row = counts.create(facts={"a": [1]})
    counts.update(facts=None)
    with pytest.raises(IntegrityError, match="JSON_VALID"):
        connected.execute('UPDATE "count" SET "facts" = ?', ["{nonsense"])
    row.facts = Value("text", JSONField())
    row.save()
    assert counts.get().facts == "text"


@pytest.mark.parametrize(
    ("vendor", "name", "check"),
    [
        ("sqlite", "small", '"small" >= 0'),
        ("sqlite", "middle", '"mid" >= 0'),
        ("sqlite", "facts", '(JSON_VALID("facts") OR "facts" IS NULL)'),
        ("sqlite", "id", ""),
        ("postgresql", "big", '"big" >= 0'),
        ("postgresql", "facts", ""),
        ("mysql", "big", ""),
        ("mysql", "facts", ""),
    ],
)
def test_dialect_knows_what_values_fulfil(vendor, name, check):
    field, dialect = Count._meta.get_field(name), get_dialect(vendor)
    assert dialect.column_check(field) == check
    assert column_sql(field, dialect).endswith(f" CHECK ({check})") is bool(check)


def test_references_and_generated_columns_have_no_check():
    class Kind(Model):
        number: Any = PositiveIntegerField(primary_key=True)

    class Item(Model):
        kind: Any = ForeignKey(Kind)
        more: Any = GeneratedField(
            expression=F("kind_id") + 1,
            output_field=PositiveIntegerField(),
            db_persist=True,
        )

    for field in Item._meta.local_fields:
        assert get_dialect("sqlite").column_check(field) == ""


# Constants in definitions, which take no parameters.


class Rule(Model):
    kind: Any = CharField(max_length=20, default="a")
    size: Any = IntegerField(default=1)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(kind__in=["a", "it's", "?", "%s", "50%", "\\"])
                & Q(size__in=[1, 2]),
                name="known",
            ),
            CheckConstraint(condition=~Q(kind="?") | Q(size=2), name="marks_are_two"),
        ]


def test_constants_stand_as_they_are(connected):
    Rule.create_table()
    for kind in ("a", "it's", "%s", "50%", "\\"):
        assert Rule.objects.create(kind=kind).kind == kind
    assert Rule.objects.create(kind="?", size=2)
    for kind, size in (("?", 1), ("b", 1), ("a", 3)):
        with pytest.raises(DatabaseError):
            Rule.objects.create(kind=kind, size=size)


# Collations.


class Word(Model):
    text: Any = CharField(max_length=9, db_collation="nocase", primary_key=True)
    long: Any = TextField(db_collation="rtrim", default="")
    slug: Any = SlugField(db_collation="binary", default="")
    next: Any = ForeignKey("self", null=True)
    loud: Any = GeneratedField(
        expression=Upper("text"),
        output_field=CharField(max_length=9, db_collation="nocase"),
        db_persist=True,
    )

    class Meta:
        indexes = [Index(fields=["loud"], name="by_loud")]


@only_sqlite
def test_collation_compares_the_texts(connected):
    Word.create_table()
    one = Word.objects.create(text="One", long="a  ")
    assert Word.objects.filter(text="ONE", long="a", loud="one").exists()
    assert Word.objects.create(text="two", next_id="ONE").next == one
    with pytest.raises(IntegrityError):
        Word.objects.create(text="ONE")


@only_servers
def test_servers_have_collations_of_their_own(connected):
    mine = {"postgresql": "C", "mysql": "utf8mb4_general_ci"}[connected.vendor]

    class Phrase(Model):
        text: Any = CharField(max_length=9, db_collation=mine)
        long: Any = TextField(db_collation=mine, default="")

    Phrase.create_table()
    for text in "bAaB":
        Phrase.objects.create(text=text)
    found = "".join(Phrase.objects.order_by("text", "-id").values_list("text", flat=1))
    assert found == {"postgresql": "ABab", "mysql": "aABb"}[connected.vendor]


def test_collation_stands_in_the_column():
    sqlite, mysql = get_dialect("sqlite"), get_dialect("mysql")
    get_field = Word._meta.get_field
    assert (
        column_sql(get_field("text"), sqlite)
        == '"text" varchar(9) COLLATE "nocase" NOT NULL PRIMARY KEY'
    )
    assert collation_sql(get_field("next"), mysql) == " COLLATE `nocase`"
    assert collation_sql(get_field("loud"), sqlite) == ' COLLATE "nocase"'
    assert collation_sql(CharField(), sqlite) == ""
    assert get_field("slug").deconstruct()[3]["db_collation"] == "binary"
    assert "db_collation" not in TextField().deconstruct()[3]


# As Django does it.


def gardens(models, create):
    class Garden(models.Model):  # type: ignore[misc, name-defined]
        small = models.PositiveSmallIntegerField(unique=True, db_comment="x")
        big = models.PositiveBigIntegerField(db_column="large")
        middle = models.PositiveIntegerField()
        facts = models.JSONField()
        name = models.CharField(max_length=3, db_collation="nocase", unique=True)
        text = models.TextField(db_collation="rtrim")

        class Meta:
            app_label = "oracle"
            db_table_comment = "y"

    class Gate(models.Model):  # type: ignore[misc, name-defined]
        garden = models.OneToOneField(
            Garden, models.CASCADE, to_field="name", primary_key=True
        )

        class Meta:
            app_label = "oracle"

    statements = [sql.replace("IF NOT EXISTS ", "") for sql in create(Garden, Gate)]
    return [re.sub(r'COLLATE "(\w+)"', r"COLLATE \1", sql) for sql in statements]


@only_sqlite
@pytest.mark.oracle
def test_tables_are_as_in_django(connected):
    assert oracle.ours(gardens) == oracle.djangos(gardens)
