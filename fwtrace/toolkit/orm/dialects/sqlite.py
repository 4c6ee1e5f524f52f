"""SQLite: few types, so values of most kinds are kept as text that sorts."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.dialects import base
from fwtrace.toolkit.orm.dialects.base import Dialect

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.fields import Field

__all__ = ["SQLite"]

WRITTEN = len("2000-01-01 00:00:00.000000")
LONGEST_PATTERN = 50_000  # bytes; SQLite's LIKE refuses more
_from_iso = datetime.datetime.fromisoformat


def _read_datetime(value: Any) -> datetime.datetime:
    if len(value) == WRITTEN:  # by us, in UTC: one call, for this runs once a row
        return _from_iso(f"{value}+00:00")
    found = _from_iso(value)
    if found.tzinfo is None:
        return found.replace(tzinfo=datetime.UTC)
    return found.astimezone(datetime.UTC)


def _read_date(value: Any) -> datetime.date:
    return datetime.date.fromisoformat(value[:10])


def _read_decimal(value: Any) -> Decimal:
    return Decimal(repr(value) if isinstance(value, float) else value)


def _adapt_time(value: datetime.time) -> str:
    return value.isoformat("microseconds")


_LIKE = "{lhs} LIKE {rhs} ESCAPE '\\'"
_LONG = {
    "iexact": "lower({lhs}) = lower({rhs})",
    "contains": "instr(lower({lhs}), lower({rhs})) > 0",
    "startswith": "instr(lower({lhs}), lower({rhs})) = 1",
    "endswith": "substr(CAST(lower({lhs}) AS blob), -length(CAST({rhs} AS blob)))"
    " = CAST(lower({rhs}) AS blob)",
}


class SQLite(Dialect):
    vendor = "sqlite"
    no_limit = " LIMIT -1"
    random = "RANDOM()"
    types: ClassVar[dict[str, str]] = {
        "AutoField": "integer",
        "BigAutoField": "integer",
        "SmallAutoField": "integer",
        "BinaryField": "BLOB",
        "BooleanField": "bool",
        "CharField": "varchar({max_length})",
        "DateField": "date",
        "DateTimeField": "datetime",
        "DecimalField": "decimal",
        "DurationField": "bigint",
        "FloatField": "real",
        "GenericIPAddressField": "char(39)",
        "IntegerField": "integer",
        "BigIntegerField": "bigint",
        "SmallIntegerField": "smallint",
        "PositiveIntegerField": "integer unsigned",
        "PositiveBigIntegerField": "bigint unsigned",
        "PositiveSmallIntegerField": "smallint unsigned",
        "JSONField": "text",
        "SlugField": "varchar({max_length})",
        "TextField": "text",
        "TimeField": "time",
        "UUIDField": "char(32)",
    }
    adapters: ClassVar[dict[type, Callable[[Any], Any]]] = {
        bool: int,
        datetime.datetime: base.utc_text,
        datetime.date: datetime.date.isoformat,
        datetime.time: _adapt_time,
        datetime.timedelta: base.microseconds,
        Decimal: base.decimal_text,
        uuid.UUID: base.uuid_hex,
    }
    converters: ClassVar[dict[str, Callable[[Any], Any]]] = {
        "BooleanField": bool,
        "DateField": _read_date,
        "DateTimeField": _read_datetime,
        "TimeField": datetime.time.fromisoformat,
        "DurationField": base.from_microseconds,
        "DecimalField": _read_decimal,
        "UUIDField": uuid.UUID,
        "JSONField": json.loads,
        "FloatField": float,
    }

    def from_format(self, sql: str) -> str:
        return sql.replace("%s", "?").replace("%%", "%")

    def text_lookup(
        self, name: str, field: Field | None, is_column: bool
    ) -> tuple[str, Callable[[str], str] | None]:
        if name in ("regex", "iregex"):
            prefix = "(?i)" if name == "iregex" else ""
            return f"{{lhs}} REGEXP '{prefix}' || {{rhs}}", None
        if is_column:
            return _LONG["iexact" if name == "iexact" else name.removeprefix("i")], None
        if name == "iexact":
            return _LIKE, base.escape_like
        return _LIKE, self.patterns[name]

    def combine(
        self, left: str, connector: str, right: str, kinds: Sequence[str]
    ) -> str:
        if connector == "^":
            return f"POWER({left}, {right})"
        if connector == "#":
            return f"(({left} | {right}) - ({left} & {right}))"
        moments = [kind in ("DateTimeField", "DateField") for kind in kinds]
        if connector in "+-" and any(moments) and "DurationField" in kinds:
            return f"fwtrace_add_moment({left}, '{connector}', {right})"
        if connector == "-" and all(moments):
            return f"fwtrace_difference({left}, {right})"
        return f"({left} {connector} {right})"

    def literal(self, field: Field | None) -> str:
        """Decimals are text to the driver; beside numbers they must be numbers."""
        is_decimal = field is not None and field.kind == "DecimalField"
        return "CAST(? AS NUMERIC)" if is_decimal else "?"

    def modulo(self, sql: str, number: int) -> str:
        return f"({sql}) % {number}"

    def cast_type(self, field: Field) -> str:
        kinds = {"DateField": "text", "DateTimeField": "text", "TimeField": "text"}
        if field.kind == "DecimalField":
            return "numeric"
        return kinds.get(field.kind) or self.column_type(field)

    def lock(self, options: dict[str, Any], tables: Sequence[str]) -> str:
        return ""  # a writer has the whole database to itself

    def explain(self, options: dict[str, Any]) -> str:
        self._explained(options)
        return "EXPLAIN QUERY PLAN "

    def primary_key(self, field: Field) -> str:
        auto = field.kind.endswith("AutoField")
        return " PRIMARY KEY" + (" AUTOINCREMENT" if auto else "")

    def column_check(self, field: Field) -> str:
        if field.generated or field.kind != "JSONField":
            return super().column_check(field)
        column = self.quote(field.column)
        return f"(JSON_VALID({column}) OR {column} IS NULL)"

    def json_extract(self, sql: str, how: str) -> str:
        return f"({sql} -> ?)" if how == "json" else f"JSON_EXTRACT({sql}, ?)"

    def json_whole(self, sql: str) -> str:
        return f"JSON({sql})"

    # Aggregates and moments: functions of our own, see ``backends.sqlite``.

    now = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
    functions: ClassVar[dict[str, str]] = {
        "STDDEV_POP": "fwtrace_stddev_pop",
        "STDDEV_SAMP": "fwtrace_stddev_samp",
        "VAR_POP": "fwtrace_var_pop",
        "VAR_SAMP": "fwtrace_var_samp",
    }

    def string_agg(self, value: str, delimiter: str, distinct: str, order: str) -> str:
        if distinct:
            # SQLite takes no delimiter with DISTINCT.
            return f"REPLACE(GROUP_CONCAT(DISTINCT {value}), ',', {delimiter})"
        return f"GROUP_CONCAT({value}, {delimiter})"

    def concat(self, parts: Sequence[str]) -> str:
        return "(" + " || ".join(f"COALESCE({part}, '')" for part in parts) + ")"

    def extract(self, part: str, sql: str) -> str:
        return f"fwtrace_extract('{part}', {sql})"

    def truncate(self, kind: str, sql: str, gives: str) -> str:
        return f"fwtrace_truncate('{kind}', {sql}, '{gives}')"

    def in_zone(self, sql: str, zone: str) -> str:
        quoted = zone.replace("'", "''")
        return f"fwtrace_in_zone({sql}, '{quoted}')"

    def listed(self, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        """Past SQLite's limit on parameters, one parameter with all of them."""
        if len(values) <= 500 or not all(type(v) in (int, str, float) for v in values):
            return super().listed(values)
        return "SELECT value FROM json_each(?)", [json.dumps(values)]

    def listed_rows(
        self, fields: Sequence[Field], rows: Sequence[tuple[Any, ...]]
    ) -> tuple[str, Sequence[Any]]:
        """SQLite takes the rows of a query only."""
        text, values = super().listed_rows(fields, rows)
        if len(values) <= 500 or not all(type(v) in (int, str, float) for v in values):
            return f"VALUES {text}", values
        width = len(fields)
        columns = (f"json_extract(value, '$[{n}]')" for n in range(width))
        listed = [values[n : n + width] for n in range(0, len(values), width)]
        return f"SELECT {', '.join(columns)} FROM json_each(?)", [json.dumps(listed)]
