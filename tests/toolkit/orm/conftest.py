"""A library in memory: authors, books, and a database that counts its statements."""

from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    PROTECT,
    SET_NULL,
    BooleanField,
    CharField,
    DateTimeField,
    ForeignKey,
    IntegerField,
    Model,
    TextField,
    connect,
    database as database_module,
)
from tests.toolkit.orm import servers


class Author(Model):
    name: Any = CharField(max_length=100)
    age: Any = IntegerField(null=True)
    book_set: Any


class Book(Model):
    title: Any = CharField(max_length=200)
    author: Any = ForeignKey(Author)
    editor: Any = ForeignKey(Author, SET_NULL, null=True, related_name="edited")
    pages: Any = IntegerField(default=0)
    notes: Any = TextField(default="")
    in_print: Any = BooleanField(default=True)
    added: Any = DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]


class Loan(Model):
    book: Any = ForeignKey(Book, on_delete=PROTECT)


@pytest.fixture(autouse=True)
def connections_of_its_own(monkeypatch):
    """Leave the database of the sample apps alone."""
    monkeypatch.setattr(database_module, "_databases", {})


@pytest.fixture(params=servers.VENDORS)
def connected(request):
    """An empty database, on each of the servers."""
    url = servers.url(request.param)
    made = connect(url)
    yield made
    servers.drop_tables(made)
    made.close()


@pytest.fixture
def database(connected):
    for model in (Author, Book, Loan):
        model.create_table()
    return connected


@pytest.fixture
def statements(connected, monkeypatch):
    """Every statement from now on, as (sql, parameters)."""
    seen: list[tuple[str, list[Any]]] = []
    for name in ("_execute", "_fetch"):
        original = getattr(connected, name)

        def noting(sql, params, original=original):
            seen.append((sql, list(params)))
            return original(sql, params)

        monkeypatch.setattr(connected, name, noting)
    return seen


@pytest.fixture
def library(database):
    """Alice (30) wrote A (100 pages) and B (300), Bob (no age) wrote C (200)."""
    alice = Author.objects.create(name="Alice", age=30)
    bob = Author.objects.create(name="Bob")
    Book.objects.create(title="A", author=alice, pages=100)
    Book.objects.create(title="B", author=alice, pages=300, editor=bob)
    Book.objects.create(title="C", author=bob, pages=200)
    return alice, bob


@pytest.fixture
def models():
    return Author, Book, Loan
