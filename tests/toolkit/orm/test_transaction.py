"""Transactions: nesting, callbacks, wrappers, and servers that hang up."""

import asyncio
import threading
from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    CharField,
    DatabaseError,
    IntegrityError,
    Model,
    OperationalError,
    TransactionManagementError,
    atomic,
    connection_created,
    on_commit,
    transaction,
)
from fwtrace.toolkit.orm.backends import make_database
from tests.toolkit.orm import servers


class Note(Model):
    text: Any = CharField(max_length=20, unique=True)

    class Meta:
        db_table = "transaction_note"


@pytest.fixture
def notes(connected):
    Note.create_table()
    return Note.objects


def texts():
    return sorted(Note.objects.values_list("text", flat=True))


def test_block_that_fails_leaves_nothing(notes):
    def fail(error):
        with atomic():
            notes.create(text="a")
            raise error

    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error):
            fail(error)
        assert texts() == []


def test_inner_blocks_are_savepoints(notes):
    with atomic():
        notes.create(text="a")
        with pytest.raises(IntegrityError), atomic():
            Note.objects.bulk_create([Note(text="b"), Note(text="a")])
        notes.create(text="c")
    assert texts() == ["a", "c"]


def test_inner_block_without_a_savepoint_takes_the_outer_with_it(notes):
    with atomic():
        notes.create(text="a")
        with pytest.raises(ValueError, match="no"), atomic(savepoint=False):
            raise ValueError("no")
        with pytest.raises(TransactionManagementError, match="end of the 'atomic'"):
            notes.count()
    assert texts() == []


def test_durable_block_is_an_outermost_one(notes):
    with atomic(durable=True):
        with pytest.raises(RuntimeError, match="durable"), atomic(durable=True):
            pass
        notes.create(text="a")
    assert texts() == ["a"]


def test_decorator_makes_each_call_a_block(notes):
    @atomic
    def twice(text):
        notes.create(text=text)
        notes.create(text=text)

    with pytest.raises(IntegrityError):
        twice("a")
    assert texts() == []


@atomic
def forgotten(heard):
    on_commit(lambda: heard.append("never"))
    raise ValueError("no")


def test_callbacks_run_after_the_commit_of_what_they_belong_to(notes):
    heard: list[Any] = []
    with atomic():
        on_commit(lambda: heard.append(("outer", texts())))
        with pytest.raises(ValueError, match="no"):
            forgotten(heard)
        with atomic():
            on_commit(lambda: heard.append("inner"))
        notes.create(text="a")
        assert heard == []
    assert heard == [("outer", ["a"]), "inner"]
    on_commit(lambda: heard.append("at once"))
    assert heard[-1] == "at once"
    with pytest.raises(ZeroDivisionError), atomic():
        on_commit(lambda: 1 / 0)
    with atomic():
        on_commit(lambda: 1 / 0, robust=True)


def test_rollback_can_be_asked_for(notes, connected):
    with atomic():
        notes.create(text="a")
        connected.set_rollback(True)
        assert connected.get_rollback()
    assert texts() == []
    with pytest.raises(TransactionManagementError):
        connected.set_rollback(True)


def test_wrappers_see_statements_and_may_refuse_them(notes, connected):
    seen = []

    def outer(execute, sql, params, many, context):
        seen.append(("outer", sql.split()[0], context["connection"] is connected))
        return execute(sql, params, many, context)

    def inner(execute, sql, params, many, context):
        if "DELETE" in sql:
            raise RuntimeError("not here")
        seen.append(("inner", sql.split()[0], True))
        return execute(sql, params, many, context)

    with connected.execute_wrapper(inner), connected.execute_wrapper(outer):
        notes.count()
        with pytest.raises(RuntimeError, match="not here"):
            notes.all().delete()
    notes.count()
    assert seen[:2] == [("outer", "SELECT", True), ("inner", "SELECT", True)]
    assert len([each for each in seen if each[0] == "inner"]) == 1


def test_threads_have_connections_of_their_own(notes, connected):
    started, made = threading.Event(), threading.Event()
    counts = []

    def read():
        started.wait(5)
        if not connected.is_shared:
            counts.append(Note.objects.count())
        made.set()
        connected.close()

    thread = threading.Thread(target=read)
    thread.start()
    with atomic():
        notes.create(text="a")
        started.set()
        assert made.wait(10)
    thread.join(10)
    assert counts == ([] if connected.is_shared else [0])


def kill_connections(connected):
    """Have the server hang up on the connection of this thread."""
    other = make_database(servers.url(connected.vendor), "other")
    try:
        if connected.vendor == "postgresql":
            ((pid,),) = connected.fetch("SELECT pg_backend_pid()")
            other.fetch("SELECT pg_terminate_backend(%s)", [pid])
        else:
            ((pid,),) = connected.fetch("SELECT CONNECTION_ID()")
            other.execute(f"KILL {pid}")
    finally:
        other.close()


@atomic
def interrupted(connected):
    Note.objects.create(text="b")
    kill_connections(connected)
    Note.objects.create(text="c")


@servers.only_servers
def test_dropped_connection_is_made_again_outside_of_a_transaction(notes, connected):
    notes.create(text="a")
    kill_connections(connected)
    assert texts() == ["a"]
    with pytest.raises((OperationalError, DatabaseError)):
        interrupted(connected)
    assert texts() == ["a"]
    with atomic():
        notes.create(text="d")
    assert texts() == ["a", "d"]


def test_streams_many_rows(notes, connected):
    Note.objects.bulk_create([Note(text=str(n)) for n in range(5000)])
    rows = notes.order_by("id").iterator(chunk_size=1000)
    first = next(rows)
    assert (first.text, notes.count()) == ("0", 5000)
    assert sum(1 for _ in rows) == 4999
    with atomic():
        assert sum(1 for _ in notes.iterator()) == 5000


def test_new_connections_are_told(connected):
    heard = []

    def note(sender, connection, **named):
        heard.append(connection)

    with connection_created.connected_to(note):
        connected.close()
        connected.fetch("SELECT 1")
    assert heard == [connected]


def test_threads_share_the_connections_of_a_pool():
    url = f"{servers.url('postgresql')}&pool=2"
    database = make_database(url, "pooled")
    pids: list[int] = []

    def ask():
        pids.append(database.fetch("SELECT pg_backend_pid()")[0][0])

    try:
        for _ in range(6):
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join(10)
    finally:
        database.close()
    assert len(pids) == 6
    assert len(set(pids)) <= 2


@pytest.mark.parametrize("option", ["pool=none", "pool=0", "isolation_level=x; DROP"])
def test_options_of_a_url_are_checked(option):
    with pytest.raises(ValueError, match="pool|isolation level"):
        make_database(f"postgresql://127.0.0.1/x?{option}", "default")


@servers.only_servers
def test_isolation_level_of_a_url(connected):
    url = f"{servers.url(connected.vendor)}&isolation_level=serializable"
    database = make_database(url, "serial")
    name = (
        "SHOW transaction_isolation"
        if connected.vendor == "postgresql"
        else "SELECT @@tx_isolation"
    )
    try:
        assert database.fetch(name) == [("serializable",)] or database.fetch(name) == [
            ("SERIALIZABLE",)
        ]
    finally:
        database.close()


# By hand: savepoints, and autocommit switched off.


def test_savepoints_by_hand(notes):
    heard = []
    with atomic():
        notes.create(text="a")
        sid = transaction.savepoint()
        notes.create(text="b")
        on_commit(lambda: heard.append("undone"))
        transaction.savepoint_rollback(sid)
        kept = transaction.savepoint()
        notes.create(text="c")
        on_commit(lambda: heard.append("kept"))
        transaction.savepoint_commit(kept)
        with pytest.raises(TransactionManagementError, match="no savepoint 'x'"):
            transaction.savepoint_commit("x")
    assert texts() == ["a", "c"]
    assert heard == ["kept"]
    assert transaction.savepoint() is None  # there is no transaction to set it in
    transaction.savepoint_rollback(None)


def seen_by_another_connection(connected):
    found = []
    thread = threading.Thread(target=lambda: found.extend(texts()))
    thread.start()
    thread.join()
    return found


def test_without_autocommit_work_counts_when_it_is_committed(notes, connected):
    heard = []
    transaction.set_autocommit(False)
    assert not transaction.get_autocommit()
    notes.create(text="a")
    on_commit(lambda: heard.append("at once"))
    transaction.rollback()
    notes.create(text="b")
    with atomic():  # a savepoint here
        notes.create(text="c")
    with pytest.raises(IntegrityError), atomic():
        Note.objects.bulk_create([Note(text="d"), Note(text="c")])
    if not connected.is_shared:
        assert seen_by_another_connection(connected) == []
    transaction.commit()
    transaction.set_autocommit(True)
    assert texts() == ["b", "c"]
    assert heard == ["at once"]


def test_block_ends_its_transaction_itself(notes):
    with atomic():
        for function in (
            transaction.commit,
            transaction.rollback,
            lambda: transaction.set_autocommit(False),
        ):
            with pytest.raises(TransactionManagementError, match="'atomic' block"):
                function()


# asyncio.


def test_async_block_is_a_transaction_of_the_task(notes):
    async def one(text, fails=False):
        try:
            async with atomic():
                await notes.acreate(text=text)
                await asyncio.sleep(0.01)  # the others have their turn meanwhile
                async with atomic():
                    await Note(text=f"{text}!").asave()
                if fails:
                    raise ValueError(text)
        except ValueError:
            return f"{text} failed"
        return await notes.acount() > 0

    async def main():
        return await asyncio.gather(one("a"), one("b", fails=True), one("c"))

    assert asyncio.run(main()) == [True, "b failed", True]
    assert texts() == ["a", "a!", "c", "c!"]


def test_async_function_in_a_block(notes):
    @atomic
    async def write(text, error=None):
        await notes.acreate(text=text)
        rows = [row.text async for row in notes.aiterator()]
        # what it starts is within the block too
        await asyncio.gather(notes.acreate(text=text * 2), notes.acreate(text=text * 3))
        if error:
            raise error
        return rows

    assert asyncio.run(write("a")) == ["a"]
    with pytest.raises(ValueError, match="no"):
        asyncio.run(write("b", ValueError("no")))
    assert texts() == ["a", "aa", "aaa"]


def test_cancelled_task_leaves_nothing(notes):
    async def wait():
        async with atomic():
            await notes.acreate(text="a")
            await asyncio.sleep(60)

    async def main():
        task = asyncio.create_task(wait())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await notes.acreate(text="b")

    asyncio.run(main())
    assert texts() == ["b"]


def test_plain_block_in_a_task_has_a_connection_of_its_own(notes, connected):
    async def one(text, fails):
        try:
            with atomic():
                notes.create(text=text)
                await asyncio.sleep(0.01)
                await notes.acreate(text=f"{text}!")  # in this block, not beside it
                if fails:
                    raise ValueError
        except ValueError:
            pass

    async def main():
        await asyncio.gather(one("a", fails=False), one("b", fails=True))

    if connected.is_shared:  # there is but one connection
        with pytest.raises(OperationalError, match="async with atomic"):
            asyncio.run(main())
    else:
        asyncio.run(main())
        assert texts() == ["a", "a!"]


def test_wrappers_see_streamed_statements_too(notes, connected):
    notes.bulk_create([Note(text=str(n)) for n in range(10)])
    seen = []

    def note(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with connected.execute_wrapper(note):
        assert len(list(notes.iterator(chunk_size=3))) == 10
    assert len(seen) == 1


@servers.only_servers
def test_streaming_connects_again(notes, connected):
    notes.create(text="a")
    kill_connections(connected)
    assert [each.text for each in notes.iterator()] == ["a"]
