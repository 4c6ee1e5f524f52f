"""PostgreSQL, by psycopg 3; one connection a thread, or a pool's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fwtrace.toolkit.orm.database import Database, Link, Row
from fwtrace.toolkit.orm.exceptions import MissingDriver

__all__ = ["PostgreSQLDatabase"]


class PostgreSQLDatabase(Database):
    """``settings``: name, host, port, user, password, and libpq's own options."""

    vendor = "postgresql"

    def __init__(self, settings: dict[str, Any], alias: str = "default") -> None:
        try:
            import psycopg
        except ModuleNotFoundError:
            raise MissingDriver(
                "PostgreSQL needs its driver: pip install 'fwtrace[postgres]'"
            ) from None
        self._psycopg = psycopg
        self._settings = dict(settings)
        self._isolation = self._settings.pop("isolation_level", None)
        super().__init__(self._settings.pop("name", ""), alias)

    def _open(self) -> Any:
        psycopg = self._psycopg
        made = psycopg.connect(
            dbname=self.name or None,
            autocommit=True,
            prepare_threshold=None,
            cursor_factory=psycopg.ClientCursor,
            **self._settings,
        )
        made.execute("SET TIME ZONE 'UTC'")
        if self._isolation:
            level = self._isolation.replace("_", " ").upper()
            made.isolation_level = psycopg.IsolationLevel[level.replace(" ", "_")]
            made.execute(
                f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {level}"
            )
        # What JSON is in Python is for the field to say.
        from psycopg.types.string import TextLoader

        for name in ("json", "jsonb"):
            made.adapters.register_loader(name, TextLoader)
        return made

    def _run(self, raw: Any, sql: str, params: Sequence[Any]) -> Any:
        return raw.execute(sql, params)

    def _chunks(
        self, link: Link, sql: str, params: Sequence[Any], size: int
    ) -> Iterator[list[Row]]:
        text = self._psycopg.ClientCursor(link.raw).mogrify(sql, params)
        cursor = self._psycopg.ServerCursor(link.raw, "fwtrace", withhold=True)
        with cursor:
            cursor.execute(text.replace("%", "%%"), ())
            while rows := cursor.fetchmany(size):
                yield rows

    def _is_dropped(self, raw: Any, error: Exception) -> bool:
        return bool(raw.closed or raw.broken)
