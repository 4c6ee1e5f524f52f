"""``fwtrace signals``: every signal that an app has loaded, and who listens."""

from __future__ import annotations

from typing import Annotated

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
    from fwtrace.cli.inspecting import inspect
    from fwtrace.cli.output import print_json, print_table, relative
    from fwtrace.probes.introspect import signals

    found = inspect(signals, app, database)
    if connected:
        found = [each for each in found if each["receivers"]]
    if as_json:
        print_json(found)
        return
    rows = []
    for each in found:
        first = (each["name"], each["module"])
        for receiver in each["receivers"] or [None]:
            if receiver is None:
                rows.append((*first, "(nobody)", "", ""))
            else:
                rows.append(
                    (
                        *first,
                        receiver["receiver"] or "(gone)",
                        receiver["sender"] or "any",
                        relative(receiver["file"], receiver["line"]),
                    )
                )
            first = ("", "")
    print_table(("signal", "module", "receiver", "sender", "where"), rows)
