"""Queries within queries."""

from __future__ import annotations

import copy
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm import fields
from fwtrace.toolkit.orm.expressions import Col, Expression, F, Given
from fwtrace.toolkit.orm.slots import SQL, Scope, Slots

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.fields import Field

__all__ = [
    "Exists",
    "OuterCol",
    "OuterRef",
    "Subquery",
]


class OuterRef(F):
    """In a subquery: a column of the query around it."""

    def resolve(self, scope: Scope) -> Any:
        return _Outer(self.name)


class _Outer(Expression):
    """Looked up in the query around, when the text is written and that is known."""

    parts = ()

    def __init__(self, name: str) -> None:
        self.name = name

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        outer = compiler.outer
        if outer is None:
            raise ValueError(
                "A queryset with OuterRef can only be part of another, in a Subquery "
                "or an Exists."
            )
        if self.name.startswith("outer:"):
            raise ValueError(self.name)
        scope = Scope(outer.query, Slots())
        found = outer.query.resolve_name(self.name, scope)
        return outer.compile(found)

    def infer_field(self) -> Field | None:
        return None


class OuterCol(Expression):
    """A column of the query around, known already."""

    parts = ()

    def __init__(self, col: Col) -> None:
        self.col = col

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        assert compiler.outer is not None
        return compiler.outer.compile(self.col)

    def infer_field(self) -> Field | None:
        return self.col.field


class Subquery(Expression):
    """The one value that a queryset gives for each row of the query around it."""

    parts = ()
    template = "({sql})"
    is_listed = False
    """It stands after IN."""

    def __init__(self, queryset: Any, output_field: Field | None = None) -> None:
        self.queryset = queryset
        self.given_field = output_field
        self.offset = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.queryset.model.__name__})"

    def given(self) -> Given:
        return (self.queryset,), self.given_options()

    def key(self) -> Hashable:
        return self.queryset.shape()  # type: ignore[no-any-return]

    def split(self, slots: Slots) -> Hashable:
        shape = super().split(slots)
        slots.extend(self, self.queryset.slot_values())
        return shape

    def resolve(self, scope: Scope) -> Any:
        made = copy.copy(self)
        made.offset = scope.slots.place(self) or 0
        return made

    def infer_field(self) -> Field | None:
        return self.queryset.query_for_subquery().single_field()  # type: ignore[no-any-return]

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        query = self.queryset.query_for_subquery()
        inner = compiler.inner(query, self.offset, self.queryset.limits)
        is_sliced = self.queryset.limits != (0, None)
        if self.is_listed and not is_sliced and query.distinct in (True, False):
            inner.query.order = ()
        sql, params = self.statement(inner)
        if self.is_listed and is_sliced:
            sql = compiler.dialect.wrap_key_subquery(sql)
        return self.template.format(sql=sql), params

    def statement(self, inner: SQLCompiler) -> SQL:
        return inner.select()


class Exists(Subquery):
    """Whether a queryset has any row."""

    template = "EXISTS({sql})"
    conditional = True

    def infer_field(self) -> Field:
        return fields.BooleanField()

    def statement(self, inner: SQLCompiler) -> SQL:
        return inner.exists()
