"""Options that several commands share, each defined once."""

from __future__ import annotations

from typing import Annotated

import typer

from fwtrace.cli.choices import complete_stage

__all__ = ["AppName", "AsJson", "Database", "Depth", "Output", "Source", "Stages"]


def _complete_app(incomplete: str) -> list[str]:
    from fwtrace.hosts.locate import KNOWN

    return [name for name in KNOWN if name.startswith(incomplete)]


AppName = Annotated[
    str,
    typer.Option(
        "--app",
        "-a",
        help="A known name (see fwtrace apps), module:attribute, or a file.",
        metavar="APP",
        autocompletion=_complete_app,
    ),
]

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        help="Set DATABASE_URL for the app, such as sqlite:///data.db.",
        metavar="URL",
    ),
]

AsJson = Annotated[bool, typer.Option("--json", "-j", help="Print JSON.")]

# How a trace is drawn.

Stages = Annotated[
    list[str] | None,
    typer.Option(
        "--stage",
        help="Show only these stages (again, or with commas).",
        metavar="STAGE",
        autocompletion=complete_stage,
    ),
]

Depth = Annotated[
    int | None,
    typer.Option("--depth", min=1, metavar="N", help="Levels of the tree to show."),
]

Source = Annotated[
    bool, typer.Option("--source", help="Show the code of views and statements.")
]

Output = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write to a file; - is stdout."
    ),
]
