"""Foreign keys: the attribute that fetches, and the other side's way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm import options
from fwtrace.toolkit.orm.deletion import CASCADE, SET_NULL, OnDelete
from fwtrace.toolkit.orm.fields import Field
from fwtrace.toolkit.orm.manager import Manager

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.models import Model
    from fwtrace.toolkit.orm.query import QuerySet

__all__ = ["ForeignKey", "ManyToOneRel"]


class ForeignKey(Field):
    """A reference to a row of another model, or of this one (``"self"``).

    ``to`` is a model or its name. ``related_name`` is the attribute on the other side
    (``<model>_set`` unless given, none for ``"+"``).
    """

    is_relation = True
    expects = "an instance or a key"

    def __init__(
        self,
        to: type[Model] | str,
        on_delete: OnDelete = CASCADE,
        *,
        related_name: str | None = None,
        related_query_name: str | None = None,
        db_index: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(db_index=db_index, **settings)
        if on_delete is SET_NULL and not self.null:
            raise TypeError("on_delete=SET_NULL needs null=True.")
        self.to = to
        self.on_delete = on_delete
        self.related_name = related_name
        self.related_query_name = related_query_name
        self.related_model: type[Model] = None  # type: ignore[assignment]

    def get_attname(self) -> str:
        return f"{self.name}_id"

    def contribute_to_class(self, model: type[Model], name: str) -> None:
        super().contribute_to_class(model, name)
        setattr(model, name, ForwardDescriptor(self))
        if model._meta.abstract:
            return  # there are no such rows; each model below has its own field
        target = self.to
        if target == "self":
            target = model
        if isinstance(target, str):
            found = options.models.get(target)
            if found is None:
                options.waiting.setdefault(target, []).append(self)
                return
            target = found
        self.resolve(target)

    def resolve(self, target: type[Model]) -> None:
        """The other model is known: put the way back on it."""
        self.related_model = target
        rel = ManyToOneRel(self)
        target._meta.add_related(rel)
        if not rel.hidden:
            setattr(target, rel.accessor_name, ReverseDescriptor(rel))

    @property
    def kind(self) -> str:
        target = self.related_model._meta.pk.kind
        return "IntegerField" if target == "AutoField" else target

    def to_python(self, value: Any) -> Any:
        pk = self.related_model._meta.pk
        if hasattr(value, "_meta"):
            if not isinstance(value, self.related_model):
                raise ValueError(value)
            value = value.pk
            if value is None:
                raise ValueError("an unsaved instance")
        return pk.to_python(value)


class ManyToOneRel:
    """A foreign key seen from the model it points to."""

    def __init__(self, field: ForeignKey) -> None:
        self.field = field
        self.related_model = field.model

    @property
    def hidden(self) -> bool:
        """Only deleting goes this way: it has no name."""
        return self.field.related_name == "+"

    @property
    def origin(self) -> tuple[str, str, str]:
        """What the source says; a model that is made twice says it twice."""
        model = self.related_model
        return (model.__module__, model.__qualname__, self.field.name)

    @property
    def accessor_name(self) -> str:
        return self.field.related_name or f"{self.related_model._meta.model_name}_set"

    @property
    def query_name(self) -> str:
        """The name in lookups: ``filter(book__title=...)``."""
        field = self.field
        return (
            field.related_query_name
            or field.related_name
            or self.related_model._meta.model_name
        )

    def __repr__(self) -> str:
        return f"<ManyToOneRel {self.query_name}>"


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
            found = field.related_model._base_manager.get(pk=key)
        instance._state.fields_cache[field.name] = key, found
        return found

    def __set__(self, instance: Model, value: Any) -> None:
        field = self.field
        if value is not None and not isinstance(value, field.related_model):
            raise ValueError(
                f"Cannot assign {value!r}: {type(instance).__name__}.{field.name} must "
                f"be a {field.related_model.__name__} instance. "
                f"For a key, assign {field.attname}."
            )
        key = None if value is None else value.pk
        setattr(instance, field.attname, key)
        instance._state.fields_cache[field.name] = key, value


class ReverseDescriptor:
    """``author.book_set``: a manager of the rows that point here."""

    def __init__(self, rel: ManyToOneRel) -> None:
        self.rel = rel

    def __get__(self, instance: Model | None, owner: type[Model]) -> Any:
        if instance is None:
            return self
        return RelatedManager(self.rel, instance)

    def __set__(self, instance: Model, value: Any) -> None:
        raise TypeError(
            f"Cannot assign to {self.rel.accessor_name}: create or change the "
            f"{self.rel.related_model.__name__} objects themselves."
        )


class RelatedManager(Manager):
    """The rows that refer to one instance."""

    def __init__(self, rel: ManyToOneRel, instance: Model) -> None:
        super().__init__(rel.related_model)
        self.rel = rel
        self.instance = instance

    def get_queryset(self) -> QuerySet[Any]:
        """The model's own manager says which rows there are to choose from."""
        name = self.rel.field.name
        self._check()
        rows = self.model.objects.get_queryset().filter(**{name: self.instance})
        rows.known_related = (name, self.instance)
        return rows

    def create(self, **values: Any) -> Any:
        self._check()
        return super().create(**{self.rel.field.name: self.instance, **values})

    def _check(self) -> None:
        if self.instance.pk is None:
            raise ValueError(
                f"Save the {type(self.instance).__name__} before using its "
                f"{self.rel.accessor_name}: it has no key yet."
            )
