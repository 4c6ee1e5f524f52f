"""``fwtrace migrations squash``: many migrations as one that does the same."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fwtrace.cli.errors import CommandError
from fwtrace.cli.migrations.common import Folder, Label, opened, plainly

__all__ = ["command"]


def command(
    last: Annotated[
        str,
        typer.Argument(metavar="LAST", help="The last to squash: 0005, or blog.0005."),
    ],
    first: Annotated[
        str,
        typer.Option("--first", metavar="FIRST", help="Begin here, not at the first."),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What to call it.")
    ] = "",
    no_optimize: Annotated[
        bool, typer.Option("--no-optimize", help="Keep the operations as they are.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the file instead of writing it.")
    ] = False,
    folder: Folder = Path(),
    label: Label = "",
) -> None:
    """Write one migration that replaces several, with as few operations as it takes.

    Example: fwtrace migrations squash 0004 --dry-run
    """
    from fwtrace.cli.output import save, write
    from fwtrace.toolkit.orm.migrations.squash import squash
    from fwtrace.toolkit.orm.migrations.writer import MigrationWriter

    with opened(folder, None, label) as project, plainly():
        end = project.migration(last)
        start = project.migration(first).name if first else None
        found = squash(
            project.loader, end.app_label, start, end.name, name, no_optimize
        )
        text = MigrationWriter(found.migration).as_string()
        home = next(
            each.folder for each in project.sources if each.app_label == end.app_label
        )
    path = home / f"{found.migration.name}.py"
    if dry_run:
        write(text)
    elif path.exists():
        raise CommandError(f"{str(path)!r} is there already: give another --name.")
    else:
        save(text, str(path))
        write(f"{path}\n")
    before, after = found.before, len(found.migration.operations)
    count = len(found.migration.replaces)
    note = f"{count} migrations with {before} operations became {after} operations.\n"
    write(note, sys.stderr)
    for each in found.notes:
        write(f"{each}\n", sys.stderr)
