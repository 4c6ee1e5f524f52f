"""Aggregates: one value of many rows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm import fields
from fwtrace.toolkit.orm.expressions import (
    Expression,
    Given,
    Star,
    Value,
    as_expression,
    as_ordering,
    plain,
    plain_value,
)
from fwtrace.toolkit.orm.slots import Const

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.fields import Field
    from fwtrace.toolkit.orm.slots import SQL

__all__ = [
    "Aggregate",
    "Avg",
    "Count",
    "Max",
    "Min",
    "StdDev",
    "StringAgg",
    "Sum",
    "Variance",
]


class Aggregate(Expression):
    """``function([DISTINCT] expression)``, of the rows that ``filter`` selects.

    ``default`` stands for the NULL of no rows.
    """

    parts = ("args", "filter", "order")
    aggregate = True
    window_compatible = True
    function: ClassVar[str] = ""
    label: ClassVar[str] = ""
    allow_distinct: ClassVar[bool] = False
    empty_value: ClassVar[Any] = None

    def __init__(
        self,
        *expressions: Any,
        distinct: bool = False,
        filter: Any = None,
        default: Any = None,
        order_by: Any = None,
        output_field: Field | None = None,
    ) -> None:
        if distinct and not self.allow_distinct:
            raise TypeError(f"{type(self).__name__} does not allow distinct.")
        if default is not None and self.empty_value is not None:
            raise TypeError(f"{type(self).__name__} does not allow default.")
        super().__init__(*expressions, output_field=output_field)
        self.distinct = distinct
        self.filter = filter
        listed = order_by if isinstance(order_by, (list, tuple)) else [order_by]
        self.order = tuple(as_ordering(each) for each in listed if each is not None)
        self.default = default

    def given_options(self, **options: Any) -> dict[str, Any]:
        return super().given_options(
            distinct=self.distinct or None,
            filter=self.filter,
            default=self.default,
            order_by=list(self.order) or None,
            **options,
        )

    def key(self) -> Hashable:
        return (self.distinct, self.default)

    @property
    def default_alias(self) -> str:
        """The name it has in ``aggregate(Avg("pages"))``: ``pages__avg``."""
        only = self.args[0] if len(self.args) >= 1 else None
        name = getattr(only, "name", None)
        if name is None:
            raise TypeError("Complex aggregates require an alias")
        return f"{name}__{(self.label or type(self).__name__).lower()}"

    def resolve(self, scope: Any) -> Any:
        from fwtrace.toolkit.orm.exceptions import FieldError

        made = super().resolve(scope)
        for child in made.children():
            if child.contains_aggregate and not getattr(scope, "summarizes", False):
                raise FieldError(
                    f"Cannot compute {type(self).__name__}({self.args[0]!r}): it is "
                    "an aggregate itself."
                )
        return made

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        sql, params = self.call(compiler)
        if self.filter is not None:
            condition, more = compiler.compile(self.filter)
            if condition:
                sql, params = self.filtered(compiler, sql, params, condition, more)
        if self.default is not None:
            field = self.field_or_none
            value = self.default
            if field is not None:
                value = field.get_prep_value(value)
            sql = f"COALESCE({sql}, {compiler.marker})"
            params = [*params, Const(value)]
        return sql, params

    def filtered(
        self,
        compiler: SQLCompiler,
        sql: str,
        params: list[Any],
        condition: str,
        more: list[Any],
    ) -> SQL:
        if compiler.dialect.has_aggregate_filter:
            return f"{sql} FILTER (WHERE {condition})", [*params, *more]
        return self.call(compiler, condition, more)

    def call(
        self, compiler: SQLCompiler, condition: str = "", more: Sequence[Any] = ()
    ) -> SQL:
        parts, params = compiler.compile_all(self.args)
        if condition:
            inner = "1" if isinstance(self.args[0], Star) else parts[0]
            parts[0] = f"CASE WHEN {condition} THEN {inner} ELSE NULL END"
            params = [*more, *params]
        distinct = "DISTINCT " if self.distinct else ""
        function = compiler.dialect.functions.get(self.function, self.function)
        return f"{function}({distinct}{', '.join(parts)})", params


class Count(Aggregate):
    """How many values are there; ``Count("*")`` how many rows."""

    function = "COUNT"
    allow_distinct = True
    empty_value = 0
    gives = fields.IntegerField()
    takes_keys = True

    def __init__(self, expression: Any, **options: Any) -> None:
        star = isinstance(expression, str) and expression == "*"
        super().__init__(Star() if star else expression, **options)

    def given(self) -> Given:
        if isinstance(self.args[0], Star):
            return ("*",), self.given_options()
        return super().given()

    def resolve(self, scope: Any) -> Any:
        """Of a key of several columns the first is counted: no row has but a part."""
        made = super().resolve(scope)
        if made.args[0].is_key:
            if made.distinct:
                raise ValueError(
                    "Count(distinct=True) takes one column, and the primary key is of "
                    "several."
                )
            made.args = (made.args[0].cols[0],)
        return made

    @property
    def default_alias(self) -> str:
        return "__count" if isinstance(self.args[0], Star) else super().default_alias


class Sum(Aggregate):
    function = "SUM"
    allow_distinct = True


class Avg(Aggregate):
    function = "AVG"
    allow_distinct = True

    def infer_field(self) -> Field | None:
        field = super().infer_field()
        if field is not None and field.kind.endswith(("IntegerField", "AutoField")):
            return fields.FloatField()
        return field


class Min(Aggregate):
    function = "MIN"


class Max(Aggregate):
    function = "MAX"


class _Statistic(Aggregate):
    gives = fields.FloatField()
    population: ClassVar[str]
    sampled: ClassVar[str]

    def __init__(self, expression: Any, sample: bool = False, **options: Any) -> None:
        super().__init__(expression, **options)
        self.sample = sample

    def given_options(self, **options: Any) -> dict[str, Any]:
        return super().given_options(sample=self.sample or None, **options)

    def key(self) -> Hashable:
        return (super().key(), self.sample)

    @property
    def function(self) -> str:  # type: ignore[override]
        return self.sampled if self.sample else self.population


class StdDev(_Statistic):
    population = "STDDEV_POP"
    sampled = "STDDEV_SAMP"


class Variance(_Statistic):
    population = "VAR_POP"
    sampled = "VAR_SAMP"


class StringAgg(Aggregate):
    """The texts, joined by ``delimiter``."""

    function = "STRING_AGG"
    gives = fields.TextField()
    allow_distinct = True

    def __init__(self, expression: Any, delimiter: Any, **options: Any) -> None:
        super().__init__(expression, as_expression(delimiter, Value), **options)

    def given(self) -> Given:
        expression, delimiter = self.args
        return (plain(expression), plain_value(delimiter)), self.given_options()

    def call(
        self, compiler: SQLCompiler, condition: str = "", more: Sequence[Any] = ()
    ) -> SQL:
        value, params = compiler.compile(self.args[0])
        delimiter, delimiter_params = compiler.compile(self.args[1])
        if condition:
            value = f"CASE WHEN {condition} THEN {value} ELSE NULL END"
            params = [*more, *params]
        order, order_params = compiler.compile_all(self.order)
        sql = compiler.dialect.string_agg(
            value, delimiter, "DISTINCT " if self.distinct else "", ", ".join(order)
        )
        if compiler.dialect.vendor == "mysql":  # the delimiter comes last there
            return sql, [*params, *order_params, *delimiter_params]
        return sql, [*params, *delimiter_params, *order_params]
