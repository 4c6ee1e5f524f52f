"""Dialects: what differs between databases in the text of a statement.

A dialect needs no driver and no server: ``get_dialect("postgresql")`` compiles for
PostgreSQL wherever it runs.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fwtrace.toolkit.orm.dialects.base import Dialect

__all__ = ["VENDORS", "Dialect", "default_dialect", "get_dialect"]

VENDORS = ("sqlite", "postgresql", "mysql")


@cache
def get_dialect(vendor: str) -> Dialect:
    """The dialect of that name; ValueError, naming those there are."""
    if vendor == "sqlite":
        from fwtrace.toolkit.orm.dialects.sqlite import SQLite

        return SQLite()
    if vendor == "postgresql":
        from fwtrace.toolkit.orm.dialects.postgresql import PostgreSQL

        return PostgreSQL()
    if vendor == "mysql":
        from fwtrace.toolkit.orm.dialects.mysql import MySQL

        return MySQL()
    raise ValueError(f"There is no dialect {vendor!r}: name one of {VENDORS}.")


def default_dialect(model: Any) -> Dialect:
    """That of the database of the model; SQLite's where none is connected."""
    from fwtrace.toolkit.orm.database import get_database
    from fwtrace.toolkit.orm.exceptions import NotConnected

    try:
        return get_dialect(get_database().vendor)
    except NotConnected:
        return get_dialect("sqlite")
