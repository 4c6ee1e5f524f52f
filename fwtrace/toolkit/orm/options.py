"""``Model._meta``: what is known of a model (Django's model ``_meta`` API)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.exceptions import FieldError, unknown_name
from fwtrace.toolkit.orm.fields import AutoField, Field

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.models import Model
    from fwtrace.toolkit.orm.related import ForeignKey, ManyToOneRel

__all__ = ["Options", "models"]

models: dict[str, type[Model]] = {}
"""Every model by its name, the latest of a name; for references by name."""

waiting: dict[str, list[ForeignKey]] = {}
"""Foreign keys to a model that is not defined yet."""

_KNOWN = ("abstract", "db_table", "ordering", "verbose_name", "verbose_name_plural")


class Options:
    """Table, fields, relations and defaults of one model."""

    def __init__(self, model: type[Model], meta: Any, own: bool = True) -> None:
        self.model = model
        self.object_name = model.__name__
        self.model_name = model.__name__.lower()
        self.fields: list[Field] = []
        self.related_objects: list[ManyToOneRel] = []
        given = {k: getattr(meta, k) for k in dir(meta) if k[0] != "_"} if meta else {}
        unknown = set(given) - set(_KNOWN)
        if unknown:
            raise TypeError(
                f"Meta of {self.object_name} has unknown options: "
                f"{', '.join(sorted(unknown))}. There are {', '.join(_KNOWN)}."
            )
        # An inherited Meta gives all but its being abstract, which is its own.
        self.abstract: bool = own and bool(meta) and vars(meta).get("abstract", False)
        self.db_table: str = given.get("db_table", self.model_name)
        self.ordering: list[str] = list(given.get("ordering", ()))
        words = self.object_name[0] + "".join(
            f" {c}" if c.isupper() else c for c in self.object_name[1:]
        )
        self.verbose_name: str = given.get("verbose_name", words.lower())
        self.verbose_name_plural: str = given.get(
            "verbose_name_plural", self.verbose_name + "s"
        )

    def __repr__(self) -> str:
        return f"<Options for {self.object_name}>"

    @property
    def label(self) -> str:
        return self.object_name

    def add_field(self, field: Field) -> None:
        self.fields.append(field)

    def prepare(self) -> None:
        """The class is complete: see that it has a primary key."""
        if not any(field.primary_key for field in self.fields):
            auto = AutoField(primary_key=True)
            auto.contribute_to_class(self.model, "id")
            self.fields.insert(0, self.fields.pop())

    @cached_property
    def pk(self) -> Field:
        return next(field for field in self.fields if field.primary_key)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by name and by attname, the primary key also as ``pk``."""
        names = {field.attname: field for field in self.fields}
        names |= {field.name: field for field in self.fields}
        return names | {"pk": self.pk}

    @cached_property
    def attnames(self) -> tuple[str, ...]:
        return tuple(field.attname for field in self.fields)

    def add_related(self, rel: ManyToOneRel) -> None:
        """Another model refers to this one; a model made anew takes its old place.

        Raises TypeError when the way back would have the name of another.
        """
        for position, old in enumerate(self.related_objects):
            if old.origin == rel.origin:
                self.related_objects[position] = rel
                return
        if not rel.hidden:
            if any(field.name == rel.query_name for field in self.fields):
                self._clash(rel, f"the field {rel.query_name!r}")
            if rel.query_name in self.reverse:
                other = self.reverse[rel.query_name].field
                self._clash(rel, f"that of {other.model.__name__}.{other.name}")
        self.related_objects.append(rel)

    def _clash(self, rel: ManyToOneRel, other: str) -> None:
        field = rel.field
        raise TypeError(
            f"The way back from {self.object_name} for "
            f"{field.model.__name__}.{field.name} would have the name of {other}: "
            "give it a related_name of its own."
        )

    @property
    def reverse(self) -> dict[str, ManyToOneRel]:
        """Relations of other models to this one, by the name that queries use."""
        return {rel.query_name: rel for rel in self.related_objects if not rel.hidden}

    def get_field(self, name: str) -> Field:
        """The field of that name; raises FieldError naming those there are."""
        try:
            return self.by_name[name]
        except KeyError:
            raise FieldError(unknown_name(name, self.names())) from None

    def names(self) -> list[str]:
        """Every name that a query may begin with."""
        forward = [field.name for field in self.fields]
        return sorted({*forward, *self.by_name, *self.reverse} - {"pk"})
