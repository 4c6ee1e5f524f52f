"""PostgreSQL's catalogue: four queries, however many tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fwtrace.toolkit.orm.introspection import Column, Constraint, Table
from fwtrace.toolkit.orm.introspection.sqlite_text import read_index, unwrapped

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database, Row

__all__ = ["names", "read"]

# Tables, those with partitions too.
_LISTED = """pg_class AS listed
 JOIN pg_namespace AS space ON space.oid = listed.relnamespace
 AND space.nspname = current_schema() AND listed.relkind IN ('r', 'p')"""
# A serial column is one whose default is the next of a sequence that it owns.
_COLUMNS = f"""SELECT listed.relname, about.description, item.attname,
 format_type(item.atttypid, item.atttypmod), NOT item.attnotnull,
 pg_get_expr(made.adbin, made.adrelid), item.attidentity <> '', item.attgenerated,
 noted.description,
 CASE WHEN item.attcollation <> kind.typcollation THEN sorting.collname END,
 EXISTS (SELECT 1 FROM pg_depend AS owned JOIN pg_depend AS used
 ON used.refclassid = owned.classid AND used.refobjid = owned.objid
 AND used.classid = 'pg_attrdef'::regclass AND used.objid = made.oid
 WHERE owned.classid = 'pg_class'::regclass AND owned.deptype = 'a'
 AND owned.refclassid = 'pg_class'::regclass AND owned.refobjid = item.attrelid
 AND owned.refobjsubid = item.attnum)
 FROM {_LISTED}
 LEFT JOIN pg_attribute AS item ON item.attrelid = listed.oid
 AND item.attnum > 0 AND NOT item.attisdropped
 LEFT JOIN pg_type AS kind ON kind.oid = item.atttypid
 LEFT JOIN pg_collation AS sorting ON sorting.oid = item.attcollation
 LEFT JOIN pg_attrdef AS made
 ON made.adrelid = item.attrelid AND made.adnum = item.attnum
 LEFT JOIN pg_description AS noted ON noted.objoid = listed.oid
 AND noted.classoid = 'pg_class'::regclass AND noted.objsubid = item.attnum
 LEFT JOIN pg_description AS about ON about.objoid = listed.oid
 AND about.classoid = 'pg_class'::regclass AND about.objsubid = 0"""
_CONSTRAINTS = f"""SELECT listed.relname, item.conname, item.contype,
 ARRAY(SELECT column_.attname FROM unnest(item.conkey) WITH ORDINALITY AS key(n, place)
 JOIN pg_attribute AS column_
 ON column_.attrelid = item.conrelid AND column_.attnum = key.n
 ORDER BY CASE item.contype WHEN 'c' THEN key.n ELSE key.place END),
 target.relname,
 ARRAY(SELECT column_.attname FROM unnest(item.confkey) WITH ORDINALITY AS key(n, place)
 JOIN pg_attribute AS column_
 ON column_.attrelid = item.confrelid AND column_.attnum = key.n ORDER BY key.place),
 item.confdeltype, item.confupdtype, item.condeferrable,
 CASE item.contype WHEN 'x' THEN pg_get_constraintdef(item.oid)
 ELSE pg_get_expr(item.conbin, item.conrelid) END
 FROM {_LISTED} JOIN pg_constraint AS item
 ON item.conrelid = listed.oid AND item.contype IN ('c', 'f', 'x')
 LEFT JOIN pg_class AS target ON target.oid = item.confrelid"""
# The index of a constraint has the constraint's name.
_INDEXES = f"""SELECT listed.relname, own.relname, item.indisunique, made.contype,
 coalesce(made.condeferrable, false),
 ARRAY(SELECT coalesce(column_.attname, '')
 FROM unnest(item.indkey::int2[]) WITH ORDINALITY AS key(n, place)
 LEFT JOIN pg_attribute AS column_
 ON column_.attrelid = item.indrelid AND column_.attnum = key.n
 WHERE key.place <= item.indnkeyatts ORDER BY key.place),
 item.indoption::text, pg_get_indexdef(item.indexrelid)
 FROM {_LISTED} JOIN pg_index AS item ON item.indrelid = listed.oid
 JOIN pg_class AS own ON own.oid = item.indexrelid
 LEFT JOIN pg_constraint AS made
 ON made.conindid = item.indexrelid AND made.contype IN ('p', 'u', 'x')"""
_TRIGGERS = f"""SELECT listed.relname, item.tgname, pg_get_triggerdef(item.oid)
 FROM {_LISTED} JOIN pg_trigger AS item
 ON item.tgrelid = listed.oid AND NOT item.tgisinternal"""
_KINDS = {"c": "check", "f": "foreign", "x": "exclude"}
_ACTIONS = {"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


def names(database: Database) -> list[str]:
    return [name for (name,) in database.fetch(f"SELECT listed.relname FROM {_LISTED}")]


def read(database: Database, names: Sequence[str] | None) -> list[Table]:
    columns = _fetched(database, _COLUMNS, "item.attnum", names)
    if not columns:
        return []
    constraints = _fetched(database, _CONSTRAINTS, "item.oid", names)
    indexes = _fetched(database, _INDEXES, "item.indexrelid", names)
    triggers = _fetched(database, _TRIGGERS, "item.tgname", names)
    return [
        Table(
            name,
            tuple(_column(row) for row in rows if row[1] is not None),
            (
                *(_index(row) for row in indexes[name] if row[2] != "x"),
                *(_constraint(row) for row in constraints[name]),
            ),
            tuple((each, sql) for each, sql in triggers[name]),
            rows[0][0] or "",
        )
        for name, rows in columns.items()
    ]


def _fetched(
    database: Database, sql: str, order: str, names: Sequence[str] | None
) -> defaultdict[str, list[Row]]:
    """The rows of these tables, of all of them for None, without the tables' names."""
    params = []
    if names is not None:
        sql += " WHERE listed.relname = ANY(%s)"
        params.append(list(names))
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for name, *row in database.fetch(f"{sql} ORDER BY {order}", params):
        found[name].append(tuple(row))
    return found


def _column(row: Row) -> Column:
    (
        _,
        name,
        type_,
        null,
        expression,
        is_identity,
        generated,
        comment,
        collation,
        is_serial,
    ) = row
    is_auto = is_identity or is_serial
    return Column(
        name,
        type_,
        null,
        None if is_auto or generated else expression,
        is_auto,
        unwrapped(expression) if generated else None,
        generated == "s",
        comment or "",
        collation or "",
    )


def _constraint(row: Row) -> Constraint:
    name, kind, columns, table, targets, on_delete, on_update, deferrable, text = row
    if kind == "f":
        updated = _ACTIONS.get(on_update, "")
        return Constraint(
            name,
            "foreign",
            tuple(columns),
            target=(table, tuple(targets)),
            on_delete=_ACTIONS.get(on_delete, ""),
            definition=f"ON UPDATE {updated}" if updated else "",
            deferrable=deferrable,
        )
    return Constraint(
        name,
        _KINDS[kind],
        tuple(columns),
        definition=unwrapped(text),
        deferrable=deferrable,
    )


def _index(row: Row) -> Constraint:
    name, is_unique, constraint, deferrable, columns, options, sql = row
    index = read_index(sql)
    # The lowest bit of an option is the direction.
    orders = ["DESC" if int(bits) & 1 else "ASC" for bits in options.split()]
    is_primary = constraint == "p"
    return Constraint(
        name,
        "primary" if is_primary else "unique" if is_unique else "index",
        tuple(columns),
        () if is_primary else tuple(orders[: len(columns)]),
        definition=index.definition,
        where=index.where,
        deferrable=deferrable,
        is_index=is_unique and constraint is None,
    )
