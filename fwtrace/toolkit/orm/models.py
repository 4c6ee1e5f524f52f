"""Models: a class is a table, an instance is a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm import options
from fwtrace.toolkit.orm.compiler import SQLCompiler
from fwtrace.toolkit.orm.database import Database, get_database
from fwtrace.toolkit.orm.deletion import Collector
from fwtrace.toolkit.orm.exceptions import (
    FieldError,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
)
from fwtrace.toolkit.orm.fields import AutoField, Field
from fwtrace.toolkit.orm.manager import Manager
from fwtrace.toolkit.orm.options import Options
from fwtrace.toolkit.orm.signals import post_init, post_save, pre_init, pre_save
from fwtrace.toolkit.orm.sql import Q, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Model", "ModelBase", "ModelState"]


class ModelState:
    """Of one instance: whether its row is yet to be added, and what it has fetched."""

    __slots__ = ("_fields_cache", "adding")

    adding: bool
    _fields_cache: dict[str, tuple[Any, Any]]

    @property
    def fields_cache(self) -> dict[str, tuple[Any, Any]]:
        """Related instances by field, each with the key that it was kept for: another
        key in its place, and it is the wrong one. Made when first needed."""
        try:
            return self._fields_cache
        except AttributeError:
            self._fields_cache = {}
            return self._fields_cache


class ModelBase(type):
    """Makes a model of a class: its fields, its ``_meta``, its exceptions."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]
    ) -> ModelBase:
        if not any(isinstance(base, ModelBase) for base in bases):
            return super().__new__(mcs, name, bases, namespace)  # Model itself
        contributed = {
            key: value for key, value in namespace.items() if isinstance(value, Field)
        }
        plain = {k: v for k, v in namespace.items() if k not in contributed}
        model: Any = super().__new__(mcs, name, bases, plain)
        model._meta = Options(model, getattr(model, "Meta", None), "Meta" in plain)
        model.DoesNotExist = _exception("DoesNotExist", ObjectDoesNotExist, model)
        model.MultipleObjectsReturned = _exception(
            "MultipleObjectsReturned", MultipleObjectsReturned, model
        )
        for key, field in {**_inherited(bases), **contributed}.items():
            field.contribute_to_class(model, key)
        if not model._meta.abstract:
            mcs._complete(model)
        return model  # type: ignore[no-any-return]

    @staticmethod
    def _complete(model: Any) -> None:
        model._meta.prepare()
        for value in vars(model).values():
            if isinstance(value, Manager):
                value.model = model
        model._base_manager = Manager(model)
        inherited = getattr(model, "objects", None)
        model.objects = inherited if isinstance(inherited, Manager) else Manager(model)
        options.models[model.__name__] = model
        for waiting in options.waiting.pop(model.__name__, ()):
            waiting.resolve(model)


def _inherited(bases: Iterable[type]) -> dict[str, Field]:
    """Copies of the fields of abstract bases: each model has its own."""
    import copy

    found: dict[str, Field] = {}
    for base in bases:
        meta: Options | None = getattr(base, "_meta", None)
        if meta is None:
            continue
        if not meta.abstract:
            raise TypeError(
                f"{base.__name__} is no abstract model: set abstract = True in its "
                "Meta to inherit its fields."
            )
        found |= {field.name: copy.copy(field) for field in meta.fields}
    return found


def _exception(name: str, base: type[Exception], model: type) -> type[Exception]:
    place = {"__module__": model.__module__, "__qualname__": f"{model.__name__}.{name}"}
    return type(name, (base,), place)


class Model(metaclass=ModelBase):
    """Subclass it, with fields as class attributes."""

    _meta: ClassVar[Options]
    objects: ClassVar[Manager]
    _base_manager: ClassVar[Manager]
    """All rows, whatever ``objects`` hides: for references and deletions."""
    DoesNotExist: ClassVar[type[ObjectDoesNotExist]]
    MultipleObjectsReturned: ClassVar[type[MultipleObjectsReturned]]
    state_class: ClassVar[type[ModelState]] = ModelState
    base_init: ClassVar[Callable[..., None]]

    _state: ModelState

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Values by position, in the order of the fields, or by name.

        Raises TypeError for a name that is no field.
        """
        model = type(self)
        if pre_init.connections:
            pre_init.send(model, args=args, kwargs=kwargs)
        self._state = ModelState()
        self._state.adding = True
        meta = model._meta
        if len(args) > len(meta.fields):
            raise TypeError(f"{model.__name__} has {len(meta.fields)} fields.")
        given = dict(zip(meta.attnames, args, strict=False))
        for field in meta.fields:
            if field.is_relation and field.name in kwargs:
                setattr(self, field.name, kwargs.pop(field.name))
            elif field.attname in kwargs:
                setattr(self, field.attname, kwargs.pop(field.attname))
            elif field.attname in given:
                setattr(self, field.attname, given[field.attname])
            else:
                setattr(self, field.attname, field.get_default())
        if "pk" in kwargs:
            self.pk = kwargs.pop("pk")
        if kwargs:
            raise TypeError(_unexpected(model, next(iter(kwargs))))
        if post_init.connections:
            post_init.send(model, instance=self)

    @property
    def pk(self) -> Any:
        """The primary key, whatever its name; None before the row is saved."""
        return getattr(self, self._meta.pk.attname)

    @pk.setter
    def pk(self, value: Any) -> None:
        setattr(self, self._meta.pk.attname, value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __str__(self) -> str:
        return f"{type(self).__name__} object ({self.pk})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model):
            return NotImplemented
        if type(self) is not type(other) or self.pk is None:
            return self is other
        return bool(self.pk == other.pk)

    def __hash__(self) -> int:
        if self.pk is None:
            raise TypeError("Model instances without primary key value are unhashable")
        return hash(self.pk)

    @classmethod
    def database(cls) -> Database:
        return get_database()

    def save(self, force_insert: bool = False) -> None:
        """Insert the row, or update it when it is there already.

        Raises IntegrityError where a constraint forbids it; with ``force_insert`` also
        for a key that is taken.
        """
        model, database = type(self), self.database()
        if pre_save.connections:
            pre_save.send(model, instance=self)
        created = self._state.adding
        if not force_insert and (not created or self.pk is not None):
            created = not self._update(database)
        if force_insert or created:
            created = True
            self._insert(database)
        self._state.adding = False
        if post_save.connections:
            post_save.send(model, instance=self, created=created)

    def _update(self, database: Database) -> bool:
        """Whether there was a row of this key."""
        meta = self._meta
        values = {
            field: self._prepared(field, add=False)
            for field in meta.fields
            if not field.primary_key
        }
        query = Query(type(self))
        query.add_q(Q(pk=self.pk))
        compiler = SQLCompiler(query, database)
        if not values:
            return bool(database.fetch(*compiler.exists()))
        return database.execute(*compiler.update(values)).rowcount > 0

    def _insert(self, database: Database) -> None:
        meta = self._meta
        fields = [
            field
            for field in meta.fields
            if not (isinstance(field, AutoField) and self.pk is None)
        ]
        values = [self._prepared(field, add=True) for field in fields]
        sql, params = SQLCompiler(Query(type(self)), database).insert(fields, values)
        cursor = database.execute(sql, params)
        if isinstance(meta.pk, AutoField) and self.pk is None:
            self.pk = cursor.lastrowid

    def _prepared(self, field: Field, add: bool) -> Any:
        if field.is_relation:
            # The row that was assigned may have been saved, and got its key, since.
            key, related = self._state.fields_cache.get(field.name, (None, None))
            kept = key is None and getattr(self, field.attname) is None
            if related is not None and kept:
                if related.pk is None:
                    raise ValueError(
                        f"Save the {type(related).__name__} before the "
                        f"{type(self).__name__} whose {field.name!r} it is: it has no "
                        "key yet."
                    )
                setattr(self, field.name, related)
        return field.get_prep_value(field.pre_save(self, add))

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the row and what cascades: ``(rows in all, {model: rows})``."""
        if self.pk is None:
            raise ValueError(
                f"{type(self).__name__} object can't be deleted: it has no key."
            )
        collector = Collector(self.database())
        collector.collect([self])
        return collector.delete()

    def refresh_from_db(self) -> None:
        """Read the row again."""
        fresh = type(self)._base_manager.get(pk=self.pk)
        self.__dict__.update(fresh.__dict__)

    @classmethod
    def create_table(cls) -> None:
        """Create the table, and its indexes, unless they are there."""
        database = cls.database()
        for statement in _create_statements(cls, database):
            database.execute(statement)


Model.base_init = Model.__init__


def _unexpected(model: type[Model], name: str) -> str:
    import difflib

    names = [field.name for field in model._meta.fields]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"{model.__name__}() got an unexpected keyword argument {name!r}.{hint} "
        f"Fields are: {', '.join(names)}"
    )


def _create_statements(model: type[Model], database: Database) -> list[str]:
    quote, meta = database.quote, model._meta
    columns = [_column(field, database) for field in meta.fields]
    table = quote(meta.db_table)
    statements = [f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)})"]
    for field in meta.fields:
        if field.db_index and not field.unique:
            index = quote(f"{meta.db_table}_{field.column}_idx")
            statements.append(
                f"CREATE INDEX IF NOT EXISTS {index} ON {table} ({quote(field.column)})"
            )
    return statements


def _column(field: Field, database: Database) -> str:
    quote = database.quote
    sql = f"{quote(field.column)} {database.column_type(field.kind, field)}"
    sql += "" if field.null else " NOT NULL"
    if field.primary_key:
        sql += " PRIMARY KEY"
        if isinstance(field, AutoField):
            sql += " AUTOINCREMENT"
    elif field.unique:
        sql += " UNIQUE"
    if field.is_relation:
        target = field.related_model  # type: ignore[attr-defined]
        if target is None:
            raise FieldError(
                f"{field.model.__name__}.{field.name} refers to a model that is not "
                f"defined: {field.to!r}."  # type: ignore[attr-defined]
            )
        other = f"{quote(target._meta.db_table)} ({quote(target._meta.pk.column)})"
        sql += f" REFERENCES {other} DEFERRABLE INITIALLY DEFERRED"
    return sql
