"""Classes and functions by the names that a migration imports them by.

CharField            models.CharField     from fwtrace.toolkit.orm import models
shop.prices.usual    shop.prices.usual    import shop.prices

What is no longer found by its name cannot be written.
"""

from __future__ import annotations

import sys
import types
from importlib import import_module
from typing import Any

from fwtrace.toolkit.orm.migrations.exceptions import CannotSerialize
from fwtrace.toolkit.orm.migrations.writing.literals import Written, quoted

__all__ = ["IMPORT_MODULE", "front_named", "named", "path_named"]

FRONTS = (
    ("fwtrace.toolkit.orm", "models"),
    ("fwtrace.toolkit.orm", "migrations"),
    ("fwtrace.toolkit", "validators"),
)
"""The modules that our own names are taken from, by people too."""

TAKEN = ("Decimal", "import_module", *(name for _, name in FRONTS))
"""Names that migrations have for something else than a package of the user's."""

IMPORT_MODULE = "from importlib import import_module"

_TYPES = {
    kind: name for name, kind in reversed(vars(types).items()) if isinstance(kind, type)
}


def named(value: Any) -> Written:
    """A class, or a function, also one of a class: what imports find by its name."""
    owner = getattr(value, "__self__", None)
    if isinstance(owner, type):
        text, imports = named(owner)
        return f"{text}.{value.__name__}", imports
    if not isinstance(owner, (types.ModuleType, type(None))):
        raise CannotSerialize(
            value,
            "it is a method of one object",
            "Write a function at the top of a module.",
        )
    if value in _TYPES and value.__module__ == "builtins" and _is_hidden(value):
        return f"types.{_TYPES[value]}", {"import types"}
    owner = getattr(value, "__objclass__", type(value))
    module: str = getattr(value, "__module__", None) or owner.__module__
    _check(value, module, value.__qualname__)
    return _reference(module, value.__qualname__)


def path_named(path: str, value: Any) -> Written:
    """What a ``deconstruct()`` names: ``"shop.fields.HandField"``."""
    module, _, name = path.rpartition(".")
    while module and not _is_module(module):
        module, _, outer = module.rpartition(".")
        name = f"{outer}.{name}"
    if not module:
        raise CannotSerialize(
            value,
            f"its deconstruct() says {path!r}, and there is no such module",
            "Let it say the full name of its class.",
        )
    _check(value, module, name, is_same=False)
    return _reference(module, name)


def front_named(value: Any) -> Written | None:
    """An object of ours by its public name: ``models.CASCADE``."""
    for package, front in FRONTS:
        for name, each in vars(import_module(f"{package}.{front}")).items():
            if each is value and not name.startswith("_"):
                return f"{front}.{name}", {f"from {package} import {front}"}
    return None


def _is_module(name: str) -> bool:
    if name in sys.modules:
        return True
    try:
        import_module(name)
    except ImportError:
        return False
    return True


def _is_hidden(kind: type) -> bool:
    """It says that it is a built-in, and there is none of that name."""
    return getattr(import_module("builtins"), kind.__qualname__, None) is not kind


def _check(value: Any, module: str, qualname: str, is_same: bool = True) -> None:
    """Raise CannotSerialize where an import would not find it."""
    if "<lambda>" in qualname:
        raise CannotSerialize(
            value,
            "a lambda has no name to import it by",
            "Write it with def at the top of a module.",
        )
    if "<locals>" in qualname:
        raise CannotSerialize(
            value,
            f"it is within {qualname.partition('.<locals>')[0]}(), where no import "
            "reaches",
            "Move it to the top of its module.",
        )
    if module == "__main__":
        raise CannotSerialize(
            value,
            "it is in the file that was run, which has no name to import it by",
            "Move it to a module, and import it from there.",
        )
    found = _found(module, qualname)
    if found is None or (is_same and found is not value):
        raise CannotSerialize(
            value,
            f"{module} has no {qualname}" if found is None else "another has its name",
            f"Give it that name, {qualname}, at the top of {module}.",
        )


def _found(module: str, qualname: str) -> Any:
    found = import_module(module) if _is_module(module) else None
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return found


def _reference(module: str, qualname: str) -> Written:
    module = _public(module, qualname)
    if module == "builtins":
        return qualname, set()
    if module.startswith("fwtrace.toolkit."):
        for package, front in FRONTS:
            if _is_in_front(module, qualname, f"{package}.{front}"):
                line = f"from {package} import {front}"
                return f"{front}.{qualname}", {line}
    if not all(part.isidentifier() for part in module.split(".")):
        return f"import_module({quoted(module)}).{qualname}", {IMPORT_MODULE}
    if module.partition(".")[0] in TAKEN:
        alias = f"app_{module.replace('.', '_')}"
        return f"{alias}.{qualname}", {f"import {module} as {alias}"}
    return f"{module}.{qualname}", {f"import {module}"}


def _public(module: str, qualname: str) -> str:
    """The package, if the module in it is private and it has the same thing."""
    package, _, own = module.rpartition(".")
    if not (package and own.startswith("_")):
        return module
    is_same = _found(package, qualname) is _found(module, qualname)
    return _public(package, qualname) if is_same else module


def _is_in_front(module: str, qualname: str, front: str) -> bool:
    name = qualname.partition(".")[0]
    found = getattr(import_module(front), name, None)
    return found is not None and found is _found(module, name)
