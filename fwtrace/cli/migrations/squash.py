"""``fwtrace migrations squash``: many migrations as one that does the same."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fwtrace.cli.migrations.common import (
    Folders,
    Label,
    meant,
    opened,
    refuse_sample,
    say,
)
from fwtrace.cli.migrations.files import NewName, as_files, described, save_new
from fwtrace.cli.options import AsJson

__all__ = ["command"]


def command(
    last: Annotated[
        str,
        typer.Argument(metavar="LAST", help="The last to squash: 0005, or blog.0005."),
    ],
    first: Annotated[
        str,
        typer.Option(
            "--first", metavar="FIRST", help="Begin here, not at the app's first."
        ),
    ] = "",
    name: NewName = "",
    no_optimize: Annotated[
        bool, typer.Option("--no-optimize", help="Keep the operations as they are.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the file instead of writing it.")
    ] = False,
    folders: Folders = None,
    label: Label = "",
    as_json: AsJson = False,
) -> None:
    """Write one migration that replaces several, with as few operations as it takes.

    Example: fwtrace migrations squash 0004 --dry-run
    """
    from fwtrace.cli.output import print_json, write
    from fwtrace.toolkit.orm.migrations.squash import squash

    with opened(folders, label, reads_only=True) as project:
        if not dry_run:
            refuse_sample(project.sources, folders)
        with meant():
            end = project.migration(last)
            start = project.in_use(project.migration(first)) if first else None
            found = squash(
                project.loader,
                end.app_label,
                start,
                project.in_use(end),
                name,
                no_optimize,
            )
        (file,) = as_files(project.sources, [found.migration])
    if not dry_run:
        save_new([file])
    if as_json:
        print_json(_described(found, described(file, is_written=not dry_run)))
        return
    write(file.text if dry_run else f"{file.path}\n")
    count, after = len(found.replaced), len(found.migration.operations)
    say(f"{count} migrations with {found.before} operations became one with {after}.")
    for each in found.notes:
        say(each)


def _described(found: Any, data: dict[str, Any]) -> dict[str, Any]:
    return {
        **data,
        "replaces": [str(each) for each in found.replaced],
        "operations_before": found.before,
        "kept": [
            {"migration": str(migration), "operation": operation.describe()}
            for migration, operation in found.kept
        ],
        "notes": found.notes,
    }
