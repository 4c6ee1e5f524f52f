"""SQLite: what ALTER TABLE cannot do is done by a table made anew, with all rows.

Follows the twelve steps of SQLite's documentation (lang_altertable.html): foreign keys
are off, the new table is filled, the old one dropped, the new one renamed; indexes and
triggers are made again, the counter of AUTOINCREMENT is kept, and before the
transaction ends those foreign keys are checked that may lead nowhere now.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from fwtrace.toolkit.orm.editor.base import SchemaEditor
from fwtrace.toolkit.orm.editor.definition import (
    Column,
    Definition,
    bare,
    column_of,
)
from fwtrace.toolkit.orm.editor.references import DoubtfulReferences
from fwtrace.toolkit.orm.exceptions import IntegrityError, ProgrammingError

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database

__all__ = ["SQLiteEditor"]


class SQLiteEditor(SchemaEditor):
    vendor: ClassVar[str] = "sqlite"

    def __init__(
        self,
        database: Database | None = None,
        collect_sql: bool = False,
        atomic: bool = True,
    ) -> None:
        super().__init__(database, collect_sql, atomic)
        self.doubtful = DoubtfulReferences()

    # Foreign keys cannot be turned off within a transaction.

    def __enter__(self) -> Self:
        if self.connection is not None and not self.collect_sql:
            if self.connection.in_atomic_block:
                raise RuntimeError(
                    "SQLite's schema cannot be edited within a transaction that has "
                    "begun: its foreign keys cannot be turned off there."
                )
            self.connection.execute("PRAGMA foreign_keys = OFF")
            # It is to write: whoever else does is waited for here, not half-way.
            self.connection.begin = "BEGIN IMMEDIATE"
        try:
            return super().__enter__()
        except BaseException:
            self._keys_on()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            self._keys_on()

    def _keys_on(self) -> None:
        if self.connection is not None and not self.collect_sql:
            self.connection.begin = type(self.connection).begin
            self.connection.execute("PRAGMA foreign_keys = ON")

    def finish(self) -> None:
        super().finish()
        if self.connection is not None and not self.collect_sql:
            self.check_references()

    def settle(self) -> None:
        self.doubtful.is_any = True

    def check_references(self) -> None:
        """Raise IntegrityError, naming a row, where a foreign key leads nowhere of
        those that may since the editor began."""
        assert self.connection is not None
        broken = self.doubtful.broken(self.connection)
        if broken:
            table, rowid, target, _ = broken[0]
            more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
            raise IntegrityError(
                f"The row {rowid} of {table!r} refers to one of {target!r} that is not "
                f"there{more}."
            )

    # Tables.

    def references(self, definition: Definition) -> list[str]:
        return []  # a foreign key stands in its column's definition

    def column(self, field: Any) -> str:
        from fwtrace.toolkit.orm.schema import column_sql

        return column_sql(field, self.dialect)

    def _drop_table(self, table: str) -> None:
        super()._drop_table(table)
        self.doubtful.drop(table)

    def alter_db_table(self, model: Any, old: str, new: str) -> None:
        super().alter_db_table(model, old, new)
        self.doubtful.rename(old, new)

    def alter_unique_together(self, model: Any, old: Any, new: Any) -> None:
        before, after = set(map(tuple, old)), set(map(tuple, new))
        if before != after:
            self.doubtful.targets.add(model._meta.db_table)
            definition = Definition.of(model)
            groups = tuple(sorted(after))
            self._remake(
                replace(definition, unique_together=tuple(sorted(before))),
                replace(definition, unique_together=groups),
            )

    # Fields.

    def _add_column(self, model: Any, field: Any) -> None:
        column = column_of(field, self.dialect)
        filling = self.filling(field)
        simple = filling is None and (column.null or column.default)
        constant = not column.default or not column.default.strip("()").isidentifier()
        if simple and constant and not self._needs_table(column):
            self.alter(model._meta.db_table, f"ADD COLUMN {self.column(field)}")
            if column.index:
                self.execute(self.field_index(model._meta.db_table, column.name))
            return
        definition = Definition.of(field.model)
        if all(each.name != field.name for each in definition.fields):
            definition = replace(definition, fields=(*definition.fields, field))
        if column.reference:
            self.doubtful.tables.add(definition.table)
        before = definition.without(field)
        self._remake(before, definition, {column.name: filling or "NULL"})

    def _needs_table(self, column: Column) -> bool:
        """Whether ALTER TABLE cannot add or drop such a column."""
        if column.generated or column.unique or column.primary_key:
            return True
        # A foreign key with a default, and a default that is worked out, are refused.
        return bool(column.reference and column.default) or "(" in column.default[1:]

    def _drop_column(self, model: Any, field: Any) -> None:
        definition = Definition.of(model)
        if field.primary_key or field.unique:
            self.doubtful.targets.add(definition.table)
        self._remake(definition, definition.without(field))

    def _alter_column(
        self, model: Any, old_field: Any, new_field: Any, old: Column, new: Column
    ) -> None:
        table = model._meta.db_table
        if old.name != new.name:
            names = f"{self.quote_name(old.name)} TO {self.quote_name(new.name)}"
            self.alter(table, f"RENAME COLUMN {names}")
        after = replace(Definition.of(new_field.model), table=table)
        renamed = replace(old, name=new.name)
        if self._only_renamed(old, new):
            self._rename_field_index(model, old, new)
            return
        if replace(renamed, index=new.index) == new:
            self._switch_index(model, old, new)
            return
        fillings: dict[str, str] = {}
        if old.null and not new.null:
            filling = self.filling(new_field) or (new.default or None)
            if filling is not None:
                quoted = self.quote_name(new.name)
                fillings[new.name] = f"coalesce({quoted}, {filling})"
        if new.reference:
            self.doubtful.tables.add(table)
        if old.primary_key or old.unique:
            self.doubtful.targets.add(table)
        if replace(renamed, key_type=new.key_type) != new:
            self._remake(after, after, fillings)
            self._switch_index(model, old, new)
        if old.key_type != new.key_type and (old.primary_key or old.unique):
            for other in new_field.model._meta.apps.referring_to(new_field.model):
                if other is not new_field.model:
                    definition = Definition.of(other)
                    self._remake(definition, definition)

    def _only_renamed(self, old: Column, new: Column) -> bool:
        text = self.quote_name(old.name), self.quote_name(new.name)
        reference = old.reference and replace(old.reference, column=new.name)
        if reference and new.reference:
            reference = replace(reference, table=new.reference.table)
        moved = replace(
            old,
            name=new.name,
            check=old.check.replace(*text),
            reference=reference,
        )
        return moved == new

    def _rename_field_index(self, model: Any, old: Column, new: Column) -> None:
        """The index of a renamed column is called after it."""
        table = model._meta.db_table
        if old.index:
            for name in self.find(model, "index", [new.name]):
                self._drop_index(table, name)
            self.execute(self.field_index(table, new.name))

    def _switch_index(self, model: Any, old: Column, new: Column) -> None:
        table = model._meta.db_table
        if old.index:
            for name in self.find(model, "index", [new.name]):
                self._drop_index(table, name)
        if new.index:
            self.execute(self.field_index(table, new.name))

    # Indexes and constraints.

    def _rename_index(self, model: Any, old_index: Any, new_index: Any) -> None:
        self._drop_index(model._meta.db_table, old_index.name)
        self.add_index(model, new_index)

    def add_constraint(self, model: Any, constraint: Any) -> None:
        if statement := constraint.after_table(model, self.dialect):
            self.execute(bare(statement, self.dialect))
        elif constraint.in_table(model, self.dialect):
            after = Definition.of(model)
            others = tuple(c for c in after.constraints if c.name != constraint.name)
            self._remake(
                replace(after, constraints=others),
                replace(after, constraints=(*others, constraint)),
            )

    def remove_constraint(self, model: Any, constraint: Any) -> None:
        if getattr(constraint, "fields", ()):
            self.doubtful.targets.add(model._meta.db_table)
        if constraint.after_table(model, self.dialect):
            self._drop_index(model._meta.db_table, constraint.name)
        elif constraint.in_table(model, self.dialect):
            after = Definition.of(model)
            others = tuple(c for c in after.constraints if c.name != constraint.name)
            self._remake(
                replace(after, constraints=(*others, constraint)),
                replace(after, constraints=others),
            )

    # The table made anew.

    def _remake(
        self,
        before: Definition,
        after: Definition,
        fillings: Mapping[str, str] | None = None,
    ) -> None:
        """Make the table of ``after`` out of that of ``before``, whose rows it gets;
        ``fillings`` says by column what is copied instead of the old value."""
        quote, table, fillings = self.quote_name, after.table, fillings or {}
        known, wanted = before.columns(self.dialect), after.columns(self.dialect)
        self._refuse_drift(table, set(known))
        dropped = known.keys() - wanted.keys()
        belongings = self._belongings(before, after, dropped)
        counter = self._counter(table)
        temporary = f"new__{table}"
        lines = ", ".join(self.lines(after))
        self.execute(f"CREATE TABLE {quote(temporary)} ({lines})")
        copied = {
            name: fillings.get(name) or quote(name)
            for name, column in wanted.items()
            if not column.generated and (name in known or name in fillings)
        }
        self.execute(
            f"INSERT INTO {quote(temporary)} ({', '.join(map(quote, copied))}) "
            f"SELECT {', '.join(copied.values())} FROM {quote(table)}"
        )
        self.execute(f"DROP TABLE {quote(table)}")
        # Else views, and the triggers of others, that name the table would be refused.
        self.execute("PRAGMA legacy_alter_table = ON")
        self.alter(temporary, f"RENAME TO {quote(table)}")
        self.execute("PRAGMA legacy_alter_table = OFF")
        for statement in belongings:
            self.execute(statement)
        if counter is not None:
            self._set_counter(table, counter)

    def _refuse_drift(self, table: str, known: set[str]) -> None:
        """A column that somebody added by hand would be lost."""
        if self.connection is None:
            return
        there = self._fetched(
            "SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden <> 1", table
        )
        if not there:
            return  # the first statement will say so
        unknown, missing = sorted(there - known), sorted(known - there)
        if unknown:
            hint = f", where migrations know {missing[0]!r}" if missing else ""
            raise ProgrammingError(
                f"The table {table!r} has a column {unknown[0]!r} that no migration "
                f"made{hint}: it was changed by hand."
            )
        if missing:
            raise ProgrammingError(
                f"The table {table!r} has no column {missing[0]!r}, which migrations "
                "made: it was changed by hand."
            )

    def _belongings(
        self, before: Definition, after: Definition, dropped: Collection[str]
    ) -> list[str]:
        """The indexes and triggers that the new table is to have: those that are there,
        also when they were made by hand, but for what names a dropped column; and those
        that are new."""
        old = before.index_statements(self.dialect)
        new = after.index_statements(self.dialect)
        added = {name: new[name] for name in new if name not in old}
        if self.connection is None:
            return list(new.values())
        gone = set(old) - set(new)
        if dropped:
            gone |= self._indexes_on(after.table, dropped)
        rows = self.connection.fetch(
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? "
            "AND sql IS NOT NULL AND type IN ('index', 'trigger') ORDER BY type, rowid",
            (after.table,),
        )
        kept = [
            sql for kind, name, sql in rows if kind == "trigger" or name not in gone
        ]
        return [*kept, *(self._freed(name, sql) for name, sql in added.items())]

    def _freed(self, name: str, statement: str) -> str:
        free = self.free_name(name)
        return statement.replace(self.quote_name(name), self.quote_name(free), 1)

    def _indexes_on(self, table: str, columns: Collection[str]) -> set[str]:
        """The indexes that name one of these columns."""
        return self._fetched(
            "SELECT item.name FROM pragma_index_list(?, 'main') AS item "
            "JOIN pragma_index_info(item.name, 'main') AS key "
            "WHERE key.name IN (SELECT value FROM json_each(?))",
            table,
            json.dumps(sorted(columns)),
        )

    def _counter(self, table: str) -> int | None:
        """The highest key that AUTOINCREMENT has given, also to rows that are gone."""
        if self.connection is None or not self.is_taken("sqlite_sequence"):
            return None
        rows = self.connection.fetch(
            "SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)
        )
        return int(rows[0][0]) if rows else None

    def _set_counter(self, table: str, counter: int) -> None:
        self.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        self.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, counter))

    def is_taken(self, name: str) -> bool:
        return bool(self._fetched("SELECT 1 FROM sqlite_master WHERE name = ?", name))

    def _fetched(self, sql: str, *params: str) -> set[Any]:
        """The values of one column; none without a database."""
        rows = self.connection.fetch(sql, params) if self.connection else ()
        return {value for (value,) in rows}
