"""Models: a class is a table, an instance is a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from fwtrace.toolkit.orm.database import Database, get_database
from fwtrace.toolkit.orm.deletion import CASCADE, Collector
from fwtrace.toolkit.orm.exceptions import (
    MultipleObjectsReturned,
    ObjectDoesNotExist,
)
from fwtrace.toolkit.orm.fields import Field
from fwtrace.toolkit.orm.manager import BaseManager, Manager
from fwtrace.toolkit.orm.options import Options
from fwtrace.toolkit.orm.related import OneToOneField
from fwtrace.toolkit.orm.routers import db_for_write
from fwtrace.toolkit.orm.signals import class_prepared, post_init, pre_init
from fwtrace.toolkit.orm.tasks import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["DeferredAttribute", "Model", "ModelBase", "ModelState"]


class ModelState:
    """Of one instance: whether its row is yet to be added, and what it has fetched."""

    __slots__ = ("_fields_cache", "adding", "db")

    adding: bool
    db: str | None
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


class DeferredAttribute:
    """A field that was not fetched: it is when it is looked at."""

    def __init__(self, field: Field) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if self.field.generated and instance._state.adding:
            raise AttributeError(
                f"Save the {owner.__name__} first: the database works its {name!r} out."
            )
        instance.refresh_from_db(fields=[name])
        return instance.__dict__[name]


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
        model._meta = Options(model, _effective_meta(model), "Meta" in plain)
        _add_exceptions(model, bases)
        for key, field in _inherited(bases).items():
            if key not in contributed and key not in plain:
                field.contribute_to_class(model, key)
        _add_parents(model, bases, contributed)
        for key, field in contributed.items():
            field.contribute_to_class(model, key)
        if not model._meta.abstract:
            _complete(model)
        return model  # type: ignore[no-any-return]


def _effective_meta(model: Any) -> Any:
    """Its own Meta, or that of the nearest base without a table."""
    for kind in model.__mro__:
        above = vars(kind).get("_meta")
        if "Meta" in vars(kind) and (above is None or above.abstract):
            return vars(kind)["Meta"]
    return None


def _complete(model: Any) -> None:
    meta = model._meta
    meta.prepare()
    for field in meta.local_fields:
        if field.attname not in model.__dict__:
            setattr(model, field.attname, DeferredAttribute(field))
    _add_managers(model)
    meta.apps.register(model)
    if not meta.apps.is_lazy:
        class_prepared.send(model)


def _add_managers(model: Any) -> None:
    own = [v for v in vars(model).values() if isinstance(v, BaseManager)]
    for manager in own:
        manager.model = model
    _add_default_manager(model, own)
    base = _named_manager(model, "base_manager_name")
    model._base_manager = base or Manager(model)
    if not own or model._meta.default_manager_name:
        default = _named_manager(model, "default_manager_name")
        model._default_manager = default or model._default_manager


def _named_manager(model: Any, option: str) -> Any:
    """The manager that the option names, of the model or of the nearest base."""
    metas = (vars(kind).get("_meta") for kind in model.__mro__)
    names = (getattr(meta, option, None) for meta in metas)
    name = next(filter(None, names), None)
    found = None if name is None else getattr(model, name, None)
    if name is not None and not isinstance(found, BaseManager):
        raise ValueError(f"{model.__name__} has no manager {name!r}, its {option}.")
    return found


def _add_default_manager(model: Any, own: list[Any]) -> None:
    inherited = None if own else getattr(model, "objects", None)
    if inherited is None and not own:
        for base in model.__mro__[1:]:
            found = [v for v in vars(base).values() if isinstance(v, BaseManager)]
            if found:
                inherited = found[0]
                break
    if own:
        model._default_manager = own[0]
        return
    if isinstance(inherited, BaseManager):
        model.objects = inherited.bound_to(model)
    else:
        model.objects = Manager(model)
        model.objects.name = "objects"
    model._default_manager = model.objects


def _inherited(bases: Iterable[type]) -> dict[str, Field]:
    """Copies of the fields of abstract bases: each model has its own."""
    import copy

    found: dict[str, Field] = {}
    for base in reversed(tuple(bases)):
        meta: Options | None = getattr(base, "_meta", None)
        if meta is not None and meta.abstract:
            each: Any
            for each in (*meta.local_fields, *meta.local_many_to_many):
                found[each.name] = copy.copy(each)
            if meta.composite_key is not None:
                found[meta.composite_key.name] = copy.copy(meta.composite_key)
    return found


def _add_parents(model: Any, bases: Iterable[type], contributed: Any) -> None:
    """What a model inherits from those with tables: a table joined to theirs, or,
    for a proxy, the same table."""
    meta = model._meta
    parents: list[Any] = [
        base
        for base in bases
        if isinstance(base, ModelBase)
        and getattr(base, "_meta", None) is not None
        and not base._meta.abstract  # type: ignore[attr-defined]
    ]
    if meta.proxy:
        if len(parents) != 1 or contributed:
            raise TypeError(
                f"{model.__name__} is a proxy: it has one model with a table as its "
                "base, and no fields of its own."
            )
        meta.proxy_for_model = parents[0]
        meta.db_table = parents[0]._meta.db_table
        _take_order(meta, parents[0]._meta)
        return
    for parent in parents:
        target = parent._meta.concrete_model
        link = _declared_link(contributed, target)
        if link is None:
            name = f"{target._meta.model_name}_ptr"
            link = OneToOneField(
                target,
                CASCADE,
                parent_link=True,
                related_name=None,
                auto_created=True,
            )
            meta.parents[target] = link
            link.contribute_to_class(model, name)
        else:
            meta.parents[target] = link
        meta._forget()
        _take_order(meta, parent._meta)


def _take_order(meta: Any, above: Any) -> None:
    """Of its Meta, a model with a table passes on nothing but its order."""
    if "ordering" not in meta.original_attrs:
        meta.ordering = meta.ordering or list(above.ordering)
    if "get_latest_by" not in meta.original_attrs:
        meta.get_latest_by = meta.get_latest_by or above.get_latest_by


def _declared_link(contributed: dict[str, Field], target: Any) -> Any:
    names = (target.__name__, target._meta.label, target._meta.label_lower)
    for field in contributed.values():
        if isinstance(field, OneToOneField) and field.parent_link:
            if field.to is target or field.to in names:
                return field
    return None


def _add_exceptions(model: Any, bases: tuple[type, ...]) -> None:
    for name, root in (
        ("DoesNotExist", ObjectDoesNotExist),
        ("MultipleObjectsReturned", MultipleObjectsReturned),
    ):
        above = tuple(
            getattr(base, name)
            for base in bases
            if getattr(base, "_meta", None) is not None and not base._meta.abstract  # type: ignore[attr-defined]
        )
        place = {
            "__module__": model.__module__,
            "__qualname__": f"{model.__qualname__}.{name}",
        }
        setattr(model, name, type(name, above or (root,), place))


class Model(metaclass=ModelBase):
    """Subclass it, with fields as class attributes."""

    _meta: ClassVar[Options]
    objects: ClassVar[Any]
    _default_manager: ClassVar[Any]
    _base_manager: ClassVar[Any]
    """All rows, whatever ``objects`` hides: for references and deletions."""
    DoesNotExist: ClassVar[type[ObjectDoesNotExist]]
    MultipleObjectsReturned: ClassVar[type[MultipleObjectsReturned]]
    state_class: ClassVar[type[ModelState]] = ModelState
    base_init: ClassVar[Callable[..., None]]
    base_from_db: ClassVar[Any]

    _state: ModelState

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Values by position, in the order of the fields, or by name.

        Raises TypeError for a name that is no field.
        """
        model = type(self)
        if pre_init.connections:
            pre_init.send(model, args=args, kwargs=kwargs)
        state = self._state = ModelState()
        state.adding = True
        state.db = None
        meta = model._meta
        if meta.abstract:
            raise TypeError("Abstract models cannot be instantiated.")
        if args:
            if len(args) > len(meta.concrete_fields):
                raise TypeError(f"{model.__name__} has {len(meta.attnames)} fields.")
            kwargs |= dict(zip(meta.attnames, args, strict=False))
        for field in meta.given_fields:
            attname = field.attname
            if attname in kwargs:
                value = kwargs.pop(attname)
                if value is not DEFERRED:
                    setattr(self, attname, value)
            elif field.is_relation and field.name in kwargs:
                setattr(self, field.name, kwargs.pop(field.name))
            else:
                setattr(self, attname, field.get_default())
        if kwargs:
            self._take_others(kwargs)
        if post_init.connections:
            post_init.send(model, instance=self)

    def _take_others(self, kwargs: dict[str, Any]) -> None:
        """``pk``, properties that can be set, and what the database works out."""
        model, meta = type(self), self._meta
        if len(meta.given_attnames) < len(meta.attnames):
            for name in kwargs.keys() & set(meta.attnames):
                value = kwargs.pop(name)
                if value is not DEFERRED:
                    self.__dict__[name] = value
        if "pk" in kwargs:
            self.pk = kwargs.pop("pk")
        for name in list(kwargs):
            found = getattr(model, name, None)
            if isinstance(found, property) and found.fset is not None:
                setattr(self, name, kwargs.pop(name))
        if kwargs:
            raise TypeError(_unexpected(model, next(iter(kwargs))))

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Sequence[str], values: Sequence[Any]
    ) -> Self:
        """The instance of a row; override it to look at what was loaded."""
        given = dict(zip(field_names, values, strict=True))
        full = [
            given.get(field.attname, DEFERRED) for field in cls._meta.concrete_fields
        ]
        made = cls(*full)
        made._state.adding = False
        made._state.db = db
        return made

    @property
    def pk(self) -> Any:
        """The primary key, whatever its name; None before the row is saved."""
        return getattr(self, self._meta.pk.attname)

    @pk.setter
    def pk(self, value: Any) -> None:
        for parent, link in self._meta.parents.items():
            if link is not self._meta.pk:
                continue
            setattr(self, parent._meta.pk.attname, value)
        setattr(self, self._meta.pk.attname, value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __str__(self) -> str:
        return f"{type(self).__name__} object ({self.pk})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model):
            return NotImplemented
        if self._meta.concrete_model is not other._meta.concrete_model:
            return False
        if self.pk is None:
            return self is other
        return bool(self.pk == other.pk)

    def __hash__(self) -> int:
        key = self.pk
        if key is None or (type(key) is tuple and None in key):
            raise TypeError("Model instances without primary key value are unhashable")
        return hash(key)

    def _is_pk_set(self) -> bool:
        """Whether the primary key has a value; of several columns, each of them."""
        key = self.pk
        return key is not None and not (type(key) is tuple and None in key)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        kept = self._state
        cache = dict(kept._fields_cache) if hasattr(kept, "_fields_cache") else {}
        state["_state"] = (kept.adding, kept.db, cache)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        adding, db, cache = state["_state"]
        self.__dict__.update(state)
        self._state = ModelState()
        self._state.adding, self._state.db = adding, db
        if cache:
            self._state._fields_cache = cache

    @classmethod
    def database(cls) -> Database:
        return get_database(db_for_write(cls))

    # Saving and deleting.

    def save(
        self,
        force_insert: bool = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Insert the row, or update it when it is there already.

        Raises IntegrityError where a constraint forbids it; with ``force_insert`` also
        for a key that is taken; with ``force_update`` DatabaseError for one that is
        not there.
        """
        from fwtrace.toolkit.orm.saving import save

        save(self, force_insert, force_update, using, update_fields)

    async def asave(self, **options: Any) -> None:
        await in_thread(self.save, **options)

    def delete(
        self, using: str | None = None, keep_parents: bool = False
    ) -> tuple[int, dict[str, int]]:
        """Delete the row and what cascades: ``(rows in all, {model: rows})``."""
        if not self._is_pk_set():
            raise ValueError(
                f"{type(self).__name__} object can't be deleted: it has no key."
            )
        database = get_database(using or self._state.db or "default")
        if using is None:
            database = get_database(db_for_write(type(self), instance=self))
        collector = Collector(database)
        collector.collect([self], keep_parents=keep_parents)
        return collector.delete()

    async def adelete(self, **options: Any) -> tuple[int, dict[str, int]]:
        found: tuple[int, dict[str, int]] = await in_thread(self.delete, **options)
        return found

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: Any = None,
    ) -> None:
        """Read the row again, or some fields of it."""
        cache = self.__dict__.get("_prefetched_objects_cache")
        names = None if fields is None else set(fields)
        if cache:
            for name in list(cache):
                if names is None or name in names:
                    del cache[name]
                    if names is not None:
                        names.discard(name)
        rows = type(self)._base_manager if from_queryset is None else from_queryset
        rows = rows.using(using or self._state.db)
        if names is not None:
            if not names:
                return
            meta = self._meta
            attnames = {meta.get_field(name).attname for name in names}
            rows = rows.only(*attnames)
        fresh = rows.get(pk=self._fetched_key())
        for field in self._meta.concrete_fields:
            if names is not None and field.attname not in attnames:
                continue
            if field.attname in fresh.__dict__:
                self.__dict__[field.attname] = fresh.__dict__[field.attname]
            if field.is_relation:
                self._state.fields_cache.pop(field.name, None)
        if names is None:
            for rel in self._meta.related_objects:
                self._state.fields_cache.pop(rel.cache_name, None)
        self._state.db = fresh._state.db

    def _fetched_key(self) -> Any:
        """The primary key as it is here: looking at the attribute might fetch it."""
        found = [self.__dict__.get(field.attname) for field in self._meta.pk_fields]
        return found[0] if len(found) == 1 else tuple(found)

    async def arefresh_from_db(self, **options: Any) -> None:
        await in_thread(self.refresh_from_db, **options)

    def get_deferred_fields(self) -> set[str]:
        """The attnames of the fields that are not fetched yet."""
        own = self.__dict__
        return {f.attname for f in self._meta.concrete_fields if f.attname not in own}

    # Checking.

    def full_clean(
        self,
        exclude: Iterable[str] | None = None,
        validate_unique: bool = True,
        validate_constraints: bool = True,
    ) -> None:
        """Every check there is; ValidationError tells of all that failed."""
        from fwtrace.toolkit.orm.checks import full_clean

        full_clean(self, set(exclude or ()), validate_unique, validate_constraints)

    def clean_fields(self, exclude: Iterable[str] | None = None) -> None:
        from fwtrace.toolkit.orm.checks import clean_fields

        clean_fields(self, set(exclude or ()))

    def clean(self) -> None:
        """Override it: a check of the fields together, raising ValidationError."""

    def validate_unique(self, exclude: Iterable[str] | None = None) -> None:
        from fwtrace.toolkit.orm.checks import validate_unique

        validate_unique(self, set(exclude or ()))

    def validate_constraints(self, exclude: Iterable[str] | None = None) -> None:
        from fwtrace.toolkit.orm.checks import validate_constraints

        validate_constraints(self, set(exclude or ()))

    @classmethod
    def create_table(cls, using: str | None = None) -> None:
        """Create the table, and what belongs to it, unless it is there."""
        from fwtrace.toolkit.orm.schema import create_table

        create_table(cls, cls.database() if using is None else get_database(using))

    @classmethod
    def drop_table(cls, using: str | None = None) -> None:
        """Drop the table, if it is there."""
        from fwtrace.toolkit.orm.schema import drop_table

        drop_table(cls, cls.database() if using is None else get_database(using))


class _Deferred:
    def __repr__(self) -> str:
        return "<Deferred field>"

    def __reduce__(self) -> str:
        return "DEFERRED"


DEFERRED = _Deferred()

Model.base_init = Model.__init__
Model.base_from_db = Model.from_db


def _unexpected(model: type[Model], name: str) -> str:
    import difflib

    names = [field.name for field in model._meta.fields]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"{model.__name__}() got an unexpected keyword argument {name!r}.{hint} "
        f"Fields are: {', '.join(names)}"
    )
