"""Functions of the database: on text, numbers, moments; and those for windows."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm import fields
from fwtrace.toolkit.orm.expressions import Func, Value, as_expression
from fwtrace.toolkit.orm.lookups import Transform, register_lookup

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.expressions import SQL
    from fwtrace.toolkit.orm.fields import Field

__all__ = [
    "Abs",
    "Cast",
    "Ceil",
    "Coalesce",
    "Concat",
    "CumeDist",
    "DenseRank",
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
    "FirstValue",
    "Floor",
    "Greatest",
    "LTrim",
    "Lag",
    "LastValue",
    "Lead",
    "Least",
    "Left",
    "Length",
    "Lower",
    "Now",
    "NthValue",
    "Ntile",
    "NullIf",
    "PercentRank",
    "RTrim",
    "Random",
    "Rank",
    "Replace",
    "Round",
    "RowNumber",
    "Substr",
    "Trim",
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
    "Upper",
]

INTEGER, FLOAT, TEXT = fields.IntegerField(), fields.FloatField(), fields.TextField()


class _Giving(Func):
    """A function that always gives the same kind of value."""

    gives: ClassVar[Field | None] = None

    def infer_field(self) -> Field | None:
        return self.gives or super().infer_field()


# Comparison and conversion.


class Cast(Func):
    """The value as the type of another field."""

    strict = True

    def __init__(self, expression: Any, output_field: Field) -> None:
        super().__init__(expression, output_field=output_field)

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        sql, params = compiler.compile(self.args[0])
        return compiler.dialect.cast(sql, self.output_field), params


class Coalesce(Func):
    """The first that is not NULL."""

    function = "COALESCE"

    def __init__(self, *expressions: Any, **options: Any) -> None:
        if len(expressions) < 2:
            raise ValueError("Coalesce must take at least two expressions")
        super().__init__(*expressions, **options)


class NullIf(Func):
    function = "NULLIF"
    arity = 2


class Greatest(Func):
    function = "GREATEST"

    def __init__(self, *expressions: Any, **options: Any) -> None:
        if len(expressions) < 2:
            raise ValueError(f"{type(self).__name__} takes at least two expressions")
        super().__init__(*expressions, **options)


class Least(Greatest):
    function = "LEAST"


# Text.


class Concat(_Giving):
    """Texts joined; NULL counts as none."""

    gives = TEXT

    def __init__(self, *expressions: Any, **options: Any) -> None:
        if len(expressions) < 2:
            raise ValueError("Concat must take at least two expressions")
        super().__init__(*expressions, **options)

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        parts, params = compiler.compile_all(self.args)
        return compiler.dialect.concat(parts), params


@register_lookup(field=fields.CharField)
@register_lookup(field=fields.TextField)
class Lower(Transform):
    function = "LOWER"
    lookup_name = "lower"


@register_lookup(field=fields.CharField)
@register_lookup(field=fields.TextField)
class Upper(Transform):
    function = "UPPER"
    lookup_name = "upper"


@register_lookup(field=fields.CharField)
@register_lookup(field=fields.TextField)
class Length(Transform):
    function = "LENGTH"
    lookup_name = "length"

    def infer_field(self) -> Field:
        return INTEGER


@register_lookup(field=fields.CharField)
@register_lookup(field=fields.TextField)
class Trim(Transform):
    function = "TRIM"
    lookup_name = "trim"


class LTrim(Transform):
    function = "LTRIM"
    lookup_name = "ltrim"


class RTrim(Transform):
    function = "RTRIM"
    lookup_name = "rtrim"


class Substr(_Giving):
    """From the ``pos``-th character on, 1 for the first."""

    function = "SUBSTR"
    gives = TEXT
    strict = True

    def __init__(
        self, expression: Any, pos: Any, length: Any = None, **options: Any
    ) -> None:
        if isinstance(pos, int) and pos < 1:
            raise ValueError("'pos' must be greater than 0")
        given = [expression, pos] + ([] if length is None else [length])
        super().__init__(*given, **options)


class Left(Substr):
    def __init__(self, expression: Any, length: Any, **options: Any) -> None:
        super().__init__(expression, 1, length, **options)


class Replace(_Giving):
    function = "REPLACE"
    gives = TEXT
    strict = True

    def __init__(
        self, expression: Any, text: Any, replacement: Any = "", **options: Any
    ) -> None:
        texts = (as_expression(each, Value) for each in (text, replacement))
        super().__init__(expression, *texts, **options)


# Numbers.


@register_lookup(field=fields.IntegerField)
@register_lookup(field=fields.FloatField)
@register_lookup(field=fields.DecimalField)
class Abs(Transform):
    function = "ABS"
    lookup_name = "abs"


class _Whole(Transform):
    def infer_field(self) -> Field:
        return INTEGER


@register_lookup(field=fields.FloatField)
@register_lookup(field=fields.DecimalField)
class Ceil(_Whole):
    function = "CEILING"
    lookup_name = "ceil"


@register_lookup(field=fields.FloatField)
@register_lookup(field=fields.DecimalField)
class Floor(_Whole):
    function = "FLOOR"
    lookup_name = "floor"


class Round(Func):
    function = "ROUND"
    strict = True

    def __init__(self, expression: Any, precision: int = 0, **options: Any) -> None:
        super().__init__(expression, Value(precision), **options)

    def infer_field(self) -> Field | None:
        return self.args[0].field_or_none  # type: ignore[no-any-return]


class Random(_Giving):
    gives = FLOAT

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return compiler.dialect.random, []


# Moments.


class Now(_Giving):
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

    def key(self) -> Hashable:
        return (self.name, str(self.tzinfo))

    def infer_field(self) -> Field:
        return INTEGER

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


# Windows.


class _WindowFunction(_Giving):
    window_compatible = True


class Rank(_WindowFunction):
    function = "RANK"
    gives = INTEGER


class DenseRank(Rank):
    function = "DENSE_RANK"


class RowNumber(Rank):
    function = "ROW_NUMBER"


class PercentRank(_WindowFunction):
    function = "PERCENT_RANK"
    gives = FLOAT


class CumeDist(PercentRank):
    function = "CUME_DIST"


class Ntile(_WindowFunction):
    function = "NTILE"
    gives = INTEGER

    def __init__(self, num_buckets: int = 1, **options: Any) -> None:
        if num_buckets < 1:
            raise ValueError("num_buckets must be greater than 0.")
        super().__init__(Value(num_buckets), **options)


class FirstValue(_WindowFunction):
    function = "FIRST_VALUE"
    arity = 1


class LastValue(FirstValue):
    function = "LAST_VALUE"


class NthValue(_WindowFunction):
    function = "NTH_VALUE"

    def __init__(self, expression: Any, nth: int = 1, **options: Any) -> None:
        super().__init__(expression, Value(nth), **options)


class Lag(_WindowFunction):
    """The value so many rows before, ``default`` where there is none."""

    function = "LAG"

    def __init__(
        self, expression: Any, offset: int = 1, default: Any = None, **options: Any
    ) -> None:
        if offset <= 0:
            raise ValueError(f"{type(self).__name__} takes an offset above 0.")
        given = [expression, Value(offset)]
        if default is not None:
            given.append(as_expression(default, Value))
        super().__init__(*given, **options)


class Lead(Lag):
    """The value so many rows after."""

    function = "LEAD"
