"""Functions of the database on text and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm import fields
from fwtrace.toolkit.orm.expressions import (
    Func,
    Given,
    Value,
    as_expression,
    plain,
    plain_value,
)
from fwtrace.toolkit.orm.lookups import Transform, register_lookup

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.fields import Field
    from fwtrace.toolkit.orm.slots import SQL

__all__ = [
    "Abs",
    "Cast",
    "Ceil",
    "Coalesce",
    "Concat",
    "Floor",
    "Greatest",
    "LTrim",
    "Least",
    "Left",
    "Length",
    "Lower",
    "NullIf",
    "RTrim",
    "Random",
    "Replace",
    "Round",
    "Substr",
    "Trim",
    "Upper",
]

INTEGER, FLOAT, TEXT = fields.IntegerField(), fields.FloatField(), fields.TextField()


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


class Concat(Func):
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
    gives = INTEGER


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


class Substr(Func):
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

    def given(self) -> Given:
        (expression, _, length), options = super().given()
        return (expression, length), options


class Replace(Func):
    function = "REPLACE"
    gives = TEXT
    strict = True

    def __init__(
        self, expression: Any, text: Any, replacement: Any = "", **options: Any
    ) -> None:
        texts = (as_expression(each, Value) for each in (text, replacement))
        super().__init__(expression, *texts, **options)

    def given(self) -> Given:
        expression, *texts = self.args
        return (plain(expression), *map(plain_value, texts)), self.given_options()


# Numbers.


@register_lookup(field=fields.IntegerField)
@register_lookup(field=fields.FloatField)
@register_lookup(field=fields.DecimalField)
class Abs(Transform):
    function = "ABS"
    lookup_name = "abs"


class _Whole(Transform):
    gives = INTEGER


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


class Random(Func):
    gives = FLOAT

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return compiler.dialect.random, []


# Moments.


# Windows.
