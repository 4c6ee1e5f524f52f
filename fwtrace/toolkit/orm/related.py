"""Foreign keys and one-to-one: the attribute that fetches, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.deletion import CASCADE, SET_DEFAULT, SET_NULL, OnDelete
from fwtrace.toolkit.orm.exceptions import FieldError
from fwtrace.toolkit.orm.fields import Field
from fwtrace.toolkit.orm.manager import Manager
from fwtrace.toolkit.orm.order import add_to_owner
from fwtrace.toolkit.orm.routers import allow_relation, db_for_write
from fwtrace.toolkit.orm.sql import Hop
from fwtrace.toolkit.orm.tasks import async_form

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model
    from fwtrace.toolkit.orm.options import Options
    from fwtrace.toolkit.orm.query import QuerySet

__all__ = ["ForeignKey", "ManyToOneRel", "OneToOneField", "OneToOneRel", "Rel"]

KINDS = {
    "AutoField": "IntegerField",
    "BigAutoField": "BigIntegerField",
    "SmallAutoField": "SmallIntegerField",
}


class Target:
    """``field.related_model``: None until the other model is defined; where models are
    made when they are needed, it is when it is first looked at."""

    def __init__(self, name: str = "related_model") -> None:
        self.name = name

    def __get__(self, field: Any, owner: type[Any]) -> Any:
        if field is None:
            return self
        model = vars(field).get("model")
        if model is None or not model._meta.apps.is_lazy or model._meta.abstract:
            return None
        find_target(field, model)
        return vars(field).get(self.name)


class ForeignKey(Field):
    """A reference to a row of another model, or of this one (``"self"``).

    ``to`` is a model or its name. ``related_name`` is the attribute on the other side
    (``<model>_set`` unless given, none for ``"+"``).
    """

    is_relation = True
    forward = True
    many_to_one = True
    expects = "an instance or a key"
    related_model: Any = Target()
    default_options: ClassVar[dict[str, Any]] = {
        "related_name": None,
        "related_query_name": None,
        "to_field": None,
        "limit_choices_to": None,
        "parent_link": False,
        "db_constraint": True,
        "db_index": True,
    }
    allowed_lookups = frozenset(
        ("exact", "in", "gt", "gte", "lt", "lte", "isnull", "range")
    )

    def __init__(
        self,
        to: type[Model] | str,
        on_delete: OnDelete | Callable[..., Any] = CASCADE,
        *,
        related_name: str | None = None,
        related_query_name: str | None = None,
        to_field: str | None = None,
        limit_choices_to: Any = None,
        parent_link: bool = False,
        db_constraint: bool = True,
        db_index: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(db_index=db_index, **settings)
        if on_delete is SET_NULL and not self.null:
            raise TypeError("on_delete=SET_NULL needs null=True.")
        if on_delete is SET_DEFAULT and not self.has_default() and not self.null:
            raise TypeError("on_delete=SET_DEFAULT needs a default.")
        self.to = to
        self.on_delete = on_delete
        self.related_name = related_name
        self.related_query_name = related_query_name
        self.to_field = to_field
        self.limit_choices_to = limit_choices_to
        self.parent_link = parent_link
        self.db_constraint = db_constraint
        self.rel: ManyToOneRel = None  # type: ignore[assignment]

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, given = super().deconstruct()
        given.pop("max_length", None)
        target = vars(self).get("related_model") or self.to
        named = {"to": label_of(target), "on_delete": self.on_delete}
        return name, path, args, {**given, **named}

    def get_attname(self) -> str:
        return f"{self.name}_id"

    @property
    def cache_name(self) -> str:
        return self.name

    @property
    def remote_field(self) -> Any:
        return self.rel

    def contribute_to_class(self, model: type[Model], name: str) -> None:
        super().contribute_to_class(model, name)
        setattr(model, name, ForwardDescriptor(self))
        if model._meta.abstract:
            return  # there are no such rows; each model below has its own field
        if not (model._meta.apps.is_lazy and isinstance(self.to, str)):
            find_target(self, model)

    def resolve(self, target: type[Model]) -> None:
        """The other model is known: put the way back on it."""
        self.check_target(target)
        if vars(self).get("related_model") is not None:
            self.leave()
        self.related_model = target
        self.rel = self.make_rel()
        target._meta.add_related(self.rel)
        if not self.rel.hidden:
            setattr(target, self.rel.accessor_name, self.make_reverse())
        if self.model._meta.order_with_respect_to in (self, self.name, self.attname):
            add_to_owner(self.model, self, target)

    def check_target(self, target: type[Model]) -> None:
        """TypeError for a model whose key is more than one column can hold."""
        key = target._meta.concrete_model._meta.composite_key
        if key is not None and self.to_field in (None, key.name):
            raise TypeError(
                f"{self} cannot refer to {target.__name__}, whose primary key is of "
                "several columns: give it the to_field of a unique one."
            )

    def leave(self) -> None:
        """Take the way back away again."""
        self.related_model._meta.remove_related(self.rel)

    def make_rel(self) -> ManyToOneRel:
        return ManyToOneRel(self)

    def make_reverse(self) -> Any:
        return ReverseDescriptor(self.rel)

    @property
    def target_field(self) -> Field:
        """The field of the other model that is kept here."""
        if self.related_model is None:
            raise FieldError(
                f"{self.model.__name__}.{self.name} refers to a model that is not "
                f"defined: {self.to!r}."
            )
        meta: Options = self.related_model._meta
        if self.to_field is None:
            return meta.pk
        found: Field = meta.get_field(self.to_field)
        return found

    @property
    def hops(self) -> list[Hop]:
        return [
            Hop(self.related_model, self, self.target_field, True, False, self.null)
        ]

    @property
    def kind(self) -> str:
        target = self.target_field.kind
        return KINDS.get(target, target)

    @property
    def from_db_value(self) -> Any:
        """As the field that it refers to has it."""
        own = getattr(self.target_field, "from_db_value", None)
        if own is None:
            raise AttributeError("from_db_value")
        return own

    @property
    def max_length(self) -> int | None:
        if getattr(self, "related_model", None) is None:
            return None
        return self.target_field.max_length

    @max_length.setter
    def max_length(self, value: int | None) -> None:
        pass

    def to_python(self, value: Any) -> Any:
        target = self.target_field
        if hasattr(value, "_meta"):
            if not isinstance(value, self.related_model._meta.concrete_model):
                raise ValueError(value)
            value = getattr(value, target.attname)
            if value is None:
                raise ValueError("an unsaved instance")
        return target.to_python(value)

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            return self.target_field.get_prep_value(self.to_python(value))
        except Exception as error:
            raise ValueError(
                f"Field {self.name!r} of {self.model.__name__} expected "
                f"{self.expects} but got {value!r}."
            ) from error

    def get_default(self) -> Any:
        found = super().get_default()
        if hasattr(found, "_meta"):
            return getattr(found, self.target_field.attname)
        return found

    def validate(self, value: Any, instance: Any) -> None:
        """The row is there, and among those that may be chosen."""
        from fwtrace.toolkit.validators import ValidationError

        super().validate(value, instance)
        if value is None or self.parent_link:
            return
        rows = self.related_model._base_manager.filter(
            **{self.target_field.name: value}
        )
        limit = self.limit_choices_to
        if limit is not None:
            rows = rows.complex_filter(limit() if callable(limit) else limit)
        if not rows.exists():
            raise ValidationError(
                "%(model)s instance with %(field)s %(value)r does not exist.",
                code="invalid",
                params={
                    "model": self.related_model._meta.verbose_name,
                    "field": self.target_field.name,
                    "value": value,
                },
            )


class OneToOneField(ForeignKey):
    """A foreign key that each row of the other model has at most one of."""

    many_to_one = False
    one_to_one = True
    default_options: ClassVar[dict[str, Any]] = {"unique": True}

    def __init__(
        self,
        to: type[Model] | str,
        on_delete: OnDelete | Callable[..., Any] = CASCADE,
        **settings: Any,
    ) -> None:
        settings["unique"] = True
        super().__init__(to, on_delete, **settings)

    def make_rel(self) -> ManyToOneRel:
        return OneToOneRel(self)

    def make_reverse(self) -> Any:
        return ReverseOneDescriptor(self.rel)


def find_target(field: Any, model: type[Model]) -> None:
    """Resolve what ``to`` names, as seen from the model: now, or once it is defined."""
    if field.to == "self":
        field.resolve(model)
    elif isinstance(field.to, str):
        model._meta.apps.when_defined(field.to, field.resolve, model.__module__)
    else:
        field.resolve(field.to)


def label_of(target: Any) -> str:
    """A model, or its name, as a migration has it: ``"blog.tag"``."""
    if isinstance(target, str):
        app, dot, name = target.rpartition(".")
        return target if target == "self" else f"{app}{dot}{name.lower()}"
    return str(target._meta.label_lower)


class Rel:
    """A relation seen from the model that it leads to."""

    is_key = True
    """It is a foreign key, not a set of pairs."""

    is_relation = True
    forward = False
    many = True
    concrete = False
    auto_created = True
    null = True
    one_to_many = many_to_many = many_to_one = one_to_one = False

    field: Any
    model: type[Model]
    related_model: type[Model]

    def __init__(self, field: Any) -> None:
        self.field = field
        self.model = field.related_model
        self.related_model = field.model

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def hidden(self) -> bool:
        """Only deleting goes this way: it has no name."""
        return (self.field.related_name or "").endswith("+")

    @property
    def origin(self) -> tuple[str, str, str]:
        """What the source says; a model that is made twice says it twice."""
        model = self.related_model
        return (model.__module__, model.__qualname__, self.field.name)

    @property
    def accessor_name(self) -> str:
        meta = self.related_model._meta
        given = self.field.related_name or meta.default_related_name
        return _filled(given, meta) or self.usual_name

    @property
    def usual_name(self) -> str:
        return f"{self.related_model._meta.model_name}_set"

    @property
    def name(self) -> str:
        """The name in lookups: ``filter(book__title=...)``."""
        field, meta = self.field, self.related_model._meta
        given = (
            field.related_query_name or field.related_name or meta.default_related_name
        )
        return _filled(given, meta) or meta.model_name

    @property
    def query_name(self) -> str:
        return self.name

    @property
    def cache_name(self) -> str:
        return self.accessor_name

    def get_accessor_name(self) -> str:
        return self.accessor_name

    @property
    def target_field(self) -> Field:
        return self.related_model._meta.pk


def _filled(name: str | None, meta: Any) -> str | None:
    if name is None:
        return None
    return name % {"class": meta.model_name, "app_label": meta.app_label}


class ManyToOneRel(Rel):
    """A foreign key seen from the model it points to."""

    one_to_many = True

    @property
    def on_delete(self) -> Any:
        return self.field.on_delete

    @property
    def hops(self) -> list[Hop]:
        field = self.field
        ours = field.target_field
        return [Hop(self.related_model, ours, field, False, self.many, True)]


class OneToOneRel(ManyToOneRel):
    many = False
    one_to_many = False
    one_to_one = True

    @property
    def usual_name(self) -> str:
        return self.related_model._meta.model_name


class ForwardDescriptor:
    """``book.author``: the row that ``book.author_id`` names, fetched once."""

    def __init__(self, field: ForeignKey) -> None:
        self.field = field

    def __get__(self, instance: Model | None, owner: type[Model]) -> Any:
        if instance is None:
            return self
        field = self.field
        key = getattr(instance, field.attname)
        cached = instance._state.fields_cache.get(field.name)
        if cached is not None and cached[0] == key:
            return cached[1]
        found = None
        if key is not None:
            # Whatever rows a manager of that model hides, a reference is followed.
            rows = field.related_model._base_manager.db_manager(hints(instance))
            found = rows.get(**{field.target_field.name: key})
        elif not field.null:
            raise self.missing(instance)
        instance._state.fields_cache[field.name] = key, found
        if found is not None and field.one_to_one:
            found._state.fields_cache[field.rel.cache_name] = None, instance
        return found

    def missing(self, instance: Model) -> Exception:
        error = _no_related(self.field.related_model)
        return error(f"{type(instance).__name__} has no {self.field.name}.")

    def is_cached(self, instance: Model) -> bool:
        cached = instance._state.fields_cache.get(self.field.name)
        return cached is not None and cached[0] == getattr(instance, self.field.attname)

    def __set__(self, instance: Model, value: Any) -> None:
        field = self.field
        if value is not None and not isinstance(
            value, field.related_model._meta.concrete_model
        ):
            raise ValueError(
                f"Cannot assign {value!r}: {type(instance).__name__}.{field.name} must "
                f"be a {field.related_model.__name__} instance. "
                f"For a key, assign {field.attname}."
            )
        key = None if value is None else getattr(value, field.target_field.attname)
        if value is not None:
            _meet(instance, value)
        setattr(instance, field.attname, key)
        instance._state.fields_cache[field.name] = key, value
        if value is not None and field.one_to_one:
            value._state.fields_cache[field.rel.cache_name] = None, instance


def _meet(instance: Model, value: Model) -> None:
    """A new instance goes where the one is that it refers to."""
    state, theirs = instance._state, value._state.db
    if theirs is None:
        return
    if state.db is None:
        state.db = db_for_write(type(instance), instance=value)
    elif not allow_relation(instance, value):
        raise ValueError(
            f"Cannot assign {value!r}: it is in the database {theirs!r}, the "
            f"{type(instance).__name__} is in {state.db!r}, and no router allows it."
        )


_no_related_classes: dict[type, type[Exception]] = {}


def _no_related(model: type[Model]) -> type[Exception]:
    """``RelatedObjectDoesNotExist``: an AttributeError too, so that hasattr() works."""
    found = _no_related_classes.get(model)
    if found is None:
        name = "RelatedObjectDoesNotExist"
        found = type(name, (model.DoesNotExist, AttributeError), {})
        _no_related_classes[model] = found
    return found


def hints(instance: Any) -> dict[str, Any]:
    return {"instance": instance}


class ReverseOneDescriptor:
    """``place.restaurant``: the one row that points here."""

    def __init__(self, rel: ManyToOneRel) -> None:
        self.rel = rel

    @property
    def RelatedObjectDoesNotExist(self) -> type[Exception]:
        return _no_related(self.rel.related_model)

    def __get__(self, instance: Model | None, owner: type[Model]) -> Any:
        if instance is None:
            return self
        rel, field = self.rel, self.rel.field
        cached = instance._state.fields_cache.get(rel.cache_name)
        if cached is None:
            found = None
            key = getattr(instance, field.target_field.attname)
            if key is not None:
                rows = rel.related_model._base_manager.db_manager(hints(instance))
                found = rows.filter(**{field.name: key}).first()
            if found is not None:
                found._state.fields_cache[field.name] = key, instance
            cached = instance._state.fields_cache[rel.cache_name] = None, found
        if cached[1] is None:
            raise self.RelatedObjectDoesNotExist(
                f"{type(instance).__name__} has no {rel.accessor_name}."
            )
        return cached[1]

    def __set__(self, instance: Model, value: Any) -> None:
        rel, field = self.rel, self.rel.field
        if value is None:
            found = instance._state.fields_cache.pop(rel.cache_name, (None, None))[1]
            if found is not None:
                setattr(found, field.name, None)
            return
        if not isinstance(value, rel.related_model):
            raise ValueError(
                f"Cannot assign {value!r}: {type(instance).__name__}."
                f"{rel.accessor_name} must be a {rel.related_model.__name__} instance."
            )
        setattr(value, field.name, instance)


class ReverseDescriptor:
    """``author.book_set``: a manager of the rows that point here."""

    def __init__(self, rel: ManyToOneRel) -> None:
        self.rel = rel

    def __get__(self, instance: Model | None, owner: type[Model]) -> Any:
        if instance is None:
            return self
        return related_manager(self.rel)(self.rel, instance)

    def __set__(self, instance: Model, value: Any) -> None:
        raise TypeError(
            f"Cannot assign to {self.rel.accessor_name}: create or change the "
            f"{self.rel.related_model.__name__} objects themselves, or call "
            f"{self.rel.accessor_name}.set()."
        )


_manager_classes: dict[Any, type[Any]] = {}


def related_manager(rel: Any, kind: Any = None) -> Any:
    """The manager class of a relation: the model's default manager's, and more."""
    kind = kind or RelatedManager
    base = type(rel.related_model._default_manager)
    key = (base, kind)
    found = _manager_classes.get(key)
    if found is None:
        found = _manager_classes[key] = type(kind.__name__, (kind, base), {})
    return found


class BoundManager(Manager):
    """What managers of related rows have in common: the cache of prefetching."""

    is_bound = True

    def __init__(self, model: type[Model], instance: Model, cache_name: str) -> None:
        super().__init__(model)
        self.instance = instance
        self.cache_name = cache_name
        self._hints = hints(instance)

    def get_queryset(self) -> QuerySet[Any]:
        cached = self.instance.__dict__.get("_prefetched_objects_cache")
        if cached is not None and self.cache_name in cached:
            return cached[self.cache_name]  # type: ignore[no-any-return]
        return self.rows()

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def all_rows(self) -> QuerySet[Any]:
        """What the model's own manager gives, whose subclass this is."""
        rows: QuerySet[Any] = super().get_queryset()
        rows._hints = hints(self.instance)
        return rows

    def forget(self) -> None:
        """Rows were added or taken away."""
        cached = self.instance.__dict__.get("_prefetched_objects_cache")
        if cached is not None:
            cached.pop(self.cache_name, None)


for _name in "create get_or_create update_or_create add remove clear set".split():
    setattr(BoundManager, f"a{_name}", async_form(_name))


class RelatedManager(BoundManager):
    """The rows that refer to one instance."""

    def __init__(self, rel: ManyToOneRel, instance: Model) -> None:
        super().__init__(rel.related_model, instance, rel.accessor_name)
        self.rel = rel

    def rows(self) -> QuerySet[Any]:
        """The model's own manager says which rows there are to choose from."""
        field = self.rel.field
        rows = self.all_rows().filter(**{field.name: self._key()})
        rows.known_related = (field, self.instance)
        return rows

    def _key(self) -> Any:
        key = getattr(self.instance, self.rel.field.target_field.attname)
        if key is None:
            raise ValueError(
                f"Save the {type(self.instance).__name__} before using its "
                f"{self.rel.accessor_name}: it has no key yet."
            )
        return key

    def create(self, **values: Any) -> Any:
        self._key()
        self.forget()
        return self.rows().create(**{self.rel.field.name: self.instance, **values})

    def get_or_create(self, defaults: Any = None, **conditions: Any) -> Any:
        self.forget()
        conditions[self.rel.field.name] = self.instance
        return self.rows().get_or_create(defaults, **conditions)

    def update_or_create(self, defaults: Any = None, **conditions: Any) -> Any:
        self.forget()
        conditions[self.rel.field.name] = self.instance
        return self.rows().update_or_create(defaults, **conditions)

    def add(self, *objs: Any, bulk: bool = True) -> None:
        """Make these rows refer to the instance."""
        self._key()
        self.forget()
        for each in objs:
            if not isinstance(each, self.model):
                raise TypeError(
                    f"{self.model.__name__} instance expected, got {each!r}"
                )
        if not bulk:
            for each in objs:
                setattr(each, self.rel.field.name, self.instance)
                each.save(using=self.db_for_write)
            return
        if any(each._state.adding for each in objs):
            raise ValueError(
                "An instance isn't saved. Use bulk=False or save it first."
            )
        if objs:
            keys = [each.pk for each in objs]
            rows = self.model._base_manager.using(self.db_for_write)
            rows = rows.filter(pk__in=keys)
            rows.update(**{self.rel.field.name: self.instance})
        for each in objs:
            setattr(each, self.rel.field.name, self.instance)

    def remove(self, *objs: Any) -> None:
        """Make these rows refer to nothing."""
        self._need_null("remove")
        for each in objs:
            if getattr(each, self.rel.field.attname) != self._key():
                raise self.rel.field.related_model.DoesNotExist(
                    f"{each!r} is not related to {self.instance!r}."
                )
        self.forget()
        if objs:
            rows = self.rows().filter(pk__in=[each.pk for each in objs])
            rows.update(**{self.rel.field.name: None})
        for each in objs:
            setattr(each, self.rel.field.name, None)

    def clear(self) -> None:
        self._need_null("clear")
        self.forget()
        self.rows().update(**{self.rel.field.name: None})

    def set(self, objs: Any, *, bulk: bool = True, clear: bool = False) -> None:
        """Make exactly these rows refer to the instance."""
        wanted = list(objs)
        if self.rel.field.null:
            if clear:
                self.clear()
            else:
                now = list(self.rows())
                self.remove(*(each for each in now if each not in wanted))
                wanted = [each for each in wanted if each not in now]
        self.add(*wanted, bulk=bulk)

    def _need_null(self, method: str) -> None:
        if not self.rel.field.null:
            raise AttributeError(
                f"{self.rel.accessor_name} has no {method}(): "
                f"{self.model.__name__}.{self.rel.field.name} cannot be NULL."
            )
