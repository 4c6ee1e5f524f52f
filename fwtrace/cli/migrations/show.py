"""``fwtrace migrations show``: the graph as a tree, with what is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fwtrace.cli.migrations.common import (
    DatabaseUrl,
    Folders,
    Label,
    database_url,
    described_database,
    opened,
)
from fwtrace.cli.options import AsJson

if TYPE_CHECKING:
    from fwtrace.migrate import Project
    from fwtrace.render.outline import Entry

__all__ = ["command"]

FEW = 3
"""Names that a note has room for."""


def command(
    folders: Folders = None,
    database: DatabaseUrl = None,
    label: Label = "",
    as_json: AsJson = False,
) -> None:
    """Draw the migrations of each app, what they wait for, and which are applied.

    Example: fwtrace migrations show --database sqlite:///data.db
    """
    from fwtrace.cli.output import print_json

    with opened(folders, label, database_url(database), reads_only=True) as project:
        found = _described(project)
    if as_json:
        print_json(found)
    else:
        _draw(found)


# As data.


def _described(project: Project) -> dict[str, Any]:
    """``{"database", "apps": [{"app", "migrations": [...], ...}]}``"""
    loader, entry = project.loader, project.interrupted()
    apps = {*loader.migrated_apps, *(app for app, _ in loader.applied_migrations)}
    if entry is not None:
        apps.add(entry.app_label)
    return {
        "database": described_database(project),
        "apps": [_app(project, app, entry) for app in sorted(apps)],
    }


def _app(project: Project, app: str, entry: Any) -> dict[str, Any]:
    loader = project.loader
    folder = next((s.folder for s in project.sources if s.app_label == app), None)
    known = {name for owner, name in loader.disk_migrations if owner == app}
    half_way = entry if entry is not None and entry.app_label == app else None
    moments = loader.applied_migrations.items()
    applied = {n: _moment(moment) for (a, n), moment in moments if a == app}
    strangers = [name for name in applied if name not in known]
    if half_way and half_way.name not in {*known, *applied}:
        strangers.append(half_way.name)
    return {
        "app": app,
        "folder": None if folder is None else str(folder),
        "migrations": [_step(project, key, half_way) for key in _in_order(loader, app)],
        "conflict": loader.detect_conflicts().get(app, []),
        "unknown": [
            {
                "name": name,
                "applied": applied.get(name),
                "half_way": _progress(half_way, name),
            }
            for name in strangers
        ],
    }


def _step(project: Project, key: tuple[str, str], half_way: Any) -> dict[str, Any]:
    loader = project.loader
    app, name = key
    migration = loader.disk_migrations[key]
    parents = sorted(loader.graph.parents.get(key, ()))
    elsewhere = [each for each in parents if each[0] != app]
    # What is not here at all is not in the graph either.
    elsewhere += [
        each[:2]
        for each in migration.dependencies
        if each[0] not in loader.migrated_apps
    ]
    return {
        "name": name,
        "file": str(migration.path),
        "applied": _moment(loader.applied_migrations.get(key)),
        "half_way": _progress(half_way, name),
        "after": [n for a, n in parents if a == app],
        "waits_for": [
            {"app": a, "name": n, "applied": (a, n) in loader.applied_migrations}
            for a, n in dict.fromkeys(elsewhere)
        ],
        "replaces": [".".join(each) for each in migration.replaces],
        "missing": [".".join(each) for each in loader.partly_applied.get(key, ())],
        "operations": [each.formatted_description() for each in migration.operations],
    }


def _moment(moment: Any) -> str | None:
    return None if moment is None else str(moment.isoformat())


def _progress(entry: Any, name: str) -> dict[str, Any] | None:
    """How far a run got with a migration before it was stopped."""
    if entry is None or entry.name != name:
        return None
    return {"done": entry.operation, "backwards": entry.backwards}


def _in_order(loader: Any, app: str) -> list[tuple[str, str]]:
    """The app's migrations, each after what it comes after; squashed ones that cannot
    be used yet, last."""
    order = loader.graph.plan(loader.graph.leaf_nodes(app))
    unused = [key for key in loader.partly_applied if key not in loader.graph]
    return [key for key in [*order, *unused] if key[0] == app]


# As a picture.


def _draw(found: dict[str, Any]) -> None:
    from rich.text import Text

    from fwtrace.cli.output import draw
    from fwtrace.render.outline import Outline

    has_database = found["database"] is not None
    for number, app in enumerate(found["apps"]):
        draw(*([""] if number else []), Outline(_drawn(app, has_database)))
        if app["conflict"]:
            names = ", ".join(app["conflict"])
            text = f"{names} all want to be the latest: join them with make --merge"
            draw(Text(text, "red"))
    if not has_database:
        draw("", Text("Name a --database to see what is applied to it.", "dim"))


def _drawn(app: dict[str, Any], has_database: bool) -> Entry:
    """The tree of one app: branches stand below where they begin."""
    from rich.text import Text

    from fwtrace.render.outline import Entry

    root = Entry(Text(app["app"], "bold"), Text(_summary(app, has_database), "dim"))
    levels = [root]
    for depth, step in _branches(app["migrations"]):
        made = Entry(_title(step, has_database), _note(step, has_database))
        del levels[depth + 1 :]
        levels[depth].children.append(made)
        levels.append(made)
    if app["folder"] is not None:
        for each in app["unknown"]:
            text = Text.assemble((_mark(each, "[?] "), "yellow"), each["name"])
            note = f"{_stated(each)}, but its file is not here"
            root.children.append(Entry(text, Text(note, "yellow")))
    return root


def _summary(app: dict[str, Any], has_database: bool) -> str:
    steps = [step for step in app["migrations"] if not step["missing"]]
    if app["folder"] is None:
        return f"{len(app['unknown'])} applied; its folder is not among those named"
    count = f"{len(steps) or 'no'} migration{'' if len(steps) == 1 else 's'}"
    if not (has_database and steps):
        return count
    return f"{count}, {sum(1 for step in steps if step['applied'])} applied"


def _branches(steps: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """How deep each stands: a line of migrations goes on at its level, branches are
    one deeper, and what joins them is where they began."""
    by_name = {step["name"]: step for step in steps}
    above: dict[str, str | None] = {}
    below: dict[str | None, list[str]] = {}
    for step in steps:
        parents = [name for name in step["after"] if name in by_name]
        above[step["name"]] = parent = _shared(parents, above)
        below.setdefault(parent, []).append(step["name"])
    found: list[tuple[int, dict[str, Any]]] = []
    ahead: list[tuple[int, str]] = [(0, name) for name in below.get(None, ())][::-1]
    while ahead:
        depth, name = ahead.pop()
        found.append((depth, by_name[name]))
        children = below.get(name, [])
        joints = [n for n in children if len(by_name[n]["after"]) > 1]
        lines = sorted(n for n in children if n not in joints)
        deeper = 1 if len(children) > 1 else 0
        ahead += [(depth, n) for n in reversed(joints)]
        ahead += [(depth + deeper, n) for n in reversed(lines)]
    return found


def _shared(names: list[str], above: dict[str, str | None]) -> str | None:
    """The last that all ways to these have in common."""
    if len(names) == 1:
        return names[0]
    ways = []
    for name in names:
        way: list[str | None] = [name]
        while way[-1] is not None:
            way.append(above[way[-1]])
        ways.append(way)
    common = set(ways[0]).intersection(*ways) if ways else set()
    return next((each for each in (ways[0] if ways else []) if each in common), None)


def _title(step: dict[str, Any], has_database: bool) -> Any:
    from rich.text import Text

    if not has_database:
        return Text(step["name"])
    if step["missing"]:
        return Text.assemble(("[-] ", "dim"), step["name"])
    mark, style = ("[X] ", "green") if step["applied"] else ("[ ] ", "")
    if step["half_way"]:
        style = "yellow"
    return Text.assemble((_mark(step, mark), style), step["name"])


def _mark(step: dict[str, Any], usual: str) -> str:
    return "[/] " if step["half_way"] else usual


def _stated(step: dict[str, Any]) -> str:
    """What the database has of it."""
    if step["half_way"]:
        way = "undoing it " if step["half_way"]["backwards"] else ""
        return f"{way}stopped half-way"
    return "applied"


def _note(step: dict[str, Any], has_database: bool) -> Any:
    from rich.text import Text

    notes: list[Any] = []
    if step["applied"]:
        notes.append(Text(step["applied"][:16].replace("T", " "), "dim"))
    if step["half_way"]:
        done, count = step["half_way"]["done"], len(step["operations"])
        text = f"{_stated(step)}, {done} of {count} operations done: run again to go on"
        notes.append(Text(text, "yellow"))
    for each in step["waits_for"]:
        is_end = each["name"].startswith("__")  # __first__ of an app that is not here
        name = each["app"] if is_end else f"{each['app']}.{each['name']}"
        if has_database and not (each["applied"] or step["applied"]):
            notes.append(Text(f"waits for {name}", "yellow"))
        else:
            notes.append(Text(f"after {name}", "dim"))
    if len(step["after"]) > 1:
        notes.append(Text(f"joins {', '.join(step['after'])}", "dim"))
    if step["replaces"]:
        notes.append(Text(f"squashes {_listed(step['replaces'])}", "dim"))
    if step["missing"]:
        text = f"not used while {_listed(step['missing'])} is not applied"
        notes.append(Text(text, "yellow"))
    return Text(" · ", "dim").join(notes)


def _listed(labels: list[str]) -> str:
    names = [label.partition(".")[2] for label in labels]
    if len(names) <= FEW:
        return ", ".join(names)
    return f"{len(names)}, {names[0]} to {names[-1]}"
