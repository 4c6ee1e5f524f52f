"""Plans: what a chain of queryset methods comes to, worked out once for each shape.

A queryset is a plan and the values that go into it. ``filter(age__gt=30)`` and
``filter(age__gt=50)`` have one plan; its names were resolved and its SQL was compiled
when it was first needed. Plans form a tree: each method leads from one to another.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from fwtrace.toolkit.orm.compiler import ALL_ROWS, LIMITS_MARK, Limits, SQLCompiler
from fwtrace.toolkit.orm.dialects import Dialect, get_dialect
from fwtrace.toolkit.orm.loading import Loader, loader
from fwtrace.toolkit.orm.slots import Const, Param, Slots
from fwtrace.toolkit.orm.sql import Query

__all__ = ["Plan", "Statement"]

MOST = 500
"""Children of one plan, and statements of one: past it they are made anew."""


class Plan:
    """A query that is complete, the plans that go on from it, and its statements."""

    __slots__ = ("children", "prepares", "query", "statements")

    def __init__(
        self, query: Query, prepares: Sequence[Callable[[Any], Any] | None] = ()
    ) -> None:
        self.query = query
        self.prepares = tuple(prepares)
        """What is done to each value of the last method."""
        self.children: dict[Hashable, Plan] = {}
        self.statements: dict[Hashable, Statement] = {}

    def __reduce__(self) -> Any:
        return (Plan, (self.query,))

    def grow(
        self, key: Hashable | None, slots: Slots, build: Callable[[Query, Slots], None]
    ) -> Plan:
        """The plan that a method leads to; a key of None is for this once."""
        query = self.query.clone()
        build(query, slots)
        count = len(slots.values)
        prepares = [slots.prepares.get(slots.base + n) for n in range(count)]
        made = Plan(query, prepares)
        if key is not None and not slots.is_volatile:
            if len(self.children) >= MOST:
                self.children.clear()
            self.children[key] = made
        return made

    def statement(
        self,
        kind: Hashable,
        vendor: str,
        limits: Limits,
        write: Callable[[SQLCompiler], Any],
    ) -> Statement:
        """The statement of that kind, compiled at first."""
        is_limited = limits != ALL_ROWS
        key = (kind, vendor, is_limited)
        found = self.statements.get(key)
        if found is None:
            dialect = get_dialect(vendor)
            compiler = SQLCompiler(
                self.query.clone(), dialect, limits=limits, marks_limits=is_limited
            )
            sql, params = write(compiler)
            found = Statement(sql, params, dialect, self.query)
            if len(self.statements) >= MOST:
                self.statements.clear()
            self.statements[key] = found
        return found


class Statement:
    """SQL, and how its parameters are made of a queryset's values."""

    __slots__ = (
        "_loaders",
        "_query",
        "adapters",
        "dialect",
        "has_lists",
        "params",
        "prepares",
        "sql",
    )

    def __init__(
        self, sql: str, params: Sequence[Param | Const], dialect: Dialect, query: Query
    ) -> None:
        self.sql = sql
        self.dialect = dialect
        self.adapters = dialect.adapters
        self.params = tuple(
            Const(dialect.adapt(each.value)) if isinstance(each, Const) else each
            for each in params
        )
        self.has_lists = any(isinstance(p, Param) and p.many for p in self.params)
        self.prepares: tuple[Callable[[Any], Any] | None, ...] = ()
        """What is done to the values of an UPDATE, which come after the query's."""
        self._query = query
        self._loaders: dict[bool, Loader] = {}

    def loader(self, watched: bool) -> Loader:
        found = self._loaders.get(watched)
        if found is None:
            found = self._loaders[watched] = loader(self._query, self.dialect, watched)
        return found

    def bind(self, values: Sequence[Any], limits: Limits) -> tuple[str, list[Any]]:
        """The SQL and its parameters for these values."""
        sql = self.sql
        if limits != ALL_ROWS:
            sql = sql.replace(LIMITS_MARK, self.dialect.limit(*limits))
        if self.has_lists:
            return self._bind_lists(sql, values)
        adapters = self.adapters.get
        found = []
        for param in self.params:
            if len(param) == 1:
                found.append(param[0])
                continue
            slot, process, _ = param
            value = values[slot]
            if process is not None:
                value = process(value)
            adapt = adapters(type(value))
            found.append(value if adapt is None else adapt(value))
        return sql, found

    def _bind_lists(self, sql: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """Lists are written out: ``IN (?, ?, ?)``."""
        adapt = self.dialect.adapt
        found: list[Any] = []
        texts = sql.split("\0")
        sql = texts.pop(0)
        for param in self.params:
            if isinstance(param, Const):
                found.append(param.value)
                continue
            value = values[param.slot]
            if param.many:
                listed = param.process or self.dialect.listed
                text, more = listed([adapt(each) for each in value])
                found += more
                sql += text + texts.pop(0)
            else:
                if param.process is not None:
                    value = param.process(value)
                found.append(adapt(value))
        return sql, found
