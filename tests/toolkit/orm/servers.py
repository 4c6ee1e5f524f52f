"""The database servers that the ORM is tested on, each run in a database of its own."""

from __future__ import annotations

import atexit
import os
from functools import cache
from typing import Any

import pytest

from fwtrace.toolkit.orm.backends import make_database
from fwtrace.toolkit.orm.database import Database

VENDORS = ("sqlite", "postgresql", "mysql")
DEFAULTS = {
    "postgresql": "postgresql://postgres@127.0.0.1:5432/postgres?connect_timeout=3",
    "mysql": "mysql://root@127.0.0.1:3306/test?",
}
NAME = f"fwtrace_test_{os.getpid()}"


only_sqlite = pytest.mark.parametrize("connected", ["sqlite"], indirect=True)
"""Marks a test that looks at SQLite's own SQL, types or messages."""


only_servers = pytest.mark.parametrize(
    "connected", ["postgresql", "mysql"], indirect=True
)
"""Marks a test of what only a server can do."""


@cache
def _prepared(vendor: str) -> str:
    """The URL of a new database on that server; the reason where there is none."""
    given = os.environ.get(f"FWTRACE_TEST_{vendor.upper()}", DEFAULTS[vendor])
    server = make_database(given, "server")
    try:
        server.execute(f"DROP DATABASE IF EXISTS {NAME}")
        server.execute(f"CREATE DATABASE {NAME}")
    except Exception as error:
        return f"no {vendor} server: {error}"
    atexit.register(_drop, given)
    head, _, tail = given.rpartition("/")
    return f"{head}/{NAME}?{tail.partition('?')[2]}"


def _drop(given: str) -> None:
    server = make_database(given, "server")
    try:
        server.execute(f"DROP DATABASE IF EXISTS {NAME}")
    finally:
        server.close()


def url(vendor: str) -> str:
    """The URL of an empty database; skips the test where there is no server, and fails
    it on CI."""
    if vendor == "sqlite":
        return "sqlite://"
    found = _prepared(vendor)
    if "://" not in found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(found)
    return found


def drop_tables(database: Database) -> None:
    """Leave nothing behind for the next test."""
    if database.vendor == "sqlite":
        return
    where = "current_schema()" if database.vendor == "postgresql" else "DATABASE()"
    rows: Any = database.fetch(
        f"SELECT table_name FROM information_schema.tables WHERE table_schema = {where}"
    )
    if not rows:
        return
    if database.vendor == "postgresql":
        names = ", ".join(f'"{name}"' for (name,) in rows)
        database.execute(f"DROP TABLE {names} CASCADE")
    else:
        database.execute("SET foreign_key_checks = 0")
        for (name,) in rows:
            database.execute(f"DROP TABLE `{name}`")
        database.execute("SET foreign_key_checks = 1")
