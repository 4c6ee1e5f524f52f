"""From a file to a Migration: what its class holds is looked at, and what is wrong with
it is said with the line."""

from __future__ import annotations

import ast
from typing import Any

from fwtrace.toolkit.orm.migrations.exceptions import BadMigrationError
from fwtrace.toolkit.orm.migrations.loading.modules import (
    MigrationFile,
    MigrationModules,
)
from fwtrace.toolkit.orm.migrations.loading.sources import (
    MigrationSource,
    is_numbered,
    migration_names,
)
from fwtrace.toolkit.orm.migrations.migration import Migration, SwappableTuple
from fwtrace.toolkit.orm.migrations.operations import Operation

__all__ = ["read_migrations"]


def read_migrations(source: MigrationSource) -> list[Migration]:
    """The migrations of an app, in the order of their names."""
    found = []
    with MigrationModules(source) as modules:
        for name in migration_names(source.folder):
            file = modules.file(name)
            kind = _kind(file, modules)
            if kind is not None:
                found.append(_made(kind, file, source.app_label))
    return found


def _kind(file: MigrationFile, modules: MigrationModules) -> Any:
    """The class of a file; None where the file is there to help others."""
    if not is_numbered(file.name) and b"Migration" not in file.data:
        return None
    kind = vars(modules.load(file)).get("Migration")
    if kind is None and is_numbered(file.name):
        raise BadMigrationError(
            f"{file.path} has no class Migration: is it half-written? A file that only "
            "helps others begins with an underscore."
        )
    return kind


def _made(kind: Any, file: MigrationFile, app_label: str) -> Migration:
    _check(kind, file)
    made: Migration = kind(file.name, app_label)
    made.path = file.path
    for pairs in (made.dependencies, made.run_before, made.replaces):
        pairs[:] = map(_pair, pairs)
    return made


def _pair(given: Any) -> Any:
    return given if isinstance(given, SwappableTuple) else tuple(given)


def _check(kind: Any, file: MigrationFile) -> None:
    if not (isinstance(kind, type) and issubclass(kind, Migration)):
        raise BadMigrationError(
            f"{file.path}: Migration is no class of migrations: write "
            "'class Migration(migrations.Migration)'."
        )
    for name, check in CHECKS.items():
        given = getattr(kind, name)
        if not isinstance(given, (list, tuple)):
            where = _where(file, name)
            raise BadMigrationError(f"{where}: {name} is a list, not {given!r}.")
        for index, each in enumerate(given):
            wrong = check(each)
            if wrong:
                where = _where(file, name, index)
                raise BadMigrationError(f"{where}: {wrong}")


def _wrong_operation(given: Any) -> str:
    if isinstance(given, Operation):
        return ""
    if isinstance(given, type) and issubclass(given, Operation):
        name = given.__name__
        return f"an operation is made by calling its class: write {name}(...)."
    kind = type(given)
    if kind.__module__.startswith("django."):
        return (
            f"{kind.__name__} is an operation of Django's own, which cannot run here."
        )
    return f"{given!r} is no operation."


def _wrong_pair(given: Any) -> str:
    if isinstance(given, SwappableTuple) or (
        isinstance(given, (list, tuple))
        and len(given) == 2
        and all(isinstance(part, str) and part for part in given)
    ):
        return ""
    return f"{given!r} is no pair of an app and a name: ('blog', '0001_initial')."


CHECKS = {
    "operations": _wrong_operation,
    "dependencies": _wrong_pair,
    "run_before": _wrong_pair,
    "replaces": _wrong_pair,
}


def _where(file: MigrationFile, name: str, index: int | None = None) -> str:
    """The file, and the line of a list in its class; or of one of the list."""
    for node in ast.walk(ast.parse(file.data)):
        if isinstance(node, ast.ClassDef) and node.name == "Migration":
            for line in node.body:
                if _assigns(line, name):
                    return f"{file.path}, line {_element(line, index).lineno}"
    return str(file.path)


def _assigns(node: ast.stmt, name: str) -> bool:
    targets: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return any(isinstance(each, ast.Name) and each.id == name for each in targets)


def _element(node: Any, index: int | None) -> Any:
    """One of a list that is written out; the whole where it is not."""
    elements = getattr(node.value, "elts", ())
    if index is None or index >= len(elements):
        return node
    return elements[index]
