"""``fwtrace middleware``: the layers around an app, outermost first."""

from __future__ import annotations

from fwtrace.cli.options import AppName, AsJson, Database

__all__ = ["command"]


def command(
    app: AppName = "micro", as_json: AsJson = False, database: Database = None
) -> None:
    """List the layers around an app, outermost first.

    Example: fwtrace middleware --app wsgi
    """
    from fwtrace.cli.hosting import inspect
    from fwtrace.cli.output import print_json, print_table, relative
    from fwtrace.probes.introspect import middleware

    found = inspect(middleware, app, database)
    if as_json:
        print_json(found)
        return
    last = len(found) - 1
    print_table(
        ("", "layer", "where"),
        (
            (
                "app" if number == last else str(number + 1),
                each["name"],
                relative(each["file"], each["line"]),
            )
            for number, each in enumerate(found)
        ),
        folds="where",
        styles=("dim", "", "dim"),
    )
