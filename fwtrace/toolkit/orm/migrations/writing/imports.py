"""Import lines, in the order that ``ruff check`` asks for (its rule I001).

The standard library, what is installed, the user's own: a blank line between them.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

__all__ = ["sorted_imports"]

STANDARD, INSTALLED, OWN = range(3)


def sorted_imports(lines: Iterable[str]) -> str:
    """``import b``, ``from a import y``, ``from a import x`` as a block of imports."""
    modules: set[str] = set()
    names: dict[str, set[str]] = {}
    for line in lines:
        words = line.split(maxsplit=3)
        if words[0] == "import":
            modules.add(line.removeprefix("import "))
        else:
            found = {name.strip() for name in words[3].split(",")}
            names.setdefault(words[1], set()).update(found)
    plain = [(module, f"import {module}") for module in sorted(modules, key=_order)]
    froms = [
        (module, f"from {module} import {', '.join(sorted(names[module], key=_order))}")
        for module in sorted(names, key=_order)
    ]
    sections: dict[int, list[str]] = {STANDARD: [], INSTALLED: [], OWN: []}
    for module, line in [*plain, *froms]:
        sections[_section(module.split()[0])].append(line)
    return "\n\n".join("\n".join(each) for each in sections.values() if each)


def _order(name: str) -> tuple[str, str]:
    return name.lower(), name


def _section(module: str) -> int:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return STANDARD
    return INSTALLED if top == "fwtrace" or _is_installed(top) else OWN


def _is_installed(package: str) -> bool:
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    places = [spec.origin or "", *(spec.submodule_search_locations or ())]
    folders = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    return any(Path(place).is_relative_to(f) for place in places for f in folders)
