"""Databases that the ORM speaks to, by the scheme of their URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database

__all__ = ["checked_level", "make_database"]

SCHEMES = ("sqlite", "postgresql", "postgres", "mysql", "mariadb")


def make_database(url: str, alias: str) -> Database:
    """The database of a URL; ValueError for one that cannot be meant."""
    scheme, separator, rest = url.partition("://")
    if scheme not in SCHEMES or not separator:
        raise ValueError(
            f"Cannot connect to {_without_password(url)!r}: give sqlite:// for a "
            "database in memory, sqlite:///file.db, postgresql://user@host/name or "
            "mysql://user@host/name."
        )
    if scheme == "sqlite":
        from fwtrace.toolkit.orm.backends.sqlite import SQLiteDatabase

        return SQLiteDatabase(rest.removeprefix("/") or ":memory:", alias)
    settings = _settings(urlsplit(url))
    if scheme in ("postgresql", "postgres"):
        from fwtrace.toolkit.orm.backends.postgresql import PostgreSQLDatabase

        return PostgreSQLDatabase(settings, alias)
    from fwtrace.toolkit.orm.backends.mysql import MySQLDatabase

    return MySQLDatabase(settings, alias)


def _settings(url: SplitResult) -> dict[str, Any]:
    """``{"name", "host", "port", "user", "password"}`` and the URL's own options."""
    try:
        port = url.port
    except ValueError:
        raise ValueError("The port of a database's URL is a number.") from None
    found = {
        "name": unquote(url.path.removeprefix("/")),
        "host": unquote(url.hostname or ""),
        "port": port,
        "user": unquote(url.username or ""),
        "password": unquote(url.password or ""),
    }
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    return {k: v for k, v in found.items() if v} | options


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    if not at:
        return url
    scheme, separator, user = head.partition("://")
    return f"{scheme}{separator}{user.partition(':')[0]}@{tail}"


LEVELS = ("read committed", "read uncommitted", "repeatable read", "serializable")


def checked_level(text: str) -> str:
    """An isolation level in words; ValueError for one that there is not."""
    level = text.replace("_", " ").lower()
    if level and level not in LEVELS:
        raise ValueError(
            f"There is no isolation level {text!r}: name one of {', '.join(LEVELS)}."
        )
    return level
