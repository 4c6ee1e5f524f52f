"""Querysets: lazy, immutable, chainable, cached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import index
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fwtrace.toolkit.orm.compiler import SQLCompiler
from fwtrace.toolkit.orm.database import Database, Row, get_database
from fwtrace.toolkit.orm.deletion import Collector
from fwtrace.toolkit.orm.exceptions import FieldError
from fwtrace.toolkit.orm.loading import loader
from fwtrace.toolkit.orm.signals import post_delete, pre_delete
from fwtrace.toolkit.orm.sql import Q, Query, Subquery

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.models import Model

__all__ = ["QuerySet"]

M = TypeVar("M")
REPR_ROWS = 20


class QuerySet(Generic[M]):
    """The rows of a model that some conditions select.

    Every method that narrows or orders gives a new queryset; the database is asked
    when the rows are, once.
    """

    def __init__(self, model: type[Model], query: Query | None = None) -> None:
        self.model = model
        self._query = query or Query(model)
        self._cache: list[M] | None = None
        self._shape: Callable[[Row], Any] | None = None
        self.known_related: tuple[str, Any] | None = None

    # What a queryset looks like from outside.

    @property
    def database(self) -> Database:
        return get_database()

    @property
    def query(self) -> Query:
        """What will be asked; as text, the SQL with ``?`` for each parameter."""
        return self._query

    def __repr__(self) -> str:
        rows = list(self[: REPR_ROWS + 1]) if self._cache is None else self._cache
        shown = ", ".join(map(repr, rows[:REPR_ROWS]))
        more = ", ..." if len(rows) > REPR_ROWS else ""
        return f"<QuerySet [{shown}{more}]>"

    def __iter__(self) -> Iterator[M]:
        return iter(self._fetch())

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
        made._query.set_limits(start, stop)
        return list(made)[:: key.step] if key.step else made

    # Narrowing and ordering.

    def all(self) -> QuerySet[M]:
        return self._clone()

    def none(self) -> QuerySet[M]:
        """No rows, and no query either."""
        made = self._clone()
        made._query.is_empty = True
        return made

    def filter(self, *args: Q, **conditions: Any) -> QuerySet[M]:
        """Rows for which all conditions hold: ``filter(author__name="Alice")``.

        Raises FieldError, naming the choices, for a name that is not there.
        """
        return self._narrowed(Q(*args, **conditions))

    def exclude(self, *args: Q, **conditions: Any) -> QuerySet[M]:
        """Rows for which not all of the conditions hold."""
        return self._narrowed(~Q(*args, **conditions))

    def _narrowed(self, q: Q) -> QuerySet[M]:
        if self._query.is_sliced:
            raise TypeError("Cannot filter a queryset once a slice has been taken.")
        made = self._clone()
        made._query.add_q(q)
        return made

    def order_by(self, *names: str) -> QuerySet[M]:
        """In this order: ``order_by("-pages", "author__name")``; none for no order."""
        if self._query.is_sliced:
            raise TypeError("Cannot reorder a queryset once a slice has been taken.")
        made = self._clone()
        made._query.order_by = list(names)
        made._query.clone().ordering()  # names that are not there are found out now
        return made

    def reverse(self) -> QuerySet[M]:
        if self._query.is_sliced:
            raise TypeError("Cannot reverse a queryset once a slice has been taken.")
        made = self._clone()
        made._query.reversed = not made._query.reversed
        return made

    def distinct(self) -> QuerySet[M]:
        made = self._clone()
        made._query.is_distinct = True
        return made

    def limit(self, count: int) -> QuerySet[M]:
        """At most so many rows: the same as ``[:count]``."""
        made: QuerySet[M] = self._slice(slice(0, count))
        return made

    def offset(self, count: int) -> QuerySet[M]:
        """Without the first so many rows. With a limit, whichever comes first."""
        if index(count) < 0:
            raise ValueError("Negative slicing is not supported: use reverse().")
        made = self._clone()
        high = made._query.high
        made._query.high = None
        made._query.low += count
        if high is not None:
            made._query.high = high + count
        return made

    def select_related(self, *paths: str) -> QuerySet[M]:
        """Fetch these foreign keys' rows in the same query, by joins.

        ``select_related("author", "author__city")``; without names, every foreign key
        that cannot be NULL.
        """
        if not paths:
            fields = self.model._meta.fields
            paths = tuple(f.name for f in fields if f.is_relation and not f.null)
        made = self._clone()
        wanted = list(made._query.related)
        for path in paths:
            parts = path.split("__")
            wanted += ["__".join(parts[: n + 1]) for n in range(len(parts))]
            made._query.clone().related_join(path)
        made._query.related = tuple(dict.fromkeys(wanted))
        return made

    def values(self, *names: str) -> QuerySet[dict[str, Any]]:
        """Dicts instead of instances."""
        names = names or self.model._meta.attnames
        return self._as(names, lambda row: dict(zip(names, row, strict=False)))

    def values_list(self, *names: str, flat: bool = False) -> QuerySet[Any]:
        """Tuples instead of instances; with ``flat`` the values of one field."""
        if flat and len(names) != 1:
            raise TypeError("values_list(flat=True) takes exactly one field.")
        names = names or self.model._meta.attnames
        size = len(names)
        if flat:
            return self._as(names, lambda row: row[0])
        return self._as(names, lambda row: tuple(row[:size]))

    def _as(self, names: Sequence[str], shape: Callable[[Row], Any]) -> QuerySet[Any]:
        made: QuerySet[Any] = self._clone()
        made._shape = shape
        query = made._query.clone()
        for name in names:
            query.column(name)
        made._query.columns = tuple(names)
        return made

    # Asking the database.

    def get(self, *args: Q, **conditions: Any) -> M:
        """The one row; raises the model's DoesNotExist or MultipleObjectsReturned."""
        rows: QuerySet[M] = (
            self.filter(*args, **conditions) if args or conditions else self
        )
        found = list(rows[:21] if not rows._query.is_sliced else rows)
        if len(found) == 1:
            row: M = found[0]
            return row
        name = self.model.__name__
        if not found:
            raise self.model.DoesNotExist(f"{name} matching query does not exist.")
        count = len(found) if len(found) <= 20 else "more than 20"
        raise self.model.MultipleObjectsReturned(
            f"get() returned more than one {name} -- it returned {count}!"
        )

    def first(self) -> M | None:
        """The first row, by the primary key where there is no order."""
        rows = self if self._is_ordered() else self.order_by("pk")
        return next(iter(rows[:1]), None)

    def last(self) -> M | None:
        rows = self if self._is_ordered() else self.order_by("pk")
        return next(iter(rows.reverse()[:1]), None)

    def _is_ordered(self) -> bool:
        order = self._query.order_by
        return bool(self.model._meta.ordering if order is None else order)

    def count(self) -> int:
        """How many rows: counted by the database unless they are here already."""
        if self._cache is not None:
            return len(self._cache)
        if self._query.is_empty:
            return 0
        return int(self.database.fetch(*self._compiler().count())[0][0])

    def exists(self) -> bool:
        if self._cache is not None:
            return bool(self._cache)
        if self._query.is_empty:
            return False
        return bool(self.database.fetch(*self._compiler().exists()))

    # Changing rows.

    def create(self, **values: Any) -> M:
        """Make an instance and save it."""
        made: Any = self.model(**values)
        made.save(force_insert=True)
        return made  # type: ignore[no-any-return]

    def get_or_create(
        self, defaults: dict[str, Any] | None = None, **conditions: Any
    ) -> tuple[M, bool]:
        """``(row, whether it was created)``."""
        try:
            return self.get(**conditions), False
        except self.model.DoesNotExist:
            plain = {k: v for k, v in conditions.items() if "__" not in k}
            return self.create(**plain, **(defaults or {})), True

    def update(self, **values: Any) -> int:
        """Set columns of all rows in one statement; how many rows that were."""
        if self._query.is_sliced:
            raise TypeError("Cannot update a query once a slice has been taken.")
        meta = self.model._meta
        settings = {
            meta.get_field(name): meta.get_field(name).get_prep_value(value)
            for name, value in values.items()
        }
        if not settings or self._query.is_empty:
            return 0
        cursor = self.database.execute(*self._compiler().update(settings))
        self._cache = None
        return cursor.rowcount

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows and what cascades: ``(rows in all, {model: rows})``."""
        if self._query.is_sliced:
            raise TypeError("Cannot use 'limit' or 'offset' with delete().")
        if self._shape is not None:
            raise TypeError("Cannot delete after values() or values_list().")
        watched = pre_delete.connections or post_delete.connections
        if not watched and not self.model._meta.related_objects:
            count = self.raw_delete()
            return count, {self.model._meta.label: count} if count else {}
        collector = Collector(self.database)
        collector.collect(list(self))  # type: ignore[arg-type]
        self._cache = None
        return collector.delete()

    def raw_delete(self) -> int:
        """Delete the rows and nothing else: no cascade, no signals."""
        if self._query.is_empty:
            return 0
        return self.database.execute(*self._compiler().delete()).rowcount

    # Inside.

    def _clone(self) -> QuerySet[M]:
        made: QuerySet[M] = type(self)(self.model, self._query.clone())
        made._shape = self._shape
        made.known_related = self.known_related
        return made

    def _compiler(self) -> SQLCompiler:
        return SQLCompiler(self._query.clone(), self.database)

    def as_subquery(self, compiler: SQLCompiler) -> tuple[str, list[Any]]:
        """The rows as the right-hand side of ``__in``: their keys, or the one value."""
        columns = self._query.columns or ("pk",)
        if len(columns) != 1:
            raise FieldError("A queryset after __in must have one column.")
        column = columns[0]
        return Subquery(self._query, column).as_subquery(compiler)

    def _fetch(self) -> list[M]:
        if self._cache is None:
            self._cache = [] if self._query.is_empty else self._run()
        return self._cache

    def _run(self) -> list[M]:
        compiler = self._compiler()
        rows = compiler.fetch(*compiler.select())
        if self._shape is not None:
            return [self._shape(row) for row in self._converted(rows)]
        load = loader(self.model, compiler.database, self._query.related)
        made = load(rows)
        if self.known_related is not None:
            name, instance = self.known_related
            for each in made:
                each._state.fields_cache[name] = instance.pk, instance
        return made

    def _converted(self, rows: list[Row]) -> list[Row]:
        """Rows of some columns, each value as its field has it."""
        query = self._query.clone()
        converters = [
            self.database.converters.get(query.column(name).field.kind)
            for name in query.columns or ()
        ]
        if not any(converters):
            return rows
        return [
            tuple(c(v) if c else v for c, v in zip(converters, row, strict=False))
            for row in rows
        ]
