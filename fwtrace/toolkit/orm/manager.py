"""Managers: ``Model.objects``, where queries begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.query import QuerySet
from fwtrace.toolkit.orm.sql import Q

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.models import Model

__all__ = ["Manager"]


class Manager:
    """Makes querysets of a model. Override :meth:`get_queryset` to narrow them all."""

    def __init__(self, model: type[Model] | None = None) -> None:
        self.model: type[Model] = model  # type: ignore[assignment]

    def __get__(self, instance: Model | None, owner: type[Model]) -> Manager:
        if instance is not None:
            raise AttributeError(
                f"Manager isn't accessible via {owner.__name__} instances: "
                f"use {owner.__name__}.objects."
            )
        if self.model is owner:
            return self
        made = type(self)()  # a subclass has rows of its own
        made.model = owner
        return made

    def __repr__(self) -> str:
        return f"<Manager of {self.model.__name__}>"

    def get_queryset(self) -> QuerySet[Any]:
        return QuerySet(self.model)

    def all(self) -> QuerySet[Any]:
        return self.get_queryset()

    def none(self) -> QuerySet[Any]:
        return self.get_queryset().none()

    def filter(self, *args: Q, **conditions: Any) -> QuerySet[Any]:
        return self.get_queryset().filter(*args, **conditions)

    def exclude(self, *args: Q, **conditions: Any) -> QuerySet[Any]:
        return self.get_queryset().exclude(*args, **conditions)

    def order_by(self, *names: str) -> QuerySet[Any]:
        return self.get_queryset().order_by(*names)

    def select_related(self, *paths: str) -> QuerySet[Any]:
        return self.get_queryset().select_related(*paths)

    def reverse(self) -> QuerySet[Any]:
        return self.get_queryset().reverse()

    def distinct(self) -> QuerySet[Any]:
        return self.get_queryset().distinct()

    def limit(self, count: int) -> QuerySet[Any]:
        return self.get_queryset().limit(count)

    def offset(self, count: int) -> QuerySet[Any]:
        return self.get_queryset().offset(count)

    def values(self, *names: str) -> QuerySet[dict[str, Any]]:
        return self.get_queryset().values(*names)

    def values_list(self, *names: str, flat: bool = False) -> QuerySet[Any]:
        return self.get_queryset().values_list(*names, flat=flat)

    def get(self, *args: Q, **conditions: Any) -> Any:
        return self.get_queryset().get(*args, **conditions)

    def first(self) -> Any:
        return self.get_queryset().first()

    def last(self) -> Any:
        return self.get_queryset().last()

    def count(self) -> int:
        return self.get_queryset().count()

    def exists(self) -> bool:
        return self.get_queryset().exists()

    def create(self, **values: Any) -> Any:
        return self.get_queryset().create(**values)

    def update(self, **values: Any) -> int:
        return self.get_queryset().update(**values)

    def get_or_create(
        self, defaults: dict[str, Any] | None = None, **conditions: Any
    ) -> tuple[Any, bool]:
        return self.get_queryset().get_or_create(defaults, **conditions)
