"""Routers: which database a model's rows are read from and written to.

A router may have any of Django's four methods: ``db_for_read(model, **hints)``,
``db_for_write``, ``allow_relation(a, b, **hints)``, ``allow_migrate(db,
app_label, model_name=None, **hints)``. The first that does not answer None decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "allow_migrate",
    "allow_migrate_model",
    "allow_relation",
    "db_for_read",
    "db_for_write",
    "set_routers",
]

_routers: tuple[Any, ...] = ()


def set_routers(routers: Sequence[Any]) -> None:
    """Ask these from now on, in order; an object, a class or its dotted name each.

    Raises TypeError for what has none of the four methods.
    """
    global _routers
    made = tuple(map(_made, routers))
    for each in made:
        if not any(hasattr(each, name) for name in _METHODS):
            raise TypeError(f"{each!r} is no router: it has none of {_METHODS}.")
    _routers = made


_METHODS = ("db_for_read", "db_for_write", "allow_relation", "allow_migrate")


def _made(router: Any) -> Any:
    if isinstance(router, str):
        import importlib

        module, _, name = router.rpartition(".")
        router = getattr(importlib.import_module(module), name)
    return router() if isinstance(router, type) else router


def _asked(method: str, *args: Any, **hints: Any) -> Any:
    for router in _routers:
        ask = getattr(router, method, None)
        answer = None if ask is None else ask(*args, **hints)
        if answer is not None:
            return answer
    return None


def db_for_read(model: Any, **hints: Any) -> str:
    """The alias; without a router's opinion, that of the instance at hand."""
    if _routers:
        found = _asked("db_for_read", model, **hints)
        if found is not None:
            return str(found)
    instance = hints.get("instance")
    return (instance is not None and instance._state.db) or "default"


def db_for_write(model: Any, **hints: Any) -> str:
    """As :func:`db_for_read`, for a statement that changes something."""
    if _routers:
        found = _asked("db_for_write", model, **hints)
        if found is not None:
            return str(found)
    instance = hints.get("instance")
    return (instance is not None and instance._state.db) or "default"


def allow_relation(one: Any, other: Any, **hints: Any) -> bool:
    """Whether the two instances may refer to each other: those of one database may."""
    found = _asked("allow_relation", one, other, **hints)
    return bool(one._state.db == other._state.db if found is None else found)


def allow_migrate(alias: str, app_label: str, **hints: Any) -> bool:
    """Whether what an app's migration does belongs into that database."""
    found = _asked("allow_migrate", alias, app_label, **hints)
    return True if found is None else bool(found)


def allow_migrate_model(alias: str, model: Any) -> bool:
    """Whether the model's table belongs into that database."""
    meta = model._meta
    return allow_migrate(alias, meta.app_label, model_name=meta.model_name, model=model)
