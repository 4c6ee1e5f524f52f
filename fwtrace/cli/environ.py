"""``fwtrace environ``: the WSGI environ or ASGI scope of a request, key by key."""

from __future__ import annotations

from typing import Annotated

import typer

from fwtrace.cli.options import AppName, AsJson, Database

__all__ = ["command"]


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[METHOD] [PATH] [ITEMS]...", help="As for request."),
    ] = None,
    app: AppName = "micro",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show the environ or scope of a request, and where each key is from.

    Example: fwtrace environ GET /users/1 Accept:text/html
    """
    from fwtrace.cli.hosting import observe
    from fwtrace.cli.message import build_message
    from fwtrace.cli.output import print_json, print_table

    trace = observe(app, database, build_message(words or ["/"]))
    entries = next(
        span.attributes["fwtrace.environ"]
        for span in trace.spans()
        if span.stage in ("environ", "scope")
    )
    if as_json:
        print_json(entries)
        return
    print_table(
        ("key", "value", "origin"),
        ((each["key"], each["value"], each["origin"]) for each in entries),
        folds="value",
        styles=("", "", "dim"),
    )
