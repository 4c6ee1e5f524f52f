"""``Meta.order_with_respect_to``: rows in an order among those of the same owner.

class Answer(Model):
    question = ForeignKey(Question)

    class Meta:
        order_with_respect_to = "question"

question.get_answer_order()              keys of its answers, in order
question.set_answer_order([3, 1, 2])
answer.get_next_in_order()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.exceptions import FieldError, unknown_name
from fwtrace.toolkit.orm.fields import OrderWrt
from fwtrace.toolkit.orm.fields.methods import put

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model
    from fwtrace.toolkit.orm.options import Options

__all__ = ["add_order", "add_to_owner", "number"]


def add_order(meta: Options) -> None:
    """Give the model its ``_order`` column and its methods, and its owner those that
    it has, if that is known."""
    name = meta.order_with_respect_to
    meta.ordering = ["_order"]
    column = meta.by_name.get("_order")
    if column is not None and column.model is not meta.model:
        meta.order_with_respect_to = None  # the parent's table sees to it
        return
    field: Any = meta.by_name.get(name)
    if field is None:
        relations = [each.name for each in meta.concrete_fields if each.is_relation]
        raise FieldError(unknown_name(name, relations))
    if not field.is_relation:
        raise FieldError(
            f"order_with_respect_to of {meta.object_name} names a foreign key, which "
            f"{name!r} is not."
        )
    meta.order_with_respect_to = field
    if column is None:
        OrderWrt().contribute_to_class(meta.model, "_order")
    put(meta.model, "get_next_in_order", _neighbour(field, following=True))
    put(meta.model, "get_previous_in_order", _neighbour(field, following=False))
    owner = vars(field).get("related_model")
    if owner is not None:
        add_to_owner(meta.model, field, owner)


def add_to_owner(model: type[Model], field: Any, owner: type[Model]) -> None:
    """The model that the field refers to is known: give it its methods."""
    name = model._meta.model_name
    for method, made in (("get", _getter), ("set", _setter)):
        setattr(owner, f"{method}_{name}_order", made(model, field))


def _getter(model: type[Model], field: Any) -> Callable[[Model], Any]:
    def get_order(self: Model) -> Any:
        """The keys of the rows that belong to this one, in their order."""
        rows = _rows(model, self).filter(**{field.name: self})
        return rows.order_by("_order").values_list("pk", flat=True)

    return get_order


def _setter(model: type[Model], field: Any) -> Callable[..., None]:
    def set_order(
        self: Model, id_list: Iterable[Any], using: str | None = None
    ) -> None:
        """Put the rows of these keys in the order of the keys."""
        rows = _rows(model, self, using).filter(**{field.name: self})
        placed = [model(pk=key, _order=place) for place, key in enumerate(id_list)]
        rows.bulk_update(placed, ["_order"])

    return set_order


def _neighbour(field: Any, following: bool) -> Callable[[Model], Any]:
    def get_neighbour(self: Model) -> Any:
        """The next (or previous) row of the same owner. Raises DoesNotExist."""
        rows = _rows(type(self), self)
        # As it is in the database: set_..._order() tells no instance.
        place = rows.filter(pk=self.pk).values("_order")
        ahead = {f"_order__{'gt' if following else 'lt'}": place}
        rows = rows.filter(**{field.name: getattr(self, field.attname)}, **ahead)
        found = rows.order_by("_order" if following else "-_order").first()
        if found is None:
            raise self.DoesNotExist(
                f"There is no {type(self).__name__} "
                f"{'after' if following else 'before'} this one."
            )
        return found

    return get_neighbour


def _rows(model: type[Model], instance: Model, using: str | None = None) -> Any:
    """Those that the model shows, of the instance's database."""
    return model._default_manager.using(using or instance._state.db)


def number(rows: Iterable[Any], meta: Options, alias: str) -> None:
    """Put new rows behind those that their owners have already."""
    field = meta.order_with_respect_to
    places: dict[Any, int] = {}
    for row in rows:
        key = getattr(row, field.attname)
        if key not in places:
            places[key] = _first_free(meta, key, alias)
        row._order = places[key]
        places[key] += 1


def _first_free(meta: Options, key: Any, alias: str) -> int:
    from fwtrace.toolkit.orm.aggregates import Max

    rows = meta.model._base_manager.using(alias).filter(
        **{meta.order_with_respect_to.name: key}
    )
    last: int | None = rows.aggregate(last=Max("_order"))["last"]
    return 0 if last is None else last + 1
