"""The database: where statements go, and who is in the middle of a transaction.

``execute``, ``fetch`` and ``fetch_chunks`` are the only ways to it, so whoever watches
those has seen every statement.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, ClassVar, Protocol

from fwtrace.toolkit.orm.exceptions import (
    DatabaseError,
    NotConnected,
    OperationalError,
    TransactionManagementError,
    translated,
)
from fwtrace.toolkit.orm.signals import connection_created

__all__ = [
    "Cursor",
    "Database",
    "Link",
    "atomic",
    "connect",
    "disconnect",
    "get_database",
    "on_commit",
]

Row = tuple[Any, ...]
Wrapper = Callable[..., Any]


class Cursor(Protocol):
    """What a statement that returns no rows leaves behind (PEP 249)."""

    @property
    def rowcount(self) -> int: ...

    @property
    def lastrowid(self) -> int | None: ...


class Link:
    """A connection, and where it is in a transaction. Closed with its thread."""

    def __init__(self, raw: Any, release: Callable[[Any], None]) -> None:
        self.raw = raw
        self.depth = 0
        self._release = release
        self.is_broken = False
        """What is in the transaction will be rolled back: nothing more is let in."""
        self.callbacks: list[tuple[Callable[[], Any], bool]] = []

    def close(self) -> None:
        raw, self.raw = self.raw, None
        if raw is None:
            return
        try:
            self._release(raw)
        except Exception:
            pass  # whatever it was, it is gone now

    __del__ = close


_wrappers: ContextVar[tuple[tuple[Any, Wrapper], ...]] = ContextVar(
    "fwtrace_orm_wrappers", default=()
)


class Database:
    """One database. A backend says how it connects and what its driver is like.

    ``vendor`` is OpenTelemetry's name of the system, ``name`` that of the database,
    ``alias`` the one under which it was connected.
    """

    vendor = ""
    max_params: ClassVar[int] = 65_535
    begin: ClassVar[str] = "BEGIN"

    def __init__(
        self, name: str, alias: str = "default", is_shared: bool = False
    ) -> None:
        self.name = name
        self.alias = alias
        self.is_shared = is_shared
        # A shared connection is one thread's at a time; one's own needs no lock.
        self._guard: AbstractContextManager[Any] = (
            threading.RLock() if is_shared else nullcontext()
        )
        self._shared_link: Link | None = None
        self._local = threading.local()
        _all.append(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} as {self.alias!r}>"

    # What a backend says.

    def _open(self) -> Any:
        """A new connection of the driver's, in autocommit."""
        raise NotImplementedError

    def _release(self, raw: Any) -> None:
        """The connection is not needed any more."""
        raw.close()

    def _run(self, raw: Any, sql: str, params: Sequence[Any]) -> Any:
        """Run a statement; the driver's cursor."""
        raise NotImplementedError

    def _chunks(
        self, link: Link, sql: str, params: Sequence[Any], size: int
    ) -> Iterator[list[Row]]:
        """The rows as they come, at most so many at once."""
        raise NotImplementedError

    def _is_dropped(self, raw: Any, error: Exception) -> bool:
        """Whether the server has hung up."""
        return False

    # Connections.

    def _link(self) -> Link:
        if self.is_shared:
            if self._shared_link is None:
                self._shared_link = self._connected()
            return self._shared_link
        try:
            found: Link = self._local.link
        except AttributeError:
            found = self._local.link = self._connected()
        return found

    def _connected(self) -> Link:
        try:
            raw = self._open()
        except Exception as error:
            raise translated(error, f"Cannot connect to {self.name!r}: ") from error
        link = Link(raw, self._release)
        if connection_created.connections:
            connection_created.send(type(self), connection=self)
        return link

    def close(self) -> None:
        """Close the connections; one that another thread is using, when it is done."""
        with self._guard:
            for link in (self._shared_link, getattr(self._local, "link", None)):
                if link is not None:
                    link.close()
            self._shared_link = None
            self._local = threading.local()

    def _forget_after_fork(self) -> None:
        """A child uses none of its parent's connections, and closes none."""
        for link in (self._shared_link, getattr(self._local, "link", None)):
            if link is not None:
                _inherited.append(link.raw)
                link.raw = None
        self._shared_link = None
        self._local = threading.local()

    # Statements.

    def execute(self, sql: str, params: Sequence[Any] = ()) -> Cursor:
        """Run a statement that returns no rows."""
        if _wrappers.get():
            wrapped: Cursor = self._wrapped(self._execute, sql, params)
            return wrapped
        found: Cursor = self._execute(sql, params)
        return found

    def fetch(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Run a statement and return all of its rows."""
        if _wrappers.get():
            found: list[Row] = self._wrapped(self._fetch, sql, params)
            return found
        return self._fetch(sql, params)

    def fetch_named(
        self, sql: str, params: Sequence[Any] = ()
    ) -> tuple[list[str], list[Row]]:
        """The names of the columns, and the rows."""
        with self._guard:
            cursor: Any = self.execute(sql, params)
            return [each[0] for each in cursor.description], list(cursor.fetchall())

    def fetch_chunks(
        self, sql: str, params: Sequence[Any] = (), size: int = 2000
    ) -> Iterator[list[Row]]:
        """All rows, at most ``size`` of them in memory at once."""
        link = self._usable_link()
        try:
            yield from self._chunks(link, sql, params, size)
        except Exception as error:
            raise translated(error) from error

    def _execute(self, sql: str, params: Sequence[Any]) -> Any:
        with self._guard:
            link = self._usable_link()
            try:
                return self._run(link.raw, sql, params)
            except Exception as error:
                return self._again(link, error, sql, params)

    def _fetch(self, sql: str, params: Sequence[Any]) -> list[Row]:
        with self._guard:
            link = self._usable_link()
            try:
                return self._run(link.raw, sql, params).fetchall()  # type: ignore[no-any-return]
            except Exception as error:
                found = self._again(link, error, sql, params)
                return list(found.fetchall())

    def _usable_link(self) -> Link:
        link = self._link()
        if link.is_broken:
            raise TransactionManagementError(
                "An error occurred in this transaction: nothing can be executed until "
                "the end of the 'atomic' block."
            )
        return link

    def _again(
        self, link: Link, error: Exception, sql: str, params: Sequence[Any]
    ) -> Any:
        """Once more on a new connection, where the server dropped the old one."""
        if not self._is_dropped(link.raw, error):
            raise translated(error) from error
        self._drop(link)
        if link.depth:
            link.is_broken = True
            raise translated(error) from error
        try:
            return self._run(self._link().raw, sql, params)
        except Exception as another:
            raise translated(another) from another

    def _drop(self, link: Link) -> None:
        if self._shared_link is link:
            self._shared_link = None
        elif getattr(self._local, "link", None) is link and not link.depth:
            del self._local.link

    def _wrapped(self, run: Callable[..., Any], sql: str, params: Sequence[Any]) -> Any:
        """Through the wrappers, the one that was installed last first."""

        def innermost(sql: str, params: Any, many: bool, context: Any) -> Any:
            return run(sql, params)

        call: Any = innermost
        for database, wrapper in _wrappers.get():
            if database is self:
                call = _around(wrapper, call)
        return call(sql, params, False, {"connection": self})

    @contextmanager
    def execute_wrapper(self, wrapper: Wrapper) -> Iterator[None]:
        """Within the block, statements go through
        ``wrapper(execute, sql, params, many, context)``."""
        token = _wrappers.set((*_wrappers.get(), (self, wrapper)))
        try:
            yield
        finally:
            _wrappers.reset(token)

    # Transactions.

    @property
    def in_atomic_block(self) -> bool:
        return self._link().depth > 0

    @contextmanager
    def atomic(self, savepoint: bool = True, durable: bool = False) -> Iterator[None]:
        """All statements of the block, or none.

        Blocks may nest: inner ones are savepoints, unless ``savepoint`` is false: then
        an error in one undoes the outer. A ``durable`` one is never an inner one.
        """
        # A shared connection belongs to one thread until its transaction ends.
        with self._guard:
            link = self._link()
            depth = link.depth
            if durable and depth:
                raise RuntimeError(
                    "A durable atomic block cannot be nested within another atomic "
                    "block."
                )
            point = f"fwtrace_{depth}" if depth and savepoint else ""
            if not depth:
                self.execute(self.begin)
                link = self._link()  # a new one, where the old was dropped
            elif point:
                self.execute(f"SAVEPOINT {point}")
            link.depth = depth + 1
            kept = len(link.callbacks)
            try:
                yield
                link.depth = depth
                self._finish(link, point)
            except BaseException:
                link.depth = depth
                del link.callbacks[kept:]
                self._undo(link, point)
                raise
            if not depth:
                self._call_back(link)

    def _finish(self, link: Link, point: str) -> None:
        if link.is_broken and (point or not link.depth):
            # An inner block without a savepoint failed, and somebody went on.
            link.callbacks.clear()
            self._undo(link, point)
        elif point:
            self.execute(f"RELEASE SAVEPOINT {point}")
        elif not link.depth:
            self.execute("COMMIT")  # may fail: deferred constraints are checked here

    def _undo(self, link: Link, point: str) -> None:
        if link.depth and not point:
            link.is_broken = True
            return
        link.is_broken = False
        if not self._is_in_transaction(link):
            return  # the database gave it up itself: the disk is full, for one
        try:
            if point:
                self.execute(f"ROLLBACK TO SAVEPOINT {point}")
                self.execute(f"RELEASE SAVEPOINT {point}")
            else:
                self.execute("ROLLBACK")
        except (DatabaseError, OperationalError):
            self._discard(link, point)

    def _discard(self, link: Link, point: str) -> None:
        """The connection cannot even be rolled back: it is given up."""
        if point:
            link.is_broken = True
            return
        link.depth = 0
        self._drop(link)

    def _is_in_transaction(self, link: Link) -> bool:
        return True

    def on_commit(self, function: Callable[[], Any], robust: bool = False) -> None:
        """Call the function once the outermost block has committed; now, where there is
        none."""
        link = self._link()
        if link.depth:
            link.callbacks.append((function, robust))
        else:
            _call(function, robust)

    def _call_back(self, link: Link) -> None:
        callbacks, link.callbacks = link.callbacks, []
        for function, robust in callbacks:
            _call(function, robust)

    def set_rollback(self, rollback: bool) -> None:
        """Have the innermost block rolled back at its end, or not any more."""
        link = self._link()
        if not link.depth:
            raise TransactionManagementError(
                "The rollback flag doesn't work outside of an 'atomic' block."
            )
        link.is_broken = rollback

    def get_rollback(self) -> bool:
        return self._link().is_broken


def _around(wrapper: Wrapper, inner: Any) -> Any:
    def call(sql: str, params: Any, many: bool, context: Any) -> Any:
        return wrapper(inner, sql, params, many, context)

    return call


def _call(function: Callable[[], Any], robust: bool) -> None:
    try:
        function()
    except Exception:
        if not robust:
            raise
        import logging

        logging.getLogger("fwtrace.orm").exception("%r failed on commit", function)


_all: list[Database] = []
_inherited: list[Any] = []
_databases: dict[str, Database] = {}


def _after_fork() -> None:
    for database in _all:
        database._forget_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def connect(url: str, alias: str = "default") -> Database:
    """Use the database of this URL from now on; connections are made when needed.

    sqlite://                             in memory, gone with the process
    sqlite:///data.db                     a file, relative to the working directory
    sqlite:////srv/a.db                   a file, absolute
    postgresql://user:password@host/name  PostgreSQL: pip install 'fwtrace[postgres]'
    mysql://user:password@host/name       MySQL, MariaDB: pip install 'fwtrace[mysql]'

    Raises ValueError for a URL of another kind.
    """
    from fwtrace.toolkit.orm.backends import make_database

    made = make_database(url, alias)
    disconnect(alias)
    _databases[alias] = made
    return made


def disconnect(alias: str = "default") -> None:
    """Close the database's connections and forget it."""
    previous = _databases.pop(alias, None)
    if previous is not None:
        previous.close()
        _all.remove(previous)


def get_database(alias: str = "default") -> Database:
    """The database connected under this alias.

    Raises :class:`NotConnected`, saying what to call, when there is none.
    """
    try:
        return _databases[alias]
    except KeyError:
        pass
    if alias != "default":
        known = ", ".join(map(repr, _databases)) or "none"
        raise NotConnected(f"No database is connected as {alias!r}. There is {known}.")
    raise NotConnected(
        'There is no database yet. Call connect("sqlite://") before using models.'
    )


def atomic(
    using: str | Callable[..., Any] | None = None,
    savepoint: bool = True,
    durable: bool = False,
) -> Any:
    """All statements of the ``with`` block or the function: :meth:`Database.atomic`."""
    from fwtrace.toolkit.orm.transaction import Atomic

    if callable(using):
        return Atomic("default", savepoint, durable)(using)
    return Atomic(using or "default", savepoint, durable)


def on_commit(
    function: Callable[[], Any], using: str = "default", robust: bool = False
) -> None:
    """See :meth:`Database.on_commit`."""
    get_database(using).on_commit(function, robust)
