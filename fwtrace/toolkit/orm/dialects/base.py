"""What every dialect has: standard SQL where there is such a thing."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.fields import Field
    from fwtrace.toolkit.orm.slots import SQL

__all__ = ["Dialect", "escape_like"]


def escape_like(text: str) -> str:
    """LIKE's own wildcards made ordinary characters."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _containing(text: str) -> str:
    return f"%{escape_like(text)}%"


def _starting(text: str) -> str:
    return f"{escape_like(text)}%"


def _ending(text: str) -> str:
    return f"%{escape_like(text)}"


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_COMPUTED: dict[str, Callable[[Any], Any]] = {
    "FloatField": float,
    **dict.fromkeys(
        (
            "IntegerField",
            "BigIntegerField",
            "SmallIntegerField",
            "PositiveIntegerField",
            "PositiveBigIntegerField",
            "PositiveSmallIntegerField",
            "AutoField",
            "BigAutoField",
            "SmallAutoField",
        ),
        int,
    ),
}


class Dialect:
    """Names, types, placeholders and functions of one database."""

    vendor: ClassVar[str] = ""
    marker: ClassVar[str] = "?"
    """What stands for a parameter."""
    types: ClassVar[dict[str, str]] = {}
    """Column types by a field's kind, as format strings over the field."""
    adapters: ClassVar[dict[type, Callable[[Any], Any]]] = {}
    """By type: from the Python value to what the driver takes."""
    converters: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    """By a field's kind: from what the driver returns to the Python value; not for
    None."""
    functions: ClassVar[dict[str, str]] = {}
    """Functions, aggregates too, that have another name here."""
    no_limit: ClassVar[str] = ""
    """What a LIMIT says where only an OFFSET is wanted; empty when none is needed."""
    has_last_id: ClassVar[bool] = True
    """The driver tells the key that an INSERT made; else it is asked to return it."""
    has_update_returning: ClassVar[bool] = True
    has_distinct_on: ClassVar[bool] = False
    random: ClassVar[str] = "RANDOM()"
    json_contains: ClassVar[str] = ""
    json_contained_by: ClassVar[str] = ""
    patterns: ClassVar[dict[str, Callable[[str], str]]] = {
        "contains": _containing,
        "icontains": _containing,
        "startswith": _starting,
        "istartswith": _starting,
        "endswith": _ending,
        "iendswith": _ending,
    }

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def from_format(self, sql: str) -> str:
        """SQL with ``%s`` for parameters, as :class:`RawSQL` takes it."""
        return sql

    def column_type(self, field: Field) -> str:
        kind = field.kind
        return self.types[kind].format(
            max_length=getattr(field, "max_length", None),
            max_digits=getattr(field, "max_digits", None),
            decimal_places=getattr(field, "decimal_places", None),
        )

    # Conditions.

    def text_lookup(
        self, name: str, field: Field | None, is_column: bool
    ) -> tuple[str, Callable[[str], str] | None]:
        """``(template with {lhs} and {rhs}, what is done to the text)``."""
        raise NotImplementedError

    def order_nulls(
        self, sql: str, direction: str, first: bool, params: list[Any]
    ) -> SQL:
        return f"{sql} {direction} NULLS {'FIRST' if first else 'LAST'}", params

    # Expressions.

    def combine(
        self, left: str, connector: str, right: str, kinds: Sequence[str]
    ) -> str:
        if connector == "%":
            return f"MOD({left}, {right})"
        if connector == "^":
            return f"POWER({left}, {right})"
        return f"({left} {connector} {right})"

    def modulo(self, sql: str, number: int) -> str:
        return f"MOD({sql}, {number})"

    def cast(self, sql: str, field: Field) -> str:
        return f"CAST({sql} AS {self.cast_type(field)})"

    def cast_type(self, field: Field) -> str:
        return self.column_type(field)

    def literal(self, field: Field | None) -> str:
        """The placeholder of a value that stands alone, typed where that is needed."""
        return self.marker

    # Statements.

    def limit(self, low: int, high: int | None) -> str:
        """`` LIMIT ... OFFSET ...`` with a leading space, or nothing."""
        sql = "" if high is None else f" LIMIT {max(0, high - low)}"
        if not low:
            return sql
        return f"{sql or self.no_limit} OFFSET {low}"

    def lock(self, options: dict[str, Any], tables: Sequence[str]) -> str:
        """`` FOR UPDATE`` and so on, with a leading space."""
        sql = " FOR NO KEY UPDATE" if options.get("no_key") else " FOR UPDATE"
        if tables:
            sql += f" OF {', '.join(tables)}"
        if options.get("nowait"):
            sql += " NOWAIT"
        elif options.get("skip_locked"):
            sql += " SKIP LOCKED"
        return sql

    def default_values(self) -> str:
        return "DEFAULT VALUES"

    def upsert(
        self, ignore: bool, update: Sequence[str], unique: Sequence[str]
    ) -> tuple[str, str]:
        """``(words after INSERT, words at the end)`` for rows that are there."""
        if not ignore and not update:
            return "", ""
        target = f" ({', '.join(map(self.quote, unique))})" if unique else ""
        if ignore:
            return "", f" ON CONFLICT{target} DO NOTHING"
        sets = ", ".join(
            f"{self.quote(name)} = EXCLUDED.{self.quote(name)}" for name in update
        )
        return "", f" ON CONFLICT{target} DO UPDATE SET {sets}"

    explain_formats: ClassVar[tuple[str, ...]] = ()
    explain_flags: ClassVar[tuple[str, ...]] = ()

    def explain(self, options: dict[str, Any]) -> str:
        """The words before a statement that is to be explained; ValueError for options
        that the database does not have."""
        given = self._explained(options)
        return f"EXPLAIN ({', '.join(given)}) " if given else "EXPLAIN "

    def _explained(self, options: dict[str, Any]) -> list[str]:
        found = []
        for name, value in options.items():
            word = str(value).upper() if name == "format" else name.upper()
            known = self.explain_formats if name == "format" else self.explain_flags
            if word not in known:
                listed = ", ".join(known) or "none"
                raise ValueError(f"Cannot explain with {word!r}: there is {listed}.")
            if name == "format":
                found.append(f"FORMAT {word}")
            else:
                found.append(f"{word} {'TRUE' if value else 'FALSE'}")
        return found

    def wrap_key_subquery(self, sql: str) -> str:
        """A query of keys: for a statement that changes the same table, or one with a
        limit after IN."""
        return sql

    # JSON.

    def json_path(self, path: Sequence[str]) -> Any:
        """Where a value stands in a document: ``$."a"[0]``."""
        steps = (
            f"[{name}]" if name.isdecimal() else f".{json.dumps(name)}" for name in path
        )
        return "$" + "".join(steps)

    def json_extract(self, sql: str, how: str) -> str:
        """What stands there, as ``"json"``, as ``"text"``, or as a ``"scalar"``; the
        path is the last parameter."""
        raise NotImplementedError

    def json_whole(self, sql: str) -> str:
        """A document written in one way only, to be compared as text."""
        return sql

    def json_scalar(self, value: Any) -> Any:
        """A number or a text, to be compared with a scalar."""
        return value

    # Aggregates and moments.

    has_aggregate_filter: ClassVar[bool] = True
    now: ClassVar[str] = "CURRENT_TIMESTAMP"

    def string_agg(self, value: str, delimiter: str, distinct: str, order: str) -> str:
        ordered = f" ORDER BY {order}" if order else ""
        return f"STRING_AGG({distinct}{value}, {delimiter}{ordered})"

    def concat(self, parts: Sequence[str]) -> str:
        return f"CONCAT({', '.join(parts)})"

    def extract(self, part: str, sql: str) -> str:
        raise NotImplementedError

    def truncate(self, kind: str, sql: str, gives: str) -> str:
        raise NotImplementedError

    def in_zone(self, sql: str, zone: str) -> str:
        raise NotImplementedError

    def listed(self, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        """A list of values within parentheses: the text and the parameters."""
        return ", ".join([self.marker] * len(values)), values

    def listed_rows(
        self, fields: Sequence[Field], rows: Sequence[tuple[Any, ...]]
    ) -> tuple[str, Sequence[Any]]:
        """A list of rows, of values of these fields: ``(?, ?), (?, ?)``."""
        row = f"({', '.join([self.marker] * len(fields))})"
        values = [self.adapt(value) for each in rows for value in each]
        return ", ".join([row] * len(rows)), values

    # Values.

    def adapt(self, value: Any) -> Any:
        adapter = self.adapters.get(type(value))
        return value if adapter is None else adapter(value)

    def converter(
        self, kind: str, computed: bool = False
    ) -> Callable[[Any], Any] | None:
        """What is done to a value of that kind; of an expression drivers may give
        another type of number than of a column."""
        if computed and kind in _COMPUTED:
            return _COMPUTED[kind]
        return self.converters.get(kind)

    # Tables.

    auto_types: ClassVar[dict[str, str]] = {}
    references: ClassVar[str] = " DEFERRABLE INITIALLY DEFERRED"
    has_partial_indexes: ClassVar[bool] = True
    has_expression_indexes: ClassVar[bool] = True

    inline_references: ClassVar[bool] = True
    inline_indexes: ClassVar[bool] = False
    table_options: ClassVar[str] = ""
    if_not_exists: ClassVar[str] = "IF NOT EXISTS "

    def primary_key(self, field: Field) -> str:
        return " PRIMARY KEY"

    has_virtual_columns: ClassVar[bool] = True
    """A generated column may be worked out whenever it is read."""
    comments: ClassVar[str] = ""
    """Where the comments of tables and columns are: ``"inline"`` in CREATE TABLE, in
    ``"statements"`` of their own, or nowhere."""

    def default(self, sql: str) -> str:
        """A column's DEFAULT."""
        return f"({sql})"

    def column_check(self, field: Field) -> str:
        """The condition that every given value fulfils; empty for none."""
        own = not (field.is_relation or field.generated)
        if own and field.kind in self.unsigned:
            return f"{self.quote(field.column)} >= 0"
        return ""

    unsigned: ClassVar[tuple[str, ...]] = (
        "PositiveBigIntegerField",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
    )
    """Kinds without negative values, where no type says so."""

    def constant(self, value: Any) -> str:
        """An adapted value written out, for a definition: it takes no parameters."""
        if value is None:
            return "NULL"
        if isinstance(value, (int, float)):
            return str(value)
        if isinstance(value, bytes):
            return f"X'{value.hex()}'"
        return self.text_constant(str(value))

    def text_constant(self, text: str) -> str:
        quoted = text.replace("'", "''")
        return f"'{quoted}'"

    def reference_type(self, target: Field, kind: str) -> str:
        """The type of a column that refers to ``target``."""
        if target.kind.endswith("AutoField"):
            return self.types[kind]
        return self.column_type(target)


def utc_text(value: datetime.datetime) -> str:
    """In UTC, and of one width: text sorts as time does."""
    if value.tzinfo is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return value.isoformat(" ", "microseconds")


def with_utc(value: datetime.datetime) -> datetime.datetime:
    return value.replace(tzinfo=datetime.UTC)


def decimal_text(value: Decimal) -> str:
    return format(value, "f")


def uuid_hex(value: uuid.UUID) -> str:
    return value.hex


def microseconds(value: datetime.timedelta) -> int:
    return (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds


def from_microseconds(value: int) -> datetime.timedelta:
    return datetime.timedelta(microseconds=int(value))
