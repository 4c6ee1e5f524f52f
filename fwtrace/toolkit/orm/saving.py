"""Writing rows: of one instance, of many at once, of a queryset."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from fwtrace.toolkit.orm.compiler import SQLCompiler
from fwtrace.toolkit.orm.database import Database, get_database
from fwtrace.toolkit.orm.dialects import Dialect, get_dialect
from fwtrace.toolkit.orm.exceptions import DatabaseError, FieldError
from fwtrace.toolkit.orm.expressions import Case, Value, When
from fwtrace.toolkit.orm.fields import NOT_PROVIDED, AutoField, Field
from fwtrace.toolkit.orm.order import number
from fwtrace.toolkit.orm.routers import db_for_write
from fwtrace.toolkit.orm.signals import post_save, pre_save
from fwtrace.toolkit.orm.slots import Scope, Slots

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model
    from fwtrace.toolkit.orm.query import QuerySet

__all__ = ["bulk_create", "bulk_update", "save", "update_rows"]


# One instance.


def save(
    instance: Model,
    force_insert: bool,
    force_update: bool,
    using: str | None,
    update_fields: Iterable[str] | None,
) -> None:
    """See :meth:`Model.save`."""
    if force_insert and (force_update or update_fields is not None):
        raise ValueError("Cannot force both insert and updating in model saving.")
    model = type(instance)
    if using is None:
        using = db_for_write(model, instance=instance)
    database = get_database(using)
    only: frozenset[str] | None = None
    if update_fields is not None:
        only = _named(model, update_fields)
        if not only:
            return
    elif not instance._state.adding and instance._state.db == using:
        deferred = instance.get_deferred_fields() if _has_deferred(instance) else ()
        if deferred:
            only = frozenset(instance._meta.attnames) - frozenset(deferred)
    if pre_save.connections:
        pre_save.send(
            model,
            instance=instance,
            raw=False,
            using=using,
            update_fields=update_fields,
        )
    meta = model._meta.concrete_model._meta
    if meta.parents:
        with database.atomic():
            created = _save_with_parents(
                instance, meta, database, force_insert, force_update, only
            )
    else:
        created = _save_table(
            instance, meta, database, force_insert, force_update, only
        )
    instance._state.adding = False
    instance._state.db = using
    if post_save.connections:
        post_save.send(
            model,
            instance=instance,
            created=created,
            update_fields=update_fields,
            raw=False,
            using=using,
        )


def _has_deferred(instance: Model) -> bool:
    own = instance.__dict__
    return any(name not in own for name in instance._meta.given_attnames)


def _named(model: type[Model], names: Iterable[str]) -> frozenset[str]:
    meta = model._meta
    known = meta.by_name
    keys = meta.pk_fields
    unknown = [
        name
        for name in names
        if name not in known or known[name].primary_key or known[name] in keys
    ]
    if unknown:
        raise ValueError(
            "The following fields do not exist in this model, are m2m fields, primary "
            f"keys, or are non-concrete fields: {', '.join(unknown)}"
        )
    return frozenset(known[name].attname for name in names)


def _save_with_parents(
    instance: Model,
    meta: Any,
    database: Database,
    force_insert: bool,
    force_update: bool,
    only: frozenset[str] | None,
) -> bool:
    for parent, link in meta.parents.items():
        above = parent._meta
        key = getattr(instance, link.attname)
        if getattr(instance, above.pk.attname, None) is None and key is not None:
            setattr(instance, above.pk.attname, key)
        if above.parents:
            _save_with_parents(instance, above, database, False, False, only)
        else:
            _save_table(instance, above, database, False, False, only)
        setattr(instance, link.attname, getattr(instance, above.pk.attname))
    return _save_table(instance, meta, database, force_insert, force_update, only)


def _save_table(
    instance: Model,
    meta: Any,
    database: Database,
    force_insert: bool,
    force_update: bool,
    only: frozenset[str] | None,
) -> bool:
    """Write the row of one table; whether it was inserted."""
    key = getattr(instance, meta.pk.attname)
    if type(key) is tuple:
        key = _composite_key(instance, meta)
    elif key is None and meta.pk.has_default():
        key = meta.pk.get_default()
        setattr(instance, meta.pk.attname, key)
    if key is None and (force_update or only is not None):
        raise ValueError("Cannot force an update in save() with no primary key.")
    fresh_key = instance._state.adding and meta.has_default_key and not force_update
    if key is not None and not force_insert and not (fresh_key and only is None):
        if _update(instance, meta, database, only):
            return False
        if force_update:
            raise DatabaseError("Forced update did not affect any rows.")
        if only is not None and not instance._state.adding:
            raise DatabaseError("Save with update_fields did not affect any rows.")
    _insert(instance, meta, database)
    return True


def _composite_key(instance: Model, meta: Any) -> tuple[Any, ...] | None:
    """The key of several columns, with defaults in the place of None; None itself where
    a column stays without a value, or leaves it to the database."""
    for field in meta.pk_fields:
        if field.is_relation:
            _take_key(instance, field)
        if getattr(instance, field.attname) is None and field.has_default():
            setattr(instance, field.attname, field.get_default())
    key: tuple[Any, ...] = instance.pk
    is_known = all(each is not None and not hasattr(each, "resolve") for each in key)
    return key if is_known else None


def _update(
    instance: Model, meta: Any, database: Database, only: frozenset[str] | None
) -> bool:
    """Whether there was a row of this key."""
    fields = [
        field for field in meta.updated_fields if only is None or field.attname in only
    ]
    rows = meta.model._base_manager.using(database.alias)
    rows = rows.filter(pk=getattr(instance, meta.pk.attname))
    if not fields:
        return bool(rows.exists())
    values = {field: _prepared(instance, field, add=False) for field in fields}
    if meta.generated_fields:
        return _update_generated(instance, meta, rows, database, values)
    return _set_columns(rows, database, values) > 0


def _update_generated(
    instance: Model,
    meta: Any,
    rows: QuerySet[Any],
    database: Database,
    values: dict[Any, Any],
) -> bool:
    """An UPDATE that changes generated columns too: they are read back, or forgotten
    where it returns none."""
    dialect = get_dialect(database.vendor)
    sql, params = _bound_update(rows, database, values)
    if not dialect.has_update_returning:
        _forget_generated([instance], meta)
        return database.execute(sql, params).rowcount > 0
    sql += _returning(meta.generated_fields, dialect)
    found = database.fetch(sql, params)
    if found:
        _take_returned([instance], meta.generated_fields, found, database)
    return bool(found)


def _returning(fields: Iterable[Field], dialect: Dialect) -> str:
    return f" RETURNING {', '.join(dialect.quote(field.column) for field in fields)}"


def _take_returned(
    instances: Sequence[Any],
    fields: Iterable[Field],
    rows: Sequence[Sequence[Any]],
    database: Database,
) -> None:
    """Set the attributes of these fields to what a statement returned of them."""
    readers = _readers(tuple(fields), get_dialect(database.vendor))
    for place, (name, read) in enumerate(readers):
        for instance, row in zip(instances, rows, strict=True):
            value = row[place]
            setattr(instance, name, value if read is None else read(value, database))


_Reader = Callable[[Any, Database], Any] | None


@lru_cache(maxsize=1024)
def _readers(
    fields: tuple[Any, ...], dialect: Dialect
) -> tuple[tuple[str, _Reader], ...]:
    """Each field's attribute, and what is done to its value where anything is."""
    return tuple((field.attname, _reader(field, dialect)) for field in fields)


def _reader(field: Any, dialect: Dialect) -> _Reader:
    convert = dialect.converter(field.kind)
    decoder = getattr(field, "decoder", None)
    if decoder is not None:
        convert = partial(json.loads, cls=decoder)
    own = getattr(field, "from_db_value", None)
    if convert is None and own is None:
        return None

    def read(value: Any, database: Database) -> Any:
        if value is not None and convert is not None:
            value = convert(value)
        return value if own is None else own(value, None, database)

    return read


def _prepared(instance: Model, field: Field, add: bool) -> Any:
    """The value to write, checked; an expression is left as it is."""
    if field.is_relation and hasattr(instance._state, "_fields_cache"):
        _take_key(instance, field)
    value = field.pre_save(instance, add)
    if type(value) not in _PLAIN and hasattr(value, "resolve"):
        return value
    return field.get_prep_value(value)


_PLAIN = frozenset((str, int, float, bool, type(None)))


def _take_key(instance: Model, field: Any) -> None:
    """The row that was assigned may have been saved, and got its key, since."""
    cached = instance._state.fields_cache.get(field.name)
    if cached is None or cached[1] is None:
        return
    if cached[0] is None and getattr(instance, field.attname) is None:
        related = cached[1]
        if getattr(related, field.target_field.attname) is None:
            raise ValueError(
                f"Save the {type(related).__name__} before the "
                f"{type(instance).__name__} whose {field.name!r} it is: it has no "
                "key yet."
            )
        setattr(instance, field.name, related)


class _Insertion(NamedTuple):
    """How rows of a table are inserted: worked out once."""

    fields: tuple[Field, ...]
    sql: str
    may_omit: tuple[Field, ...]
    """Fields with a default of the database's."""
    generated: tuple[Field, ...]
    """Fields that the database works out: they are read back."""


@lru_cache(maxsize=1024)
def _insertion(model: type[Model], counts: bool, dialect: Dialect) -> _Insertion:
    meta = model._meta
    given = [field for field in meta.local_fields if not field.generated]
    fields = tuple(f for f in given if not (counts and f is meta.pk))
    may_omit = tuple(f for f in fields if _db_default(f) is not NOT_PROVIDED)
    sql = _insert_sql(model, fields, 1, dialect)
    return _Insertion(fields, sql, may_omit, meta.generated_fields)


def _db_default(field: Field) -> Any:
    return getattr(field, "db_default", NOT_PROVIDED)


def _insert(instance: Model, meta: Any, database: Database) -> None:
    pk = meta.pk
    counts = isinstance(pk, AutoField) and getattr(instance, pk.attname) is None
    dialect = get_dialect(database.vendor)
    fields, sql, may_omit, generated = _insertion(meta.model, counts, dialect)
    if meta.order_with_respect_to is not None:
        _number([instance], meta, database)
    returning: list[Any] = [pk, *generated] if counts else [*generated]
    if may_omit:
        omitted = [f for f in may_omit if _is_left_to_database(instance, f)]
        fields = tuple(field for field in fields if field not in omitted)
        sql = _insert_sql(meta.model, fields, 1, dialect)
        returning += omitted
    values = [_prepared(instance, field, add=True) for field in fields]
    if any(type(v) not in _PLAIN and hasattr(v, "resolve") for v in values):
        sql, params = _insert_of_expressions(meta.model, fields, values, dialect)
    else:
        adapters = dialect.adapters
        params = [
            value if (adapt := adapters.get(type(value))) is None else adapt(value)
            for value in values
        ]
    if counts and len(returning) == 1 and dialect.has_last_id:
        setattr(instance, pk.attname, database.execute(sql, params).lastrowid)
    elif returning:
        rows = database.fetch(sql + _returning(returning, dialect), params)
        _take_returned([instance], returning, rows, database)
    else:
        database.execute(sql, params)


def _number(rows: list[Any], meta: Any, database: Database) -> None:
    """New rows go behind those of the same owner, whose key must be known for that."""
    for row in rows:
        _take_key(row, meta.order_with_respect_to)
    number(rows, meta, database.alias)


def _is_left_to_database(instance: Model, field: Field) -> bool:
    value = instance.__dict__.get(field.attname)
    return value is None or value is _db_default(field)


@lru_cache(maxsize=1024)
def _insert_sql(
    model: type[Model], fields: tuple[Field, ...], rows: int, dialect: Dialect
) -> str:
    table = dialect.quote(model._meta.db_table)
    if not fields:
        return f"INSERT INTO {table} {dialect.default_values()}"
    columns = ", ".join(dialect.quote(field.column) for field in fields)
    places = ", ".join([dialect.marker] * len(fields))
    listed = ", ".join([f"({places})"] * rows)
    return f"INSERT INTO {table} ({columns}) VALUES {listed}"


def _insert_of_expressions(
    model: type[Model], fields: Sequence[Field], values: Sequence[Any], dialect: Dialect
) -> tuple[str, list[Any]]:
    from fwtrace.toolkit.orm.sql import Query

    compiler = SQLCompiler(Query(model), dialect)
    parts, params = [], []
    for value in values:
        if hasattr(value, "resolve"):
            scope = Scope(compiler.query, Slots(), allow_joins=False)
            sql, more = compiler.compile(value.resolve(scope))
            parts.append(sql)
            params += [dialect.adapt(each.value) for each in more]  # type: ignore[union-attr]
        else:
            parts.append(dialect.marker)
            params.append(dialect.adapt(value))
    table = dialect.quote(model._meta.db_table)
    columns = ", ".join(dialect.quote(field.column) for field in fields)
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join(parts)})", params


# Rows of a queryset.


def update_rows(
    queryset: QuerySet[Any], database: Database, values: dict[str, Any]
) -> int:
    """See :meth:`QuerySet.update`."""
    meta = queryset.model._meta
    own: dict[Any, Any] = {}
    above: dict[Any, dict[Any, Any]] = {}
    for name, value in values.items():
        field = meta.get_field(name)
        if not getattr(field, "concrete", True) or field.many_to_many:
            raise FieldError(
                f"Cannot update model field {name!r}: it is no column of the table."
            )
        if field.generated:
            raise FieldError(
                f"Cannot update model field {name!r}: the database works it out."
            )
        if not hasattr(value, "resolve"):
            value = field.get_prep_value(value)
        table = field.model._meta.concrete_model
        if table is meta.concrete_model:
            own[field] = value
        else:
            above.setdefault(table, {})[field] = value
    if not above:
        return _set_columns(queryset, database, own)
    with database.atomic():
        keys = list(queryset.values_list("pk", flat=True))
        for parent, settings in above.items():
            rows = parent._base_manager.using(database.alias).filter(pk__in=keys)
            _set_columns(rows, database, settings)
        if own:
            rows = queryset.model._base_manager.using(database.alias)
            _set_columns(rows.filter(pk__in=keys), database, own)
    return len(keys)


def _set_columns(
    queryset: QuerySet[Any], database: Database, values: dict[Any, Any]
) -> int:
    """``UPDATE`` of the rows; how many those were."""
    return database.execute(*_bound_update(queryset, database, values)).rowcount


def _bound_update(
    queryset: QuerySet[Any], database: Database, values: dict[Any, Any]
) -> tuple[str, list[Any]]:
    """``UPDATE``, its SQL cached by the fields and the shape of expressions."""
    slots = Slots(len(queryset._values))
    nodes: list[Any] = []
    shape: list[Any] = []
    for field, value in values.items():
        node = value if hasattr(value, "resolve") else _Set(value)
        nodes.append(node)
        shape.append((id(field), node.split(slots)))
    settings: list[tuple[Field, Any]] = []

    def write(compiler: SQLCompiler) -> Any:
        for field, node in zip(values, nodes, strict=True):
            scope = Scope(compiler.query, slots, allow_joins=False)
            found = node.resolve(scope)
            if found.is_key:
                raise FieldError(
                    f"Cannot update model field {field.name!r} to a primary key of "
                    "several columns."
                )
            settings.append((field, found))
        return compiler.update(settings)

    statement = queryset._statement(("update", tuple(shape)), write, database)
    if settings:  # it was compiled just now
        count = len(slots.values)
        statement.prepares = tuple(
            slots.prepares.get(slots.base + n) for n in range(count)
        )
    given = [
        value if prepare is None else prepare(value)
        for value, prepare in zip(slots.values, statement.prepares, strict=True)
    ]
    return statement.bind((*queryset._values, *given), queryset.limits)


class _Set(Value):
    """A value for a column, prepared; None too is a parameter."""

    def split(self, slots: Slots) -> Any:
        slots.add(self, self.value)
        return _Set


# Many instances.


def bulk_create(
    model: type[Model],
    database: Database,
    objs: list[Any],
    batch_size: int | None,
    ignore: bool,
    update: bool,
    update_fields: Sequence[str] | None,
    unique_fields: Sequence[str] | None,
) -> list[Any]:
    """See :meth:`QuerySet.bulk_create`."""
    if batch_size is not None and batch_size <= 0:
        raise ValueError("Batch size must be a positive integer.")
    if ignore and update:
        raise ValueError(
            "ignore_conflicts and update_conflicts are mutually exclusive."
        )
    meta = model._meta.concrete_model._meta
    if meta.parents:
        raise ValueError("Can't bulk create a multi-table inherited model")
    if update and not update_fields:
        raise ValueError("update_conflicts needs the update_fields to set.")
    if not objs:
        return objs
    dialect = get_dialect(database.vendor)
    setting = _conflict_columns(meta, update_fields or ()) if update else []
    unique = [
        field.column
        for name in unique_fields or ()
        for field in (meta.pk_fields if name == "pk" else [meta.get_field(name)])
    ]
    if update and not unique and dialect.vendor != "mysql":
        raise ValueError("Unique fields that can trigger the upsert must be provided.")
    begin, end = dialect.upsert(ignore, setting, unique)
    counted = [each for each in objs if each.pk is None]
    keyed = [each for each in objs if each.pk is not None]
    given = [field for field in meta.local_fields if not field.generated]
    generated = list(meta.generated_fields)
    with database.atomic():
        if meta.order_with_respect_to is not None:
            _number([each for each in objs if each._order is None], meta, database)
        for rows, fields, unknown in (
            (keyed, given, generated),
            (
                counted,
                [f for f in given if f is not meta.pk]
                if isinstance(meta.pk, AutoField)
                else given,
                [meta.pk, *generated],
            ),
        ):
            if rows:
                _insert_many(
                    rows,
                    fields,
                    meta,
                    database,
                    batch_size,
                    begin,
                    end,
                    returned=[] if ignore or update else unknown,
                )
    for each in objs:
        each._state.adding = False
        each._state.db = database.alias
    return objs


def _conflict_columns(meta: Any, names: Sequence[str]) -> list[str]:
    """What is set in rows that are there."""
    fields = [meta.get_field(name) for name in names]
    if any(field is meta.pk or field in meta.pk_fields for field in fields):
        raise ValueError("bulk_create() cannot set primary keys in update_fields.")
    return [field.column for field in fields]


def _insert_many(
    rows: list[Any],
    fields: list[Field],
    meta: Any,
    database: Database,
    batch_size: int | None,
    begin: str,
    end: str,
    returned: list[Field],
) -> None:
    dialect = get_dialect(database.vendor)
    most = getattr(database, "max_params", 32_766)
    size = max(1, min(most // max(1, len(fields)), batch_size or 1000))
    adapt = dialect.adapt
    for start in range(0, len(rows), size):
        batch = rows[start : start + size]
        sql = _insert_sql(meta.model, tuple(fields), len(batch), dialect)
        if begin:
            sql = sql.replace("INSERT", f"INSERT{begin}", 1)
        sql += end
        params = [
            adapt(_prepared(row, field, add=True)) for row in batch for field in fields
        ]
        if not fields:
            for row in batch:
                _insert(row, meta, database)
        elif returned and getattr(database, "has_returning", True):
            found = database.fetch(sql + _returning(returned, dialect), params)
            _take_returned(batch, returned, found, database)
        else:
            database.execute(sql, params)
            _forget_generated(batch, meta)


def _forget_generated(rows: Iterable[Any], meta: Any) -> None:
    """The values are fetched when they are looked at."""
    for field in meta.generated_fields:
        for row in rows:
            row.__dict__.pop(field.attname, None)


def bulk_update(
    queryset: QuerySet[Any],
    database: Database,
    objs: list[Any],
    names: Sequence[str],
    batch_size: int | None,
) -> int:
    """See :meth:`QuerySet.bulk_update`."""
    if batch_size is not None and batch_size <= 0:
        raise ValueError("Batch size must be a positive integer.")
    if not names:
        raise ValueError("Field names must be given to bulk_update().")
    meta = queryset.model._meta
    fields = [meta.get_field(name) for name in names]
    if any(not getattr(f, "concrete", True) or f.many_to_many for f in fields):
        raise ValueError("bulk_update() can only be used with concrete fields.")
    if any(field.generated for field in fields):
        raise ValueError("bulk_update() cannot be used with generated fields.")
    if any(field.primary_key or field in meta.pk_fields for field in fields):
        raise ValueError("bulk_update() cannot be used with primary key fields.")
    if not all(each._is_pk_set() for each in objs):
        raise ValueError("All bulk_update() objects must have a primary key set.")
    size = min(batch_size or 200, 200)
    count = 0
    with database.atomic():
        for start in range(0, len(objs), size):
            batch = objs[start : start + size]
            values = {}
            for field in fields:
                cases = [
                    When(pk=each.pk, then=_value_of(each, field)) for each in batch
                ]
                values[field.name] = Case(*cases, output_field=field)
                if dialect_casts(database):
                    values[field.name] = _cast(values[field.name], field)
            rows = queryset.using(database.alias)
            rows = rows.filter(pk__in=[each.pk for each in batch])
            count += update_rows(rows, database, values)
    return count


def _value_of(instance: Any, field: Field) -> Any:
    value = getattr(instance, field.attname)
    if hasattr(value, "resolve"):
        return value
    return Value(value, output_field=field)


def dialect_casts(database: Database) -> bool:
    """Whether a parameter within CASE has to be told its type."""
    return database.vendor == "postgresql"


def _cast(expression: Any, field: Field) -> Any:
    from fwtrace.toolkit.orm.functions import Cast

    return Cast(expression, output_field=field)
