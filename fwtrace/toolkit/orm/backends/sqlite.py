"""SQLite: in memory through one shared connection, in a file with one a thread."""

from __future__ import annotations

import datetime
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, ClassVar

from fwtrace.toolkit.orm.backends.sqlite_functions import register
from fwtrace.toolkit.orm.database import Database, Row
from fwtrace.toolkit.orm.exceptions import DatabaseError, IntegrityError

__all__ = ["SQLiteDatabase"]


WRITTEN = len("2000-01-01 00:00:00.000000")
_from_iso = datetime.datetime.fromisoformat


def _read_datetime(value: str | None) -> datetime.datetime | None:
    if value is None:
        return None
    if len(value) == WRITTEN:  # by us, in UTC: one call, for this runs once a row
        return _from_iso(f"{value}+00:00")
    found = _from_iso(value)
    if found.tzinfo is None:
        return found.replace(tzinfo=datetime.UTC)
    return found.astimezone(datetime.UTC)


def _read_boolean(value: int | None) -> bool | None:
    return None if value is None else bool(value)


class _Link:
    """A connection, and how deep in ``atomic`` blocks it is. Closed with its thread."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        self.depth = 0

    def __del__(self) -> None:
        self.raw.close()


class SQLiteDatabase(Database):
    """``path`` is a file, or ``":memory:"``."""

    vendor = "sqlite"
    converters: ClassVar[dict[str, Callable[[Any], Any]]] = {
        "DateTimeField": _read_datetime,
        "BooleanField": _read_boolean,
    }

    def __init__(self, path: str) -> None:
        self.name = path
        self._shared = path == ":memory:"
        # One connection is one thread's at a time; one's own needs no lock.
        self._guard: AbstractContextManager[Any] = (
            threading.RLock() if self._shared else nullcontext()
        )
        self._memory: _Link | None = None
        self._local = threading.local()

    def _connect(self) -> _Link:
        try:
            # Autocommit: transactions are ours to begin, so that they can be seen.
            made = sqlite3.connect(
                self.name, isolation_level=None, check_same_thread=False, timeout=10
            )
        except sqlite3.Error as error:
            raise DatabaseError(f"Cannot open {self.name!r}: {error}.") from error
        made.execute("PRAGMA foreign_keys = ON")
        register(made)
        return _Link(made)

    def _link(self) -> _Link:
        if self._shared:
            if self._memory is None:
                self._memory = self._connect()
            return self._memory
        try:
            found: _Link = self._local.link
        except AttributeError:
            found = self._local.link = self._connect()
        return found

    def _execute(self, sql: str, params: Sequence[Any]) -> sqlite3.Cursor:
        with self._guard:
            try:
                return self._link().raw.execute(sql, params)
            except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
                raise _translated(error) from error

    def _fetch(self, sql: str, params: Sequence[Any]) -> list[Row]:
        with self._guard:
            try:
                return self._link().raw.execute(sql, params).fetchall()
            except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
                raise _translated(error) from error

    def close(self) -> None:
        """Close the connections; one that another thread is using, when it is done."""
        with self._guard:
            self._memory = None
            self._local = threading.local()

    @contextmanager
    def atomic(self) -> Iterator[None]:
        # The shared connection belongs to one thread until its transaction ends.
        with self._guard:
            link = self._link()
            depth = link.depth
            point = f"fwtrace_{depth}"
            self.execute(f"SAVEPOINT {point}" if depth else "BEGIN")
            link.depth += 1
            try:
                yield
                link.depth = depth
                # May fail: deferred constraints are checked here.
                self.execute(f"RELEASE {point}" if depth else "COMMIT")
            except BaseException:
                link.depth = depth
                self._undo(link, point if depth else "")
                raise

    def _undo(self, link: _Link, point: str) -> None:
        if not link.raw.in_transaction:
            return  # SQLite gave it up itself: the disk is full, for one
        if point:
            self.execute(f"ROLLBACK TO {point}")
            self.execute(f"RELEASE {point}")
        else:
            self.execute("ROLLBACK")

    def adapt(self, value: Any) -> Any:
        if isinstance(value, datetime.datetime):
            # In UTC already, and of one width: text sorts as time does.
            return value.replace(tzinfo=None).isoformat(" ", "microseconds")
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, int) and value not in self.integers:
            raise DatabaseError("SQLite keeps integers of 64 bits; this one is larger.")
        return value

    def column_type(self, kind: str, field: Any) -> str:
        return _TYPES[kind].format(max_length=getattr(field, "max_length", None))


def _translated(error: Exception) -> DatabaseError:
    message = str(error)
    if isinstance(error, OverflowError):
        return DatabaseError("SQLite keeps integers of 64 bits; this one is larger.")
    if isinstance(error, UnicodeEncodeError):
        return DatabaseError(f"The text is not valid Unicode: {message}.")
    if message.startswith("no such table"):
        message += ". Make a model's table with its create_table()."
    if isinstance(error, sqlite3.IntegrityError):
        return IntegrityError(message)
    return DatabaseError(message)


_TYPES = {
    "AutoField": "integer",
    "BooleanField": "bool",
    "CharField": "varchar({max_length})",
    "DateTimeField": "datetime",
    "IntegerField": "integer",
    "TextField": "text",
}
