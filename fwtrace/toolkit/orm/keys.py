"""Primary keys of several columns in queries: what they are compared with.

filter(pk=(7, 1))                   ("order_id", "position") = (?, ?)
filter(pk__gt=(7, 1))               ("order_id", "position") > (?, ?)
filter(pk__in=[(7, 1), (7, 2)])     ("order_id", "position") IN ((?, ?), (?, ?))
order_by("-pk")                     "order_id" DESC, "position" DESC
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.exceptions import OutOfRange
from fwtrace.toolkit.orm.expressions import Col, Expression, Parameter
from fwtrace.toolkit.orm.fields import CompositePrimaryKey, Field
from fwtrace.toolkit.orm.lookups import (
    Fixed,
    In,
    IsNull,
    Lookup,
    Row,
    register_lookup,
    whole_numbers,
)
from fwtrace.toolkit.orm.slots import Param, Scope
from fwtrace.toolkit.orm.subqueries import Subquery
from fwtrace.toolkit.orm.where import Nothing

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.slots import SQL

__all__ = ["Key", "column_of"]


def column_of(alias: str, field: Field) -> Col | Key:
    """The column of a field; of a primary key of several columns, all of them."""
    if isinstance(field, CompositePrimaryKey):
        return Key(field, tuple(Col(alias, each) for each in field.fields))
    return Col(alias, field)


class Key(Expression):
    """The columns of a primary key that has several."""

    parts = ("cols",)
    strict = True
    is_key = True

    def __init__(self, field: CompositePrimaryKey, cols: tuple[Col, ...]) -> None:
        self.field = field
        self.cols = cols

    def infer_field(self) -> Field:
        return self.field

    def resolve(self, scope: Scope) -> Any:
        return self

    def group_columns(self) -> tuple[Any, ...]:
        return self.cols

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        parts, params = compiler.compile_all(self.cols)
        return ", ".join(parts), params

    def row(self, compiler: SQLCompiler) -> SQL:
        """In parentheses: one value, to compare."""
        sql, params = self.as_sql(compiler)
        return f"({sql})", params


def _number_beyond(lhs: Key, key: tuple[Any, ...]) -> int | None:
    """The place of the first number that its column cannot hold."""
    for place, (col, value) in enumerate(zip(lhs.cols, key, strict=True)):
        limits = whole_numbers(col)
        if limits is not None and value is not None and value not in limits:
            return place
    return None


class _KeyComparison(Lookup):
    """``(a, b) <operator> (x, y)``, as tuples are compared: by the first column in
    which they differ."""

    operator: str

    @classmethod
    def of(cls, lhs: Any, value: Any, place: int | None, scope: Scope) -> Any:
        if hasattr(value, "slot_values"):
            return super().of(lhs, value, place, scope)
        if hasattr(value, "resolve"):
            return cls(lhs, _one_of(lhs, value.resolve(scope)))
        if place is None:
            return cls(lhs, _written(lhs, value, scope))
        try:
            prepare = cls.preparing(lhs)
            prepare(value)
        except OutOfRange:
            scope.slots.is_volatile = True
            scope.slots.prepares[place] = _same
            return cls.beyond(lhs, lhs.field.get_prep_value(value))
        scope.slots.prepares[place] = prepare
        return cls(lhs, Parameter(place, lhs.field))

    @classmethod
    def preparing(cls, lhs: Any) -> Callable[[Any], Any]:
        prepare = lhs.field.get_prep_value

        def within(value: Any) -> Any:
            key = prepare(value)
            if _number_beyond(lhs, key) is None:
                return key
            raise OutOfRange(f"no row can have the key {key}")

        return within

    @classmethod
    def beyond(cls, lhs: Any, key: tuple[Any, ...]) -> Any:
        """Compared with a key that no row can have."""
        return Nothing()

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        left, params = self.lhs.row(compiler)
        right, more = self._right(compiler)
        return f"{left} {self.operator} {right}", [*params, *more]

    def _right(self, compiler: SQLCompiler) -> SQL:
        rhs: Any = self.rhs
        if isinstance(rhs, Parameter):
            count, place = len(self.lhs.cols), rhs.place + compiler.offset
            marks = ", ".join([compiler.marker] * count)
            return f"({marks})", [Param(place, itemgetter(n)) for n in range(count)]
        sql, params = compiler.compile(rhs)
        has_own = isinstance(rhs, (Subquery, Row))
        return (sql if has_own else f"({sql})"), params


def _one_of(lhs: Key, rhs: Any) -> Any:
    """An expression that a key can be compared with: ValueError for one column."""
    if isinstance(rhs, Col):
        raise lhs.field.unfit(rhs)
    return rhs


def _written(lhs: Key, value: Any, scope: Scope) -> Row:
    """A tuple with expressions in it: ``(F("order_id"), 1)``."""
    if not isinstance(value, (tuple, list)) or len(value) != len(lhs.cols):
        raise lhs.field.unfit(value)
    return Row(
        tuple(
            each.resolve(scope)
            if hasattr(each, "resolve")
            else Fixed(col.field.get_prep_value(each))
            for col, each in zip(lhs.cols, value, strict=True)
        )
    )


def _same(value: Any) -> Any:
    return value


@register_lookup(field=CompositePrimaryKey)
class KeyExact(_KeyComparison):
    lookup_name = "exact"
    operator = "="


class _KeyOrder(_KeyComparison):
    @classmethod
    def beyond(cls, lhs: Any, key: tuple[Any, ...]) -> Any:
        """What is before the number that is too large, or too small, decides: no row
        has the same number, so the columns from there on never do."""
        place = _number_beyond(lhs, key) or 0
        sign, is_above = cls.operator[0], key[place] > 0
        holds = (sign == "<") is is_above
        if not place:
            return IsNull(lhs.cols[0], Fixed(False)) if holds else Nothing()
        values = Row(tuple(map(Fixed, key[:place])))
        made = cls(Key(lhs.field, lhs.cols[:place]), values)
        made.operator = f"{sign}=" if holds else sign
        return made


@register_lookup(field=CompositePrimaryKey)
class KeyGreaterThan(_KeyOrder):
    lookup_name = "gt"
    operator = ">"


@register_lookup(field=CompositePrimaryKey)
class KeyGreaterThanOrEqual(_KeyOrder):
    lookup_name = "gte"
    operator = ">="


@register_lookup(field=CompositePrimaryKey)
class KeyLessThan(_KeyOrder):
    lookup_name = "lt"
    operator = "<"


@register_lookup(field=CompositePrimaryKey)
class KeyLessThanOrEqual(_KeyOrder):
    lookup_name = "lte"
    operator = "<="


def _plain_fields(lhs: Key) -> list[Any]:
    """What the columns hold: of a reference, what it refers to."""
    found: list[Any] = []
    for col in lhs.cols:
        field: Any = col.field
        while field.is_relation:
            field = field.target_field
        found.append(field)
    return found


@register_lookup(field=CompositePrimaryKey)
class KeyIn(In):
    @classmethod
    def preparing(cls, lhs: Any) -> Callable[[Any], Any]:
        prepare = lhs.field.get_prep_value

        def every(values: Any) -> list[Any]:
            keys = dict.fromkeys(map(prepare, values))
            kept = [k for k in keys if None not in k and _number_beyond(lhs, k) is None]
            if not kept:
                raise OutOfRange("no row can have any of the keys")
            return kept

        return every

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        left, params = self.lhs.row(compiler)
        rhs: Any = self.rhs
        if isinstance(rhs, Parameter):
            listed = partial(compiler.dialect.listed_rows, _plain_fields(self.lhs))
            place = rhs.place + compiler.offset
            return f"{left} IN (\0)", [*params, Param(place, listed, many=True)]
        right, more = compiler.compile(rhs)
        return f"{left} IN {right}", [*params, *more]


@register_lookup(field=CompositePrimaryKey)
class KeyIsNull(IsNull):
    @classmethod
    def of(cls, lhs: Any, value: Any, place: int | None, scope: Scope) -> Any:
        """None of its columns can be NULL but where there is no row: then all are."""
        made = super().of(lhs, value, place, scope)
        return IsNull(lhs.cols[0], made.rhs)
