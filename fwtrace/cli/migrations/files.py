"""New migrations on their way to files: text, place, and how they are described."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fwtrace.cli.errors import CommandError, UsageError

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.migrations.loader import MigrationSource
    from fwtrace.toolkit.orm.migrations.migration import Migration

__all__ = ["File", "NewName", "as_files", "described", "save_new"]


def _checked(name: str) -> str:
    """The name of a module, when a number has come before it."""
    if name and not re.fullmatch(r"\w+", name):
        raise UsageError(
            f"{name!r} cannot be a part of a module's name: use letters, digits and "
            "underscores."
        )
    return re.sub(r"^\d+_", "", name)


NewName = Annotated[
    str,
    typer.Option(
        "--name",
        metavar="NAME",
        callback=_checked,
        help="What to call it, after its number.",
    ),
]


@dataclass(frozen=True, slots=True)
class File:
    path: Path
    text: str
    migration: Migration


def as_files(
    sources: Iterable[MigrationSource], migrations: Iterable[Migration]
) -> list[File]:
    """Raises CannotSerialize for a value that no file can hold."""
    from fwtrace.toolkit.orm.migrations.writer import MigrationWriter

    folders = {source.app_label: source.folder for source in sources}
    return [
        File(
            folders[each.app_label] / f"{each.name}.py",
            MigrationWriter(each).as_string(),
            each,
        )
        for each in migrations
    ]


def save_new(files: Iterable[File]) -> None:
    """Write files that are not there yet, in a package that may be yet to be made."""
    for file in files:
        folder = file.path.parent
        try:
            if not folder.exists():
                folder.mkdir(parents=True)
                (folder / "__init__.py").touch()
            with open(file.path, "x", encoding="utf-8") as opened:
                opened.write(file.text)
        except FileExistsError:
            raise CommandError(
                f"{str(file.path)!r} is there already: give another --name."
            ) from None
        except OSError as error:
            raise CommandError(
                f"Cannot write {str(file.path)!r}: {error.strerror}."
            ) from None


def described(file: File, *, is_written: bool) -> dict[str, Any]:
    migration = file.migration
    return {
        "file": str(file.path),
        "app": migration.app_label,
        "name": migration.name,
        "dependencies": [".".join(each[:2]) for each in migration.dependencies],
        "operations": [each.formatted_description() for each in migration.operations],
        "written": is_written,
        "text": file.text,
    }
