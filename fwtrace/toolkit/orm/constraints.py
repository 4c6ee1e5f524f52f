"""Indexes and constraints of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Self

from fwtrace.toolkit.orm.compiler import SQLCompiler
from fwtrace.toolkit.orm.expressions import as_ordering
from fwtrace.toolkit.orm.fields import recipe
from fwtrace.toolkit.orm.slots import Const, Scope, Slots
from fwtrace.toolkit.orm.where import Q

if TYPE_CHECKING:
    from fwtrace.toolkit.deconstruct import Recipe
    from fwtrace.toolkit.orm.dialects import Dialect

__all__ = [
    "BaseConstraint",
    "CheckConstraint",
    "Deferrable",
    "Index",
    "UniqueConstraint",
]


def written(node: Any, model: Any, dialect: Dialect) -> str:
    """An expression with its constants written out, columns without their table."""
    from fwtrace.toolkit.orm.sql import Query

    query, slots = Query(model), Slots()
    node.split(slots)
    resolved = node.resolve(Scope(query, slots, allow_joins=False))
    sql, params = _Definition(query, dialect).compile(resolved)
    constants = iter([_constant(param, slots, dialect) for param in params])
    # A list has one place in the text, and "%%" stands for a "%".
    places = f"%%|{re.escape(dialect.marker)}|\0"
    return re.sub(places, lambda at: at[0] if at[0] == "%%" else next(constants), sql)


def _constant(param: Any, slots: Slots, dialect: Dialect) -> str:
    value = _value(param, slots)
    is_list = not isinstance(param, Const) and param.many
    each = (dialect.constant(dialect.adapt(v)) for v in (value if is_list else [value]))
    return ", ".join(each)


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


class Declared:
    """What a model's Meta declares: two that were made alike are equal."""

    name: str
    expressions: tuple[Any, ...] = ()

    def options(self) -> dict[str, Any]:
        """What it was given by name; what is empty says nothing."""
        raise NotImplementedError

    def deconstruct(self) -> Recipe:
        """How to make it again: ``("fwtrace.toolkit.orm.Index", (), {"fields": ...})``,
        without what is empty."""
        empty: tuple[Any, ...] = (None, "", (), [])
        given = {k: v for k, v in self.options().items() if v not in empty}
        return recipe.path(type(self)), self.expressions, given

    def clone(self) -> Self:
        _, args, options = self.deconstruct()
        return type(self)(*args, **options)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        _, args, options = self.deconstruct()
        named = (f"{name}={value!r}" for name, value in options.items())
        return f"{type(self).__name__}({', '.join([*map(repr, args), *named])})"


class Index(Declared):
    """An index of fields, ``Index(fields=["-added", "title"])``, or of expressions.

    Of ``include``, ``opclasses`` and ``db_tablespace`` only PostgreSQL knows.
    """

    def __init__(
        self,
        *expressions: Any,
        fields: Sequence[str] = (),
        name: str = "",
        condition: Q | None = None,
        include: Sequence[str] | None = None,
        opclasses: Sequence[str] = (),
        db_tablespace: str | None = None,
    ) -> None:
        if bool(expressions) == bool(fields):
            raise ValueError("An Index has either fields or expressions.")
        if expressions and not name:
            raise ValueError("An index needs a name if it is of expressions.")
        _check_opclasses(opclasses, fields)
        self.expressions = expressions
        self.fields = list(fields)
        self.name = name
        self.condition = condition
        self.include = tuple(include or ())
        self.opclasses = tuple(opclasses)
        self.db_tablespace = db_tablespace

    def options(self) -> dict[str, Any]:
        return {
            "fields": self.fields,
            "name": self.name,
            "condition": self.condition,
            "include": self.include,
            "opclasses": self.opclasses,
            "db_tablespace": self.db_tablespace,
        }

    def name_for(self, model: Any) -> str:
        if self.name:
            return self.name
        import hashlib

        table = model._meta.db_table
        names = "_".join(field.lstrip("-") for field in self.fields)
        digest = hashlib.sha256(f"{table}_{names}".encode()).hexdigest()[:6]
        return f"{table[:20]}_{names[:20]}_{digest}_idx"

    def set_name_with_model(self, model: Any) -> None:
        """Take the name that it has in the table, where it was given none."""
        self.name = self.name_for(model)

    def create_sql(
        self, model: Any, dialect: Dialect, unique: str = "", nulls: str = ""
    ) -> str:
        """CREATE INDEX; empty where the database has no indexes of expressions."""
        if self.expressions and not dialect.has_expression_indexes:
            return ""
        quote, meta = dialect.quote, model._meta
        is_postgresql = dialect.vendor == "postgresql"
        opclasses = self.opclasses if is_postgresql else ()
        parts = [
            written(as_ordering(each), model, dialect) for each in self.expressions
        ]
        for name, opclass in zip_longest(self.fields, opclasses):
            column = quote(meta.get_field(name.lstrip("-")).column)
            column += f" {opclass}" if opclass else ""
            parts.append(f"{column} DESC" if name.startswith("-") else column)
        name, table = quote(self.name_for(model)), quote(meta.db_table)
        sql = f"CREATE {unique}INDEX {dialect.if_not_exists}{name} ON {table}"
        sql += f" ({', '.join(parts)})"
        sql += included(self.include, model, dialect) + nulls
        if self.db_tablespace and is_postgresql:
            sql += f" TABLESPACE {quote(self.db_tablespace)}"
        if self.condition is not None and dialect.has_partial_indexes:
            sql += f" WHERE {written(self.condition, model, dialect)}"
        return sql


def included(names: Sequence[str], model: Any, dialect: Dialect) -> str:
    """`` INCLUDE (...)``: columns that an index only carries."""
    if not names or dialect.vendor != "postgresql":
        return ""
    columns = (dialect.quote(model._meta.get_field(name).column) for name in names)
    return f" INCLUDE ({', '.join(columns)})"


def _check_opclasses(opclasses: Sequence[str], fields: Sequence[str]) -> None:
    if opclasses and len(opclasses) != len(fields):
        raise ValueError(
            f"opclasses has one for each of the fields: there are {len(fields)} "
            f"fields and {len(opclasses)} opclasses."
        )


class BaseConstraint(Declared):
    """A rule for all rows of a table."""

    default_message: Any = "Constraint “%(name)s” is violated."

    def __init__(
        self,
        *,
        name: str,
        violation_error_code: str | None = None,
        violation_error_message: Any = None,
    ) -> None:
        self.name = name
        self.violation_error_message = violation_error_message or self.default_message
        self.violation_error_code = violation_error_code

    def options(self) -> dict[str, Any]:
        message = self.violation_error_message
        own = None if message == self.default_message else message
        return {
            "name": self.name,
            "violation_error_code": self.violation_error_code,
            "violation_error_message": own,
        }

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

    def options(self) -> dict[str, Any]:
        return {"condition": self.condition, **super().options()}

    def in_table(self, model: Any, dialect: Dialect) -> str:
        condition = written(self.condition, model, dialect)
        return f"CONSTRAINT {dialect.quote(self.name)} CHECK ({condition})"

    def validate(self, model: Any, instance: Any, exclude: set[str]) -> None:
        from fwtrace.toolkit.orm.checks import holds

        if not holds(self.condition, model, instance, exclude):
            raise self.failed()


class Deferrable(Enum):
    """When a constraint is checked: as the transaction ends, or unless it is told to
    wait until then, after each statement."""

    DEFERRED = "deferred"
    IMMEDIATE = "immediate"

    def __repr__(self) -> str:
        return f"Deferrable.{self.name}"


class UniqueConstraint(BaseConstraint):
    """No two rows are alike in these fields, of those for which a condition holds.

    Of ``deferrable``, ``include``, ``opclasses`` and ``nulls_distinct`` only PostgreSQL
    knows.
    """

    def __init__(
        self,
        *expressions: Any,
        fields: Sequence[str] = (),
        name: str,
        condition: Q | None = None,
        deferrable: Deferrable | None = None,
        include: Sequence[str] | None = None,
        opclasses: Sequence[str] = (),
        nulls_distinct: bool | None = None,
        **options: Any,
    ) -> None:
        if bool(expressions) == bool(fields):
            raise ValueError("A UniqueConstraint has either fields or expressions.")
        _check_opclasses(opclasses, fields)
        super().__init__(name=name, **options)
        self.expressions = expressions
        self.fields = tuple(fields)
        self.condition = condition
        self.deferrable = deferrable
        self.include = tuple(include or ())
        self.opclasses = tuple(opclasses)
        self.nulls_distinct = nulls_distinct
        self._check_deferrable()

    def _check_deferrable(self) -> None:
        if self.deferrable is None:
            return
        if not isinstance(self.deferrable, Deferrable):
            raise TypeError(
                "deferrable is Deferrable.DEFERRED or Deferrable.IMMEDIATE, not "
                f"{self.deferrable!r}."
            )
        if self.is_index or self.include:
            raise ValueError(
                "A UniqueConstraint that is deferrable has fields only: no condition, "
                "no expressions, no include, no opclasses."
            )

    @property
    def is_index(self) -> bool:
        """It says more than a constraint within a table can."""
        return bool(self.expressions or self.opclasses) or self.condition is not None

    def options(self) -> dict[str, Any]:
        return {
            "fields": self.fields,
            "condition": self.condition,
            "deferrable": self.deferrable,
            "include": self.include,
            "opclasses": self.opclasses,
            "nulls_distinct": self.nulls_distinct,
            **super().options(),
        }

    def nulls(self, dialect: Dialect) -> str:
        """`` NULLS NOT DISTINCT``: at most one of the rows has none of the values."""
        if self.nulls_distinct is None or dialect.vendor != "postgresql":
            return ""
        return f" NULLS {'' if self.nulls_distinct else 'NOT '}DISTINCT"

    def in_table(self, model: Any, dialect: Dialect) -> str:
        if self.is_index:
            return ""
        columns = (dialect.quote(model._meta.get_field(f).column) for f in self.fields)
        sql = f"CONSTRAINT {dialect.quote(self.name)} UNIQUE{self.nulls(dialect)}"
        sql += f" ({', '.join(columns)}){included(self.include, model, dialect)}"
        if self.deferrable and dialect.vendor == "postgresql":
            sql += f" DEFERRABLE INITIALLY {self.deferrable.name}"
        return sql

    def after_table(self, model: Any, dialect: Dialect) -> str:
        if not self.is_index:
            return ""
        if self.condition is not None and not dialect.has_partial_indexes:
            return ""
        index = Index(
            *self.expressions,
            fields=self.fields,
            name=self.name,
            condition=self.condition,
            include=self.include,
            opclasses=self.opclasses,
        )
        return index.create_sql(model, dialect, "UNIQUE ", self.nulls(dialect))

    def validate(self, model: Any, instance: Any, exclude: set[str]) -> None:
        from fwtrace.toolkit.orm.checks import holds

        if self.condition is not None:
            if not holds(self.condition, model, instance, exclude):
                return
        if self.expressions or any(name in exclude for name in self.fields):
            return
        meta = model._meta
        fields = [meta.get_field(name) for name in self.fields]
        if any(field.generated for field in fields):
            return  # the database alone knows what it would be
        values = {f.name: getattr(instance, f.attname) for f in fields}
        has_nothing = any(value is None for value in values.values())
        if has_nothing and self.nulls_distinct is not False:
            return
        rows = model._base_manager.filter(**values)
        if self.condition is not None:
            rows = rows.filter(self.condition)
        if not instance._state.adding and instance._is_pk_set():
            rows = rows.exclude(pk=instance.pk)
        if rows.exists():
            raise self.failed()
