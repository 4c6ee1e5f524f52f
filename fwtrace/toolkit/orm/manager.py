"""Managers: ``Model.objects``, where queries begin."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.fields import recipe
from fwtrace.toolkit.orm.query import QuerySet
from fwtrace.toolkit.orm.routers import db_for_write

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = ["Manager"]


class BaseManager:
    """Makes querysets of a model; override ``get_queryset`` to narrow them all."""

    _queryset_class: Any = QuerySet
    auto_created = False
    use_in_migrations = False
    is_bound = False
    """It is of the rows of one instance, and made anew for each."""

    _made_of: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    _made_from: ClassVar[tuple[type, type] | None] = None
    """Of a class of ``from_queryset()``: the manager's and the queryset's class."""
    _built_with_as_manager = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in vars(cls) and not cls.is_bound:
            cls.__new__ = _keeping_arguments  # type: ignore[method-assign]

    def __init__(self, model: type[Model] | None = None) -> None:
        self.model: type[Model] = model  # type: ignore[assignment]
        self.name = ""
        self._db: str | None = None
        self._hints: dict[str, Any] = {}

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Model | None, owner: type[Model]) -> Any:
        if instance is not None:
            raise AttributeError(
                f"Manager isn't accessible via {owner.__name__} instances: "
                f"use {owner.__name__}.objects."
            )
        if self.model is owner:
            return self
        if owner._meta.abstract:
            raise AttributeError(
                f"Manager isn't available; {owner.__name__} is abstract."
            )
        return self.bound_to(owner)  # a subclass has rows of its own

    def bound_to(self, model: type[Model]) -> BaseManager:
        import copy

        made = copy.copy(self)
        made.model = model
        return made

    def __repr__(self) -> str:
        model = getattr(self.model, "__name__", "no model")
        return f"<{type(self).__name__} of {model}>"

    def deconstruct(
        self,
    ) -> tuple[bool, str, str | None, tuple[Any, ...] | None, dict[str, Any] | None]:
        """How to make it again: whether by ``as_manager()``, the path of its class, the
        path of a queryset's class, and what to call it with.

        Manager.from_queryset(Rows)(1)    False, "...Manager", "...Rows", (1,), {}
        Rows.as_manager()                 True, "", "...Rows", None, None
        """
        args, options = self._made_of
        made_from = vars(type(self)).get("_made_from")
        if made_from is None:
            return False, recipe.path(type(self)), None, args, options
        manager, queryset = map(recipe.path, made_from)
        if self._built_with_as_manager:
            return True, "", queryset, None, None
        return False, manager, queryset, args, options

    def __eq__(self, other: object) -> bool:
        """Of whatever model: one read from a migration has none."""
        if not isinstance(other, BaseManager) or self.is_bound or other.is_bound:
            return self is other
        return self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self._queryset_class)

    @classmethod
    def from_queryset(cls, queryset: type[QuerySet[Any]], name: str = "") -> Any:
        """A manager class with the methods of a queryset class."""
        namespace = {"_queryset_class": queryset, **_passing_on(queryset)}
        namespace["_made_from"] = cls, queryset
        return type(name or f"{cls.__name__}From{queryset.__name__}", (cls,), namespace)

    @property
    def db(self) -> str:
        return self.get_queryset().db

    @property
    def db_for_write(self) -> str:
        return self._db or db_for_write(self.model, **self._hints)

    def db_manager(
        self, hints: dict[str, Any] | None = None, using: str | None = None
    ) -> Any:
        import copy

        made = copy.copy(self)
        made._db = using or self._db
        made._hints = hints or self._hints
        return made

    def get_queryset(self) -> QuerySet[Any]:
        made: QuerySet[Any] = self._queryset_class(
            self.model, using=self._db, hints=self._hints
        )
        return made

    def all(self) -> QuerySet[Any]:
        return self.get_queryset()


def _keeping_arguments(cls: type, *args: Any, **kwargs: Any) -> Any:
    """Of managers with arguments: what they were, to write them into a migration."""
    made: Any = object.__new__(cls)
    made._made_of = args, kwargs
    return made


def _passing_on(queryset: type) -> dict[str, Any]:
    """Public methods of a queryset class, each called on a new queryset."""

    def passing(name: str, original: Any) -> Any:
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            return getattr(self.get_queryset(), name)(*args, **kwargs)

        method.__name__, method.__doc__ = name, original.__doc__
        return method

    found = {}
    for name, value in inspect.getmembers(queryset, inspect.isfunction):
        only = getattr(value, "queryset_only", None)
        if only or (name.startswith("_") and only is not False):
            continue
        if hasattr(BaseManager, name) or name in _INNER:
            continue
        found[name] = passing(name, value)
    return found


_INNER = frozenset(("shape", "slot_values", "query_for_subquery", "as_value"))


class Manager(BaseManager):
    """The manager that a model has unless it names its own: it has the methods of a
    queryset."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


for _name, _method in _passing_on(QuerySet).items():
    setattr(Manager, _name, _method)
