import os
import sqlite3
import threading

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.wsgi import sessions
from fwtrace.toolkit.wsgi.sessions import (
    MemoryStore,
    Session,
    SignedCookieStore,
    SQLiteStore,
)

HOUR = 3600


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is told to move: ``clock[0] += 60``."""
    now = [1_000_000.0]
    monkeypatch.setattr(sessions, "time", type("clock", (), {"time": lambda: now[0]}))
    return now


@pytest.fixture(params=["signed", "memory", "sqlite"])
def store(request, tmp_path):
    if request.param == "sqlite":
        made = SQLiteStore(tmp_path / "sessions.db")
        yield made
        made.close()
    else:
        yield SignedCookieStore("key") if request.param == "signed" else MemoryStore()


@pytest.fixture(params=["memory", "sqlite"])
def server_store(request, tmp_path):
    if request.param == "sqlite":
        made = SQLiteStore(tmp_path / "sessions.db")
        yield made
        made.close()
    else:
        yield MemoryStore()


def keep(store, **data):
    """A session that the client already has, and its token."""
    session = Session(data)
    return session, store.save(session, HOUR)


def test_session_notes_reading_and_changing():
    session = Session({"a": 1})
    assert (session.new, session.accessed, session.modified) == (True, False, False)
    assert session.get("a") == 1
    assert (session.accessed, session.modified) == (True, False)
    del session["a"]
    assert session.modified
    assert not session


def test_session_repr_holds_no_value_and_no_id():
    session = Session({"password": "hunter2"})
    assert repr(session) == "<Session new ['password']>"
    assert not session.accessed
    assert session.id not in repr(session)


def test_session_ids_are_long_and_differ():
    ids = {Session().id for _ in range(100)}
    assert len(ids) == 100
    assert min(map(len, ids)) >= 32


def test_session_comes_back(store):
    session, token = keep(store, name="Ann", tags=["x", None, 1.5])
    found = store.load(token)
    assert dict(found) == {"name": "Ann", "tags": ["x", None, 1.5]}
    assert (found.id, found.new, found.modified) == (session.id, False, False)


def test_session_expires(store, clock):
    _, token = keep(store, name="Ann")
    clock[0] += HOUR - 1
    assert not store.load(token).new
    clock[0] += 1
    found = store.load(token)
    assert found.new
    assert not found


@pytest.mark.parametrize(
    "token", [None, "", "planted", "a.b.c", "\ud800", "é", "\0", "x" * 10_000]
)
def test_unknown_token_is_never_taken_over(store, token):
    found = store.load(token)
    assert found.new
    assert not found
    assert found.id != token


def test_rotation_keeps_the_data_under_a_new_id(server_store):
    _, token = keep(server_store, user=1)
    session = server_store.load(token)
    session.rotate()
    renewed = server_store.save(session, HOUR)
    assert renewed != token
    assert server_store.load(token).new
    assert dict(server_store.load(renewed)) == {"user": 1}


def test_rotation_twice_leaves_no_id_behind(server_store):
    _, token = keep(server_store, user=1)
    session = server_store.load(token)
    session.rotate()
    session.rotate()
    server_store.save(session, HOUR)
    assert server_store.load(token).new


def test_flushed_session_is_gone_and_may_be_filled_anew(server_store):
    _, token = keep(server_store, user=1)
    session = server_store.load(token)
    session.flush()
    session["message"] = "Bye"
    renewed = server_store.save(session, HOUR)
    assert server_store.load(token).new
    assert dict(server_store.load(renewed)) == {"message": "Bye"}


def test_deleted_session_is_not_brought_back_by_a_late_save(server_store):
    _, token = keep(server_store, user=1)
    ending, late = server_store.load(token), server_store.load(token)
    ending.flush()
    server_store.delete(ending)
    late["seen"] = True
    assert server_store.save(late, HOUR) == ""
    assert server_store.load(token).new


def test_late_save_does_not_undo_a_rotation(server_store):
    _, token = keep(server_store, user=1)
    login, late = server_store.load(token), server_store.load(token)
    login.rotate()
    renewed = server_store.save(login, HOUR)
    late["seen"] = True
    assert server_store.save(late, HOUR) == ""
    assert not server_store.load(renewed).new


def test_saving_twice_in_one_request_is_no_harm(store):
    session, token = keep(store, n=1)
    session["n"] = 2
    again = store.save(session, HOUR)
    assert dict(store.load(again)) == {"n": 2}
    assert store.load(again).id == session.id


def test_data_that_is_not_json_is_refused_in_a_sentence(store):
    with pytest.raises(TypeError, match="The session cannot be kept: .*set.* Put only"):
        store.save(Session({"x": {1, 2}}), HOUR)


def test_changing_what_was_kept_needs_a_save(server_store):
    session, token = keep(server_store, cart=["a"])
    session["cart"].append("b")
    assert server_store.load(token)["cart"] == ["a"]


def test_threads_share_a_store(server_store):
    failures: list[BaseException] = []

    def visit(number):
        try:
            for turn in range(10):
                _, token = keep(server_store, number=number)
                session = server_store.load(token)
                session["turn"] = turn
                server_store.save(session, HOUR)
                assert dict(server_store.load(token)) == {
                    "number": number,
                    "turn": turn,
                }
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=visit, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# The signed cookie.

SIGNED = SignedCookieStore("key")
TOKEN = SIGNED.save(Session({"user": 1, "roles": ["reader"] * 20}, "fixed"), HOUR)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=50, deadline=None)
@given(data=st.dictionaries(st.text(max_size=10), json_values, max_size=4))
def test_signed_cookie_round_trips(data):
    assert dict(SIGNED.load(SIGNED.save(Session(dict(data)), HOUR))) == data


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_signed_cookie_tampered_with_is_a_fresh_session(data):
    token = TOKEN
    at = data.draw(st.integers(0, len(token)))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.text(st.characters(max_codepoint=0x17F), max_size=3))
    changed = token[:at] + put + token[at + cut :]
    found = SIGNED.load(changed)
    assert (found.new, dict(found)) == (True, {}) or changed == token


def test_signature_has_one_spelling():
    """base64 ends in bits that do not count, unless the signature fills them."""
    token = SIGNED.save(Session({"user": 1}), HOUR)
    others = {token[:-1] + char for char in sessions._TOKEN} - {token}
    assert all(SIGNED.load(other).new for other in others)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda b: b.decode("l1")))
def test_signed_cookie_survives_any_text(token):
    assert SIGNED.load(token).new


def test_signed_cookie_is_not_taken_from_another_secret():
    _, token = keep(SignedCookieStore("other"), user=1)
    assert SIGNED.load(token).new


def test_secrets_rotate_the_first_signs():
    _, old = keep(SignedCookieStore("old"), user=1)
    both = SignedCookieStore(["new", "old"])
    assert dict(both.load(old)) == {"user": 1}
    _, token = keep(both, user=2)
    assert dict(SignedCookieStore("new").load(token)) == {"user": 2}
    assert SignedCookieStore("old").load(token).new


@pytest.mark.parametrize("secret", ["", [], ["good", ""]])
def test_empty_secret_is_refused(secret):
    with pytest.raises(ValueError, match="secret that is not empty"):
        SignedCookieStore(secret)


def test_signed_cookie_says_when_it_is_too_large():
    with pytest.raises(ValueError, match=r"4,093 .* SessionMiddleware\(store="):
        SIGNED.save(Session({"x": os.urandom(3000).hex()}), HOUR)


# What the server keeps.


def test_memory_store_drops_the_expired_and_the_oldest(clock):
    store = MemoryStore(limit=2)
    _, first = keep(store, n=1)
    _, second = keep(store, n=2)
    _, third = keep(store, n=3)
    assert [store.load(token).new for token in (first, second, third)] == [1, 0, 0]
    clock[0] += HOUR
    keep(store, n=4)
    assert len(store._kept) == 1


def test_sqlite_store_keeps_sessions_for_the_next_process(tmp_path):
    path = tmp_path / "sessions.db"
    store = SQLiteStore(path)
    _, token = keep(store, user=1)
    store.close()
    again = SQLiteStore(path)
    assert dict(again.load(token)) == {"user": 1}
    again.close()


def test_sqlite_store_holds_no_id_that_could_be_sent(tmp_path):
    path = tmp_path / "sessions.db"
    store = SQLiteStore(path)
    session, token = keep(store, user=1)
    store.close()
    connection = sqlite3.connect(path)
    ((key, _, _),) = connection.execute("SELECT * FROM session").fetchall()
    connection.close()
    assert key not in (token, session.id)
    assert session.id.encode() not in path.read_bytes()


def test_sqlite_store_cleans_up(tmp_path, clock):
    store = SQLiteStore(tmp_path / "sessions.db")
    for n in range(5):
        keep(store, n=n)
    clock[0] += HOUR
    keep(store, n=5)
    count = store._open().execute("SELECT count(*) FROM session").fetchone()
    store.close()
    assert count == (1,)


def test_sqlite_store_takes_a_damaged_row_for_none(tmp_path):
    store = SQLiteStore(tmp_path / "sessions.db")
    _, token = keep(store, user=1)
    store._open().execute("UPDATE session SET data = '{oops'")
    assert store.load(token).new
    store.close()


def test_sqlite_store_rolls_back_a_save_that_fails(tmp_path):
    store = SQLiteStore(tmp_path / "sessions.db")
    _, token = keep(store, user=1)
    session = store.load(token)
    session.rotate()
    store._open().execute(
        "CREATE TRIGGER no BEFORE INSERT ON session"
        " BEGIN SELECT raise(ABORT, 'no'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        store.save(session, HOUR)
    assert dict(store.load(token)) == {"user": 1}
    store.close()


def test_sqlite_store_names_a_file_that_it_cannot_use(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and long enough to be seen as none" * 20)
    with pytest.raises(OSError, match=r"notes\.txt cannot keep sessions"):
        SQLiteStore(path)
    with pytest.raises(OSError, match="cannot keep sessions"):
        SQLiteStore(tmp_path / "none" / "sessions.db")


def test_sqlite_store_opens_anew_after_a_fork(tmp_path, monkeypatch):
    store = SQLiteStore(tmp_path / "sessions.db")
    _, token = keep(store, user=1)
    parents = store._connection
    assert parents is not None
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert dict(store.load(token)) == {"user": 1}
    assert store._connection is not parents
    store.close()
    parents.close()
