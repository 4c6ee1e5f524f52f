"""What the service does, whatever framework asks: data in, data out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fwtrace.toolkit.http.forms import UploadedFile
from sample_apps.users.models import Post, User, user_viewed

__all__ = [
    "create_user",
    "describe_upload",
    "find_login",
    "get_user",
    "list_users",
    "not_found",
    "posts_one_by_one",
    "stream_lines",
    "update_user",
    "user_data",
    "user_with_posts",
    "validate",
]

PER_PAGE = 5
LARGEST_ID = 2**63 - 1


def user_data(user: User) -> dict[str, Any]:
    """A user as JSON has it, without posts."""
    return {"id": user.pk, "name": user.name, "age": user.age, "email": user.email}


def get_user(id: int) -> User:
    """The user; raises User.DoesNotExist."""
    user: User | None = None
    if id <= LARGEST_ID:
        user = User.objects.filter(id=id).first()
    if user is None:
        raise User.DoesNotExist(f"There is no user {id}.")
    return user


def not_found(error: Exception) -> dict[str, str]:
    """What a client is told instead of a user, with 404."""
    return {"error": "Not Found", "detail": str(error)}


def user_with_posts(user: User) -> dict[str, Any]:
    """A user with the posts; tells ``user_viewed`` of it."""
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


def create_user(values: dict[str, Any]) -> User:
    """A new user of values that :func:`validate` gave."""
    made: User = User.objects.create(**values)
    return made


def update_user(user: User, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(user, name, value)
    user.save()


def find_login(name: str) -> User | None:
    """Who logs in under that name; there are no passwords to get wrong."""
    found: User | None = User.objects.filter(name=name).first()
    return found


def validate(
    given: Mapping[Any, Any], partial: bool = False
) -> tuple[dict[str, Any], dict[str, str]]:
    """``(values, errors by field)``; ``partial`` takes only what was given."""
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, (check, default) in FIELDS.items():
        if partial and name not in given:
            continue
        try:
            values[name] = check(given.get(name, default))
        except ValueError as error:
            errors[name] = str(error)
    for name in sorted(given.keys() - FIELDS.keys())[:10]:
        # Half of a surrogate pair, which JSON can spell, could not be sent back.
        shown = name.encode("utf-8", "replace").decode()[:100]
        errors[shown] = f"There is no such field. Fields are {', '.join(FIELDS)}."
    return values, errors


def _name(value: Any) -> str:
    name = _text(value, 100)
    if not name:
        raise ValueError("Give a name.")
    return name


def _email(value: Any) -> str:
    email = _text(value, 200)
    if email and "@" not in email:
        raise ValueError("An address has an @ in it.")
    return email


def _text(value: Any, length: int) -> str:
    if not isinstance(value, str):
        raise ValueError("Give a text.")
    if len(value) > length:
        raise ValueError(f"Give at most {length} characters.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("The text is not valid Unicode.") from None
    return value.strip()


def _age(value: Any) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:4])
    # True is an int in Python, and no age.
    if type(value) is not int or not 0 <= value <= 150:
        raise ValueError("An age is a whole number from 0 to 150.")
    return int(value)


Check = Callable[[Any], Any]
FIELDS: dict[str, tuple[Check, Any]] = {
    "name": (_name, ""),
    "age": (_age, None),
    "email": (_email, ""),
}


def describe_upload(file: UploadedFile) -> dict[str, Any]:
    """Name, size and hash; the file itself goes when the request does."""
    import hashlib

    digest = hashlib.sha256()
    for chunk in file:
        digest.update(chunk)
    return {"name": file.filename, "size": file.size, "sha256": digest.hexdigest()}


def stream_lines() -> Iterator[str]:
    """A line for each user, made while it is sent."""
    for user in User.objects.all():
        yield f"{user.pk} {user.name}\n"


def posts_one_by_one() -> list[dict[str, Any]]:
    """Every post with its author: a query for the posts, and one more for each.

    ``Post.objects.select_related("author")`` would take one in all.
    """
    found = []
    for post in Post.objects.all():
        found.append({"title": post.title, "author": post.author.name})
    return found
