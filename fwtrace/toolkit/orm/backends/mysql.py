"""MySQL and MariaDB, by PyMySQL; one connection a thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fwtrace.toolkit.orm.backends import checked_level
from fwtrace.toolkit.orm.database import Database, Link, Row
from fwtrace.toolkit.orm.exceptions import MissingDriver

__all__ = ["MySQLDatabase"]

MODE = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
# "Server has gone away", "Lost connection", and their like.
DROPPED = frozenset((0, 2006, 2013, 2055, 4031))


class MySQLDatabase(Database):
    """``settings``: name, host, port, user, password, ``unix_socket``."""

    vendor = "mysql"

    def __init__(self, settings: dict[str, Any], alias: str = "default") -> None:
        try:
            import pymysql
        except ImportError:
            raise MissingDriver(
                "MySQL and MariaDB need their driver: pip install 'fwtrace[mysql]'"
            ) from None
        self._pymysql = pymysql
        self._settings = dict(settings)
        level = self._settings.pop("isolation_level", "read committed")
        self._isolation = checked_level(level).upper()
        super().__init__(self._settings.pop("name", ""), alias)

    def _open(self, **options: Any) -> Any:
        made = self._pymysql.connect(
            database=self.name or None,
            charset="utf8mb4",
            autocommit=True,
            init_command=f"SET sql_mode = '{MODE}', time_zone = '+00:00'",
            # Rows that matched, as every other database counts them.
            client_flag=self._pymysql.constants.CLIENT.FOUND_ROWS,
            **{**self._settings, **options},
        )
        with made.cursor() as cursor:
            cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {self._isolation}")
        return made

    def _run(self, raw: Any, sql: str, params: Sequence[Any]) -> Any:
        cursor = raw.cursor()
        cursor.execute(sql, tuple(params))
        return _Cursor(cursor)

    def _chunks(
        self, link: Link, sql: str, params: Sequence[Any], size: int
    ) -> Iterator[list[Row]]:
        # A cursor that streams keeps its connection to itself until it ends.
        raw = self._open() if not link.depth else link.raw
        kind = self._pymysql.cursors.SSCursor if raw is not link.raw else None
        cursor = raw.cursor(kind)
        try:
            cursor.execute(sql, tuple(params))
            while rows := cursor.fetchmany(size):
                yield list(rows)
        finally:
            if raw is not link.raw:
                raw.close()

    def _is_dropped(self, raw: Any, error: Exception) -> bool:
        code = error.args[0] if error.args else None
        return code in DROPPED or not raw.open


class _Cursor:
    """PyMySQL's, with its rows as a list."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.rowcount: int = cursor.rowcount
        self.lastrowid: int | None = cursor.lastrowid
        self.description = cursor.description

    def fetchall(self) -> list[Row]:
        return list(self._cursor.fetchall())
