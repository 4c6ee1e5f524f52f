"""``fwtrace migrations run``: take a database along the history; each step is seen."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fwtrace.cli.choices import complete, format_of, stages_of
from fwtrace.cli.errors import CommandError, UsageError
from fwtrace.cli.migrations.common import (
    DatabaseUrl,
    Folders,
    Label,
    TargetName,
    are_here,
    database_url,
    meant,
    opened,
    say,
)
from fwtrace.cli.options import Depth, Output, Source, Stages

if TYPE_CHECKING:
    from fwtrace.migrate import Project
    from fwtrace.tracer.model import Trace

__all__ = ["command"]

FORMATS = ("tree", "table", "timeline", "json")


def command(
    target: TargetName = "",
    folders: Folders = None,
    database: DatabaseUrl = None,
    label: Label = "",
    fake: Annotated[
        bool, typer.Option("--fake", help="Only record them as applied or undone.")
    ] = False,
    fake_initial: Annotated[
        bool,
        typer.Option(
            "--fake-initial",
            help="Only record those initial ones whose tables are there.",
        ),
    ] = False,
    wait: Annotated[
        float,
        typer.Option(
            "--wait", min=0, metavar="SECONDS", help="How long for another run to end."
        ),
    ] = 60,
    all_statements: Annotated[
        bool,
        typer.Option(
            "--all", help="Unfold the bookkeeping: locks, transactions, the record."
        ),
    ] = False,
    stage: Stages = None,
    depth: Depth = None,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            help=f"One of {', '.join(FORMATS)}.",
            metavar="FORMAT",
            autocompletion=complete(FORMATS),
        ),
    ] = "tree",
    as_json: Annotated[
        bool, typer.Option("--json", "-j", help="The same as --format json.")
    ] = False,
    output: Output = None,
    source: Source = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Draw no trace at the end.")
    ] = False,
) -> None:
    """Apply migrations, or undo them down to TARGET; each operation is a span.

    Example: fwtrace migrations run --database sqlite:///data.db --depth 2
    """
    from fwtrace.cli.output import show_trace
    from fwtrace.render import Options
    from fwtrace.render.folding import fold_bookkeeping

    shape = "json" if as_json else format_of(format, FORMATS)
    options = Options(stages_of(stage or []), depth, source)
    url = database_url(database)
    if url is None:
        raise UsageError(
            "Which database? Name it with --database, such as sqlite:///data.db, or "
            "with DATABASE_URL."
        )
    if database is None and not (folders or are_here()):
        raise UsageError(
            "There are no migrations here, and DATABASE_URL is not taken for those of "
            "the users service: name a folder with --folder, or --database."
        )
    with opened(folders, label, url) as project:
        trace = _run(project, target, fake=fake, fake_initial=fake_initial, wait=wait)
    if quiet and trace.outcome["phrase"] == "nothing to do":
        say("Nothing to do: the database is there already.")
    error = trace.outcome["error"]
    if not quiet:
        shown = trace if all_statements or shape == "json" else fold_bookkeeping(trace)
        try:
            show_trace(shown, shape, options, output)
        except CommandError as unwritten:
            if not error:
                raise
            say(f"{unwritten}")
    if error:
        raise CommandError(_sentence(error))


def _sentence(error: dict[str, str]) -> str:
    """Our errors are sentences; of another, its kind is a part of what it says."""
    module, _, kind = error["type"].rpartition(".")
    is_ours = module.startswith("fwtrace.")
    return error["message"] if is_ours else f"{kind}: {error['message']}"


def _run(project: Project, target: str, **options: Any) -> Trace:
    from fwtrace.migrate import migrate

    with meant():
        targets = project.targets(target)
    for app, name in project.unknown():
        say(f"{app}.{name} is applied, but its file is not here.")
    progress = _Progress()
    try:
        with redirect_stdout(progress.aside):
            trace = migrate(project, targets, progress=progress.on, **options)
    except KeyboardInterrupt:
        progress.end_line()
        entry = project.interrupted()
        left = "what was not done is as it was"
        if entry is not None:
            left = f"{entry.app_label}.{entry.name} is half-way: run again to go on"
        say(f"Stopped: {left}.")
        raise
    progress.end_line(" failed.")
    return trace


class _Progress:
    """Lines on standard error while it goes on; and what migrations print meanwhile."""

    def __init__(self) -> None:
        self.started = 0.0
        self.line = ""
        """What a line that is not complete says of its migration."""
        self.was_faster = False
        """Whether another run was."""
        self.aside: Any = _Aside(self.end_line)

    def on(self, action: str, migration: Any = None, fake: bool = False) -> None:
        if action.endswith("_start"):
            self.started, self.was_faster = time.monotonic(), False
            word = "Undoing" if action.startswith("un") else "Applying"
            self.line = f"{word} {migration} ..."
            self._say(self.line)
        elif action.endswith("_success"):
            self.end_line(self._outcome(fake), str(migration))
        elif action == "skip":
            self.was_faster = True
        elif action == "resume":
            self._say(f"Going on with {migration}, which was stopped half-way.\n")
        elif action == "wait":
            self._say("Another run is at work: waiting for its end.\n")

    def _outcome(self, fake: bool) -> str:
        if fake:
            return " recorded only."
        if self.was_faster:
            return " another run was faster."
        return f" done in {time.monotonic() - self.started:.2f} s."

    def end_line(self, text: str = "", subject: str = "") -> None:
        """The rest of the line; where that was broken off, with its subject."""
        if self.line or subject:
            self._say(f"{text}\n" if self.line else f"{subject}{text}\n")
        self.line = ""

    def _say(self, text: str) -> None:
        from fwtrace.cli.output import write

        write(text, sys.stderr)


class _Aside:
    """Standard error, on a line of its own."""

    def __init__(self, begin: Callable[[], None]) -> None:
        self._begin = begin

    def write(self, text: str) -> int:
        self._begin()
        return sys.stderr.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)
