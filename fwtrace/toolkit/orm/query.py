"""Querysets: lazy, immutable, chainable, cached."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from operator import index
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fwtrace.toolkit.orm.compiler import ALL_ROWS, Limits, SQLCompiler
from fwtrace.toolkit.orm.database import Database, get_database
from fwtrace.toolkit.orm.deletion import Collector
from fwtrace.toolkit.orm.exceptions import FieldError, IntegrityError, OutOfRange
from fwtrace.toolkit.orm.expressions import (
    Scope,
    Slots,
    Subquery,
    as_expression,
)
from fwtrace.toolkit.orm.loading import is_watched
from fwtrace.toolkit.orm.plans import Plan, Statement
from fwtrace.toolkit.orm.sql import Column, Combination, Query
from fwtrace.toolkit.orm.where import Q

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.models import Model

__all__ = ["QuerySet"]

M = TypeVar("M")
REPR_ROWS = 20
GET_ROWS = 21
CHUNK = 2000

# Values of these types never change what a statement looks like.
_PLAIN = frozenset(
    (
        int,
        str,
        float,
        bytes,
        Decimal,
        datetime.date,
        datetime.datetime,
        datetime.time,
        datetime.timedelta,
        uuid.UUID,
    )
)


class QuerySet(Generic[M]):
    """The rows of a model that some conditions select.

    Every method that narrows or orders gives a new queryset; the database is asked
    when the rows are, once.
    """

    _cache: list[M] | None

    def __init__(
        self,
        model: type[Model],
        query: Query | None = None,
        using: str | None = None,
        hints: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.plan: Plan = model._meta.plan if query is None else Plan(query)
        self.limits: Limits = ALL_ROWS
        self._values: tuple[Any, ...] = ()
        self._cache = None
        self._db = using
        self._hints = hints
        self._prefetch: tuple[Any, ...] = ()
        self._prefetched = False
        self.known_related: tuple[Any, Any] | None = None

    # What a queryset looks like from outside.

    @classmethod
    def as_manager(cls) -> Any:
        """A manager with this queryset's methods."""
        from fwtrace.toolkit.orm.manager import Manager

        return Manager.from_queryset(cls)()

    @property
    def db(self) -> str:
        """The alias of the database that is asked."""
        if self._db is not None:
            return self._db
        from fwtrace.toolkit.orm.routers import db_for_read

        return db_for_read(self.model, **(self._hints or {}))

    @property
    def database(self) -> Database:
        return get_database(self._db or self.db)

    def _writing(self) -> Database:
        if self._db is not None:
            return get_database(self._db)
        from fwtrace.toolkit.orm.routers import db_for_write

        return get_database(db_for_write(self.model, **(self._hints or {})))

    @property
    def query(self) -> Query:
        """What will be asked; as text, the SQL with a mark for each parameter."""
        return _ShownQuery.of(self)

    @property
    def ordered(self) -> bool:
        return self.plan.query.is_ordered

    def __repr__(self) -> str:
        rows = list(self[: REPR_ROWS + 1]) if self._cache is None else self._cache
        shown = ", ".join(map(repr, rows[:REPR_ROWS]))
        more = ", ..." if len(rows) > REPR_ROWS else ""
        return f"<QuerySet [{shown}{more}]>"

    def __iter__(self) -> Iterator[M]:
        return iter(self._fetch())

    async def __aiter__(self) -> AsyncIterator[M]:
        for row in await _in_thread(self._fetch):
            yield row

    def __len__(self) -> int:
        return len(self._fetch())

    def __bool__(self) -> bool:
        return bool(self._fetch())

    def __contains__(self, item: object) -> bool:
        return item in self._fetch()

    def __getitem__(self, key: int | slice) -> Any:
        if isinstance(key, slice):
            return self._slice(key)
        if index(key) < 0:
            raise ValueError("Negative indexing is not supported: use reverse().")
        if self._cache is not None:
            return self._cache[key]
        rows = self._slice(slice(key, key + 1))._fetch()
        if not rows:
            raise IndexError("queryset index out of range")
        return rows[0]

    def _slice(self, key: slice) -> Any:
        start = index(key.start or 0)
        stop = None if key.stop is None else index(key.stop)
        if start < 0 or (stop is not None and stop < 0):
            raise ValueError("Negative slicing is not supported: use reverse().")
        if self._cache is not None:
            return self._cache[key]
        made = self._clone()
        low, high = self.limits
        if stop is not None:
            high = low + stop if high is None else min(high, low + stop)
        low = low + start if high is None else min(high, low + start)
        made.limits = (low, high)
        return list(made)[:: key.step] if key.step else made

    def __and__(self, other: QuerySet[M]) -> QuerySet[M]:
        return self._merged(other, Q.AND)

    def __or__(self, other: QuerySet[M]) -> QuerySet[M]:
        return self._merged(other, Q.OR)

    def __xor__(self, other: QuerySet[M]) -> QuerySet[M]:
        return self._merged(other, Q.XOR)

    def _merged(self, other: QuerySet[M], connector: str) -> QuerySet[M]:
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

    def _ordered_as(self, order: Any) -> QuerySet[M]:
        def build(query: Query, slots: Slots) -> None:
            query.order = order

        made = self._clone()
        made.plan = self.plan.grow(None, Slots(), build)
        return made

    def __reduce__(self) -> Any:
        """Pickled with its rows, which are fetched for it."""
        self._fetch()
        return (_unpickled, (type(self), self.__dict__))

    # From plan to plan.

    def _clone(self) -> QuerySet[M]:
        made = object.__new__(type(self))
        state = made.__dict__
        state.update(self.__dict__)
        state["_cache"] = None
        state["_prefetched"] = False
        return made

    def _grown(
        self,
        method: str,
        given: Sequence[Any],
        build: Callable[[Query, Slots], None],
        *options: Any,
    ) -> QuerySet[M]:
        """The queryset that a method leads to; ``given`` are its expressions and
        names."""
        slots = Slots(len(self._values))
        key: Any
        try:
            shape = [each if type(each) is str else each.split(slots) for each in given]
            key = (method, *options, *shape)
            found = self.plan.children.get(key)
        except TypeError:  # something in it has no shape, or cannot be hashed
            slots = Slots(len(self._values))
            for each in given:
                if type(each) is not str:
                    _split_what_can(each, slots)
            key = found = None
        plan = found or self.plan.grow(key, slots, build)
        made = self._clone()
        made.plan = plan
        if slots.values:
            made._values = (*self._values, *_prepared(plan, slots.values))
        return made

    def _narrowed(
        self, negated: bool, args: tuple[Any, ...], conditions: dict[str, Any]
    ) -> QuerySet[M]:
        if self.limits != ALL_ROWS:
            raise TypeError("Cannot filter a queryset once a slice has been taken.")
        self._refuse_after_combination("exclude" if negated else "filter")
        key: Any = None
        if not args:
            for value in conditions.values():
                if type(value) not in _PLAIN:
                    break
            else:
                key = (negated, *conditions)
                plan = self.plan.children.get(key)
                if plan is not None:
                    try:
                        values = [
                            value if prepare is None else prepare(value)
                            for prepare, value in zip(
                                plan.prepares, conditions.values(), strict=True
                            )
                        ]
                    except OutOfRange:
                        pass
                    else:
                        made = self._clone()
                        made.plan = plan
                        made._values = (*self._values, *values)
                        return made
        return self._narrowed_slowly(negated, Q(*args, **conditions), key)

    def _narrowed_slowly(self, negated: bool, q: Q, key: Any) -> QuerySet[M]:
        if negated:
            q = ~q
        slots = Slots(len(self._values))
        try:
            shape = q.split(slots)
            key = key or ("filter", shape)
            plan = self.plan.children.get(key)
        except TypeError:
            slots = Slots(len(self._values))
            _split_what_can(q, slots)
            key = plan = None

        def build(query: Query, slots: Slots) -> None:
            query.add_condition(q, slots)

        try:
            plan = plan or self.plan.grow(key, slots, build)
            values = _prepared(plan, slots.values)
        except OutOfRange:
            plan = self.plan.grow(None, slots, build)
            values = _prepared(plan, slots.values)
        made = self._clone()
        made.plan = plan
        made._values = (*self._values, *values)
        return made

    def _refuse_after_combination(self, method: str) -> None:
        if self.plan.query.combination is not None:
            operator = self.plan.query.combination.operator.lower()
            raise NotImplementedError(
                f"Calling QuerySet.{method}() after {operator}() is not supported."
            )

    # What is part of a greater query.

    def shape(self) -> Any:
        return (id(self.plan), self.plan, self.limits)

    def slot_values(self) -> tuple[Any, ...]:
        return self._values

    def query_for_subquery(self) -> Query:
        return self.plan.query

    def as_value(self, is_listed: bool, lhs: Any) -> Subquery:
        """The rows as the right-hand side of a lookup: their keys, or the one value."""
        query = self.plan.query
        columns = query.columns
        if columns is None and query.combination is None:
            target = "pk"
            field = lhs.field_or_none
            if field is not None and field.is_relation:
                target = field.target_field.name
            return Subquery(self.values(target))
        if columns is not None and len(columns) != 1:
            raise FieldError("A queryset after __in must have one column.")
        return Subquery(self)

    # Narrowing and ordering.

    def all(self) -> QuerySet[M]:
        return self._clone()

    def none(self) -> QuerySet[M]:
        """No rows, and no query either."""

        def build(query: Query, slots: Slots) -> None:
            query.is_empty = True

        return self._grown("none", (), build)

    def using(self, alias: str | None) -> QuerySet[M]:
        """Ask the database of this alias."""
        made = self._clone()
        made._db = alias
        return made

    def filter(self, *args: Any, **conditions: Any) -> QuerySet[M]:
        """Rows for which all conditions hold: ``filter(author__name="Alice")``.

        Raises FieldError, naming the choices, for a name that is not there.
        """
        return self._narrowed(False, args, conditions)

    def exclude(self, *args: Any, **conditions: Any) -> QuerySet[M]:
        """Rows for which not all of the conditions hold."""
        return self._narrowed(True, args, conditions)

    def complex_filter(self, given: Any) -> QuerySet[M]:
        """By a Q or a dict, as ``limit_choices_to`` holds them."""
        return self.filter(given) if isinstance(given, Q) else self.filter(**given)

    def order_by(self, *names: Any) -> QuerySet[M]:
        """In this order: ``order_by("-pages", F("age").asc(nulls_last=True))``; none
        for no order."""
        if self.limits != ALL_ROWS:
            raise TypeError("Cannot reorder a queryset once a slice has been taken.")

        def build(query: Query, slots: Slots) -> None:
            query.set_order(names, slots)
            query.is_reversed = False

        given = [each if isinstance(each, str) else _expression(each) for each in names]
        return self._grown("order_by", given, build)

    def reverse(self) -> QuerySet[M]:
        if self.limits != ALL_ROWS:
            raise TypeError("Cannot reverse a queryset once a slice has been taken.")

        def build(query: Query, slots: Slots) -> None:
            query.is_reversed = not query.is_reversed

        return self._grown("reverse", (), build)

    def distinct(self, *names: str) -> QuerySet[M]:
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

    def limit(self, count: int) -> QuerySet[M]:
        """At most so many rows: the same as ``[:count]``."""
        made: QuerySet[M] = self._uncached()._slice(slice(0, count))
        return made

    def offset(self, count: int) -> QuerySet[M]:
        """Without the first so many rows. With a limit, whichever comes first."""
        if index(count) < 0:
            raise ValueError("Negative slicing is not supported: use reverse().")
        made = self._clone()
        low, high = self.limits
        made.limits = (low + count, None if high is None else high + count)
        return made

    def _uncached(self) -> QuerySet[M]:
        return self if self._cache is None else self._clone()

    def select_related(self, *paths: Any) -> QuerySet[M]:
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

    def prefetch_related(self, *lookups: Any) -> QuerySet[M]:
        """Fetch these relations' rows with one more query each, at the first use."""
        made = self._clone()
        if lookups == (None,):
            made._prefetch = ()
            return made
        from fwtrace.toolkit.orm.prefetch import check

        check(self.model, lookups)
        made._prefetch = (*self._prefetch, *lookups)
        return made

    def only(self, *names: str) -> QuerySet[M]:
        """Fetch these fields, the others when they are looked at."""
        return self._loading("only", names)

    def defer(self, *names: Any) -> QuerySet[M]:
        """Fetch these fields when they are looked at; ``defer(None)`` for none."""
        return self._loading("defer", names)

    def _loading(self, method: str, names: Sequence[Any]) -> QuerySet[M]:
        if self.plan.query.rows != "model":
            raise TypeError(f"Cannot call {method}() after .values() or .values_list()")
        if method == "only" and names == (None,):
            raise TypeError("Cannot pass None as an argument to only().")

        def build(query: Query, slots: Slots) -> None:
            meta = query.model._meta
            every = frozenset(field.attname for field in meta.concrete_fields)
            if names == (None,):
                query.loaded = None
                return
            given = frozenset(_own_attname(query, name, method) for name in names)
            if method == "only":
                kept = given
            else:
                kept = (every if query.loaded is None else query.loaded) - given
            query.loaded = (kept | {meta.pk.attname}) - {""}

        return self._grown(method, (), build, *names)

    def select_for_update(
        self,
        nowait: bool = False,
        skip_locked: bool = False,
        of: Sequence[str] = (),
        no_key: bool = False,
    ) -> QuerySet[M]:
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

    def annotate(self, *args: Any, **annotations: Any) -> QuerySet[M]:
        """A value for each row, such as ``annotate(posts=Count("post"))``."""
        return self._annotated("annotate", args, annotations, hide=False)

    def alias(self, *args: Any, **annotations: Any) -> QuerySet[M]:
        """As :meth:`annotate`, for use in other expressions only."""
        return self._annotated("alias", args, annotations, hide=True)

    def _annotated(
        self, method: str, args: Any, named: dict[str, Any], hide: bool
    ) -> QuerySet[M]:
        self._refuse_after_combination(method)
        given = {_default_name(each): each for each in args} | named
        for name, expression in given.items():
            _check_alias(name)
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

    def values(self, *names: Any, **expressions: Any) -> QuerySet[dict[str, Any]]:
        """Dicts instead of instances."""
        return self._as("dict", names, expressions)

    def values_list(
        self, *names: Any, flat: bool = False, named: bool = False
    ) -> QuerySet[Any]:
        """Tuples instead of instances; with ``flat`` the values of one field, with
        ``named`` named tuples."""
        if flat and named:
            raise TypeError("'flat' and 'named' can't be used together.")
        if flat and len(names) != 1:
            raise TypeError("values_list(flat=True) takes exactly one field.")
        rows = "flat" if flat else "named" if named else "tuple"
        return self._as(rows, names, {})

    def _as(
        self, rows: str, names: Sequence[Any], expressions: dict[str, Any]
    ) -> QuerySet[Any]:
        given: list[tuple[str, Any]] = []
        for each in names:
            if isinstance(each, str):
                given.append((each, None))
            else:
                given.append((_default_name(each), each))
        given += expressions.items()
        for name, expression in given:
            if expression is not None:
                _check_alias(name)

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
        from fwtrace.toolkit.orm.functions import Trunc

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
        return self._combined("UNION", others, all)

    def intersection(self, *others: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that are in each of them."""
        return self._combined("INTERSECT", others)

    def difference(self, *others: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that are in none of the others."""
        return self._combined("EXCEPT", others)

    def _combined(
        self, operator: str, others: Sequence[QuerySet[Any]], all: bool = False
    ) -> QuerySet[Any]:
        sides = [self, *others]
        if any(each.plan.query.is_empty for each in sides):
            if operator == "INTERSECT" or (operator == "EXCEPT" and _is_empty(self)):
                return self.none()
            sides = [each for each in sides if not _is_empty(each)]
            if not sides:
                return self.none()
        if len(sides) == 1:
            return sides[0]._clone()
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

    # Asking the database.

    def _statement(
        self, kind: Any, write: Callable[[SQLCompiler], Any], database: Database
    ) -> Statement:
        return self.plan.statement(kind, database.vendor, self.limits, write)

    def as_statement(self) -> tuple[str, list[Any]]:
        """The SQL that its rows will be asked with, and the parameters."""
        statement = self._statement("select", SQLCompiler.select, self.database)
        return statement.bind(self._values, self.limits)

    def _run(self, kind: Any, write: Callable[[SQLCompiler], Any]) -> list[Any]:
        database = self.database
        statement = self._statement(kind, write, database)
        return database.fetch(*statement.bind(self._values, self.limits))

    def _fetch(self) -> list[M]:
        if self._cache is None:
            self._cache = [] if self._finds_nothing() else self._load()
        if self._prefetch and not self._prefetched:
            from fwtrace.toolkit.orm.prefetch import prefetch_related_objects

            self._prefetched = True
            prefetch_related_objects(self._cache, *self._prefetch)
        return self._cache

    def _finds_nothing(self) -> bool:
        return (
            self.plan.query.is_empty
            or self.limits[1] == self.limits[0] != 0
            or (self.limits[1] == 0)
        )

    def _load(self) -> list[M]:
        query = self.plan.query
        if query.lock is not None:
            self._need_transaction()
        database = self.database
        statement = self._statement("select", SQLCompiler.select, database)
        rows = database.fetch(*statement.bind(self._values, self.limits))
        made = statement.loader(is_watched())(rows, database)
        return self._related(made)

    def _need_transaction(self) -> None:
        from fwtrace.toolkit.orm.exceptions import TransactionManagementError

        database = self.database
        if not getattr(database, "in_atomic_block", True):
            raise TransactionManagementError(
                "select_for_update cannot be used outside of a transaction."
            )

    def _related(self, made: list[M]) -> list[M]:
        if self.known_related is not None and self.plan.query.rows == "model":
            field, instance = self.known_related
            key = getattr(instance, field.target_field.attname)
            for each in made:
                each._state.fields_cache[field.name] = key, instance  # type: ignore[attr-defined]
        return made

    def iterator(self, chunk_size: int = CHUNK) -> Iterator[M]:
        """The rows one after the other, none of them kept."""
        if chunk_size <= 0:
            raise ValueError("Chunk size must be strictly positive.")
        if self._finds_nothing():
            return
        database = self.database
        statement = self._statement("select", SQLCompiler.select, database)
        sql, params = statement.bind(self._values, self.limits)
        load = statement.loader(is_watched())
        for rows in database.fetch_chunks(sql, params, chunk_size):
            made = self._related(load(rows, database))
            if self._prefetch:
                from fwtrace.toolkit.orm.prefetch import prefetch_related_objects

                prefetch_related_objects(made, *self._prefetch)
            yield from made

    async def aiterator(self, chunk_size: int = CHUNK) -> AsyncIterator[M]:
        rows = self.iterator(chunk_size)
        done = object()
        while (row := await _in_thread(next, rows, done)) is not done:
            yield row

    def get(self, *args: Any, **conditions: Any) -> M:
        """The one row; raises the model's DoesNotExist or MultipleObjectsReturned."""
        rows: QuerySet[M] = self
        if args or conditions:
            rows = self._narrowed(False, args, conditions)
        if rows._cache is None and rows.limits == ALL_ROWS:
            rows = rows._clone() if rows is self else rows
            rows.limits = (0, GET_ROWS)
            if rows.plan.query.combination is None and not rows.plan.query.distinct:
                rows = rows._unordered()
        found = rows._fetch()
        if len(found) == 1:
            return found[0]
        name = self.model.__name__
        if not found:
            raise self.model.DoesNotExist(f"{name} matching query does not exist.")
        count = len(found) if len(found) < GET_ROWS else "more than 20"
        raise self.model.MultipleObjectsReturned(
            f"get() returned more than one {name} -- it returned {count}!"
        )

    def _unordered(self) -> QuerySet[M]:
        if not self.plan.query.is_ordered:
            return self

        def build(query: Query, slots: Slots) -> None:
            query.order = ()

        plan = self.plan.children.get("unordered")
        self.plan = plan or self.plan.grow("unordered", Slots(), build)
        return self

    def first(self) -> M | None:
        """The first row, by the primary key where there is no order."""
        rows = self if self.ordered or self._is_grouped() else self.order_by("pk")
        return next(iter(rows[:1]), None)

    def last(self) -> M | None:
        rows = self if self.ordered else self.order_by("pk")
        return next(iter(rows.reverse()[:1]), None)

    def _is_grouped(self) -> bool:
        return isinstance(self.plan.query.group_by, tuple)

    def latest(self, *fields: str) -> M:
        """The last row by these fields, or by the model's ``get_latest_by``."""
        return self._by_latest(fields, latest=True)

    def earliest(self, *fields: str) -> M:
        return self._by_latest(fields, latest=False)

    def _by_latest(self, fields: Sequence[str], latest: bool) -> M:
        given = fields or self.model._meta.get_latest_by
        if not given:
            raise ValueError(
                "earliest() and latest() require either fields as positional arguments "
                "or 'get_latest_by' in the model's Meta."
            )
        if self.limits != ALL_ROWS:
            raise TypeError("Cannot change a query once a slice has been taken.")
        names = [given] if isinstance(given, str) else list(given)
        rows = self.order_by(*names)
        return (rows.reverse() if latest else rows).limit(1).get()

    def count(self) -> int:
        """How many rows: counted by the database unless they are here already."""
        if self._cache is not None:
            return len(self._cache)
        if self._finds_nothing():
            return 0
        return int(self._run("count", SQLCompiler.count)[0][0])

    def exists(self) -> bool:
        if self._cache is not None:
            return bool(self._cache)
        if self._finds_nothing():
            return False
        return bool(self._run("exists", SQLCompiler.exists))

    def contains(self, obj: Any) -> bool:
        """Whether the instance's row is among these."""
        if self.plan.query.rows != "model":
            raise TypeError("Cannot call QuerySet.contains() after .values()")
        if not isinstance(obj, self.model):
            if not hasattr(obj, "_meta"):
                raise TypeError("'obj' must be a model instance.")
            return False
        if obj.pk is None:
            raise ValueError("QuerySet.contains() cannot be used on unsaved objects.")
        if self._cache is not None:
            return obj in self._cache
        return self.filter(pk=obj.pk).exists()

    def in_bulk(
        self, id_list: Iterable[Any] | None = None, *, field_name: str = "pk"
    ) -> dict[Any, M]:
        """``{key: row}``, of all or of these keys."""
        if self.limits != ALL_ROWS:
            raise TypeError("Cannot use 'limit' or 'offset' with in_bulk().")
        field = self.model._meta.get_field(field_name)
        if not field.unique:
            raise ValueError(
                f"in_bulk()'s field_name must be a unique field but {field_name!r} "
                "isn't."
            )
        rows = self.order_by()
        if id_list is not None:
            keys = list(id_list)
            if not keys:
                return {}
            rows = rows.filter(**{f"{field_name}__in": keys})
        return {getattr(row, field.attname): row for row in rows}

    def aggregate(self, *args: Any, **named: Any) -> dict[str, Any]:
        """``{name: value}`` over all the rows: ``aggregate(Avg("pages"))``."""
        if self.plan.query.distinct not in (False, True):
            raise NotImplementedError("aggregate() + distinct(fields) not implemented.")
        asked = {_default_name(each): each for each in args} | named
        for name, expression in asked.items():
            _check_alias(name)
            if not hasattr(expression, "resolve"):
                raise TypeError(
                    f"QuerySet.aggregate() received non-expression(s): {expression!r}."
                )
        if not asked:
            return {}
        columns: list[Column] = []

        def build(query: Query, slots: Slots) -> None:
            scope = Scope(query, slots)
            scope.summarizes = True  # type: ignore[attr-defined]
            for name, expression in asked.items():
                found = expression.resolve(scope)
                if not found.contains_aggregate:
                    raise TypeError(f"{name} is not an aggregate expression")
                columns.append(Column(name, found))
            query.summary = tuple(columns)  # type: ignore[attr-defined]

        grown = self._grown("aggregate", tuple(asked.values()), build, *asked)
        if _is_empty(self):
            return {name: _of_nothing(expression) for name, expression in asked.items()}
        summary = grown.plan.query.summary  # type: ignore[attr-defined]
        database = grown.database
        statement = grown._statement(
            "aggregate", lambda compiler: compiler.aggregate(summary), database
        )
        (row,) = database.fetch(*statement.bind(grown._values, grown.limits))
        found = {}
        for (name, expression), value in zip(summary, row, strict=True):
            found[name] = _converted(value, expression.field_or_none, statement)
        return found

    def explain(self, *, format: str | None = None, **options: Any) -> str:
        """The database's plan, as it tells it."""
        if format is not None:
            options["format"] = format
        database = self.database
        statement = self._statement("select", SQLCompiler.select, database)
        sql, params = statement.bind(self._values, self.limits)
        rows = database.fetch(statement.dialect.explain(options) + sql, params)
        return "\n".join(" ".join(map(str, row)) for row in rows)

    def raw(
        self,
        sql: str,
        params: Any = (),
        translations: dict[str, str] | None = None,
        using: str | None = None,
    ) -> Any:
        """Instances of the rows of a SELECT of your own; ``%s`` marks parameters."""
        from fwtrace.toolkit.orm.raw import RawQuerySet

        return RawQuerySet(self.model, sql, params, translations, using or self._db)

    # Changing rows.

    def create(self, **values: Any) -> M:
        """Make an instance and save it."""
        made: Any = self.model(**values)
        self._keep_hints(made)
        made.save(force_insert=True, using=self._db)
        return made  # type: ignore[no-any-return]

    def _keep_hints(self, made: Any) -> None:
        pass

    def get_or_create(
        self, defaults: dict[str, Any] | None = None, **conditions: Any
    ) -> tuple[M, bool]:
        """``(row, whether it was created)``."""
        try:
            return self.get(**conditions), False
        except self.model.DoesNotExist:
            values = _creation_values(self.model, conditions, defaults)
        database = self._writing()
        try:
            with database.atomic():
                return self.create(**values), True
        except IntegrityError:
            try:  # another was quicker
                return self.get(**conditions), False
            except self.model.DoesNotExist:
                pass
            raise

    def update_or_create(
        self,
        defaults: dict[str, Any] | None = None,
        create_defaults: dict[str, Any] | None = None,
        **conditions: Any,
    ) -> tuple[M, bool]:
        """``(row, whether it was created)``; one that was there gets ``defaults``."""
        values = defaults or {}
        made = values if create_defaults is None else create_defaults
        database = self._writing()
        with database.atomic():
            rows = self.select_for_update()
            row, created = rows.get_or_create(made, **conditions)
            if not created:
                for name, value in values.items():
                    setattr(row, name, value() if callable(value) else value)
                row.save(using=database.alias)  # type: ignore[attr-defined]
        return row, created

    def bulk_create(
        self,
        objs: Iterable[M],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Sequence[str] | None = None,
        unique_fields: Sequence[str] | None = None,
    ) -> list[M]:
        """Insert the instances in few statements; no ``save()``, no signals."""
        from fwtrace.toolkit.orm.saving import bulk_create

        return bulk_create(
            self.model,
            self._writing(),
            list(objs),
            batch_size,
            ignore_conflicts,
            update_conflicts,
            update_fields,
            unique_fields,
        )

    def bulk_update(
        self, objs: Iterable[M], fields: Sequence[str], batch_size: int | None = None
    ) -> int:
        """Save these fields of the instances in few statements; rows changed."""
        from fwtrace.toolkit.orm.saving import bulk_update

        return bulk_update(self, self._writing(), list(objs), fields, batch_size)

    def update(self, **values: Any) -> int:
        """Set columns of all rows in one statement; how many rows that were."""
        if self.limits != ALL_ROWS:
            raise TypeError("Cannot update a query once a slice has been taken.")
        self._refuse_after_combination("update")
        if not values or _is_empty(self):
            return 0
        from fwtrace.toolkit.orm.saving import update_rows

        self._cache = None
        return update_rows(self, self._writing(), values)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows and what cascades: ``(rows in all, {model: rows})``."""
        self._refuse_after_combination("delete")
        if self.limits != ALL_ROWS:
            raise TypeError("Cannot use 'limit' or 'offset' with delete().")
        if self.plan.query.distinct:
            raise TypeError("Cannot call delete() after .distinct().")
        if self.plan.query.rows != "model":
            raise TypeError("Cannot call delete() after .values() or .values_list()")
        collector = Collector(self._writing())
        self._cache = None
        if collector.can_fast_delete(self.model):
            count = self._raw_delete()
            return count, {self.model._meta.label: count} if count else {}
        collector.collect(list(self._clone()))  # type: ignore[arg-type]
        return collector.delete()

    delete.queryset_only = True  # type: ignore[attr-defined]

    def _raw_delete(self, using: str | None = None) -> int:
        """Delete the rows and nothing else: no cascade, no signals."""
        if _is_empty(self):
            return 0
        database = self._writing() if using is None else get_database(using)
        statement = self._statement("delete", SQLCompiler.delete, database)
        return database.execute(*statement.bind(self._values, self.limits)).rowcount


async def _in_thread(function: Any, *args: Any, **kwargs: Any) -> Any:
    import asyncio

    return await asyncio.to_thread(function, *args, **kwargs)


def _async_form(name: str) -> Any:
    async def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await _in_thread(getattr(self, name), *args, **kwargs)

    method.__name__ = method.__qualname__ = f"a{name}"
    method.__doc__ = f"As :meth:`{name}`, in a thread of its own."
    return method


ASYNC = (
    "get create get_or_create update_or_create bulk_create bulk_update count in_bulk "
    "latest earliest first last exists contains update delete aggregate explain"
).split()

for _name in ASYNC:
    setattr(QuerySet, f"a{_name}", _async_form(_name))


class _ShownQuery(Query):
    """A query that is shown as the SQL of its queryset, slice included."""

    @classmethod
    def of(cls, queryset: QuerySet[Any]) -> Query:
        made = object.__new__(cls)
        made.__dict__.update(queryset.plan.query.clone().__dict__)
        made.queryset = queryset  # type: ignore[attr-defined]
        return made

    def __str__(self) -> str:
        from fwtrace.toolkit.orm.dialects import default_dialect

        queryset = self.queryset  # type: ignore[attr-defined]
        compiler = SQLCompiler(
            queryset.plan.query.clone(),
            default_dialect(queryset.model),
            limits=queryset.limits,
        )
        return compiler.select()[0]


def _unpickled(kind: type[QuerySet[Any]], state: dict[str, Any]) -> QuerySet[Any]:
    made = object.__new__(kind)
    made.__dict__.update(state)
    return made


def _prepared(plan: Plan, values: Sequence[Any]) -> list[Any]:
    prepares = plan.prepares
    return [
        value if prepare is None else prepare(value)
        for prepare, value in zip(prepares, values, strict=True)
    ]


def _split_what_can(node: Any, slots: Slots) -> None:
    """Number the values of a tree of which a part has no shape."""
    if isinstance(node, Q):
        for number, child in enumerate(node.children):
            if not isinstance(child, tuple):
                _split_what_can(child, slots)
                continue
            value = child[1]
            if hasattr(value, "slot_values") or hasattr(value, "resolve"):
                _split_what_can(value, slots)
            elif value is None or isinstance(value, bool):
                pass
            elif isinstance(value, (list, tuple, set, frozenset)) and any(
                hasattr(each, "resolve") for each in value
            ):
                for each in value:
                    if hasattr(each, "resolve"):
                        _split_what_can(each, slots)
            elif not (isinstance(value, (list, tuple, set, frozenset)) and not value):
                slots.add(node, value, number)
    elif hasattr(node, "slot_values"):
        slots.extend(node, node.slot_values())
    elif hasattr(node, "split"):
        try:
            hash(node.split(slots))
        except TypeError:
            for child in node.children() if hasattr(node, "children") else ():
                _split_what_can(child, slots)


def _expression(given: Any) -> Any:
    if given is None or isinstance(given, (int, float)):
        raise FieldError(f"An order is a name or an expression, not {given!r}.")
    return as_expression(given)


def _is_empty(queryset: QuerySet[Any]) -> bool:
    return queryset.plan.query.is_empty


def _of_nothing(expression: Any) -> Any:
    default = getattr(expression, "default", None)
    return getattr(expression, "empty_value", None) if default is None else default


def _converted(value: Any, field: Any, statement: Statement) -> Any:
    if field is None:
        return value
    if value is not None:
        convert = statement.dialect.converter(field.kind, True)
        value = value if convert is None else convert(value)
    own = getattr(field, "from_db_value", None)
    return value if own is None else own(value, None, None)


def _default_name(expression: Any) -> str:
    name = getattr(expression, "default_alias", None)
    if not isinstance(name, str):
        raise TypeError("Complex expressions require an alias")
    return name


def _check_alias(name: str) -> None:
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


def _own_attname(query: Query, name: str, method: str) -> str:
    """The field's; of a path over a relation, the relation's own, which must be there.

    A related row that is fetched by a join is always fetched whole.
    """
    meta = query.model._meta
    first, *rest = name.split("__")
    if rest:
        if query.path([first, *rest]).rest:
            raise FieldError(f"A field is wanted, not a lookup: {name!r}.")
        return (
            "" if method == "defer" else str(getattr(meta.find(first), "attname", ""))
        )
    return str(getattr(meta.get_field(first), "attname", ""))


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


def _creation_values(
    model: type[Model], conditions: dict[str, Any], defaults: dict[str, Any] | None
) -> dict[str, Any]:
    plain = {k: v for k, v in conditions.items() if "__" not in k}
    values = plain | (defaults or {})
    return {k: v() if callable(v) else v for k, v in values.items()}
