"""From rows to instances: one function per model and select_related paths.

It is written out as source, since it runs once for each row of every query: an
unrolled loop that fills each instance's attributes takes half the time of a general
one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.database import Database, Row
from fwtrace.toolkit.orm.signals import post_init, pre_init

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.fields import Field
    from fwtrace.toolkit.orm.models import Model

__all__ = ["Loader", "loader"]

Loader = Callable[[list[Row]], list[Any]]


def loader(model: type[Model], database: Database, related: Sequence[str]) -> Loader:
    """What makes instances of rows: the model's columns, then those of each path."""
    watched = bool(pre_init.connections or post_init.connections)
    backend: Any = type(database)
    return _loader(model, backend, tuple(related), watched)


@lru_cache(maxsize=512)
def _loader(
    model: type[Model], backend: type[Database], related: tuple[str, ...], watched: bool
) -> Loader:
    source = _Source(backend, watched)
    names = {"": source.instance(model)}
    models = {"": model}
    for path in related:
        parent, _, name = path.rpartition("__")
        field = models[parent]._meta.get_field(name)
        models[path] = field.related_model  # type: ignore[attr-defined]
        names[path] = source.instance(models[path], optional=True)
        source.attach(names[parent], field, names[path], optional=bool(parent))
    return source.compile(names[""])


class _Source:
    """The source of a loader, and the objects that it names."""

    def __init__(self, backend: type[Database], watched: bool) -> None:
        self.backend = backend
        self.watched = watched
        self.lines: list[str] = []
        self.columns: list[str] = []
        self.names: dict[str, Any] = {}
        self.count = 0

    def instance(self, model: type[Model], optional: bool = False) -> str:
        """Make one of the next columns; None for a NULL key if that may be."""
        made, meta = f"made{self.count}", model._meta
        self.count += 1
        values = []
        for field in meta.fields:
            column = f"c{len(self.columns)}"
            self.columns.append(column)
            values.append((field.attname, self._converted(column, field.kind)))
            if field is meta.pk:
                key = column
        self.names[f"new_{made}"] = self._maker(model)
        if self._must_init(model):
            named = ", ".join(f"{name!r}: {value}" for name, value in values)
            call = f"{made} = new_{made}({{{named}}})"
        else:
            self.names |= {"State": model.state_class, f"{made}_class": model}
            settings = "; ".join(f"{made}.{name} = {value}" for name, value in values)
            call = (
                f"{made} = new_{made}({made}_class); state = {made}._state = State(); "
                f"state.adding = False; {settings}"
            )
        if optional:
            self.lines += [f"{made} = None", f"if {key} is not None: {call}"]
        else:
            self.lines.append(call)
        return made

    def _converted(self, column: str, kind: str) -> str:
        converter = self.backend.converters.get(kind)
        if converter is None:
            return column
        self.names[kind] = converter
        return f"{kind}({column})"

    def _must_init(self, model: type[Model]) -> bool:
        """Someone may notice whether ``__init__`` runs."""
        return self.watched or model.__init__ is not model.base_init

    def _maker(self, model: type[Model]) -> Callable[..., Any]:
        if not self._must_init(model):
            return model.__new__

        def make(values: dict[str, Any]) -> Any:
            made = model(**values)
            made._state.adding = False
            return made

        return make

    def attach(self, parent: str, field: Field, child: str, optional: bool) -> None:
        line = (
            f"{parent}._state.fields_cache[{field.name!r}] = "
            f"{parent}.{field.attname}, {child}"
        )
        self.lines.append(f"if {parent} is not None: {line}" if optional else line)

    def compile(self, result: str) -> Loader:
        # A DISTINCT may have selected what it orders by after our columns.
        lines = "\n        ".join([*self.lines, f"add({result})"])
        source = (
            "def load(rows):\n    found = []; add = found.append\n"
            f"    for {', '.join(self.columns)}, *_ in rows:\n        {lines}\n"
            "    return found\n"
        )
        exec(source, self.names)  # of our own names and fields', which are identifiers
        load: Loader = self.names["load"]
        return load
