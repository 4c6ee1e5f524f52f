"""Where migrations are: folders of files, each of one app.

find_sources(Path("blog/migrations"))    [the app "blog"]
find_sources(Path("."))                  [each folder <app>/migrations/ of a project]
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fwtrace.toolkit.orm.migrations.exceptions import MigrationError

__all__ = [
    "MigrationSource",
    "find_sources",
    "is_numbered",
    "migration_names",
    "source_of",
]

DEEPEST = 3
"""How many folders an app may be below the project."""
CLASS = re.compile(rb"^class Migration\(", re.MULTILINE)
PASSED_OVER = ("__pycache__", "env", "node_modules", "site-packages", "venv")


@dataclass(frozen=True)
class MigrationSource:
    """The migrations of an app; ``package`` is the name by which Python finds the
    folder, where it does."""

    app_label: str
    folder: Path
    package: str = ""


def find_sources(path: Path, label: str = "") -> list[MigrationSource]:
    """That of a folder of migrations, or those of all apps of a project.

    ``label`` is that of the app, where the folder's name does not tell it.
    """
    if not path.is_dir():
        what = "a file" if path.exists() else "not there"
        raise MigrationError(f"{path} is {what}: name a folder of migrations.")
    if path.resolve().name == "migrations" or _has_numbered_files(path):
        return [source_of(path, label)]
    found = [source_of(folder, label) for folder in _inside(path)]
    if not found:
        raise MigrationError(
            f"There are no migrations in {path}: name a folder of them, or a project "
            "with folders <app>/migrations/."
        )
    if label and len(found) > 1:
        raise MigrationError(
            f"There are the migrations of {len(found)} apps in {path}, so they cannot "
            f"all be called {label!r}: name the folder of one."
        )
    return found


def migration_names(folder: Path) -> list[str]:
    """``["0001_initial", ...]``: the files that may be migrations, in order; none where
    there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(
        entry.name[:-3]
        for entry in os.scandir(folder)
        if entry.name.endswith(".py")
        and entry.name[0] not in "_~."
        and "." not in entry.name[:-3]
        and entry.is_file()
    )


def is_numbered(name: str) -> bool:
    """Whether a file is called as migrations are."""
    return re.match(r"\d+_", name) is not None


def _has_numbered_files(folder: Path) -> bool:
    return any(map(is_numbered, migration_names(folder)))


def source_of(folder: Path, label: str = "") -> MigrationSource:
    """That of a folder, which may be yet to be made."""
    whole = folder.resolve()
    named = whole.parent if whole.name == "migrations" else whole
    return MigrationSource(label or named.name, folder, _package(whole))


def _package(folder: Path) -> str:
    """The dotted name of a folder below one that Python imports from."""
    roots = {Path(entry or ".").resolve() for entry in sys.path}
    for root in folder.parents:
        if root in roots:
            parts = folder.relative_to(root).parts
            return ".".join(parts) if all(map(str.isidentifier, parts)) else ""
    return ""


def _inside(project: Path, depth: int = 0) -> Iterator[Path]:
    folder = project / "migrations"
    if folder.is_dir() and _is_of_an_app(folder):
        yield folder
    if depth == DEEPEST:
        return
    for entry in _entries(project):
        if entry.is_dir(follow_symlinks=False) and not _is_passed_over(entry):
            yield from _inside(Path(entry.path), depth + 1)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return sorted(os.scandir(folder), key=lambda each: each.name)
    except PermissionError:
        return []  # it is not for us to look into


def _is_of_an_app(folder: Path) -> bool:
    """Other tools and packages have folders of that name too, with other things in."""
    names = migration_names(folder)
    if not names:
        return (folder / "__init__.py").exists() or not any(folder.iterdir())
    return any(is_numbered(name) or _has_migration(folder, name) for name in names)


def _has_migration(folder: Path, name: str) -> bool:
    """Whether the file has the class, and does not only quote it, as tests do."""
    data = (folder / f"{name}.py").read_bytes()
    return CLASS.search(data) is not None and not name.startswith("test_")


def _is_passed_over(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    if name[0] == "." or name == "migrations" or name in PASSED_OVER:
        return True
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))
