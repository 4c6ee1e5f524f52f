"""MariaDB's and MySQL's catalogue, the information schema: one query for each of its
views, since joining them makes the server read each table many times."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.introspection import Column, Constraint, Table
from fwtrace.toolkit.orm.introspection.sqlite_text import mentioned, unwrapped

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database, Row

__all__ = ["names", "read"]

_IS_TABLE = "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"
_NAMES = f"""SELECT TABLE_NAME FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = DATABASE() AND {_IS_TABLE}"""
_TABLES = f"""SELECT TABLE_NAME, TABLE_COMMENT, TABLE_COLLATION,
 @@lower_case_table_names, VERSION() FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = DATABASE() AND {_IS_TABLE}"""
_COLUMNS = """SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE = 'YES',
 COLUMN_DEFAULT, EXTRA, GENERATION_EXPRESSION, COLUMN_COMMENT, COLLATION_NAME, DATA_TYPE
 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"""
_INDEXES = """SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, INDEX_TYPE, COLUMN_NAME,
 COLLATION, SUB_PART, {expression}
 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()"""
_REFERENCES = """SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME,
 REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
 FROM information_schema.KEY_COLUMN_USAGE
 WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL"""
_RULES = """SELECT TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE
 FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"""
_CHECKS = """SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, LEVEL = 'Column'
 FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"""
_CHECKS_OF_MYSQL = """SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, 0
 FROM information_schema.CHECK_CONSTRAINTS
 JOIN information_schema.TABLE_CONSTRAINTS USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME)
 WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_TYPE = 'CHECK'"""
_TRIGGERS = """SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING,
 EVENT_MANIPULATION, ACTION_STATEMENT
 FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE()"""

_NO_ACTION = ("RESTRICT", "NO ACTION")
"""One and the same to this server, and what it does when nothing is said."""
_TEXTS = frozenset(
    (
        *("char", "varchar", "enum", "set", "date", "time", "datetime", "timestamp"),
        *("year", "tinytext", "text", "mediumtext", "longtext"),
    )
)
_QUOTED = re.compile(r"`[^`]*(?:``[^`]*)*`|'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_INTRODUCED = re.compile(r"(`[^`]*(?:``[^`]*)*`)|\b_[a-z0-9]+(?=')")
_ESCAPES = {"n": "\n", "r": "\r", "0": "\0", "Z": "\x1a"}


def names(database: Database) -> list[str]:
    return [name for (name,) in database.fetch(_NAMES)]


def read(database: Database, names: Sequence[str] | None) -> list[Table]:
    # Only a single name saves the server from opening every table.
    only = names[0] if names is not None and len(names) == 1 else None
    if only is not None and max(only, default="") > "\uffff":
        return []  # no name has such a letter, and the server refuses to compare it
    tables = _tables(database, names, only)
    if not tables:
        return []
    is_mariadb = "MariaDB" in next(iter(tables.values()))[-1]
    indexes = _INDEXES.format(expression="NULL" if is_mariadb else "EXPRESSION")
    checks = _CHECKS if is_mariadb else _CHECKS_OF_MYSQL
    rows = {
        view: _fetched(database, sql, order, only)
        for view, sql, order in (
            ("columns", _COLUMNS, "ORDINAL_POSITION"),
            ("indexes", indexes, "INDEX_NAME, SEQ_IN_INDEX"),
            ("references", _REFERENCES, "CONSTRAINT_NAME, ORDINAL_POSITION"),
            ("rules", _RULES, "CONSTRAINT_NAME"),
            ("checks", checks, "CONSTRAINT_NAME"),
        )
    }
    rows["triggers"] = _fetched(
        database, _TRIGGERS, "TRIGGER_NAME", only, "EVENT_OBJECT_TABLE"
    )
    return [
        _table(
            name,
            comment,
            collation,
            {view: of_all[name] for view, of_all in rows.items()},
            is_mariadb,
        )
        for name, (comment, collation, *_) in tables.items()
    ]


def _table(
    name: str,
    comment: str,
    collation: str,
    rows: dict[str, list[Row]],
    is_mariadb: bool,
) -> Table:
    documents, told = _split(rows["checks"])
    foreign = _foreign(rows["references"], rows["rules"])
    columns = tuple(
        _column(row, collation, row[0] in documents, is_mariadb)
        for row in rows["columns"]
    )
    names = [column.name for column in columns]
    return Table(
        name,
        columns,
        (
            *_indexes(name, rows["indexes"], foreign, is_mariadb),
            *foreign,
            *(_check(row, names, is_mariadb) for row in told),
        ),
        tuple(_trigger(name, row) for row in rows["triggers"]),
        comment,
    )


def _tables(
    database: Database, names: Sequence[str] | None, only: str | None
) -> dict[str, Row]:
    """``{name: (comment, collation, names have no case, version)}``."""
    rows = _fetched(database, _TABLES, "TABLE_NAME", only)
    found = {name: row for name, (row,) in rows.items()}
    if names is None:
        return found
    wanted, without_case = set(names), {name.lower() for name in names}
    return {
        name: row
        for name, row in found.items()
        if name in wanted or (row[2] and name.lower() in without_case)
    }


def _fetched(
    database: Database,
    sql: str,
    order: str,
    only: str | None,
    column: str = "TABLE_NAME",
) -> defaultdict[str, list[Row]]:
    """The rows of one table, or of all of them, without the tables' names."""
    params = []
    if only is not None:
        sql += f" AND {column} = %s"
        params.append(only)
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for name, *row in database.fetch(f"{sql} ORDER BY {order}", params):
        found[name].append(tuple(row))
    return found


def _split(checks: Sequence[Row]) -> tuple[set[str], list[Row]]:
    """The columns that MariaDB checks to be JSON, for it has no type for it; and the
    checks that somebody wrote."""
    quote = get_dialect("mysql").quote
    documents, told = set(), []
    for row in checks:
        name, clause, is_of_column = row
        if is_of_column and clause == f"json_valid({quote(name)})":
            documents.add(name)
        else:
            told.append(row)
    return documents, told


def _column(row: Row, collation: str, is_document: bool, is_mariadb: bool) -> Column:
    name, type_, null, default, extra, expression, comment, own, data_type = row
    is_json = is_document and type_ == "longtext"
    return Column(
        name,
        "json" if is_json else type_,
        bool(null),
        _default(default, extra, data_type, is_mariadb),
        "auto_increment" in extra,
        _expression(expression, is_mariadb) if expression else None,
        "STORED GENERATED" in extra,
        comment,
        own if own and own != collation and not is_json else "",
    )


def _default(
    default: str | None, extra: str, data_type: str, is_mariadb: bool
) -> str | None:
    """As SQL: MariaDB tells it so, MySQL tells a text without its quotes."""
    if is_mariadb:
        return None if default == "NULL" else default
    if default is None:
        return None
    if "DEFAULT_GENERATED" in extra:
        return _expression(default, is_mariadb)
    if data_type in _TEXTS:
        return "'" + default.replace("\\", "\\\\").replace("'", "''") + "'"
    return default


def _expression(text: str, is_mariadb: bool) -> str:
    """In standard quotes: ``'it\\'s'`` is ``'it''s'``. MySQL escapes the text once
    more, and tells the character set of each string."""
    if not is_mariadb:
        text = _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)
        text = _INTRODUCED.sub(lambda found: found[1] or "", text)
    return unwrapped(_QUOTED.sub(_with_standard_quotes, text))


def _with_standard_quotes(found: re.Match[str]) -> str:
    if found[0].startswith("`"):
        return found[0]
    return _ESCAPED.sub(lambda each: "''" if each[1] == "'" else each[0], found[0])


def _indexes(
    table: str, rows: Sequence[Row], foreign: Sequence[Constraint], is_mariadb: bool
) -> list[Constraint]:
    """Indexes and what they keep unique, but for those that foreign keys made."""
    found = []
    for name, group in groupby(rows, itemgetter(0)):
        keys = list(group)
        columns = tuple(row[3] or "" for row in keys)
        if name == "PRIMARY":
            found.append(Constraint(name, "primary", columns))
        elif not any(_is_made_by(each, table, name, columns) for each in foreign):
            found.append(
                Constraint(
                    name,
                    "index" if keys[0][1] else "unique",
                    columns,
                    tuple("DESC" if row[4] == "D" else "ASC" for row in keys),
                    definition=_definition(keys, is_mariadb),
                )
            )
    return found


def _is_made_by(
    foreign: Constraint, table: str, name: str, columns: tuple[str, ...]
) -> bool:
    """A foreign key's own index has its name; that of one which nobody named, the
    name of its first column."""
    if columns != foreign.columns:
        return False
    was_named = not re.fullmatch(re.escape(table) + "_ibfk_[0-9]+", foreign.name)
    return name == (foreign.name if was_named else columns[0])


def _definition(keys: Sequence[Row], is_mariadb: bool) -> str:
    """The expressions, the lengths of prefixes, the kind; empty for most."""
    kind = keys[0][2]
    is_plain = all(row[5] is None and row[3] is not None for row in keys)
    if is_plain and kind in ("BTREE", "HASH"):
        return ""
    text = ", ".join(_key(row, is_mariadb) for row in keys)
    return text if kind in ("BTREE", "HASH") else f"{kind} ({text})"


def _key(row: Row, is_mariadb: bool) -> str:
    *_, column, direction, length, expression = row
    if column is None:
        text = f"({_expression(expression, is_mariadb)})"
    else:
        text = get_dialect("mysql").quote(column)
        text += "" if length is None else f"({length})"
    return f"{text} DESC" if direction == "D" else text


def _foreign(references: Sequence[Row], rules: Sequence[Row]) -> list[Constraint]:
    actions = {name: (deleted, updated) for name, deleted, updated in rules}
    found = []
    for name, group in groupby(references, itemgetter(0)):
        rows = list(group)
        deleted, updated = actions[name]
        found.append(
            Constraint(
                name,
                "foreign",
                tuple(row[1] for row in rows),
                target=(rows[0][2], tuple(row[3] for row in rows)),
                on_delete="" if deleted in _NO_ACTION else deleted,
                definition="" if updated in _NO_ACTION else f"ON UPDATE {updated}",
            )
        )
    return found


def _check(row: Row, columns: Sequence[str], is_mariadb: bool) -> Constraint:
    """One within a column's definition is called like the column, and cannot be
    dropped by that name."""
    name, clause, is_of_column = row
    condition = _expression(clause, is_mariadb)
    return Constraint(
        "" if is_of_column else name,
        "check",
        mentioned(condition, columns),
        definition=condition,
    )


def _trigger(table: str, row: Row) -> tuple[str, str]:
    name, timing, event, statement = row
    quote = get_dialect("mysql").quote
    return name, (
        f"CREATE TRIGGER {quote(name)} {timing} {event} ON {quote(table)} "
        f"FOR EACH ROW {statement}"
    )
