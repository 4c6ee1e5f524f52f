"""``fwtrace environ``: the WSGI environ of a request, key by key."""

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
    """Show the environ that the app gets, and where each key comes from.

    Example: fwtrace environ GET /users/1 Accept:text/html
    """
    from fwtrace.cli.output import print_json, print_table, use_database
    from fwtrace.cli.request import build_request
    from fwtrace.record import record

    use_database(database)
    request = build_request(words or ["/"])
    trace = record(
        app, request.method, request.target, headers=request.headers, body=request.body
    )
    span = next(trace.spans("environ"))
    entries = span.attributes["fwtrace.environ"]
    if as_json:
        print_json(entries)
        return
    print_table(
        ("key", "value", "origin"),
        ((each["key"], each["value"], each["origin"]) for each in entries),
    )
