"""The database: connections, transactions, threads."""

import threading
import weakref
from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    CharField,
    DatabaseError,
    IntegrityError,
    Model,
    NotConnected,
    atomic,
    connect,
)
from fwtrace.toolkit.orm.database import get_database


class Note(Model):
    text = CharField(max_length=50)


def test_url_of_another_kind_says_what_to_give():
    with pytest.raises(ValueError, match="sqlite://"):
        connect("oracle://ann:secret@localhost/x")
    with pytest.raises(ValueError, match="sqlite://"):
        connect("nonsense")


def test_without_a_connection_it_says_to_connect():
    with pytest.raises(NotConnected, match="connect"):
        get_database("nobody connected this")


def test_file_keeps_its_rows(tmp_path):
    url = f"sqlite:///{tmp_path}/notes.db"
    first = connect(url)
    Note.create_table()
    Note.objects.create(text="kept")
    first.close()
    second = connect(url)
    assert Note.objects.get().text == "kept"
    second.close()


def test_file_that_cannot_be_opened_is_one_sentence(tmp_path):
    database = connect(f"sqlite:///{tmp_path}/no/such/folder/x.db")
    with pytest.raises(DatabaseError, match="Cannot connect to"):
        database.fetch("SELECT 1")


def write_and_fail(database, text):
    with database.atomic():
        Note.objects.create(text=text)
        raise ValueError("no")


def test_atomic_is_all_or_nothing(database):
    Note.create_table()
    with pytest.raises(ValueError, match="no"):
        write_and_fail(database, "gone")
    assert Note.objects.count() == 0


def test_inner_atomic_is_a_savepoint(database):
    Note.create_table()
    with database.atomic():
        Note.objects.create(text="outer")
        with pytest.raises(ValueError, match="no"):
            write_and_fail(database, "inner")
    assert [note.text for note in Note.objects.all()] == ["outer"]


@pytest.mark.parametrize("where", ["memory", "file"])
def test_threads_share_a_database(tmp_path, where):
    url = "sqlite://" if where == "memory" else f"sqlite:///{tmp_path}/x.db"
    database = connect(url)
    Note.create_table()

    def write(number):
        for _ in range(20):
            with database.atomic():
                Note.objects.create(text=str(number))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Note.objects.count() == 80
    database.close()


def test_file_connection_is_closed_with_its_thread(tmp_path):
    database: Any = connect(f"sqlite:///{tmp_path}/x.db")
    links = []
    thread = threading.Thread(
        target=lambda: links.append(weakref.ref(database._link()))
    )
    thread.start()
    thread.join()
    assert links[0]() is None
    database.close()


def test_deferred_constraint_that_fails_at_the_end_undoes_all(library, models):
    _, Book, _ = models
    database = get_database()
    with pytest.raises(IntegrityError, match="(?i)foreign key"), atomic():
        Book.objects.update(author=999)
    assert not Book.objects.filter(author=999).exists()
    with database.atomic():
        assert Book.objects.count() == 3


def test_text_that_is_no_unicode_is_a_database_error(database):
    Note.create_table()
    with pytest.raises(DatabaseError, match="not valid Unicode"):
        Note.objects.create(text="\ud800")


def test_missing_table_says_how_to_make_it(database):
    with pytest.raises(DatabaseError, match=r"note.*create_table\(\)"):
        Note.objects.count()


def test_statement_that_the_database_refuses_is_a_database_error(database):
    with pytest.raises(DatabaseError, match="syntax"):
        database.execute("NOT SQL")


def test_integer_beyond_64_bits_is_refused_on_saving_and_found_nowhere(database):
    Note.create_table()
    Note.objects.create(text="x")
    with pytest.raises(DatabaseError, match="(?i)64 bits|out of range"):
        Note(pk=2**70, text="y").save()
    rows = Note.objects
    assert not rows.filter(pk=2**70).exists()
    assert not rows.filter(pk__in=[2**70]).exists()
    assert not rows.filter(pk__gte=2**70).exists()
    assert rows.filter(pk__lt=2**70).exists()
    assert rows.filter(pk__gt=-(2**70)).exists()
    assert not rows.filter(pk__lte=-(2**70)).exists()
