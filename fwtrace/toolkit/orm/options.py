"""``Model._meta``: what is known of a model (Django's model ``_meta`` API)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.exceptions import FieldDoesNotExist, unknown_name
from fwtrace.toolkit.orm.fields import AutoField, Field
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
    "constraints",
    "db_table",
    "default_related_name",
    "get_latest_by",
    "indexes",
    "managed",
    "ordering",
    "proxy",
    "unique_together",
    "verbose_name",
    "verbose_name_plural",
)


class Options:
    """Table, fields, relations and defaults of one model."""

    def __init__(self, model: type[Model], meta: Any, own: bool = True) -> None:
        self.model = model
        self.object_name = model.__name__
        self.model_name = model.__name__.lower()
        self.local_fields: list[Field] = []
        self.local_many_to_many: list[ManyToManyField] = []
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
        return self.label.lower()

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

    def _forget(self) -> None:
        for name in (
            "concrete_fields",
            "by_name",
            "attnames",
            "pk",
            "inherited_fields",
        ):
            self.__dict__.pop(name, None)

    def prepare(self) -> None:
        """The class is complete: see that it has a primary key."""
        if self.proxy or any(field.primary_key for field in self.concrete_fields):
            return
        auto = AutoField(primary_key=True)
        auto.auto_created = True
        auto.contribute_to_class(self.model, "id")
        self.local_fields.insert(0, self.local_fields.pop())
        self._forget()

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
        return self.concrete_fields

    @cached_property
    def inherited_fields(self) -> tuple[Field, ...]:
        """Columns in the tables of parents."""
        own = self.concrete_model
        return tuple(f for f in self.concrete_fields if f.model is not own)

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
        own = [field for field in self.local_fields if field.primary_key]
        return own[0] if own else next(f for f in self.concrete_fields if f.primary_key)

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
        return (*rels, *self.concrete_fields, *self.many_to_many)

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
    """``unique_together``: one group of names, or several."""
    if not given:
        return ()
    if isinstance(given[0], str):
        return (tuple(given),)
    return tuple(map(tuple, given))
