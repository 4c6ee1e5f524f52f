"""``fwtrace migrations run``: take a database along the history; each step is seen."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from fwtrace.cli.errors import CommandError
from fwtrace.cli.migrations.common import DatabaseUrl, Folder, Label, TargetName, opened
from fwtrace.cli.options import AsJson

__all__ = ["command"]


def command(
    target: TargetName = "",
    folder: Folder = Path(),
    database: DatabaseUrl = None,
    label: Label = "",
    fake: Annotated[
        bool, typer.Option("--fake", help="Only record them as applied or undone.")
    ] = False,
    fake_initial: Annotated[
        bool,
        typer.Option(
            "--fake-initial", help="Only record initial ones whose tables are there."
        ),
    ] = False,
    wait: Annotated[
        float,
        typer.Option("--wait", metavar="SECONDS", help="For another run to end."),
    ] = 60,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Draw no trace at the end.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Apply migrations, or undo them down to TARGET; each operation is a span.

    Example: fwtrace migrations run --database sqlite:///data.db
    """
    from fwtrace.cli.output import draw, write_json
    from fwtrace.migrate import migrate
    from fwtrace.render import Options, load

    with opened(folder, database, label, is_needed=True) as project:
        trace = migrate(
            project,
            project.targets(target),
            fake=fake,
            fake_initial=fake_initial,
            wait=wait,
            progress=_Progress(),
        )
    if as_json:
        write_json(trace.to_json())
    elif not quiet:
        draw(load("tree")(trace, Options(None, None, False)))
    error = trace.outcome["error"]
    if error:
        raise CommandError(error["message"])


class _Progress:
    """Lines on standard error while it goes on."""

    def __init__(self) -> None:
        self.started = 0.0

    def __call__(self, action: str, migration: Any = None, fake: bool = False) -> None:
        if action.endswith("_start"):
            self.started = time.monotonic()
            word = "Undoing" if action.startswith("un") else "Applying"
            self._say(f"{word} {migration}...")
        elif action.endswith("_success"):
            took = time.monotonic() - self.started
            self._say(" recorded only\n" if fake else f" done in {took:.2f} s\n")
        elif action == "skip":
            self._say(" another run was faster:")
        elif action == "resume":
            self._say(f"Going on with {migration}, which was stopped half-way.\n")
        elif action == "wait":
            self._say("Another run is at work: waiting for its end.\n")

    def _say(self, text: str) -> None:
        from fwtrace.cli.output import write

        write(text, sys.stderr)
