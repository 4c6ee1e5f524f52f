"""``fwtrace migrations show``: the graph as a tree, with what is applied."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fwtrace.cli.migrations.common import DatabaseUrl, Folder, Label, opened
from fwtrace.cli.options import AsJson

if TYPE_CHECKING:
    from fwtrace.migrate import Project

__all__ = ["command"]


def command(
    folder: Folder = Path(),
    database: DatabaseUrl = None,
    label: Label = "",
    as_json: AsJson = False,
) -> None:
    """Draw the migrations of each app, what they wait for, and which are applied.

    Example: fwtrace migrations show --database sqlite:///data.db
    """
    from fwtrace.cli.output import print_json

    with opened(folder, database, label) as project:
        found = _described(project)
        if as_json:
            print_json(found)
        else:
            _draw(project, found)


def _described(project: Project) -> list[dict[str, Any]]:
    loader, graph = project.loader, project.loader.graph
    applied, conflicts = loader.applied_migrations, loader.detect_conflicts()
    entry = project.interrupted()
    found = []
    for app in sorted(loader.migrated_apps):
        steps = []
        for key in _in_order(graph, app):
            moment = applied.get(key)
            half_way = entry is not None and (entry.app_label, entry.name) == key
            steps.append(
                {
                    "name": key[1],
                    "applied": moment.isoformat() if moment else None,
                    "half_way": half_way,
                    "waits_for": [
                        ".".join(each)
                        for each in sorted(graph.parents[key])
                        if each[0] != app
                    ],
                    "after": [n for a, n in sorted(graph.parents[key]) if a == app],
                    "replaces": [n for _, n in graph.nodes[key].replaces],
                    "operations": [
                        operation.formatted_description()
                        for operation in graph.nodes[key].operations
                    ],
                }
            )
        found.append(
            {
                "app": app,
                "migrations": steps,
                "conflict": conflicts.get(app, []),
                "unknown": [
                    n for a, n in applied if a == app and not _is_known(loader, a, n)
                ],
            }
        )
    return found


def _is_known(loader: Any, app: str, name: str) -> bool:
    return (app, name) in loader.disk_migrations


def _in_order(graph: Any, app: str) -> list[tuple[str, str]]:
    """The app's migrations, each after what it comes after."""
    found: dict[tuple[str, str], None] = {}
    for leaf in graph.leaf_nodes(app):
        found.update(dict.fromkeys(graph.forwards_plan(leaf)))
    return [key for key in found if key[0] == app]


def _draw(project: Project, found: list[dict[str, Any]]) -> None:
    from rich.text import Text

    from fwtrace.cli.output import draw

    lines: list[Text] = []
    has_database = project.database is not None
    for app in found:
        lines.append(Text(app["app"], "bold"))
        steps = app["migrations"]
        if not steps:
            lines.append(Text("╰─ no migrations", "dim"))
        for number, step in enumerate(steps):
            last = number == len(steps) - 1 and not app["unknown"]
            lines += _step(step, "╰─ " if last else "├─ ", has_database)
        for name in app["unknown"]:
            text = f"╰─ [?] {name}  applied, but its file is not here"
            lines.append(Text(text, "yellow"))
        if app["conflict"]:
            names = ", ".join(app["conflict"])
            lines.append(
                Text(f"   {names} all want to be the latest: make --merge", "red")
            )
    if not has_database:
        lines += [
            Text(),
            Text("Name a --database to see what is applied to it.", "dim"),
        ]
    draw(*lines)


def _step(step: dict[str, Any], guide: str, has_database: bool) -> list[Any]:
    from rich.text import Text

    mark, style = ("[X] ", "green") if step["applied"] else ("[ ] ", "")
    if step["half_way"]:
        mark, style = "[/] ", "yellow"
    text = Text.assemble((guide, "dim"), (mark if has_database else "", style))
    text.append(step["name"])
    moment = (step["applied"] or "")[:19].replace("T", " ")
    notes = [moment] if moment else []
    if step["half_way"]:
        notes.append("stopped half-way: run again to go on, or migrate back")
    if step["waits_for"]:
        notes.append(f"after {', '.join(step['waits_for'])}")
    if len(step["after"]) > 1:
        notes.append(f"merges {', '.join(step['after'])}")
    if step["replaces"]:
        notes.append(f"squashes {len(step['replaces'])} migrations")
    if notes:
        text.append(f"  {' · '.join(notes)}", "dim")
    return [text]
