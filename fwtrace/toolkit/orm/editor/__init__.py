"""Schema editors: how tables are made and changed, on each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fwtrace.toolkit.orm.editor.base import SchemaEditor, Statement

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database

__all__ = ["SchemaEditor", "Statement", "offline_editor", "schema_editor"]


def schema_editor(
    database: Database, collect_sql: bool = False, atomic: bool = True
) -> SchemaEditor:
    """The editor of a database; with ``collect_sql`` it changes nothing."""
    return _kind(database.vendor)(database, collect_sql, atomic)


def offline_editor(vendor: str) -> SchemaEditor:
    """An editor that knows no database and collects the SQL for one of that vendor."""
    return _kind(vendor)()


def _kind(vendor: str) -> type[SchemaEditor]:
    if vendor == "sqlite":
        from fwtrace.toolkit.orm.editor.sqlite import SQLiteEditor

        return SQLiteEditor
    if vendor == "postgresql":
        from fwtrace.toolkit.orm.editor.postgresql import PostgreSQLEditor

        return PostgreSQLEditor
    from fwtrace.toolkit.orm.editor.mysql import MySQLEditor

    return MySQLEditor
