"""``fwtrace migrations make``: write what is missing between models and migrations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fwtrace.cli.errors import CommandError, UsageError
from fwtrace.cli.migrations.common import Label, plainly
from fwtrace.cli.options import AsJson

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.migrations.loader import MigrationLoader
    from fwtrace.toolkit.orm.migrations.migration import Migration

__all__ = ["command"]


def command(
    folder: Annotated[
        Path,
        typer.Option(
            "--folder", "-f", metavar="FOLDER", help="The app's folder of migrations."
        ),
    ] = Path("migrations"),
    models: Annotated[
        str,
        typer.Option(
            "--models",
            metavar="MODULE",
            help="The module of the models; else models beside the folder.",
        ),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What to call it.")
    ] = "",
    renames: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="OLD=NEW",
            help="book.pages=page_count, or Author=Writer.",
        ),
    ] = None,
    defaults: Annotated[
        list[str] | None,
        typer.Option(
            "--default",
            metavar="FIELD=VALUE",
            help="For rows there are: book.isbn=\"''\".",
        ),
    ] = None,
    empty: Annotated[
        bool, typer.Option("--empty", help="Without operations, to be filled in.")
    ] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="Join the latest migrations of an app.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit 1 if anything is missing."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the file instead of writing it.")
    ] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nothing.")] = False,
    label: Label = "",
    as_json: AsJson = False,
) -> None:
    """Compare models with their migrations, and write one for what is missing.

    Example: fwtrace migrations make --folder shop/migrations --rename book.pages=length
    """
    with plainly():
        made = _made(
            folder,
            models,
            label,
            name,
            renames,
            defaults,
            empty,
            merge,
            no_input or check,
        )
    _finish(folder, made, check=check, dry_run=dry_run, as_json=as_json)


def _made(
    folder: Path,
    models: str,
    label: str,
    name: str,
    renames: list[str] | None,
    defaults: list[str] | None,
    empty: bool,
    merge: bool,
    no_input: bool,
) -> list[Migration]:
    """The migrations to write, with their names."""
    from fwtrace.toolkit.orm.migrations.autodetector import MigrationAutodetector
    from fwtrace.toolkit.orm.migrations.exceptions import ConflictError
    from fwtrace.toolkit.orm.migrations.loader import MigrationLoader

    source = _source(folder, label)
    loader = MigrationLoader([source], ignore_missing=True)
    app = source.app_label
    conflicts = loader.detect_conflicts()
    if merge:
        return _merged(loader, app, conflicts.get(app, []))
    if conflicts:
        raise ConflictError(
            f"The app {app!r} has {len(conflicts[app])} latest migrations: "
            f"{', '.join(conflicts[app])}. Join them with --merge first."
        )
    if empty:
        return [_empty(loader, app, name)]
    questioner = _questioner(renames or [], defaults or [], app, no_input)
    wanted = _wanted(models or _beside(source), app)
    detector = MigrationAutodetector(loader.project_state(), wanted, questioner)
    changes = detector.changes(loader.graph, [app], {app}, name or None)
    for each in getattr(questioner, "unanswered", ()):
        _say(f"If that was a rename, say so: {each}\n")
    for each in getattr(questioner, "notes", ()):
        _say(f"{each}\n")
    unused = getattr(questioner, "unused", [])
    if unused:
        raise UsageError(f"Nothing of the kind was found for {', '.join(unused)}.")
    return [migration for made in changes.values() for migration in made]


def _source(folder: Path, label: str) -> Any:
    """The folder, which need not be there yet."""
    from fwtrace.toolkit.orm.migrations.sources import source_of

    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{str(folder)!r} is a file: name a folder of migrations.")
    return source_of(folder, label)


def _beside(source: Any) -> str:
    """``shop.models`` of ``shop.migrations``."""
    home = source.package.rpartition(".")[0]
    if not home:
        raise UsageError(
            "Which models? Name their module with --models, such as shop.models."
        )
    return f"{home}.models"


def _wanted(module: str, app: str) -> Any:
    """The state that the models' classes say."""
    from fwtrace.hosts.models import models_of_module
    from fwtrace.toolkit.orm.migrations.state import ProjectState

    return ProjectState.from_models(models_of_module(module), app)


def _questioner(
    renames: list[str], defaults: list[str], app: str, no_input: bool
) -> Any:
    from fwtrace.toolkit.orm.migrations.questioner import (
        FlagQuestioner,
        InteractiveQuestioner,
    )

    is_asked = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    if renames or defaults or no_input or not is_asked:
        return FlagQuestioner(
            _pairs("--rename", renames), _pairs("--default", defaults), [app]
        )
    return InteractiveQuestioner(_ask, _say, [app])


def _pairs(flag: str, given: list[str]) -> dict[str, str]:
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not (name and equals and value):
            raise UsageError(f"{flag} takes OLD=NEW, not {each!r}.")
        found[name.strip()] = value.strip()
    return found


def _ask(question: str) -> str:
    _say(f"{question} ")
    line = sys.stdin.readline()
    if not line:
        raise KeyboardInterrupt
    return line.rstrip("\n")


def _say(text: str) -> None:
    from fwtrace.cli.output import write

    write(text if text.endswith((" ", "\n")) else f"{text}\n", sys.stderr)


def _empty(loader: MigrationLoader, app: str, name: str) -> Migration:
    from fwtrace.toolkit.orm.migrations.migration import Migration

    latest = loader.graph.leaf_nodes(app)
    made = Migration(f"{_next_number(loader, app)}_{name or 'custom'}", app)
    made.dependencies = list(latest)
    made.initial = not latest
    return made


def _next_number(loader: MigrationLoader, app: str) -> str:
    numbers = [
        int(n.partition("_")[0])
        for a, n in loader.disk_migrations
        if a == app and n.partition("_")[0].isdecimal()
    ]
    return f"{max(numbers, default=0) + 1:04}"


def _merged(loader: MigrationLoader, app: str, names: list[str]) -> list[Migration]:
    from fwtrace.toolkit.orm.migrations.squash import merge

    return [merge(loader, app, names)] if names else []


def _finish(
    folder: Path, made: list[Migration], *, check: bool, dry_run: bool, as_json: bool
) -> None:
    """Write the files, or say what they would be."""
    from fwtrace.cli.output import print_json, save, write
    from fwtrace.toolkit.orm.migrations.writer import MigrationWriter

    with plainly():
        files = [(folder / f"{each.name}.py", each) for each in made]
        texts = [MigrationWriter(each).as_string() for _, each in files]
    if not (check or dry_run):
        for (path, _), text in zip(files, texts, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            save(text, str(path))
    if as_json:
        print_json([_described(path, each) for path, each in files])
    elif not files:
        write("No changes: the migrations make what the models say.\n")
    else:
        for (path, each), text in zip(files, texts, strict=True):
            write(f"{path}\n")
            for operation in each.operations:
                write(f"  {operation.formatted_description()}\n")
            if dry_run:
                write(f"\n{text}")
    if check and files:
        raise CommandError(
            f"{len(files)} migrations are missing: write them with "
            "'fwtrace migrations make'."
        )


def _described(path: Path, migration: Migration) -> dict[str, Any]:
    return {
        "file": str(path),
        "app": migration.app_label,
        "name": migration.name,
        "operations": [each.formatted_description() for each in migration.operations],
    }
