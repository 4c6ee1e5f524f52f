"""MySQL and MariaDB: no transaction holds a change of the schema, but one ALTER TABLE
with several actions is done as a whole or not at all; so each change is one."""

from __future__ import annotations

from typing import Any, ClassVar

from fwtrace.toolkit.orm.editor.base import SchemaEditor, is_moved
from fwtrace.toolkit.orm.editor.definition import Column, Definition, bare, column_of
from fwtrace.toolkit.orm.editor.names import make_name
from fwtrace.toolkit.orm.introspection import inspect_table

__all__ = ["MySQLEditor"]


class MySQLEditor(SchemaEditor):
    vendor: ClassVar[str] = "mysql"
    can_rollback_ddl: ClassVar[bool] = False

    def usual_name(self, table: str, kind: str, columns: Any) -> str:
        if kind == "unique" and len(columns) == 1:
            return str(columns[0])
        return super().usual_name(table, kind, columns)

    def create_table(self, definition: Definition) -> None:
        """Indexes are made with the table: in one statement, all or nothing."""
        quote = self.quote_name
        lines = self.lines(definition)
        statements = definition.index_statements(self.dialect, self.free_name)
        for statement in statements.values():
            lines.append(_as_line(statement))
        options = self.dialect.table_options
        comment = definition.model._meta.db_table_comment
        if comment:
            options += f" COMMENT {self.dialect.constant(comment)}"
        table = quote(definition.table)
        self.renamed.pop(definition.table, None)
        self.execute(
            f"CREATE TABLE {table} ({', '.join(lines)}){options}",
            undo=f"DROP TABLE {table}",
        )

    def is_taken(self, name: str) -> bool:
        """Names of foreign keys are the database's, those of indexes the table's."""
        if self.connection is None:
            return False
        return bool(self.connection.fetch(TAKEN, (name, name)))

    def alter_db_table_comment(
        self, model: Any, old: str | None, new: str | None
    ) -> None:
        if (old or "") != (new or ""):
            text, back = (
                self.dialect.constant(new or ""),
                self.dialect.constant(old or ""),
            )
            table = model._meta.db_table
            self.alter(table, f"COMMENT {text}", undo=f"COMMENT {back}")

    def _drop_unique(self, model: Any, columns: Any) -> list[str]:
        return [
            f"DROP INDEX {self.quote_name(name)}"
            for name in self.find(model, "unique", columns)
        ]

    def _add_column(self, model: Any, field: Any) -> None:
        table, column = model._meta.db_table, column_of(field, self.dialect)
        filling = self.filling(field)
        name = self.quote_name(column.name)
        sql = self.column(field)
        if filling is not None:
            # A default comes after NOT NULL, and before what the column is unique by.
            sql = sql.replace(" NOT NULL", f" NOT NULL DEFAULT ({filling})", 1)
            if " DEFAULT (" not in sql:
                sql += f" DEFAULT ({filling})"
        actions = [f"ADD COLUMN {sql}"]
        if column.index:
            actions.append(f"ADD {_as_line(self.field_index(table, column.name))}")
        if column.reference is not None:
            actions.append(f"ADD {self.reference(column.reference)}")
        self.alter(table, *actions, undo=self._removal(table, column))
        if filling is not None:
            self.alter(table, f"ALTER COLUMN {name} DROP DEFAULT", undo="")

    def _removal(self, table: str, column: Column) -> str:
        """The actions that drop a column that was just added."""
        drop = f"DROP COLUMN {self.quote_name(column.name)}"
        if column.reference is None:
            return drop
        return f"DROP FOREIGN KEY {self.quote_name(column.reference.name)}, {drop}"

    def _drop_column(self, model: Any, field: Any) -> None:
        table, column = model._meta.db_table, column_of(field, self.dialect)
        actions = self._drop_references(model, column) if column.reference else []
        actions += [
            f"DROP CONSTRAINT {self.quote_name(name)}"
            for name in self._checks(table, column.name)
        ]
        self.alter(table, *actions, f"DROP COLUMN {self.quote_name(column.name)}")

    def _drop_references(self, model: Any, column: Column) -> list[str]:
        return [
            f"DROP FOREIGN KEY {self.quote_name(name)}"
            for name in self.find(model, "foreign", [column.name])
        ]

    def _checks(self, table: str, column: str) -> list[str]:
        """Checks that name no column but this one: they would forbid to drop it."""
        if self.connection is None:
            return []
        found = inspect_table(self.connection, table)
        return [each.name for each in found.find("check", [column])] if found else []

    def _alter_column(
        self, model: Any, old_field: Any, new_field: Any, old: Column, new: Column
    ) -> None:
        table = model._meta.db_table
        if old.null and not new.null:
            self._fill(table, old, new_field)
        incoming = self._incoming(table, old, new)
        for other, name, column in incoming:
            quoted = self.quote_name(column)
            self.alter(
                other,
                f"DROP FOREIGN KEY {self.quote_name(name)}",
                undo=f"ADD {self._referring(name, quoted, table, old.name)}",
            )
        actions = self._actions(model, old, new, new_field)
        back = self._actions(model, new, old, old_field, self._usual)
        self.alter(table, *actions, undo=", ".join(back))
        for other, name, column in incoming:
            self._follow(other, name, column, table, new)

    def _own(self, table: str, keys: list[str]) -> list[str]:
        """Of foreign keys, those with an index of their own, called as they are."""
        if self.connection is None or not keys:
            return []
        marks = ", ".join(["%s"] * len(keys))
        rows = self.connection.fetch(OWN_INDEXES.format(marks), (table, *keys))
        return [name for (name,) in rows]

    def _usual(self, model: Any, kind: str, columns: Any) -> list[str]:
        """As ``find`` will answer once the change is made."""
        return [self.usual_name(model._meta.db_table, kind, columns)]

    def _referring(self, name: str, column: str, table: str, target: str) -> str:
        quote = self.quote_name
        return (
            f"CONSTRAINT {quote(name)} FOREIGN KEY ({column}) "
            f"REFERENCES {quote(table)} ({quote(target)})"
        )

    def _fill(self, table: str, old: Column, field: Any) -> None:
        value = self.filling(field)
        if value is None and field.has_db_default():
            value = "DEFAULT"
        if value is not None:
            name = self.quote_name(old.name)
            self.execute(
                f"UPDATE {self.quote_name(table)} SET {name} = {value} "
                f"WHERE {name} IS NULL"
            )

    def _actions(
        self, model: Any, old: Column, new: Column, field: Any, find: Any = None
    ) -> list[str]:
        """The actions of one ALTER TABLE that make a column of the other."""
        quote, made, find = self.quote_name, [], find or self.find
        table = model._meta.db_table
        moved = is_moved(old, new)
        dropped: list[str] = []
        if old.reference and moved:
            dropped = find(model, "foreign", [old.name])
            made += [f"DROP FOREIGN KEY {quote(name)}" for name in dropped]
            if not old.index:
                made += [
                    f"DROP INDEX {quote(name)}" for name in self._own(table, dropped)
                ]
        if old.primary_key and not new.primary_key:
            made.append("DROP PRIMARY KEY")
        if old.unique and not new.unique:
            made += [
                f"DROP INDEX {quote(name)}"
                for name in find(model, "unique", [old.name])
            ]
        keeps = old.reference is not None and new.reference is not None and not moved
        if old.index and not new.index:
            for name in find(model, "index", [old.name]):
                # A foreign key needs an index: without one of the model's it is the
                # key's own, and called as the key.
                key = (*find(model, "foreign", [old.name]), "")[0] if keeps else ""
                made.append(
                    f"RENAME INDEX {quote(name)} TO {quote(key)}"
                    if key
                    else f"DROP INDEX {quote(name)}"
                )
        sql = self.column(field)
        if old.unique and new.unique:
            sql = sql.replace(" UNIQUE", "", 1)
        if old.primary_key and new.primary_key:
            sql = sql.replace(" PRIMARY KEY", "", 1)
        made.append(f"CHANGE COLUMN {quote(old.name)} {sql}")
        if new.index and not old.index:
            own = self._own(table, find(model, "foreign", [old.name])) if keeps else []
            index = self.free_name(make_name(table, [new.name], "idx"))
            made += [
                f"RENAME INDEX {quote(name)} TO {quote(index)}" for name in own
            ] or [f"ADD {_as_line(self.field_index(table, new.name))}"]
        if new.reference and moved:
            made.append(f"ADD {self.reference(new.reference)}")
        return made

    def _incoming(self, table: str, old: Column, new: Column) -> list[Any]:
        """``(table, constraint, column)`` of what refers to a column whose type
        changes."""
        if old.type == new.type or self.connection is None:
            return []
        if not (old.primary_key or old.unique):
            return []
        return list(self.connection.fetch(INCOMING, (table, old.name)))

    def _follow(
        self, other: str, name: str, column: str, table: str, target: Column
    ) -> None:
        """Give what referred to a column its new type too, and refer to it again."""
        quote = self.quote_name
        kind = target.type.replace(" AUTO_INCREMENT", "")
        assert self.connection is not None
        found = inspect_table(self.connection, other)
        there = found.column(column) if found else None
        null = "NULL" if there is None or there.null else "NOT NULL"
        self.alter(other, f"MODIFY COLUMN {quote(column)} {kind} {null}")
        self.alter(
            other, f"ADD {self._referring(name, quote(column), table, target.name)}"
        )

    def _drop_index(self, table: str, name: str) -> None:
        self.alter(table, f"DROP INDEX {self.quote_name(name)}")

    def _rename_index(self, model: Any, old_index: Any, new_index: Any) -> None:
        old, new = self.quote_name(old_index.name), self.quote_name(new_index.name)
        self.alter(
            model._meta.db_table,
            f"RENAME INDEX {old} TO {new}",
            undo=f"RENAME INDEX {new} TO {old}",
        )

    def add_index(self, model: Any, index: Any) -> None:
        if statement := index.create_sql(model, self.dialect):
            name = self.quote_name(index.name_for(model))
            line = _as_line(bare(statement, self.dialect))
            self.alter(model._meta.db_table, f"ADD {line}", undo=f"DROP INDEX {name}")

    def add_constraint(self, model: Any, constraint: Any) -> None:
        line = constraint.in_table(model, self.dialect)
        if not line:
            super().add_constraint(model, constraint)
            return
        table, back = model._meta.db_table, self._dropping(constraint)
        self.alter(table, f"ADD {line}", undo=back)

    def _drop_constraint(self, table: str, constraint: Any) -> None:
        self.alter(table, self._dropping(constraint))

    def _dropping(self, constraint: Any) -> str:
        word = "INDEX" if hasattr(constraint, "deferrable") else "CONSTRAINT"
        return f"DROP {word} {self.quote_name(constraint.name)}"


TAKEN = """
SELECT 1 FROM information_schema.TABLE_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_NAME = %s
UNION ALL
SELECT 1 FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = %s
"""
OWN_INDEXES = """
SELECT DISTINCT INDEX_NAME FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND INDEX_NAME IN ({})
"""
INCOMING = """
SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME
FROM information_schema.KEY_COLUMN_USAGE
WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE()
  AND REFERENCED_TABLE_NAME = %s AND REFERENCED_COLUMN_NAME = %s
ORDER BY 1, 2
"""


def _as_line(statement: str) -> str:
    """``CREATE INDEX name ON table (...)`` as a line of CREATE or ALTER TABLE."""
    head, _, columns = statement.removeprefix("CREATE ").partition(" ON ")
    return f"{head} {columns[columns.index('(') :]}"
