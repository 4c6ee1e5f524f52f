"""What the commands of migrations share: their folder, their database, their errors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fwtrace.cli.errors import CommandError, UsageError

if TYPE_CHECKING:
    from fwtrace.migrate import Project

__all__ = ["DatabaseUrl", "Folder", "Label", "TargetName", "opened", "plainly"]

Folder = Annotated[
    Path,
    typer.Option(
        "--folder",
        "-f",
        metavar="FOLDER",
        help="A folder of migrations, or a project with <app>/migrations/ in it.",
        show_default="here; the users service, where there are none",
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
        help="blog, blog.0002, blog.zero; 0002 or zero where there is one app; "
        "the latest of all unless named.",
    ),
]


@contextmanager
def opened(
    folder: Path, url: str | None, label: str, *, is_needed: bool = False
) -> Iterator[Project]:
    """The migrations of a folder with their database; what is wrong is one sentence."""
    from fwtrace.migrate import Project

    url = url or os.environ.get("DATABASE_URL") or None
    if is_needed and url is None:
        raise UsageError(
            "Which database? Name it with --database, such as sqlite:///data.db, or "
            "with DATABASE_URL."
        )
    with plainly():
        project = Project.open(_or_sample(folder), url, label)
        try:
            yield project
        finally:
            if project.database is not None:
                project.database.close()


def _or_sample(folder: Path) -> Path:
    """Where nobody named a folder, and there are no migrations here: the sample's."""
    from fwtrace.toolkit.orm.migrations.exceptions import MigrationError
    from fwtrace.toolkit.orm.migrations.loader import find_sources

    if folder != Path():
        return folder
    try:
        find_sources(folder)
    except MigrationError:
        import sample_apps.users as users

        return Path(users.__file__).parent / "migrations"
    return folder


@contextmanager
def plainly() -> Iterator[None]:
    """Errors of migrations and of databases, each as one sentence."""
    from fwtrace.toolkit.orm import DatabaseError, MissingDriver
    from fwtrace.toolkit.orm.migrations.exceptions import MigrationError

    try:
        yield
    except (MigrationError, DatabaseError, MissingDriver) as error:
        raise CommandError(str(error)) from None
    except ValueError as error:
        raise UsageError(str(error)) from None
