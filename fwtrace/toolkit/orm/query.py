"""Querysets: lazy, immutable, chainable, cached."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import index
from typing import TYPE_CHECKING, Any, Self

from fwtrace.toolkit.orm.chain import M
from fwtrace.toolkit.orm.compiler import ALL_ROWS, SQLCompiler
from fwtrace.toolkit.orm.database import Database, get_database
from fwtrace.toolkit.orm.deletion import Collector
from fwtrace.toolkit.orm.exceptions import IntegrityError
from fwtrace.toolkit.orm.loading import is_watched
from fwtrace.toolkit.orm.plans import Statement
from fwtrace.toolkit.orm.routers import db_for_read, db_for_write
from fwtrace.toolkit.orm.selecting import Selection, check_alias, default_name
from fwtrace.toolkit.orm.slots import Scope, Slots
from fwtrace.toolkit.orm.sql import Column, Query
from fwtrace.toolkit.orm.tasks import OwnThread, async_form, in_thread, is_in_block

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = ["QuerySet"]

REPR_ROWS = 20
GET_ROWS = 21
CHUNK = 2000
ROWS_AT_ONCE = 100


class QuerySet(Selection[M]):
    """The rows of a model that some conditions select.

    Every method that narrows or orders gives a new queryset; the database is asked
    when the rows are, once.
    """

    # What a queryset looks like from outside.

    @classmethod
    def as_manager(cls) -> Any:
        """A manager with this queryset's methods."""
        from fwtrace.toolkit.orm.manager import Manager

        made = Manager.from_queryset(cls)()
        made._built_with_as_manager = True
        return made

    @property
    def db(self) -> str:
        """The alias of the database that is asked."""
        if self._db is not None:
            return self._db
        return db_for_read(self.model, **(self._hints or {}))

    @property
    def database(self) -> Database:
        return get_database(self._db or self.db)

    def _writing(self) -> Database:
        if self._db is not None:
            return get_database(self._db)
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
        for row in await in_thread(self._fetch):
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
        if self._cache is not None:
            return self._cache[key]
        start = index(key.start or 0)
        made = self._sliced(start, None if key.stop is None else index(key.stop))
        return list(made)[:: key.step] if key.step else made

    def __reduce__(self) -> Any:
        """Pickled with its rows, which are fetched for it."""
        self._fetch()
        return (_unpickled, (type(self), self.__dict__))

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
        """As :meth:`iterator`; a cursor is one thread's from its first row on."""
        rows = self.iterator(chunk_size)
        if is_in_block():
            for row in rows:
                yield row
            return
        own = OwnThread.current() or OwnThread()
        try:
            while some := await own.call(list, islice(rows, ROWS_AT_ONCE)):
                for row in some:
                    yield row
        finally:
            if own is not OwnThread.current():
                own.end()

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

    def _unordered(self) -> Self:
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
        if not obj._is_pk_set():
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
        asked = {default_name(each): each for each in args} | named
        for name, expression in asked.items():
            check_alias(name)
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
        if self.is_empty:
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
        made.save(force_insert=True, using=self._db or self._writing().alias)
        return made  # type: ignore[no-any-return]

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
        if not values or self.is_empty:
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
        if self.is_empty:
            return 0
        database = self._writing() if using is None else get_database(using)
        statement = self._statement("delete", SQLCompiler.delete, database)
        return database.execute(*statement.bind(self._values, self.limits)).rowcount


ASYNC = (
    "get create get_or_create update_or_create bulk_create bulk_update count in_bulk "
    "latest earliest first last exists contains update delete aggregate explain"
).split()

for _name in ASYNC:
    setattr(QuerySet, f"a{_name}", async_form(_name))


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


def _creation_values(
    model: type[Model], conditions: dict[str, Any], defaults: dict[str, Any] | None
) -> dict[str, Any]:
    plain = {k: v for k, v in conditions.items() if "__" not in k}
    values = plain | (defaults or {})
    return {k: v() if callable(v) else v for k, v in values.items()}
