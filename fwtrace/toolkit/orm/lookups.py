"""Lookups: what stands after the double underscore, and the SQL that it becomes.

Each is a node with ``as_sql``; the table at the end is all the compiler knows of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.exceptions import FieldError
from fwtrace.toolkit.orm.expressions import SQL, Col

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler

__all__ = ["LOOKUPS", "In", "IsNull", "Lookup", "register_lookup"]


class Lookup:
    """A comparison of a column (``lhs``) with a value (``rhs``)."""

    name: ClassVar[str]

    def __init__(self, lhs: Col, rhs: Any) -> None:
        self.lhs = lhs
        self.rhs = self.prepare(rhs)

    def prepare(self, rhs: Any) -> Any:
        return self.lhs.field.get_prep_value(rhs)

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        raise NotImplementedError


class Comparison(Lookup):
    """``column <operator> ?``"""

    operator: ClassVar[str]

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        column, params = self.lhs.as_sql(compiler)
        return f"{column} {self.operator} ?", [*params, compiler.adapt(self.rhs)]


class Exact(Comparison):
    name = "exact"
    operator = "="


class GreaterThan(Comparison):
    name = "gt"
    operator = ">"


class GreaterThanOrEqual(Comparison):
    name = "gte"
    operator = ">="


class LessThan(Comparison):
    name = "lt"
    operator = "<"


class LessThanOrEqual(Comparison):
    name = "lte"
    operator = "<="


class IsNull(Lookup):
    name = "isnull"

    def prepare(self, rhs: Any) -> bool:
        if not isinstance(rhs, bool):
            raise FieldError(
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
            raise FieldError(
                f"The lookup {self.lhs.field.name}__in takes a list or a queryset, "
                f"not {rhs!r}."
            )
        prepared = [self.lhs.field.get_prep_value(each) for each in rhs]
        return [each for each in prepared if each is not None]

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        column, params = self.lhs.as_sql(compiler)
        if hasattr(self.rhs, "as_subquery"):
            inner, inner_params = self.rhs.as_subquery(compiler)
            return f"{column} IN ({inner})", [*params, *inner_params]
        if not self.rhs:
            return "0 = 1", []  # in nothing: no row
        places = ", ".join("?" * len(self.rhs))
        adapted = map(compiler.adapt, self.rhs)
        return f"{column} IN ({places})", [*params, *adapted]


class Pattern(Lookup):
    """``LIKE``, the value's own wildcards escaped.

    As in Django on SQLite, ASCII letters match in either case.
    """

    template: ClassVar[str]

    def prepare(self, rhs: Any) -> str:
        return str(rhs)

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        column, params = self.lhs.as_sql(compiler)
        text = self.rhs
        for char in "\\%_":
            text = text.replace(char, "\\" + char)
        return f"{column} LIKE ? ESCAPE '\\'", [*params, self.template.format(text)]


class IExact(Pattern):
    name = "iexact"
    template = "{}"


class Contains(Pattern):
    name = "contains"
    template = "%{}%"


class IContains(Contains):
    name = "icontains"


class StartsWith(Pattern):
    name = "startswith"
    template = "{}%"


class EndsWith(Pattern):
    name = "endswith"
    template = "%{}"


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
