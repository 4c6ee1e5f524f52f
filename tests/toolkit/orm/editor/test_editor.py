"""Every change of a field: the table becomes what it would be, had it been made so from
the beginning; it keeps its row, and goes back."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from fwtrace.toolkit.orm import IntegrityError, NotSupportedError, models
from fwtrace.toolkit.orm.editor import offline_editor, schema_editor
from fwtrace.toolkit.orm.introspection import inspect_table, schema_of, shape
from fwtrace.toolkit.orm.migrations import (
    AddField,
    AlterField,
    CreateModel,
    RemoveField,
)
from fwtrace.toolkit.orm.migrations.state import ProjectState
from tests.toolkit.orm import servers

APP = "lib"
KEY = [("id", models.AutoField(primary_key=True))]
TARGETS = [
    CreateModel("Author", KEY),
    CreateModel("Editor", KEY),
]


def char(**options):
    return models.CharField(**{"max_length": 10, **options})


def key(to="lib.author", kind=models.ForeignKey, **options):
    return kind(to, models.CASCADE, related_name="+", **options)


CHANGES = {
    "longer": (char(), char(max_length=40), "abc"),
    "text": (char(), models.TextField(), "abc"),
    "text to slug": (models.TextField(), models.SlugField(), "abc"),
    "big": (models.IntegerField(), models.BigIntegerField(), 7),
    "small": (models.IntegerField(), models.SmallIntegerField(), 7),
    "number to text": (models.IntegerField(), char(), 7),
    "float": (models.IntegerField(), models.FloatField(), 7),
    "decimal": (
        models.DecimalField(max_digits=5, decimal_places=2),
        models.DecimalField(max_digits=9, decimal_places=3),
        Decimal("1.50"),
    ),
    "null": (models.IntegerField(), models.IntegerField(null=True), 7),
    "not null": (models.IntegerField(null=True), models.IntegerField(default=1), 7),
    "positive": (models.IntegerField(), models.PositiveIntegerField(), 7),
    "positive and null": (
        models.PositiveIntegerField(),
        models.PositiveBigIntegerField(null=True),
        7,
    ),
    "unique": (char(), char(unique=True), "abc"),
    "unique and longer": (char(unique=True), char(max_length=40, unique=True), "abc"),
    "unique to index": (char(unique=True), char(db_index=True), "abc"),
    "index": (char(), char(db_index=True), "abc"),
    "index and null": (char(db_index=True), char(db_index=True, null=True), "abc"),
    "column": (char(), char(db_column="called so"), "abc"),
    "column and longer": (char(), char(db_column="other", max_length=99), "abc"),
    "column with index": (char(db_index=True), char(db_index=True, db_column="o"), "a"),
    "default of the database": (char(), char(db_default="it's 100%"), "abc"),
    "another default": (
        models.IntegerField(db_default=1),
        models.IntegerField(db_default=2),
        7,
    ),
    "default and null": (
        models.IntegerField(db_default=1),
        models.IntegerField(null=True),
        7,
    ),
    "comment": (char(), char(db_comment="it's 100% `so`"), "abc"),
    "another comment": (char(db_comment="a"), char(db_comment="b", null=True), "abc"),
    "date to moment": (
        models.DateField(),
        models.DateTimeField(),
        datetime.date(2026, 11, 21),
    ),
    "json": (models.JSONField(), models.JSONField(null=True), {"a": [1]}),
    "help alone": (char(), char(help_text="a", blank=True), "abc"),
    "nothing": (char(), char(), "abc"),
    "key to another": (key(), key("lib.editor"), 1),
    "key to null": (key(), key(null=True), 1),
    "key to one to one": (key(), key(kind=models.OneToOneField), 1),
    "key without index": (key(), key(db_index=False), 1),
    "key without constraint": (key(), key(db_constraint=False), 1),
    "key with neither": (key(), key(db_constraint=False, db_index=False), 1),
    "index without constraint": (
        key(db_constraint=False),
        key(db_index=False),
        1,
    ),
    "number to key": (
        models.IntegerField(db_column="x_id"),
        key(),
        1,
    ),
    "key in a column": (key(), key(db_column="writer"), 1),
}


def state_with(field):
    state = ProjectState()
    operations = [*TARGETS, CreateModel("Book", [*KEY, ("x", field)])]
    for operation in operations:
        operation.state_forwards(APP, state)
    return state, operations


def create(database, operations):
    state = ProjectState()
    for operation in operations:
        before = state.clone()
        operation.state_forwards(APP, state)
        with schema_editor(database) as editor:
            operation.database_forwards(APP, editor, before, state)
    return state


def apply(database, state, operation, backwards=None):
    """Run an operation, or undo it towards the state before it."""
    after = state.clone()
    operation.state_forwards(APP, after)
    with schema_editor(database) as editor:
        if backwards:
            operation.database_backwards(APP, editor, after, state)
        else:
            operation.database_forwards(APP, editor, state, after)
    return after


def there(database, name="lib_book") -> Any:
    return inspect_table(database, name)


def table(database, name="lib_book"):
    return shape(there(database, name))


def add_row(state, value):
    apps = state.apps
    for name in ("Author", "Editor"):
        apps.get_model(APP, name).objects.create()
    model = apps.get_model(APP, "Book")
    field = model._meta.get_field("x")
    model.objects.create(**{field.attname: value})


def value_of(state):
    model = state.apps.get_model(APP, "Book")
    return getattr(model.objects.get(), model._meta.get_field("x").attname)


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_field(connected, name):
    old, new, value = CHANGES[name]
    wanted = create(connected, state_with(new)[1])
    becomes = table(connected)
    add_row(wanted, value)
    kept_after = value_of(wanted)
    servers.drop_tables(connected)
    if connected.vendor == "sqlite":
        connected.close()

    state = create(connected, state_with(old)[1])
    was = table(connected)
    add_row(state, value)
    kept = value_of(state)
    operation = AlterField("Book", "x", new)
    after = apply(connected, state, operation)
    assert table(connected) == becomes
    assert value_of(after) == kept_after
    apply(connected, state, operation, backwards=True)
    assert table(connected) == was
    assert value_of(state) == kept


@pytest.mark.parametrize("name", CHANGES)
def test_an_added_and_a_removed_field(connected, name):
    field = CHANGES[name][1]
    if field.is_relation:
        field = field.clone()
        field.null = True
    elif not field.null and not field.has_default() and not field.has_db_default():
        field = field.clone()
        field.default = CHANGES[name][2]
    wanted = create(connected, state_with(field)[1])
    becomes = table(connected)
    with schema_editor(connected) as editor:
        editor.delete_model(wanted.apps.get_model(APP, "Book"))
    state = ProjectState()
    for operation in TARGETS:
        operation.state_forwards(APP, state)
    state = apply(connected, state, CreateModel("Book", KEY))
    state.apps.get_model(APP, "Book").objects.create()
    was = table(connected)
    adding = AddField("Book", "x", field)
    after = apply(connected, state, adding)
    assert table(connected) == becomes
    assert after.apps.get_model(APP, "Book").objects.count() == 1
    apply(connected, after, RemoveField("Book", "x"))
    assert table(connected) == was
    assert state.apps.get_model(APP, "Book").objects.count() == 1


def test_a_key_whose_type_changes_takes_what_refers_to_it_along(connected):
    operations = [
        *TARGETS,
        CreateModel("Book", [*KEY, ("x", key()), ("y", key(null=True))]),
        AddField(
            "Book", "many", models.ManyToManyField("lib.author", related_name="+")
        ),
    ]
    state = create(connected, operations)
    author = state.apps.get_model(APP, "Author").objects.create()
    book = state.apps.get_model(APP, "Book").objects.create(x=author)
    book.many.add(author)
    was = {name: shape(found) for name, found in schema_of(connected).items()}
    operation = AlterField("Author", "id", models.BigAutoField(primary_key=True))
    after = apply(connected, state, operation)
    types = {
        (name, column.name): column.type
        for name, found in schema_of(connected).items()
        for column in found.columns
    }
    assert "bigint" in types["lib_book", "x_id"]
    assert "bigint" in types["lib_book", "y_id"]
    assert "bigint" in types["lib_book_many", "author_id"]
    assert after.apps.get_model(APP, "Book").objects.get().x_id == author.pk
    with pytest.raises(IntegrityError):
        with connected.atomic():
            after.apps.get_model(APP, "Book").objects.create(x_id=99)
    apply(connected, state, operation, backwards=True)
    assert {name: shape(found) for name, found in schema_of(connected).items()} == was


def test_a_relation_to_many_that_leads_elsewhere_keeps_its_table(connected):
    operations = [
        *TARGETS,
        CreateModel(
            "Book",
            [*KEY, ("x", models.ManyToManyField("lib.author", related_name="+"))],
        ),
    ]
    state = create(connected, operations)
    was = table(connected, "lib_book_x")
    to_editors = models.ManyToManyField("lib.editor", related_name="+")
    after = apply(connected, state, AlterField("Book", "x", to_editors))
    found = there(connected, "lib_book_x")
    assert {column.name for column in found.columns} == {"id", "book_id", "editor_id"}
    (foreign,) = found.find("foreign", ["editor_id"])
    assert foreign.target == ("lib_editor", ("id",))
    apply(connected, after, AlterField("Book", "x", operations[-1].fields[1][1]))
    assert table(connected, "lib_book_x") == was


def test_a_generated_column_is_added_and_removed(connected):
    state = create(
        connected, [CreateModel("Book", [*KEY, ("n", models.IntegerField())])]
    )
    state.apps.get_model(APP, "Book").objects.create(n=4)
    doubled = models.GeneratedField(
        expression=models.F("n") * 2,
        output_field=models.IntegerField(),
        db_persist=True,
    )
    was = table(connected)
    operation = AddField("Book", "doubled", doubled)
    after = apply(connected, state, operation)
    assert after.apps.get_model(APP, "Book").objects.get().doubled == 8
    apply(connected, state, operation, backwards=True)
    assert table(connected) == was


def test_a_table_cannot_become_a_column(connected):
    old, new = models.ManyToManyField("lib.author"), models.IntegerField()
    state, operations = state_with(old)
    create(connected, operations)
    with pytest.raises(ValueError, match="Remove it and add the other"):
        apply(connected, state, AlterField("Book", "x", new))


@pytest.mark.parametrize("vendor", servers.VENDORS)
@pytest.mark.parametrize("name", CHANGES)
def test_the_sql_is_known_without_a_database(vendor, name):
    old, new, _ = CHANGES[name]
    state, _ = state_with(old)
    after = state.clone()
    operation = AlterField("Book", "x", new)
    operation.state_forwards(APP, after)
    editor = offline_editor(vendor)
    operation.database_forwards(APP, editor, state, after)
    assert all(sql.endswith(";") for sql in editor.collected_sql)
    assert bool(editor.collected_sql) != (
        name in ("help alone", "nothing")
        or (vendor == "sqlite" and name in ("comment", "decimal"))
    )


def test_tables_that_refer_to_each_other_are_made_in_any_order(connected):
    state, operations = state_with(key("lib.shelf"))
    shelf = [*KEY, ("book", key("lib.book", null=True)), ("author", key(null=True))]
    CreateModel("Shelf", shelf).state_forwards(APP, state)
    apps = state.apps
    with schema_editor(connected) as editor:
        editor.create_model(apps.get_model(APP, "Book"))
        waiting = editor.deferred_sql
        for name in ("Shelf", "Author", "Editor"):
            editor.create_model(apps.get_model(APP, name))
    assert len(waiting) == (0 if connected.vendor == "sqlite" else 1)
    for table, column, target in (
        ("lib_book", "x_id", "lib_shelf"),
        ("lib_shelf", "book_id", "lib_book"),
        ("lib_shelf", "author_id", "lib_author"),
    ):
        (found,) = there(connected, table).find("foreign", [column])
        assert found.target == (target, ("id",))


def test_what_waits_follows_its_table_and_goes_with_it(connected):
    state, _ = state_with(key("lib.shelf"))
    CreateModel("Shelf", KEY).state_forwards(APP, state)
    book, shelf = (state.apps.get_model(APP, name) for name in ("Book", "Shelf"))
    with schema_editor(connected) as editor:
        editor.create_model(book)
        editor.alter_db_table(book, "lib_book", "tomes")
        editor.create_model(shelf)
    (found,) = there(connected, "tomes").find("foreign", ["x_id"])
    assert found.target == ("lib_shelf", ("id",))


def test_a_key_of_several_columns_is_there_from_the_beginning_or_never(connected):
    numbers = [("a", models.IntegerField()), ("b", models.IntegerField())]
    both = ("pk", models.CompositePrimaryKey("a", "b"))
    state = create(connected, [CreateModel("Pair", [both, *numbers])])
    pairs = state.apps.get_model(APP, "Pair")
    assert pairs.objects.create(a=1, b=2).pk == (1, 2)
    after = apply(connected, state, AlterField("Pair", "b", models.BigIntegerField()))
    assert after.apps.get_model(APP, "Pair").objects.get(pk=(1, 2)).b == 2
    primary = there(connected, "lib_pair").find("primary")
    assert [each.columns for each in primary] == [("a", "b")]
    other = models.CompositePrimaryKey("b", "a")
    with pytest.raises(NotSupportedError, match="create a new model"):
        apply(connected, state, AlterField("Pair", "pk", other))
