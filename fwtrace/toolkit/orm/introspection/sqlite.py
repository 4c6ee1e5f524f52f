"""SQLite's catalogue: pragmas tell what is there, and the text of the statement that
created a table what it is called and on which condition."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.introspection import Column, Constraint, Table
from fwtrace.toolkit.orm.introspection.sqlite_text import (
    TableText,
    folded,
    mentioned,
    read_index,
    read_table,
)

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database, Row

__all__ = ["names", "read"]

# Not the tables in which a virtual one keeps its rows.
_LISTED = """pragma_table_list AS listed WHERE listed.schema = 'main'
 AND listed.type IN ('table', 'virtual') AND substr(listed.name, 1, 7) <> 'sqlite_'"""
_TABLES = f"(SELECT name FROM {_LISTED}) AS listed"
_TEXTS = """SELECT tbl_name, type, name, sql FROM main.sqlite_master AS listed
 WHERE sql IS NOT NULL"""
_COLUMNS = f"""SELECT listed.name, item.name, item.type, item."notnull",
 item.dflt_value, item.pk, item.hidden
 FROM {_TABLES} JOIN pragma_table_xinfo(listed.name, 'main') AS item
 WHERE item.hidden <> 1"""
_INDEXES = f"""SELECT listed.name, item.name, item."unique", item.origin, key.name,
 key.desc
 FROM {_TABLES} JOIN pragma_index_list(listed.name, 'main') AS item
 JOIN pragma_index_xinfo(item.name, 'main') AS key
 WHERE key.key"""
# A reference that names no columns is to the primary key.
_REFERENCES = f"""SELECT listed.name, item.id, item."table", item."from",
 coalesce(item."to", (SELECT key.name FROM pragma_table_xinfo(item."table", 'main')
 AS key WHERE key.pk = item.seq + 1)), item.on_delete, item.on_update
 FROM {_TABLES} JOIN pragma_foreign_key_list(listed.name, 'main') AS item
 WHERE 1"""


def names(database: Database) -> list[str]:
    return [name for (name,) in database.fetch(f"SELECT listed.name FROM {_LISTED}")]


def read(database: Database, names: Sequence[str] | None) -> list[Table]:
    columns = _fetched(database, _COLUMNS, "item.cid", names)
    texts = _fetched(database, _TEXTS, "listed.rowid", names, "tbl_name")
    indexes = _fetched(database, _INDEXES, "item.seq DESC, key.seqno", names)
    references = _fetched(database, _REFERENCES, "item.id DESC, item.seq", names)
    return [
        _table(columns[name], texts[name], indexes[name], references[name])
        for name in list(columns)
    ]


def _fetched(
    database: Database,
    sql: str,
    order: str,
    names: Sequence[str] | None,
    column: str = "name",
) -> defaultdict[str, list[Row]]:
    """The rows of these tables, of all of them for None, by the tables' names: case
    is lost, for a trigger's table is told as the trigger wrote it."""
    params = []
    if names is not None:
        sql += (
            f" AND listed.{column} COLLATE NOCASE IN (SELECT value FROM json_each(?))"
        )
        params.append(json.dumps(names))
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for name, *row in database.fetch(f"{sql} ORDER BY {order}", params):
        found[folded(name)].append(tuple(row))
    return found


def _table(
    columns: Sequence[Row],
    texts: Sequence[Row],
    indexes: Sequence[Row],
    references: Sequence[Row],
) -> Table:
    """The table, from the rows of each query without the table's name."""
    written = {(kind, each): sql for kind, each, sql in texts}
    name = next(each for kind, each, _ in texts if kind == "table")
    text = read_table(written["table", name])
    keys = tuple(row[0] for row in sorted(columns, key=itemgetter(4)) if row[4])
    # The rows of a table without such an index are found by this very column.
    is_rowid = bool(keys) and all(origin != "pk" for _, _, origin, *_ in indexes)
    return Table(
        name,
        tuple(_column(row, text, is_rowid) for row in columns),
        (
            *(Constraint(key.name, "primary", keys) for key in text.of("primary")),
            *_indexes(indexes, text, written),
            *_foreign(references, text),
            *_checks(text, [column for column, *_ in columns]),
        ),
        tuple((each, sql) for kind, each, sql in texts if kind == "trigger"),
    )


def _column(row: Row, text: TableText, is_rowid: bool) -> Column:
    name, type_, not_null, default, key, hidden = row
    is_key = bool(key) and is_rowid
    collation = text.collations.get(name, "")
    return Column(
        name,
        type_.lower(),
        not not_null and not is_key,
        None if default is None or default.upper() == "NULL" else default,
        is_key and text.auto,
        text.generated.get(name),
        hidden == 3,
        "",
        "" if collation.upper() == "BINARY" else collation,
    )


def _checks(text: TableText, columns: Sequence[str]) -> list[Constraint]:
    return [
        Constraint(
            each.name,
            "check",
            mentioned(each.condition, columns),
            definition=each.condition,
        )
        for each in text.of("check")
    ]


def _foreign(references: Sequence[Row], text: TableText) -> list[Constraint]:
    """The foreign keys, which the pragma numbers from the last to the first."""
    found = []
    groups = [list(rows) for _, rows in groupby(references, itemgetter(0))]
    for rows, clause in zip(groups, text.of("foreign"), strict=True):
        _, table, _, _, on_delete, on_update = rows[0]
        targets = tuple(row[3] for row in rows if row[3] is not None)
        found.append(
            Constraint(
                clause.name,
                "foreign",
                tuple(row[2] for row in rows),
                target=(table, targets),
                on_delete="" if on_delete == "NO ACTION" else on_delete,
                definition=(
                    "" if on_update == "NO ACTION" else f"ON UPDATE {on_update}"
                ),
                deferrable=clause.deferrable,
            )
        )
    return found


def _indexes(
    indexes: Sequence[Row], text: TableText, written: dict[tuple[str, str], Any]
) -> list[Constraint]:
    """Indexes and unique constraints: those are indexes without a text."""
    named = {tuple(map(folded, each.columns)): each.name for each in text.of("unique")}
    found = []
    for name, rows in groupby(indexes, itemgetter(0)):
        keys = list(rows)
        _, is_unique, origin, *_ = keys[0]
        columns = tuple(column or "" for *_, column, _ in keys)
        orders = tuple("DESC" if is_desc else "ASC" for *_, is_desc in keys)
        if origin == "pk":
            continue
        if origin == "u":
            given = named.get(tuple(map(folded, columns)), "")
            found.append(Constraint(given, "unique", columns, orders))
            continue
        index = read_index(written["index", name])
        found.append(
            Constraint(
                name,
                "unique" if is_unique else "index",
                columns,
                orders,
                definition=index.definition,
                where=index.where,
                is_index=bool(is_unique),
            )
        )
    return found
