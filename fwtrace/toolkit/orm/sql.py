"""The query behind a queryset: tables, joins, conditions, order, limits.

It knows the models and no SQL text; the compiler makes that of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.database import get_database
from fwtrace.toolkit.orm.exceptions import FieldError, unknown_name
from fwtrace.toolkit.orm.expressions import Col, OrderBy
from fwtrace.toolkit.orm.fields import Field
from fwtrace.toolkit.orm.lookups import LOOKUPS, In, IsNull, Lookup, Pattern

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.models import Model

__all__ = ["Join", "Q", "Query", "Where"]


class Q:
    """Conditions to combine: ``Q(a=1) | ~Q(b=2)``."""

    def __init__(self, *args: Q, **kwargs: Any) -> None:
        for each in args:
            if not isinstance(each, Q):
                raise TypeError(f"A condition is a Q or name=value, not {each!r}.")
        self.children: list[Q | tuple[str, Any]] = [*args, *kwargs.items()]
        self.connector = "AND"
        self.negated = False

    def _combine(self, other: Q, connector: str) -> Q:
        made = Q(self, other)
        made.connector = connector
        return made

    def __and__(self, other: Q) -> Q:
        return self._combine(other, "AND")

    def __or__(self, other: Q) -> Q:
        return self._combine(other, "OR")

    def __xor__(self, other: Q) -> Q:
        return (self | other) & ~(self & other)

    def __invert__(self) -> Q:
        made = Q(self)
        made.negated = True
        return made

    def __repr__(self) -> str:
        inner = f" {self.connector} ".join(map(repr, self.children))
        return f"<Q: {'NOT ' if self.negated else ''}({inner})>"


@dataclass(slots=True)
class Where:
    """A node of the condition: lookups and nodes, joined by AND or OR."""

    children: list[Lookup | Where]
    connector: str = "AND"
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """A table in the query: ``alias`` joined to ``parent`` by two columns.

    ``many`` is a join that may give several rows for one (a reverse relation).
    """

    alias: str
    model: type[Model]
    parent: str
    parent_column: str
    column: str
    outer: bool
    many: bool


class Query:
    """What to select. Change a clone, never one that a queryset holds."""

    def __init__(self, model: type[Model]) -> None:
        self.model = model
        self.base = model._meta.db_table
        self.joins: dict[str, Join] = {}
        self.where: list[Lookup | Where] = []
        self.order_by: list[str] | None = None
        self.reversed = False
        self.low = 0
        self.high: int | None = None
        self.is_distinct = False
        self.is_empty = False
        self.related: tuple[str, ...] = ()
        self.columns: tuple[str, ...] | None = None

    def clone(self) -> Query:
        made = Query.__new__(Query)
        made.__dict__.update(self.__dict__)
        made.joins = self.joins.copy()
        made.where = self.where.copy()
        return made

    def __str__(self) -> str:
        """The SQL for the default database, with ``?`` for each parameter."""
        return self.sql_with_params()[0]

    def sql_with_params(self) -> tuple[str, list[Any]]:
        from fwtrace.toolkit.orm.compiler import SQLCompiler  # it is made of queries

        return SQLCompiler(self.clone(), get_database()).select()

    @property
    def is_sliced(self) -> bool:
        return self.low > 0 or self.high is not None

    def set_limits(self, low: int, high: int | None) -> None:
        """Narrow the slice to ``[low:high]`` of what it is now."""
        old_low, old_high = self.low, self.high
        self.low = old_low + low
        if high is not None:
            self.high = old_low + high
        if old_high is not None:
            self.high = old_high if self.high is None else min(self.high, old_high)
            self.low = min(self.low, old_high)

    # Conditions.

    def add_q(self, q: Q) -> None:
        """Add conditions. Those of one call share their joins to many rows; another
        call joins anew, as Django's ``filter()`` does."""
        made = self._build(q, set(), negated=False, inner=True)
        if isinstance(made, Where) and made.connector == "AND" and not made.negated:
            self.where += made.children
        else:
            self.where.append(made)

    def _build(
        self, q: Q, usable: set[str], negated: bool, inner: bool
    ) -> Lookup | Where:
        negated = negated ^ q.negated
        inner = inner and not q.negated and (q.connector == "AND" or _is_single(q))
        children: list[Lookup | Where] = []
        for child in q.children:
            if isinstance(child, Q):
                children.append(self._build(child, usable, negated, inner))
            else:
                children.append(self._condition(*child, usable, negated, inner))
        if len(children) == 1 and not q.negated:
            return children[0]
        return Where(children, q.connector, q.negated)

    def _condition(
        self, name: str, value: Any, usable: set[str], negated: bool, inner: bool
    ) -> Lookup | Where:
        parts = name.split("__")
        if negated and self._crosses_many(parts):
            # "has none such", not "has one that is not such"
            rows = Query(self.model)
            rows.add_q(Q(**{name: value}))
            return In(Col(self.base, self.model._meta.pk), Subquery(rows))
        col, lookup_name, aliases = self._resolve(parts, usable)
        if value is None and lookup_name in ("exact", "iexact"):
            lookup_name, value = "isnull", True
        kind = LOOKUPS[lookup_name]
        if col.field.is_relation and issubclass(kind, Pattern):
            raise FieldError(self._unsupported(lookup_name, col.field))
        lookup = kind(col, value)
        is_null = isinstance(lookup, IsNull)
        if inner and not (is_null and lookup.rhs):
            self._make_inner(aliases)
        outer = any(self.joins[alias].outer for alias in aliases)
        if negated and not is_null and (col.field.null or outer):
            # SQL leaves NULL out of "not equal"; to Python it is not equal.
            return Where([lookup, IsNull(col, False)])
        return lookup

    def _make_inner(self, aliases: list[str]) -> None:
        for alias in aliases:
            self.joins[alias] = replace(self.joins[alias], outer=False)

    def _crosses_many(self, parts: list[str]) -> bool:
        model = self.model
        for part in parts:
            field = model._meta.by_name.get(part)
            if field is None:
                return part in model._meta.reverse
            if not field.is_relation:
                return False
            model = field.related_model  # type: ignore[attr-defined]
        return False

    def _resolve(
        self, parts: list[str], usable: set[str]
    ) -> tuple[Col, str, list[str]]:
        """The column that the path leads to, the lookup, and the joins it took."""
        model, alias = self.model, self.base
        aliases: list[str] = []
        col: Col | None = None
        for position, part in enumerate(parts):
            meta = model._meta
            field = meta.by_name.get(part)
            rel = meta.reverse.get(part) if field is None else None
            if field is None and rel is None:
                if col is not None and position == len(parts) - 1 and part in LOOKUPS:
                    return col, part, aliases
                raise FieldError(self._unknown(part, parts, position, col, model))
            if rel is not None:
                alias = self._join_reverse(alias, model, rel, usable)
                model = rel.related_model
                aliases.append(alias)
                col = Col(alias, model._meta.pk)
                continue
            assert field is not None
            col = Col(alias, field)
            ahead = parts[position + 1 : position + 2]
            if not ahead or (ahead[0] in LOOKUPS and position == len(parts) - 2):
                continue
            if not field.is_relation:
                if position < len(parts) - 2 or ahead[0] not in LOOKUPS:
                    raise FieldError(self._unsupported(ahead[0], field))
                continue
            target: type[Model] = field.related_model  # type: ignore[attr-defined]
            if target._meta.by_name.get(ahead[0]) is target._meta.pk:
                parts = [*parts[: position + 1], *parts[position + 2 :]]
                return self._resolve(parts, usable)  # the key is in our own column
            alias = self._join_forward(alias, field)
            model = target
            aliases.append(alias)
        assert col is not None
        return col, "exact", aliases

    def _unknown(
        self,
        part: str,
        parts: list[str],
        position: int,
        col: Col | None,
        model: type[Model],
    ) -> str:
        if position == 0 or (col is not None and col.field.is_relation):
            return unknown_name(part, model._meta.names())
        assert col is not None
        return self._unsupported(part, col.field)

    def _unsupported(self, part: str, field: Field) -> str:
        import difflib

        near = difflib.get_close_matches(part, LOOKUPS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return (
            f"Unsupported lookup {part!r} for {type(field).__name__} {field.name!r}."
            f"{hint} Lookups are: {', '.join(sorted(LOOKUPS))}"
        )

    # Joins.

    def _alias(self, table: str) -> str:
        taken = {self.base, *self.joins}
        if table not in taken:
            return table
        return next(f"T{n}" for n in range(2, 10_000) if f"T{n}" not in taken)

    def _join_forward(self, parent: str, field: Field) -> str:
        target: type[Model] = field.related_model  # type: ignore[attr-defined]
        column = target._meta.pk.column
        for join in self.joins.values():
            if (join.parent, join.parent_column, join.many, join.model) == (
                parent,
                field.column,
                False,
                target,
            ):
                return join.alias
        outer = field.null or (parent in self.joins and self.joins[parent].outer)
        alias = self._alias(target._meta.db_table)
        self.joins[alias] = Join(
            alias, target, parent, field.column, column, outer, many=False
        )
        return alias

    def _join_reverse(
        self, parent: str, model: type[Model], rel: Any, usable: set[str]
    ) -> str:
        column = rel.field.column
        for alias, join in self.joins.items():
            if alias in usable and (join.parent, join.column, join.model) == (
                parent,
                column,
                rel.related_model,
            ):
                return alias
        alias = self._alias(rel.related_model._meta.db_table)
        self.joins[alias] = Join(
            alias,
            rel.related_model,
            parent,
            model._meta.pk.column,
            column,
            outer=True,
            many=True,
        )
        usable.add(alias)
        return alias

    # What the compiler asks for.

    def ordering(self) -> list[OrderBy]:
        """The order, the model's own where none was asked for; may add joins."""
        names = self.order_by
        if names is None:
            names = self.model._meta.ordering
        return [order for name in names for order in self._order(name, ())]

    def _order(self, name: str, seen: tuple[Field, ...]) -> list[OrderBy]:
        path, descending = name.removeprefix("-"), name.startswith("-")
        col = self.column(path)
        if col.field.is_relation and path.endswith(col.field.name):
            # A foreign key orders as the rows that it refers to do (Django).
            further = col.field.related_model._meta.ordering  # type: ignore[attr-defined]
            if further and col.field not in seen:
                sign = "-" if descending else ""
                orders = []
                for each in further:
                    onward = f"{sign}{path}__{each.removeprefix('-')}"
                    if each.startswith("-"):
                        onward = onward[1:] if descending else f"-{onward}"
                    orders += self._order(onward, (*seen, col.field))
                return orders
        return [OrderBy(col, descending ^ self.reversed)]

    def column(self, name: str) -> Col:
        """The column that a name such as ``author__name`` leads to; it may be of a
        table that the conditions joined."""
        col, lookup, _ = self._resolve(name.split("__"), set(self.joins))
        if name.endswith(f"__{lookup}"):
            raise FieldError(f"Cannot select or order by a lookup: {name!r}.")
        return col

    def related_join(self, path: str) -> tuple[str, Field]:
        """The alias of ``author__city`` for select_related, and the last field."""
        model, alias = self.model, self.base
        field: Field | None = None
        for part in path.split("__"):
            field = model._meta.by_name.get(part)
            if field is None or not field.is_relation:
                forward = [f.name for f in model._meta.fields if f.is_relation]
                raise FieldError(
                    f"Invalid field name in select_related: {part!r}. "
                    f"Choices are: {', '.join(forward) or '(none)'}"
                )
            alias = self._join_forward(alias, field)
            model = field.related_model  # type: ignore[attr-defined]
        assert field is not None
        return alias, field


class Subquery:
    """The keys of a query's rows, inside another statement."""

    def __init__(self, query: Query, column: str = "pk") -> None:
        self.query = query
        self.column = column

    def as_subquery(self, compiler: Any) -> tuple[str, list[Any]]:
        query = self.query.clone()
        query.columns = (self.column,)
        inner = type(compiler)(query, compiler.database)
        sql: tuple[str, list[Any]] = inner.select(ordered=False)
        return sql


def _is_single(q: Q) -> bool:
    return len(q.children) == 1
