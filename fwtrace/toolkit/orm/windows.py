"""Windows: functions over the rows around each row."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm import fields
from fwtrace.toolkit.orm.expressions import (
    Expression,
    Func,
    Given,
    Value,
    as_expression,
    as_ordering,
    plain,
    plain_value,
)
from fwtrace.toolkit.orm.slots import SQL, Scope

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.fields import Field

__all__ = [
    "CumeDist",
    "DenseRank",
    "FirstValue",
    "Lag",
    "LastValue",
    "Lead",
    "NthValue",
    "Ntile",
    "PercentRank",
    "Rank",
    "RowNumber",
    "RowRange",
    "ValueRange",
    "Window",
]


class _Frame(Expression):
    parts = ()
    kind = ""

    def __init__(self, start: int | None = None, end: int | None = None) -> None:
        for edge in (start, end):
            if edge is not None and not isinstance(edge, int):
                raise TypeError(f"An edge of a frame is a number or None, not {edge!r}")
        self.start = start
        self.end = end

    def given_options(self, **options: Any) -> dict[str, Any]:
        return super().given_options(start=self.start, end=self.end, **options)

    def key(self) -> Hashable:
        return (self.start, self.end)

    def resolve(self, scope: Scope) -> Any:
        return self

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        start, end = (
            self._edge(self.start, "PRECEDING"),
            self._edge(self.end, "FOLLOWING"),
        )
        return f"{self.kind} BETWEEN {start} AND {end}", []

    @staticmethod
    def _edge(edge: int | None, unbounded: str) -> str:
        if edge is None:
            return f"UNBOUNDED {unbounded}"
        if edge == 0:
            return "CURRENT ROW"
        return f"{abs(edge)} {'PRECEDING' if edge < 0 else 'FOLLOWING'}"


class RowRange(_Frame):
    kind = "ROWS"


class ValueRange(_Frame):
    kind = "RANGE"


class Window(Expression):
    """An aggregate or a window function over the rows around each row."""

    parts = ("expression", "partition", "order", "frame")

    def __init__(
        self,
        expression: Any,
        partition_by: Any = None,
        order_by: Any = None,
        frame: _Frame | None = None,
        output_field: Field | None = None,
    ) -> None:
        if not getattr(expression, "window_compatible", False):
            raise ValueError(
                f"{type(expression).__name__} cannot be used over a window."
            )
        self.expression = expression
        self.partition = tuple(map(as_expression, _listed(partition_by)))
        self.order = tuple(as_ordering(each) for each in _listed(order_by))
        self.frame = frame
        self.given_field = output_field

    def given(self) -> Given:
        partition, order = map(plain, self.partition), list(self.order)
        return (self.expression,), self.given_options(
            partition_by=list(partition) or None,
            order_by=order or None,
            frame=self.frame,
        )

    @property
    def contains_aggregate(self) -> bool:
        """Its own aggregate groups nothing."""
        return any(
            c.contains_aggregate
            for c in (*self.expression.children(), *self.partition, *self.order)
        )

    @property
    def contains_window(self) -> bool:
        return True

    def infer_field(self) -> Field | None:
        return self.expression.field_or_none  # type: ignore[no-any-return]

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        sql, params = compiler.compile(self.expression)
        over = []
        if self.partition:
            parts, more = compiler.compile_all(self.partition)
            over.append(f"PARTITION BY {', '.join(parts)}")
            params = [*params, *more]
        if self.order:
            parts, more = compiler.compile_all(self.order)
            over.append(f"ORDER BY {', '.join(parts)}")
            params = [*params, *more]
        if self.frame is not None:
            over.append(self.frame.as_sql(compiler)[0])
        return f"{sql} OVER ({' '.join(over)})", params


def _listed(given: Any) -> Sequence[Any]:
    if given is None:
        return ()
    return given if isinstance(given, (list, tuple)) else (given,)


class _WindowFunction(Func):
    window_compatible = True


class Rank(_WindowFunction):
    function = "RANK"
    gives = fields.IntegerField()


class DenseRank(Rank):
    function = "DENSE_RANK"


class RowNumber(Rank):
    function = "ROW_NUMBER"


class PercentRank(_WindowFunction):
    function = "PERCENT_RANK"
    gives = fields.FloatField()


class CumeDist(PercentRank):
    function = "CUME_DIST"


class Ntile(_WindowFunction):
    function = "NTILE"
    gives = fields.IntegerField()

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

    def given(self) -> Given:
        expression, *others = self.args
        return (plain(expression), *map(plain_value, others)), self.given_options()


class Lead(Lag):
    """The value so many rows after."""

    function = "LEAD"
