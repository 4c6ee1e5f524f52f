"""From rows to what was asked for: one function per shape of a query.

It is written out as source, since it runs once for each row of every query: an
unrolled loop that fills each instance's attributes takes half the time of a general
one.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.dialects import Dialect
from fwtrace.toolkit.orm.exceptions import FieldError
from fwtrace.toolkit.orm.expressions import Col
from fwtrace.toolkit.orm.signals import post_init, pre_init

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model
    from fwtrace.toolkit.orm.sql import Query

__all__ = ["Loader", "is_watched", "loader"]

Loader = Callable[[list[tuple[Any, ...]], Any], list[Any]]
"""``load(rows, database)``"""


def is_watched() -> bool:
    """Whether anybody hears of instances being made."""
    return bool(pre_init.connections or post_init.connections)


def loader(query: Query, dialect: Dialect, watched: bool) -> Loader:
    """What makes instances, dicts, tuples or values of the query's rows."""
    source = _Source(dialect, watched)
    if query.rows == "model":
        source.instances(query)
    else:
        source.plain(query)
    return source.compile()


class _Source:
    """The source of a loader, and the objects that it names."""

    def __init__(self, dialect: Dialect, watched: bool) -> None:
        self.dialect = dialect
        self.watched = watched
        self.lines: list[str] = []
        self.columns: list[str] = []
        self.names: dict[str, Any] = {}
        self.count = 0
        self.result = "made0"
        self.instance_alias = "alias"

    # Rows of values.

    def plain(self, query: Query) -> None:
        columns = query.columns or ()
        values = [self._computed(column.expression) for column in columns]
        names = [column.name for column in columns]
        if query.rows == "dict":
            items = (f"{n!r}: {v}" for n, v in zip(names, values, strict=True))
            self.result = f"{{{', '.join(items)}}}"
        elif query.rows == "flat":
            self.result = values[0]
        else:
            self.result = f"({', '.join(values)},)"
            if query.rows == "named":
                self.names["Row"] = namedtuple("Row", names)
                self.result = f"Row._make({self.result})"

    def _value(self, field: Any) -> str:
        column = f"c{len(self.columns)}"
        self.columns.append(column)
        return self._converted(column, field)

    def _computed(self, expression: Any) -> str:
        if expression.is_key:
            return f"({', '.join(map(self._computed, expression.cols))})"
        column = f"c{len(self.columns)}"
        self.columns.append(column)
        computed = not isinstance(expression, Col)
        return self._converted(column, expression.field_or_none, computed)

    def _converted(self, column: str, field: Any, computed: bool = False) -> str:
        if field is None:
            return column
        text = column
        converter = self.dialect.converter(field.kind, computed)
        decoder = getattr(field, "decoder", None)
        if decoder is not None:
            converter = partial(json.loads, cls=decoder)
        if converter is not None:
            name = f"to_{field.kind}_{int(computed)}_{id(decoder) if decoder else ''}"
            self.names[name] = converter
            text = f"{name}({column})"
        own = getattr(field, "from_db_value", None)
        if own is not None:
            name = f"from_db_{len(self.names)}"
            self.names[name] = own
            return f"{name}(None if {column} is None else {text}, None, database)"
        if text != column and (computed or not field.primary_key or field.null):
            return f"None if {column} is None else {text}"
        return text

    # Instances.

    def instances(self, query: Query) -> None:
        loaded = query.loaded
        made = {"": self._instance(query.model, loaded.get(""))}
        models: dict[str, Any] = {"": query.model}
        for path in query.related:
            parent, _, name = path.rpartition("__")
            relation = models[parent]._meta.find(name)
            models[path] = relation.related_model
            if relation.forward and relation.attname not in loaded.get(
                parent, (relation.attname,)
            ):
                raise FieldError(
                    f"Field {models[parent].__name__}.{name} cannot be both deferred "
                    "and traversed using select_related at the same time."
                )
            made[path] = self._instance(models[path], loaded.get(path), optional=True)
            self._attach(made[parent], relation, made[path], optional=bool(parent))
        for name, expression in query.annotations.items():
            if name not in query.hidden:
                value = self._computed(expression)
                self.lines.append(f"{made['']}.{name} = {value}")

    def _instance(
        self, model: type[Model], loaded: frozenset[str] | None, optional: bool = False
    ) -> str:
        """Make one of the next columns; None for a NULL key if that may be."""
        made, meta = f"made{self.count}", model._meta
        self.count += 1
        values, key, first = [], "", meta.pk_fields[0]
        for field in meta.concrete_fields:
            if loaded is not None and field.attname not in loaded:
                continue
            value = self._value(field)
            values.append((field.attname, value))
            if field is first:
                key = self.columns[-1]
        if self._must_init(model):
            self.names[f"new_{made}"] = _from_db(model)
            named = ", ".join(f"{name!r}" for name, _ in values)
            given = ", ".join(value for _, value in values)
            call = f"{made} = new_{made}(alias, ({named},), ({given},))"
        else:
            self.names |= {
                "State": model.state_class,
                f"{made}_class": model,
                f"new_{made}": model.__new__,
            }
            settings = "; ".join(f"{made}.{name} = {value}" for name, value in values)
            call = (
                f"{made} = new_{made}({made}_class); state = {made}._state = State(); "
                f"state.adding = False; state.db = alias; {settings}"
            )
        if optional:
            self.lines += [f"{made} = None", f"if {key} is not None: {call}"]
        else:
            self.lines.append(call)
        return made

    def _must_init(self, model: type[Model]) -> bool:
        """Someone may notice whether ``from_db`` and ``__init__`` run."""
        own_from_db = model.from_db.__func__ is not model.base_from_db.__func__  # type: ignore[attr-defined]
        return self.watched or own_from_db or model.__init__ is not model.base_init

    def _attach(self, parent: str, relation: Any, child: str, optional: bool) -> None:
        name = relation.cache_name
        if relation.forward:
            line = (
                f"{parent}._state.fields_cache[{name!r}] = "
                f"{parent}.{relation.attname}, {child}"
            )
        else:  # the other side of a one-to-one
            back, attname = relation.field.name, relation.field.attname
            line = f"{parent}._state.fields_cache[{name!r}] = None, {child}"
            self.lines.append(
                f"if {child} is not None: {child}._state.fields_cache[{back!r}] = "
                f"{child}.{attname}, {parent}"
            )
        self.lines.append(f"if {parent} is not None: {line}" if optional else line)

    def compile(self) -> Loader:
        # A DISTINCT may have selected what it orders by after our columns.
        lines = "\n        ".join([*self.lines, f"add({self.result})"])
        source = (
            "def load(rows, database):\n    found = []; add = found.append\n"
            "    alias = database.alias\n"
            f"    for {', '.join(self.columns)}, *_ in rows:\n        {lines}\n"
            "    return found\n"
        )
        exec(source, self.names)  # of our own names and fields', which are identifiers
        load: Loader = self.names["load"]
        return load


def _from_db(model: type[Model]) -> Callable[..., Any]:
    def make(alias: str, names: Any, values: Any) -> Any:
        return model.from_db(alias, names, values)

    return make
