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
from functools import partial
from typing import Any, ClassVar, Protocol, TypeVar

from fwtrace.toolkit.orm.exceptions import (
    DatabaseError,
    NotConnected,
    OperationalError,
    TransactionManagementError,
    translated,
)
from fwtrace.toolkit.orm.signals import connection_created
from fwtrace.toolkit.orm.tasks import block_of_task, running_task

__all__ = [
    "Cursor",
    "Database",
    "Link",
    "connect",
    "disconnect",
    "get_database",
]

Row = tuple[Any, ...]
Wrapper = Callable[..., Any]
T = TypeVar("T")


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
        self.is_manual = False
        """Autocommit is off: whatever comes first begins a transaction."""
        self.is_begun = False
        self.callbacks: list[tuple[Callable[[], Any], bool]] = []
        self.savepoints: dict[str, int] = {}
        """By name, how many callbacks there were when it was set."""

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
    begin = "BEGIN"

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
        # The blocks of tasks that share a thread have a connection each.
        self._of_tasks: dict[Any, Link | None] = {}
        self._spare: list[Link] = []
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
        if self._of_tasks:
            task = running_task()
            if task in self._of_tasks:
                found = self._of_tasks[task] or self._connected()
                self._of_tasks[task] = found
                return found
            if self.is_shared:
                raise OperationalError(
                    f"Another task is in a transaction on {self.name!r}, which has one "
                    "connection: enter it with 'async with atomic()'."
                )
        if self.is_shared:
            if self._shared_link is None:
                self._shared_link = self._connected()
            return self._shared_link
        try:
            return self._local.link  # type: ignore[no-any-return]
        except AttributeError:
            made = self._local.link = self._connected()
            return made

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
            for link in self._links():
                link.close()
            self._forget()

    def _links(self) -> list[Link]:
        """Those that this thread may close."""
        found = (self._shared_link, getattr(self._local, "link", None), *self._spare)
        return [link for link in found if link is not None]

    def _forget(self) -> None:
        self._shared_link = None
        self._local = threading.local()
        self._spare.clear()

    def _forget_after_fork(self) -> None:
        """A child uses none of its parent's connections, and closes none."""
        for link in self._links():
            _inherited.append(link.raw)
            link.raw = None
        self._forget()

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
        """The names of the columns, and the rows; of a statement without any, none."""
        with self._guard:
            cursor: Any = self.execute(sql, params)
            if cursor.description is None:
                return [], []
            return [each[0] for each in cursor.description], list(cursor.fetchall())

    def fetch_chunks(
        self, sql: str, params: Sequence[Any] = (), size: int = 2000
    ) -> Iterator[list[Row]]:
        """All rows, at most ``size`` of them in memory at once.

        The statement runs before this returns; the rows are fetched one chunk ahead.
        """
        run = partial(self._fetch_chunks, size)
        if _wrappers.get():
            found: Iterator[list[Row]] = self._wrapped(run, sql, params)
            return found
        return run(sql, params)

    def _fetch_chunks(
        self, size: int, sql: str, params: Sequence[Any]
    ) -> Iterator[list[Row]]:
        def start(link: Link) -> Iterator[list[Row]]:
            chunks = self._chunks(link, sql, params, size)
            return _chained(next(chunks, []), chunks)

        with self._guard:
            link = self._usable_link()
            try:
                return start(link)
            except Exception as error:
                return self._again(link, error, start)

    def _execute(self, sql: str, params: Sequence[Any]) -> Any:
        with self._guard:
            link = self._usable_link()
            try:
                return self._run(link.raw, sql, params)
            except Exception as error:
                return self._again(
                    link, error, lambda new: self._run(new.raw, sql, params)
                )

    def _fetch(self, sql: str, params: Sequence[Any]) -> list[Row]:
        with self._guard:
            link = self._usable_link()
            try:
                return self._run(link.raw, sql, params).fetchall()  # type: ignore[no-any-return]
            except Exception as error:
                return self._again(
                    link, error, lambda new: self._run(new.raw, sql, params).fetchall()
                )

    def _usable_link(self) -> Link:
        link = self._link()
        if link.is_broken:
            raise TransactionManagementError(
                "An error occurred in this transaction: nothing can be executed until "
                "the end of the 'atomic' block."
            )
        if link.is_manual and not (link.is_begun or link.depth):
            link.is_begun = True
            self.execute(self.begin)
        return link

    def _again(self, link: Link, error: Exception, run: Callable[[Link], T]) -> T:
        """Once more on a new connection, where the server dropped the old one."""
        if not self._is_dropped(link.raw, error):
            raise translated(error) from error
        self._drop(link)
        if link.depth or link.is_begun:
            link.is_broken = True
            raise translated(error) from error
        try:
            return run(self._link())
        except Exception as another:
            raise translated(another) from another

    def _drop(self, link: Link) -> None:
        task = running_task() if self._of_tasks else None
        if self._shared_link is link:
            self._shared_link = None
        elif link.depth or link.is_begun:
            return
        elif self._of_tasks.get(task) is link:
            self._of_tasks[task] = None
        elif getattr(self._local, "link", None) is link:
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
        with self._guard, self._own_link():
            link = self._link()
            depth = link.depth
            if durable and depth:
                raise RuntimeError(
                    "A durable atomic block cannot be nested within another atomic "
                    "block."
                )
            is_inner = depth > 0 or link.is_manual
            point = f"fwtrace_{depth}" if is_inner and savepoint else ""
            if not is_inner:
                self.execute(self.begin)
                link = self._link()  # a new one, where the old was dropped
                link.savepoints.clear()
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
            if not is_inner:
                self._call_back(link)

    @contextmanager
    def _own_link(self) -> Iterator[None]:
        """In an asyncio task: a connection that no other task of the thread uses."""
        task = running_task()
        if task is None or task in self._of_tasks:
            yield
            return
        self._of_tasks[task] = (
            self._link()
            if self.is_shared
            else self._spare.pop()
            if self._spare
            else None
        )
        token = block_of_task.set(task)
        try:
            yield
        finally:
            block_of_task.reset(token)
            link = self._of_tasks.pop(task)
            if link is not None and not self.is_shared:
                self._spare.append(link)

    def _finish(self, link: Link, point: str) -> None:
        if link.is_broken and (point or not link.depth):
            # An inner block without a savepoint failed, and somebody went on.
            link.callbacks.clear()
            self._undo(link, point)
        elif point:
            self.execute(f"RELEASE SAVEPOINT {point}")
        elif not link.depth and not link.is_manual:
            self.execute("COMMIT")  # may fail: deferred constraints are checked here

    def _undo(self, link: Link, point: str) -> None:
        if (link.depth or link.is_manual) and not point:
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

    def savepoint(self) -> str | None:
        """Set a savepoint; its name, or None where there is no transaction."""
        link = self._link()
        if not (link.depth or link.is_manual):
            return None
        sid = f"fwtrace_s{len(link.savepoints) + 1}"
        self.execute(f"SAVEPOINT {sid}")
        link.savepoints[sid] = len(link.callbacks)
        return sid

    def savepoint_commit(self, sid: str | None) -> None:
        if self._has_savepoint(sid):
            self.execute(f"RELEASE SAVEPOINT {sid}")

    def savepoint_rollback(self, sid: str | None) -> None:
        if self._has_savepoint(sid):
            self.execute(f"ROLLBACK TO SAVEPOINT {sid}")
            link = self._link()
            del link.callbacks[link.savepoints[str(sid)] :]

    def _has_savepoint(self, sid: str | None) -> bool:
        """False where there was no transaction to set one in."""
        link = self._link()
        if sid is None and not (link.depth or link.is_manual):
            return False
        if sid not in link.savepoints:
            raise TransactionManagementError(f"There is no savepoint {sid!r}.")
        return True

    # Autocommit.

    def get_autocommit(self) -> bool:
        return not self._link().is_manual

    def set_autocommit(self, autocommit: bool) -> None:
        """Off, a statement begins a transaction that goes on until ``commit``."""
        link = self._outside("The autocommit mode cannot be changed")
        if autocommit and link.is_begun:
            self.commit()
        link.is_manual = not autocommit

    def commit(self) -> None:
        """End a transaction that autocommit being off has begun."""
        link = self._outside("Nothing can be committed")
        if link.is_begun:
            self.execute("COMMIT")
        self._end(link)
        self._call_back(link)

    def rollback(self) -> None:
        """Undo the transaction that autocommit being off has begun."""
        link = self._outside("Nothing can be rolled back")
        link.callbacks.clear()
        if link.is_begun and self._is_in_transaction(link):
            link.is_broken = False
            self.execute("ROLLBACK")
        self._end(link)

    def _end(self, link: Link) -> None:
        link.is_begun = link.is_broken = False
        link.savepoints.clear()

    def _outside(self, refusal: str) -> Link:
        link = self._link()
        if link.depth:
            raise TransactionManagementError(
                f"{refusal} while an 'atomic' block is active."
            )
        return link


def _chained(first: list[Row], rest: Iterator[list[Row]]) -> Iterator[list[Row]]:
    try:
        if first:
            yield first
        yield from rest
    except Exception as error:
        raise translated(error) from error


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
