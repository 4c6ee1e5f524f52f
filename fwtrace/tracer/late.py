"""Run something once a module has been imported, without importing it.

An app may load its template engine or its database driver in the middle of the first
request; a probe for it waits here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["when_imported"]


def when_imported(name: str, run: Callable[[], None]) -> Callable[[], None]:
    """Call ``run()`` after module ``name`` was imported; returns the undo."""
    watcher = _Watcher(name, run)
    sys.meta_path.insert(0, watcher)
    return watcher.remove


class _Watcher:
    """Finds the one module by asking the finders behind it, then stands aside."""

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self.name = name
        self.run = run

    def remove(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def _behind(self) -> list[Any]:
        """Not those before it: another that waits for this module asks this one."""
        finders = list(sys.meta_path)
        return finders[finders.index(self) + 1 :] if self in finders else []

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        for finder in self._behind():
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(fullname, path, target) if find else None
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, self)  # type: ignore[assignment]
                return spec
        return None


class _Loader:
    """Loads as the real loader, which the module has back before its code runs."""

    def __init__(self, loader: Any, watcher: _Watcher) -> None:
        self.loader = loader
        self.watcher = watcher

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self.loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        if self.watcher in sys.meta_path:
            self.watcher.remove()
            self.watcher.run()
