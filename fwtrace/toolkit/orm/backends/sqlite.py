"""SQLite: in memory through one shared connection, in a file with one a thread."""

from __future__ import annotations

import datetime
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fwtrace.toolkit.orm.database import Database, Row
from fwtrace.toolkit.orm.exceptions import DatabaseError, IntegrityError

__all__ = ["SQLiteDatabase"]


class SQLiteDatabase(Database):
    """``path`` is a file, or ``":memory:"``."""

    vendor = "sqlite"

    def __init__(self, path: str) -> None:
        self.name = path
        self._shared = path == ":memory:"
        self._lock = threading.RLock()
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._memory: sqlite3.Connection | None = None
        self._depth = 0

    def _connect(self) -> sqlite3.Connection:
        try:
            # Autocommit: transactions are ours to begin, so that they can be seen.
            made = sqlite3.connect(
                self.name, isolation_level=None, check_same_thread=False, timeout=10
            )
        except sqlite3.Error as error:
            raise DatabaseError(f"Cannot open {self.name!r}: {error}.") from error
        made.execute("PRAGMA foreign_keys = ON")
        self._connections.append(made)
        return made

    def _connection(self) -> sqlite3.Connection:
        if self._shared:
            if self._memory is None:
                self._memory = self._connect()
            return self._memory
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect()
        return found

    def _execute(self, sql: str, params: Sequence[Any]) -> sqlite3.Cursor:
        with self._lock:
            try:
                return self._connection().execute(sql, params)
            except sqlite3.Error as error:
                raise _translated(error) from error

    def _fetch(self, sql: str, params: Sequence[Any]) -> list[Row]:
        with self._lock:
            try:
                return self._connection().execute(sql, params).fetchall()
            except sqlite3.Error as error:
                raise _translated(error) from error

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._memory = None
            self._local = threading.local()

    @contextmanager
    def atomic(self) -> Iterator[None]:
        # The shared connection belongs to one thread until its transaction ends.
        with self._lock:
            depth = self._depth
            point = f"fwtrace_{depth}"
            self.execute(f"SAVEPOINT {point}" if depth else "BEGIN")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if depth:
                    self.execute(f"ROLLBACK TO {point}")
                    self.execute(f"RELEASE {point}")
                else:
                    self.execute("ROLLBACK")
                raise
            self._depth -= 1
            self.execute(f"RELEASE {point}" if depth else "COMMIT")

    def adapt(self, value: Any) -> Any:
        if isinstance(value, datetime.datetime):
            # One zone and one width, so that text sorts as time does.
            return value.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise DatabaseError("SQLite keeps integers of 64 bits; this one is larger.")
        return value

    def converter(self, kind: str) -> Callable[[Any], Any] | None:
        return _CONVERTERS.get(kind)

    def column_type(self, kind: str, field: Any) -> str:
        return _TYPES[kind].format(max_length=getattr(field, "max_length", None))


def _translated(error: sqlite3.Error) -> DatabaseError:
    kind = (
        IntegrityError if isinstance(error, sqlite3.IntegrityError) else DatabaseError
    )
    return kind(str(error))


def _read_datetime(value: str | None) -> datetime.datetime | None:
    if value is None:
        return None
    return datetime.datetime.fromisoformat(value).replace(tzinfo=datetime.UTC)


def _read_boolean(value: int | None) -> bool | None:
    return None if value is None else bool(value)


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "DateTimeField": _read_datetime,
    "BooleanField": _read_boolean,
}

_TYPES = {
    "AutoField": "integer",
    "BooleanField": "bool",
    "CharField": "varchar({max_length})",
    "DateTimeField": "datetime",
    "IntegerField": "integer",
    "TextField": "text",
}
