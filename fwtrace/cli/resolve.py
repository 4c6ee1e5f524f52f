"""``fwtrace resolve``: where a path leads, and every pattern tried on the way."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

import typer

from fwtrace.cli.options import AppName, AsJson, Database

__all__ = ["command"]


def command(
    path: Annotated[str, typer.Argument(metavar="PATH", help="Such as /users/1.")],
    method: Annotated[
        str,
        typer.Option("--method", "-X", metavar="METHOD", help="The request's method."),
    ] = "GET",
    app: AppName = "micro",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Say which route a path takes, and why not another.

    Exits 1 when there is none. The view is not called.

    Example: fwtrace resolve /users/1
    """
    from fwtrace.cli.hosting import inspect
    from fwtrace.cli.message import target_of
    from fwtrace.cli.output import print_json
    from fwtrace.probes.introspect import resolve

    wanted = unquote(target_of(path).partition("?")[0])
    found = inspect(resolve, app, database, method.upper(), wanted)
    if as_json:
        print_json(found)
    else:
        _draw(found)
    if found["outcome"] in ("not found", "method not allowed"):
        raise typer.Exit(1)


def _draw(found: dict[str, Any]) -> None:
    from rich.text import Text

    from fwtrace.cli.errors import printable
    from fwtrace.cli.output import draw, print_table, relative

    print_table(
        ("", "methods", "path", "why not"),
        [
            (
                "✓" if attempt["matched"] else "✗",
                " ".join(attempt["methods"] or ["any"]),
                attempt["pattern"],
                attempt["reason"],
            )
            for attempt in found["tried"]
        ],
        folds="why not",
        styles=("", "cyan", "", "dim"),
    )
    place = ""
    if found["outcome"] == "match":
        place = relative(found["file"], found["line"])
    line = Text.assemble((printable(_verdict(found)), "bold"), (f"  {place}", "dim"))
    draw("", line)


def _verdict(found: dict[str, Any]) -> str:
    request = f"{found['method']} {found['path']}"
    if found["outcome"] == "match":
        arguments = ", ".join(f"{k}={v}" for k, v in found["kwargs"].items())
        return f"{request} → {found['endpoint']}({arguments})"
    sentence = f"{request}: {found['outcome']}."
    if found.get("redirect"):
        sentence += f" It redirects to {found['redirect']}."
    if found.get("allowed"):
        sentence += f" Allowed: {', '.join(found['allowed'])}."
    if found.get("near"):
        sentence += f" Did you mean {' or '.join(found['near'])}?"
    return sentence
