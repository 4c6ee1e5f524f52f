"""The tables: authors, and their posts with the newest first."""

from __future__ import annotations

from typing import Any

from fwtrace.toolkit.orm import (
    CharField,
    DateTimeField,
    ForeignKey,
    Model,
    TextField,
)

__all__ = ["Author", "Post"]


class Author(Model):
    """``password`` is a hash; an empty one fits no password."""

    name: Any = CharField(max_length=30, unique=True)
    password: Any = CharField(max_length=200, blank=True, default="")
    posts: Any

    class Meta:
        db_table = "blog_authors"
        ordering = ["name"]


class Post(Model):
    author: Any = ForeignKey(Author, related_name="posts")
    author_id: Any
    title: Any = CharField(max_length=120)
    body: Any = TextField()
    created: Any = DateTimeField()

    class Meta:
        db_table = "blog_posts"
        ordering = ["-created", "-id"]
