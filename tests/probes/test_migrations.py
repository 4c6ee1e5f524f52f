"""Spans of migrations: each one, in it each operation, in that what it did."""

import json

import pytest

from fwtrace.migrate import Project, locate, migrate
from fwtrace.probes.migrations import BOOKKEEPING
from fwtrace.toolkit.orm import connect, disconnect
from fwtrace.toolkit.orm.migrations.running.journal import Journal
from fwtrace.tracer.recorder import Limits
from tests.toolkit.orm.migrations.projects import BOOK, Project as Folder

OPERATION = "fwtrace.migration.operation"
PAGES = "migrations.AddField('Book', 'pages', models.IntegerField(default=1)),"
TITLE = "migrations.AlterField('Book', 'title', models.CharField(max_length=99)),"
FILL = "migrations.RunPython(fill, migrations.RunPython.noop),"
CODE = """
def fill(apps, editor):
    Book = apps.get_model("shop", "Book")
    Book.objects.using(editor.alias).filter(title="a").update(title="b")
"""


@pytest.fixture
def database():
    yield connect("sqlite://")
    disconnect()


@pytest.fixture
def shop(tmp_path, database):
    """Books; then two operations."""
    made = Folder(tmp_path / "shop" / "migrations")
    made.write("0001_initial", BOOK)
    made.write("0002_more", f"{PAGES}{FILL}", "0001_initial", CODE)
    return made


def run(shop, database, target="", **options):
    project = Project.open(locate([shop.folder]), database)
    trace = migrate(project, project.targets(target), **options)
    assert not [span.fault for span in trace.spans() if span.fault]
    return trace


def migrations(trace):
    return [s for s in trace.spans("migration") if OPERATION not in s.attributes]


def operations(trace):
    return [s for s in trace.spans("migration") if OPERATION in s.attributes]


def attribute(spans, name):
    return [span.attributes.get(f"fwtrace.migration.{name}") for span in spans]


def outline(span):
    """The spans below as text, bookkeeping by its kind."""
    return [
        each.attributes.get(BOOKKEEPING) or each.name
        if each.stage == "sql"
        else {each.name: outline(each)}
        for each in span.children
    ]


def test_statements_stand_in_operations_and_these_in_migrations(shop, database):
    trace = run(shop, database, "0001")
    assert outline(trace.root) == [
        *("setting", "setting", "record", "record"),
        {
            "shop.0001_initial": [
                *("setting", "transaction"),
                {"+ Create model Book": ["CREATE shop_book"]},
                *("record", "transaction", "setting"),
            ]
        },
        "setting",
    ]


def test_operations_have_their_number_and_direction(shop, database):
    forwards, backwards = run(shop, database), run(shop, database, "0001")
    assert attribute(operations(forwards), "number") == [1, 1, 2]
    assert attribute(operations(backwards), "number") == [2, 1]
    assert attribute(operations(backwards), "operations") == [2, 2]
    assert attribute(operations(backwards), "direction") == ["backwards"] * 2
    assert attribute(operations(forwards), "operation") == [
        "CreateModel",
        "AddField",
        "RunPython",
    ]
    (undone,) = migrations(backwards)
    assert undone.name == "shop.0002_more"
    assert attribute([undone], "direction") == ["backwards"]


def test_rows_that_an_operation_writes_are_counted(shop, database):
    run(shop, database, "0001")
    for number in range(3):
        database.execute(f"INSERT INTO shop_book (title) VALUES ('{'ab'[number % 2]}')")
    shop.write("0003_title", TITLE, "0002_more")
    trace = run(shop, database)
    add, fill, alter = operations(trace)
    assert attribute([add, fill, alter], "rows") == [3, 2, 3]
    (copied,) = [s for s in alter.children if s.name == "INSERT new__shop_book"]
    assert copied.attributes["fwtrace.sql.affected_rows"] == 3


def test_statement_of_python_names_its_line(shop, database):
    (update,) = operations(run(shop, database))[2].children
    assert update.name == "UPDATE shop_book"
    assert BOOKKEEPING not in update.attributes
    assert update.location.file.endswith("0002_more.py")
    assert update.location.function == "fill"


def test_lookups_in_the_schema_are_bookkeeping(shop, database):
    shop.write("0003_title", TITLE, "0002_more")
    alter = operations(run(shop, database))[3]
    kept = [name for name in outline(alter) if name[0].isupper()]
    assert kept == [
        "CREATE new__shop_book",
        "INSERT new__shop_book",
        "DROP shop_book",
        "ALTER new__shop_book",
    ]
    assert set(outline(alter)) - set(kept) <= {"counter", "lookup", "setting"}


def test_statements_of_somebody_are_no_bookkeeping(shop, database):
    sql = "migrations.RunSQL('PRAGMA user_version; SELECT 1', ''),"
    shop.write("0003_own", sql, "0002_more")
    own = operations(run(shop, database))[3]
    assert outline(own) == ["PRAGMA user_version", "SELECT"]


def test_error_stands_at_its_operation(shop, database):
    shop.write("0003_broken", f"{TITLE}migrations.RunSQL('SELEC 1'),", "0002_more")
    trace = run(shop, database)
    failed = [span for span in trace.spans("migration") if span.error]
    assert [span.name for span in failed] == ["shop.0003_broken", "s Raw SQL operation"]
    assert "OperationalError" in failed[1].error["type"]


def test_migration_that_is_only_recorded(shop, database):
    trace = run(shop, database, "0001", fake=True)
    assert attribute(migrations(trace), "fake") == [True]
    assert operations(trace) == []


def test_migration_whose_tables_are_there(shop, database):
    run(shop, database, "0001")
    database.execute("DELETE FROM django_migrations")
    trace = run(shop, database, fake_initial=True)
    assert attribute(migrations(trace), "fake") == [True, None]


# Outside of a transaction: as on MySQL, and where a migration says so.


@pytest.fixture
def stepwise(shop):
    shop.write("0003_steps", f"{TITLE}{FILL}", "0002_more", CODE)
    file = shop.folder / "0003_steps.py"
    file.write_text(file.read_text() + "    atomic = False\n")
    return shop


def test_step_is_one_operation(stepwise, database):
    run(stepwise, database, "0002")
    trace = run(stepwise, database)
    (migration,) = migrations(trace)
    assert attribute(operations(trace), "number") == [1, 2]
    alter, fill = operations(trace)
    assert "INSERT new__shop_book" in outline(alter)
    assert "UPDATE shop_book" in outline(fill)
    assert set(outline(alter)) >= {"journal"}
    around = [each for each in outline(migration) if isinstance(each, str)]
    assert {"journal", "transaction", "record"} <= set(around)
    assert not [name for name in around if name[0].isupper()]


def test_journal_repeats_no_secret(stepwise, database):
    sql = "migrations.RunSQL([('UPDATE shop_book SET title = %s', ['hunter2'])]),"
    file = stepwise.folder / "0003_steps.py"
    file.write_text(file.read_text().replace(FILL, sql))
    text = json.dumps(run(stepwise, database).to_dict())
    assert text.count("hunter2") == 1  # of the statement itself
    assert '"db.query.parameter.0": "[redacted]"' in text.lower()


def test_migration_that_was_left_half_way(stepwise, database):
    good = (stepwise.folder / "0003_steps.py").read_text()
    bad = good.replace(FILL, "migrations.RunSQL('SELEC 1', ''),")
    (stepwise.folder / "0003_steps.py").write_text(bad)
    assert run(stepwise, database).outcome["error"]
    entry = Journal(database).read()
    assert entry is not None
    assert entry.operation == 1
    (stepwise.folder / "0003_steps.py").write_text(good)
    trace = run(stepwise, database)
    assert trace.outcome["phrase"] == "1 finished"
    assert attribute(migrations(trace), "resumed") == [True]
    assert attribute(operations(trace), "number") == [2]


def test_past_the_bound_operations_are_run_and_counted(shop, database):
    trace = run(shop, database, limits=Limits(spans=8))
    assert trace.outcome["phrase"] == "2 applied"
    assert trace.dropped["migration"] > 0
