"""Functions of moments: now, their parts, and what they are cut to."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm import fields
from fwtrace.toolkit.orm.expressions import Func
from fwtrace.toolkit.orm.lookups import Transform, register_lookup

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.fields import Field
    from fwtrace.toolkit.orm.slots import SQL

__all__ = [
    "Extract",
    "ExtractDay",
    "ExtractHour",
    "ExtractIsoWeekDay",
    "ExtractIsoYear",
    "ExtractMinute",
    "ExtractMonth",
    "ExtractQuarter",
    "ExtractSecond",
    "ExtractWeek",
    "ExtractWeekDay",
    "ExtractYear",
    "Now",
    "Trunc",
    "TruncDate",
    "TruncDay",
    "TruncHour",
    "TruncMinute",
    "TruncMonth",
    "TruncQuarter",
    "TruncSecond",
    "TruncTime",
    "TruncWeek",
    "TruncYear",
    "in_zone",
]


class Now(Func):
    """The moment of the statement."""

    gives = fields.DateTimeField()

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return compiler.dialect.now, []


_PARTS = (
    "year",
    "iso_year",
    "quarter",
    "month",
    "week",
    "week_day",
    "iso_week_day",
    "day",
)


_TIME_PARTS = ("hour", "minute", "second")


class Extract(Transform):
    """A part of a moment, as a number: ``Extract("added", "year")``, ``added__year``.

    In UTC unless ``tzinfo`` says otherwise.
    """

    part: ClassVar[str] = ""
    gives = fields.IntegerField()

    def __init__(
        self, expression: Any, lookup_name: str = "", tzinfo: Any = None, **options: Any
    ) -> None:
        super().__init__(expression, **options)
        self.name = lookup_name or self.part
        if self.name not in (*_PARTS, *_TIME_PARTS):
            raise ValueError(
                f"Cannot extract {self.name!r}: name one of "
                f"{', '.join((*_PARTS, *_TIME_PARTS))}."
            )
        self.tzinfo = tzinfo

    def given_options(self, **options: Any) -> dict[str, Any]:
        name = None if self.name == self.part else self.name
        return super().given_options(lookup_name=name, tzinfo=self.tzinfo, **options)

    def key(self) -> Hashable:
        return (self.name, str(self.tzinfo))

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        sql, params = compiler.compile(self.args[0])
        sql = in_zone(compiler, sql, self.args[0], self.tzinfo)
        return compiler.dialect.extract(self.name, sql), params


def in_zone(compiler: SQLCompiler, sql: str, node: Any, tzinfo: Any) -> str:
    field = node.field_or_none
    if tzinfo is None or field is None or field.kind != "DateTimeField":
        return sql
    return compiler.dialect.in_zone(sql, str(tzinfo))


@register_lookup(field=fields.DateField)
@register_lookup(field=fields.DateTimeField)
class ExtractYear(Extract):
    part = lookup_name = "year"


@register_lookup(field=fields.DateField)
@register_lookup(field=fields.DateTimeField)
class ExtractIsoYear(Extract):
    part = lookup_name = "iso_year"


@register_lookup(field=fields.DateField)
@register_lookup(field=fields.DateTimeField)
class ExtractQuarter(Extract):
    part = lookup_name = "quarter"


@register_lookup(field=fields.DateField)
@register_lookup(field=fields.DateTimeField)
class ExtractMonth(Extract):
    part = lookup_name = "month"


@register_lookup(field=fields.DateField)
@register_lookup(field=fields.DateTimeField)
class ExtractWeek(Extract):
    part = lookup_name = "week"


@register_lookup(field=fields.DateField)
@register_lookup(field=fields.DateTimeField)
class ExtractWeekDay(Extract):
    part = lookup_name = "week_day"


@register_lookup(field=fields.DateField)
@register_lookup(field=fields.DateTimeField)
class ExtractIsoWeekDay(Extract):
    part = lookup_name = "iso_week_day"


@register_lookup(field=fields.DateField)
@register_lookup(field=fields.DateTimeField)
class ExtractDay(Extract):
    part = lookup_name = "day"


@register_lookup(field=fields.TimeField)
@register_lookup(field=fields.DateTimeField)
class ExtractHour(Extract):
    part = lookup_name = "hour"


@register_lookup(field=fields.TimeField)
@register_lookup(field=fields.DateTimeField)
class ExtractMinute(Extract):
    part = lookup_name = "minute"


@register_lookup(field=fields.TimeField)
@register_lookup(field=fields.DateTimeField)
class ExtractSecond(Extract):
    part = lookup_name = "second"


class Trunc(Func):
    """The moment that a year, a month, ... begins in: ``Trunc("added", "month")``."""

    part: ClassVar[str] = ""
    strict = True

    def __init__(
        self,
        expression: Any,
        kind: str = "",
        output_field: Field | None = None,
        tzinfo: Any = None,
    ) -> None:
        super().__init__(expression, output_field=output_field)
        self.kind = kind or self.part
        known = (
            "year",
            "quarter",
            "month",
            "week",
            "day",
            *_TIME_PARTS,
            "date",
            "time",
        )
        if self.kind not in known:
            raise ValueError(
                f"Cannot truncate to {self.kind!r}: name one of {', '.join(known)}."
            )
        self.tzinfo = tzinfo

    def given_options(self, **options: Any) -> dict[str, Any]:
        kind = None if self.kind == self.part else self.kind
        return super().given_options(kind=kind, tzinfo=self.tzinfo, **options)

    def key(self) -> Hashable:
        return (self.kind, str(self.tzinfo))

    def infer_field(self) -> Field | None:
        if self.kind == "date":
            return fields.DateField()
        if self.kind == "time":
            return fields.TimeField()
        return super().infer_field()

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        sql, params = compiler.compile(self.args[0])
        sql = in_zone(compiler, sql, self.args[0], self.tzinfo)
        field = self.output_field
        sql = compiler.dialect.truncate(self.kind, sql, field.kind)
        return sql, params


class TruncYear(Trunc):
    part = "year"


class TruncQuarter(Trunc):
    part = "quarter"


class TruncMonth(Trunc):
    part = "month"


class TruncWeek(Trunc):
    part = "week"


class TruncDay(Trunc):
    part = "day"


class TruncHour(Trunc):
    part = "hour"


class TruncMinute(Trunc):
    part = "minute"


class TruncSecond(Trunc):
    part = "second"


@register_lookup(field=fields.DateTimeField)
class TruncDate(Trunc):
    part = "date"
    lookup_name = "date"


@register_lookup(field=fields.DateTimeField)
class TruncTime(Trunc):
    part = "time"
    lookup_name = "time"
