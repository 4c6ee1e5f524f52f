"""The same two tables, authors and books, on each ORM, in a SQLite of its own.

Each class offers the same questions as methods; a benchmark calls them by name.
"""

from __future__ import annotations

import sqlite3
from typing import Any

AUTHORS, BOOKS = 100, 10_000


def rows() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    authors = [(n, f"author {n}", n % 80) for n in range(1, AUTHORS + 1)]
    books = [(n, f"book {n}", n % 500, n % AUTHORS + 1) for n in range(1, BOOKS + 1)]
    return authors, books


class Bare:
    """sqlite3 and nothing else: tuples."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.execute("CREATE TABLE author (id INTEGER PRIMARY KEY, name, age)")
        self.db.execute("CREATE TABLE book (id INTEGER PRIMARY KEY, title, pages, a)")
        authors, books = rows()
        self.db.executemany("INSERT INTO author VALUES (?, ?, ?)", authors)
        self.db.executemany("INSERT INTO book VALUES (?, ?, ?, ?)", books)

    def get(self) -> object:
        return self.db.execute("SELECT * FROM book WHERE id = ?", (7,)).fetchone()

    def all(self) -> object:
        return self.db.execute("SELECT id, title, pages, a FROM book").fetchall()

    def some(self) -> object:
        sql = "SELECT * FROM book WHERE id < ? AND pages > ?"
        return self.db.execute(sql, (22, 0)).fetchall()

    def aggregate(self) -> object:
        return self.db.execute("SELECT COUNT(*), AVG(pages) FROM book").fetchone()

    def insert(self) -> None:
        self.db.execute("BEGIN")
        for _ in range(1000):
            sql = "INSERT INTO book (title, pages, a) VALUES (?, ?, ?)"
            self.db.execute(sql, ("new", 1, 1))
        self.db.execute("ROLLBACK")


class Ours:
    def __init__(self) -> None:
        from fwtrace.toolkit.orm import CharField, ForeignKey, IntegerField, Model
        from fwtrace.toolkit.orm.database import connect

        self.database = connect("sqlite://")

        class Author(Model):
            name: Any = CharField(max_length=50)
            age: Any = IntegerField()

        class Book(Model):
            title: Any = CharField(max_length=50)
            pages: Any = IntegerField()
            author: Any = ForeignKey(Author, related_name="books")

        self.Author, self.Book = Author, Book
        authors, books = rows()
        for model in (Author, Book):
            model.create_table()
        Author.objects.bulk_create([Author(*row) for row in authors])
        Book.objects.bulk_create([Book(*row) for row in books])

    def sql(self) -> object:
        rows = self.Book.objects.filter(pages__gt=5, author__name="x")
        rows = rows.exclude(title="y").order_by("-pages")[:10]
        return rows.as_statement()

    def get(self) -> object:
        return self.Book.objects.get(pk=7)

    def all(self) -> object:
        return list(self.Book.objects.all())

    def some(self) -> object:
        return list(self.Book.objects.filter(id__lt=22, pages__gt=0))

    def aggregate(self) -> object:
        from fwtrace.toolkit.orm import Avg, Count

        return self.Book.objects.aggregate(n=Count("id"), p=Avg("pages"))

    def insert(self) -> None:
        from fwtrace.toolkit.orm import atomic

        with atomic():
            for _ in range(1000):
                self.Book.objects.create(title="new", pages=1, author_id=1)
            self.database.execute("DELETE FROM book WHERE title = 'new'")

    def bulk(self) -> None:
        from fwtrace.toolkit.orm import atomic

        with atomic():
            self.Book.objects.bulk_create(
                [self.Book(title="new", pages=1, author_id=1) for _ in range(1000)]
            )
            self.database.execute("DELETE FROM book WHERE title = 'new'")

    def follow(self) -> object:
        return [book.author.name for book in self.Book.objects.all()[:100]]

    def joined(self) -> object:
        found = self.Book.objects.select_related("author")[:100]
        return [book.author.name for book in found]

    def prefetch(self) -> object:
        from fwtrace.toolkit.orm import Prefetch

        books = Prefetch("books", self.Book.objects.filter(id__lte=1000))
        found = self.Author.objects.prefetch_related(books)
        return [len(author.books.all()) for author in found]


class Django(Ours):
    def __init__(self) -> None:
        import django
        from django.conf import settings

        settings.configure(
            DATABASES={
                "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
            },
            INSTALLED_APPS=[],
            USE_TZ=True,
        )
        django.setup()
        from django.db import connection, models

        class Author(models.Model):  # type: ignore[misc]
            name = models.CharField(max_length=50)
            age = models.IntegerField()

            class Meta:
                app_label = "bench"

        class Book(models.Model):  # type: ignore[misc]
            title = models.CharField(max_length=50)
            pages = models.IntegerField()
            author = models.ForeignKey(Author, models.CASCADE, related_name="books")

            class Meta:
                app_label = "bench"

        self.Author, self.Book = Author, Book
        self.connection = connection
        with connection.schema_editor() as editor:
            editor.create_model(Author)
            editor.create_model(Book)
        authors, books = rows()
        Author.objects.bulk_create([Author(*row) for row in authors])
        Book.objects.bulk_create([Book(*row) for row in books])

    def sql(self) -> object:
        rows = self.Book.objects.filter(pages__gt=5, author__name="x")
        rows = rows.exclude(title="y").order_by("-pages")[:10]
        return rows.query.sql_with_params()

    def aggregate(self) -> object:
        from django.db.models import Avg, Count

        return self.Book.objects.aggregate(n=Count("id"), p=Avg("pages"))

    def prefetch(self) -> object:
        from django.db.models import Prefetch

        books = Prefetch("books", self.Book.objects.filter(id__lte=1000))
        found = self.Author.objects.prefetch_related(books)
        return [len(author.books.all()) for author in found]

    def insert(self) -> None:
        from django.db import transaction

        with transaction.atomic():
            for _ in range(1000):
                self.Book.objects.create(title="new", pages=1, author_id=1)
            self._tidy()

    def bulk(self) -> None:
        from django.db import transaction

        with transaction.atomic():
            self.Book.objects.bulk_create(
                [self.Book(title="new", pages=1, author_id=1) for _ in range(1000)]
            )
            self._tidy()

    def _tidy(self) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("DELETE FROM bench_book WHERE title = 'new'")


class Peewee:
    def __init__(self) -> None:
        import peewee as pw

        self.db = db = pw.SqliteDatabase(":memory:")

        class Author(pw.Model):
            name = pw.CharField(max_length=50)
            age = pw.IntegerField()

            class Meta:
                database = db

        class Book(pw.Model):
            title = pw.CharField(max_length=50)
            pages = pw.IntegerField()
            author = pw.ForeignKeyField(Author, backref="books")

            class Meta:
                database = db

        self.pw: Any = pw
        self.Author: Any = Author
        self.Book: Any = Book
        db.create_tables([Author, Book])
        authors, books = rows()
        with db.atomic():
            for model, found in ((self.Author, authors), (self.Book, books)):
                fields = list(model._meta.sorted_fields)
                for batch in pw.chunked(found, 100):
                    model.insert_many(batch, fields).execute()

    def sql(self) -> object:
        Book, Author = self.Book, self.Author
        rows = Book.select().join(Author)
        rows = rows.where((Book.pages > 5) & (Author.name == "x"))
        return rows.where(Book.title != "y").order_by(Book.pages.desc()).limit(10).sql()

    def get(self) -> object:
        return self.Book.get_by_id(7)

    def all(self) -> object:
        return list(self.Book.select())

    def some(self) -> object:
        Book = self.Book
        return list(Book.select().where((Book.id < 22) & (Book.pages > 0)))

    def aggregate(self) -> object:
        fn, Book = self.pw.fn, self.Book
        return Book.select(fn.COUNT(Book.id), fn.AVG(Book.pages)).tuples().get()

    def insert(self) -> None:
        with self.db.atomic():
            for _ in range(1000):
                self.Book.create(title="new", pages=1, author=1)
            self.Book.delete().where(self.Book.title == "new").execute()

    def bulk(self) -> None:
        with self.db.atomic():
            made = [self.Book(title="new", pages=1, author=1) for _ in range(1000)]
            self.Book.bulk_create(made, batch_size=1000)
            self.Book.delete().where(self.Book.title == "new").execute()

    def follow(self) -> object:
        return [book.author.name for book in self.Book.select().limit(100)]

    def joined(self) -> object:
        found = self.Book.select(self.Book, self.Author).join(self.Author).limit(100)
        return [book.author.name for book in found]

    def prefetch(self) -> object:
        books = self.Book.select().where(self.Book.id <= 1000)
        found = self.pw.prefetch(self.Author.select(), books)
        return [len(author.books) for author in found]


class SQLAlchemy:
    def __init__(self) -> None:
        import sqlalchemy as sa
        from sqlalchemy import orm
        from sqlalchemy.pool import StaticPool

        self.sa, self.orm = sa, orm

        class Base(orm.DeclarativeBase):
            pass

        class Author(Base):
            __tablename__ = "author"
            id = orm.mapped_column(sa.Integer, primary_key=True)
            name = orm.mapped_column(sa.String(50))
            age = orm.mapped_column(sa.Integer)
            books = orm.relationship("Book", back_populates="author")

        class Book(Base):
            __tablename__ = "book"
            id = orm.mapped_column(sa.Integer, primary_key=True)
            title = orm.mapped_column(sa.String(50))
            pages = orm.mapped_column(sa.Integer)
            author_id = orm.mapped_column(sa.ForeignKey("author.id"))
            author = orm.relationship(Author, back_populates="books")

        self.Author: Any = Author
        self.Book: Any = Book
        self.engine = sa.create_engine("sqlite://", poolclass=StaticPool)
        Base.metadata.create_all(self.engine)
        authors, books = rows()
        with self.engine.begin() as connection:
            names: Any = [
                dict(zip(("id", "name", "age"), r, strict=True)) for r in authors
            ]
            connection.execute(sa.insert(Author), names)
            keys = ("id", "title", "pages", "author_id")
            names = [dict(zip(keys, r, strict=True)) for r in books]
            connection.execute(sa.insert(Book), names)

    def _query(self) -> Any:
        Book, Author = self.Book, self.Author
        rows = self.sa.select(Book).join(Author)
        rows = rows.where(Book.pages > 5, Author.name == "x", Book.title != "y")
        return rows.order_by(Book.pages.desc()).limit(10)

    def sql(self) -> object:
        return self._query().compile(self.engine)

    def _all(self, statement: Any) -> Any:
        with self.orm.Session(self.engine) as session:
            return list(session.scalars(statement))

    def get(self) -> object:
        with self.orm.Session(self.engine) as session:
            return session.get(self.Book, 7)

    def all(self) -> object:
        return self._all(self.sa.select(self.Book))

    def some(self) -> object:
        Book = self.Book
        return self._all(self.sa.select(Book).where(Book.id < 22, Book.pages > 0))

    def aggregate(self) -> object:
        func, Book = self.sa.func, self.Book
        with self.orm.Session(self.engine) as session:
            return session.execute(
                self.sa.select(func.count(Book.id), func.avg(Book.pages))
            ).one()

    def insert(self) -> None:
        with self.orm.Session(self.engine) as session:
            for _ in range(1000):
                session.add(self.Book(title="new", pages=1, author_id=1))
                session.flush()
            session.rollback()

    def bulk(self) -> None:
        with self.orm.Session(self.engine) as session:
            session.add_all(
                [self.Book(title="new", pages=1, author_id=1) for _ in range(1000)]
            )
            session.flush()
            session.rollback()

    def follow(self) -> object:
        with self.orm.Session(self.engine) as session:
            found = session.scalars(self.sa.select(self.Book).limit(100))
            return [book.author.name for book in found]

    def joined(self) -> object:
        option = self.orm.joinedload(self.Book.author)
        with self.orm.Session(self.engine) as session:
            statement = self.sa.select(self.Book).options(option).limit(100)
            return [book.author.name for book in session.scalars(statement)]

    def prefetch(self) -> object:
        books = self.Author.books.and_(self.Book.id <= 1000)
        option = self.orm.selectinload(books)
        with self.orm.Session(self.engine) as session:
            statement = self.sa.select(self.Author).options(option)
            return [len(author.books) for author in session.scalars(statement)]


class Pony:
    """Its queries are generator expressions, whose SQL it keeps by their code."""

    def __init__(self) -> None:
        from pony import orm

        self.pony: Any = orm
        db: Any = orm.Database("sqlite", ":memory:")

        class Author(db.Entity):  # type: ignore[misc]
            name = orm.Required(str, 50)
            age = orm.Required(int)
            books = orm.Set("Book")

        class Book(db.Entity):  # type: ignore[misc]
            title = orm.Required(str, 50)
            pages = orm.Required(int)
            author = orm.Required(Author)

        self.Book: Any = Book
        db.generate_mapping(create_tables=True)

    def sql(self) -> object:
        Book, least, name, title = self.Book, 5, "x", "y"
        with self.pony.db_session:
            rows = self.pony.select(
                b
                for b in Book
                if b.pages > least and b.author.name == name and b.title != title
            )
            return rows.order_by(self.pony.desc(Book.pages)).get_sql()
