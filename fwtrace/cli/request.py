"""``fwtrace request``: fire a request, draw what the framework did with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fwtrace.cli.errors import UsageError, did_you_mean
from fwtrace.cli.options import AppName, Database

if TYPE_CHECKING:
    from fwtrace.render import Options
    from fwtrace.tracer.model import Trace

__all__ = ["command"]

FORMATS = ("tree", "table", "timeline", "json")


def _complete_stage(incomplete: str) -> list[str]:
    from fwtrace.tracer.model import STAGES

    return [stage for stage in STAGES if stage.startswith(incomplete)]


def _complete_format(incomplete: str) -> list[str]:
    return [name for name in FORMATS if name.startswith(incomplete)]


def command(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[METHOD] PATH [ITEMS]...",
            help="name=value, name:=json, q==value, Header:value, file@path.",
        ),
    ],
    app: AppName = "micro",
    form: Annotated[
        bool, typer.Option("--form", "-f", help="Send fields as a form, not as JSON.")
    ] = False,
    body: Annotated[
        str | None,
        typer.Option(
            "--body", metavar="TEXT|@FILE", help="Send this body; @- is stdin."
        ),
    ] = None,
    cookie: Annotated[
        list[str] | None,
        typer.Option("--cookie", metavar="NAME=VALUE", help="Send a cookie."),
    ] = None,
    database: Database = None,
    stage: Annotated[
        list[str] | None,
        typer.Option(
            "--stage",
            help="Show only these stages (again, or with commas).",
            metavar="STAGE",
            autocompletion=_complete_stage,
        ),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option("--depth", min=1, metavar="N", help="Levels of the tree to show."),
    ] = None,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            help=f"One of {', '.join(FORMATS)}.",
            metavar="FORMAT",
            autocompletion=_complete_format,
        ),
    ] = "tree",
    as_json: Annotated[
        bool, typer.Option("--json", "-j", help="The same as --format json.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write to a file; - is stdout."
        ),
    ] = None,
    source: Annotated[
        bool, typer.Option("--source", help="Show the code of views and statements.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Exit 1 when the app raised or answered 4xx/5xx."),
    ] = False,
) -> None:
    """Send a request through an app and draw its life.

    Example: fwtrace request POST /users name=Ann age:=30 --app micro
    """
    from fwtrace.cli.hosting import observe
    from fwtrace.cli.message import build_message
    from fwtrace.render import Options

    shape = "json" if as_json else _format(format)
    options = Options(_stages(stage or []), depth, source)
    message = build_message(words, form=form, body=body, cookies=cookie or [])
    trace = observe(app, database, message)
    _show(trace, shape, options, output)
    if check and _failed(trace):
        raise typer.Exit(1)


def _failed(trace: Trace) -> bool:
    return trace.outcome["error"] is not None or (trace.status or 500) >= 400


def _format(name: str) -> str:
    if name not in FORMATS:
        hint = did_you_mean(name, FORMATS)
        raise UsageError(
            f"There is no format {name!r}.{hint} Formats: {', '.join(FORMATS)}."
        )
    return name


def _stages(given: Sequence[str]) -> frozenset[str] | None:
    from fwtrace.tracer.model import STAGES

    names = [name.strip() for each in given for name in each.split(",") if name.strip()]
    for name in names:
        if name not in STAGES:
            hint = did_you_mean(name, STAGES)
            raise UsageError(
                f"There is no stage {name!r}.{hint} Stages: {', '.join(STAGES)}."
            )
    return frozenset(names) or None


def _show(trace: Trace, shape: str, options: Options, output: str | None) -> None:
    from fwtrace.cli.output import draw, draw_text, save, write_json
    from fwtrace.render import load

    to_file = output not in (None, "-")
    if shape == "json":
        text = trace.to_json(indent=2)
        save(text + "\n", str(output)) if to_file else write_json(text)
        return
    picture = load(shape)(trace, options)
    save(draw_text(picture), str(output)) if to_file else draw(picture)
