"""Sessions: what a server remembers of a client between requests.

A store turns what the cookie holds into a Session and back. An id that the store does
not know is never taken over, so nobody can plant one (session fixation).
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import sqlite3

__all__ = ["MemoryStore", "SQLiteStore", "Session", "SessionStore", "SignedCookieStore"]

# RFC 6265, 6.1: browsers keep at least 4096 bytes for a cookie, its name included.
COOKIE_BYTES = 4093


class Session(MutableMapping[str, Any]):
    """A dict of JSON values that notes when it changes.

    ``modified`` is set by any change to its own keys; set it yourself after changing
    a value in place.
    """

    __slots__ = ("_data", "flushed", "id", "modified", "new", "replaced_id")

    def __init__(
        self, data: dict[str, Any] | None = None, id: str = "", new: bool = True
    ) -> None:
        self._data = data or {}
        self.id = id or secrets.token_urlsafe(24)
        self.new = new
        self.modified = False
        self.flushed = False
        self.replaced_id: str | None = None

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._data[key] = value
        self.modified = True

    def __delitem__(self, key: str) -> None:
        del self._data[key]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"<Session {'new ' if self.new else ''}with {len(self)} keys>"

    def rotate(self) -> None:
        """A new id for the same data: call it when a user logs in or out."""
        if not self.new and self.replaced_id is None:
            self.replaced_id = self.id
        self.id = secrets.token_urlsafe(24)
        self.modified = True

    def flush(self) -> None:
        """Drop the data and the id: nothing of the session stays."""
        self._data.clear()
        self.rotate()
        self.flushed = True


class SessionStore(Protocol):
    """Where sessions are kept. ``token`` is what the cookie holds."""

    def load(self, token: str | None) -> Session:
        """The session of the token; a new one when it is unknown or expired."""

    def save(self, session: Session, max_age: int) -> str:
        """Keep the session for ``max_age`` seconds; returns the token."""

    def delete(self, session: Session) -> None:
        """Forget the session, under its old id too."""


class SignedCookieStore:
    """Keeps the data in the cookie, signed: the client can read but not change it.

    ``secret`` may be several, newest first: the first signs, all are accepted.
    """

    def __init__(self, secret: str | Sequence[str]) -> None:
        from itsdangerous import URLSafeTimedSerializer

        secrets_ = [secret] if isinstance(secret, str) else list(secret)
        if not secrets_ or not all(secrets_):
            raise ValueError("A signed session needs a secret that is not empty.")
        # itsdangerous takes the newest last.
        self._serializer = URLSafeTimedSerializer(
            list(reversed(secrets_)), salt="fwtrace.session"
        )

    def load(self, token: str | None) -> Session:
        from itsdangerous import BadData

        if not token:
            return Session()
        try:
            data = self._serializer.loads(token)
        except (BadData, UnicodeError):
            return Session()
        if not isinstance(data, dict) or data.get("e", 0) < time.time():
            return Session()
        return Session(data.get("d"), data.get("i", ""), new=False)

    def save(self, session: Session, max_age: int) -> str:
        """Raises ValueError for data that no cookie can hold."""
        token = self._serializer.dumps(
            {"d": dict(session), "i": session.id, "e": int(time.time()) + max_age}
        )
        if len(token) > COOKIE_BYTES:
            raise ValueError(
                f"The session takes {len(token):,} bytes, a cookie holds "
                f"{COOKIE_BYTES:,}. Keep it on the server: MemoryStore or SQLiteStore."
            )
        return str(token)

    def delete(self, session: Session) -> None:
        """Nothing is kept here; the cookie is all there is."""


class MemoryStore:
    """Keeps sessions in this process, for as long as it runs."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()
        self._next_sweep = 0.0

    def load(self, token: str | None) -> Session:
        expires, text = self._kept.get(token or "", (0.0, ""))
        if expires < time.time():
            return Session()
        return Session(json.loads(text), token or "", new=False)

    def save(self, session: Session, max_age: int) -> str:
        now = time.time()
        with self._lock:
            self._sweep(now)
            if session.replaced_id is not None:
                self._kept.pop(session.replaced_id, None)
            self._kept[session.id] = (now + max_age, json.dumps(dict(session)))
        return session.id

    def delete(self, session: Session) -> None:
        with self._lock:
            self._kept.pop(session.id, None)
            self._kept.pop(session.replaced_id or "", None)

    def _sweep(self, now: float) -> None:
        """Drop what has expired, once a minute."""
        if now >= self._next_sweep:
            self._next_sweep = now + 60
            for id in [id for id, (until, _) in self._kept.items() if until < now]:
                del self._kept[id]


class SQLiteStore:
    """Keeps sessions in a SQLite file, for all processes that share it."""

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self._local = threading.local()
        with self._connection() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS session"
                " (id TEXT PRIMARY KEY, expires REAL NOT NULL, data TEXT NOT NULL)"
            )

    def _connection(self) -> sqlite3.Connection:
        """A connection for this thread; ``with`` commits."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            import sqlite3

            found = self._local.connection = sqlite3.connect(self.path, timeout=10)
        return found

    def load(self, token: str | None) -> Session:
        if not token:
            return Session()
        row = (
            self._connection()
            .execute(
                "SELECT data FROM session WHERE id = ? AND expires >= ?",
                (token, time.time()),
            )
            .fetchone()
        )
        return Session() if row is None else Session(json.loads(row[0]), token, False)

    def save(self, session: Session, max_age: int) -> str:
        now = time.time()
        with self._connection() as connection:
            connection.execute("DELETE FROM session WHERE expires < ?", (now,))
            connection.execute(
                "DELETE FROM session WHERE id = ?", (session.replaced_id or "",)
            )
            connection.execute(
                "INSERT OR REPLACE INTO session VALUES (?, ?, ?)",
                (session.id, now + max_age, json.dumps(dict(session))),
            )
        return session.id

    def delete(self, session: Session) -> None:
        with self._connection() as connection:
            connection.execute(
                "DELETE FROM session WHERE id IN (?, ?)",
                (session.id, session.replaced_id or ""),
            )

    def close(self) -> None:
        """Close this thread's connection."""
        found = getattr(self._local, "connection", None)
        if found is not None:
            found.close()
            del self._local.connection
