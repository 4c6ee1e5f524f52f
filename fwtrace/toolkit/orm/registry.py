"""Models by name: what ``"Tag"`` or ``"blog.Tag"`` stands for, now or later."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = ["Registry", "every_model", "registry"]


class _Wish:
    """A reference by name: ``"Tag"``, from a module; or ``"blog.Tag"``, of an app.

    A model of that name elsewhere will do until the one that is meant is defined.
    """

    def __init__(self, app: str, module: str, call: Callable[[Any], Any]) -> None:
        self.app = app
        self.module = module
        self.call = call
        self.found: Any = None

    def is_met_by(self, model: type[Model]) -> bool:
        if self.app:
            return self.app in (model._meta.app_label, *model.__module__.split("."))
        return self.module in ("", model.__module__)

    def offer(self, model: type[Model]) -> bool:
        """Take the model where there is no better one; whether it was the one."""
        is_met = self.is_met_by(model)
        if is_met or self.found is None:
            self.found = model
            self.call(model)
        return is_met


class Registry:
    """The models that refer to each other by name."""

    is_lazy = False
    """A model is made, and found, when a relation to it is looked at."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[type[Model]]] = {}
        """Models that are called so, the latest last; one of each module."""
        self._waiting: dict[str, list[_Wish]] = {}

    def register(self, model: type[Model]) -> None:
        """The model is complete: those who waited for its name are called."""
        name = model.__name__
        every_model[next(_made)] = model
        known = self._by_name.get(name, ())
        others = [m for m in known if m.__module__ != model.__module__]
        self._by_name[name] = [*others, model]
        waiting = self._waiting.pop(name, ())
        left = [wish for wish in waiting if not wish.offer(model)]
        if left:
            self._waiting[name] = left

    def when_defined(
        self, name: str, call: Callable[[Any], Any], module: str = ""
    ) -> None:
        """Call with the model of that name, now or when there is one; again, when one
        is defined later that is nearer to the module."""
        app, _, bare = name.rpartition(".")
        wish = _Wish(app, module, call)
        nearest = self._nearest(bare, wish)
        if nearest is None or not wish.offer(nearest):
            self._waiting.setdefault(bare, []).append(wish)

    def find(self, name: str) -> type[Model] | None:
        """The model that ``"Tag"`` or ``"blog.Tag"`` stands for, if there is one."""
        app, _, bare = name.rpartition(".")
        return self._nearest(bare, _Wish(app, "", lambda model: None))

    def referring_to(self, model: type[Model]) -> list[type[Model]]:
        """The models whose tables have a foreign key to the model's."""
        return [rel.related_model for rel in model._meta.local_related if rel.is_key]

    def _nearest(self, name: str, wish: _Wish) -> type[Model] | None:
        known = self._by_name.get(name, [])
        met = [model for model in known if wish.is_met_by(model)]
        found = met or known
        return found[-1] if found else None


every_model: weakref.WeakValueDictionary[int, type[Model]] = (
    weakref.WeakValueDictionary()
)
"""Every model of a program, in the order in which they were made."""
_made = itertools.count()

registry = Registry()
"""That of every model whose Meta names no other as ``apps``."""
