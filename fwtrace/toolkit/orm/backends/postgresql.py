"""PostgreSQL, by psycopg 3; one connection a thread, or a pool's."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from fwtrace.toolkit.orm.backends import checked_level
from fwtrace.toolkit.orm.database import Database, Link, Row
from fwtrace.toolkit.orm.exceptions import MissingDriver

__all__ = ["PostgreSQLDatabase"]


class PostgreSQLDatabase(Database):
    """``settings``: name, host, port, user, password, and libpq's own options;
    ``isolation_level``, and ``pool``, how many connections all threads share."""

    vendor = "postgresql"

    def __init__(self, settings: dict[str, Any], alias: str = "default") -> None:
        try:
            import psycopg
        except ImportError:
            raise MissingDriver(
                "PostgreSQL needs its driver: pip install 'fwtrace[postgres]'"
            ) from None
        self._psycopg = psycopg
        self._settings = dict(settings)
        self._isolation = checked_level(self._settings.pop("isolation_level", ""))
        self._pool_size = _checked_size(self._settings.pop("pool", None))
        self._pool_lock = threading.Lock()
        self._made_pool: Any = None
        super().__init__(self._settings.pop("name", ""), alias)

    def _open(self) -> Any:
        if self._pool_size is not None:
            return self._pool().getconn()
        made = self._psycopg.connect(**self._options())
        self._configure(made)
        return made

    def _options(self) -> dict[str, Any]:
        return {
            "dbname": self.name or None,
            "autocommit": True,
            "prepare_threshold": None,
            "cursor_factory": self._psycopg.ClientCursor,
            **self._settings,
        }

    def _configure(self, made: Any) -> None:
        made.execute("SET TIME ZONE 'UTC'")
        if self._isolation:
            level = self._isolation.replace("_", " ").upper()
            made.execute(
                f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {level}"
            )
        # What JSON is in Python is for the field to say.
        from psycopg.types.string import TextLoader

        for name in ("json", "jsonb"):
            made.adapters.register_loader(name, TextLoader)

    def _pool(self) -> Any:
        """The pool, from which threads take connections and to which they return."""
        with self._pool_lock:
            if self._made_pool is None:
                from psycopg_pool import ConnectionPool

                self._made_pool = ConnectionPool(
                    kwargs=self._options(),
                    configure=self._configure,
                    min_size=1,
                    max_size=self._pool_size,
                    open=True,
                )
            return self._made_pool

    def _release(self, raw: Any) -> None:
        if self._made_pool is None:
            raw.close()
        else:
            self._made_pool.putconn(raw)

    def close(self) -> None:
        super().close()
        pool, self._made_pool = self._made_pool, None
        if pool is not None:
            pool.close()

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


def _checked_size(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not int(text):
        raise ValueError(f"The size of a pool is a number above 0, not {text!r}.")
    return int(text)
