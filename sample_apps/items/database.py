"""The database: a file of SQLite, and a connection for each request."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

__all__ = ["Session", "create_tables", "session"]

Session = sqlite3.Connection

TABLES = """
create table if not exists accounts (
    id integer primary key,
    name text not null unique,
    password text not null
);
create table if not exists items (
    id integer primary key,
    owner integer not null references accounts,
    name text not null,
    price real not null,
    description text
);
create table if not exists images (
    item integer primary key references items on delete cascade,
    kind text not null,
    content blob not null
);
"""


@contextmanager
def session(file: str) -> Iterator[Session]:
    """A connection whose changes are kept, or undone where an error leaves it."""
    # One request may run in several threads, though never in two at once.
    with closing(sqlite3.connect(file, check_same_thread=False)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("pragma foreign_keys = on")
        with connection:
            yield connection


def create_tables(file: str) -> None:
    with session(file) as connection:
        connection.executescript(TABLES)
