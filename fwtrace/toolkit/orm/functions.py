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


def _extract(part: str, *kinds: Any) -> type[Extract]:
    name = "Extract" + "".join(word.title() for word in part.split("_"))
    made = type(
        name, (Extract,), {"part": part, "lookup_name": part, "__module__": __name__}
    )
    for kind in kinds:
        register_lookup(made, kind)
    return made


ExtractYear = _extract("year", fields.DateField, fields.DateTimeField)
ExtractIsoYear = _extract("iso_year", fields.DateField, fields.DateTimeField)
ExtractQuarter = _extract("quarter", fields.DateField, fields.DateTimeField)
ExtractMonth = _extract("month", fields.DateField, fields.DateTimeField)
ExtractWeek = _extract("week", fields.DateField, fields.DateTimeField)
ExtractWeekDay = _extract("week_day", fields.DateField, fields.DateTimeField)
ExtractIsoWeekDay = _extract("iso_week_day", fields.DateField, fields.DateTimeField)
ExtractDay = _extract("day", fields.DateField, fields.DateTimeField)
ExtractHour = _extract("hour", fields.TimeField, fields.DateTimeField)
ExtractMinute = _extract("minute", fields.TimeField, fields.DateTimeField)
ExtractSecond = _extract("second", fields.TimeField, fields.DateTimeField)


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
        known = ("year", "quarter", "month", "week", "day", *_TIME_PARTS, "date", "time")
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


def _trunc(part: str) -> type[Trunc]:
    name = f"Trunc{part.title()}"
    return type(name, (Trunc,), {"part": part, "__module__": __name__})


TruncYear, TruncQuarter, TruncMonth = _trunc("year"), _trunc("quarter"), _trunc("month")
TruncWeek, TruncDay, TruncHour = _trunc("week"), _trunc("day"), _trunc("hour")
TruncMinute, TruncSecond = _trunc("minute"), _trunc("second")


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
        if offset is None or offset <= 0:
            raise ValueError(f"{type(self).__name__} takes an offset above 0.")
        given = [expression, Value(offset)]
        if default is not None:
            given.append(as_expression(default, Value))
        super().__init__(*given, **options)


class Lead(Lag):
    """The value so many rows after."""

    function = "LEAD"


__all__ = [
    name
    for name, value in globals().items()
    if isinstance(value, type)
    and issubclass(value, Func)
    and not name.startswith("_")
    and name not in ("Func", "Transform")
]
