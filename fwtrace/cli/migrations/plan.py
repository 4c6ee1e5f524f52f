"""``fwtrace migrations plan``: what would run, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fwtrace.cli.migrations.common import (
    DatabaseUrl,
    Folders,
    Label,
    TargetName,
    database_url,
    described_database,
    meant,
    opened,
)
from fwtrace.cli.options import AsJson

if TYPE_CHECKING:
    from fwtrace.migrate import Project

__all__ = ["command"]

OPAQUE = ("RunPython", "RunSQL", "SeparateDatabaseAndState")
"""What these lose is not known."""
ADDING = ("AddField", "CreateModel")
"""Undoing what added a table or a column drops what has come into it since."""


def command(
    target: TargetName = "",
    folders: Folders = None,
    database: DatabaseUrl = None,
    label: Label = "",
    as_json: AsJson = False,
) -> None:
    """Show the migrations that would be run, with their operations. Nothing is changed.

    Example: fwtrace migrations plan 0002 --database sqlite:///data.db
    """
    from fwtrace.cli.output import print_json

    url = database_url(database)
    with opened(folders, label, url, reads_only=True) as project:
        with meant():
            targets = project.targets(target)
        found = _described(project, project.plan(targets))
        if as_json:
            print_json(found)
        else:
            _draw(found)


def _described(project: Project, plan: Any) -> dict[str, Any]:
    """``{"database", "half_way", "steps": [...]}``, the steps in order."""
    entry = project.interrupted()
    half_way = f"{entry.app_label}.{entry.name}" if entry else None
    return {
        "database": described_database(project),
        "half_way": half_way,
        "steps": [
            {
                "app": migration.app_label,
                "name": migration.name,
                "backwards": backwards,
                "operations": [
                    _operation(operation, backwards)
                    for operation in migration.operations[:: -1 if backwards else 1]
                ],
            }
            for migration, backwards in plan
            if str(migration) != half_way
        ],
    }


def _operation(operation: Any, backwards: bool) -> dict[str, Any]:
    kind = type(operation).__name__
    return {
        "kind": kind,
        "text": operation.formatted_description(),
        "reversible": operation.reversible,
        "loses_data": kind in ADDING if backwards else operation.loses_data,
    }


def _draw(found: dict[str, Any]) -> None:
    from rich.text import Text

    from fwtrace.cli.output import draw
    from fwtrace.render.outline import Entry, Outline

    if found["half_way"]:
        text = f"{found['half_way']} was stopped half-way: run goes on with it first."
        draw(Text(text, "yellow"))
    elif not found["steps"]:
        why = ": the database is there already" if found["database"] else ""
        draw(Text(f"Nothing to do{why}."))
    for step in found["steps"]:
        operations = [_line(step, each) for each in step["operations"]]
        draw(Outline(Entry(_title(step), children=operations)))
    if found["steps"] and not found["database"]:
        draw(Text(), Text("For an empty database: name yours with --database.", "dim"))


def _title(step: dict[str, Any]) -> Any:
    from rich.text import Text

    word = ("undo ", "yellow") if step["backwards"] else ("apply ", "green")
    return Text.assemble(word, (f"{step['app']}.{step['name']}", "bold"))


def _line(step: dict[str, Any], operation: dict[str, Any]) -> Any:
    from rich.text import Text

    from fwtrace.render.outline import Entry

    note = Text()
    if not operation["reversible"]:
        is_stuck = step["backwards"]
        text = "cannot be undone" if is_stuck else "no way back"
        note = Text(text, "red" if is_stuck else "dim")
    elif operation["loses_data"] and operation["kind"] not in OPAQUE:
        note = Text("loses what it holds", "yellow")
    return Entry(Text(operation["text"]), note)
