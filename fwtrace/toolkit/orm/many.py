"""Many-to-many: a table of pairs between two models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.database import get_database
from fwtrace.toolkit.orm.deletion import CASCADE
from fwtrace.toolkit.orm.fields import Field
from fwtrace.toolkit.orm.related import (
    BoundManager,
    ForeignKey,
    Rel,
    Target,
    find_target,
    label_of,
    related_manager,
)
from fwtrace.toolkit.orm.signals import m2m_changed
from fwtrace.toolkit.orm.sql import Hop

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model
    from fwtrace.toolkit.orm.query import QuerySet

__all__ = ["ManyToManyField", "ManyToManyRel"]


class ManyToManyField(Field):
    """Rows of another model, any number on both sides.

    The pairs are kept in a table of their own, or in that of the model ``through``.
    A relation to ``"self"`` is symmetrical unless said otherwise.
    """

    is_relation = True
    forward = True
    concrete = False
    many_to_many = True
    related_model: Any = Target()
    through: Any = Target("through")
    default_options: ClassVar[dict[str, Any]] = {
        "related_name": None,
        "related_query_name": None,
        "through_fields": None,
        "db_table": None,
        "limit_choices_to": None,
        "db_constraint": True,
    }

    def __init__(
        self,
        to: type[Model] | str,
        *,
        related_name: str | None = None,
        related_query_name: str | None = None,
        through: type[Model] | str | None = None,
        through_fields: tuple[str, str] | None = None,
        symmetrical: bool | None = None,
        db_table: str | None = None,
        limit_choices_to: Any = None,
        db_constraint: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.to = to
        self.related_name = related_name
        self.related_query_name = related_query_name
        self.given_through = through
        self.through_fields = through_fields
        self.symmetrical = to == "self" if symmetrical is None else symmetrical
        self.db_table = db_table
        self.limit_choices_to = limit_choices_to
        self.db_constraint = db_constraint
        self.is_own_table = through is None
        self.rel: ManyToManyRel = None  # type: ignore[assignment]

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, given = super().deconstruct()
        given["to"] = label_of(vars(self).get("related_model") or self.to)
        if not self.is_own_table:
            found = vars(self).get("through")
            given["through"] = label_of(found or self.given_through)
        if self.symmetrical != (self.to == "self"):
            given["symmetrical"] = self.symmetrical
        return name, path, args, given

    @property
    def cache_name(self) -> str:
        return self.name

    @property
    def remote_field(self) -> Any:
        return self.rel

    def contribute_to_class(self, model: type[Model], name: str) -> None:
        self.set_names(model, name)
        model._meta.local_many_to_many.append(self)
        setattr(model, name, ManyDescriptor(self))
        if model._meta.abstract:
            return
        if not (model._meta.apps.is_lazy and isinstance(self.to, str)):
            find_target(self, model)

    def resolve(self, target: type[Model]) -> None:
        self.check_target(target)
        if vars(self).get("related_model") is not None:
            self._leave()
        self.related_model = target
        self.rel = ManyToManyRel(self)
        if self.is_own_table:
            self.through = _pairs_model(self)
        elif isinstance(self.given_through, str):
            apps, module = self.model._meta.apps, self.model.__module__
            apps.when_defined(self.given_through, self._set_through, module)
        else:
            self.through = self.given_through
        target._meta.add_related(self.rel)
        if not self.rel.hidden:
            setattr(target, self.rel.accessor_name, ManyDescriptor(self.rel))

    def check_target(self, target: type[Model]) -> None:
        """TypeError where a model's key is more than a pair can hold of it."""
        for model in (self.model, target):
            if model._meta.concrete_model._meta.composite_key is not None:
                raise TypeError(
                    f"{self} cannot keep pairs of {model.__name__}, whose primary key "
                    "is of several columns."
                )

    def _leave(self) -> None:
        self.related_model._meta.remove_related(self.rel)
        if self.is_own_table:
            for field in self.through._meta.local_fields:
                if field.is_relation:
                    field.leave()

    def _set_through(self, model: type[Model]) -> None:
        self.through = model

    @property
    def source_field(self) -> ForeignKey:
        """The foreign key of the pairs to this field's model."""
        if self.through_fields:
            found: ForeignKey = self.through._meta.get_field(self.through_fields[0])
            return found
        return self._keys_to(self.model)[0]

    @property
    def target_key(self) -> ForeignKey:
        """The foreign key of the pairs to the other model."""
        if self.through_fields:
            found: ForeignKey = self.through._meta.get_field(self.through_fields[1])
            return found
        return self._keys_to(self.related_model)[-1]

    def _keys_to(self, model: type[Model]) -> list[ForeignKey]:
        wanted = model._meta.concrete_model
        return [
            field
            for field in self.through._meta.local_fields
            if field.is_relation and field.related_model._meta.concrete_model is wanted
        ]

    @property
    def target_field(self) -> Field:
        found: Field = self.related_model._meta.pk
        return found

    @property
    def hops(self) -> list[Hop]:
        return _hops(self.source_field, self.target_key)

    def value_from_object(self, instance: Any) -> Any:
        return list(getattr(instance, self.name).all())


def _hops(near: ForeignKey, far: ForeignKey) -> list[Hop]:
    pairs = near.model
    return [Hop(pairs, near.target_field, near, False, True, True), *far.hops]


class ManyToManyRel(Rel):
    """A many-to-many field seen from the other model."""

    field: ManyToManyField
    is_key = False
    many_to_many = True

    @property
    def hidden(self) -> bool:
        mirrored = self.field.symmetrical and self.model is self.related_model
        return mirrored or super().hidden

    @property
    def through(self) -> Any:
        return self.field.through

    @property
    def symmetrical(self) -> bool:
        return self.field.symmetrical

    @property
    def source_field(self) -> ForeignKey:
        return self.field.target_key

    @property
    def target_key(self) -> ForeignKey:
        return self.field.source_field

    @property
    def hops(self) -> list[Hop]:
        return _hops(self.source_field, self.target_key)


def _pairs_model(field: ManyToManyField) -> Any:
    """The model of the table of pairs."""
    from fwtrace.toolkit.orm.model import Model, ModelBase

    model, target = field.model, field.related_model
    near, far = model._meta.model_name, target._meta.model_name
    if near == far:
        near, far = f"from_{near}", f"to_{far}"
    table = field.db_table or f"{model._meta.db_table}_{field.name}"
    options = {
        "apps": model._meta.apps,
        "app_label": model._meta.app_label,
        "db_table": table,
        "unique_together": ((near, far),),
    }
    namespace = {
        "__module__": model.__module__,
        "__qualname__": f"{model.__qualname__}_{field.name}",
        "Meta": type("Meta", (), options),
        near: ForeignKey(
            model, CASCADE, related_name="+", db_constraint=field.db_constraint
        ),
        far: ForeignKey(
            target, CASCADE, related_name="+", db_constraint=field.db_constraint
        ),
    }
    made: Any = ModelBase(f"{model.__name__}_{field.name}", (Model,), namespace)
    made._meta.auto_created = model
    return made


class ManyDescriptor:
    """``book.tags``: a manager of the related rows."""

    def __init__(self, relation: Any) -> None:
        self.relation = relation

    @property
    def through(self) -> Any:
        return self.relation.through

    def __get__(self, instance: Model | None, owner: type[Model]) -> Any:
        if instance is None:
            return self
        relation = self.relation
        return related_manager(relation, ManyManager)(relation, instance)

    def __set__(self, instance: Model, value: Any) -> None:
        name = self.relation.cache_name
        raise TypeError(f"Direct assignment to {name} is prohibited: use {name}.set().")


class ManyManager(BoundManager):
    """The rows related to one instance by a table of pairs."""

    def __init__(self, relation: Any, instance: Model) -> None:
        super().__init__(relation.related_model, instance, relation.cache_name)
        self.relation = relation
        self.through: Any = relation.through
        self.near: str = relation.source_field.name
        self.far: str = relation.target_key.name
        self.key = getattr(instance, relation.source_field.target_field.attname)
        if self.key is None:
            raise ValueError(
                f"Save the {type(instance).__name__} before using its "
                f"{self.cache_name}: it has no key yet."
            )

    def rows(self) -> QuerySet[Any]:
        rows, back = self.all_rows(), self._back_name()
        if back is not None:
            return rows.filter(**{back: self.key})
        pairs = self.through._base_manager.using(rows._db)
        pairs = pairs.filter(**{self.near: self.key})
        return rows.filter(pk__in=pairs.values(self.far))

    def _back_name(self) -> str | None:
        """The relation's name in queries of the other model; None where it has none."""
        relation = self.relation
        if not relation.forward:
            return str(relation.field.name)
        if self._is_mirrored():
            return str(relation.name)
        return None if relation.rel.hidden else str(relation.rel.name)

    def create(self, through_defaults: Any = None, **values: Any) -> Any:
        rows = self.model._default_manager.using(self.db_for_write)
        made = rows.create(**values)
        self.add(made, through_defaults=through_defaults)
        return made

    def get_or_create(self, defaults: Any = None, **conditions: Any) -> Any:
        made, created = self.rows().get_or_create(defaults, **conditions)
        if created:
            self.add(made)
        return made, created

    def update_or_create(self, defaults: Any = None, **conditions: Any) -> Any:
        made, created = self.rows().update_or_create(defaults, **conditions)
        if created:
            self.add(made)
        return made, created

    def add(self, *objs: Any, through_defaults: Any = None) -> None:
        """Add these rows, or those of these keys; those that are there stay."""
        self.forget()
        keys = self._keys(objs)
        with get_database(self.db_for_write).atomic():
            self._add(keys, through_defaults or {})

    def _add(self, keys: list[Any], defaults: dict[str, Any]) -> None:
        pairs = self.through._base_manager.using(self.db_for_write)
        known = set(
            pairs.filter(**{self.near: self.key, f"{self.far}__in": keys}).values_list(
                self.far, flat=True
            )
        )
        fresh = [key for key in dict.fromkeys(keys) if key not in known]
        if not fresh:
            return
        self._send("pre_add", frozenset(fresh))
        near, far = f"{self.near}_id", f"{self.far}_id"
        filled = {k: v() if callable(v) else v for k, v in defaults.items()}
        rows = [self.through(**{near: self.key, far: key}, **filled) for key in fresh]
        if self._is_mirrored():
            rows += [
                self.through(**{near: key, far: self.key}, **filled)
                for key in fresh
                if key != self.key
            ]
        pairs.bulk_create(rows, ignore_conflicts=self._is_mirrored())
        self._send("post_add", frozenset(fresh))

    def _is_mirrored(self) -> bool:
        relation = self.relation
        return bool(relation.symmetrical and relation.model is relation.related_model)

    def remove(self, *objs: Any) -> None:
        self.forget()
        keys = self._keys(objs)
        with get_database(self.db_for_write).atomic():
            self._send("pre_remove", frozenset(keys))
            self._pairs(keys).delete()
            self._send("post_remove", frozenset(keys))

    def _pairs(self, keys: Iterable[Any] | None) -> Any:
        from fwtrace.toolkit.orm.where import Q

        listed = None if keys is None else list(keys)
        found = Q((self.near, self.key))
        if listed is not None:
            found &= Q((f"{self.far}__in", listed))
        if self._is_mirrored():
            back = Q((self.far, self.key))
            if listed is not None:
                back &= Q((f"{self.near}__in", listed))
            found |= back
        return self.through._base_manager.using(self.db_for_write).filter(found)

    def clear(self) -> None:
        self.forget()
        with get_database(self.db_for_write).atomic():
            self._send("pre_clear", None)
            self._pairs(None).delete()
            self._send("post_clear", None)

    def set(
        self, objs: Any, *, clear: bool = False, through_defaults: Any = None
    ) -> None:
        """Exactly these rows."""
        wanted = self._keys(tuple(objs))
        with get_database(self.db_for_write).atomic():
            if clear:
                self.clear()
                self.add(*wanted, through_defaults=through_defaults)
                return
            now = set(self.rows().values_list("pk", flat=True))
            gone = now - set(wanted)
            if gone:
                self.remove(*gone)
            self.add(
                *(key for key in wanted if key not in now),
                through_defaults=through_defaults,
            )

    def _keys(self, objs: tuple[Any, ...]) -> list[Any]:
        field = self.relation.target_key.target_field
        keys = []
        for each in objs:
            if hasattr(each, "_meta"):
                if not isinstance(each, self.model):
                    raise TypeError(
                        f"{self.model.__name__} instance expected, got {each!r}"
                    )
                key = getattr(each, field.attname)
                if key is None:
                    raise ValueError(f"Cannot add {each!r}: it has no key yet.")
                keys.append(key)
            else:
                keys.append(field.get_prep_value(each))
        return keys

    def _send(self, action: str, keys: frozenset[Any] | None) -> None:
        if m2m_changed.connections:
            m2m_changed.send(
                self.through,
                action=action,
                instance=self.instance,
                reverse=not self.relation.forward,
                model=self.model,
                pk_set=keys,
                using=self.db_for_write,
            )
