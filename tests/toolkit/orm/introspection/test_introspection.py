"""What the servers tell of tables that were made by SQL."""

from dataclasses import replace
from typing import cast

import pytest

from fwtrace.toolkit.orm import connect
from fwtrace.toolkit.orm.database import Database
from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.introspection import (
    Column,
    Constraint,
    inspect_table,
    schema_of,
    shape,
    table_names,
)
from fwtrace.toolkit.orm.introspection.sqlite_text import unwrapped
from tests.toolkit.orm.servers import only_servers, only_sqlite

only_postgresql = pytest.mark.parametrize("connected", ["postgresql"], indirect=True)
only_mysql = pytest.mark.parametrize("connected", ["mysql"], indirect=True)
with_expressions = pytest.mark.parametrize(
    "connected", ["sqlite", "postgresql"], indirect=True
)

NAMES = (
    "order",
    "we ird",
    'double"quote',
    "single'quote",
    "back`tick",
    "br[ack]et",
    "100%s %",
    "a.b;--",
    "back\\slash",
    "(paren",
    "Ünïcödé ☃",
    "MixedCase",
    "tab\tand\nline",
)


@pytest.fixture
def database(connected):
    yield connected
    if connected.vendor == "mysql":
        connected.execute("SET foreign_key_checks = 0")
    if connected.vendor != "sqlite":
        cascade = " CASCADE" if connected.vendor == "postgresql" else ""
        for name in table_names(connected):
            table = quoted(connected, name)
            connected.execute(f"DROP TABLE IF EXISTS {table}{cascade}")


def quoted(database, name):
    """The name in a statement, where servers take % for the start of a parameter."""
    text = get_dialect(database.vendor).quote(name)
    return text if database.vendor == "sqlite" else text.replace("%", "%%")


def made(database, *statements, name="t"):
    for statement in statements:
        database.execute(statement)
    return told(database, name)


def told(database, name="t"):
    found = inspect_table(database, name)
    assert found is not None
    return found


def column_of(table, name):
    found = table.column(name)
    assert found is not None
    return found


def only(table, kind):
    (found,) = table.find(kind)
    return found


# Tables.


def test_names_are_those_of_tables(database):
    database.execute("CREATE TABLE b (id integer PRIMARY KEY)")
    database.execute("CREATE TABLE a (id integer PRIMARY KEY)")
    database.execute("CREATE VIEW v AS SELECT id FROM a")
    assert table_names(database) == ["a", "b"]
    assert list(schema_of(database)) == ["a", "b"]
    assert inspect_table(database, "v") is None
    database.execute("DROP VIEW v")


@pytest.mark.parametrize("name", ["missing", "", "it's", "%s", "😀", 'a"b`c'])
def test_missing_table_is_none(database, name):
    database.execute("CREATE TABLE a (id integer PRIMARY KEY)")
    assert inspect_table(database, name) is None
    assert schema_of(database, [name]) == {}
    assert list(schema_of(database, [name, "a", "a"])) == ["a"]
    assert schema_of(database, []) == {}


def test_an_empty_database_has_no_tables(database):
    assert table_names(database) == []
    assert schema_of(database) == {}


def test_schema_takes_as_many_statements_as_one_table(database, statements):
    for number in range(12):
        database.execute(f"CREATE TABLE t{number} (id integer PRIMARY KEY, a integer)")
        database.execute(f"CREATE INDEX i{number} ON t{number} (a)")
    tables = {f"t{number}": inspect_table(database, f"t{number}") for number in (3, 7)}
    statements.clear()
    inspect_table(database, "t3")
    of_one = len(statements)
    found = schema_of(database)
    assert len(found) == 12
    assert len(statements) == 2 * of_one
    assert {name: found[name] for name in tables} == tables
    assert schema_of(database, ["t7", "t3"]) == tables
    if database.vendor == "postgresql":
        assert of_one == 4


def test_tables_of_models_are_told(database, models):
    for model in models:
        model.create_table()
    found = schema_of(database)
    author, book, _ = (model._meta.db_table for model in models)
    assert {author, book} <= set(found)
    assert column_of(found[author], "id").auto
    assert [c.null for c in found[author].columns] == [False, False, True]
    (reference,) = found[book].find("foreign", ["author_id"])
    assert reference.target == (author, ("id",))
    assert len(found[book].find("index")) == 2
    assert len(found[book].find("index", ["author_id"])) == 1
    again = shape(found[book])
    for model in reversed(models):
        model.drop_table()
    for model in models:
        model.create_table()
    assert shape(told(database, book)) == again


# Columns.

TYPES = {
    "sqlite": ["integer", "varchar(100)", "text", "numeric(5, 2)", "datetime"],
    "postgresql": [
        "integer",
        "character varying(100)",
        "text",
        "numeric(5,2)",
        "timestamp with time zone",
    ],
    "mysql": ["int(11)", "varchar(100)", "longtext", "decimal(5,2)", "datetime(6)"],
}
TEXT = {"sqlite": "TEXT", "postgresql": "text", "mysql": "longtext"}
MOMENT = {
    "sqlite": "datetime",
    "postgresql": "timestamp with time zone",
    "mysql": "datetime(6)",
}


def test_columns_in_order_with_their_types(database):
    vendor = database.vendor
    table = made(
        database,
        "CREATE TABLE t (id integer NOT NULL, title VARCHAR(100) NOT NULL, "
        f"body {TEXT[vendor]}, score numeric(5, 2), added {MOMENT[vendor]})",
    )
    names = ["id", "title", "body", "score", "added"]
    null = [False, False, True, True, True]
    assert table.columns == tuple(
        Column(name, type_, is_null)
        for name, type_, is_null in zip(names, TYPES[vendor], null, strict=True)
    )
    assert table.column("body") == table.columns[2]
    assert table.column("nope") is None


def test_defaults_are_sql(database):
    table = made(
        database,
        "CREATE TABLE t (a integer DEFAULT 3, b varchar(20) DEFAULT 'it''s', "
        "c varchar(20) DEFAULT 'NULL', d integer DEFAULT NULL, e integer, "
        "f timestamp DEFAULT CURRENT_TIMESTAMP, g integer DEFAULT (1 + 2))",
    )
    cast = "::character varying" if database.vendor == "postgresql" else ""
    moment = "current_timestamp()" if database.vendor == "mysql" else None
    plus = {"sqlite": "1 + 2", "postgresql": "(1 + 2)", "mysql": "(1 + 2)"}
    assert [column.default for column in table.columns] == [
        "3",
        f"'it''s'{cast}",
        f"'NULL'{cast}",
        None,
        None,
        moment or "CURRENT_TIMESTAMP",
        plus[database.vendor],
    ]


AUTO = {
    "sqlite": "integer PRIMARY KEY AUTOINCREMENT",
    "postgresql": "integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    "mysql": "integer AUTO_INCREMENT PRIMARY KEY",
}


def test_a_column_that_counts_has_no_default(database):
    table = made(database, f"CREATE TABLE t (id {AUTO[database.vendor]}, a integer)")
    identity, other = table.columns
    assert (identity.auto, identity.default, identity.null) == (True, None, False)
    assert not other.auto
    assert "sqlite_sequence" not in table_names(database)


@only_postgresql
def test_serial_counts_and_the_next_of_another_sequence_is_a_default(database):
    database.execute("CREATE SEQUENCE other")
    table = made(
        database,
        "CREATE TABLE t (a serial, b bigserial, c integer DEFAULT nextval('other'))",
    )
    a, b, c = table.columns
    assert (a.auto, a.type, a.default) == (True, "integer", None)
    assert (b.auto, b.type) == (True, "bigint")
    assert (c.auto, c.default) == (False, "nextval('other'::regclass)")
    assert shape(table)["columns"]["c"]["default"] == "nextval"
    database.execute("DROP SEQUENCE other CASCADE")


def test_generated_columns(database):
    table = made(
        database,
        "CREATE TABLE t (a integer, b integer, "
        "c integer GENERATED ALWAYS AS (a + b) STORED)",
    )
    expression = "`a` + `b`" if database.vendor == "mysql" else "a + b"
    (type_,) = {column.type for column in table.columns}
    assert table.column("c") == Column(
        "c", type_, True, generated=expression, stored=True
    )


@pytest.mark.parametrize("connected", ["sqlite", "mysql"], indirect=True)
def test_generated_columns_that_are_not_stored(database):
    table = made(database, "CREATE TABLE t (a integer, b integer AS (a * 2) VIRTUAL)")
    column = table.column("b")
    assert (column.generated.strip("`"), column.stored) == (
        "a` * 2" if database.vendor == "mysql" else "a * 2",
        False,
    )


COLLATIONS = {
    "sqlite": ("NOCASE", "BINARY"),
    "postgresql": ('"C"', '"default"'),
    "mysql": ("utf8mb4_general_ci", "utf8mb4_bin"),
}


def test_collations_that_are_others(database):
    other, usual = COLLATIONS[database.vendor]
    table = made(
        database,
        f"CREATE TABLE t (a varchar(9) COLLATE {other}, b varchar(9) COLLATE {usual}, "
        f"c varchar(9)){get_dialect(database.vendor).table_options}",
    )
    assert [column.collation for column in table.columns] == [other.strip('"'), "", ""]


@only_servers
def test_comments(database):
    if database.vendor == "postgresql":
        table = made(
            database,
            "CREATE TABLE t (a integer, b integer)",
            "COMMENT ON TABLE t IS 'Of it''s kind'",
            "COMMENT ON COLUMN t.b IS 'A \"b\"'",
        )
    else:
        table = made(
            database,
            "CREATE TABLE t (a integer, b integer COMMENT 'A \"b\"') "
            "COMMENT 'Of it''s kind'",
        )
    assert table.comment == "Of it's kind"
    assert [column.comment for column in table.columns] == ["", 'A "b"']


# Constraints.


def test_keys_of_several_columns_are_in_order(database):
    table = made(
        database,
        "CREATE TABLE p (x integer NOT NULL, y integer NOT NULL, PRIMARY KEY (y, x))",
        "CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, c integer, "
        "CONSTRAINT pk PRIMARY KEY (b, a), CONSTRAINT uq UNIQUE (c, a), "
        "CONSTRAINT fk FOREIGN KEY (c, a) REFERENCES p (y, x) ON DELETE CASCADE)",
    )
    key = "PRIMARY" if database.vendor == "mysql" else "pk"
    assert table.find("primary") == [Constraint(key, "primary", ("b", "a"))]
    assert table.find("unique") == [
        Constraint("uq", "unique", ("c", "a"), ("ASC", "ASC"))
    ]
    target = ("p", ("y", "x"))
    assert table.find("foreign") == [
        Constraint("fk", "foreign", ("c", "a"), (), target, "CASCADE")
    ]
    assert table.find("unique", ["a", "c"]) == []
    assert table.find("unique", ["c", "a"]) == table.find("unique")
    assert len(table.constraints) == 3


def test_a_table_may_refer_to_itself_and_more_than_once(database):
    table = made(
        database,
        "CREATE TABLE t (id integer PRIMARY KEY, up integer, near integer, "
        "CONSTRAINT f1 FOREIGN KEY (up) REFERENCES t (id) ON DELETE SET NULL, "
        "CONSTRAINT f2 FOREIGN KEY (near) REFERENCES t (id) ON UPDATE CASCADE)",
    )
    target = ("t", ("id",))
    assert sorted(table.find("foreign"), key=lambda each: each.name) == [
        Constraint("f1", "foreign", ("up",), (), target, "SET NULL"),
        Constraint("f2", "foreign", ("near",), (), target, "", "ON UPDATE CASCADE"),
    ]


@with_expressions
def test_a_reference_without_columns_is_to_the_primary_key(database):
    table = made(
        database,
        "CREATE TABLE p (a integer, b integer, PRIMARY KEY (b, a))",
        "CREATE TABLE t (x integer, y integer, FOREIGN KEY (x, y) REFERENCES p)",
    )
    assert only(table, "foreign").target == ("p", ("b", "a"))


@with_expressions
@pytest.mark.parametrize("action", ["", "RESTRICT", "SET DEFAULT", "NO ACTION"])
def test_what_is_done_on_delete(database, action):
    on_delete = f"ON DELETE {action}" if action else ""
    table = made(
        database,
        f"CREATE TABLE t (id integer PRIMARY KEY, up integer REFERENCES t {on_delete})",
    )
    assert only(table, "foreign").on_delete == action.replace("NO ACTION", "")


@only_mysql
@pytest.mark.parametrize("action", ["RESTRICT", "NO ACTION"])
def test_refusing_is_what_mysql_does_anyway(database, action):
    table = made(
        database,
        "CREATE TABLE t (id integer PRIMARY KEY, up integer, "
        f"FOREIGN KEY (up) REFERENCES t (id) ON DELETE {action})",
    )
    assert only(table, "foreign").on_delete == ""


@with_expressions
def test_deferrable_constraints(database):
    unique = "DEFERRABLE" if database.vendor == "postgresql" else ""
    table = made(
        database,
        "CREATE TABLE t (id integer PRIMARY KEY, "
        "a integer REFERENCES t DEFERRABLE INITIALLY DEFERRED, "
        f"b integer REFERENCES t NOT DEFERRABLE, c integer UNIQUE {unique})",
    )
    a, b = table.find("foreign", ["a"]) + table.find("foreign", ["b"])
    assert (a.deferrable, b.deferrable) == (True, False)
    assert only(table, "unique").deferrable == bool(unique)


def test_checks_tell_their_condition_and_columns(database):
    table = made(
        database,
        "CREATE TABLE t (a integer, b integer, name varchar(20), "
        "CONSTRAINT c1 CHECK (b > a), CONSTRAINT c2 CHECK ((name <> 'b) it''s')))",
    )
    first, second = sorted(table.find("check"), key=lambda each: each.name)
    expected = {
        "sqlite": ("b > a", "name <> 'b) it''s'"),
        "postgresql": ("b > a", "(name)::text <> 'b) it''s'::text"),
        "mysql": ("`b` > `a`", "`name` <> 'b) it''s'"),
    }
    assert (first.name, first.columns) == ("c1", ("a", "b"))
    assert (second.name, second.columns) == ("c2", ("name",))
    assert (first.definition, second.definition) == expected[database.vendor]


def test_indexes_tell_their_columns_and_orders(database):
    table = made(
        database,
        "CREATE TABLE t (a integer, b integer)",
        "CREATE INDEX i1 ON t (b DESC, a)",
        "CREATE INDEX i2 ON t (a)",
        "CREATE UNIQUE INDEX i3 ON t (b, a DESC)",
    )
    first, second = sorted(table.find("index"), key=lambda each: each.name)
    assert first == Constraint("i1", "index", ("b", "a"), ("DESC", "ASC"))
    assert second == Constraint("i2", "index", ("a",), ("ASC",))
    # MariaDB makes no difference between an index and a constraint.
    is_index = database.vendor != "mysql"
    assert table.find("unique") == [
        Constraint("i3", "unique", ("b", "a"), ("ASC", "DESC"), is_index=is_index)
    ]


@with_expressions
def test_indexes_of_expressions_and_of_some_rows(database):
    table = made(
        database,
        "CREATE TABLE t (a integer, name text)",
        "CREATE INDEX i1 ON t (a, lower(name) DESC)",
        "CREATE UNIQUE INDEX i2 ON t (a) WHERE (a > 3)",
        "CREATE INDEX i3 ON t ((a + 1))",
    )
    first, third = sorted(table.find("index"), key=lambda each: each.name)
    assert first == Constraint(
        "i1", "index", ("a", ""), ("ASC", "DESC"), definition="a, lower(name) DESC"
    )
    assert third.columns == ("",)
    assert unwrapped(third.definition) == "a + 1"
    assert table.find("unique") == [
        Constraint("i2", "unique", ("a",), ("ASC",), where="a > 3", is_index=True)
    ]
    assert table.find("index", ["a"]) == []


TRIGGERS = {
    "sqlite": [
        'CREATE TRIGGER "we ird" AFTER INSERT ON T BEGIN DELETE FROM t; SELECT 1; END'
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NEW; END'",
        'CREATE TRIGGER "we ird" AFTER INSERT ON t FOR EACH ROW '
        "EXECUTE FUNCTION nothing()",
    ],
    "mysql": [
        "CREATE TRIGGER `we ird` BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 'it''s'"
    ],
}


def test_triggers_tell_how_to_create_them(database):
    vendor = database.vendor
    table = made(database, "CREATE TABLE t (a varchar(9))", *TRIGGERS[vendor])
    ((name, sql),) = table.triggers
    assert name == "we ird"
    database.execute(
        f"DROP TRIGGER {get_dialect(vendor).quote(name)}"
        + (" ON t" if vendor == "postgresql" else "")
    )
    assert told(database).triggers == ()
    database.execute(sql)
    assert told(database).triggers == table.triggers
    if vendor == "postgresql":
        database.execute("DROP FUNCTION nothing() CASCADE")


# Names.


@pytest.mark.parametrize("name", NAMES)
def test_names_of_all_kinds(database, name):
    integer = {"sqlite": "integer", "postgresql": "integer", "mysql": "int(11)"}
    q = quoted(database, name)
    unique, check, foreign, index = (
        quoted(database, f"{kind} {name}") for kind in "ucfi"
    )
    table = made(
        database,
        f"CREATE TABLE {q} ({q} integer NOT NULL, other integer NOT NULL, "
        f"PRIMARY KEY ({q}), CONSTRAINT {unique} UNIQUE (other, {q}), "
        f"CONSTRAINT {check} CHECK ({q} > 0), "
        f"CONSTRAINT {foreign} FOREIGN KEY ({q}) REFERENCES {q} ({q}))",
        f"CREATE INDEX {index} ON {q} (other DESC, {q})",
        name=name,
    )
    assert table_names(database) == [name]
    assert schema_of(database, [name, "other"]) == {name: table}
    assert table.name == name
    assert table.columns[0] == Column(name, integer[database.vendor], False)
    assert only(table, "primary").columns == (name,)
    assert only(table, "unique") == Constraint(
        f"u {name}", "unique", ("other", name), ("ASC", "ASC")
    )
    assert only(table, "check").name == f"c {name}"
    assert only(table, "check").columns == (name,)
    assert only(table, "foreign") == Constraint(
        f"f {name}", "foreign", (name,), target=(name, (name,))
    )
    assert only(table, "index") == Constraint(
        f"i {name}", "index", ("other", name), ("DESC", "ASC")
    )


@only_servers
@pytest.mark.parametrize("kind", ["unique", "check", "foreign", "index"])
def test_a_constraint_can_be_dropped_by_its_name(database, kind):
    table = made(
        database,
        "CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer, UNIQUE (b), "
        "CHECK (b > 0), FOREIGN KEY (a) REFERENCES t (id))",
        "CREATE INDEX an_index ON t (b, a)",
    )
    name = get_dialect(database.vendor).quote(only(table, kind).name)
    if kind != "index":
        database.execute(f"ALTER TABLE t DROP CONSTRAINT {name}")
    elif database.vendor == "mysql":
        database.execute(f"DROP INDEX {name} ON t")
    else:
        database.execute(f"DROP INDEX {name}")
    left = told(database)
    assert left.find(kind) == []
    kinds = {each.kind for each in table.constraints}
    assert {each.kind for each in left.constraints} == kinds - {kind}


@only_mysql
def test_mariadb_index_of_a_foreign_key_outlives_it(database):
    table = made(
        database,
        "CREATE TABLE t (id integer PRIMARY KEY, a integer, "
        "CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id))",
    )
    assert table.find("index") == []
    database.execute("ALTER TABLE t DROP FOREIGN KEY fk")
    assert only(told(database), "index").name == "fk"


# SQLite.


@only_sqlite
def test_sqlite_key_that_is_the_row_is_never_null(database):
    row = made(database, "CREATE TABLE t (id integer PRIMARY KEY)")
    other = made(database, "CREATE TABLE u (id text PRIMARY KEY)", name="u")
    without = made(
        database, "CREATE TABLE v (id integer PRIMARY KEY) WITHOUT ROWID", name="v"
    )
    found = [table.columns[0] for table in (row, other, without)]
    assert [(each.null, each.auto) for each in found] == [
        (False, False),
        (True, False),
        (False, False),
    ]


@only_sqlite
def test_sqlite_unnamed_constraints_have_no_name(database):
    table = made(
        database, "CREATE TABLE t (a integer UNIQUE REFERENCES t CHECK (a > 0))"
    )
    assert {each.name for each in table.constraints} == {""}


@only_sqlite
def test_sqlite_names_have_no_case(database):
    table = made(
        database,
        "CREATE TABLE Author (Name text, CONSTRAINT uq UNIQUE (NAME))",
        "CREATE TRIGGER w AFTER INSERT ON AUTHOR BEGIN SELECT 1; END",
        "CREATE INDEX i ON AUTHOR (nAme COLLATE NOCASE)",
        name="author",
    )
    assert table.name == "Author"
    assert only(table, "unique") == Constraint("uq", "unique", ("Name",), ("ASC",))
    assert only(table, "index").columns == ("Name",)
    assert only(table, "index").definition == "nAme COLLATE NOCASE"
    assert [name for name, _ in table.triggers] == ["w"]


@only_sqlite
def test_sqlite_tells_of_what_alter_table_made(database):
    table = made(
        database,
        "CREATE TABLE p (id integer PRIMARY KEY)",
        "CREATE TABLE t (a integer, b integer, gone text, "
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE, "
        "CONSTRAINT c CHECK (a > b))",
        "ALTER TABLE t ADD COLUMN n integer CONSTRAINT g REFERENCES p CHECK (n > 1)",
        "ALTER TABLE t RENAME COLUMN a TO 'we ird'",
        "ALTER TABLE t DROP COLUMN gone",
        "ALTER TABLE p RENAME TO 'new parent'",
    )
    assert [column.name for column in table.columns] == ["we ird", "b", "n"]
    target = ("new parent", ("id",))
    assert table.find("foreign") == [
        Constraint("g", "foreign", ("n",), target=target),
        Constraint("f", "foreign", ("we ird",), (), target, "CASCADE"),
    ]
    assert [(each.name, each.columns) for each in table.find("check")] == [
        ("", ("n",)),
        ("c", ("we ird", "b")),
    ]


@only_sqlite
def test_sqlite_temporary_and_virtual_tables(database):
    table = made(
        database,
        "CREATE TABLE t (a integer)",
        "CREATE TEMP TABLE t (another integer)",
        "CREATE TEMP TABLE u (another integer)",
        "CREATE VIRTUAL TABLE f USING fts5(title)",
        "CREATE VIEW broken AS SELECT * FROM nowhere",
    )
    assert [column.name for column in table.columns] == ["a"]
    assert table_names(database) == ["f", "t"]
    (column,) = told(database, "f").columns
    assert column.name == "title"


@only_sqlite
def test_sqlite_within_a_transaction_sees_what_it_made(database):
    with database.atomic():
        database.execute("CREATE TABLE t (a integer)")
        assert table_names(database) == ["t"]
        database.set_rollback(True)
    assert table_names(database) == []


# PostgreSQL.


@only_postgresql
def test_postgresql_indexes_of_other_kinds(database):
    table = made(
        database,
        "CREATE TABLE t (a integer, tags text[], name varchar(9), "
        "CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a), "
        "CONSTRAINT x EXCLUDE USING btree (a WITH =))",
        "CREATE INDEX i1 ON t USING gin (tags)",
        "CREATE INDEX i2 ON t (name varchar_pattern_ops, a DESC NULLS LAST)",
        "CREATE INDEX i3 ON t (a) INCLUDE (name) WHERE tags[1] = ANY ('{A,b}'::text[])",
    )
    first, second, third = sorted(table.find("index"), key=lambda each: each.name)
    assert (first.columns, first.definition) == (("tags",), "USING gin (tags)")
    assert (second.columns, second.orders) == (("name", "a"), ("ASC", "DESC"))
    assert second.definition == "name varchar_pattern_ops, a DESC NULLS LAST"
    assert third == Constraint(
        *("i3", "index", ("a",), ("ASC",)),
        definition="USING btree (a) INCLUDE (name)",
        where="tags[1] = ANY ('{A,b}'::text[])",
    )
    unique, exclude = only(table, "unique"), only(table, "exclude")
    assert unique.definition == "USING btree (a) NULLS NOT DISTINCT"
    assert not unique.is_index
    assert (exclude.name, exclude.columns) == ("x", ("a",))
    assert exclude.definition == "EXCLUDE USING btree (a WITH =)"


@only_postgresql
def test_postgresql_columns_that_were_dropped(database):
    table = made(
        database,
        "CREATE TABLE t (gone integer, a integer, b integer)",
        "ALTER TABLE t DROP COLUMN gone",
        "CREATE INDEX i ON t (b, a)",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (b > a)",
    )
    assert [column.name for column in table.columns] == ["a", "b"]
    assert only(table, "index").columns == ("b", "a")
    assert only(table, "check").columns == ("a", "b")


@only_postgresql
def test_postgresql_tables_without_columns_and_with_partitions(database):
    assert made(database, "CREATE TABLE t ()").columns == ()
    parted = made(
        database,
        "CREATE TABLE p (a integer PRIMARY KEY) PARTITION BY RANGE (a)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (9)",
        name="p",
    )
    assert only(parted, "primary").columns == ("a",)
    assert table_names(database) == ["p", "p1", "t"]


@only_postgresql
def test_postgresql_tables_of_other_schemas_are_not_told(database):
    database.execute("CREATE SCHEMA elsewhere")
    database.execute("CREATE TABLE elsewhere.t (a integer)")
    assert table_names(database) == []
    assert inspect_table(database, "t") is None
    database.execute("DROP SCHEMA elsewhere CASCADE")


# MariaDB and MySQL.


@only_mysql
def test_mariadb_json_is_a_type(database):
    table = made(
        database,
        "CREATE TABLE t (`a``b` json NOT NULL, c longtext, "
        "CONSTRAINT is_json CHECK (json_valid(c)))"
        " DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci",
    )
    first, second = table.columns
    assert first == Column("a`b", "json", False)
    assert second == Column("c", "longtext", True)
    assert only(table, "check").name == "is_json"


@only_mysql
def test_mariadb_indexes_that_a_foreign_key_made_are_left_out(database):
    table = made(
        database,
        "CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer, c integer, "
        "d integer, CONSTRAINT named FOREIGN KEY (a) REFERENCES t (id), "
        "FOREIGN KEY (b) REFERENCES t (id), INDEX own (c), INDEX d (d), "
        "FOREIGN KEY (c) REFERENCES t (id))",
    )
    assert sorted(each.name for each in table.find("index")) == ["d", "own"]


@only_mysql
def test_mariadb_check_of_a_column_has_no_name_to_drop(database):
    table = made(database, "CREATE TABLE t (a integer unsigned CHECK (a > 1))")
    assert table.columns[0].type == "int(10) unsigned"
    assert only(table, "check") == Constraint("", "check", ("a",), definition="`a` > 1")


@only_mysql
def test_mariadb_indexes_of_other_kinds(database):
    table = made(
        database,
        "CREATE TABLE t (a text, b text, UNIQUE u (b), "
        "INDEX part (a(10), b(3) DESC), FULLTEXT INDEX full (a))",
    )
    full, part = sorted(table.find("index"), key=lambda each: each.name)
    assert full.definition == "FULLTEXT (`a`)"
    assert (part.columns, part.definition) == (("a", "b"), "`a`(10), `b`(3) DESC")
    assert only(table, "unique").definition == ""


@only_mysql
def test_mariadb_names_have_case_where_the_server_says_so(database):
    made(database, "CREATE TABLE t (a integer)")
    ((without_case,),) = database.fetch("SELECT @@lower_case_table_names")
    found = inspect_table(database, "T")
    assert (found is not None) == bool(without_case)
    assert list(schema_of(database, ["T", "x"])) == (["t"] if without_case else [])


class MySQL8:
    """A server that answers as MySQL 8 does: without ``LEVEL`` and ``TABLE_NAME`` of
    checks, with ``EXPRESSION`` of indexes, and with texts that are escaped twice."""

    vendor = "mysql"
    tables = [("t", "", "utf8mb4_bin", 1, "8.0.36")]
    columns = [
        ("t", "a", "int unsigned", 0, "3", "", "", "", None, "int"),
        ("t", "b", "varchar(9)", 1, "it's \\", "", "", "", "utf8mb4_bin", "varchar"),
        ("t", "c", "datetime", 1, "now()", "DEFAULT_GENERATED", "", "", None, "x"),
        (
            *("t", "d", "varchar(9)", 1, None, "STORED GENERATED"),
            *("concat(`b`,_utf8mb4\\'x\\')", "", "utf8mb4_general_ci", "varchar"),
        ),
        (
            "t",
            "e",
            "json",
            1,
            "_utf8mb4\\'1\\'",
            "DEFAULT_GENERATED",
            "",
            "",
            None,
            "",
        ),
    ]
    indexes = [("t", "i", 1, "BTREE", None, "A", None, "lower(`b`)")]
    checks = [("t", "c1", "(`b` <> _utf8mb4\\'it\\\\\\'s\\')", 0)]

    def fetch(self, sql, params):
        view = sql.partition("information_schema.")[2].split()[0]
        assert "LEVEL" not in sql
        assert "EXPRESSION" in sql or view != "STATISTICS"
        found = {
            "TABLES": self.tables,
            "COLUMNS": self.columns,
            "STATISTICS": self.indexes,
            "CHECK_CONSTRAINTS": self.checks,
        }
        return found.get(view, [])


def test_mysql_8_tells_in_other_words():
    table = schema_of(cast(Database, MySQL8()), ["T"])["t"]
    assert [column.default for column in table.columns] == [
        "3",
        "'it''s \\\\'",
        "now()",
        None,
        "'1'",
    ]
    assert column_of(table, "d").generated == "concat(`b`,'x')"
    assert [column.collation for column in table.columns] == [
        *("", "", "", "utf8mb4_general_ci", "")
    ]
    assert only(table, "check") == Constraint(
        "c1", "check", ("b",), definition="`b` <> 'it''s'"
    )
    assert only(table, "index") == Constraint(
        "i", "index", ("",), ("ASC",), definition="(lower(`b`))"
    )


# Shapes.


def test_shape_leaves_out_what_means_the_same(database):
    quote = get_dialect(database.vendor).quote
    first = made(
        database,
        "CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL, b integer, "
        "CONSTRAINT u1 UNIQUE (a, b), CONSTRAINT c1 CHECK (a > 0), "
        "CONSTRAINT f1 FOREIGN KEY (b) REFERENCES t (id))",
    )
    database.execute("DROP TABLE t")
    second = made(
        database,
        f"CREATE TABLE t (b integer, {quote('a')} integer NOT NULL, id integer, "
        "CONSTRAINT f2 FOREIGN KEY (b) REFERENCES t (id), "
        f"CONSTRAINT c2 CHECK (({quote('a')}>0)), CONSTRAINT u2 UNIQUE (a, b), "
        "CONSTRAINT pk PRIMARY KEY (id))",
    )
    assert first != second
    assert shape(first) == shape(second)


CHANGES = {
    "another type": ("a integer", "a bigint"),
    "null": ("a integer", "a integer NOT NULL"),
    "default": ("a integer", "a integer DEFAULT 1"),
    "one column less": (", a integer", ""),
    "another order": ("UNIQUE (b, c)", "UNIQUE (c, b)"),
    "another condition": ("> 0", "> 1"),
    "on delete": ("REFERENCES t (id)", "REFERENCES t (id) ON DELETE CASCADE"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_shape_keeps_what_means_something(database, change):
    sql = (
        "CREATE TABLE t (id integer PRIMARY KEY, b integer, c integer, a integer, "
        "UNIQUE (b, c), CHECK (c > 0), FOREIGN KEY (c) REFERENCES t (id))"
    )
    first = made(database, sql)
    database.execute("DROP TABLE t")
    assert shape(made(database, sql.replace(*CHANGES[change]))) != shape(first)
    assert shape(replace(first, name="u")) != shape(first)


def test_two_databases_have_one_shape():
    statement = "CREATE TABLE t (id integer PRIMARY KEY, a text CHECK (a <> 'X'))"
    shapes = [shape(made(connect("sqlite://", alias), statement)) for alias in "ab"]
    assert shapes[0] == shapes[1]
