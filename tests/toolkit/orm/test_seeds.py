"""The sessions of projects 3 and 4, but for their import lines as they were written."""

from typing import Any

from fwtrace.toolkit.orm import (
    Avg,
    CharField,
    ForeignKey,
    IntegerField,
    Model,
    post_save,
    pre_save,
)
from fwtrace.toolkit.signals import Signal


def test_project_3(connected, capsys):
    class Author(Model):
        name: Any = CharField(max_length=100)
        age: Any = IntegerField(null=True)

    class Book(Model):
        title: Any = CharField(max_length=200)
        author: Any = ForeignKey(Author)
        pages: Any = IntegerField(default=0)

    Author.create_table()
    Book.create_table()

    author = Author.objects.create(name="Alice", age=30)
    Book.objects.create(title="My Book", author=author, pages=300)

    books = (
        Book.objects.filter(pages__gt=100)
        .filter(author__name="Alice")
        .order_by("-pages")
        .limit(10)
    )
    print(books.query)
    for book in books:
        print(f"{book.title} by {book.author.name}")
    avg_pages = Book.objects.filter(author=author).aggregate(Avg("pages"))

    shown = capsys.readouterr().out
    assert shown.startswith("SELECT ")
    assert shown.endswith("LIMIT 10\nMy Book by Alice\n")
    assert avg_pages == {"pages__avg": 300.0}


def test_project_4(connected):
    class Account(Model):
        username: Any = CharField(max_length=50)
        password: Any = CharField(max_length=50)
        password_changed = False

    user_logged_in = Signal()
    told: list[str] = []

    @pre_save.connect(sender=Account)
    def hash_password(sender, instance, **kwargs):
        if instance.password_changed:
            instance.password = "hashed"

    @post_save.connect(sender=Account)
    def send_welcome_email(sender, instance, created, **kwargs):
        if created:
            told.append(f"Welcome, {instance.username}!")

    @user_logged_in.connect
    def log_login(sender, user, **kwargs):
        told.append(f"{user.username} logged in")

    Account.create_table()
    user = Account(username="alice", password="secret")
    user.password_changed = True
    user.save()
    user_logged_in.send(sender=Account, user=user)
    post_save.disconnect(send_welcome_email, sender=Account)
    Account.objects.create(username="bob", password="x")

    assert Account.objects.get(pk=user.pk).password == "hashed"
    assert told == ["Welcome, alice!", "alice logged in"]
