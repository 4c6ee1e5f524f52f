"""Expressions: the nodes that SQL is made of, each with one method, ``as_sql``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.fields import Field

__all__ = ["SQL", "Col", "OrderBy"]

SQL: TypeAlias = tuple[str, list[Any]]
"""Text with a ``?`` for each parameter, and the parameters."""


@dataclass(frozen=True, slots=True)
class Col:
    """A column of one of the query's tables, known there by an alias."""

    alias: str
    field: Field

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return compiler.column(self.alias, self.field.column), []


@dataclass(frozen=True, slots=True)
class OrderBy:
    col: Col
    descending: bool = False

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        column, params = self.col.as_sql(compiler)
        return f"{column} {'DESC' if self.descending else 'ASC'}", params
