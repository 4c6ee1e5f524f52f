"""``fwtrace migrations make``: write what is missing between models and migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fwtrace.cli.errors import CommandError, UsageError
from fwtrace.cli.migrations.common import (
    Folders,
    Label,
    aside,
    is_sample,
    plainly,
    refuse_sample,
    say,
)
from fwtrace.cli.migrations.files import File, NewName, as_files, described, save_new
from fwtrace.cli.options import AsJson

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.migrations.loader import MigrationLoader
    from fwtrace.toolkit.orm.migrations.migration import Migration

__all__ = ["command"]


def command(
    folders: Folders = None,
    models: Annotated[
        str,
        typer.Option(
            "--models",
            metavar="MODULE",
            help="The module of the models; else models beside the folder.",
        ),
    ] = "",
    name: NewName = "",
    renames: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="OLD=NEW",
            help="What was renamed: book.pages=page_count, or Author=Writer.",
        ),
    ] = None,
    defaults: Annotated[
        list[str] | None,
        typer.Option(
            "--default",
            metavar="FIELD=VALUE",
            help="What the rows that are there get, as Python: book.isbn=\"''\".",
        ),
    ] = None,
    empty: Annotated[
        bool, typer.Option("--empty", help="One without operations, to be filled in.")
    ] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="One that joins the latest ones of an app.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit 1 if anything is missing."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the files instead of writing them.")
    ] = False,
    no_input: Annotated[
        bool, typer.Option("--no-input", help="Ask nothing, even on a terminal.")
    ] = False,
    label: Label = "",
    as_json: AsJson = False,
) -> None:
    """Compare models with their migrations, and write one for what is missing.

    Example: fwtrace migrations make --folder shop --rename book.pages=length
    """
    from fwtrace.cli.migrations.missing import empty as emptied, merged, sources_to_be
    from fwtrace.migrate import load

    answers = _pairs("--rename", renames), _pairs("--default", defaults)
    _refuse_contradictions(
        {"--empty": empty, "--merge": merge, "--check": check},
        {"--rename": renames, "--default": defaults, "--models": models},
    )
    with aside(), plainly():
        sources = sources_to_be(folders, label)
        if is_sample(sources, folders) and check:
            raise UsageError(
                "There are no migrations here to check: name their folder with "
                "--folder."
            )
        loader = load(sources, ignore_missing=True)
        if merge:
            made = merged(loader, name)
        elif empty:
            made = emptied(loader, name)
        else:
            made = _missing(loader, models, name, answers, check, not no_input)
        files = as_files(sources, made)
    is_written = bool(files) and not (check or dry_run)
    if is_written:
        refuse_sample(sources, folders)
        save_new(files)
    _tell(files, is_written=is_written, as_json=as_json, dry_run=dry_run)
    if check and files:
        these = "A migration is" if len(files) == 1 else f"{len(files)} migrations are"
        raise CommandError(
            f"{these} missing: write what is with 'fwtrace migrations make'."
        )


def _pairs(flag: str, given: list[str] | None) -> dict[str, str]:
    form = "OLD=NEW" if flag == "--rename" else "FIELD=VALUE"
    found: dict[str, str] = {}
    for each in given or ():
        name, _, value = (part.strip() for part in each.partition("="))
        if not (name and value):
            raise UsageError(f"{flag} takes {form}, not {each!r}.")
        if name in found:
            raise UsageError(f"{flag} says two things of {name!r}: leave one out.")
        found[name] = value
    return found


def _refuse_contradictions(kinds: dict[str, bool], details: dict[str, Any]) -> None:
    chosen = [flag for flag, is_given in kinds.items() if is_given]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} do not go together: leave one out.")
    for flag, given in details.items():
        if given and chosen and chosen != ["--check"]:
            raise UsageError(f"{chosen[0]} looks at no models: leave {flag} out.")


def _missing(
    loader: MigrationLoader,
    models: str,
    name: str,
    answers: tuple[dict[str, str], dict[str, str]],
    check: bool,
    may_ask: bool,
) -> list[Migration]:
    """The migrations that are missing, after what flags and a person say."""
    from fwtrace.cli.migrations.asking import Questioner, is_somebody_there
    from fwtrace.cli.migrations.missing import changes, refuse_conflicts

    refuse_conflicts(loader)
    asks = may_ask and not check and is_somebody_there()
    questioner = Questioner(*answers, loader.migrated_apps, dry_run=check, asks=asks)
    try:
        found = changes(loader, models, questioner, name)
    except KeyboardInterrupt:
        say("\nStopped: nothing was written.")
        raise
    if questioner.unused:
        flags = ", ".join(questioner.unused)
        open_ones = ", ".join(map(str, questioner.unanswered))
        hint = f" There could be {open_ones}." if open_ones else ""
        raise UsageError(f"Nothing has changed that fits {flags}.{hint}")
    for rename in questioner.unanswered:
        say(f"If that is a rename, say so with {rename}.")
    for each in questioner.notes:
        say(each)
    return found


def _tell(files: list[File], *, is_written: bool, as_json: bool, dry_run: bool) -> None:
    from fwtrace.cli.output import print_json, write

    if as_json:
        print_json([described(file, is_written=is_written) for file in files])
    elif not files:
        write("No changes: the migrations make what the models say.\n")
    elif dry_run:
        texts = [f"# {file.path}\n{file.text}" for file in files]
        write("\n\n".join(texts))
    else:
        for file in files:
            write(f"{file.path}\n")
            for operation in file.migration.operations:
                write(f"  {operation.formatted_description()}\n")
