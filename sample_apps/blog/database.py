"""The app's database: connected with the app, filled when it is new."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from fwtrace.frameworks.flask import Flask, current_app
from fwtrace.toolkit.orm import Database, Model, QuerySet, connect
from sample_apps.blog.models import Author, Post
from sample_apps.blog.samples import AUTHORS, POSTS

__all__ = ["fill", "init_app", "rows"]

FIRST_DAY = datetime(2024, 3, 1, 9, tzinfo=UTC)

_numbers = itertools.count(1)


def init_app(app: Flask) -> None:
    """Connect the app, under an alias that no other app has, and fill what is new."""
    database = connect(app.config["DATABASE"], f"blog-{next(_numbers)}")
    app.extensions["database"] = database
    app.cli.command("init-db")(init_db)
    fill(database)


def init_db() -> None:
    """Delete all authors and posts, and start again with the sample ones."""
    database = current_app.extensions["database"]
    with database.atomic():
        Post.drop_table(using=database.alias)
        Author.drop_table(using=database.alias)
        fill(database)
    print("The database is as new.")


def rows(model: type[Model]) -> QuerySet[Any]:
    """All rows of the model in the current app's database."""
    found: QuerySet[Any] = model.objects.using(current_app.extensions["database"].alias)
    return found


def fill(database: Database) -> None:
    """Create the tables and, where nobody writes yet, the sample posts."""
    authors, posts = (model.objects.using(database.alias) for model in (Author, Post))
    with database.atomic():
        Author.create_table(using=database.alias)
        Post.create_table(using=database.alias)
        if authors.exists():
            return
        made = {name: authors.create(name=name) for name in AUTHORS}
        for day, (name, title, body) in enumerate(POSTS):
            created = FIRST_DAY + timedelta(days=day)
            posts.create(author=made[name], title=title, body=body, created=created)
