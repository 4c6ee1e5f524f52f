"""The journal: where a migration stands that no transaction holds.

One table with one row, there only while such a migration is at work. Before an
operation its statements are written down, with what takes each back; after each
statement, how many are done. Data changes and their count are one transaction. A change
of the schema commits by itself, so of one statement it may be unknown whether it was
done: whoever goes on runs it again and takes "it is there already" for done.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.editor import Statement
from fwtrace.toolkit.orm.introspection import table_names

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database

__all__ = ["TABLE", "Entry", "Journal"]

TABLE = "fwtrace_migration_journal"


@dataclass
class Entry:
    """``operation`` counts those that are done; ``statements`` are of the next one, of
    which ``done`` have run; ``undo`` takes back all that ran, the latest last, and has
    None for what nothing takes back, "" for what needs nothing."""

    app_label: str
    name: str
    backwards: bool
    operation: int = 0
    statements: list[Statement] = field(default_factory=list)
    done: int = 0
    undo: list[str | None] = field(default_factory=list)

    def to_text(self) -> str:
        given = {**vars(self), "statements": [*map(list, self.statements)]}
        return json.dumps(given, default=str)

    @classmethod
    def from_text(cls, text: str) -> Entry:
        given = json.loads(text)
        given["statements"] = [
            Statement(sql, tuple(params), undo)
            for sql, params, undo in given["statements"]
        ]
        return cls(**given)


class Journal:
    """That of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.marker = get_dialect(database.vendor).marker

    def read(self) -> Entry | None:
        """What was under way when somebody stopped, if anything was."""
        if TABLE not in table_names(self.database):
            return None
        rows = self.database.fetch(f"SELECT entry FROM {TABLE}")
        return Entry.from_text(rows[0][0]) if rows else None

    def open(self, entry: Entry) -> None:
        kind = "longtext" if self.database.vendor == "mysql" else "text"
        if TABLE not in table_names(self.database):
            self.database.execute(
                f"CREATE TABLE {TABLE} (id integer PRIMARY KEY, entry {kind} NOT NULL)"
            )
        self.database.execute(f"DELETE FROM {TABLE}")
        self.database.execute(
            f"INSERT INTO {TABLE} (id, entry) VALUES (1, {self.marker})",
            [entry.to_text()],
        )

    def write(self, entry: Entry) -> None:
        self.database.execute(
            f"UPDATE {TABLE} SET entry = {self.marker}", [entry.to_text()]
        )

    def close(self) -> None:
        """Nothing is under way any more."""
        self.database.execute(f"DROP TABLE {TABLE}")
