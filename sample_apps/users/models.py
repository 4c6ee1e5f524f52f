"""The tables, and the signal that tells of a user being looked at."""

from __future__ import annotations

from typing import Any

from fwtrace.toolkit.orm import (
    CharField,
    DateTimeField,
    ForeignKey,
    IntegerField,
    Model,
    TextField,
)
from fwtrace.toolkit.signals import Signal

__all__ = ["Post", "User", "user_viewed", "views"]


class User(Model):
    name: Any = CharField(max_length=100)
    age: Any = IntegerField(null=True)
    email: Any = CharField(max_length=200, blank=True, default="")
    posts: Any

    class Meta:
        db_table = "users"
        ordering = ["id"]


class Post(Model):
    author: Any = ForeignKey(User, related_name="posts")
    title: Any = CharField(max_length=200)
    body: Any = TextField(default="")
    created: Any = DateTimeField()

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
def count_reader(sender: type[Model], **named: Any) -> None:
    """Listens to posts only, so a user who is looked at passes it by."""
