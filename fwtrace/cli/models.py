"""``fwtrace models``: models, fields and relations, as a tree or a diagram."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fwtrace.cli.errors import UsageError, did_you_mean
from fwtrace.cli.options import AppName, AsJson

__all__ = ["command"]

FORMATS = ("tree", "dot", "mermaid", "json")


def command(
    app: AppName = "micro",
    models: Annotated[
        str | None,
        typer.Option("--models", metavar="MODULE", help="Take the models of a module."),
    ] = None,
    format: Annotated[
        str,
        typer.Option(
            "--format", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}."
        ),
    ] = "tree",
    as_json: AsJson = False,
) -> None:
    """Draw the models of an app with their fields and relations.

    Example: fwtrace models --format mermaid
    """
    from fwtrace.cli.output import print_json, write
    from fwtrace.hosts.models import load_models
    from fwtrace.probes.models import describe_models
    from fwtrace.render import diagram

    if format not in FORMATS:
        hint = did_you_mean(format, FORMATS)
        raise UsageError(
            f"There is no format {format!r}.{hint} Formats: {', '.join(FORMATS)}."
        )
    found = describe_models(load_models(app, models, None).models.values())
    if as_json or format == "json":
        print_json(found)
    elif format == "tree":
        _draw(found)
    else:
        write(getattr(diagram, format)(found) + "\n")


def _draw(models: list[dict[str, Any]]) -> None:
    from rich.text import Text

    from fwtrace.cli.output import draw

    lines: list[Text] = []
    for model in models:
        table = f"  {model['table']}"
        lines.append(Text.assemble((model["name"], "bold"), (table, "dim")))
        entries = [_field(each) for each in model["fields"]]
        entries += [_relation(each) for each in model["relations"]]
        for number, entry in enumerate(entries):
            guide = "╰─ " if number == len(entries) - 1 else "├─ "
            lines.append(Text.assemble((guide, "dim")) + entry)
    draw(*lines)


def _field(field: dict[str, Any]) -> Any:
    from rich.text import Text

    options = f"  {', '.join(field['options'])}" if field["options"] else ""
    kind = (f" {field['kind']}", "cyan")
    return Text.assemble(field["name"], kind, (options, "dim"))


def _relation(relation: dict[str, Any]) -> Any:
    from rich.text import Text

    back = relation["back"]
    way = f"  and back as {relation['to']}.{back}" if back else "  with no way back"
    return Text.assemble(
        relation["name"],
        (f" {relation['kind']}", "cyan"),
        (f" → {relation['to']}", "bold"),
        (way, "dim"),
    )
