"""Sessions: what a server remembers of a client between requests.

A store turns what the cookie holds (the token) into a Session and back. A token that
the store does not know is never taken over, so nobody can plant one (session
fixation); a session that was ended meanwhile is not brought back by a late save.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import sqlite3

__all__ = ["MemoryStore", "SQLiteStore", "Session", "SessionStore", "SignedCookieStore"]

# RFC 6265, 6.1: browsers keep at least 4096 bytes of a cookie, attributes included.
COOKIE_BYTES = 4093
# What name and attributes of the cookie may take of it.
ATTRIBUTE_BYTES = 125
SWEEP_SECONDS = 60


def new_id() -> str:
    """192 bits that nobody can guess."""
    return os.urandom(24).hex()


class Session(MutableMapping[str, Any]):
    """A dict of JSON values that notes when it is used.

    ``modified`` is set by any change to its own keys; set it yourself after changing
    a value in place. ``accessed`` is set by reading and by changing. ``new`` is true
    until the client has sent it back.
    """

    __slots__ = ("_data", "_id", "accessed", "modified", "new", "replaced_id")

    def __init__(
        self, data: dict[str, Any] | None = None, id: str = "", new: bool = True
    ) -> None:
        self._data = {} if data is None else data
        self._id = id
        self.new = new
        self.accessed = False
        self.modified = False
        self.replaced_id: str | None = None

    @property
    def id(self) -> str:
        """A secret of 192 random bits, made when it is first asked for."""
        if not self._id:
            self._id = new_id()
        return self._id

    def __getitem__(self, key: str) -> Any:
        self.accessed = True
        return self._data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._data[key] = value
        self.accessed = self.modified = True

    def __delitem__(self, key: str) -> None:
        del self._data[key]
        self.accessed = self.modified = True

    def __iter__(self) -> Iterator[str]:
        self.accessed = True
        return iter(self._data)

    def __len__(self) -> int:
        self.accessed = True
        return len(self._data)

    def __repr__(self) -> str:
        """Names without values: what it holds is between server and client."""
        return f"<Session {'new' if self.new else 'known'} {sorted(self._data)}>"

    def rotate(self) -> None:
        """A new id for the same data: call it when a user logs in or out."""
        if not self.new and self.replaced_id is None:
            self.replaced_id = self._id
        self._id = ""
        self.accessed = self.modified = True

    def flush(self) -> None:
        """Drop the data and the id: nothing of the session stays."""
        self.rotate()
        self._data.clear()
        self.new = True


class SessionStore(Protocol):
    """Where sessions are kept. ``token`` is what the cookie holds."""

    def load(self, token: str | None) -> Session:
        """The session of the token; a new one when it is unknown or expired."""

    def save(self, session: Session, max_age: int) -> str:
        """Keep the session for ``max_age`` seconds; returns the token, or "" when
        another request ended the session meanwhile.
        """

    def delete(self, session: Session) -> None:
        """Forget the session, under its old id too."""


def _dumps(data: Any) -> str:
    try:
        return json.dumps(data, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise _not_json(error) from None


def _not_json(error: Exception) -> TypeError:
    return TypeError(
        f"The session cannot be kept: {error}. "
        "Put only text, numbers, booleans, None, lists and dicts in it."
    )


def _revive(text: str, token: str) -> Session:
    """The session that was kept as JSON; a new one if that was damaged."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return Session()
    return Session(data, token, new=False) if isinstance(data, dict) else Session()


def _key(id: str) -> str:
    """What stands for an id on the server.

    Who reads the store learns no id to send, and how long a look-up takes says
    nothing about the ids there are.
    """
    import hashlib

    return hashlib.sha256(id.encode("utf-8", "replace")).hexdigest()


# base64url and itsdangerous' separator.
_TOKEN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


class SignedCookieStore:
    """Keeps the data in the cookie, signed: the client can read but not change it.

    ``secret`` may be several, newest first: the first signs, all are accepted. Nothing
    is kept on the server, so a copied cookie stays good until it expires: a store that
    can forget is for those who must be able to log a client out.
    """

    def __init__(self, secret: str | Sequence[str]) -> None:
        from hashlib import sha384

        from itsdangerous import URLSafeSerializer

        keys = [secret] if isinstance(secret, str) else list(secret)
        if not keys or not all(keys):
            raise ValueError("A signed session needs a secret that is not empty.")
        # itsdangerous takes the newest last. SHA-384 fills its base64 to the last
        # bit, so that no second spelling of a signature is accepted.
        self._serializer = URLSafeSerializer(
            keys[::-1],
            salt="fwtrace.session",
            signer_kwargs={"digest_method": sha384, "key_derivation": "hmac"},
        )

    def load(self, token: str | None) -> Session:
        from itsdangerous import BadData

        # base64 decoding would pass over what is not of its alphabet.
        if not token or not _TOKEN.issuperset(token):
            return Session()
        try:
            kept = self._serializer.loads(token)
            data, id, expires = kept["d"], kept["i"], kept["e"]
        except (BadData, ValueError, TypeError, KeyError, RecursionError):
            return Session()
        return Session(data, id, new=False) if time.time() < expires else Session()

    def save(self, session: Session, max_age: int) -> str:
        """Raises ValueError for more data than a cookie holds."""
        session.replaced_id = None
        expires = int(time.time()) + max_age
        kept = {"d": dict(session), "i": session.id, "e": expires}
        try:
            token = str(self._serializer.dumps(kept))
        except (TypeError, ValueError, RecursionError) as error:
            raise _not_json(error) from None
        if len(token) > COOKIE_BYTES - ATTRIBUTE_BYTES:
            raise ValueError(
                f"The session takes {len(token):,} bytes; a cookie holds "
                f"{COOKIE_BYTES:,} with its name and attributes. Keep less in it, or "
                "keep it on the server: SessionMiddleware(store=SQLiteStore(path))."
            )
        return token

    def delete(self, session: Session) -> None:
        """Nothing is kept here; the cookie is all there is."""


class MemoryStore:
    """Keeps sessions in this process, for as long as it runs.

    Past ``limit`` sessions the one that was saved longest ago goes.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self.limit = limit
        self._kept: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()
        self._next_sweep = 0.0

    def load(self, token: str | None) -> Session:
        if not token:
            return Session()
        expires, text = self._kept.get(_key(token), (0.0, ""))
        return _revive(text, token) if time.time() < expires else Session()

    def save(self, session: Session, max_age: int) -> str:
        now = time.time()
        key, text = _key(session.id), _dumps(dict(session))
        with self._lock:
            self._sweep(now)
            known = _key(session.replaced_id) if session.replaced_id else key
            if self._kept.pop(known, None) is None and not session.new:
                return ""
            self._kept[key] = (now + max_age, text)
            while len(self._kept) > self.limit:
                del self._kept[next(iter(self._kept))]
        session.replaced_id = None
        return session.id

    def delete(self, session: Session) -> None:
        with self._lock:
            self._kept.pop(_key(session.id), None)
            self._kept.pop(_key(session.replaced_id or ""), None)

    def _sweep(self, now: float) -> None:
        """Drop what has expired, once a minute."""
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            for key in [key for key, (until, _) in self._kept.items() if until <= now]:
                del self._kept[key]


_SCHEMA = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "CREATE TABLE IF NOT EXISTS session (key TEXT PRIMARY KEY,"
    " expires REAL NOT NULL, data TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS session_expires ON session (expires)",
)


class SQLiteStore:
    """Keeps sessions in a SQLite file, for all processes that share it.

    Raises OSError when the file cannot be opened as a database.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inherited: list[Any] = []
        self._owner = 0
        self._next_sweep = 0.0
        with self._lock:
            self._open()

    def _open(self) -> sqlite3.Connection:
        """The process's connection, for the thread that holds the lock."""
        if self._connection is not None and self._owner == os.getpid():
            return self._connection
        if self._connection is not None:
            # "How To Corrupt An SQLite Database File", 2.6: one that came through a
            # fork is neither to be used nor to be closed.
            self._inherited.append(self._connection)
        self._connection, self._owner = _connect(self.path), os.getpid()
        return self._connection

    def load(self, token: str | None) -> Session:
        if not token:
            return Session()
        with self._lock:
            found = (
                self._open()
                .execute(
                    "SELECT data FROM session WHERE key = ? AND expires > ?",
                    (_key(token), time.time()),
                )
                .fetchone()
            )
        return _revive(found[0], token) if found is not None else Session()

    def save(self, session: Session, max_age: int) -> str:
        row = (_key(session.id), time.time() + max_age, _dumps(dict(session)))
        known = _key(session.replaced_id) if session.replaced_id else row[0]
        with self._lock:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                kept = self._replace(connection, known, row, session.new)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        if not kept:
            return ""
        session.replaced_id = None
        return session.id

    def _replace(
        self,
        connection: sqlite3.Connection,
        known: str,
        row: tuple[str, float, str],
        new: bool,
    ) -> bool:
        self._sweep(connection)
        gone = connection.execute("DELETE FROM session WHERE key = ?", (known,))
        if not gone.rowcount and not new:
            return False
        connection.execute("INSERT INTO session VALUES (?, ?, ?)", row)
        return True

    def _sweep(self, connection: sqlite3.Connection) -> None:
        """Drop what has expired, once a minute."""
        now = time.time()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            connection.execute("DELETE FROM session WHERE expires <= ?", (now,))

    def delete(self, session: Session) -> None:
        with self._lock:
            self._open().execute(
                "DELETE FROM session WHERE key IN (?, ?)",
                (_key(session.id), _key(session.replaced_id or "")),
            )

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None and self._owner == os.getpid():
                self._connection.close()
            self._connection = None


def _connect(path: str) -> sqlite3.Connection:
    """The file as a database with our table in it."""
    import sqlite3

    connection = None
    try:
        connection = sqlite3.connect(
            path, timeout=10, isolation_level=None, check_same_thread=False
        )
        for statement in _SCHEMA:
            connection.execute(statement)
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise OSError(f"{path} cannot keep sessions: {error}.") from None
    return connection
