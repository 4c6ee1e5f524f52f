"""The tables, and the signal that tells of a user's page being looked at."""

from __future__ import annotations

import os
import threading
from typing import Any

from fwtrace.toolkit.orm import (
    BooleanField,
    CharField,
    DateTimeField,
    ForeignKey,
    IntegerField,
    Model,
    TextField,
    connect,
)
from fwtrace.toolkit.signals import Signal

__all__ = ["Post", "User", "open_database", "user_viewed", "views"]


class User(Model):
    name: Any = CharField(max_length=100)
    email: Any = CharField(max_length=200, blank=True, default="")
    age: Any = IntegerField(null=True)
    active: Any = BooleanField(default=True)
    posts: Any

    class Meta:
        db_table = "users"
        ordering = ["id"]


class Post(Model):
    author: Any = ForeignKey(User, related_name="posts")
    title: Any = CharField(max_length=200)
    body: Any = TextField(default="")
    created: Any = DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "posts"
        ordering = ["id"]


user_viewed = Signal("user_viewed")

views: dict[int, int] = {}
"""How often each user was looked at, by id."""


@user_viewed.connect(sender=User)
def count_view(sender: type[Model], user: User, **named: Any) -> int:
    views[user.pk] = views.get(user.pk, 0) + 1
    return views[user.pk]


@user_viewed.connect
def greet(sender: type[Model], user: User, **named: Any) -> str:
    return f"{user.name} says hello"


@user_viewed.connect(sender=Post)
def count_readers(sender: type[Model], **named: Any) -> None:
    """Listens to posts only, so a user's page passes it over."""


NAMES = (
    "Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald",
    "Margaret", "Ken", "Radia", "Tim", "Frances", "Dennis",
)  # fmt: skip
TOPICS = ("On loops", "A proof", "Notes", "Questions")

_opening = threading.Lock()
_opened: list[str] = []


def open_database() -> None:
    """Connect to ``DATABASE_URL``, in memory by default; fill what is new."""
    with _opening:
        url = os.environ.get("DATABASE_URL") or "sqlite://"
        if _opened[-1:] == [url]:
            return
        database = connect(url)
        with database.atomic():
            User.create_table()
            Post.create_table()
            if not User.objects.exists():
                _fill()
        _opened.append(url)


def _fill() -> None:
    """The same rows at every start."""
    for number, name in enumerate(NAMES):
        user = User.objects.create(
            name=name,
            email=f"{name.lower()}@example.org",
            age=30 + number * 3,
            active=number % 5 != 4,
        )
        for topic in TOPICS[: 1 + number % 4]:
            Post.objects.create(author=user, title=f"{topic} by {name}", body="…")
