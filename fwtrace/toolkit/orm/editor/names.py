"""Names for what has none: indexes and constraints, told apart by a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

__all__ = ["LONGEST", "make_name"]

LONGEST = 60
"""PostgreSQL keeps 63 bytes, MySQL 64 characters."""


def make_name(table: str, columns: Sequence[str], suffix: str) -> str:
    """``book_author_id_3f2a1b_fk``: always the same for the same table and columns."""
    digest = hashlib.sha256("\0".join((table, *columns)).encode()).hexdigest()[:6]
    end = f"_{digest}_{suffix}"
    room = LONGEST - len(end)
    named = "_".join((table.strip('"`'), *columns))
    while len(named.encode()) > room:
        named = named[:-1]
    return named + end
