"""``fwtrace openapi``: the schema of an app, or its operations as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fwtrace.cli.options import AppName, AsJson, Database

if TYPE_CHECKING:
    from fwtrace.hosts.openapi import Operation

__all__ = ["command"]


def command(
    app: AppName = "fastapi",
    as_json: AsJson = False,
    path: Annotated[
        str | None,
        typer.Option("--path", help="Where the app serves its schema.", metavar="PATH"),
    ] = None,
    database: Database = None,
) -> None:
    """List the operations of an app that has an OpenAPI schema, or print the schema.

    A star marks what is required. --json prints the schema itself.

    Example: fwtrace openapi --app fastapi
    """
    from fwtrace.cli.hosting import inspect
    from fwtrace.cli.output import print_json, print_table
    from fwtrace.hosts.openapi import find_schema, operations

    schema: dict[str, Any] = inspect(find_schema, app, database, path)
    if as_json:
        print_json(schema)
        return
    print_table(
        ("method", "path", "takes", "answers"),
        (
            (each["method"], _path(each), _takes(each), _lines(each["responses"]))
            for each in operations(schema)
        ),
        folds="takes",
        styles=("cyan", "", "", "dim"),
    )


def _path(operation: Operation) -> str:
    name = operation["summary"] or operation["operation"]
    notes = " (deprecated)" if operation["deprecated"] else ""
    return _lines([operation["path"], f"{name}{notes}" if name or notes else ""])


def _takes(operation: Operation) -> str:
    body = [f"body {kind}" for kind in operation["body"]]
    needed = [f"needs {scheme}" for scheme in operation["security"]]
    return _lines([*operation["parameters"], *body, *needed])


def _lines(texts: list[str]) -> str:
    return "\n".join(filter(None, texts))
