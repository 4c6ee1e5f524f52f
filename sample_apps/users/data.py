"""The database of the service: where it is, and what is in it at the start."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta

from fwtrace.toolkit.orm import Database, connect
from sample_apps.users.models import Post, User

__all__ = ["fill", "open_database"]

# Name, age, number of posts.
USERS = (
    ("Ada", 36, 4),
    ("Grace", 79, 3),
    ("Alan", 41, 5),
    ("Barbara", 29, 2),
    ("Edsger", 52, 4),
    ("Margaret", 33, 3),
    ("Donald", 64, 1),
    ("Radia", 47, 5),
    ("Dennis", 58, 4),
    ("Frances", 39, 3),
    ("Ken", 45, 6),
    ("Tim", None, 0),
)
TITLES = (
    "A note on loops",
    "What a compiler is for",
    "Counting bugs",
    "The shortest path",
    "On naming things",
    "A tree without roots",
    "Why it was slow",
    "Letters to a terminal",
    "Half a protocol",
    "Sorting on paper",
    "The cache that remembered",
    "Reading other people's code",
    "One bit at a time",
)
FIRST_DAY = datetime(2024, 1, 1, 9, tzinfo=UTC)

_lock = threading.Lock()
_opened: str | None = None


def open_database() -> None:
    """Connect to ``DATABASE_URL``, in memory by default, and fill what is new.

    Both apps of a process share it; asked again, it stays as it is.
    """
    global _opened
    url = os.environ.get("DATABASE_URL") or "sqlite://"
    with _lock:
        if url != _opened:
            fill(connect(url))
            _opened = url


def fill(database: Database) -> None:
    """Create the tables and, where they are empty, the same rows every time."""
    with database.atomic():
        User.create_table()
        Post.create_table()
        if not User.objects.exists():
            _insert()


def _insert() -> None:
    number = 0
    for name, age, posts in USERS:
        email = f"{name.lower()}@example.org"
        user = User.objects.create(name=name, age=age, email=email)
        for _ in range(posts):
            title = TITLES[number % len(TITLES)]
            created = FIRST_DAY + timedelta(days=number)
            body = f"{title}, by {name}."
            Post.objects.create(author=user, title=title, body=body, created=created)
            number += 1
