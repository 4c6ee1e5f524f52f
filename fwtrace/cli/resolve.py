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
        str, typer.Option("--method", "-X", help="The request's method.")
    ] = "GET",
    app: AppName = "micro",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Say which route a path takes, and why the others do not match.

    Exits 1 when there is none. The view is not called.

    Example: fwtrace resolve /users/1
    """
    from fwtrace.cli.inspecting import inspect
    from fwtrace.cli.output import print_json
    from fwtrace.probes.introspect import resolve

    wanted = unquote(path.partition("?")[0])
    if not wanted.startswith("/"):
        wanted = "/" + wanted
    found = inspect(resolve, app, database, method.upper(), wanted)
    if as_json:
        print_json(found)
    else:
        _draw(found)
    if found["outcome"] in ("not found", "method not allowed"):
        raise typer.Exit(1)


def _draw(found: dict[str, Any]) -> None:
    from rich.text import Text

    from fwtrace.cli.output import console, printable, relative

    out = console()
    for attempt in found["tried"]:
        mark, style = ("✓", "green") if attempt["matched"] else ("✗", "dim")
        text = f"{mark} {attempt['pattern']}  {attempt['reason']}"
        out.print(Text(printable(text.rstrip()), style))
    if found["outcome"] == "match":
        arguments = ", ".join(f"{k}={v}" for k, v in found["kwargs"].items())
        where = relative(found["file"], found["line"])
        text = f"{found['method']} {found['path']} → {found['endpoint']}({arguments})"
        out.print(Text.assemble((printable(text), "bold"), (f"  {where}", "dim")))
        return
    sentence = f"{found['method']} {found['path']}: {found['outcome']}."
    if found.get("redirect"):
        sentence += f" It redirects to {found['redirect']}."
    if found.get("allowed"):
        sentence += f" Allowed: {', '.join(found['allowed'])}."
    if found.get("near"):
        sentence += f" Did you mean {' or '.join(found['near'])}?"
    out.print(Text(printable(sentence), "bold"))
