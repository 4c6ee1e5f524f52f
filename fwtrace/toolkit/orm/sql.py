"""The query behind a queryset: tables, joins, conditions, order, what is selected.

It knows the models and no SQL text; the compiler makes that of it. A query that has
been built is not changed any more: it is cloned, and the clone is.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fwtrace.toolkit.orm.exceptions import FieldError, unknown_name
from fwtrace.toolkit.orm.expressions import Col, Expression, F, OrderBy, as_ordering
from fwtrace.toolkit.orm.fields import CompositePrimaryKey
from fwtrace.toolkit.orm.keys import Key, column_of
from fwtrace.toolkit.orm.lookups import (
    Exact,
    Fixed,
    IsNull,
    Lookup,
    find_lookup,
    is_lookup_name,
    unsupported,
)
from fwtrace.toolkit.orm.slots import Scope, Slots
from fwtrace.toolkit.orm.subqueries import OuterCol
from fwtrace.toolkit.orm.where import AND, Q, Where, outcomes

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.fields import Field
    from fwtrace.toolkit.orm.model import Model
    from fwtrace.toolkit.orm.slots import SQL

__all__ = ["Column", "Hop", "Join", "Query"]


class Hop(NamedTuple):
    """One step from a table to another: over a foreign key, or back over one."""

    model: type[Model]
    ours: Field
    theirs: Field
    forward: bool
    many: bool
    nullable: bool

    @property
    def identity(self) -> Hashable:
        return (self.model._meta.db_table, self.ours.column, self.theirs.column)


class Join(NamedTuple):
    """A table joined to another of the query's, by a hop."""

    alias: str
    parent: str
    hop: Hop


class Path(NamedTuple):
    """Where names lead: the hops, the column at their end, and what is left."""

    hops: list[Hop]
    field: Field
    rest: list[str]

    @property
    def is_row(self) -> bool:
        """They end at a row whose key is of several columns."""
        return isinstance(self.field, CompositePrimaryKey) and not self.rest


class Column(NamedTuple):
    """Something selected, and the name under which it is given out."""

    name: str
    expression: Any


class Ref(Expression):
    """A selected expression, by the name it has there."""

    parts = ()

    def __init__(self, name: str, expression: Any) -> None:
        self.name = name
        self.expression = expression

    def resolve(self, scope: Scope) -> Any:
        return self

    def infer_field(self) -> Any:
        return self.expression.field_or_none

    @property
    def contains_aggregate(self) -> bool:
        return bool(self.expression.contains_aggregate)

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return compiler.quote(self.name), []


class Combination(NamedTuple):
    """Queries put together: ``UNION``, ``INTERSECT``, ``EXCEPT``."""

    operator: str
    all: bool
    parts: tuple[tuple[Any, int], ...]
    """Querysets, each with the number of its first value."""


class Query:
    """What is to be asked of one model's table."""

    def __init__(self, model: type[Model]) -> None:
        self.model = model
        self.base = model._meta.db_table
        self.joins: dict[str, Join] = {}
        self.where: tuple[Any, ...] = ()
        self.annotations: dict[str, Any] = {}
        self.hidden: frozenset[str] = frozenset()
        """Annotations that are not selected: ``alias()``."""
        self.group_by: tuple[Any, ...] | bool = False
        self.order: tuple[OrderBy, ...] | None = None
        self.is_reversed = False
        self.distinct: tuple[Any, ...] | bool = False
        self.rows = "model"
        self.columns: tuple[Column, ...] | None = None
        self.related: tuple[str, ...] = ()
        self.loaded: dict[str, frozenset[str]] = {}
        """Names of the fields that are fetched at once, by the path to their model; of
        one that is not here, all."""
        self.tables: tuple[str, ...] = ()
        """Other tables that extra() named."""
        self.is_empty = False
        self.combination: Combination | None = None
        self.lock: dict[str, Any] | None = None
        self.is_subquery = False

    def __repr__(self) -> str:
        return f"<Query of {self.model.__name__}>"

    def __str__(self) -> str:
        from fwtrace.toolkit.orm.compiler import SQLCompiler
        from fwtrace.toolkit.orm.dialects import default_dialect

        sql, _ = SQLCompiler(self.clone(), default_dialect(self.model)).select()
        return sql

    def clone(self) -> Query:
        made = copy.copy(self)
        made.joins = dict(self.joins)
        made.annotations = dict(self.annotations)
        return made

    # Names.

    def path(self, names: Sequence[str]) -> Path:
        """Where the names lead; FieldError for the first one that leads nowhere."""
        meta = self.model._meta
        hops: list[Hop] = []
        field: Any = None
        for number, name in enumerate(names):
            found = meta.find(name)
            if found is None:
                if field is None or not is_lookup_name(name):
                    raise FieldError(unknown_name(name, self._choices(meta, field)))
                return self._ended(hops, field, list(names[number:]))
            field = found
            hops += meta.hops_to(found)
            if not found.is_relation:
                return self._ended(hops, field, list(names[number + 1 :]))
            hops += found.hops
            meta = found.related_model._meta
        return self._ended(hops, field, [])

    def _choices(self, meta: Any, field: Any) -> list[str]:
        extra = () if field is not None else self.annotations
        return [*meta.names(), *extra]

    def _ended(self, hops: list[Hop], field: Any, rest: list[str]) -> Path:
        if field.is_relation:
            last = hops[-1]
            field = last.theirs if last.forward else last.model._meta.pk
        # The reference says already what its target's key is.
        while hops and hops[-1].forward and field is hops[-1].theirs:
            field = hops.pop().ours
        return Path(hops, field, rest)

    def join(self, hop: Hop, parent: str, reuse: set[str] | None) -> str:
        """The alias of the hop's table beyond ``parent``, joined if it was not."""
        for join in self.joins.values():
            if join.parent == parent and join.hop.identity == hop.identity:
                if not hop.many or reuse is None or join.alias in reuse:
                    return join.alias
        alias = hop.model._meta.db_table
        if alias == self.base or alias in self.joins:
            alias = f"T{len(self.joins) + 2}"
        self.joins[alias] = Join(alias, parent, hop)
        if reuse is not None:
            reuse.add(alias)
        return alias

    def join_path(self, hops: Iterable[Hop], reuse: set[str] | None) -> str:
        alias = self.base
        for hop in hops:
            alias = self.join(hop, alias, reuse)
        return alias

    def resolve_name(self, name: str, scope: Scope) -> Any:
        """The expression behind ``"author__age"``, with its joins made."""
        names = name.split("__")
        if names[0] in self.annotations:
            return self.transformed(self.annotations[names[0]], names[1:])
        path = self.path(names)
        if path.hops and not scope.allow_joins:
            raise FieldError(f"Joined field references are not permitted here: {name}.")
        alias = self.join_path(path.hops, scope.reuse)
        return self.transformed(column_of(alias, path.field), path.rest)

    def transformed(self, expression: Any, names: Sequence[str]) -> Any:
        for name in names:
            found = find_transform(expression.output_field, name)
            if found is None:
                field = expression.output_field
                if find_lookup(field, name) is not None:
                    whole = "__".join([getattr(field, "name", "") or "", name])
                    raise FieldError(f"A value is wanted, not a lookup: {whole!r}.")
                raise unsupported(field, name)
            expression = found(expression)
        return expression

    # Conditions.

    def add_condition(self, q: Q, slots: Slots) -> None:
        """Rows for which the condition holds."""
        where = self.build_where(q, Scope(self, slots, reuse=set(), splits=True))
        if where.nodes:
            plain = where.connector == AND and not where.negated
            self.where += where.nodes if plain else (where,)

    def build_where(self, q: Q, scope: Scope) -> Where:
        inner = Scope(
            self,
            scope.slots,
            scope.reuse,
            scope.is_negated ^ q.negated,
            scope.allow_joins,
            scope.splits,
        )
        nodes = []
        for number, child in enumerate(q.children):
            node: Any
            if isinstance(child, Q):
                node = self.build_where(child, inner)
            elif isinstance(child, tuple):
                place = scope.slots.place(q, number)
                node = self.build_lookup(child[0], child[1], place, inner)
            else:
                node = child.resolve(inner)
            if not isinstance(node, Where) or node.nodes:
                nodes.append(node)
        if len(nodes) == 1 and isinstance(nodes[0], Where):
            only = nodes[0]
            if not (q.negated and only.negated):
                negated = q.negated or only.negated
                return Where(only.nodes, only.connector, negated)
        return Where(tuple(nodes), q.connector, q.negated)

    def build_lookup(
        self, name: str, value: Any, place: int | None, scope: Scope
    ) -> Any:
        """The node for one condition ``name=value``."""
        names = name.split("__")
        if not name or not isinstance(name, str):
            raise FieldError(f"A condition has a name, not {name!r}.")
        if names[0] in self.annotations:
            lhs = self.annotations[names[0]]
            return self._compare(lhs, names[1:], value, place, scope)
        path = self.path(names)
        if value is None and path.is_row and names[-1] != "pk":
            path, value = path._replace(rest=["isnull"]), True
        if scope.is_negated and scope.splits:
            for number, hop in enumerate(path.hops):
                if hop.many:
                    return self._exists(path, number, value, place, scope)
        alias = self.join_path(path.hops, scope.reuse)
        lhs = column_of(alias, path.field)
        node = self._compare(lhs, path.rest, value, place, scope)
        return self._known(node) if scope.is_negated else node

    def _compare(
        self, lhs: Any, names: Sequence[str], value: Any, place: int | None, scope: Any
    ) -> Any:
        lookup: Any = None
        for number, name in enumerate(names):
            field = lhs.output_field
            if number == len(names) - 1:
                found = find_lookup(field, name)
                if found is not None and issubclass(found, Lookup):
                    lookup = found
                    break
            transform = find_transform(field, name)
            if transform is None:
                raise unsupported(field, name)
            lhs = transform(lhs)
        if lookup is None:
            lookup = find_lookup(lhs.field_or_none, "exact") or Exact
        allowed = getattr(lhs.field_or_none, "allowed_lookups", None)
        if allowed is not None and lookup.lookup_name not in allowed:
            raise unsupported(lhs.output_field, lookup.lookup_name)
        return lookup.of(lhs, value, place, scope)

    def _known(self, node: Any) -> Any:
        """Under a NOT: NULL compared with anything is false, not unknown."""
        if not isinstance(node, Lookup) or isinstance(node, IsNull):
            return node
        known: list[Any] = []
        for side in (node.lhs, node.rhs):
            col = _column_in(side)
            if col is not None and self.may_be_null(col):
                known.append(IsNull(col, Fixed(False)))
        return Where((node, *known)) if known else node

    def may_be_null(self, col: Col) -> bool:
        alias = col.alias
        while alias in self.joins:
            join = self.joins[alias]
            if join.hop.nullable:
                return True
            alias = join.parent
        return col.field.null

    def _exists(
        self, path: Path, number: int, value: Any, place: int | None, scope: Scope
    ) -> Any:
        """Whether there is a related row of which the condition holds.

        What is excluded over a many-valued relation is all that has any such row.
        """
        hop = path.hops[number]
        alias = self.join_path(path.hops[:number], scope.reuse)
        inner = Query(hop.model)
        inner.is_subquery = True
        inner_alias = inner.join_path(path.hops[number + 1 :], None)
        lhs = column_of(inner_alias, path.field)
        inner_scope = Scope(inner, scope.slots, set())
        node = inner._compare(lhs, path.rest, value, place, inner_scope)
        tie = Exact(Col(inner.base, hop.theirs), OuterCol(Col(alias, hop.ours)))
        found = inner.clone()
        found.where = (tie, node)
        if not (isinstance(node, IsNull) and node.rhs.value):
            return Related(found)
        # True as well where there is no row at all.
        inner.where = (tie,)
        return Where((Where((Related(inner),), negated=True), Related(found)), "OR")

    # What comes of it.

    def annotate(self, name: str, expression: Any, slots: Slots, hide: bool) -> None:
        """A value of its own for each row, or of each group of rows."""
        found = expression.resolve(Scope(self, slots))
        if found.contains_aggregate and self.group_by is False:
            if self.columns is None:
                self.group_by = True
            else:
                self.group_by = tuple(
                    column.expression
                    for column in self.columns
                    if not column.expression.contains_aggregate
                )
        self.annotations[name] = found
        if hide:
            self.hidden |= {name}
        elif self.columns is not None:
            self.columns += (Column(name, found),)

    def set_order(self, given: Sequence[Any], slots: Slots) -> None:
        scope = Scope(self, slots)
        self.order = tuple(
            each for one in given for each in self.ordered(as_ordering(one), scope)
        )

    def ordered(
        self, order: OrderBy, scope: Scope, seen: tuple[Any, ...] = ()
    ) -> Iterable[OrderBy]:
        """The order with columns for names; a relation orders as its rows do."""
        inner = order.args[0]
        if isinstance(inner, F) and type(inner) is F:
            name = inner.name
            if name == "?":
                from fwtrace.toolkit.orm.functions import Random

                return [OrderBy(Random(), order.descending)]
            if name in self.annotations:
                is_selected = name not in self.hidden and self.combination is None
                return _by_name(order, name, self.annotations[name], is_selected)
            if self.combination is not None and self.columns is not None:
                return _by_name(order, name, self._selected(name), True)
            names = name.split("__")
            path = self.path(names)
            last = self._relation_at(names)
            if last is not None and not path.rest:
                meta = last.related_model._meta
                if meta.ordering and last not in seen and names[-1] == last.name:
                    return self._as_related(order, name, meta, scope, (*seen, last))
        return order.resolve(scope).by_column()  # type: ignore[no-any-return]

    def _selected(self, name: str) -> Any:
        for column in self.columns or ():
            if column.name == name:
                return column.expression
        raise FieldError(unknown_name(name, [c.name for c in self.columns or ()]))

    def _relation_at(self, names: Sequence[str]) -> Any:
        meta, found = self.model._meta, None
        for name in names:
            found = meta.find(name)
            if found is None or not found.is_relation:
                return None
            meta = found.related_model._meta
        return found

    def _as_related(
        self, order: OrderBy, name: str, meta: Any, scope: Scope, seen: tuple[Any, ...]
    ) -> Iterable[OrderBy]:
        for each in meta.ordering:
            one = as_ordering(each)
            if order.descending:
                one = one.reverse_ordering()
            inner = one.args[0]
            if isinstance(inner, F):
                below = f"{name}__{inner.name}"
                one = one.of(F(below))
                yield from self.ordered(one, scope, seen)
            else:
                yield one.resolve(scope)

    def ordering(self) -> tuple[OrderBy, ...]:
        """The order in effect, the model's own where none was asked for."""
        order = self.order
        if order is None:
            if self.group_by is not False or not self.model._meta.ordering:
                return ()
            self.set_order(self.model._meta.ordering, Slots())
            order = self.order or ()
        if self.is_reversed:
            return tuple(each.reverse_ordering() for each in order)
        return order

    @property
    def is_ordered(self) -> bool:
        if self.order is not None:
            return bool(self.order)
        return self.group_by is False and bool(self.model._meta.ordering)

    def select(self, given: Sequence[tuple[str, Any]], slots: Slots) -> None:
        """Columns by name instead of the model's own."""
        columns = []
        scope = Scope(self, slots)
        for name, expression in given:
            if expression is None and name in self.annotations:
                columns.append(Column(name, self.annotations[name]))
                self.hidden -= {name}
            elif expression is None:
                columns.append(Column(name, self.resolve_name(name, scope)))
            else:
                found = expression.resolve(scope)
                self.annotations[name] = found
                columns.append(Column(name, found))
        self.columns = tuple(columns)
        if self.group_by is True:
            self.group_by = tuple(
                Col(self.base, field) for field in self.model._meta.concrete_fields
            )

    def single_field(self) -> Any:
        """The kind of value of the one column; None where there are several."""
        if self.columns is not None and len(self.columns) == 1:
            return self.columns[0].expression.field_or_none
        if self.columns is None:
            return self.model._meta.pk
        return None

    def related_hop(self, path: str) -> tuple[str, Any]:
        """The alias of a select_related path's table, and its relation."""
        alias, meta, found = self.base, self.model._meta, None
        for name in path.split("__"):
            found = meta.find(name)
            for hop in (*meta.hops_to(found), *found.hops):
                alias = self.join(hop, alias, None)
            meta = found.related_model._meta
        return alias, found

    # Which joins are outer.

    def outer_aliases(self) -> frozenset[str]:
        """Joins that must keep rows without a partner: those that may have none, and
        that no condition asks a partner of."""
        outer: set[str] = set()
        where = Where(self.where)
        for alias, join in self.joins.items():
            if not join.hop.nullable and join.parent not in outer:
                continue
            below = frozenset(self._below(alias))
            if "T" in outcomes(where, below):
                outer.add(alias)
        return frozenset(outer)

    def _below(self, alias: str) -> Iterable[str]:
        yield alias
        for join in self.joins.values():
            if join.parent == alias:
                yield from self._below(join.alias)


class Related(Expression):
    """``EXISTS`` of a query that is tied to the one around it."""

    parts = ()
    conditional = True

    def __init__(self, query: Query) -> None:
        self.query = query

    def __repr__(self) -> str:
        return f"EXISTS {self.query!r}"

    def outcomes(self, aliases: frozenset[str]) -> frozenset[str]:
        return frozenset(("T", "F"))

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        inner = compiler.inner(self.query, compiler.offset)
        sql, params = inner.exists(limit=False)
        return f"EXISTS({sql})", params


def _column_in(side: Any) -> Col | None:
    while True:
        if isinstance(side, Col):
            return side
        if isinstance(side, Key):
            return side.cols[0]  # where one is NULL, there is no row
        children = list(side.children()) if hasattr(side, "children") else []
        if len(children) != 1:
            return None
        side = children[0]


def _by_name(
    order: OrderBy, name: str, expression: Any, is_selected: bool
) -> list[OrderBy]:
    """By what is selected under a name; the columns of a key have none together."""
    if expression.is_key or not is_selected:
        return order.of(expression).by_column()
    return [order.of(Ref(name, expression))]


def find_transform(field: Any, name: str) -> Any:
    """The transform of that name: registered, or of the field's own making."""
    found = find_lookup(field, name)
    if found is not None and not issubclass(found, Lookup):
        return found
    own = getattr(field, "get_transform", None)
    return own(name) if own is not None else None
