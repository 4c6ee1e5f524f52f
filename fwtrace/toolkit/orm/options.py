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

    def __init__(self, model: type[Model], meta: Any) -> None:
        self.model = model
        self.object_name = model.__name__
        self.model_name = model.__name__.lower()
        self.fields: list[Field] = []
        self.related_objects: list[ManyToOneRel] = []
        given = {k: v for k, v in vars(meta).items() if k[0] != "_"} if meta else {}
        unknown = set(given) - set(_KNOWN)
        if unknown:
            raise TypeError(
                f"Meta of {self.object_name} has unknown options: "
                f"{', '.join(sorted(unknown))}. There are {', '.join(_KNOWN)}."
            )
        self.abstract: bool = given.get("abstract", False)
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

    @property
    def reverse(self) -> dict[str, ManyToOneRel]:
        """Relations of other models to this one, by the name that queries use."""
        return {rel.query_name: rel for rel in self.related_objects}

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
