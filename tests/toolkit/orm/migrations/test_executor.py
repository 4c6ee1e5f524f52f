"""A database is taken along the history, and left as it was where that fails."""

from typing import Any

import pytest

from fwtrace.toolkit.orm.introspection import (
    inspect_table,
    schema_of,
    shape,
    table_names,
)
from fwtrace.toolkit.orm.migrations.exceptions import IrreversibleError, MigrationError
from fwtrace.toolkit.orm.migrations.executor import MigrationExecutor
from fwtrace.toolkit.orm.migrations.recorder import MigrationRecorder
from fwtrace.toolkit.orm.migrations.running.journal import TABLE
from fwtrace.toolkit.orm.signals import post_migrate, pre_migrate
from tests.toolkit.orm import servers
from tests.toolkit.orm.migrations.projects import BOOK, Project


@pytest.fixture
def project(tmp_path):
    """Books, their pages, and an author."""
    made = Project(tmp_path / "shop")
    made.write("0001_initial", BOOK)
    made.write(
        "0002_pages",
        "migrations.AddField('Book', 'pages', models.IntegerField(default=7)),",
        after="0001_initial",
    )
    return made


def applied(database):
    return [name for _, name in MigrationRecorder(database).applied_migrations()]


def columns(database, table="shop_book"):
    found = inspect_table(database, table)
    return None if found is None else {column.name for column in found.columns}


def add_book(database, title="A"):
    marker = "?" if database.vendor == "sqlite" else "%s"
    database.execute(f"INSERT INTO shop_book (title) VALUES ({marker})", [title])


def test_forwards_in_order_and_recorded(connected, project):
    state = project.migrate(connected)
    assert columns(connected) == {"id", "title", "pages"}
    assert applied(connected) == ["0001_initial", "0002_pages"]
    assert set(state.model("shop", "book").fields) == {"id", "title", "pages"}


def test_rows_that_are_there_get_the_default(connected, project):
    project.migrate(connected, "0001_initial")
    add_book(connected)
    project.migrate(connected)
    assert connected.fetch("SELECT title, pages FROM shop_book") == [("A", 7)]
    table: Any = inspect_table(connected, "shop_book")
    assert table.column("pages").default is None, (
        "the default is Python's, not the table's"
    )


def test_back_to_a_migration_and_to_the_beginning(connected, project):
    project.migrate(connected)
    project.migrate(connected, "0001_initial")
    assert columns(connected) == {"id", "title"}
    assert applied(connected) == ["0001_initial"]
    project.migrate(connected, None)
    assert columns(connected) is None
    assert applied(connected) == []


def test_a_second_run_has_nothing_to_do(connected, project):
    project.migrate(connected)
    executor = project.executor(connected)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_progress_is_told(connected, project):
    seen = []
    executor = project.executor(
        connected,
        lambda action, migration=None, fake=False: seen.append(
            (action, str(migration))
        ),
    )
    executor.migrate([("shop", "0001_initial")])
    assert seen == [
        ("apply_start", "shop.0001_initial"),
        ("apply_success", "shop.0001_initial"),
    ]


def test_faking_records_alone(connected, project):
    project.migrate(connected, fake=True)
    assert applied(connected) == ["0001_initial", "0002_pages"]
    assert columns(connected) is None
    project.migrate(connected, None, fake=True)
    assert applied(connected) == []


def test_tables_that_are_there_are_taken_for_the_initial_migration(connected, project):
    project.migrate(connected, "0001_initial")
    add_book(connected)
    MigrationRecorder(connected).flush()
    with pytest.raises(MigrationError, match="already exists"):
        project.migrate(connected)
    project.migrate(connected, fake_initial=True)
    assert connected.fetch("SELECT title, pages FROM shop_book") == [("A", 7)]


def test_signals_are_sent_before_and_after(connected, project):
    seen = []

    def note(sender, app_label, plan, apps, using, **named):
        names = sorted(model.__name__ for model in apps.get_models())
        seen.append((app_label, len(plan), names, using))

    pre_migrate.connect(note)
    post_migrate.connect(note)
    try:
        project.migrate(connected)
    finally:
        pre_migrate.disconnect(note)
        post_migrate.disconnect(note)
    assert seen == [("shop", 2, [], "default"), ("shop", 2, ["Book"], "default")]


PYTHON = """
def shout(apps, schema_editor):
    Book = apps.get_model("shop", "Book")
    for book in Book.objects.using(schema_editor.alias):
        book.title = book.title.upper()
        book.save()


def whisper(apps, schema_editor):
    Book = apps.get_model("shop", "Book")
    for book in Book.objects.using(schema_editor.alias):
        book.title = book.title.lower()
        book.save()
"""


def test_python_changes_rows_both_ways(connected, project):
    project.migrate(connected)
    connected.execute("INSERT INTO shop_book (title, pages) VALUES ('a', 1)")
    project.write(
        "0003_shout", "migrations.RunPython(shout, whisper),", "0002_pages", PYTHON
    )
    project.migrate(connected)
    assert connected.fetch("SELECT title FROM shop_book") == [("A",)]
    project.migrate(connected, "0002_pages")
    assert connected.fetch("SELECT title FROM shop_book") == [("a",)]


def test_sql_runs_both_ways_with_its_parameters(connected, project):
    project.migrate(connected)
    sql = [
        "INSERT INTO shop_book (title, pages) VALUES ('100%', 1)",
        ("UPDATE shop_book SET pages = %s WHERE title LIKE '100%%'", [5]),
    ]
    back = "DELETE FROM shop_book; -- all of them;\nDELETE FROM shop_book"
    project.write("0003_sql", f"migrations.RunSQL({sql!r}, {back!r}),", "0002_pages")
    project.migrate(connected)
    assert connected.fetch("SELECT title, pages FROM shop_book") == [("100%", 5)]
    project.migrate(connected, "0002_pages")
    assert connected.fetch("SELECT title FROM shop_book") == []


def test_what_cannot_be_undone_is_refused_before_anything_is(connected, project):
    project.write(
        "0003_python",
        "migrations.AddField('Book', 'x', models.IntegerField(null=True)),\n"
        "migrations.RunSQL('SELECT 1'),",
        "0002_pages",
    )
    project.migrate(connected)
    with pytest.raises(IrreversibleError, match="shop.0003_python cannot be undone"):
        project.migrate(connected, "0001_initial")
    assert "x" in columns(connected)


def test_state_and_database_may_part(connected, project):
    project.write(
        "0003_apart",
        "migrations.SeparateDatabaseAndState(\n"
        "    database_operations=[migrations.RunSQL(\n"
        "        'ALTER TABLE shop_book ADD COLUMN price integer',\n"
        "        'ALTER TABLE shop_book DROP COLUMN price')],\n"
        "    state_operations=[migrations.AddField(\n"
        "        'Book', 'price', models.IntegerField(null=True))]),",
        "0002_pages",
    )
    state = project.migrate(connected)
    assert "price" in state.model("shop", "Book").fields
    assert "price" in columns(connected)
    project.migrate(connected, "0002_pages")
    assert "price" not in columns(connected)


# What fails.


def snapshot(database):
    tables = {k: shape(v) for k, v in schema_of(database).items()}
    return tables, database.fetch("SELECT * FROM shop_book")


def test_data_that_breaks_a_constraint_leaves_all_as_it_was(connected, project):
    project.migrate(connected)
    for _ in range(2):
        connected.execute("INSERT INTO shop_book (title, pages) VALUES ('A', 1)")
    before = snapshot(connected)
    project.write(
        "0003_unique",
        "migrations.AddField('Book', 'x', models.IntegerField(default=1)),\n"
        "migrations.AddConstraint('Book', models.UniqueConstraint(\n"
        "    fields=['title'], name='one_title')),",
        "0002_pages",
    )
    with pytest.raises(MigrationError) as failed:
        project.migrate(connected)
    assert "shop.0003_unique was not applied: operation 2 of 2, " in str(failed.value)
    assert "Create constraint one_title" in str(failed.value)
    assert str(failed.value).endswith("Nothing was changed.")
    assert snapshot(connected) == before
    assert applied(connected) == ["0001_initial", "0002_pages"]
    connected.execute("DELETE FROM shop_book")
    project.migrate(connected)
    assert applied(connected)[-1] == "0003_unique"


def test_python_that_fails_leaves_all_as_it_was(connected, project):
    project.migrate(connected)
    connected.execute("INSERT INTO shop_book (title, pages) VALUES ('A', 1)")
    before = snapshot(connected)
    project.write(
        "0003_fails",
        "migrations.AddField('Book', 'x', models.IntegerField(default=1)),\n"
        "migrations.RunPython(fail),",
        "0002_pages",
        "def fail(apps, schema_editor):\n"
        "    apps.get_model('shop', 'Book').objects.all().delete()\n"
        "    raise ZeroDivisionError('a mistake')\n",
    )
    with pytest.raises(MigrationError, match="fail.*a mistake.*Nothing was changed"):
        project.migrate(connected)
    assert snapshot(connected) == before


def test_a_column_changed_by_hand_is_told(connected, project):
    project.migrate(connected)
    connected.execute("ALTER TABLE shop_book RENAME COLUMN pages TO sheets")
    before = snapshot(connected)
    project.write(
        "0003_alter",
        "migrations.AlterField('Book', 'pages', models.CharField(max_length=5)),",
        "0002_pages",
    )
    with pytest.raises(MigrationError, match="pages.*Nothing was changed"):
        project.migrate(connected)
    assert snapshot(connected) == before


@servers.only_sqlite
def test_a_column_added_by_hand_is_not_lost(connected, project):
    project.migrate(connected)
    connected.execute("ALTER TABLE shop_book ADD COLUMN mine text")
    project.write(
        "0003_alter",
        "migrations.AlterField('Book', 'pages', models.CharField(max_length=5)),",
        "0002_pages",
    )
    with pytest.raises(MigrationError, match="has a column 'mine' that no migration"):
        project.migrate(connected)
    assert "mine" in columns(connected)


@servers.only_sqlite
def test_indexes_triggers_views_and_the_counter_survive_a_table_made_anew(
    connected, project
):
    project.migrate(connected)
    for statement in (
        "CREATE TABLE log (what text)",
        "CREATE INDEX by_hand ON shop_book (title, pages)",
        "CREATE TRIGGER noted AFTER INSERT ON shop_book BEGIN "
        "INSERT INTO log VALUES (new.title); END",
        "CREATE VIEW thick AS SELECT title FROM shop_book WHERE pages > 5",
        "INSERT INTO shop_book (id, title, pages) VALUES (41, 'gone', 1), (3, 'A', 9)",
        "DELETE FROM shop_book WHERE id = 41",
    ):
        connected.execute(statement)
    project.write(
        "0003_alter",
        "migrations.AlterField('Book', 'title', models.CharField(max_length=99)),",
        "0002_pages",
    )
    project.migrate(connected)
    add = "INSERT INTO shop_book (title, pages) VALUES ('B', 10)"
    connected.execute(add)
    assert connected.fetch("SELECT id, title FROM shop_book") == [(3, "A"), (42, "B")]
    assert connected.fetch("SELECT what FROM log") == [("gone",), ("A",), ("B",)]
    assert connected.fetch("SELECT title FROM thick") == [("A",), ("B",)]
    table: Any = inspect_table(connected, "shop_book")
    names = {each.name for each in table.constraints}
    assert "by_hand" in names


@servers.only_sqlite
def test_a_reference_that_would_lead_nowhere_is_refused(connected, project):
    project.write(
        "0003_author",
        "migrations.CreateModel('Author', [\n"
        "    ('id', models.AutoField(primary_key=True))]),\n"
        "migrations.AddField('Book', 'author', models.ForeignKey(\n"
        "    'shop.author', models.CASCADE, default=5)),",
        "0002_pages",
    )
    project.migrate(connected, "0002_pages")
    connected.execute("INSERT INTO shop_book (title, pages) VALUES ('A', 1)")
    with pytest.raises(
        MigrationError, match="refers to one of 'shop_author' that is not"
    ):
        project.migrate(connected)
    assert "shop_author" not in table_names(connected)


# Where no transaction holds a migration.

only_mysql = pytest.mark.parametrize("connected", ["mysql"], indirect=True)


@only_mysql
def test_what_a_server_cannot_undo_says_where_it_stands(connected, project):
    project.migrate(connected)
    connected.execute("INSERT INTO shop_book (title, pages) VALUES ('A', 1), ('A', 2)")
    project.write(
        "0003_halfway",
        "migrations.RemoveField('Book', 'pages'),\n"
        "migrations.AddConstraint('Book', models.UniqueConstraint(\n"
        "    fields=['title'], name='one_title')),\n"
        "migrations.AddField('Book', 'x', models.IntegerField(default=1)),",
        "0002_pages",
    )
    with pytest.raises(MigrationError, match="1 of its 3 operations are done and stay"):
        project.migrate(connected)
    entry = project.executor(connected).interrupted()
    assert (entry.name, entry.operation, entry.backwards) == ("0003_halfway", 1, False)
    connected.execute("UPDATE shop_book SET title = 'B' LIMIT 1")
    project.migrate(connected)
    assert columns(connected) == {"id", "title", "x"}
    assert TABLE not in table_names(connected)
    assert applied(connected)[-1] == "0003_halfway"


@only_mysql
def test_what_is_half_done_can_be_taken_back(connected, project):
    project.migrate(connected)
    connected.execute("INSERT INTO shop_book (title, pages) VALUES ('A', 1), ('A', 2)")
    project.write(
        "0003_halfway",
        "migrations.RemoveField('Book', 'pages'),\n"
        "migrations.AddConstraint('Book', models.UniqueConstraint(\n"
        "    fields=['title'], name='one_title')),",
        "0002_pages",
    )
    with pytest.raises(MigrationError, match="to go back"):
        project.migrate(connected)
    project.migrate(connected, "0002_pages")
    assert columns(connected) == {"id", "title", "pages"}
    assert connected.fetch("SELECT COUNT(*) FROM shop_book") == [(2,)]
    assert TABLE not in table_names(connected)
    assert applied(connected) == ["0001_initial", "0002_pages"]


def test_the_executor_names_a_file_that_is_gone(connected, project):
    project.migrate(connected)
    (project.folder / "0002_pages.py").unlink()
    loader = project.loader(connected)
    assert ("shop", "0002_pages") in loader.applied_migrations
    assert (
        MigrationExecutor(loader, connected).migration_plan([("shop", "0001_initial")])
        == []
    )


def test_a_migration_without_a_transaction_does_the_same(connected, project):
    project.write(
        "0003_author",
        "migrations.CreateModel('Author', [\n"
        "    ('id', models.AutoField(primary_key=True))]),\n"
        "migrations.AddField('Book', 'author', models.ForeignKey(\n"
        "    'shop.author', models.CASCADE, null=True)),",
        "0002_pages",
    )
    project.write(
        "0004_apart",
        "migrations.AddField('Author', 'name', models.CharField(\n"
        "    max_length=9, default='x')),\n"
        "migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop),\n"
        "migrations.RenameModel('Author', 'Writer'),",
        "0003_author",
    )
    path = project.folder / "0004_apart.py"
    path.write_text(path.read_text() + "    atomic = False\n")
    project.migrate(connected, "0003_author")
    before = {k: shape(v) for k, v in schema_of(connected).items()}
    connected.execute("INSERT INTO shop_author (id) VALUES (1)")
    connected.execute(
        "INSERT INTO shop_book (title, pages, author_id) VALUES ('A', 1, 1)"
    )
    project.migrate(connected)
    assert connected.fetch("SELECT id, name FROM shop_writer") == [(1, "x")]
    assert connected.fetch("SELECT author_id FROM shop_book") == [(1,)]
    project.migrate(connected, "0003_author")
    assert connected.fetch("SELECT author_id FROM shop_book") == [(1,)]
    assert {k: shape(v) for k, v in schema_of(connected).items()} == before
    assert TABLE not in table_names(connected)
