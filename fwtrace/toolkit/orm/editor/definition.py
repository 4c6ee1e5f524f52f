"""What a table is to be: the columns, constraints and indexes that a model says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from fwtrace.toolkit.orm.constraints import written
from fwtrace.toolkit.orm.editor.names import make_name
from fwtrace.toolkit.orm.fields import NOT_PROVIDED
from fwtrace.toolkit.orm.schema import (
    collation_sql,
    column_type,
    generated_sql,
    key_type,
)

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.dialects import Dialect

__all__ = ["Column", "Definition", "Reference", "column_of", "is_in_table"]


@dataclass(frozen=True)
class Reference:
    """A foreign key of a table."""

    table: str
    column: str
    target: str
    target_column: str

    @property
    def name(self) -> str:
        return make_name(self.table, [self.column], "fk")

    def sql(self, dialect: Dialect, name: str = "") -> str:
        quote = dialect.quote
        return (
            f"CONSTRAINT {quote(name or self.name)} FOREIGN KEY ({quote(self.column)}) "
            f"REFERENCES {quote(self.target)} ({quote(self.target_column)})"
            f"{dialect.references}"
        )


@dataclass(frozen=True)
class Column:
    """What a field is in a table, in the words of a dialect."""

    name: str
    type: str
    key_type: str
    """That of the columns which refer to it."""
    null: bool
    default: str
    primary_key: bool
    unique: bool
    index: bool
    check: str
    comment: str
    collation: str
    generated: str
    reference: Reference | None


def is_in_table(field: Any) -> bool:
    """Whether the field is a column: a set of pairs and a composite key are none."""
    return bool(field.concrete and getattr(field, "column", None))


def reference_of(field: Any) -> Reference | None:
    """The foreign key that the database is to watch over, if there is one."""
    if not field.is_relation or not field.concrete or not field.db_constraint:
        return None
    target = field.target_field
    return Reference(
        field.model._meta.db_table,
        field.column,
        target.model._meta.db_table,
        target.column,
    )


def column_of(field: Any, dialect: Dialect) -> Column:
    """The column of a field of a model."""
    given = getattr(field, "db_default", NOT_PROVIDED)
    default = ""
    if given is not NOT_PROVIDED:
        from fwtrace.toolkit.orm.expressions import Value

        node = given if hasattr(given, "resolve") else Value(given)
        default = dialect.default(written(node, field.model, dialect))
    kind = column_type(field, dialect)
    return Column(
        name=field.column,
        type=kind,
        key_type=kind if field.is_relation else key_type(field, dialect),
        null=field.null,
        default=default,
        primary_key=field.primary_key,
        unique=field.unique and not field.primary_key,
        index=field.db_index and not field.unique,
        check=dialect.column_check(field),
        comment=(field.db_comment or "") if dialect.comments else "",
        collation=collation_sql(field, dialect),
        generated=generated_sql(field, dialect) if field.generated else "",
        reference=reference_of(field),
    )


@dataclass(frozen=True)
class Definition:
    """A table: the model whose columns its expressions name, and what it is made of."""

    model: Any
    table: str
    fields: tuple[Any, ...]
    unique_together: tuple[tuple[str, ...], ...]
    constraints: tuple[Any, ...]
    indexes: tuple[Any, ...]

    @classmethod
    def of(cls, model: Any) -> Self:
        meta = model._meta
        key = () if meta.composite_key is None else (meta.composite_key,)
        return cls(
            model,
            meta.db_table,
            (*key, *meta.local_fields),
            tuple(tuple(group) for group in meta.unique_together),
            tuple(meta.constraints),
            tuple(meta.indexes),
        )

    def without(self, field: Any) -> Self:
        """The table once a field, and what names it, is gone."""
        name = field.name
        return replace(
            self,
            fields=tuple(each for each in self.fields if each.name != name),
            unique_together=tuple(g for g in self.unique_together if name not in g),
            constraints=tuple(
                each
                for each in self.constraints
                if name not in getattr(each, "fields", ())
            ),
            indexes=tuple(
                each
                for each in self.indexes
                if name not in [n.lstrip("-") for n in each.fields]
            ),
        )

    def columns(self, dialect: Dialect) -> dict[str, Column]:
        """By name."""
        found = [column_of(each, dialect) for each in self.fields if is_in_table(each)]
        return {column.name: column for column in found}

    def column_names(self, group: tuple[str, ...]) -> list[str]:
        by_name = {field.name: field for field in self.fields}
        return [by_name[name].column for name in group]

    def index_statements(
        self, dialect: Dialect, free: Callable[[str], str] = str
    ) -> dict[str, str]:
        """CREATE INDEX of every index that is made beside the table, by name; ``free``
        makes a name of our own one that is not taken."""
        found = {}
        for field in self.fields:
            if is_in_table(field) and field.db_index and not field.unique:
                name = free(make_name(self.table, [field.column], "idx"))
                found[name] = field_index(self.table, field.column, dialect, name)
        for index in self.indexes:
            if statement := index.create_sql(self.model, dialect):
                found[index.name_for(self.model)] = bare(statement, dialect)
        for constraint in self.constraints:
            if statement := constraint.after_table(self.model, dialect):
                found[constraint.name] = bare(statement, dialect)
        return found


def field_index(table: str, column: str, dialect: Dialect, name: str) -> str:
    """The statement that makes the index of one column."""
    quote = dialect.quote
    return f"CREATE INDEX {quote(name)} ON {quote(table)} ({quote(column)})"


def bare(statement: str, dialect: Dialect) -> str:
    """A statement that fails where there is such a thing already."""
    return statement.replace(dialect.if_not_exists, "", 1)
