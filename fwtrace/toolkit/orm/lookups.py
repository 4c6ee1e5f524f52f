"""Lookups: what stands after the double underscore, and the SQL that it becomes.

A lookup compares, and gives true or false; a transform gives another value, which a
further transform or a lookup may follow: ``added__year__gte``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from fwtrace.toolkit.orm import fields
from fwtrace.toolkit.orm.exceptions import FieldError, OutOfRange
from fwtrace.toolkit.orm.expressions import (
    Expression,
    Func,
    Given,
    Parameter,
    as_expression,
    plain,
)
from fwtrace.toolkit.orm.slots import Const, Param, Scope
from fwtrace.toolkit.orm.where import FALSE, NULL, TRUE, Nothing

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.fields import Field
    from fwtrace.toolkit.orm.slots import SQL

__all__ = [
    "Fixed",
    "Lookup",
    "Row",
    "Transform",
    "find_lookup",
    "is_lookup_name",
    "lookup_names",
    "register_lookup",
    "whole_numbers",
]

L = TypeVar("L", bound=type)

_registered: dict[type, dict[str, type]] = {}


def register_lookup(
    lookup: type | None = None, field: type[Any] = fields.Field, name: str = ""
) -> Any:
    """Make a lookup or a transform known to a class of fields, by its name.

    ``register_lookup(NotEqual)``, ``@register_lookup(field=CharField)``.
    """

    def register(given: L) -> L:
        known = _registered.setdefault(field, {})
        known[name or given.lookup_name] = given  # type: ignore[attr-defined]
        return given

    return register if lookup is None else register(lookup)


def find_lookup(field: Any, name: str) -> Any:
    """The lookup or transform of that name for values of the field; None if none."""
    for kind in type(field).__mro__:
        found = _registered.get(kind, {}).get(name)
        if found is not None:
            return found
    return None


def lookup_names(field: Any) -> list[str]:
    """Every lookup and transform that the field knows."""
    kinds = [_registered.get(kind, {}) for kind in type(field).__mro__]
    return sorted({name for known in kinds for name in known})


def is_lookup_name(name: str) -> bool:
    """Whether any kind of field has a lookup or a transform of that name."""
    return any(name in known for known in _registered.values())


class Lookup(Expression):
    """A comparison of ``lhs`` with ``rhs``: a parameter, an expression, a queryset."""

    parts = ("lhs", "rhs")
    conditional = True
    lookup_name: ClassVar[str] = ""
    is_listed: ClassVar[bool] = False
    """The right-hand side is a list."""

    def __init__(self, lhs: Any, rhs: Any) -> None:
        self.lhs = as_expression(lhs)
        self.rhs = rhs if hasattr(rhs, "as_sql") else as_expression(rhs, _as_value)

    def given(self) -> Given:
        rhs = self.rhs.value if isinstance(self.rhs, Fixed) else self.rhs
        return (plain(self.lhs), rhs), {}

    def infer_field(self) -> Field:
        return fields.BooleanField()

    # Made of a condition of filter().

    @classmethod
    def of(cls, lhs: Any, value: Any, place: int | None, scope: Scope) -> Any:
        """The node for ``filter(lhs__lookup=value)``; the value has the number
        ``place``."""
        if hasattr(value, "slot_values"):
            place = scope.slots.place(value)
            value = value.as_value(cls.is_listed, lhs)
            value.offset = place or 0
            value.is_listed = cls.is_listed
            return cls(lhs, value)
        if hasattr(value, "resolve"):
            rhs = value.resolve(scope)
            if rhs.is_key:
                raise ValueError(
                    f"The lookup {label(lhs)}__{cls.lookup_name} takes one value, not "
                    "a primary key of several columns."
                )
            return cls(lhs, rhs)
        if place is None:
            return cls.constant(lhs, value, scope)
        scope.slots.prepares[place] = cls.preparing(lhs)
        return cls(lhs, Parameter(place, lhs.field_or_none))

    @classmethod
    def constant(cls, lhs: Any, value: Any, scope: Scope) -> Any:
        """The node for None, a boolean, or an empty list."""
        if value is None:
            raise ValueError(
                f"The lookup {label(lhs)}__{cls.lookup_name} takes no None: use "
                f"{label(lhs)}__isnull."
            )
        return cls(lhs, Fixed(cls.preparing(lhs)(value)))

    @classmethod
    def preparing(cls, lhs: Any) -> Callable[[Any], Any]:
        """What makes a given value one for a statement; it raises ValueError."""
        field = lhs.field_or_none
        return _same if field is None else field.get_prep_value

    # Its SQL.

    def nulls(self, aliases: frozenset[str]) -> bool:
        return bool(self.lhs.nulls(aliases))

    def outcomes(self, aliases: frozenset[str]) -> frozenset[str]:
        if self.nulls(aliases):
            return frozenset((NULL,))
        return frozenset((TRUE, FALSE, NULL))

    def process_lhs(self, compiler: SQLCompiler) -> SQL:
        return compiler.compile(self.lhs)

    def process_rhs(
        self, compiler: SQLCompiler, process: Callable[[Any], Any] | None = None
    ) -> SQL:
        rhs = self.rhs
        if isinstance(rhs, Parameter):
            place = rhs.place + compiler.offset
            return compiler.marker, [Param(place, process)]
        if isinstance(rhs, Fixed):
            value = process(rhs.value) if process else rhs.value
            return compiler.marker, [Const(value)]
        return compiler.compile(rhs)


def _as_value(value: Any) -> Any:
    return Fixed(value)


class Fixed(Expression):
    """A constant on the right-hand side, prepared."""

    parts = ()

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value)

    def key(self) -> Hashable:
        return (type(self.value), self.value)

    def resolve(self, scope: Scope) -> Any:
        return self

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return compiler.marker, [Const(self.value)]

    def infer_field(self) -> None:
        return None


def label(lhs: Any) -> str:
    field = lhs.field_or_none
    return getattr(field, "name", None) or type(lhs).__name__.lower()


def _same(value: Any) -> Any:
    return value


class Comparison(Lookup):
    """``lhs <operator> rhs``"""

    operator: ClassVar[str]

    @classmethod
    def of(cls, lhs: Any, value: Any, place: int | None, scope: Scope) -> Any:
        if place is not None and isinstance(value, int):
            limits = whole_numbers(lhs)
            if limits is not None and value not in limits:
                scope.slots.is_volatile = True
                scope.slots.prepares[place] = _same
                return cls.beyond(lhs, value > 0)
        return super().of(lhs, value, place, scope)

    @classmethod
    def preparing(cls, lhs: Any) -> Callable[[Any], Any]:
        prepare, limits = super().preparing(lhs), whole_numbers(lhs)
        if limits is None:
            return prepare

        def within(value: Any) -> Any:
            prepared = prepare(value)
            if prepared in limits:
                return prepared
            raise OutOfRange(prepared)

        return within

    @classmethod
    def beyond(cls, lhs: Any, above: bool) -> Any:
        """Compared with a number larger (or smaller) than all that there can be."""
        holds = cls.operator[0] == ("<" if above else ">")
        return IsNull(lhs, Fixed(False)) if holds else Nothing()

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        left, params = self.process_lhs(compiler)
        right, right_params = self.process_rhs(compiler)
        return f"{left} {self.operator} {right}", [*params, *right_params]


_WHOLE = range(-(2**63), 2**63)


def whole_numbers(lhs: Any) -> range | None:
    """The numbers that a column of whole numbers can hold."""
    field = lhs.field_or_none
    kind = field.kind if field is not None else ""
    return _WHOLE if kind.endswith(("IntegerField", "AutoField")) else None


@register_lookup
class Exact(Comparison):
    lookup_name = "exact"
    operator = "="

    @classmethod
    def constant(cls, lhs: Any, value: Any, scope: Scope) -> Any:
        if value is None:
            return IsNull(lhs, Fixed(True))
        return super().constant(lhs, value, scope)


class _Bound(Comparison):
    """To whole numbers, at least 2.5 is at least 3, where ``int`` would make it 2."""

    @classmethod
    def preparing(cls, lhs: Any) -> Callable[[Any], Any]:
        prepare = super().preparing(lhs)
        if whole_numbers(lhs) is None:
            return prepare

        def whole(value: Any) -> Any:
            if isinstance(value, float) and math.isfinite(value):
                value = math.ceil(value)
            return prepare(value)

        return whole


@register_lookup
class GreaterThan(Comparison):
    lookup_name = "gt"
    operator = ">"


@register_lookup
class GreaterThanOrEqual(_Bound):
    lookup_name = "gte"
    operator = ">="


@register_lookup
class LessThan(_Bound):
    lookup_name = "lt"
    operator = "<"


@register_lookup
class LessThanOrEqual(Comparison):
    lookup_name = "lte"
    operator = "<="


@register_lookup
class IsNull(Lookup):
    lookup_name = "isnull"

    @classmethod
    def of(cls, lhs: Any, value: Any, place: int | None, scope: Scope) -> Any:
        if not isinstance(value, bool):
            raise ValueError(
                f"The lookup {label(lhs)}__isnull takes True or False, not {value!r}."
            )
        return cls(lhs, Fixed(value))

    def outcomes(self, aliases: frozenset[str]) -> frozenset[str]:
        if not self.lhs.nulls(aliases):
            return frozenset((TRUE, FALSE))
        return frozenset((TRUE if self.rhs.value else FALSE,))

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        sql, params = self.process_lhs(compiler)
        return f"{sql} IS {'' if self.rhs.value else 'NOT '}NULL", params


@register_lookup
class In(Lookup):
    """In a list of values, or in the rows of a queryset."""

    lookup_name = "in"
    is_listed = True

    @classmethod
    def of(cls, lhs: Any, value: Any, place: int | None, scope: Scope) -> Any:
        if hasattr(value, "slot_values") or hasattr(value, "resolve"):
            return super().of(lhs, value, place, scope)
        if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
            raise TypeError(
                f"The lookup {label(lhs)}__in takes a list or a queryset, not "
                f"{value!r}."
            )
        if not isinstance(value, (list, tuple, set, frozenset)):
            value = list(value)
            scope.slots.is_volatile = True
            if place is not None:
                scope.slots.values[place - scope.slots.base] = value
        if not value or place is None:
            return cls._of_expressions(lhs, value, scope) if value else Nothing()
        prepare = cls.preparing(lhs)
        try:
            prepare(value)
        except OutOfRange:
            scope.slots.is_volatile = True
            scope.slots.prepares[place] = _same
            return Nothing()
        scope.slots.prepares[place] = prepare
        return cls(lhs, Parameter(place, lhs.field_or_none))

    @classmethod
    def _of_expressions(cls, lhs: Any, values: Any, scope: Scope) -> Any:
        nodes = tuple(
            each.resolve(scope)
            if hasattr(each, "resolve")
            else Fixed(super(In, cls).preparing(lhs)(each))
            for each in values
        )
        return cls(lhs, Row(nodes))

    @classmethod
    def preparing(cls, lhs: Any) -> Callable[[Any], Any]:
        one = super().preparing(lhs)
        limits = whole_numbers(lhs)

        def every(values: Any) -> list[Any]:
            found = dict.fromkeys(one(each) for each in values if each is not None)
            kept = [each for each in found if limits is None or each in limits]
            if not kept:
                raise OutOfRange("none of them can be in the column")
            return kept

        return every

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        left, params = self.process_lhs(compiler)
        rhs = self.rhs
        if isinstance(rhs, Parameter):
            place = rhs.place + compiler.offset
            return f"{left} IN (\0)", [*params, Param(place, None, many=True)]
        right, right_params = compiler.compile(rhs)
        return f"{left} IN {right}", [*params, *right_params]


class Row(Expression):
    """Several expressions in parentheses."""

    def __init__(self, nodes: tuple[Any, ...]) -> None:
        self.args = nodes

    def infer_field(self) -> None:
        return None

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        parts, params = compiler.compile_all(self.args)
        return f"({', '.join(parts)})", params


@register_lookup
class Range(Lookup):
    """``BETWEEN``: both ends belong to it."""

    lookup_name = "range"

    @classmethod
    def of(cls, lhs: Any, value: Any, place: int | None, scope: Scope) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise ValueError(
                f"The lookup {label(lhs)}__range takes two values, not {value!r}."
            )
        if place is None:
            ends = tuple(_end(cls, lhs, each, scope) for each in value)
            return cls(lhs, Row(ends))
        prepare = cls.preparing(lhs)
        scope.slots.prepares[place] = lambda pair: [prepare(each) for each in pair]
        return cls(lhs, Parameter(place, lhs.field_or_none))

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        left, params = self.process_lhs(compiler)
        rhs = self.rhs
        if isinstance(rhs, Parameter):
            place, mark = rhs.place + compiler.offset, compiler.marker
            ends = [Param(place, _first), Param(place, _second)]
            return f"{left} BETWEEN {mark} AND {mark}", [*params, *ends]
        (low, high), more = compiler.compile_all(rhs.args)
        return f"{left} BETWEEN {low} AND {high}", [*params, *more]


def _end(cls: Any, lhs: Any, value: Any, scope: Scope) -> Any:
    if hasattr(value, "resolve"):
        return value.resolve(scope)
    return Fixed(cls.preparing(lhs)(value))


def _first(pair: Any) -> Any:
    return pair[0]


def _second(pair: Any) -> Any:
    return pair[1]


class TextLookup(Lookup):
    """A comparison of text; the dialect writes it."""

    is_long = False
    """The text is more than LIKE can take."""

    @classmethod
    def of(cls, lhs: Any, value: Any, place: int | None, scope: Scope) -> Any:
        made = super().of(lhs, value, place, scope)
        if place is not None and _is_long(value):
            scope.slots.is_volatile = True
            scope.slots.prepares[place] = str
            made.is_long = True
        return made

    @classmethod
    def preparing(cls, lhs: Any) -> Callable[[Any], Any]:
        return _text

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        left, params = self.process_lhs(compiler)
        plain = isinstance(self.rhs, (Parameter, Fixed)) and not self.is_long
        template, process = compiler.dialect.text_lookup(
            self.lookup_name, self.lhs.field_or_none, not plain
        )
        right, right_params = self.process_rhs(compiler, process)
        sql = template.format(lhs=left, rhs=right)
        return sql, [*params, *(right_params * template.count("{rhs}"))]


LONGEST_PATTERN = 50_000  # bytes; SQLite's LIKE refuses more


def _is_long(value: Any) -> bool:
    text = str(value)
    if len(text) < LONGEST_PATTERN // 8 and "\0" not in text:
        return False
    escaped = sum(text.count(char) for char in "\\%_") + 2
    size = len(text.encode("utf-8", "surrogatepass")) + escaped
    return size > LONGEST_PATTERN or "\0" in text


def _text(value: Any) -> str:
    text = value if type(value) is str else str(value)
    if len(text) * 4 > LONGEST_PATTERN or "\0" in text:
        if _is_long(text):
            raise OutOfRange("longer than LIKE takes")
    return text


@register_lookup
class Contains(TextLookup):
    lookup_name = "contains"


@register_lookup
class IContains(TextLookup):
    lookup_name = "icontains"


@register_lookup
class StartsWith(TextLookup):
    lookup_name = "startswith"


@register_lookup
class IStartsWith(TextLookup):
    lookup_name = "istartswith"


@register_lookup
class EndsWith(TextLookup):
    lookup_name = "endswith"


@register_lookup
class IEndsWith(TextLookup):
    lookup_name = "iendswith"


@register_lookup
class Regex(TextLookup):
    lookup_name = "regex"


@register_lookup
class IRegex(TextLookup):
    lookup_name = "iregex"


@register_lookup
class IExact(TextLookup):
    lookup_name = "iexact"

    @classmethod
    def constant(cls, lhs: Any, value: Any, scope: Scope) -> Any:
        if value is None:
            return IsNull(lhs, Fixed(True))
        return super().constant(lhs, value, scope)


# Transforms.


class Transform(Func):
    """A function of one argument that may follow a field's name: ``name__lower``."""

    lookup_name: ClassVar[str] = ""
    bilateral = False
    arity = 1
    strict = True


def unsupported(field: Any, name: str) -> FieldError:
    """What to raise for a lookup that is not there: it names those there are."""
    import difflib

    allowed = getattr(field, "allowed_lookups", None)
    known = [n for n in lookup_names(field) if allowed is None or n in allowed]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return FieldError(
        f"Unsupported lookup {name!r} for {type(field).__name__} "
        f"{getattr(field, 'name', '')!r}.{hint} There are {', '.join(known)}."
    )
