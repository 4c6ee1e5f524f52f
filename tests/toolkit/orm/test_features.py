"""What each database can do: the README's table is made of what it does here."""

import re
from pathlib import Path
from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    CharField,
    Count,
    DatabaseError,
    F,
    ForeignKey,
    Index,
    IntegerField,
    JSONField,
    Lower,
    Model,
    NotSupportedError,
    Q,
    RowNumber,
    StringAgg,
    UniqueConstraint,
    Window,
    atomic,
    connect,
    get_database,
)
from fwtrace.toolkit.orm.introspection import inspect_table
from tests.toolkit.orm import servers

README = Path(__file__).parent.parent.parent.parent / "README.md"


class Owner(Model):
    name: Any = CharField(max_length=20)


class Thing(Model):
    name: Any = CharField(max_length=20, unique=True)
    size: Any = IntegerField(default=1)
    owner: Any = ForeignKey(Owner, null=True, related_name="things")
    data: Any = JSONField(null=True)


class Partial(Model):
    name: Any = CharField(max_length=20)
    size: Any = IntegerField(default=1)

    class Meta:
        constraints = (
            UniqueConstraint(fields=["name"], condition=Q(size=1), name="one_small"),
        )


class Lowered(Model):
    name: Any = CharField(max_length=20)

    class Meta:
        indexes = (Index(Lower("name"), name="lowered_name"),)


def rows(queryset):
    return list(queryset)


def ignored():
    Thing.objects.bulk_create([Thing(name="a")], ignore_conflicts=True)


def upserted():
    Thing.objects.bulk_create(
        [Thing(name="a", size=7)],
        update_conflicts=True,
        update_fields=["size"],
        unique_fields=["name"],
    )
    assert Thing.objects.get(name="a").size == 7


def partial():
    Partial.create_table()
    Partial.objects.create(name="x")
    try:
        Partial.objects.create(name="x")
    except DatabaseError:
        return
    raise NotSupportedError


def lowered():
    Lowered.create_table()
    table: Any = inspect_table(get_database(), Lowered._meta.db_table)
    if not any("lower" in each.definition.lower() for each in table.find("index")):
        raise NotSupportedError


def locked():
    with atomic():
        found = Thing.objects.select_for_update()
        if "FOR UPDATE" not in found.as_statement()[0]:
            raise NotSupportedError
        rows(found)


def skipped():
    with atomic():
        found = Thing.objects.select_for_update(skip_locked=True)
        if "SKIP LOCKED" not in found.as_statement()[0]:
            raise NotSupportedError
        rows(found)


FEATURES = {
    "joins, subqueries, aggregates": lambda: rows(
        Owner.objects.annotate(n=Count("things")).filter(n__gt=0)
    ),
    "window functions": lambda: rows(
        Thing.objects.annotate(n=Window(RowNumber(), order_by="name")).filter(n=1)
    ),
    "joined texts (`StringAgg`)": lambda: rows(
        Owner.objects.annotate(all=StringAgg("things__name", ","))
    ),
    "JSON by keys": lambda: rows(Thing.objects.filter(data__a__b=1)),
    "JSON containment": lambda: rows(Thing.objects.filter(data__contains={"a": 1})),
    "regular expressions": lambda: rows(Thing.objects.filter(name__iregex="^A")),
    "`NULLS FIRST` and `LAST`": lambda: rows(
        Thing.objects.order_by(F("owner").asc(nulls_last=True))
    ),
    "`union`, `intersection`, `difference`": lambda: rows(
        Thing.objects.filter(size=1).difference(Thing.objects.filter(name="a"))
    ),
    "`distinct(fields)`": lambda: rows(Thing.objects.order_by("size").distinct("size")),
    "`bulk_create(ignore_conflicts)`": ignored,
    "`bulk_create(update_conflicts)`": upserted,
    "`select_for_update`": locked,
    "`select_for_update(skip_locked)`": skipped,
    "unique with a condition": partial,
    "indexes of expressions": lowered,
    "`explain`": lambda: Thing.objects.all().explain(),
}


def test_readme_tells_what_each_database_can_do():
    table: dict[str, list[str]] = {name: [] for name in FEATURES}
    for vendor in servers.VENDORS:
        database = connect(servers.url(vendor))
        for model in (Owner, Thing):
            model.create_table()
        owner = Owner.objects.create(name="o")
        Thing.objects.create(name="a", owner=owner)
        for name, use in FEATURES.items():
            try:
                use()
            except (DatabaseError, NotSupportedError):
                table[name].append("no")
            else:
                table[name].append("yes")
        servers.drop_tables(database)
        database.close()
    lines = ["| | SQLite | PostgreSQL | MariaDB |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {' | '.join(found)} |" for name, found in table.items()]
    made = "\n".join(lines)
    shown = re.search(r"\| \| SQLite.*?(?=\n\n)", README.read_text("utf-8"), re.DOTALL)
    assert shown is not None, made
    assert shown[0] == made


@pytest.mark.parametrize("vendor", ["postgresql", "mysql"])
def test_missing_driver_gives_the_pip_command(vendor, monkeypatch):
    import sys

    from fwtrace.toolkit.orm import MissingDriver

    driver = "psycopg" if vendor == "postgresql" else "pymysql"
    extra = "postgres" if vendor == "postgresql" else "mysql"
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(MissingDriver, match=rf"pip install 'fwtrace\[{extra}\]'"):
        connect(f"{vendor}://localhost/x")


def test_passwords_are_never_shown():
    database = connect("postgresql://ann:hunter2@127.0.0.1:1/x?connect_timeout=1")
    assert "hunter2" not in repr(database)
    with pytest.raises(DatabaseError) as refused:
        database.fetch("SELECT 1")
    assert "hunter2" not in str(refused.value)
    with pytest.raises(ValueError, match="oracle://ann@") as refused_url:
        connect("oracle://ann:hunter2@host/x")
    assert "hunter2" not in str(refused_url.value)
