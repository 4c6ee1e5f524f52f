"""``fwtrace signals``: every signal that an app has loaded, and who listens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from fwtrace.cli.options import AppName, AsJson, Database

__all__ = ["command"]


def command(
    app: AppName = "micro",
    as_json: AsJson = False,
    database: Database = None,
    connected: Annotated[
        bool, typer.Option("--connected", help="Only those that someone listens to.")
    ] = False,
) -> None:
    """List the signals of an app with their receivers.

    Example: fwtrace signals --connected
    """
    from fwtrace.cli.hosting import inspect
    from fwtrace.cli.output import print_json, print_table, write
    from fwtrace.probes.introspect import signals

    found = inspect(signals, app, database)
    if connected:
        found = [each for each in found if each["receivers"]]
    if as_json:
        print_json(found)
        return
    if not found:
        write("No signals.\n")
        return
    print_table(
        ("signal", "sender", "where"),
        [row for each in found for row in _rows(each)],
        folds="where",
        styles=("", "cyan", "dim"),
    )


def _rows(signal: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The signal with its module, and below it who listens."""
    from fwtrace.cli.output import relative

    listening = "" if signal["receivers"] else "nobody listens"
    yield signal["name"], listening, signal["module"]
    for each in signal["receivers"]:
        name = each["receiver"] or "(gone)"
        where = relative(each["file"], each["line"])
        yield f"  {name}", each["sender"] or "any", where
