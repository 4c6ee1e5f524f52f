"""SQLite: in memory through one shared connection, in a file with one a thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from fwtrace.toolkit.orm.backends.sqlite_functions import register
from fwtrace.toolkit.orm.database import Database, Link, Row

__all__ = ["SQLiteDatabase"]


class SQLiteDatabase(Database):
    """``path`` is a file, or ``":memory:"``."""

    vendor = "sqlite"
    max_params = 32_766

    def __init__(self, path: str, alias: str = "default") -> None:
        super().__init__(path, alias, is_shared=path == ":memory:")

    def _open(self) -> sqlite3.Connection:
        # Autocommit: transactions are ours to begin, so that they can be seen.
        made = sqlite3.connect(
            self.name, isolation_level=None, check_same_thread=False, timeout=10
        )
        made.execute("PRAGMA foreign_keys = ON")
        register(made)
        return made

    def _run(self, raw: Any, sql: str, params: Sequence[Any]) -> Any:
        return raw.execute(sql, params)

    def _chunks(
        self, link: Link, sql: str, params: Sequence[Any], size: int
    ) -> Iterator[list[Row]]:
        cursor = self._run(link.raw, sql, params)
        try:
            while rows := cursor.fetchmany(size):
                yield rows
        finally:
            cursor.close()

    def _is_in_transaction(self, link: Link) -> bool:
        return bool(link.raw.in_transaction)
