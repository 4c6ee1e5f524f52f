"""CompositePrimaryKey: a primary key of several columns.

class OrderLine(Model):
    pk = CompositePrimaryKey("order_id", "position")
    order = ForeignKey(Order)
    position = IntegerField()

OrderLine.objects.get(pk=(7, 1)).pk
    (7, 1)

It has no column of its own: its value is the tuple of those of its fields.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from fwtrace.toolkit.orm.fields.base import Field
from fwtrace.toolkit.orm.fields.recipe import OPTIONS, options, path

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = ["CompositeAttribute", "CompositePrimaryKey"]

_OF_COLUMNS = (
    "default",
    "db_default",
    "db_column",
    "db_comment",
    "db_index",
    "choices",
    "max_length",
)


def _names(condition: Any) -> Iterator[str]:
    """Those with which the lookups of a Q begin."""
    for each in getattr(condition, "children", ()):
        if isinstance(each, tuple):
            yield each[0].partition("__")[0]
        else:
            yield from _names(each)


class CompositeAttribute:
    """``line.pk``: the values of the key's fields, which it sets as well."""

    def __init__(self, field: CompositePrimaryKey) -> None:
        self.field = field

    def __get__(self, instance: Model | None, owner: type[Model]) -> Any:
        return self if instance is None else self.field.read(instance)

    def __set__(self, instance: Model, value: Any) -> None:
        names = self.field.attnames
        values = (None,) * len(names) if value is None else value
        if not isinstance(values, (tuple, list)) or len(values) != len(names):
            raise self.field.unfit(value)
        for name, each in zip(names, values, strict=True):
            setattr(instance, name, each)


class CompositePrimaryKey(Field):
    """The primary key of a model that has no field for it: several are it together.

    Its fields are named as they are in the model, foreign keys with or without ``_id``.
    """

    internal_type = "CompositePrimaryKey"
    description = "A primary key of several columns"
    concrete = False
    allowed_lookups = frozenset(("exact", "gt", "gte", "in", "isnull", "lt", "lte"))
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is no list of the values of the key."
    }
    default_options: ClassVar[dict[str, Any]] = {
        "primary_key": True,
        "blank": True,
        "editable": False,
        "serialize": False,
    }

    def __init__(self, *names: str, **settings: Any) -> None:
        self.field_names = names
        self.expects = f"a tuple of {len(names)} values ({', '.join(map(str, names))})"
        super().__init__(**{**self.default_options, **settings})

    def _check_options(self) -> None:
        super()._check_options()
        names = self.field_names
        for name in names:
            if not isinstance(name, str):
                self._refuse(f"takes the names of fields, not {name!r}")
        if len(names) < 2:
            self._refuse("needs the names of at least two fields")
        if len(set(names)) < len(names):
            self._refuse(f"names a field twice: {', '.join(names)}")
        for name in _OF_COLUMNS:
            if getattr(self, name) is not OPTIONS[name]:
                self._refuse(f"has no {name}: it has no column of its own")
        if self.editable or not self.blank or not self.primary_key:
            self._refuse(
                "is a primary key that nobody fills in: leave primary_key, editable "
                "and blank away"
            )

    # Its place in a model.

    def contribute_to_class(self, model: type[Model], name: str) -> None:
        if name != "pk":
            raise TypeError(
                f"A CompositePrimaryKey is called pk, not {name!r}: write "
                "pk = CompositePrimaryKey(...)."
            )
        self.set_names(model, name)
        self.column = None  # type: ignore[assignment]
        self._forget()
        model._meta.set_composite_key(self)
        setattr(model, name, CompositeAttribute(self))

    def check(self) -> None:
        """TypeError unless it can be the key of the model, which is complete."""
        self._check_fields()
        self._check_model()
        self._check_groups()

    def _check_fields(self) -> None:
        local = self.model._meta.local_fields
        own = {field.attname: field for field in local}
        own |= {field.name: field for field in local}
        for name in self.field_names:
            if name not in own:
                self._reject(f"{name!r}, which is no column of its own table")
            if own[name].null:
                self._reject(f"{name!r}, which can be NULL")
            if own[name].generated:
                self._reject(f"{name!r}, which the database works out")
        if len(set(self.fields)) < len(self.fields):
            self._reject(f"one field under two names: {', '.join(self.field_names)}")

    def _check_model(self) -> None:
        """There is no other key, and no reference to this one."""
        meta = self.model._meta
        every: list[Any] = [*meta.local_fields, *meta.local_many_to_many]
        for field in every:
            if field.primary_key:
                raise TypeError(
                    f"{self.model.__name__} has two primary keys, "
                    f"{field.name!r} and {self.name!r}: it can have one."
                )
            target = vars(field).get("related_model")
            if target is not None:
                field.check_target(target)  # it may be this very model

    def _check_groups(self) -> None:
        """It is no column that an index or a constraint could name."""
        meta = self.model._meta
        groups: list[Any] = list(meta.unique_together)
        for each in (*meta.indexes, *meta.constraints):
            names = (*getattr(each, "fields", ()), *getattr(each, "include", ()))
            groups.append([name.lstrip("-") for name in names])
            groups.append(_names(getattr(each, "condition", None)))
        if any(self.name in group for group in groups):
            raise TypeError(
                f"The Meta of {self.model.__name__} names 'pk' in an index or a "
                f"constraint: name its columns, {', '.join(self.field_names)}."
            )

    def _reject(self, what: str) -> NoReturn:
        raise TypeError(f"The primary key of {self.model.__name__} cannot have {what}.")

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        known = self.model._meta.by_name
        return tuple(known[name] for name in self.field_names)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.column for field in self.fields)

    @cached_property
    def attnames(self) -> tuple[str, ...]:
        return tuple(field.attname for field in self.fields)

    # Values.

    @cached_property
    def read(self) -> Callable[[Any], tuple[Any, ...]]:
        """``read(instance)`` is its key."""
        return attrgetter(*self.attnames)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, self.model):
            value = self.read(value)
        if not isinstance(value, (tuple, list)) or len(value) != len(self.fields):
            raise self.unfit(value)
        pairs = zip(self.fields, value, strict=True)
        return tuple([field.get_prep_value(each) for field, each in pairs])

    def to_python(self, value: Any) -> Any:
        """Of text as well: ``'["7", "1"]'``, as a file would have it."""
        if not isinstance(value, str):
            return value
        try:
            pairs = zip(self.fields, json.loads(value), strict=True)
            return tuple([field.to_python(each) for field, each in pairs])
        except (TypeError, ValueError):
            raise self.invalid(value) from None

    def value_to_string(self, instance: Model) -> str:
        return json.dumps([field.value_to_string(instance) for field in self.fields])

    # Copies.

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        return self.name, path(type(self)), list(self.field_names), options(self)

    def __copy__(self) -> Self:
        made = super().__copy__()
        made._forget()
        return made

    def _forget(self) -> None:
        """What the fields of another model were."""
        for name in ("fields", "attnames", "read"):
            self.__dict__.pop(name, None)
