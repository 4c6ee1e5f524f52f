"""``fwtrace migrations sql``: the SQL of each operation, dialect beside dialect."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from fwtrace.cli.errors import UsageError, did_you_mean
from fwtrace.cli.migrations.common import Folders, Label, meant, opened
from fwtrace.cli.options import AsJson

__all__ = ["command"]

VENDORS = ("sqlite", "postgresql", "mysql")


def command(
    migration: Annotated[
        str, typer.Argument(metavar="MIGRATION", help="Such as blog.0002, or 0002.")
    ],
    dialect: Annotated[
        str,
        typer.Option(
            "--dialect", metavar="NAMES", help=f"One or more of {', '.join(VENDORS)}."
        ),
    ] = "sqlite",
    backwards: Annotated[
        bool, typer.Option("--backwards", help="The SQL that undoes it.")
    ] = False,
    folders: Folders = None,
    label: Label = "",
    as_json: AsJson = False,
) -> None:
    """Print the SQL of a migration for each database, without asking any.

    Example: fwtrace migrations sql 0002 --dialect sqlite,postgresql,mysql
    """
    from fwtrace.cli.output import print_json
    from fwtrace.migrate import statements

    vendors = _vendors(dialect)
    with opened(folders, label, reads_only=True) as project:
        with meant():
            wanted = project.migration(migration)
        found = statements(project, wanted, vendors, backwards)
    if as_json:
        print_json(
            {
                "app": wanted.app_label,
                "name": wanted.name,
                "backwards": backwards,
                "operations": found,
            }
        )
    elif len(vendors) == 1 and not (sys.stdout and sys.stdout.isatty()):
        _print(found, vendors[0])
    else:
        _draw(found)


def _vendors(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names or [""]:
        if name not in VENDORS:
            hint = did_you_mean(name, VENDORS)
            raise UsageError(
                f"There is no dialect {name!r}.{hint} There are {', '.join(VENDORS)}."
            )
    return list(dict.fromkeys(names))


def _print(found: list[dict[str, Any]], vendor: str) -> None:
    """SQL that can be piped into the database's own shell."""
    from fwtrace.cli.output import write

    blocks = (
        "\n".join([f"-- {step['operation']}", *step["statements"][vendor]])
        for step in found
    )
    write("\n\n".join(blocks) + "\n" if found else "-- There are no operations.\n")


def _draw(found: list[dict[str, Any]]) -> None:
    from rich.text import Text

    from fwtrace.cli.output import draw
    from fwtrace.render.sql import Scripts

    for number, step in enumerate(found):
        title = Text(step["operation"], "bold")
        draw(*([""] if number else []), title, Scripts(step["statements"]))
    if not found:
        draw(Text("There are no operations.", "dim"))
