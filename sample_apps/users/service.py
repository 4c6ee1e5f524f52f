"""What the service does, whatever framework asks: data in, data out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from fwtrace.toolkit.http.forms import UploadedFile
from sample_apps.users.models import Post, User, user_viewed

__all__ = [
    "create_user",
    "describe_upload",
    "find_user",
    "list_users",
    "posts_one_by_one",
    "stream_lines",
    "update_user",
    "user_data",
    "user_with_posts",
    "validate",
]

PER_PAGE = 5


def user_data(user: User) -> dict[str, Any]:
    """A user as JSON has it, without posts."""
    return {"id": user.pk, "name": user.name, "email": user.email, "age": user.age}


def find_user(id: int) -> User | None:
    return User.objects.filter(id=id).first()


def user_with_posts(user: User) -> dict[str, Any]:
    """A user with the posts; tells ``user_viewed`` about it."""
    posts = [{"id": post.pk, "title": post.title} for post in user.posts.all()]
    user_viewed.send(User, user=user)
    return {**user_data(user), "posts": posts}


def list_users(query: str, page: int) -> dict[str, Any]:
    """One page of the users whose name contains the query: a template's context."""
    found = User.objects.filter(name__contains=query) if query else User.objects.all()
    count = found.count()
    pages = max(1, -(-count // PER_PAGE))
    page = min(max(page, 1), pages)
    start = (page - 1) * PER_PAGE
    return {
        "users": list(found[start : start + PER_PAGE]),
        "query": query,
        "count": count,
        "page": page,
        "pages": pages,
    }


def validate(
    fields: Mapping[str, Any], partial: bool = False
) -> tuple[dict[str, Any], dict[str, str]]:
    """``(values, errors by field)``; ``partial`` takes only what was given."""
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, check in (("name", _name), ("email", _email), ("age", _age)):
        if name not in fields and (partial or name != "name"):
            continue
        try:
            values[name] = check(fields.get(name))
        except ValueError as error:
            errors[name] = str(error)
    unknown = set(map(str, fields)) - {"name", "email", "age"}
    errors |= dict.fromkeys(sorted(unknown), "There is no such field.")
    return values, errors


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("Give a name.")
    if len(value) > 100:
        raise ValueError("A name has at most 100 characters.")
    return _storable(value.strip())


def _email(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError("Give an address of at most 200 characters.")
    return _storable(value)


def _storable(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("The text is not valid Unicode.") from None
    return text


def _age(value: Any) -> int | None:
    if value in (None, ""):
        return None
    digits = isinstance(value, str) and value.isascii() and value.isdigit()
    number = int(value[:5]) if digits else value
    if (
        isinstance(number, bool)
        or not isinstance(number, int)
        or not 0 <= number <= 150
    ):
        raise ValueError("An age is a whole number from 0 to 150.")
    return number


def create_user(values: dict[str, Any]) -> User:
    made: User = User.objects.create(**values)
    return made


def update_user(user: User, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(user, name, value)
    user.save()


def describe_upload(file: UploadedFile) -> dict[str, Any]:
    digest = hashlib.sha256()
    for chunk in file:
        digest.update(chunk)
    return {"name": file.filename, "size": file.size, "sha256": digest.hexdigest()}


def stream_lines() -> Iterator[str]:
    """One line a user, read as it is sent."""
    for user in User.objects.all():
        yield f"{user.pk} {user.name}\n"


def posts_one_by_one() -> list[dict[str, Any]]:
    """Every post with its author: one query for the posts, and one more for each.

    ``Post.objects.select_related("author")`` would take one in all.
    """
    return [
        {"title": post.title, "author": post.author.name} for post in Post.objects.all()
    ]
