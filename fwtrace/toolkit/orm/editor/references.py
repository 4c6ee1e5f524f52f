"""Which foreign keys may lead nowhere after changes of a SQLite schema, where none is
watched over meanwhile; the others need no look, however many rows they have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fwtrace.toolkit.orm.dialects import get_dialect

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database, Row

__all__ = ["DoubtfulReferences"]

_REFERRING = """SELECT DISTINCT listed.name FROM pragma_table_list AS listed
 JOIN pragma_foreign_key_list(listed.name, 'main') AS item
 WHERE listed.schema = 'main' AND listed.type = 'table'
 AND item."table" COLLATE NOCASE IN (SELECT value FROM json_each(?))"""


class DoubtfulReferences:
    """Those of some ``tables``, those to some ``targets``, or all, where rows were
    changed in a way that nobody knows."""

    def __init__(self) -> None:
        self.is_any = False
        self.tables: set[str] = set()
        self.targets: set[str] = set()

    def rename(self, old: str, new: str) -> None:
        """A table has another name, also where others refer to it."""
        for names in (self.tables, self.targets):
            if old in names:
                names.remove(old)
                names.add(new)

    def drop(self, table: str) -> None:
        self.tables.discard(table)
        self.targets.add(table)

    def broken(self, database: Database) -> list[Row]:
        """Of each reference that leads nowhere its table, its row, and where to."""
        if self.is_any:
            return database.fetch("PRAGMA foreign_key_check")
        tables = set(self.tables)
        if self.targets:
            rows = database.fetch(_REFERRING, (json.dumps(sorted(self.targets)),))
            tables.update(name for (name,) in rows)
        quote = get_dialect("sqlite").quote
        return [
            row
            for table in sorted(tables)
            for row in database.fetch(f"PRAGMA foreign_key_check({quote(table)})")
        ]
