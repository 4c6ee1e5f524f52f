"""One run of migrations at a time: a lock that goes with the connection, so that a
killed run leaves none behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from zlib import crc32

from fwtrace.toolkit.orm.migrations.exceptions import MigrationError

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database

__all__ = ["migration_lock"]

NAME = "fwtrace_migrations"
PAUSE = 0.2  # seconds between two tries


@contextmanager
def migration_lock(
    database: Database,
    timeout: float = 60,
    waiting: Callable[[], object] | None = None,
) -> Iterator[None]:
    """Hold the lock of the database; ``waiting`` is called once if another holds it.

    ``timeout`` is in seconds; MigrationError when it has passed. SQLite has no such
    lock: there each migration's transaction waits for those of others, and sees whether
    it is still wanted.
    """
    if database.vendor == "sqlite":
        before = database.fetch("PRAGMA busy_timeout")[0][0]
        database.fetch(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
        try:
            yield
        finally:
            database.fetch(f"PRAGMA busy_timeout = {before}")
        return
    until, told = time.monotonic() + timeout, False
    while not _taken(database):
        if waiting is not None and not told:
            waiting()
            told = True
        if time.monotonic() >= until:
            raise MigrationError(
                f"Another run has been migrating {database.name!r} for more than "
                f"{timeout:g} seconds: wait for its end, or stop it, and run again."
            )
        time.sleep(PAUSE)
    try:
        yield
    finally:
        _release(database)


def _key(database: Database) -> int:
    return crc32(_name(database).encode())


def _name(database: Database) -> str:
    return f"{NAME}:{database.name}"[:64]


def _taken(database: Database) -> bool:
    if database.vendor == "postgresql":
        rows = database.fetch("SELECT pg_try_advisory_lock(%s)", [_key(database)])
    else:
        rows = database.fetch("SELECT GET_LOCK(%s, 0)", [_name(database)])
    return bool(rows[0][0])


def _release(database: Database) -> None:
    if database.vendor == "postgresql":
        database.fetch("SELECT pg_advisory_unlock(%s)", [_key(database)])
    else:
        database.fetch("SELECT RELEASE_LOCK(%s)", [_name(database)])
