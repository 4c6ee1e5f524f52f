"""The database: where statements go, and who may be in the middle of a transaction.

``execute`` and ``fetch`` are the only two ways to it, so whoever watches those two
has seen every statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Protocol

from fwtrace.toolkit.orm.exceptions import NotConnected

__all__ = ["Cursor", "Database", "atomic", "connect", "get_database"]

Row = tuple[Any, ...]


class Cursor(Protocol):
    """What a statement that returns no rows leaves behind (PEP 249)."""

    @property
    def rowcount(self) -> int: ...

    @property
    def lastrowid(self) -> int | None: ...


class Database:
    """One database. A backend says how it connects, quotes, and keeps its types.

    ``vendor`` is OpenTelemetry's name of the system, ``name`` that of the database.
    """

    vendor = ""
    name = ""
    alias = "default"
    has_returning = True
    max_params = 32_766
    in_atomic_block = True
    integers = range(-(2**63), 2**63)  # those that a column can hold
    converters: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    """By a field's kind: from what the driver returns to the Python value."""

    def execute(self, sql: str, params: Sequence[Any] = ()) -> Cursor:
        """Run a statement that returns no rows."""
        return self._execute(sql, params)

    def fetch(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Run a statement and return all of its rows."""
        return self._fetch(sql, params)

    def fetch_chunks(
        self, sql: str, params: Sequence[Any] = (), size: int = 2000
    ) -> Iterator[list[Row]]:
        rows = self.fetch(sql, params)
        for start in range(0, len(rows), size):
            yield rows[start : start + size]

    def fetch_named(
        self, sql: str, params: Sequence[Any] = ()
    ) -> tuple[list[str], list[Row]]:
        cursor: Any = self.execute(sql, params)
        return [each[0] for each in cursor.description], cursor.fetchall()

    def _execute(self, sql: str, params: Sequence[Any]) -> Cursor:
        raise NotImplementedError

    def _fetch(self, sql: str, params: Sequence[Any]) -> list[Row]:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def adapt(self, value: Any) -> Any:
        """A Python value as the driver takes it."""
        raise NotImplementedError

    def column_type(self, kind: str, field: Any) -> str:
        raise NotImplementedError

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All statements of the block, or none. Blocks may nest: inner ones are
        savepoints."""
        raise NotImplementedError
        yield

    @staticmethod
    def quote(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'


_databases: dict[str, Database] = {}


def connect(url: str, alias: str = "default") -> Database:
    """Use the database of this URL from now on; connections are made when needed.

    sqlite://              in memory, gone with the process
    sqlite:///data.db      a file, relative to the working directory
    sqlite:////srv/a.db    a file, absolute

    Raises ValueError for a URL of another kind.
    """
    scheme, separator, rest = url.partition("://")
    if scheme != "sqlite" or not separator:
        raise ValueError(
            f"Cannot connect to {url!r}: give sqlite:// for a database in memory, or "
            "sqlite:///file.db."
        )
    from fwtrace.toolkit.orm.backends.sqlite import SQLiteDatabase

    path = rest.removeprefix("/")
    previous = _databases.get(alias)
    if previous is not None:
        previous.close()
    _databases[alias] = made = SQLiteDatabase(path or ":memory:")
    made.alias = alias
    return made


def get_database(alias: str = "default") -> Database:
    """The database connected under this alias.

    Raises :class:`NotConnected`, saying what to call, when there is none.
    """
    try:
        return _databases[alias]
    except KeyError:
        raise NotConnected(
            'There is no database yet. Call connect("sqlite://") before using models.'
        ) from None


def atomic(alias: str = "default") -> AbstractContextManager[None]:
    """All statements of the ``with`` block, or none: :meth:`Database.atomic`."""
    return get_database(alias).atomic()
