"""``fwtrace migrations``: the history of models, and databases taken along it."""

from __future__ import annotations

import typer

from fwtrace.cli.migrations import make, plan, run, show, sql, squash

__all__ = ["group"]

group = typer.Typer(
    help="""Show, plan, make and run migrations, in any folder and on any database.

Example: fwtrace migrations show
""",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for _module in (show, plan, make, run, sql, squash):
    group.command(_module.__name__.rpartition(".")[2])(_module.command)
