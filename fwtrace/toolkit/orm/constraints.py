"""Indexes and constraints of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.compiler import SQLCompiler
from fwtrace.toolkit.orm.expressions import as_ordering
from fwtrace.toolkit.orm.slots import Const, Scope, Slots
from fwtrace.toolkit.orm.where import Q

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.dialects import Dialect

__all__ = [
    "BaseConstraint",
    "CheckConstraint",
    "Deferrable",
    "Index",
    "UniqueConstraint",
]


def _literal(value: Any) -> str:
    """A constant in a definition, which takes no parameters."""
    if value is None:
        return "NULL"
    if isinstance(value, (int, float)):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def written(node: Any, model: Any, dialect: Dialect) -> str:
    """An expression with its constants written out, columns without their table."""
    from fwtrace.toolkit.orm.sql import Query

    query, slots = Query(model), Slots()
    node.split(slots)
    resolved = node.resolve(Scope(query, slots, allow_joins=False))
    sql, params = _Definition(query, dialect).compile(resolved)
    for param in params:
        value = dialect.adapt(_value(param, slots))
        sql = sql.replace(dialect.marker, _literal(value), 1)
    return sql


def _value(param: Any, slots: Slots) -> Any:
    if isinstance(param, Const):
        return param.value
    value = slots.value(param.slot)
    prepare = slots.prepares.get(param.slot)
    value = value if prepare is None else prepare(value)
    return value if param.process is None else param.process(value)


class _Definition(SQLCompiler):
    """Within a table's definition its columns have no other names."""

    def column(self, alias: str, column: str) -> str:
        return self.quote(column)


class Index:
    """An index of fields, ``Index(fields=["-added", "title"])``, or of expressions."""

    def __init__(
        self,
        *expressions: Any,
        fields: Sequence[str] = (),
        name: str = "",
        condition: Q | None = None,
    ) -> None:
        if bool(expressions) == bool(fields):
            raise ValueError("An Index has either fields or expressions.")
        if expressions and not name:
            raise ValueError("An index needs a name if it is of expressions.")
        self.expressions = expressions
        self.fields = list(fields)
        self.name = name
        self.condition = condition

    def name_for(self, model: Any) -> str:
        if self.name:
            return self.name
        import hashlib

        table = model._meta.db_table
        names = "_".join(field.lstrip("-") for field in self.fields)
        digest = hashlib.sha256(f"{table}_{names}".encode()).hexdigest()[:6]
        return f"{table[:20]}_{names[:20]}_{digest}_idx"

    def create_sql(self, model: Any, dialect: Dialect, unique: str = "") -> str:
        quote, meta = dialect.quote, model._meta
        parts = [
            written(as_ordering(each), model, dialect) for each in self.expressions
        ]
        for name in self.fields:
            column = quote(meta.get_field(name.lstrip("-")).column)
            parts.append(f"{column} DESC" if name.startswith("-") else column)
        name, table = quote(self.name_for(model)), quote(meta.db_table)
        sql = f"CREATE {unique}INDEX {dialect.if_not_exists}{name} ON {table}"
        sql += f" ({', '.join(parts)})"
        if self.condition is not None and dialect.has_partial_indexes:
            sql += f" WHERE {written(self.condition, model, dialect)}"
        return sql


class BaseConstraint:
    """A rule for all rows of a table."""

    default_message = "Constraint “%(name)s” is violated."

    def __init__(
        self, *, name: str, violation_error_message: str = "", code: str = ""
    ) -> None:
        self.name = name
        self.violation_error_message = violation_error_message or self.default_message
        self.violation_error_code = code or None

    def in_table(self, model: Any, dialect: Dialect) -> str:
        """The constraint within CREATE TABLE; empty if it is an index."""
        raise NotImplementedError

    def after_table(self, model: Any, dialect: Dialect) -> str:
        return ""

    def validate(self, model: Any, instance: Any, exclude: set[str]) -> None:
        """ValidationError when the instance's row would break it."""
        raise NotImplementedError

    def failed(self) -> Exception:
        from fwtrace.toolkit.validators import ValidationError

        error: Exception = ValidationError(
            self.violation_error_message % {"name": self.name},
            code=self.violation_error_code,
        )
        return error


class CheckConstraint(BaseConstraint):
    """A condition that holds of each row."""

    def __init__(self, *, condition: Any, name: str, **options: Any) -> None:
        if not getattr(condition, "conditional", False):
            raise TypeError("CheckConstraint.condition must be a Q or a condition.")
        super().__init__(name=name, **options)
        self.condition = condition

    def in_table(self, model: Any, dialect: Dialect) -> str:
        condition = written(self.condition, model, dialect)
        return f"CONSTRAINT {dialect.quote(self.name)} CHECK ({condition})"

    def validate(self, model: Any, instance: Any, exclude: set[str]) -> None:
        from fwtrace.toolkit.orm.checks import holds

        if not holds(self.condition, model, instance, exclude):
            raise self.failed()


class Deferrable:
    DEFERRED = "DEFERRED"
    IMMEDIATE = "IMMEDIATE"


class UniqueConstraint(BaseConstraint):
    """No two rows are alike in these fields, of those for which a condition holds."""

    def __init__(
        self,
        *expressions: Any,
        fields: Sequence[str] = (),
        name: str,
        condition: Q | None = None,
        deferrable: str | None = None,
        **options: Any,
    ) -> None:
        if bool(expressions) == bool(fields):
            raise ValueError("A UniqueConstraint has either fields or expressions.")
        super().__init__(name=name, **options)
        self.expressions = expressions
        self.fields = tuple(fields)
        self.condition = condition
        self.deferrable = deferrable

    def in_table(self, model: Any, dialect: Dialect) -> str:
        if self.expressions or self.condition is not None:
            return ""
        columns = (dialect.quote(model._meta.get_field(f).column) for f in self.fields)
        sql = f"CONSTRAINT {dialect.quote(self.name)} UNIQUE ({', '.join(columns)})"
        if self.deferrable and dialect.vendor == "postgresql":
            sql += f" DEFERRABLE INITIALLY {self.deferrable}"
        return sql

    def after_table(self, model: Any, dialect: Dialect) -> str:
        if not self.expressions and self.condition is None:
            return ""
        if self.condition is not None and not dialect.has_partial_indexes:
            return ""
        index = Index(
            *self.expressions,
            fields=self.fields,
            name=self.name,
            condition=self.condition,
        )
        return index.create_sql(model, dialect, "UNIQUE ")

    def validate(self, model: Any, instance: Any, exclude: set[str]) -> None:
        from fwtrace.toolkit.orm.checks import holds

        if self.condition is not None:
            if not holds(self.condition, model, instance, exclude):
                return
        if self.expressions or any(name in exclude for name in self.fields):
            return
        meta = model._meta
        fields = [meta.get_field(name) for name in self.fields]
        values = {f.name: getattr(instance, f.attname) for f in fields}
        if any(value is None for value in values.values()):
            return
        rows = model._base_manager.filter(**values)
        if self.condition is not None:
            rows = rows.filter(self.condition)
        if not instance._state.adding and instance.pk is not None:
            rows = rows.exclude(pk=instance.pk)
        if rows.exists():
            raise self.failed()
