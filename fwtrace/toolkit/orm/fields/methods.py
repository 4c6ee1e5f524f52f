"""Methods that fields give their models: ``get_size_display``, ``get_next_by_date``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.fields.base import Field
    from fwtrace.toolkit.orm.model import Model

__all__ = ["display", "neighbour", "put"]


def put(model: type[Model], name: str, method: Callable[..., Any]) -> None:
    """Give the model a method, unless its own class body has one of that name."""
    if name not in vars(model):
        method.__name__ = name
        method.__qualname__ = f"{model.__qualname__}.{name}"
        setattr(model, name, method)


def display(field: Field) -> Callable[[Model], Any]:
    """The label of the value: ``shirt.get_size_display()``; a value that is no choice
    shows as itself."""

    def get_display(self: Model) -> Any:
        value = getattr(self, field.attname)
        for choice, label in field.flatchoices:
            if choice == value:
                return label if label is None else str(label)
        return value

    return get_display


def neighbour(field: Field, following: bool) -> Callable[..., Any]:
    """The row with the next (or previous) value of the field, of those that the
    conditions leave; the key decides between equals. Raises DoesNotExist."""

    def get_neighbour(self: Model, **conditions: Any) -> Any:
        if not self._is_pk_set():
            raise ValueError(
                f"Save the {type(self).__name__} first: a row that is not there has no "
                "neighbours."
            )
        ahead = _ahead(field, self, "gt" if following else "lt")
        sign = "" if following else "-"
        rows = _rows(self).filter(**conditions).filter(ahead)
        found = rows.order_by(f"{sign}{field.name}", f"{sign}pk").first()
        if found is None:
            raise self.DoesNotExist(
                f"There is no {type(self).__name__} "
                f"{'after' if following else 'before'} this one by {field.name}."
            )
        return found

    return get_neighbour


def _ahead(field: Field, instance: Model, than: str) -> Any:
    from fwtrace.toolkit.orm import Q  # conditions are made of fields

    value = getattr(instance, field.attname)
    equal = Q(**{field.name: value, f"pk__{than}": instance.pk})
    return equal | Q(**{f"{field.name}__{than}": value})


def _rows(instance: Model) -> Any:
    """All rows that the model's manager shows, of the instance's database."""
    model: Any = type(instance)
    manager = getattr(model, "_default_manager", None) or model.objects
    database = getattr(instance._state, "db", None)
    return manager.using(database) if database else manager.all()
