"""The compiler: a query becomes SQL and a list of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.dialects import Dialect
from fwtrace.toolkit.orm.exceptions import FieldError, NotSupportedError
from fwtrace.toolkit.orm.expressions import Col, Parameter, Value
from fwtrace.toolkit.orm.keys import column_of
from fwtrace.toolkit.orm.slots import Const, Param, Scope, Slots
from fwtrace.toolkit.orm.sql import Column, Query, Ref
from fwtrace.toolkit.orm.where import AND, Where
from fwtrace.toolkit.orm.windows import Window

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.fields import Field
    from fwtrace.toolkit.orm.model import Model
    from fwtrace.toolkit.orm.slots import SQL

__all__ = ["Limits", "SQLCompiler"]

Limits = tuple[int, int | None]
"""``(first row, row after the last or None)``."""
ALL_ROWS: Limits = (0, None)
LIMITS_MARK = "\1"


class SQLCompiler:
    """Compiles one query for one dialect. The query is its own: it may add joins.

    ``offset`` is added to the numbers of the query's values, ``outer`` is the compiler
    of the query around it.
    """

    def __init__(
        self,
        query: Query,
        dialect: Dialect,
        offset: int = 0,
        outer: SQLCompiler | None = None,
        limits: Limits = ALL_ROWS,
        marks_limits: bool = False,
    ) -> None:
        self.query = query
        self.dialect = dialect
        self.marker = dialect.marker
        self.offset = offset
        self.outer = outer
        self.limits = limits
        self.marks_limits = marks_limits
        self.depth: int = outer.depth + 1 if outer is not None else 0

    # What expressions call.

    def compile(self, node: Any) -> SQL:
        return node.as_sql(self)  # type: ignore[no-any-return]

    def compile_all(self, nodes: Iterable[Any]) -> tuple[list[str], list[Any]]:
        parts: list[str] = []
        params: list[Any] = []
        for node in nodes:
            sql, more = self.compile(node)
            parts.append(sql)
            params += more
        return parts, params

    def quote(self, name: str) -> str:
        return self.dialect.quote(name)

    def literal(self, node: Any, param: Param | Const) -> SQL:
        return self.dialect.literal(node.field_or_none), [param]

    def alias(self, alias: str) -> str:
        """The name of a table here: short and its own within a subquery."""
        if not self.depth:
            return alias
        letter = chr(ord("U") + (self.depth - 1) % 6)
        if alias == self.query.base:
            return f"{letter}0"
        return f"{letter}{list(self.query.joins).index(alias) + 1}"

    def column(self, alias: str, column: str) -> str:
        return f"{self.quote(self.alias(alias))}.{self.quote(column)}"

    def inner(
        self, query: Query, offset: int, limits: Limits = ALL_ROWS
    ) -> SQLCompiler:
        return SQLCompiler(query.clone(), self.dialect, offset, self, limits)

    # SELECT.

    def select(self) -> SQL:
        """A SELECT of the columns asked for, else of all of the model's."""
        query = self.query
        if query.combination is not None:
            return self._combined()
        if _filters_windows(query):
            return self._over_windows()
        return self._statement(self.columns(), ordered=True, grouped=True)

    def columns(self) -> list[tuple[str, list[Any]]]:
        """Each selected column's SQL and parameters."""
        query = self.query
        if query.columns is not None:
            found = []
            for name, expression in query.columns:
                sql, params = self.compile(expression)
                plain = isinstance(expression, Col)
                needs_name = name in query.annotations or not plain
                if needs_name and self._may_be_named():
                    sql = self._with_name(sql, name, expression)
                found.append((sql, params))
            return found
        found = [(self._model_columns(), [])]
        for path in query.related:
            alias, relation = query.related_hop(path)
            loaded = query.loaded.get(path)
            found.append((self._columns_of(relation.related_model, alias, loaded), []))
        for name, expression in query.annotations.items():
            if name not in query.hidden:
                sql, params = self.compile(expression)
                found.append((self._with_name(sql, name, expression), params))
        return found

    def _with_name(self, sql: str, name: str, expression: Any) -> str:
        """Several columns have no name together."""
        return sql if expression.is_key else f"{sql} AS {self.quote(name)}"

    def _may_be_named(self) -> bool:
        return self.query.combination is None

    def _model_columns(self) -> str:
        query = self.query
        meta = query.model._meta
        loaded = query.loaded.get("")
        if loaded is None and not meta.parents and not self.depth:
            return _columns(query.model, query.base, self.dialect)
        return ", ".join(
            self.compile(self._own_column(field))[0]
            for field in meta.concrete_fields
            if loaded is None or field.attname in loaded
        )

    def _own_column(self, field: Field) -> Col:
        """A column of the model, that may be in a parent's table."""
        query = self.query
        alias = query.base
        for hop in query.model._meta.hops_to(field):
            alias = query.join(hop, alias, None)
        return Col(alias, field)

    def _columns_of(
        self, model: type[Model], alias: str, loaded: frozenset[str] | None = None
    ) -> str:
        parts = []
        for field in model._meta.concrete_fields:
            if loaded is not None and field.attname not in loaded:
                continue
            at = alias
            for hop in model._meta.hops_to(field):
                at = self.query.join(hop, at, None)
            parts.append(self.column(at, field.column))
        return ", ".join(parts)

    def _statement(
        self, columns: Sequence[tuple[str, list[Any]]], ordered: bool, grouped: bool
    ) -> SQL:
        query = self.query
        params: list[Any] = []
        selected = [sql for sql, _ in columns]
        for _, more in columns:
            params += more
        order: list[str] = []
        order_params: list[Any] = []
        if ordered:
            order, order_params = self.compile_all(query.ordering())
        distinct, distinct_params = self._distinct()
        params = [*distinct_params, *params]
        if query.distinct is True and order:
            extra, more = self._ordered_by(selected)
            selected += extra
            params += more
        where, having = split_aggregates(query.where)
        where_sql, where_params = self._conditions("WHERE", where)
        group, group_params = self._grouping(grouped)
        having_sql, having_params = self._conditions("HAVING", having)
        tables = self.tables()
        sql = f"SELECT {distinct}{', '.join(selected)} FROM {tables}{where_sql}"
        sql += f"{group}{having_sql}"
        params += [*where_params, *group_params, *having_params]
        if order:
            sql += f" ORDER BY {', '.join(order)}"
            params += order_params
        sql += self._limit()
        if query.lock is not None and not self.depth:
            sql += self.dialect.lock(query.lock, self._locked(query.lock))
        return sql, params

    def _limit(self) -> str:
        """The limits, or a mark in their place: they are known when it is run."""
        return LIMITS_MARK if self.marks_limits else self.dialect.limit(*self.limits)

    def _locked(self, options: dict[str, Any]) -> list[str]:
        names = options.get("of") or ()
        found = []
        for name in names:
            if name == "self":
                found.append(self.quote(self.query.base))
            else:
                found.append(self.quote(self.query.related_hop(name)[0]))
        return found

    def _distinct(self) -> SQL:
        distinct = self.query.distinct
        if distinct is False:
            return "", []
        if distinct is True:
            return "DISTINCT ", []
        if not self.dialect.has_distinct_on:
            raise NotSupportedError(
                "DISTINCT ON fields is not supported by this database backend."
            )
        parts, params = self.compile_all(distinct)
        return f"DISTINCT ON ({', '.join(parts)}) ", params

    def _ordered_by(self, selected: Sequence[str]) -> tuple[list[str], list[Any]]:
        """A SELECT DISTINCT must select what it orders by."""
        known = ", ".join(selected)
        extra: list[str] = []
        params: list[Any] = []
        for each in self.query.ordering():
            if isinstance(each.args[0], Ref):
                continue
            sql, more = self.compile(each.args[0])
            if sql not in known:
                extra.append(sql)
                params += more
        return extra, params

    def _conditions(self, word: str, nodes: Sequence[Any]) -> SQL:
        """`` WHERE ...`` with a leading space, or nothing."""
        sql, params = self.compile(Where(tuple(nodes)))
        return (f" {word} {sql}", params) if sql else ("", [])

    def _grouping(self, grouped: bool) -> SQL:
        query = self.query
        if query.group_by is False or not grouped:
            return "", []
        nodes: list[Any] = []
        if query.group_by is True:
            nodes.append(column_of(query.base, query.model._meta.pk))
            nodes += [self._own_column(f) for f in query.model._meta.inherited_fields]
            for path in query.related:
                alias, relation = query.related_hop(path)
                nodes.append(column_of(alias, relation.related_model._meta.pk))
        else:
            nodes += query.group_by
        for name, expression in query.annotations.items():
            if name not in query.hidden and _groups(expression):
                nodes.append(expression)
        for order in query.ordering():
            inner = order.args[0]
            if not isinstance(inner, Ref) and _groups(inner):
                nodes.append(inner)
        parts: dict[str, list[Any]] = {}
        for node in nodes:
            for each in (
                node.group_columns() if hasattr(node, "group_columns") else (node,)
            ):
                sql, params = self.compile(each)
                if params or sql not in parts:
                    parts[sql] = params
        if not parts:
            return "", []
        params = [param for more in parts.values() for param in more]
        return f" GROUP BY {', '.join(parts)}", params

    def tables(self) -> str:
        query = self.query
        sql = self._table(query.base, query.base)
        outer = query.outer_aliases()
        for join in query.joins.values():
            kind = "LEFT OUTER JOIN" if join.alias in outer else "INNER JOIN"
            table = self._table(join.hop.model._meta.db_table, join.alias)
            ours = self.column(join.parent, join.hop.ours.column)
            theirs = self.column(join.alias, join.hop.theirs.column)
            sql += f" {kind} {table} ON ({ours} = {theirs})"
        return ", ".join([sql, *map(self.quote, query.tables)])

    def _table(self, name: str, alias: str) -> str:
        shown = self.alias(alias)
        table = self.quote(name)
        return table if shown == name else f"{table} {self.quote(shown)}"

    # Other questions.

    def count(self) -> SQL:
        query = self.query
        query.order = ()
        simple = (
            query.distinct is False
            and query.combination is None
            and self.limits == ALL_ROWS
            and not _filters_windows(query)
        )
        if simple and (query.group_by is False or self._counts_alike()):
            return self._statement([("COUNT(*)", [])], ordered=False, grouped=False)
        query.related = ()
        if query.distinct is False and query.combination is None:
            self._select_key_only()
        inner, params = self.select()
        return f"SELECT COUNT(*) FROM ({inner}) {self.quote('rows')}", params

    def _counts_alike(self) -> bool:
        """Whether the groups are the rows: an aggregate that nothing depends on."""
        query = self.query
        if query.group_by is not True or split_aggregates(query.where)[1]:
            return False
        many = {a for a, j in query.joins.items() if j.hop.many}
        if not many:
            return True
        used: set[str] = set()
        for node in query.where:
            used |= set(_aliases(node))
        if any(alias in many for alias in used):
            return False
        for alias in reversed(list(query.joins)):
            if alias not in used and not any(
                j.parent == alias for j in query.joins.values()
            ):
                del query.joins[alias]
        return not any(j.hop.many for j in query.joins.values())

    def _select_key_only(self) -> None:
        query = self.query
        if query.columns is None:
            key = Column("pk", column_of(query.base, query.model._meta.pk))
            kept = tuple(
                Column(name, expression)
                for name, expression in query.annotations.items()
                if name not in query.hidden
            )
            query.columns = (key, *kept)

    def exists(self, limit: bool = True) -> SQL:
        query = self.query
        query.order = ()
        if query.combination is not None or _filters_windows(query):
            return self.select()
        if limit and self.limits == ALL_ROWS:
            self.limits = (0, 1)
            self.marks_limits = False
        if query.group_by is not False:
            query.related = ()
            self._select_key_only()
            return self._statement(self.columns(), ordered=False, grouped=True)
        if query.distinct is not False:
            return self._statement(self.columns(), ordered=False, grouped=True)
        return self._statement([("1", [])], ordered=False, grouped=True)

    def aggregate(self, columns: Sequence[Column]) -> SQL:
        """Aggregates over all rows, as one row."""
        query = self.query
        within = (
            query.group_by is not False
            or query.distinct is not False
            or query.combination is not None
            or self.limits != ALL_ROWS
        )
        parts = []
        if not within:
            query.order = ()
            for name, expression in columns:
                sql, params = self.compile(expression)
                parts.append((f"{sql} AS {self.quote(name)}", params))
            return self._statement(parts, ordered=False, grouped=False)
        return self._aggregate_over(columns)

    def _aggregate_over(self, columns: Sequence[Column]) -> SQL:
        """Aggregates of the rows of another SELECT."""
        query = self.query
        query.related = ()
        if self.limits == ALL_ROWS and not isinstance(query.distinct, tuple):
            query.order = ()
        inner: dict[str, Any] = {}
        asked = [(name, _lifted(node, inner)) for name, node in columns]
        if query.combination is not None:
            sql, params = self.select()
        else:
            key = self.column(query.base, query.model._meta.pk_fields[0].column)
            selected: list[SQL] = [(f"{key} AS {self.quote('__key')}", [])]
            if query.distinct is not False:
                selected = self.columns()
            for name, node in inner.items():
                part, more = self.compile(node)
                selected.append((f"{part} AS {self.quote(name)}", more))
            sql, params = self._statement(selected, ordered=True, grouped=True)
        parts: list[str] = []
        outer_params: list[Any] = []
        for name, node in asked:
            part, more = self.compile(node)
            parts.append(f"{part} AS {self.quote(name)}")
            outer_params += more
        sql = f"SELECT {', '.join(parts)} FROM ({sql}) {self.quote('rows')}"
        return sql, [*outer_params, *params]

    def _combined(self) -> SQL:
        query = self.query
        combination = query.combination
        assert combination is not None
        parts: list[str] = []
        params: list[Any] = []
        for queryset, offset in combination.parts:
            inner_query = queryset.plan.query.clone()
            if query.columns is not None and inner_query.columns is None:
                inner_query.columns = tuple(
                    Column(
                        c.name, inner_query.resolve_name(c.name, _scope(inner_query))
                    )
                    for c in query.columns
                )
            if queryset.limits == ALL_ROWS:
                inner_query.order = ()
            compiler = SQLCompiler(
                inner_query,
                self.dialect,
                self.offset + offset,
                self.outer,
                queryset.limits,
            )
            compiler.depth = self.depth
            sql, more = compiler.select()
            sliced = queryset.limits != ALL_ROWS
            if sliced or inner_query.combination is not None:
                sql = f"SELECT * FROM ({sql}) {self.quote(f'part{len(parts)}')}"
            parts.append(sql)
            params += more
        word = combination.operator + (" ALL" if combination.all else "")
        sql = f" {word} ".join(parts)
        order, order_params = self._order_of_combined()
        return f"{sql}{order}{self._limit()}", [*params, *order_params]

    def _order_of_combined(self) -> SQL:
        if self.query.order is None or not self.query.order:
            return "", []
        order = self.query.ordering()
        names = self._combined_names()
        parts = []
        for each in order:
            inner = each.args[0]
            name = (
                inner.name
                if isinstance(inner, Ref)
                else getattr(getattr(inner, "field", None), "column", None)
            )
            if name not in names:
                raise FieldError(
                    "ORDER BY of a combination names columns that are selected."
                )
            parts.append(
                f"{names.index(name) + 1} {'DESC' if each.descending else 'ASC'}"
            )
        return f" ORDER BY {', '.join(parts)}", []

    def _combined_names(self) -> list[str]:
        query = self.query
        if query.columns is not None:
            return [name for column in query.columns for name in _column_names(column)]
        return [field.column for field in query.model._meta.concrete_fields]

    def _over_windows(self) -> SQL:
        """Conditions on window functions hold of the rows of a SELECT."""
        query = self.query
        windows = [node for node in query.where if node.contains_window]
        query.where = tuple(n for n in query.where if not n.contains_window)
        limits, self.limits = self.limits, ALL_ROWS
        names: dict[int, str] = {}
        columns = list(self.columns())
        outer: list[Any] = []
        for node in windows:
            outer.append(_with_refs(node, names))
        order = [_with_refs(each, names, columns=True) for each in query.ordering()]
        for expression, name in _referred(names):
            sql, params = self.compile(expression)
            columns.append((f"{sql} AS {self.quote(name)}", params))
        inner, params = self._statement(columns, ordered=False, grouped=True)
        where, where_params = self._conditions("WHERE", outer)
        sql = f"SELECT * FROM ({inner}) {self.quote('qualified')}{where}"
        parts, order_params = self.compile_all(order)
        if parts:
            sql += f" ORDER BY {', '.join(parts)}"
        self.limits = limits
        return sql + self._limit(), [*params, *where_params, *order_params]

    # INSERT, UPDATE, DELETE.

    def update(self, settings: Sequence[tuple[Field, Any]]) -> SQL:
        sets: list[str] = []
        params: list[Any] = []
        for field, node in settings:
            sql, more = self.compile(node)
            sets.append(f"{self.quote(field.column)} = {sql}")
            params += more
        where, where_params = self.own_where()
        sql = f"UPDATE {self.quote(self.query.base)} SET {', '.join(sets)}{where}"
        return sql, [*params, *where_params]

    def delete(self) -> SQL:
        where, params = self.own_where()
        return f"DELETE FROM {self.quote(self.query.base)}{where}", params

    def own_where(self) -> SQL:
        """The condition for a statement that cannot join: the keys of the rows."""
        query = self.query
        simple = not query.joins and self.limits == ALL_ROWS
        if simple and query.group_by is False and query.combination is None:
            if not any(node.contains_aggregate for node in query.where):
                return self._conditions("WHERE", query.where)
        own = column_of(query.base, query.model._meta.pk)
        query.columns = (Column("pk", own),)
        query.related = ()
        query.distinct = False
        if self.limits == ALL_ROWS:
            query.order = ()
        key, _ = self.compile(own)
        key = f"({key})" if own.is_key else key
        inner = SQLCompiler(query, self.dialect, self.offset, self, self.limits)
        sql, params = inner.select()
        return f" WHERE {key} IN ({self.dialect.wrap_key_subquery(sql)})", params


def _scope(query: Query) -> Any:
    return Scope(query, Slots())


@lru_cache(maxsize=1024)
def _columns(model: type[Model], alias: str, dialect: Dialect) -> str:
    quote = dialect.quote
    fields = model._meta.concrete_fields
    return ", ".join(f"{quote(alias)}.{quote(field.column)}" for field in fields)


def _column_names(column: Column) -> list[str]:
    key = column.expression
    return [col.field.column for col in key.cols] if key.is_key else [column.name]


def split_aggregates(nodes: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Conditions on rows, and those on groups of rows."""
    where: list[Any] = []
    having: list[Any] = []
    for node in nodes:
        if not node.contains_aggregate:
            where.append(node)
        elif isinstance(node, Where) and node.connector == AND and not node.negated:
            rows, groups = split_aggregates(node.nodes)
            where += rows
            having += groups
        else:
            having.append(node)
    return where, having


def _groups(expression: Any) -> bool:
    """Whether rows are grouped by the expression: not by an aggregate or a value."""
    if expression.contains_aggregate:
        return False
    return not isinstance(expression, (Parameter, Value))


def _filters_windows(query: Query) -> bool:
    return any(node.contains_window for node in query.where)


def _aliases(node: Any) -> Iterable[str]:
    if isinstance(node, Col):
        yield node.alias
    outer_col = getattr(node, "col", None)
    if isinstance(outer_col, Col):
        yield outer_col.alias
    query = getattr(node, "query", None)
    if isinstance(query, Query):
        for each in query.where:
            yield from _aliases(each)
    if hasattr(node, "children"):
        for child in node.children():
            yield from _aliases(child)


def _lifted(node: Any, inner: dict[str, Any]) -> Any:
    """An aggregate with references to columns of the SELECT that it is taken over."""
    if node.aggregate:
        return node.rebuilt(lambda child: _referring(child, inner))
    return node.rebuilt(lambda child: _lifted(child, inner))


def _referring(node: Any, inner: dict[str, Any]) -> Any:
    children = list(node.children())
    if isinstance(node, Col) or node.contains_aggregate or node.contains_window:
        for name, known in inner.items():
            if known is node:
                return Ref(name, node)
        name = f"__col{len(inner) + 1}"
        inner[name] = node
        return Ref(name, node)
    return node.rebuilt(lambda each: _referring(each, inner)) if children else node


def _with_refs(node: Any, names: dict[Any, Any], columns: bool = False) -> Any:
    """The condition with each window, and each column, by the name it is given."""
    if getattr(node, "contains_window", False) and not hasattr(node, "connector"):
        if isinstance(node, Window):
            return _named(node, names)
    if isinstance(node, Col):
        return _named(node, names)
    return node.rebuilt(lambda child: _with_refs(child, names, columns))


def _named(node: Any, names: dict[Any, Any]) -> Ref:
    if id(node) not in names:
        names[id(node)] = (node, f"qual{len(names)}")
    return Ref(names[id(node)][1], node)


def _referred(names: dict[Any, Any]) -> Iterable[tuple[Any, str]]:
    return names.values()
