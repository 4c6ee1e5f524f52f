"""``fwtrace migrations plan``: what would run, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fwtrace.cli.migrations.common import DatabaseUrl, Folder, Label, TargetName, opened
from fwtrace.cli.options import AsJson

__all__ = ["command", "described", "lines"]


def command(
    target: TargetName = "",
    folder: Folder = Path(),
    database: DatabaseUrl = None,
    label: Label = "",
    as_json: AsJson = False,
) -> None:
    """Show the migrations that would be run, with their operations. Nothing is changed.

    Example: fwtrace migrations plan 0002 --database sqlite:///data.db
    """
    from fwtrace.cli.output import draw, print_json

    with opened(folder, database, label) as project:
        found = described(project.plan(project.targets(target)))
        if as_json:
            print_json(found)
        else:
            draw(*lines(found))


def described(plan: Any) -> list[dict[str, Any]]:
    """``[{"migration", "backwards", "operations": [...]}]`` in order."""
    return [
        {
            "migration": str(migration),
            "backwards": backwards,
            "operations": [
                {
                    "text": operation.formatted_description(),
                    "loses_data": operation.loses_data
                    if not backwards
                    else _is_addition(operation),
                    "reversible": operation.reversible,
                }
                for operation in (
                    migration.operations[::-1] if backwards else migration.operations
                )
            ],
        }
        for migration, backwards in plan
    ]


def _is_addition(operation: Any) -> bool:
    """Undoing what added a table or a column drops what has come into it since."""
    return type(operation).__name__ in ("CreateModel", "AddField")


def lines(plan: list[dict[str, Any]]) -> list[Any]:
    """The plan as a tree."""
    from rich.text import Text

    if not plan:
        return [Text("Nothing to do: the database is there already.")]
    found: list[Any] = []
    for step in plan:
        word = ("undo ", "yellow") if step["backwards"] else ("apply ", "green")
        found.append(Text.assemble(word, (step["migration"], "bold")))
        for number, operation in enumerate(step["operations"]):
            guide = "╰─ " if number == len(step["operations"]) - 1 else "├─ "
            line = Text.assemble((guide, "dim"), operation["text"])
            if step["backwards"] and not operation["reversible"]:
                line.append("  cannot be undone", "red")
            elif operation["loses_data"] and not operation["text"].startswith(
                ("p", "s")
            ):
                line.append("  loses what it holds", "yellow")
            found.append(line)
    return found
