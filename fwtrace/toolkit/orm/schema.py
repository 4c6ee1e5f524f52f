"""Tables: creating and dropping them, with their indexes and constraints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.constraints import written
from fwtrace.toolkit.orm.dialects import Dialect, get_dialect
from fwtrace.toolkit.orm.fields import NOT_PROVIDED, Field

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.database import Database
    from fwtrace.toolkit.orm.model import Model

__all__ = ["create_table", "create_tables", "drop_table", "drop_tables"]


def create_table(model: type[Model], database: Database) -> None:
    """Create the model's table, and those of its many-to-many relations."""
    for statement in create_statements(model, get_dialect(database.vendor)):
        database.execute(statement)
    for field in model._meta.local_many_to_many:
        if field.is_own_table:
            create_table(field.through, database)


def create_tables(models: Iterable[type[Model]], database: Database) -> None:
    """Create the tables, those that others refer to first."""
    for model in in_order(models):
        create_table(model, database)


def drop_table(model: type[Model], database: Database) -> None:
    quote = get_dialect(database.vendor).quote
    for field in model._meta.local_many_to_many:
        if field.is_own_table:
            drop_table(field.through, database)
    if not model._meta.proxy:
        database.execute(f"DROP TABLE IF EXISTS {quote(model._meta.db_table)}")


def drop_tables(models: Iterable[type[Model]], database: Database) -> None:
    """Drop the tables, those that refer to others first."""
    for model in reversed(in_order(models)):
        drop_table(model, database)


def in_order(models: Iterable[type[Model]]) -> list[type[Model]]:
    """The models, each after those that it refers to; circles as they come."""
    left = list(models)
    ordered: list[Any] = []
    while left:
        for model in left:
            needed = _referred(model) - set(ordered) - {model}
            if not needed & set(left):
                break
        else:
            model = left[0]
        left.remove(model)
        ordered.append(model)
    return ordered


def _referred(model: type[Model]) -> set[Any]:
    found = {
        field.related_model._meta.concrete_model
        for field in model._meta.local_fields
        if field.is_relation
    }
    return found | {m.related_model for m in model._meta.local_many_to_many}


def create_statements(model: type[Model], dialect: Dialect) -> list[str]:
    """Every statement that makes the table what the model says."""
    meta, quote = model._meta, dialect.quote
    if meta.proxy or not meta.managed:
        return []
    lines = [column_sql(field, dialect) for field in meta.local_fields]
    for group in meta.unique_together:
        columns = ", ".join(quote(meta.get_field(name).column) for name in group)
        lines.append(f"UNIQUE ({columns})")
    if not dialect.inline_references:
        lines += [
            f"FOREIGN KEY ({quote(f.column)}){references_sql(f, dialect)}"
            for f in meta.local_fields
            if f.is_relation and f.db_constraint  # type: ignore[attr-defined]
        ]
    for constraint in meta.constraints:
        line = constraint.in_table(model, dialect)
        lines += [line] if line else []
    table = quote(meta.db_table)
    after = [
        f"CREATE INDEX {dialect.if_not_exists}"
        f"{quote(f'{meta.db_table}_{field.column}_idx')} ON {table} "
        f"({quote(field.column)})"
        for field in meta.local_fields
        if field.db_index and not field.unique
    ]
    after += [index.create_sql(model, dialect) for index in meta.indexes]
    for constraint in meta.constraints:
        statement = constraint.after_table(model, dialect)
        after += [statement] if statement else []
    if dialect.inline_indexes:
        lines += [_inline(statement, dialect) for statement in after]
        after = []
    create = f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(lines)})"
    return [create + dialect.table_options, *after]


def _inline(statement: str, dialect: Dialect) -> str:
    """``CREATE INDEX name ON table (...)`` as a line of CREATE TABLE."""
    words = statement.replace(dialect.if_not_exists, "").removeprefix("CREATE ")
    head, _, columns = words.partition(" ON ")
    return f"{head} {columns[columns.index('(') :]}"


def column_sql(field: Field, dialect: Dialect) -> str:
    """One column's definition."""
    sql = f"{dialect.quote(field.column)} {column_type(field, dialect)}"
    default = getattr(field, "db_default", NOT_PROVIDED)
    if default is not NOT_PROVIDED:
        from fwtrace.toolkit.orm.expressions import Value

        node = default if hasattr(default, "resolve") else Value(default)
        sql += f" DEFAULT {dialect.default(written(node, field.model, dialect))}"
    sql += "" if field.null else " NOT NULL"
    if field.primary_key:
        sql += dialect.primary_key(field)
    elif field.unique:
        sql += " UNIQUE"
    if field.is_relation and field.db_constraint and dialect.inline_references:  # type: ignore[attr-defined]
        sql += references_sql(field, dialect)
    return sql


def column_type(field: Any, dialect: Dialect) -> str:
    """The type; of a reference, that of what it refers to."""
    if not field.is_relation:
        return dialect.column_type(field)
    target = field.target_field
    if target.is_relation:
        return column_type(target, dialect)
    return dialect.reference_type(target, field.kind)


def references_sql(field: Any, dialect: Dialect) -> str:
    target, quote = field.target_field, dialect.quote
    table = quote(target.model._meta.db_table)
    return f" REFERENCES {table} ({quote(target.column)}){dialect.references}"
