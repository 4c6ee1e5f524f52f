"""What the commands of migrations share: their folder, their database, their errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fwtrace.cli.errors import CommandError, UsageError

if TYPE_CHECKING:
    from fwtrace.migrate import Project
    from fwtrace.toolkit.orm import Database
    from fwtrace.toolkit.orm.migrations.loader import MigrationSource

__all__ = [
    "DatabaseUrl",
    "Folders",
    "Label",
    "TargetName",
    "are_here",
    "aside",
    "database_url",
    "described_database",
    "is_sample",
    "located",
    "meant",
    "opened",
    "plainly",
    "refuse_sample",
    "sample",
    "say",
]

Folders = Annotated[
    list[Path] | None,
    typer.Option(
        "--folder",
        "-f",
        metavar="FOLDER",
        help="A folder of migrations, or a project with <app>/migrations/ in it (again "
        "for more). Else here; where there are none, those of the users service.",
    ),
]

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        "-d",
        metavar="URL",
        help="Such as sqlite:///data.db; else what DATABASE_URL says.",
    ),
]

Label = Annotated[
    str,
    typer.Option(
        "--label", metavar="APP", help="What the app of a single folder is called."
    ),
]

TargetName = Annotated[
    str,
    typer.Argument(
        metavar="[TARGET]",
        help="blog, blog.0002, blog.zero; where there is one app, 0002 or zero. The "
        "latest of all, unless named.",
    ),
]


@contextmanager
def opened(
    folders: list[Path] | None,
    label: str,
    url: str | None = None,
    *,
    reads_only: bool = False,
) -> Iterator[Project]:
    """The migrations of folders with their database; what is wrong is one sentence."""
    from fwtrace.migrate import Project
    from fwtrace.toolkit.orm import disconnect

    try:
        with aside(), plainly():
            sources = located(folders, label)
            database = _connected(url, reads_only)
            project = Project.open(sources, database, reads_only=reads_only)
        with plainly():
            yield project
    finally:
        if url is not None:
            disconnect()


def _connected(url: str | None, reads_only: bool) -> Database | None:
    from fwtrace.migrate import connected

    if url is None:
        return None
    try:
        database = connected(url, reads_only=reads_only)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if url.startswith("sqlite:///") and database.name == ":memory:":
        say(f"{url.removeprefix('sqlite:///')!r} is not there: it is taken as empty.")
    return database


def located(folders: list[Path] | None, label: str) -> list[MigrationSource]:
    """Where nobody named a folder, and there are no migrations here: the sample's."""
    from fwtrace.migrate import locate

    with meant():
        if folders or are_here():
            return locate(folders or [Path()], label)
        say("There are no migrations here: these are of the users service.")
        return locate([sample()], label)


def are_here() -> bool:
    """Whether the working directory has migrations in it."""
    from fwtrace.toolkit.orm.migrations.exceptions import MigrationError
    from fwtrace.toolkit.orm.migrations.loader import find_sources

    try:
        return bool(find_sources(Path()))
    except MigrationError:
        return False


def sample() -> Path:
    """The migrations that come with fwtrace."""
    import sample_apps.users as users

    return Path(str(users.__file__)).parent / "migrations"


def is_sample(sources: list[MigrationSource], folders: list[Path] | None) -> bool:
    """Whether they were taken because there was nothing else."""
    return not folders and any(source.folder == sample() for source in sources)


def refuse_sample(sources: list[MigrationSource], folders: list[Path] | None) -> None:
    """It is there to be looked at."""
    if is_sample(sources, folders):
        raise UsageError(
            "There are no migrations here, and nothing is written to those of the "
            "users service: name a folder with --folder, or add --dry-run."
        )


def database_url(given: str | None) -> str | None:
    return given or os.environ.get("DATABASE_URL") or None


def described_database(project: Project) -> dict[str, str] | None:
    database = project.database
    if database is None:
        return None
    return {"system": database.vendor, "name": database.name}


@contextmanager
def plainly() -> Iterator[None]:
    """Errors of migrations and of databases, each as one sentence."""
    from fwtrace.migrate import Mislabelled
    from fwtrace.toolkit.orm import DatabaseError, MissingDriver
    from fwtrace.toolkit.orm.migrations.exceptions import MigrationError

    try:
        yield
    except Mislabelled as error:
        raise UsageError(str(error)) from None
    except (MigrationError, DatabaseError, MissingDriver) as error:
        raise CommandError(str(error)) from None


@contextmanager
def meant() -> Iterator[None]:
    """What was typed is looked up: where it names nothing, that is a wrong usage."""
    from fwtrace.toolkit.orm.migrations.exceptions import (
        CircularDependencyError,
        ConflictError,
        MigrationError,
    )

    try:
        yield
    except (CircularDependencyError, ConflictError) as error:
        raise CommandError(str(error)) from None
    except MigrationError as error:
        raise UsageError(str(error)) from None


@contextmanager
def aside() -> Iterator[None]:
    """What the user's own code prints is no data."""
    with redirect_stdout(sys.stderr):
        yield


def say(text: str) -> None:
    """A line on standard error."""
    from fwtrace.cli.output import write

    write(f"{text}\n", sys.stderr)
