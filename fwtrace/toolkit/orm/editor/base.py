"""SchemaEditor: statements that change tables, as ``django.db`` names them.

Models and fields are given as classes have them: ``add_field(model, field)``, where
``model`` is the model as the table is now, and ``field.model`` the one it becomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.editor.definition import (
    Column,
    Definition,
    Reference,
    bare,
    column_of,
    field_index,
    is_in_table,
)
from fwtrace.toolkit.orm.editor.names import make_name
from fwtrace.toolkit.orm.exceptions import NotSupportedError
from fwtrace.toolkit.orm.introspection import inspect_table, table_names
from fwtrace.toolkit.orm.schema import column_sql

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

    from fwtrace.toolkit.orm.database import Database

__all__ = ["SchemaEditor", "Statement"]


class Statement(NamedTuple):
    """SQL with its parameters, and what takes it back."""

    sql: str
    params: tuple[Any, ...] = ()
    undo: str | None = None


class SchemaEditor:
    """Changes the schema of a database; without one it only collects the SQL.

    As a context manager it is a transaction, where the database can undo changes of its
    schema.
    """

    vendor: ClassVar[str]
    can_rollback_ddl: ClassVar[bool] = True

    def __init__(
        self,
        database: Database | None = None,
        collect_sql: bool = False,
        atomic: bool = True,
    ) -> None:
        self.connection = database
        self.dialect = get_dialect(self.vendor)
        self.collect_sql = collect_sql or database is None
        self.collected: list[Statement] = []
        self.deferred: list[Reference] = []
        """Foreign keys that wait for the tables that they lead to."""
        self.renamed: dict[str, str] = {}
        """Tables by the names that they had: what refers to one has followed it."""
        self.atomic_migration = atomic and self.can_rollback_ddl
        self._atomic: AbstractContextManager[None] | None = None

    @property
    def alias(self) -> str:
        return "default" if self.connection is None else self.connection.alias

    @property
    def collected_sql(self) -> list[str]:
        """The statements as text, each with its semicolon."""
        return [f"{self.shown(each.sql, each.params)};" for each in self.collected]

    def shown(self, sql: str, params: Sequence[Any] = ()) -> str:
        """A statement as a person would type it."""
        marker = self.dialect.marker
        parts = sql.split(marker) if params else [sql]
        values = [*map(self.quote_value, params), ""]
        text = "".join(a + b for a, b in zip(parts, values, strict=False))
        return text.replace("%%", "%") if marker == "%s" else text

    # Running.

    def __enter__(self) -> Self:
        if self.atomic_migration and not self.collect_sql and self.connection:
            self._atomic = self.connection.atomic()
            self._atomic.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        atomic, self._atomic = self._atomic, None
        try:
            if kind is None:
                self.finish()
        except BaseException as late:
            if atomic is not None:
                atomic.__exit__(type(late), late, late.__traceback__)
            raise
        if atomic is not None:
            atomic.__exit__(kind, error, trace)

    @property
    def deferred_sql(self) -> list[str]:
        """The statements that run at the end, once all tables are there."""
        begin, dialect = "ALTER TABLE", self.dialect
        return [
            f"{begin} {self.quote_name(each.table)} ADD {each.sql(dialect)}"
            for each in self.deferred
        ]

    def finish(self) -> None:
        """What is to be done before the transaction ends."""
        waiting, self.deferred = self.deferred, []
        for each in waiting:
            self.alter(each.table, f"ADD {self.reference(each)}")

    def execute(
        self, sql: str, params: Sequence[Any] | None = (), undo: str | None = None
    ) -> None:
        """Run a statement, or collect it. Its placeholders are the driver's; with None
        there are none, and a per cent sign is one. ``undo`` is the statement that
        takes it back without a loss, empty where nothing needs to; None if none can."""
        if params is None:
            params, sql = (), self.escaped(sql)
        if self.collect_sql or self.connection is None:
            self.collected.append(Statement(sql, tuple(params), undo))
        else:
            self.connection.execute(sql, tuple(params))

    def escaped(self, sql: str) -> str:
        """SQL without placeholders, as the driver wants it."""
        return sql.replace("%", "%%") if self.dialect.marker == "%s" else sql

    def settle(self) -> None:
        """Rows were changed: what waits for a check is checked now."""

    def quote_name(self, name: str) -> str:
        return self.dialect.quote(name)

    def quote_value(self, value: Any) -> str:
        """A value within a definition, where there can be no parameter."""
        return self.dialect.constant(self.dialect.adapt(value))

    def alter(self, table: str, *actions: str, undo: str | None = None) -> None:
        """``ALTER TABLE``, with several actions at once; ``undo`` are the actions that
        take them back, empty where nothing needs to."""
        if actions:
            begin, joined = f"ALTER TABLE {self.quote_name(table)}", ", ".join(actions)
            back = f"{begin} {undo}" if undo else undo
            self.execute(f"{begin} {joined}", undo=back)

    # Tables.

    def create_model(self, model: Any) -> None:
        """Create the table, its indexes, and the tables of its pairs."""
        self.create_table(Definition.of(model))
        for many in model._meta.local_many_to_many:
            if many.is_own_table:
                self.create_model(many.through)

    def create_table(self, definition: Definition) -> None:
        self.renamed.pop(definition.table, None)
        table = self.quote_name(definition.table)
        lines = ", ".join(self.lines(definition))
        options = self.dialect.table_options
        self.execute(f"CREATE TABLE {table} ({lines}){options}")
        statements = definition.index_statements(self.dialect, self.free_name)
        for statement in statements.values():
            self.execute(statement)
        self._after_create(definition)

    def lines(self, definition: Definition) -> list[str]:
        """Columns and constraints between the parentheses of CREATE TABLE."""
        made = [self.column(each) for each in definition.fields if is_in_table(each)]
        for field in definition.fields:
            if field.primary_key and not is_in_table(field):
                columns = ", ".join(map(self.quote_name, field.columns))
                made.append(f"PRIMARY KEY ({columns})")
        for group in definition.unique_together:
            made.append(self._unique(definition.table, definition.column_names(group)))
        for constraint in definition.constraints:
            line = constraint.in_table(definition.model, self.dialect)
            made += [line] if line else []
        return made + self.references(definition)

    def references(self, definition: Definition) -> list[str]:
        """The foreign keys among the lines of CREATE TABLE."""
        columns = definition.columns(self.dialect).values()
        found = [column.reference for column in columns if column.reference]
        missing = self._missing({each.target for each in found} - {definition.table})
        self.deferred += [each for each in found if each.target in missing]
        return [self.reference(each) for each in found if each.target not in missing]

    def _missing(self, tables: set[str]) -> set[str]:
        """Those of the tables that are yet to be made."""
        if self.connection is None or not tables:
            return set()
        return tables - set(table_names(self.connection))

    def reference(self, reference: Reference) -> str:
        """A foreign key as a line of a table, of a name that is free."""
        return reference.sql(self.dialect, self.free_name(reference.name))

    def _unique(self, table: str, columns: Sequence[str]) -> str:
        name = self.quote_name(self.free_name(make_name(table, columns, "uniq")))
        return f"CONSTRAINT {name} UNIQUE ({', '.join(map(self.quote_name, columns))})"

    def _after_create(self, definition: Definition) -> None:
        """What a server wants to be told of a table in statements of their own."""

    def column(self, field: Any) -> str:
        """The definition of a column, without its foreign key."""
        return column_sql(field, self.dialect, references=False)

    def delete_model(self, model: Any) -> None:
        """Drop the table, and those of its pairs."""
        for many in model._meta.local_many_to_many:
            if many.is_own_table:
                self.delete_model(many.through)
        table = model._meta.db_table
        self._drop_table(table)
        self.deferred = [each for each in self.deferred if each.table != table]

    def _drop_table(self, table: str) -> None:
        self.execute(f"DROP TABLE {self.quote_name(table)}")

    def alter_db_table(self, model: Any, old: str, new: str) -> None:
        """Rename the table; what refers to it follows."""
        if old != new:
            before, after = self.quote_name(old), self.quote_name(new)
            self.execute(
                f"ALTER TABLE {before} RENAME TO {after}",
                undo=f"ALTER TABLE {after} RENAME TO {before}",
            )
            self.renamed[old] = new
            self.deferred = [_renamed(each, old, new) for each in self.deferred]

    def alter_db_table_comment(
        self, model: Any, old: str | None, new: str | None
    ) -> None:
        """Change the comment of a table, where the database keeps comments."""

    def alter_unique_together(
        self,
        model: Any,
        old: Iterable[Sequence[str]],
        new: Iterable[Sequence[str]],
    ) -> None:
        """Change which groups of fields, by their names, are unique together."""
        before, after = set(map(tuple, old)), set(map(tuple, new))
        meta = model._meta
        actions = []
        for group in sorted(before - after):
            columns = [meta.get_field(name).column for name in group]
            actions += self._drop_unique(model, columns)
        for group in sorted(after - before):
            columns = [meta.get_field(name).column for name in group]
            actions.append(f"ADD {self._unique(meta.db_table, columns)}")
        self.alter(meta.db_table, *actions)

    # Fields.

    def add_field(self, model: Any, field: Any) -> None:
        """Add a column, filled with the field's default; or a table of pairs."""
        if field.many_to_many:
            if field.is_own_table:
                self.create_model(field.through)
            return
        _refuse_key(field)
        if is_in_table(field):
            self._add_column(model, field)

    def _add_column(self, model: Any, field: Any) -> None:
        raise NotImplementedError

    def remove_field(self, model: Any, field: Any) -> None:
        """Drop a column, and what is built upon it; or a table of pairs."""
        if field.many_to_many:
            if field.is_own_table:
                self.delete_model(field.through)
            return
        _refuse_key(field)
        if is_in_table(field):
            self._drop_column(model, field)

    def _drop_column(self, model: Any, field: Any) -> None:
        raise NotImplementedError

    def alter_field(
        self, model: Any, old_field: Any, new_field: Any, strict: bool = False
    ) -> None:
        """Make a column what another field says; nothing, where both say the same.

        Raises ValueError where no column can become the other.
        """
        if old_field.many_to_many and new_field.many_to_many:
            if old_field.is_own_table and new_field.is_own_table:
                self._alter_pairs(old_field, new_field)
                return
            if old_field.is_own_table == new_field.is_own_table:
                return
        if _parts(old_field) != _parts(new_field):
            _refuse_key(old_field)
            _refuse_key(new_field)
        was, is_now = is_in_table(old_field), is_in_table(new_field)
        if not was and not is_now and not old_field.many_to_many:
            return
        if not (was and is_now):
            raise ValueError(
                f"{old_field} cannot be altered to {new_field}: one is a column, the "
                "other a table of pairs. Remove it and add the other."
            )
        old = self._followed(column_of(old_field, self.dialect))
        new = column_of(new_field, self.dialect)
        if old.generated != new.generated and bool(old.generated) != bool(
            new.generated
        ):
            raise ValueError(
                f"{new_field} cannot become a generated column, nor an ordinary one: "
                "remove it and add the other."
            )
        if old == replace_table(new, old) and not self._is_filled(old, new, new_field):
            return
        self._alter_column(model, old_field, new_field, old, new)

    def _followed(self, column: Column) -> Column:
        """The column as it is now that tables have other names."""
        key = column.reference
        if key is None:
            return column
        target = self.renamed.get(key.target, key.target)
        return replace(column, reference=replace(key, target=target))

    def _is_filled(self, old: Column, new: Column, field: Any) -> bool:
        return old.null and not new.null

    def _alter_column(
        self, model: Any, old_field: Any, new_field: Any, old: Column, new: Column
    ) -> None:
        raise NotImplementedError

    def _alter_pairs(self, old_field: Any, new_field: Any) -> None:
        """A relation between other models: the same table of pairs, renamed."""
        old, new = old_field.through, new_field.through
        pairs = (
            (old_field.source_field, new_field.source_field),
            (old_field.target_key, new_field.target_key),
        )
        for before, after in pairs:
            self.alter_field(old, before, after)
        self.alter_db_table(new, old._meta.db_table, new._meta.db_table)

    def effective_default(self, field: Any) -> Any:
        """The value that rows get which are there already, as it is stored; None where
        the database fills them itself, or with NULL."""
        if field.has_db_default() or getattr(field, "generated", False):
            return None
        if field.has_default():
            value = field.get_default()
        elif getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            value = field.pre_save(_Row(field), True)
        elif not field.null and field.blank and field.empty_strings_allowed:
            value = b"" if field.kind == "BinaryField" else ""
        else:
            return None
        return field.get_prep_value(value)

    def filling(self, field: Any) -> str | None:
        """The same as SQL; None where there is nothing to fill in."""
        value = self.effective_default(field)
        return None if value is None else self.quote_value(value)

    # Indexes and constraints.

    def add_index(self, model: Any, index: Any) -> None:
        if statement := index.create_sql(model, self.dialect):
            self.execute(bare(statement, self.dialect))

    def remove_index(self, model: Any, index: Any) -> None:
        if index.create_sql(model, self.dialect):
            self._drop_index(model._meta.db_table, index.name_for(model))

    def _drop_index(self, table: str, name: str) -> None:
        self.execute(f"DROP INDEX {self.quote_name(name)}")

    def rename_index(self, model: Any, old_index: Any, new_index: Any) -> None:
        if new_index.create_sql(model, self.dialect):
            self._rename_index(model, old_index, new_index)

    def _rename_index(self, model: Any, old_index: Any, new_index: Any) -> None:
        raise NotImplementedError

    def rename_index_of(
        self, model: Any, fields: Sequence[str], new_index: Any
    ) -> None:
        """Name the index of these fields, that had a name of the database's."""
        meta = model._meta
        columns = [meta.get_field(name).column for name in fields]
        for found in self.find(model, "index", columns):
            old = new_index.clone()
            old.name = found
            self.rename_index(model, old, new_index)
            return

    def add_constraint(self, model: Any, constraint: Any) -> None:
        line = constraint.in_table(model, self.dialect)
        if line:
            self.alter(model._meta.db_table, f"ADD {line}")
        elif statement := constraint.after_table(model, self.dialect):
            self.execute(bare(statement, self.dialect))

    def remove_constraint(self, model: Any, constraint: Any) -> None:
        if constraint.in_table(model, self.dialect):
            self._drop_constraint(model._meta.db_table, constraint)
        elif constraint.after_table(model, self.dialect):
            self._drop_index(model._meta.db_table, constraint.name)

    def _drop_constraint(self, table: str, constraint: Any) -> None:
        self.alter(table, f"DROP CONSTRAINT {self.quote_name(constraint.name)}")

    # What is there.

    def find(self, model: Any, kind: str, columns: Sequence[str]) -> list[str]:
        """The name of the constraint of that kind on these columns of a model's table,
        as the database has it, if it has one; where there is no database to ask, as it
        would be called. Those that the model's Meta names are not meant."""
        meta = model._meta
        usual = self.usual_name(meta.db_table, kind, columns)
        if self.connection is None:
            return [usual]
        table = inspect_table(self.connection, meta.db_table)
        declared = {each.name for each in (*meta.indexes, *meta.constraints)}
        names = [each.name for each in table.find(kind, columns)] if table else []
        names = [name for name in names if name not in declared]
        return [usual] if usual in names else names[:1]

    def usual_name(self, table: str, kind: str, columns: Sequence[str]) -> str:
        suffixes = {"foreign": "fk", "index": "idx", "unique": "uniq"}
        return make_name(table, columns, suffixes[kind])

    def _drop_unique(self, model: Any, columns: Sequence[str]) -> list[str]:
        """The actions that make columns not unique."""
        return [
            f"DROP CONSTRAINT {self.quote_name(name)}"
            for name in self.find(model, "unique", columns)
        ]

    def free_name(self, name: str) -> str:
        """The name, or one like it, for tables that were renamed keep theirs."""
        free, number = name, 2
        while self.is_taken(free):
            free, number = f"{name}{number}", number + 1
        return free

    def is_taken(self, name: str) -> bool:
        """Whether an index or a constraint is called so, where that would collide."""
        return False

    def field_index(self, table: str, column: str) -> str:
        name = self.free_name(make_name(table, [column], "idx"))
        return field_index(table, column, self.dialect, name)


def replace_table(column: Column, like: Column) -> Column:
    """The column with its foreign key called as the other's: a table's new name is no
    change of its columns."""
    one, other = column.reference, like.reference
    if one is None or other is None or one.column != other.column:
        return column
    return replace(column, reference=replace(one, table=other.table))


def _parts(field: Any) -> list[str]:
    """The columns of a key of several, none of any other field."""
    is_key = field.primary_key and not is_in_table(field)
    return list(field.columns) if is_key else []


def _refuse_key(field: Any) -> None:
    """As in Django, a table keeps the kind of key that it was made with."""
    if _parts(field):
        raise NotSupportedError(
            f"{field} is a key of several columns, which a table has from its "
            "beginning or never: create a new model with it, and copy the rows"
        )


def _renamed(reference: Reference, old: str, new: str) -> Reference:
    """A foreign key once one of its tables has another name."""
    table, target = reference.table, reference.target
    return replace(
        reference,
        table=new if table == old else table,
        target=new if target == old else target,
    )


def is_moved(old: Column, new: Column) -> bool:
    """Whether a foreign key, if there is any, has to be made anew: it leads to another
    column, or its own has another type."""
    if old.reference is None or new.reference is None:
        return old.reference is not new.reference
    same = (old.reference.target, old.reference.target_column)
    return old.type != new.type or same != (
        new.reference.target,
        new.reference.target_column,
    )


class _Row:
    """What a field that fills in a moment puts it on."""

    def __init__(self, field: Any) -> None:
        setattr(self, field.attname, None)
