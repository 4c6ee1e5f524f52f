"""``Model._meta``: what is known of a model (Django's model ``_meta`` API)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.exceptions import FieldDoesNotExist, unknown_name
from fwtrace.toolkit.orm.fields import AutoField, CompositePrimaryKey, Field
from fwtrace.toolkit.orm.order import add_order
from fwtrace.toolkit.orm.registry import Registry, registry

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.constraints import BaseConstraint, Index
    from fwtrace.toolkit.orm.many import ManyToManyField
    from fwtrace.toolkit.orm.model import Model
    from fwtrace.toolkit.orm.plans import Plan
    from fwtrace.toolkit.orm.related import ForeignKey
    from fwtrace.toolkit.orm.sql import Hop

__all__ = ["Options"]

_KNOWN = (
    "abstract",
    "app_label",
    "apps",
    "auto_created",
    "base_manager_name",
    "constraints",
    "db_table",
    "db_table_comment",
    "db_tablespace",
    "default_manager_name",
    "default_permissions",
    "default_related_name",
    "get_latest_by",
    "indexes",
    "managed",
    "order_with_respect_to",
    "ordering",
    "permissions",
    "proxy",
    "required_db_features",
    "required_db_vendor",
    "select_on_save",
    "swappable",
    "unique_together",
    "verbose_name",
    "verbose_name_plural",
)


_PERMISSIONS = ("add", "change", "delete", "view")


class Options:
    """Table, fields, relations and defaults of one model."""

    order_with_respect_to: Any
    """The name of a foreign key; the field itself once the class is complete."""

    def __init__(self, model: type[Model], meta: Any, own: bool = True) -> None:
        self.model = model
        self.object_name = model.__name__
        self.model_name = model.__name__.lower()
        self.local_fields: list[Field] = []
        self.local_many_to_many: list[ManyToManyField] = []
        self.composite_key: CompositePrimaryKey | None = None
        """A primary key of several columns: it is none of the local fields."""
        self.local_related: list[Any] = []
        """Relations of other models to this one."""
        self.parents: dict[type[Model], ForeignKey] = {}
        self.proxy_for_model: type[Model] | None = None
        given = {k: getattr(meta, k) for k in dir(meta) if k[0] != "_"} if meta else {}
        unknown = set(given) - set(_KNOWN)
        if unknown:
            raise TypeError(
                f"Meta of {self.object_name} has unknown options: "
                f"{', '.join(sorted(unknown))}. There are {', '.join(_KNOWN)}."
            )
        # An inherited Meta gives all but its being abstract, which is its own.
        stated = vars(meta) if own and meta else {}
        self.abstract: bool = stated.get("abstract", False)
        self.proxy: bool = stated.get("proxy", False)
        own_alone = {"abstract": self.abstract, "proxy": self.proxy}
        self.original_attrs = {k: own_alone.get(k, v) for k, v in given.items()}
        """The options as they were given, for migrations to write down."""
        self.managed: bool = given.get("managed", True)
        self.app_label: str = given.get("app_label", "")
        self.apps: Registry = given.get("apps", registry)
        self.db_table: str = given.get("db_table") or self.usual_table
        self.ordering: list[Any] = list(given.get("ordering", ()))
        self.get_latest_by: Any = given.get("get_latest_by")
        self.default_related_name: str | None = given.get("default_related_name")
        self.indexes: list[Index] = list(given.get("indexes", ()))
        self.constraints: list[BaseConstraint] = list(given.get("constraints", ()))
        self.unique_together = _groups(given.get("unique_together", ()))
        self.verbose_name: str = given.get("verbose_name", _words(self.object_name))
        self.verbose_name_plural: str = given.get(
            "verbose_name_plural", f"{self.verbose_name}s"
        )
        self.auto_created: Any = given.get("auto_created", False)
        self.base_manager_name: str | None = given.get("base_manager_name")
        self.default_manager_name: str | None = given.get("default_manager_name")
        self.db_table_comment: str = given.get("db_table_comment", "")
        self.db_tablespace: str = given.get("db_tablespace", "")
        self.permissions: Any = given.get("permissions", [])
        self.default_permissions: Any = given.get("default_permissions", _PERMISSIONS)
        self.required_db_features: Any = given.get("required_db_features", [])
        self.required_db_vendor: str | None = given.get("required_db_vendor")
        self.select_on_save: bool = given.get("select_on_save", False)
        self.swappable: str | None = given.get("swappable")
        self.order_with_respect_to = given.get("order_with_respect_to")
        # Between two operations of a migration there may be both.
        both = self.ordering and self.order_with_respect_to
        if both and not self.apps.is_lazy:
            raise TypeError(
                f"Meta of {self.object_name} has both ordering and "
                "order_with_respect_to: its rows can have one order only."
            )

    def __repr__(self) -> str:
        return f"<Options for {self.object_name}>"

    @property
    def usual_table(self) -> str:
        """Of a model that names no table."""
        label = self.app_label
        return f"{label}_{self.model_name}" if label else self.model_name

    @property
    def label(self) -> str:
        """``"blog.Tag"``; of a model without an app its name alone."""
        app = f"{self.app_label}." if self.app_label else ""
        return f"{app}{self.object_name}"

    @property
    def label_lower(self) -> str:
        """``"blog.tag"``"""
        app = f"{self.app_label}." if self.app_label else ""
        return f"{app}{self.model_name}"

    @property
    def default_manager(self) -> Any:
        """The first that the model has, ``objects`` unless it names others."""
        return self.model._default_manager

    @property
    def base_manager(self) -> Any:
        """The one that hides no rows."""
        return self.model._base_manager

    @property
    def managers(self) -> list[Any]:
        """Those of the model and its bases, each under its own name once."""
        found: dict[str, Any] = {}
        for kind in self.model.__mro__:
            for name, value in vars(kind).items():
                if hasattr(value, "_queryset_class") and name[0] != "_":
                    found.setdefault(name, getattr(self.model, name))
        return list(found.values())

    @property
    def concrete_model(self) -> type[Model]:
        """The model whose table this is: not a proxy."""
        proxied = self.proxy_for_model
        return self.model if proxied is None else proxied._meta.concrete_model

    def add_field(self, field: Field) -> None:
        self.local_fields.append(field)
        self._forget()

    def set_composite_key(self, field: CompositePrimaryKey) -> None:
        self.composite_key = field
        self._forget()

    def _forget(self) -> None:
        for name in (
            "concrete_fields",
            "by_name",
            "attnames",
            "pk",
            "pk_fields",
            "pk_attnames",
            "has_default_key",
            "inherited_fields",
            "generated_fields",
            "given_fields",
            "given_attnames",
            "updated_fields",
        ):
            self.__dict__.pop(name, None)

    def prepare(self) -> None:
        """The class is complete: see that it has a primary key, and its order."""
        self._add_key()
        for field in self.local_fields:
            if field.primary_key:
                field.serialize = False  # a file has the key beside the fields
        if self.order_with_respect_to is not None:
            add_order(self)
        self._check_generated()

    def _add_key(self) -> None:
        if self.composite_key is not None:
            self.composite_key.check()
            return
        if self.proxy or any(field.primary_key for field in self.local_fields):
            return
        if self.parents:
            next(iter(self.parents.values())).primary_key = True
            self._forget()
            return
        auto = AutoField("ID", primary_key=True, auto_created=True, serialize=False)
        auto.contribute_to_class(self.model, "id")
        self.local_fields.insert(0, self.local_fields.pop())
        self._forget()

    def _check_generated(self) -> None:
        """Of models whose relations are known all; else creating the table does it."""
        relations = [f for f in self.local_fields if f.is_relation]
        # Where models are made lazily, looking at a relation would make the other one.
        if all(vars(field).get("related_model") is not None for field in relations):
            generated: list[Any] = [f for f in self.local_fields if f.generated]
            for field in generated:
                field.check_expression()

    # Fields.

    @cached_property
    def concrete_fields(self) -> tuple[Field, ...]:
        """Every column: those of parents first."""
        if self.proxy_for_model is not None:
            return self.proxy_for_model._meta.concrete_fields
        found: dict[str, Field] = {}
        for parent in self.parents:
            found |= {field.name: field for field in parent._meta.concrete_fields}
        found |= {field.name: field for field in self.local_fields}
        return tuple(found.values())

    @property
    def fields(self) -> tuple[Field, ...]:
        """The columns, and before them a key that is made of several."""
        key = self.concrete_model._meta.composite_key
        return self.concrete_fields if key is None else (key, *self.concrete_fields)

    @cached_property
    def inherited_fields(self) -> tuple[Field, ...]:
        """Columns in the tables of parents."""
        own = self.concrete_model
        return tuple(f for f in self.concrete_fields if f.model is not own)

    @cached_property
    def generated_fields(self) -> tuple[Any, ...]:
        """Columns of its own table that the database works out."""
        local = self.concrete_model._meta.local_fields
        return tuple(field for field in local if field.generated)

    @cached_property
    def given_fields(self) -> tuple[Field, ...]:
        """Every column whose value is given: all but the generated ones."""
        return tuple(field for field in self.concrete_fields if not field.generated)

    @cached_property
    def given_attnames(self) -> tuple[str, ...]:
        return tuple(field.attname for field in self.given_fields)

    @cached_property
    def updated_fields(self) -> tuple[Field, ...]:
        """Columns of its own table that an UPDATE sets."""
        own = (field for field in self.local_fields if not field.generated)
        keys = self.pk_fields
        return tuple(f for f in own if not f.primary_key and f not in keys)

    @property
    def many_to_many(self) -> tuple[ManyToManyField, ...]:
        inherited = [m for p in self._above() for m in p._meta.many_to_many]
        return (*inherited, *self.local_many_to_many)

    @property
    def related_objects(self) -> tuple[Any, ...]:
        """Relations of other models to this one, and to what it inherits from."""
        above = [
            rel for parent in self._above() for rel in parent._meta.related_objects
        ]
        return (*above, *self.local_related)

    def _above(self) -> list[type[Model]]:
        return [
            *self.parents,
            *([self.proxy_for_model] if self.proxy_for_model else []),
        ]

    @cached_property
    def pk(self) -> Field:
        composite = self.concrete_model._meta.composite_key
        if composite is not None:
            return composite
        own = [field for field in self.local_fields if field.primary_key]
        return own[0] if own else next(f for f in self.concrete_fields if f.primary_key)

    @cached_property
    def pk_fields(self) -> tuple[Field, ...]:
        """The columns that the primary key is made of: one for most models."""
        pk = self.pk
        return pk.fields if isinstance(pk, CompositePrimaryKey) else (pk,)

    @cached_property
    def pk_attnames(self) -> frozenset[str]:
        return frozenset(field.attname for field in self.pk_fields)

    @cached_property
    def has_default_key(self) -> bool:
        """A new row's key is one that its defaults gave it, so there is none yet."""
        return all(field.has_default() for field in self.pk_fields)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by name and by attname, the primary key also as ``pk``."""
        names = {field.attname: field for field in self.concrete_fields}
        names |= {field.name: field for field in self.concrete_fields}
        return names | {"pk": self.pk}

    @cached_property
    def attnames(self) -> tuple[str, ...]:
        return tuple(field.attname for field in self.concrete_fields)

    @cached_property
    def plan(self) -> Plan:
        """Where the plans of this model's querysets begin."""
        from fwtrace.toolkit.orm.plans import Plan
        from fwtrace.toolkit.orm.sql import Query

        return Plan(Query(self.model))

    # Names.

    def find(self, name: str) -> Any:
        """The field or the relation, either way, of that name in queries; or None."""
        field = self.by_name.get(name)
        if field is not None:
            return field
        for each in self.many_to_many:
            if each.name == name:
                return each
        for rel in self.related_objects:
            if not rel.hidden and rel.name == name:
                return rel
        return None

    def get_field(self, name: str) -> Any:
        """The field of that name; FieldDoesNotExist names those there are."""
        found = self.find(name)
        if found is None:
            raise FieldDoesNotExist(unknown_name(name, self.names()))
        return found

    def get_fields(self, include_hidden: bool = False) -> tuple[Any, ...]:
        """Fields and relations: the other models' first, as Django lists them."""
        rels = [r for r in self.related_objects if include_hidden or not r.hidden]
        return (*rels, *self.fields, *self.many_to_many)

    def relations(self) -> Iterator[Any]:
        for each in self.get_fields():
            if each.is_relation:
                yield each

    def names(self) -> list[str]:
        """Every name that a query may begin with."""
        forward = {field.name for field in self.get_fields()}
        return sorted({*forward, *self.by_name} - {"pk"})

    @property
    def reverse(self) -> dict[str, Any]:
        return {rel.name: rel for rel in self.related_objects if not rel.hidden}

    def hops_to(self, found: Any) -> list[Hop]:
        """The way to the table of the parent that a field or relation belongs to."""
        owner = found.model._meta.concrete_model
        if owner is self.concrete_model:
            return []
        for parent, link in self.concrete_model._meta.parents.items():
            if owner is parent._meta.concrete_model or owner in parent.__mro__:
                return [link.hops[0], *parent._meta.hops_to(found)]
        return []

    # Relations of others.

    def add_related(self, rel: Any) -> None:
        """Another model refers to this one; a model made anew takes its old place.

        Raises TypeError when the way back would have the name of another.
        """
        for position, old in enumerate(self.local_related):
            if old.origin == rel.origin:
                self.local_related[position] = rel
                return
        if not rel.hidden:
            if any(field.name == rel.name for field in self.concrete_fields):
                self._clash(rel, f"the field {rel.name!r}")
            if rel.name in self.reverse:
                other = self.reverse[rel.name].field
                self._clash(rel, f"that of {other.model.__name__}.{other.name}")
        self.local_related.append(rel)

    def remove_related(self, rel: Any) -> None:
        """The other model turned out to refer to another of this name."""
        self.local_related = [each for each in self.local_related if each is not rel]
        if not rel.hidden and rel.accessor_name in vars(self.model):
            delattr(self.model, rel.accessor_name)

    def _clash(self, rel: Any, other: str) -> None:
        field = rel.field
        raise TypeError(
            f"The way back from {self.object_name} for "
            f"{field.model.__name__}.{field.name} would have the name of {other}: "
            "give it a related_name of its own."
        )


def _words(name: str) -> str:
    spaced = name[0] + "".join(f" {c}" if c.isupper() else c for c in name[1:])
    return spaced.lower()


def _groups(given: Any) -> tuple[tuple[str, ...], ...]:
    """``unique_together``: one group of names, or several; of a set, in their order."""
    groups = sorted(given) if isinstance(given, (set, frozenset)) else list(given or ())
    if groups and isinstance(groups[0], str):
        return (tuple(groups),)
    return tuple(map(tuple, groups))
