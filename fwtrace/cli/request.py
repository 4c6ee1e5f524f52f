"""``fwtrace request``: fire a request, draw what the framework did with it."""

from __future__ import annotations

from typing import Annotated

import typer

from fwtrace.cli.choices import complete, format_of, stages_of
from fwtrace.cli.options import AppName, Database, Depth, Output, Source, Stages

__all__ = ["command"]

FORMATS = ("tree", "table", "timeline", "json")


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
    send: Annotated[
        list[str] | None,
        typer.Option(
            "--send",
            "-s",
            metavar="TEXT|@FILE",
            help="Send this over the WebSocket (again for more).",
        ),
    ] = None,
    wait: Annotated[
        float | None,
        typer.Option(
            "--wait",
            "-w",
            min=0,
            max=3600,
            metavar="SECONDS",
            help="Hang up after so long: a WebSocket after 0.5, if unset.",
        ),
    ] = None,
    database: Database = None,
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
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Exit 1 on an exception, a 4xx/5xx, or a close in error.",
        ),
    ] = False,
) -> None:
    """Send a request through an app and draw its life; WS PATH opens a WebSocket.

    Example: fwtrace request POST /users name=Ann age:=30 --app micro
    """
    from fwtrace.cli.hosting import observe
    from fwtrace.cli.message import build_message
    from fwtrace.cli.output import show_trace
    from fwtrace.render import Options
    from fwtrace.tracer.analysis import is_success

    shape = "json" if as_json else format_of(format, FORMATS)
    options = Options(stages_of(stage or []), depth, source)
    message = build_message(
        words, form=form, body=body, cookies=cookie or [], sends=send or []
    )
    trace = observe(app, database, message, wait)
    show_trace(trace, shape, options, output)
    if check and not is_success(trace):
        raise typer.Exit(1)
