"""Lookups: what stands after the double underscore, and the SQL that it becomes.

Each is a node with ``as_sql``; the table at the end is all the compiler knows of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.expressions import SQL, Col
from fwtrace.toolkit.orm.fields import IntegerField

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler

__all__ = ["LOOKUPS", "In", "IsNull", "Lookup", "Pattern", "register_lookup"]

NOTHING = "0 = 1"
LONGEST_PATTERN = 50_000  # bytes; SQLite's LIKE refuses more


class Lookup:
    """A comparison of a column (``lhs``) with a value (``rhs``)."""

    name: ClassVar[str]

    def __init__(self, lhs: Col, rhs: Any) -> None:
        self.lhs = lhs
        self.rhs = self.prepare(rhs)

    def prepare(self, rhs: Any) -> Any:
        """The value, checked: ValueError names the field and what it takes."""
        return self.lhs.field.get_prep_value(self.something(rhs))

    def something(self, rhs: Any) -> Any:
        if rhs is None:
            name = self.lhs.field.name
            raise ValueError(
                f"The lookup {name}__{self.name} takes no None: use {name}__isnull."
            )
        return rhs

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        raise NotImplementedError


class Comparison(Lookup):
    """``column <operator> ?``"""

    operator: ClassVar[str]

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        column, params = self.lhs.as_sql(compiler)
        value = self.rhs
        if type(value) is int and value not in compiler.database.integers:
            return self.beyond(column, value > 0), params
        return f"{column} {self.operator} ?", [*params, compiler.adapt(value)]

    def beyond(self, column: str, above: bool) -> str:
        """Compared with a number larger (or smaller) than all that there can be."""
        holds = self.operator[0] == ("<" if above else ">")
        return f"{column} IS NOT NULL" if holds else NOTHING


class Exact(Comparison):
    name = "exact"
    operator = "="


class GreaterThan(Comparison):
    name = "gt"
    operator = ">"


class GreaterThanOrEqual(Comparison):
    name = "gte"
    operator = ">="

    def prepare(self, rhs: Any) -> Any:
        return super().prepare(_next_whole(self.lhs, rhs))


class LessThan(Comparison):
    name = "lt"
    operator = "<"

    def prepare(self, rhs: Any) -> Any:
        return super().prepare(_next_whole(self.lhs, rhs))


class LessThanOrEqual(Comparison):
    name = "lte"
    operator = "<="


def _next_whole(col: Col, value: Any) -> Any:
    """At least 2.5 is at least 3 to whole numbers, where ``int`` would make it 2."""
    whole = isinstance(value, float) and isinstance(col.field, IntegerField)
    return math.ceil(value) if whole and math.isfinite(value) else value


class IsNull(Lookup):
    name = "isnull"

    def prepare(self, rhs: Any) -> bool:
        if not isinstance(rhs, bool):
            raise ValueError(
                f"The lookup {self.lhs.field.name}__isnull takes True or False, "
                f"not {rhs!r}."
            )
        return rhs

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        column, params = self.lhs.as_sql(compiler)
        return f"{column} IS {'' if self.rhs else 'NOT '}NULL", params


class In(Lookup):
    """In a list of values, or in the rows of a queryset."""

    name = "in"

    def prepare(self, rhs: Any) -> Any:
        if hasattr(rhs, "as_subquery"):
            return rhs
        if isinstance(rhs, (str, bytes)) or not hasattr(rhs, "__iter__"):
            raise TypeError(
                f"The lookup {self.lhs.field.name}__in takes a list or a queryset, "
                f"not {rhs!r}."
            )
        prepared = dict.fromkeys(map(self.lhs.field.get_prep_value, rhs))
        return [each for each in prepared if each is not None]

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        column, params = self.lhs.as_sql(compiler)
        if hasattr(self.rhs, "as_subquery"):
            inner, inner_params = self.rhs.as_subquery(compiler)
            return f"{column} IN ({inner})", [*params, *inner_params]
        integers = compiler.database.integers
        values = [
            compiler.adapt(each)
            for each in self.rhs
            if type(each) is not int or each in integers
        ]
        if not values:
            return NOTHING, []
        return f"{column} IN ({', '.join('?' * len(values))})", [*params, *values]


class Pattern(Lookup):
    """``LIKE``, the value's own wildcards escaped.

    As in Django on SQLite, ASCII letters match in either case.
    """

    template: ClassVar[str]
    function: ClassVar[str]
    """The same without LIKE, for what SQLite's cannot take; ``{size}`` in bytes."""

    def prepare(self, rhs: Any) -> str:
        return str(self.something(rhs))

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        column, params = self.lhs.as_sql(compiler)
        text = self.rhs
        for char in "\\%_":
            text = text.replace(char, "\\" + char)
        pattern = self.template.format(text)
        size = len(pattern.encode("utf-8", "surrogatepass"))
        if size > LONGEST_PATTERN or "\0" in pattern:
            size = len(self.rhs.encode("utf-8", "surrogatepass"))
            return self.function.format(column=column, size=size), [*params, self.rhs]
        return f"{column} LIKE ? ESCAPE '\\'", [*params, pattern]


class IExact(Pattern):
    name = "iexact"
    template = "{}"
    function = "lower({column}) = lower(?)"


class Contains(Pattern):
    name = "contains"
    template = "%{}%"
    function = "instr(lower({column}), lower(?)) > 0"


class IContains(Contains):
    name = "icontains"


class StartsWith(Pattern):
    name = "startswith"
    template = "{}%"
    function = "instr(lower({column}), lower(?)) = 1"


class EndsWith(Pattern):
    name = "endswith"
    template = "%{}"
    function = "substr(CAST(lower({column}) AS blob), -{size}) = CAST(lower(?) AS blob)"


LOOKUPS: dict[str, type[Lookup]] = {}


def register_lookup(lookup: type[Lookup]) -> type[Lookup]:
    """Make a lookup known by its name; may be used as a decorator."""
    LOOKUPS[lookup.name] = lookup
    return lookup


for _lookup in (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
    IsNull,
    In,
    IExact,
    Contains,
    IContains,
    StartsWith,
    EndsWith,
):
    register_lookup(_lookup)
