"""MySQL and MariaDB."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.dialects import base
from fwtrace.toolkit.orm.dialects.base import Dialect

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.fields import Field
    from fwtrace.toolkit.orm.slots import SQL

__all__ = ["MySQL"]


def _read_time(value: Any) -> datetime.time:
    if isinstance(value, datetime.timedelta):
        return (datetime.datetime.min + value).time()
    return value  # type: ignore[no-any-return]


def _read_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, (str, bytes)) else value


_UPPER = "UPPER({lhs}) LIKE UPPER({rhs})"
_PLAIN = {
    "contains": "{lhs} LIKE {rhs}",
    "startswith": "{lhs} LIKE {rhs}",
    "endswith": "{lhs} LIKE {rhs}",
    "icontains": _UPPER,
    "istartswith": _UPPER,
    "iendswith": _UPPER,
    "iexact": "UPPER({lhs}) = UPPER({rhs})",
    "regex": "{lhs} REGEXP {rhs}",
    "iregex": "LOWER({lhs}) REGEXP LOWER({rhs})",
}
_OF_COLUMN = {
    "contains": "LOCATE({rhs}, {lhs}) > 0",
    "startswith": "LOCATE({rhs}, {lhs}) = 1",
    "endswith": "RIGHT({lhs}, CHAR_LENGTH({rhs})) = {rhs}",
    "icontains": "LOCATE(UPPER({rhs}), UPPER({lhs})) > 0",
    "istartswith": "LOCATE(UPPER({rhs}), UPPER({lhs})) = 1",
    "iendswith": "RIGHT(UPPER({lhs}), CHAR_LENGTH({rhs})) = UPPER({rhs})",
}
_TRUNCATED = {
    "year": "%%Y-01-01 00:00:00",
    "month": "%%Y-%%m-01 00:00:00",
    "day": "%%Y-%%m-%%d 00:00:00",
    "hour": "%%Y-%%m-%%d %%H:00:00",
    "minute": "%%Y-%%m-%%d %%H:%%i:00",
    "second": "%%Y-%%m-%%d %%H:%%i:%%s",
}
_EXTRACTED = {
    "week": "WEEK({sql}, 3)",
    "week_day": "DAYOFWEEK({sql})",
    "iso_week_day": "(WEEKDAY({sql}) + 1)",
    "iso_year": "TRUNCATE(YEARWEEK({sql}, 3), -2) / 100",
}


class MySQL(Dialect):
    vendor = "mysql"
    marker = "%s"
    random = "RAND()"
    no_limit = " LIMIT 18446744073709551615"
    has_aggregate_filter = False
    has_update_returning = False
    explain_formats = ("JSON", "TRADITIONAL", "TREE")
    has_partial_indexes = False
    has_expression_indexes = False  # MySQL has, MariaDB has not
    inline_references = False
    inline_indexes = True
    references = ""
    table_options = " DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin"
    now = "CURRENT_TIMESTAMP(6)"
    functions: ClassVar[dict[str, str]] = {"LENGTH": "CHAR_LENGTH"}
    types: ClassVar[dict[str, str]] = {
        "AutoField": "integer AUTO_INCREMENT",
        "BigAutoField": "bigint AUTO_INCREMENT",
        "SmallAutoField": "smallint AUTO_INCREMENT",
        "BinaryField": "longblob",
        "BooleanField": "bool",
        "CharField": "varchar({max_length})",
        "DateField": "date",
        "DateTimeField": "datetime(6)",
        "DecimalField": "numeric({max_digits}, {decimal_places})",
        "DurationField": "bigint",
        "FloatField": "double precision",
        "GenericIPAddressField": "char(39)",
        "IntegerField": "integer",
        "BigIntegerField": "bigint",
        "SmallIntegerField": "smallint",
        "PositiveIntegerField": "integer UNSIGNED",
        "PositiveBigIntegerField": "bigint UNSIGNED",
        "PositiveSmallIntegerField": "smallint UNSIGNED",
        "JSONField": "json",
        "SlugField": "varchar({max_length})",
        "TextField": "longtext",
        "TimeField": "time(6)",
        "UUIDField": "char(32)",
    }
    adapters: ClassVar[dict[type, Callable[[Any], Any]]] = {
        datetime.datetime: base.utc_text,
        datetime.timedelta: base.microseconds,
        uuid.UUID: base.uuid_hex,
    }
    converters: ClassVar[dict[str, Callable[[Any], Any]]] = {
        "BooleanField": bool,
        "DateTimeField": base.with_utc,
        "TimeField": _read_time,
        "DurationField": base.from_microseconds,
        "UUIDField": uuid.UUID,
        "JSONField": _read_json,
    }

    def quote(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def text_lookup(
        self, name: str, field: Field | None, is_column: bool
    ) -> tuple[str, Callable[[str], str] | None]:
        if is_column and name in _OF_COLUMN:
            return _OF_COLUMN[name], None
        return _PLAIN[name], self.patterns.get(name)

    def order_nulls(
        self, sql: str, direction: str, first: bool, params: list[Any]
    ) -> SQL:
        word = "IS NOT NULL" if first else "IS NULL"
        return f"{sql} {word}, {sql} {direction}", [*params, *params]

    def combine(
        self, left: str, connector: str, right: str, kinds: Sequence[str]
    ) -> str:
        moments = [kind in ("DateField", "DateTimeField") for kind in kinds]
        if connector == "-" and all(moments):
            return f"TIMESTAMPDIFF(MICROSECOND, {right}, {left})"
        if connector in "+-" and any(moments) and "DurationField" in kinds:
            return f"({left} {connector} INTERVAL {right} MICROSECOND)"
        if connector == "#":
            return f"({left} ^ {right})"
        return super().combine(left, connector, right, kinds)

    def cast_type(self, field: Field) -> str:
        kind = field.kind
        if kind.endswith(("IntegerField", "AutoField", "BooleanField")):
            return "signed integer"
        known = {
            "DateField": "date",
            "DateTimeField": "datetime(6)",
            "TimeField": "time(6)",
            "FloatField": "double",
            "DecimalField": self.column_type(field).replace("numeric", "decimal"),
        }
        if kind in known:
            return known[kind]
        size = getattr(field, "max_length", None)
        return f"char({size})" if size and kind == "CharField" else "char"

    def lock(self, options: dict[str, Any], tables: Sequence[str]) -> str:
        return super().lock({**options, "no_key": False}, ())

    def explain(self, options: dict[str, Any]) -> str:
        given = self._explained(options)
        return f"EXPLAIN {given[0].replace(' ', '=')} " if given else "EXPLAIN "

    def default_values(self) -> str:
        return "() VALUES ()"

    def upsert(
        self, ignore: bool, update: Sequence[str], unique: Sequence[str]
    ) -> tuple[str, str]:
        if ignore:
            return " IGNORE", ""
        if not update:
            return "", ""
        names = [self.quote(name) for name in update]
        sets = ", ".join(f"{name} = VALUES({name})" for name in names)
        return "", f" ON DUPLICATE KEY UPDATE {sets}"

    def wrap_key_subquery(self, sql: str) -> str:
        return f"SELECT * FROM ({sql}) {self.quote('keys')}"

    json_contains = "JSON_CONTAINS({lhs}, {rhs})"
    json_contained_by = "JSON_CONTAINS({rhs}, {lhs})"

    def json_extract(self, sql: str, how: str) -> str:
        if how == "json":
            return f"JSON_COMPACT(JSON_EXTRACT({sql}, %s))"
        return f"JSON_UNQUOTE(JSON_EXTRACT({sql}, %s))"

    def json_whole(self, sql: str) -> str:
        return f"JSON_COMPACT({sql})"

    def string_agg(self, value: str, delimiter: str, distinct: str, order: str) -> str:
        ordered = f" ORDER BY {order}" if order else ""
        return f"GROUP_CONCAT({distinct}{value}{ordered} SEPARATOR {delimiter})"

    def concat(self, parts: Sequence[str]) -> str:
        return f"CONCAT({', '.join(f'''COALESCE({part}, '')''' for part in parts)})"

    def extract(self, part: str, sql: str) -> str:
        if part in _EXTRACTED:
            return _EXTRACTED[part].format(sql=sql)
        return f"EXTRACT({part.upper()} FROM {sql})"

    def truncate(self, kind: str, sql: str, gives: str) -> str:
        if kind in ("date", "time"):
            return f"{kind.upper()}({sql})"
        if kind == "quarter":
            found = f"MAKEDATE(YEAR({sql}), 1) + INTERVAL QUARTER({sql}) QUARTER"
            found += " - INTERVAL 1 QUARTER"
        elif kind == "week":
            found = f"DATE_SUB(DATE({sql}), INTERVAL WEEKDAY({sql}) DAY)"
        else:
            found = f"DATE_FORMAT({sql}, '{_TRUNCATED[kind]}')"
        return f"CAST({found} AS {'DATE' if gives == 'DateField' else 'DATETIME'})"

    def in_zone(self, sql: str, zone: str) -> str:
        quoted = zone.replace("'", "''").replace("%", "%%")
        return f"CONVERT_TZ({sql}, 'UTC', '{quoted}')"

    def primary_key(self, field: Field) -> str:
        return " PRIMARY KEY"

    unsigned = ()
    comments = "inline"

    def text_constant(self, text: str) -> str:
        return super().text_constant(text.replace("\\", "\\\\").replace("%", "%%"))
