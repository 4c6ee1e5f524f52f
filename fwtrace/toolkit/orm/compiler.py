"""The compiler: a query becomes SQL and parameters, rows become what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.database import Database, Row
from fwtrace.toolkit.orm.expressions import SQL
from fwtrace.toolkit.orm.fields import Field
from fwtrace.toolkit.orm.lookups import Lookup
from fwtrace.toolkit.orm.sql import Query, Where

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.models import Model

__all__ = ["SQLCompiler"]


class SQLCompiler:
    """Compiles one query for one database. The query is its own: it may add joins."""

    def __init__(self, query: Query, database: Database) -> None:
        self.query = query
        self.database = database
        self.quote = database.quote
        self.adapt = database.adapt

    def column(self, alias: str, column: str) -> str:
        return f"{self.quote(alias)}.{self.quote(column)}"

    # SELECT.

    def select(self, ordered: bool = True) -> SQL:
        """A SELECT of the columns asked for, else of all of the model's."""
        query = self.query
        if query.columns is None:
            columns = self.default_columns()
        else:
            cols = [query.column(name) for name in query.columns]
            columns = [col.as_sql(self)[0] for col in cols]
        return self._statement(columns, ordered or query.is_sliced)

    def default_columns(self) -> list[str]:
        """The model's columns, then those of each select_related path."""
        query = self.query
        columns = [_columns(query.model, query.base, self.quote)]
        for path in query.related:
            alias, field = query.related_join(path)
            target = field.related_model  # type: ignore[attr-defined]
            columns.append(_columns(target, alias, self.quote))
        return columns

    def count(self) -> SQL:
        query = self.query
        if query.is_distinct or query.is_sliced:
            query.related = ()
            if not query.is_distinct:
                query.columns = ("pk",)
            inner, params = self.select(ordered=query.is_sliced)
            return f"SELECT COUNT(*) FROM ({inner}) AS {self.quote('rows')}", params
        return self._statement(["COUNT(*)"], ordered=False)

    def exists(self) -> SQL:
        query = self.query
        query.set_limits(0, 1)
        return self._statement(["1"], ordered=query.low > 0)

    def _statement(self, columns: list[str], ordered: bool) -> SQL:
        query = self.query
        order = query.ordering() if ordered else []
        order_sql = [each.as_sql(self)[0] for each in order]
        if query.is_distinct:
            # SELECT DISTINCT must select what it orders by.
            selected = ", ".join(columns)
            wanted = [each.rsplit(" ", 1)[0] for each in order_sql]
            columns = [*columns, *(each for each in wanted if each not in selected)]
        where, params = self.where()
        distinct = "DISTINCT " if query.is_distinct else ""
        sql = f"SELECT {distinct}{', '.join(columns)} FROM {self.tables()}{where}"
        if order_sql:
            sql += f" ORDER BY {', '.join(order_sql)}"
        return sql + self._limits(), params

    def tables(self) -> str:
        query = self.query
        sql = self.quote(query.base)
        for join in query.joins.values():
            kind = "LEFT OUTER JOIN" if join.outer else "INNER JOIN"
            table = self.quote(join.model._meta.db_table)
            if join.alias != join.model._meta.db_table:
                table += f" {self.quote(join.alias)}"
            ours = self.column(join.parent, join.parent_column)
            sql += (
                f" {kind} {table} ON ({ours} = {self.column(join.alias, join.column)})"
            )
        return sql

    def where(self) -> SQL:
        """`` WHERE ...`` with a leading space, or nothing."""
        sql, params = self._node(Where(list(self.query.where)))
        return (f" WHERE {sql}", params) if sql else ("", [])

    def _node(self, node: Where | Lookup) -> SQL:
        if isinstance(node, Lookup):
            return node.as_sql(self)
        parts: list[str] = []
        params: list[Any] = []
        for child in node.children:
            sql, child_params = self._node(child)
            if sql:
                several = isinstance(child, Where) and len(child.children) > 1
                nested = several and not child.negated  # type: ignore[union-attr]
                parts.append(f"({sql})" if nested and len(node.children) > 1 else sql)
                params += child_params
        sql = f" {node.connector} ".join(parts)
        if node.negated and sql:
            sql = f"NOT ({sql})"
        return sql, params

    def _limits(self) -> str:
        query = self.query
        if query.high is not None:
            limit = f" LIMIT {max(0, query.high - query.low)}"
        elif query.low:
            limit = " LIMIT -1"  # SQLite has no OFFSET without a LIMIT
        else:
            return ""
        return f"{limit} OFFSET {query.low}" if query.low else limit

    # INSERT, UPDATE, DELETE.

    def insert(self, fields: Sequence[Field], values: Sequence[Any]) -> SQL:
        table = self.quote(self.query.base)
        if not fields:
            return f"INSERT INTO {table} DEFAULT VALUES", []
        columns = ", ".join(self.quote(field.column) for field in fields)
        places = ", ".join("?" * len(fields))
        params = [self.adapt(value) for value in values]
        return f"INSERT INTO {table} ({columns}) VALUES ({places})", params

    def update(self, values: dict[Field, Any]) -> SQL:
        settings = ", ".join(f"{self.quote(field.column)} = ?" for field in values)
        params = [self.adapt(value) for value in values.values()]
        where, where_params = self.own_where()
        sql = f"UPDATE {self.quote(self.query.base)} SET {settings}{where}"
        return sql, params + where_params

    def delete(self) -> SQL:
        where, params = self.own_where()
        return f"DELETE FROM {self.quote(self.query.base)}{where}", params

    def own_where(self) -> SQL:
        """The condition for a statement that cannot join: the keys of the rows."""
        if not self.query.joins and not self.query.is_sliced:
            return self.where()
        self.query.columns = ("pk",)
        sql, params = self.select(ordered=self.query.is_sliced)
        key = self.column(self.query.base, self.query.model._meta.pk.column)
        return f" WHERE {key} IN ({sql})", params

    # Running it.

    def fetch(self, sql: str, params: list[Any]) -> list[Row]:
        return self.database.fetch(sql, params)


@lru_cache(maxsize=512)
def _columns(model: type[Model], alias: str, quote: Callable[[str], str]) -> str:
    fields = model._meta.fields
    return ", ".join(f"{quote(alias)}.{quote(field.column)}" for field in fields)
