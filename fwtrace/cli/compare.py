"""``fwtrace compare``: one request through several apps, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fwtrace.cli.choices import complete, complete_stage, format_of, stages_of
from fwtrace.cli.errors import UsageError
from fwtrace.cli.options import Database

if TYPE_CHECKING:
    from fwtrace.cli.message import Message
    from fwtrace.tracer.comparison import Comparison

__all__ = ["command", "split"]

FORMATS = ("table", "tree", "json", "html")
FEWEST, MOST = 2, 4
EXAMPLE = "fwtrace compare micro wsgi GET /users/1"


def _complete_word(incomplete: str) -> list[str]:
    from fwtrace.hosts.locate import KNOWN

    return [name for name in KNOWN if name.startswith(incomplete)]


def command(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="APP APP [APP [APP]] [METHOD] PATH [ITEMS]...",
            help="Apps as for request --app, then a request as for request.",
            autocompletion=_complete_word,
        ),
    ],
    repeat: Annotated[
        int,
        typer.Option(
            "--repeat", "-n", min=1, metavar="N", help="Rounds; shows medians."
        ),
    ] = 1,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="Show only these stages (again, or with commas).",
            metavar="STAGES",
            autocompletion=complete_stage,
        ),
    ] = None,
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
    format: Annotated[
        str,
        typer.Option(
            "--format",
            help=f"One of {', '.join(FORMATS)}.",
            metavar="FORMAT",
            autocompletion=complete(FORMATS),
        ),
    ] = "table",
    as_json: Annotated[
        bool, typer.Option("--json", "-j", help="The same as --format json.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write to a file; - is stdout."
        ),
    ] = None,
) -> None:
    """Send a request through several apps and show where they differ.

    Example: fwtrace compare micro wsgi GET /users/1 --repeat 20
    """
    from fwtrace.cli.message import build_message

    shape = "json" if as_json else format_of(format, FORMATS)
    stages = stages_of(only or [])
    apps, request = split(words)
    message = build_message(request, form=form, body=body, cookies=cookie or [])
    if message.method == "WS":
        raise UsageError("fwtrace compare sends HTTP requests; WS is for request.")
    comparison = _observe(apps, database, message, repeat)
    _show(comparison.only(stages) if stages else comparison, shape, output)


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The apps, and the words of the request after them.

    ["micro", "wsgi", "GET", "/users/1"] -> ["micro", "wsgi"], ["GET", "/users/1"]
    """
    from fwtrace.cli.message import METHODS

    starts = (
        position
        for position, word in enumerate(words)
        if word.upper() in METHODS or word.startswith(("/", "http://", "https://"))
    )
    start = next(starts, None)
    if start is None:
        raise UsageError(f"No request follows the apps. Type {EXAMPLE}.")
    apps, request = list(words[:start]), list(words[start:])
    if len(apps) < FEWEST:
        given = "only one app" if apps else "no app"
        hint = ""
        if request[0].endswith(".py"):
            hint = (
                f" Of {request[0]!r}, write the path from here: a / begins the request."
            )
        raise UsageError(f"There is {given} before the request.{hint} Type {EXAMPLE}.")
    if len(apps) > MOST:
        raise UsageError(
            f"{len(apps)} apps stand before the request, at most {MOST} can be "
            f"compared: {', '.join(apps)}."
        )
    return apps, request


def _observe(
    apps: Sequence[str], database: str | None, message: Message, repeat: int
) -> Comparison:
    import logging
    import sys
    from contextlib import redirect_stdout

    from fwtrace.cli.hosting import load
    from fwtrace.compare import compare

    # The apps' logs would tell of an error that the picture tells better.
    logging.getLogger("fwtrace").addHandler(logging.NullHandler())
    with redirect_stdout(sys.stderr):
        return compare(
            [load(app, database) for app in apps],
            message.method,
            message.target,
            message.headers,
            message.body,
            repeat,
        )


def _show(comparison: Comparison, shape: str, output: str | None) -> None:
    from fwtrace.cli.output import draw, draw_text, save, write

    to_file = output not in (None, "-")
    if shape in ("table", "tree"):
        from fwtrace.render.comparison import render

        picture = render(comparison, shape)
        save(draw_text(picture), str(output)) if to_file else draw(picture)
        return
    text = _json(comparison) if shape == "json" else _page(comparison)
    save(text, str(output)) if to_file else write(text)


def _json(comparison: Comparison) -> str:
    import json

    return json.dumps(comparison.to_dict(), indent=2) + "\n"


def _page(comparison: Comparison) -> str:
    from fwtrace.render.comparison_html import page

    return page(comparison)
