"""``fwtrace migrations sql``: the SQL of each operation, dialect beside dialect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fwtrace.cli.errors import UsageError, did_you_mean
from fwtrace.cli.migrations.common import Folder, Label, opened
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
    folder: Folder = Path(),
    label: Label = "",
    as_json: AsJson = False,
) -> None:
    """Print the SQL of a migration for each database, without asking any.

    Example: fwtrace migrations sql 0002 --dialect sqlite,postgresql,mysql
    """
    from fwtrace.cli.output import print_json
    from fwtrace.migrate import statements

    vendors = _vendors(dialect)
    with opened(folder, None, label) as project:
        found = statements(project, project.migration(migration), vendors, backwards)
    if as_json:
        print_json(found)
    else:
        _draw(found, vendors)


def _vendors(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names or [""]:
        if name not in VENDORS:
            hint = did_you_mean(name, VENDORS)
            raise UsageError(
                f"There is no dialect {name!r}.{hint} There are {', '.join(VENDORS)}."
            )
    return names


def _draw(found: list[dict[str, Any]], vendors: list[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    from fwtrace.cli.output import draw, write

    if len(vendors) == 1:
        for step in found:
            sql = "\n".join(step["statements"][vendors[0]])
            write(f"-- {step['operation']}\n{sql}\n\n")
        return
    for step in found:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, expand=True)
        for vendor in vendors:
            table.add_column(vendor, ratio=1, overflow="fold", header_style="cyan")
        table.add_row(
            *(Text("\n".join(step["statements"][vendor])) for vendor in vendors)
        )
        draw(Text(step["operation"], "bold"), table, Text())
