"""``fwtrace routes``: the table of an app's routes, in the order they are tried."""

from __future__ import annotations

from fwtrace.cli.options import AppName, AsJson, Database

__all__ = ["command"]


def command(
    app: AppName = "micro", as_json: AsJson = False, database: Database = None
) -> None:
    """List the routes of an app, in the order they are tried.

    Example: fwtrace routes --app micro
    """
    from fwtrace.cli.hosting import inspect
    from fwtrace.cli.output import print_json, print_table, relative
    from fwtrace.probes.introspect import routes

    found = inspect(routes, app, database)
    if as_json:
        print_json(found)
        return
    print_table(
        ("methods", "path", "view", "where"),
        (
            (
                " ".join(each["methods"] or ["any"]),
                each["pattern"],
                _named(each["endpoint"], each["name"]),
                relative(each["file"], each["line"]),
            )
            for each in found
        ),
        folds="view",
        styles=("cyan", "", "", "dim"),
    )


def _named(view: str, name: str | None) -> str:
    """The view, and the route's name where it is another."""
    return view if name in (None, view) else f"{view} ({name})"
