"""SQLite watches over no foreign key while tables are made anew: those that may lead
nowhere afterwards are looked at, and no others."""

import pytest

from fwtrace.toolkit.orm.introspection import schema_of, shape
from fwtrace.toolkit.orm.migrations.exceptions import MigrationError
from tests.toolkit.orm import servers
from tests.toolkit.orm.migrations.projects import ID, Project

pytestmark = servers.only_sqlite

LIBRARY = f"""
        migrations.CreateModel('Author', [
            {ID},
            ('code', models.CharField(
                max_length=9, unique=True, db_collation='nocase')),
            ('name', models.CharField(max_length=9, null=True)),
        ]),
        migrations.CreateModel('Editor', [{ID}]),
        migrations.CreateModel('Book', [
            {ID},
            ('title', models.CharField(max_length=9)),
            ('author', models.ForeignKey('shop.author', models.CASCADE)),
            ('code', models.ForeignKey(
                'shop.author', models.CASCADE, to_field='code', related_name='+')),
        ]),
"""
EDITOR = "models.ForeignKey('shop.editor', models.CASCADE, {})"
NAMED = (
    "migrations.AddField('Book', 'named', models.ForeignKey('shop.author',\n"
    "    models.CASCADE, null=True, to_field='name', related_name='+')),\n"
)
INSERT = "INSERT INTO shop_book (title, author_id, code_id) VALUES ('B', 9, 'a')"
BREAKING = {
    "new": f"migrations.AddField('Book', 'editor', {EDITOR.format('default=5')}),",
    "to another": f"migrations.AlterField('Book', 'author', {EDITOR.format('')}),",
    "model of another name": (
        f"migrations.AddField('Book', 'editor', {EDITOR.format('default=5')}),\n"
        "migrations.RenameModel('Book', 'Volume'),"
    ),
    "gone": "migrations.DeleteModel('Author'),",
    "key compares otherwise": (
        "migrations.AlterField('Author', 'code', models.CharField(\n"
        "    max_length=9, unique=True)),"
    ),
    "no key": (
        "migrations.AlterField('Author', 'code', models.CharField(max_length=9)),"
    ),
    "key gone": "migrations.RemoveField('Author', 'code'),",
    "no key by constraint": (
        "migrations.AddConstraint('Author', models.UniqueConstraint(\n"
        "    fields=['name'], name='once')),\n"
        f"{NAMED}migrations.RemoveConstraint('Author', 'once'),"
    ),
    "no key together": (
        "migrations.AlterUniqueTogether('Author', {('name',)}),\n"
        f"{NAMED}migrations.AlterUniqueTogether('Author', set()),"
    ),
    "SQL": f"migrations.RunSQL({INSERT!r}),",
    "SQL apart": (
        "migrations.SeparateDatabaseAndState(database_operations=[\n"
        f"    migrations.RunSQL({INSERT!r})]),"
    ),
    "Python": "migrations.RunPython(insert),",
    "operation of one's own": "Insert(),",
}
INSERTING = f"""
from fwtrace.toolkit.orm.migrations import operations


def insert(apps, schema_editor):
    schema_editor.execute({INSERT!r})


class Insert(operations.Operation):
    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        insert(None, schema_editor)
"""


@pytest.fixture
def library(tmp_path, connected):
    """A book by an author, to whom it refers in two ways."""
    made = Project(tmp_path / "shop")
    made.write("0001_initial", LIBRARY)
    made.migrate(connected)
    connected.execute("INSERT INTO shop_author (id, code) VALUES (1, 'A')")
    connected.execute(INSERT.replace("9", "1"))
    return made


def snapshot(database):
    """The shape of all tables, and all rows."""
    tables = schema_of(database)
    rows = {name: database.fetch(f"SELECT * FROM {name}") for name in tables}
    return {name: shape(table) for name, table in tables.items()}, rows


@pytest.mark.parametrize("operations", BREAKING.values(), ids=BREAKING)
def test_no_reference_is_left_that_leads_nowhere(connected, library, operations):
    before = snapshot(connected)
    library.write("0002_break", operations, "0001_initial", INSERTING)
    with pytest.raises(MigrationError, match="Nothing was changed"):
        library.migrate(connected)
    assert snapshot(connected) == before


CHECKED = {
    "no key": ("migrations.AlterField('Book', 'title', models.TextField()),", []),
    "empty": (
        f"migrations.AddField('Book', 'editor', {EDITOR.format('null=True')}),",
        [],
    ),
    "key": (
        "migrations.AlterField('Book', 'author', models.ForeignKey(\n"
        "    'shop.author', models.CASCADE, null=True)),",
        ['PRAGMA foreign_key_check("shop_book")'],
    ),
    "target": (
        "migrations.AlterField('Author', 'id', models.BigAutoField(primary_key=True)),",
        ['PRAGMA foreign_key_check("shop_book")'],
    ),
    "nobody's target": ("migrations.DeleteModel('Editor'),", []),
    "SQL": ("migrations.RunSQL('SELECT 1'),", ["PRAGMA foreign_key_check"]),
}


@pytest.mark.parametrize(("operations", "checks"), CHECKED.values(), ids=CHECKED)
def test_references_are_checked_where_they_may_have_changed(
    connected, library, operations, checks
):
    seen = []

    def note(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    library.write("0002_change", operations, "0001_initial")
    with connected.execute_wrapper(note):
        library.migrate(connected)
    assert [sql for sql in seen if "foreign_key_check" in sql] == checks
