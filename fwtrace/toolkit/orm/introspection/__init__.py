"""What is in a database: its tables, with their columns, constraints and triggers, as
the server tells of them.

Migrations look here for the names of constraints, for tables that are there already,
and for what the models do not say; each server has a module that reads its catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.introspection.sqlite_text import normalised

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database

__all__ = [
    "Column",
    "Constraint",
    "Table",
    "inspect_table",
    "schema_of",
    "shape",
    "table_names",
]


@dataclass(frozen=True, slots=True)
class Column:
    """``type`` is the server's word, in lower case: ``"varchar(100)"``, ``"integer"``;
    ``default`` is SQL, and None where the server counts (``auto``) or there is none."""

    name: str
    type: str
    null: bool
    default: str | None = None
    auto: bool = False
    generated: str | None = None
    """The expression of a generated column, and whether it is ``stored``."""
    stored: bool = False
    comment: str = ""
    collation: str = ""
    """Empty unless it is another than the table's or the database's."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint or an index. ``kind`` is ``"primary"``, ``"unique"``, ``"foreign"``,
    ``"check"``, ``"index"``, or PostgreSQL's ``"exclude"``."""

    name: str
    """Empty where it has none to be dropped by."""
    kind: str
    columns: tuple[str, ...]
    """In order, ``""`` for an index's expression; of a check those that it names."""
    orders: tuple[str, ...] = ()
    """``"ASC"`` or ``"DESC"``, for each column of an index and of a unique one."""
    target: tuple[str, tuple[str, ...]] | None = None
    """What a foreign key refers to: table and columns."""
    on_delete: str = ""
    """``"CASCADE"``, ...; empty for what the server does when nothing is said."""
    definition: str = ""
    """A check's condition; of an index what columns and orders leave out, such as its
    expressions; ``"ON UPDATE CASCADE"`` of a foreign key."""
    where: str = ""
    """The condition of a partial index."""
    deferrable: bool = False
    is_index: bool = False
    """A unique one that is an index only, no constraint of the table."""


@dataclass(frozen=True, slots=True)
class Table:
    """``triggers`` are ``(name, CREATE TRIGGER ...)``."""

    name: str
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...]
    triggers: tuple[tuple[str, str], ...] = ()
    comment: str = ""

    def column(self, name: str) -> Column | None:
        return next((each for each in self.columns if each.name == name), None)

    def find(self, kind: str, columns: Sequence[str] | None = None) -> list[Constraint]:
        """Those of a kind; of exactly these columns in this order, where they are
        given."""
        return [
            each
            for each in self.constraints
            if each.kind == kind and (columns is None or each.columns == tuple(columns))
        ]


def table_names(database: Database) -> list[str]:
    """The tables of the current schema: neither views nor the server's own."""
    return sorted(_reader(database).names(database))


def inspect_table(database: Database, name: str) -> Table | None:
    """The table; None where there is none of that name."""
    return next(iter(_reader(database).read(database, [name])), None)


def schema_of(
    database: Database, names: Iterable[str] | None = None
) -> dict[str, Table]:
    """Tables by name, all of them or those of ``names`` that there are.

    It takes as many statements as one table does.
    """
    wanted = None if names is None else list(dict.fromkeys(names))
    if wanted == []:
        return {}
    found = _reader(database).read(database, wanted)
    return {table.name: table for table in sorted(found, key=lambda each: each.name)}


def _reader(database: Database) -> Any:
    """The module of the server: ``names(database)``, and ``read(database, names)`` for
    the tables of these names, in any order; None for all."""
    return import_module(f"{__name__}.{database.vendor}")


def shape(table: Table) -> dict[str, Any]:
    """What two tables have in common that mean the same: it leaves out the names of
    constraints and sequences, any order but that within a constraint, and how the text
    of an expression is written."""
    return {
        "name": table.name,
        "comment": table.comment,
        "columns": {column.name: _shape_of_column(column) for column in table.columns},
        "constraints": sorted(map(_shape_of_constraint, table.constraints)),
        "triggers": sorted((name, normalised(sql)) for name, sql in table.triggers),
    }


def _shape_of_column(column: Column) -> dict[str, Any]:
    default = None if column.default is None else normalised(column.default)
    if default is not None and default.startswith("nextval ("):
        default = "nextval"
    return {
        "type": column.type,
        "null": column.null,
        "default": default,
        "auto": column.auto,
        "generated": normalised(column.generated or ""),
        "stored": column.stored,
        "comment": column.comment,
        "collation": column.collation,
    }


def _shape_of_constraint(constraint: Constraint) -> tuple[Any, ...]:
    columns = constraint.columns
    return (
        constraint.kind,
        tuple(sorted(columns)) if constraint.kind == "check" else columns,
        constraint.orders,
        constraint.target or (),
        constraint.on_delete,
        normalised(constraint.definition),
        normalised(constraint.where),
        constraint.deferrable,
        constraint.is_index,
    )
