"""Tables: creating and dropping them, with their indexes and constraints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.constraints import written
from fwtrace.toolkit.orm.dialects import Dialect, get_dialect
from fwtrace.toolkit.orm.exceptions import NotSupportedError
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
    if meta.composite_key is not None:
        key = ", ".join(map(quote, meta.composite_key.columns))
        lines.append(f"PRIMARY KEY ({key})")
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
    after += filter(None, (each.create_sql(model, dialect) for each in meta.indexes))
    for constraint in meta.constraints:
        statement = constraint.after_table(model, dialect)
        after += [statement] if statement else []
    if dialect.inline_indexes:
        lines += [_inline(statement, dialect) for statement in after]
        after = []
    create = f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(lines)})"
    create += dialect.table_options
    if dialect.comments == "inline" and meta.db_table_comment:
        create += f" COMMENT {dialect.text_constant(meta.db_table_comment)}"
    return [create, *after, *comment_statements(model, dialect)]


def _inline(statement: str, dialect: Dialect) -> str:
    """``CREATE INDEX name ON table (...)`` as a line of CREATE TABLE."""
    words = statement.replace(dialect.if_not_exists, "").removeprefix("CREATE ")
    head, _, columns = words.partition(" ON ")
    return f"{head} {columns[columns.index('(') :]}"


def comment_statements(model: type[Model], dialect: Dialect) -> list[str]:
    """Those for the comments of the table and its columns, where they are apart."""
    if dialect.comments != "statements":
        return []
    meta = model._meta
    commented = [field for field in meta.local_fields if field.db_comment]
    statements = [column_comment(field, dialect) for field in commented]
    if meta.db_table_comment:
        statements.insert(0, table_comment(model, dialect))
    return statements


def table_comment(model: type[Model], dialect: Dialect) -> str:
    """``COMMENT ON TABLE``; a model without a comment has none."""
    meta = model._meta
    table, text = dialect.quote(meta.db_table), meta.db_table_comment or None
    return f"COMMENT ON TABLE {table} IS {dialect.constant(text)}"


def column_comment(field: Field, dialect: Dialect) -> str:
    """``COMMENT ON COLUMN``; a field without a comment has none."""
    table, column = map(dialect.quote, (field.model._meta.db_table, field.column))
    text = dialect.constant(field.db_comment or None)
    return f"COMMENT ON COLUMN {table}.{column} IS {text}"


def column_sql(field: Field, dialect: Dialect, references: bool = True) -> str:
    """One column's definition; its foreign key, where it can stand there and may."""
    sql = f"{dialect.quote(field.column)} {column_type(field, dialect)}"
    sql += collation_sql(field, dialect)
    sql += generated_sql(field, dialect) if field.generated else _own(field, dialect)
    if references and dialect.inline_references and field.is_relation:
        sql += references_sql(field, dialect) if field.db_constraint else ""  # type: ignore[attr-defined]
    if field.db_comment and dialect.comments == "inline":
        sql += f" COMMENT {dialect.text_constant(field.db_comment)}"
    return sql


def _own(field: Field, dialect: Dialect) -> str:
    """What a column of given values has beside its type."""
    sql = ""
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
    check = dialect.column_check(field)
    return f"{sql} CHECK ({check})" if check else sql


def generated_sql(field: Any, dialect: Dialect) -> str:
    """How the database works a column out; NotSupportedError where it cannot."""
    if not field.db_persist and not dialect.has_virtual_columns:
        raise NotSupportedError(
            f"{field} cannot have db_persist=False on {dialect.vendor}, which keeps "
            "the values of all generated columns: give it db_persist=True."
        )
    how = "STORED" if field.db_persist else "VIRTUAL"
    sql = f" GENERATED ALWAYS AS ({field.generated_sql(dialect)}) {how}"
    return f"{sql} UNIQUE" if field.unique else sql


def collation_sql(field: Any, dialect: Dialect) -> str:
    """The order of texts; of a reference, that of what it refers to."""
    while field.is_relation:
        field = field.target_field
    name = getattr(_of_values(field), "db_collation", None)
    return f" COLLATE {dialect.quote(name)}" if name else ""


def _of_values(field: Any) -> Any:
    return field.output_field if field.generated else field


def column_type(field: Any, dialect: Dialect) -> str:
    """The type; of a reference, that of what it refers to."""
    field = _of_values(field)
    if not field.is_relation:
        return dialect.column_type(field)
    target = _of_values(field.target_field)
    if target.is_relation:
        return column_type(target, dialect)
    return key_type(target, dialect)


def key_type(target: Field, dialect: Dialect) -> str:
    """The type of a column that refers to this one."""
    from fwtrace.toolkit.orm.related import KINDS

    return dialect.reference_type(target, KINDS.get(target.kind, target.kind))


def references_sql(field: Any, dialect: Dialect) -> str:
    target, quote = field.target_field, dialect.quote
    table = quote(target.model._meta.db_table)
    return f" REFERENCES {table} ({quote(target.column)}){dialect.references}"
