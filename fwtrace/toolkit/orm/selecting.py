"""The methods of a queryset that ask nothing: they narrow, order, annotate, combine."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import TYPE_CHECKING, Any, Self

from fwtrace.toolkit.orm.chain import Chain, M
from fwtrace.toolkit.orm.compiler import ALL_ROWS
from fwtrace.toolkit.orm.exceptions import FieldError
from fwtrace.toolkit.orm.expressions import RawCondition, RawSQL, as_expression
from fwtrace.toolkit.orm.plans import Plan
from fwtrace.toolkit.orm.slots import Scope, Slots
from fwtrace.toolkit.orm.sql import Column, Combination, Query
from fwtrace.toolkit.orm.subqueries import Subquery
from fwtrace.toolkit.orm.where import Q

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model
    from fwtrace.toolkit.orm.query import QuerySet

__all__ = ["Selection", "check_alias", "default_name"]


class Selection(Chain[M]):
    """A queryset before it is asked: each method gives a new one."""

    # Narrowing and ordering.

    def all(self) -> Self:
        return self._clone()

    def none(self) -> Self:
        """No rows, and no query either."""

        def build(query: Query, slots: Slots) -> None:
            query.is_empty = True

        return self._grown("none", (), build)

    def using(self, alias: str | None) -> Self:
        """Ask the database of this alias."""
        made = self._clone()
        made._db = alias
        return made

    def filter(self, *args: Any, **conditions: Any) -> Self:
        """Rows for which all conditions hold: ``filter(author__name="Alice")``.

        Raises FieldError, naming the choices, for a name that is not there.
        """
        return self._narrowed(False, args, conditions)

    def exclude(self, *args: Any, **conditions: Any) -> Self:
        """Rows for which not all of the conditions hold."""
        return self._narrowed(True, args, conditions)

    def complex_filter(self, given: Any) -> Self:
        """By a Q or a dict, as ``limit_choices_to`` holds them."""
        return self.filter(given) if isinstance(given, Q) else self.filter(**given)

    def order_by(self, *names: Any) -> Self:
        """In this order: ``order_by("-pages", F("age").asc(nulls_last=True))``; none
        for no order."""
        if self.limits != ALL_ROWS:
            raise TypeError("Cannot reorder a queryset once a slice has been taken.")

        def build(query: Query, slots: Slots) -> None:
            query.set_order(names, slots)
            query.is_reversed = False

        given = [each if isinstance(each, str) else _expression(each) for each in names]
        return self._grown("order_by", given, build)

    def reverse(self) -> Self:
        if self.limits != ALL_ROWS:
            raise TypeError("Cannot reverse a queryset once a slice has been taken.")

        def build(query: Query, slots: Slots) -> None:
            query.is_reversed = not query.is_reversed

        return self._grown("reverse", (), build)

    def distinct(self, *names: str) -> Self:
        """Each row once; with names, the first of those alike in them (PostgreSQL)."""
        if self.limits != ALL_ROWS:
            raise TypeError(
                "Cannot create distinct fields once a slice has been taken."
            )
        self._refuse_after_combination("distinct")

        def build(query: Query, slots: Slots) -> None:
            scope = Scope(query, slots)
            nodes = tuple(query.resolve_name(name, scope) for name in names)
            query.distinct = nodes or True

        return self._grown("distinct", names, build)

    def limit(self, count: int) -> Self:
        """At most so many rows: the same as ``[:count]``."""
        return self._sliced(0, index(count))

    def offset(self, count: int) -> Self:
        """Without the first so many rows. With a limit, whichever comes first."""
        if index(count) < 0:
            raise ValueError("Negative slicing is not supported: use reverse().")
        made = self._clone()
        low, high = self.limits
        made.limits = (low + count, None if high is None else high + count)
        return made

    def select_related(self, *paths: Any) -> Self:
        """Fetch these relations' rows in the same query, by joins.

        ``select_related("author", "author__city")``; without names, every foreign key
        that cannot be NULL; ``select_related(None)`` for none.
        """

        def build(query: Query, slots: Slots) -> None:
            if paths == (None,):
                query.related = ()
                return
            wanted = list(query.related)
            for path in paths or _required_relations(query.model):
                _check_related(query.model, path)
                parts = path.split("__")
                wanted += ["__".join(parts[: n + 1]) for n in range(len(parts))]
            query.related = tuple(dict.fromkeys(wanted))

        if self.plan.query.rows != "model":
            raise TypeError(
                "Cannot call select_related() after .values() or .values_list()"
            )
        return self._grown("select_related", (), build, *paths)

    def prefetch_related(self, *lookups: Any) -> Self:
        """Fetch these relations' rows with one more query each, at the first use."""
        made = self._clone()
        if lookups == (None,):
            made._prefetch = ()
            return made
        from fwtrace.toolkit.orm.prefetch import check

        check(self.model, lookups)
        made._prefetch = (*self._prefetch, *lookups)
        return made

    def only(self, *names: str) -> Self:
        """Fetch these fields, the others when they are looked at."""
        return self._loading("only", names)

    def defer(self, *names: Any) -> Self:
        """Fetch these fields when they are looked at; ``defer(None)`` for none."""
        return self._loading("defer", names)

    def _loading(self, method: str, names: Sequence[Any]) -> Self:
        if self.plan.query.rows != "model":
            raise TypeError(f"Cannot call {method}() after .values() or .values_list()")
        if method == "only" and names == (None,):
            raise TypeError("Cannot pass None as an argument to only().")

        def build(query: Query, slots: Slots) -> None:
            if names == (None,):
                query.loaded = {}
                return
            given = _by_path(query, names, with_way=method == "only")
            kept: dict[str, frozenset[str]] = {}
            if method == "defer":
                kept = dict(query.loaded)
            for path, (meta, attnames) in given.items():
                if method == "defer":
                    before = kept.get(path, frozenset(meta.attnames))
                    attnames = before - attnames
                kept[path] = attnames | meta.pk_attnames
            query.loaded = kept

        return self._grown(method, (), build, *names)

    def select_for_update(
        self,
        nowait: bool = False,
        skip_locked: bool = False,
        of: Sequence[str] = (),
        no_key: bool = False,
    ) -> Self:
        """Lock the rows until the transaction ends."""
        if nowait and skip_locked:
            raise ValueError("The nowait option cannot be used with skip_locked.")

        def build(query: Query, slots: Slots) -> None:
            query.lock = {
                "nowait": nowait,
                "skip_locked": skip_locked,
                "of": tuple(of),
                "no_key": no_key,
            }

        options = (nowait, skip_locked, tuple(of), no_key)
        return self._grown("select_for_update", (), build, *options)

    # Columns of their own.

    def annotate(self, *args: Any, **annotations: Any) -> Self:
        """A value for each row, such as ``annotate(posts=Count("post"))``."""
        return self._annotated("annotate", args, annotations, hide=False)

    def alias(self, *args: Any, **annotations: Any) -> Self:
        """As :meth:`annotate`, for use in other expressions only."""
        return self._annotated("alias", args, annotations, hide=True)

    def _annotated(
        self, method: str, args: Any, named: dict[str, Any], hide: bool
    ) -> Self:
        self._refuse_after_combination(method)
        given = {default_name(each): each for each in args} | named
        for name, expression in given.items():
            check_alias(name)
            if not hasattr(expression, "resolve"):
                raise TypeError(
                    f"QuerySet.{method}() received non-expression(s): {expression!r}."
                )
            if not hide or self.plan.query.rows == "model":
                _check_free(self.model, name, self.plan.query)

        def build(query: Query, slots: Slots) -> None:
            for name, expression in given.items():
                query.annotate(name, expression, slots, hide)

        return self._grown(method, tuple(given.values()), build, *given)

    def extra(
        self,
        select: dict[str, str] | None = None,
        where: Sequence[str] | None = None,
        params: Sequence[Any] = (),
        tables: Sequence[str] = (),
        order_by: Sequence[str] | None = None,
        select_params: Sequence[Any] = (),
    ) -> Self:
        """Pieces of SQL as they are, which must not hold user input; ``%s`` marks a
        parameter. Expressions and RawSQL do nearly all of it better."""
        made, left = self, list(select_params)
        for name, sql in (select or {}).items():
            count = sql.replace("%%", "").count("%s")
            made = made.annotate(**{name: RawSQL(sql, left[:count])})
            del left[:count]
        if where:
            made = made.filter(
                RawCondition(" AND ".join(f"({w})" for w in where), params)
            )
        if tables:

            def build(query: Query, slots: Slots) -> None:
                query.tables = (*query.tables, *tables)

            made = made._grown("extra", (), build, *tables)
        return made if order_by is None else made.order_by(*order_by)

    def values(self, *names: Any, **expressions: Any) -> QuerySet[dict[str, Any]]:
        """Dicts instead of instances."""
        rows: QuerySet[dict[str, Any]] = self._as("dict", names, expressions)
        return rows

    def values_list(
        self, *names: Any, flat: bool = False, named: bool = False
    ) -> QuerySet[Any]:
        """Tuples instead of instances; with ``flat`` the values of one field, with
        ``named`` named tuples."""
        if flat and named:
            raise TypeError("'flat' and 'named' can't be used together.")
        if flat and len(names) != 1:
            raise TypeError("values_list(flat=True) takes exactly one field.")
        kind = "flat" if flat else "named" if named else "tuple"
        rows: QuerySet[Any] = self._as(kind, names, {})
        return rows

    def _as(self, rows: str, names: Sequence[Any], expressions: dict[str, Any]) -> Any:
        given: list[tuple[str, Any]] = []
        for each in names:
            if isinstance(each, str):
                given.append((each, None))
            else:
                given.append((default_name(each), each))
        given += expressions.items()
        for name, expression in given:
            if expression is not None:
                check_alias(name)

        def build(query: Query, slots: Slots) -> None:
            chosen = given
            if not chosen:
                fields = query.model._meta.concrete_fields
                chosen = [(field.attname, None) for field in fields]
                chosen += [
                    (n, None) for n in query.annotations if n not in query.hidden
                ]
            else:
                wanted = {name for name, _ in chosen}
                query.hidden |= frozenset(query.annotations) - wanted
            query.rows = rows
            query.related = ()
            query.select(chosen, slots)

        nodes = [expression for _, expression in given if expression is not None]
        labels = [name for name, _ in given]
        return self._grown("values", nodes, build, rows, *labels)

    def dates(self, name: str, kind: str, order: str = "ASC") -> QuerySet[Any]:
        """The years, months, weeks or days that a date field has."""
        return self._moments("dates", name, kind, order)

    def datetimes(
        self, name: str, kind: str, order: str = "ASC", tzinfo: Any = None
    ) -> QuerySet[Any]:
        return self._moments("datetimes", name, kind, order, tzinfo)

    def _moments(
        self, method: str, name: str, kind: str, order: str, tzinfo: Any = None
    ) -> QuerySet[Any]:
        from fwtrace.toolkit.orm import fields
        from fwtrace.toolkit.orm.moments import Trunc

        known: tuple[str, ...] = ("year", "month", "week", "day")
        if method == "datetimes":
            known += ("hour", "minute", "second")
        if kind not in known:
            raise ValueError(f"'kind' must be one of {', '.join(map(repr, known))}.")
        if order not in ("ASC", "DESC"):
            raise ValueError("'order' must be either 'ASC' or 'DESC'.")
        gives: Any = fields.DateField if method == "dates" else fields.DateTimeField
        moment = Trunc(name, kind, output_field=gives(), tzinfo=tzinfo)
        found = self.annotate(fwtrace_moment=moment)
        rows = found.values_list("fwtrace_moment", flat=True).distinct()
        rows = rows.filter(**{f"{name}__isnull": False})
        return rows.order_by(f"{'-' if order == 'DESC' else ''}fwtrace_moment")

    # Several together.

    def union(self, *others: QuerySet[Any], all: bool = False) -> QuerySet[Any]:
        """The rows of all of them; each once unless ``all``."""
        rows: QuerySet[Any] = self._combined("UNION", others, all)
        return rows

    def intersection(self, *others: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that are in each of them."""
        rows: QuerySet[Any] = self._combined("INTERSECT", others)
        return rows

    def difference(self, *others: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that are in none of the others."""
        rows: QuerySet[Any] = self._combined("EXCEPT", others)
        return rows

    def _combined(
        self, operator: str, others: Sequence[QuerySet[Any]], all: bool = False
    ) -> Any:
        sides: list[Any] = [self, *others]
        if any(each.is_empty for each in sides):
            if operator == "INTERSECT" or (operator == "EXCEPT" and self.is_empty):
                return sides[0].none()
            sides = [each for each in sides if not each.is_empty]
            if len(sides) <= 1:
                return (sides or [self])[0].all()
        parts = []
        values: list[Any] = []
        for side in sides:
            parts.append((side, len(values)))
            values += side._values

        def build(query: Query, slots: Slots) -> None:
            query.combination = Combination(operator, all, tuple(parts))
            query.order = ()
            query.is_reversed = False
            query.related = ()

        made = sides[0]._clone()
        made.limits = ALL_ROWS
        root = Query(self.model)
        first = sides[0].plan.query
        root.rows, root.columns = first.rows, first.columns
        root.annotations, root.hidden = dict(first.annotations), first.hidden
        root.loaded, root.joins = first.loaded, dict(first.joins)
        made.plan = Plan(root).grow(None, Slots(), build)
        made._values = tuple(values)
        return made

    # Within other queries.

    def as_value(self, is_listed: bool, lhs: Any) -> Subquery:
        """The rows as the right-hand side of a lookup: their keys, or the one value."""
        rows: Any = self
        if self.plan.query.columns is None and self.plan.query.combination is None:
            target = "pk"
            field = lhs.field_or_none
            if field is not None and field.is_relation:
                target = field.target_field.name
            rows = self.values(target)
        columns = rows.plan.query.columns
        count = None if columns is None else sum(map(_width, columns))
        if lhs.is_key and count != len(lhs.cols):
            raise ValueError(
                f"A queryset for a key of {len(lhs.cols)} columns must have as many: "
                f"values({', '.join(map(repr, lhs.field.field_names))}), for one."
            )
        if not lhs.is_key and count not in (None, 1):
            raise FieldError("A queryset after __in must have one column.")
        return Subquery(rows)

    # By the operators.

    def __and__(self, other: Self) -> Self:
        return self._merged(other, Q.AND)

    def __or__(self, other: Self) -> Self:
        return self._merged(other, Q.OR)

    def __xor__(self, other: Self) -> Self:
        return self._merged(other, Q.XOR)

    def _merged(self, other: Self, connector: str) -> Self:
        if other.model is not self.model:
            raise TypeError("Cannot combine queries on two different base models.")
        sides = [Q(pk__in=each.order_by().values("pk")) for each in (self, other)]
        made = self._clone()
        made.plan, made._values = self.model._meta.plan, ()
        made.limits = ALL_ROWS
        both = sides[0]._combine(sides[1], connector)
        made = made._narrowed(False, (both,), {})
        order = self.plan.query.order
        return made._ordered_as(order) if order is not None else made

    def _ordered_as(self, order: Any) -> Self:
        def build(query: Query, slots: Slots) -> None:
            query.order = order

        made = self._clone()
        made.plan = self.plan.grow(None, Slots(), build)
        return made


def _width(column: Column) -> int:
    """How many columns of the database it is."""
    return len(column.expression.cols) if column.expression.is_key else 1


def _expression(given: Any) -> Any:
    if given is None or isinstance(given, (int, float)):
        raise FieldError(f"An order is a name or an expression, not {given!r}.")
    return as_expression(given)


def default_name(expression: Any) -> str:
    name = getattr(expression, "default_alias", None)
    if not isinstance(name, str):
        raise TypeError("Complex expressions require an alias")
    return name


def check_alias(name: str) -> None:
    if not name.replace("__", "_").strip("_").isidentifier() or not name.isidentifier():
        raise ValueError(
            f"{name!r} cannot be the name of a column: use letters, digits and "
            "underscores."
        )


def _check_free(model: type[Model], name: str, query: Query) -> None:
    if query.rows == "model" and model._meta.find(name) is not None:
        raise ValueError(
            f"The annotation {name!r} conflicts with a field on the model."
        )


def _by_path(
    query: Query, names: Sequence[str], with_way: bool
) -> dict[str, tuple[Any, frozenset[str]]]:
    """``{path: (its model's _meta, attnames)}`` of such as ``"author__name"``; with the
    foreign keys on the way there, if that is wanted."""
    root = query.model._meta
    found: dict[str, tuple[Any, frozenset[str]]] = {}

    def add(path: str, meta: Any, field: Any) -> None:
        attnames = found.get(path, (meta, frozenset()))[1]
        own = {field.attname} if getattr(field, "attname", None) else frozenset()
        own = meta.pk_attnames if field is meta.pk else own
        found[path] = meta, attnames | own

    for name in names:
        *way, last = name.split("__")
        if way and query.path([*way, last]).rest:
            raise FieldError(f"A field is wanted, not a lookup: {name!r}.")
        meta, path = root, ""
        for step in way:
            relation = meta.find(step)
            if with_way:
                add(path, meta, relation)
            path = f"{path}__{step}" if path else step
            meta = relation.related_model._meta
        add(path, meta, meta.get_field(last))
    return found


def _required_relations(model: type[Model]) -> list[str]:
    fields = model._meta.concrete_fields
    return [f.name for f in fields if f.is_relation and not f.null]


def _check_related(model: type[Model], path: str) -> None:
    """FieldError, naming the choices, unless each name is a relation to one row."""
    from fwtrace.toolkit.orm.exceptions import unknown_name

    meta = model._meta
    for name in path.split("__"):
        found = meta.find(name)
        if found is None or not found.is_relation or found.hops[-1].many:
            choices = [each.name for each in meta.relations() if not each.hops[-1].many]
            text = unknown_name(name, choices).replace(
                "Cannot resolve keyword",
                "Invalid field name(s) given in select_related:",
            )
            raise FieldError(text)
        meta = found.related_model._meta
