"""JSON: keys of documents as values, and the lookups that documents have.

``filter(document__address__city="Rome")``, ``values("document__tags__0")``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm import fields
from fwtrace.toolkit.orm.exceptions import NotSupportedError
from fwtrace.toolkit.orm.expressions import Expression, Given, plain
from fwtrace.toolkit.orm.lookups import (
    Comparison,
    Exact,
    Fixed,
    In,
    Lookup,
    TextLookup,
    register_lookup,
)
from fwtrace.toolkit.orm.slots import Const, Scope

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.slots import SQL

__all__ = ["KeyTransform"]


class _Value(fields.JSONField):
    """What stands under a key: it may be compared as text and as a number too."""


class KeyTransform(Expression):
    """The value under a key of a document, or at a place of a list."""

    def __init__(self, expression: Any, key: str) -> None:
        inner = isinstance(expression, KeyTransform)
        self.args = expression.args if inner else (expression,)
        self.path: tuple[str, ...] = (*(expression.path if inner else ()), key)

    def given(self) -> Given:
        expression, (*way, key) = plain(self.args[0]), self.path
        for name in way:
            expression = KeyTransform(expression, name)
        return (expression, key), {}

    def key(self) -> Hashable:
        return self.path

    def infer_field(self) -> Any:
        found = _Value()
        found.name = "__".join(self.path)
        return found

    def nulls(self, aliases: frozenset[str]) -> bool:
        return bool(self.args[0].nulls(aliases))

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return self.extracted(compiler, "json")

    def extracted(self, compiler: SQLCompiler, how: str) -> SQL:
        """As ``"json"`` text, as plain ``"text"``, or as a ``"scalar"`` of SQL."""
        sql, params = compiler.compile(self.args[0])
        dialect = compiler.dialect
        path = dialect.json_path(self.path)
        return dialect.json_extract(sql, how), [*params, Const(path)]


def _transform(field: Any, name: str) -> Callable[[Any], KeyTransform]:
    return lambda expression: KeyTransform(expression, name)


# find_transform asks a field for what is not registered.
fields.JSONField.get_transform = _transform  # type: ignore[attr-defined]


def _side(lookup: Any, compiler: SQLCompiler, how: str) -> SQL:
    lhs = lookup.lhs
    if isinstance(lhs, KeyTransform):
        return lhs.extracted(compiler, how)
    sql, params = compiler.compile(lhs)
    return compiler.dialect.json_whole(sql), params


@register_lookup(field=fields.JSONField)
class JSONExact(Exact):
    lookup_name = "exact"

    @classmethod
    def constant(cls, lhs: Any, value: Any, scope: Scope) -> Any:
        return cls(lhs, Fixed(json.dumps(value)))

    def process_lhs(self, compiler: SQLCompiler) -> SQL:
        return _side(self, compiler, "json")


@register_lookup(field=fields.JSONField)
class JSONIn(In):
    lookup_name = "in"

    def process_lhs(self, compiler: SQLCompiler) -> SQL:
        return _side(self, compiler, "json")


class _Ordered(Comparison):
    """Numbers as numbers, text as text."""

    @classmethod
    def preparing(cls, lhs: Any) -> Callable[[Any], Any]:
        return _same

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        left, params = _side(self, compiler, "scalar")
        process = compiler.dialect.json_scalar
        right, right_params = self.process_rhs(compiler, process)
        return f"{left} {self.operator} {right}", [*params, *right_params]


def _same(value: Any) -> Any:
    return value


@register_lookup(field=_Value)
class JSONGreaterThan(_Ordered):
    lookup_name, operator = "gt", ">"


@register_lookup(field=_Value)
class JSONGreaterThanOrEqual(_Ordered):
    lookup_name, operator = "gte", ">="


@register_lookup(field=_Value)
class JSONLessThan(_Ordered):
    lookup_name, operator = "lt", "<"


@register_lookup(field=_Value)
class JSONLessThanOrEqual(_Ordered):
    lookup_name, operator = "lte", "<="


class _JSONText(TextLookup):
    def process_lhs(self, compiler: SQLCompiler) -> SQL:
        return _side(self, compiler, "text")


@register_lookup(field=_Value)
class JSONIContains(_JSONText):
    lookup_name = "icontains"


@register_lookup(field=_Value)
class JSONStartsWith(_JSONText):
    lookup_name = "startswith"


@register_lookup(field=_Value)
class JSONIStartsWith(_JSONText):
    lookup_name = "istartswith"


@register_lookup(field=_Value)
class JSONEndsWith(_JSONText):
    lookup_name = "endswith"


@register_lookup(field=_Value)
class JSONIEndsWith(_JSONText):
    lookup_name = "iendswith"


@register_lookup(field=_Value)
class JSONIExact(_JSONText):
    lookup_name = "iexact"


@register_lookup(field=_Value)
class JSONRegex(_JSONText):
    lookup_name = "regex"


@register_lookup(field=fields.JSONField)
class JSONContains(Lookup):
    """The document has all that is given, keys and values."""

    lookup_name = "contains"
    template: ClassVar[str] = "json_contains"

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        written = getattr(compiler.dialect, self.template)
        if not written:
            raise NotSupportedError(
                f"{self.lookup_name} lookup is not supported on this database backend."
            )
        left, params = self.process_lhs(compiler)
        right, right_params = self.process_rhs(compiler)
        ordered = [params, right_params]
        if written.index("{rhs}") < written.index("{lhs}"):
            ordered.reverse()
        return written.format(lhs=left, rhs=right), [*ordered[0], *ordered[1]]


@register_lookup(field=fields.JSONField)
class JSONContainedBy(JSONContains):
    lookup_name = "contained_by"
    template = "json_contained_by"


class _Keys(Lookup):
    """Whether keys are there: each is a test of its own."""

    joiner: ClassVar[str] = " AND "
    is_many: ClassVar[bool] = True

    @classmethod
    def of(cls, lhs: Any, value: Any, place: int | None, scope: Scope) -> Any:
        # The paths are part of the statement's shape.
        scope.slots.is_volatile = True
        if place is not None:
            scope.slots.prepares[place] = _same
        names: Sequence[Any] = value if cls.is_many else [value]
        return cls(lhs, Fixed(tuple(map(str, names))))

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        parts: list[str] = []
        params: list[Any] = []
        for name in self.rhs.value:
            sql, more = compiler.compile(KeyTransform(self.lhs, name))
            parts.append(f"{sql} IS NOT NULL")
            params += more
        return f"({self.joiner.join(parts) or '1 = 1'})", params


@register_lookup(field=fields.JSONField)
class HasKeys(_Keys):
    lookup_name = "has_keys"


@register_lookup(field=fields.JSONField)
class HasAnyKeys(_Keys):
    lookup_name = "has_any_keys"
    joiner = " OR "


@register_lookup(field=fields.JSONField)
class HasKey(_Keys):
    lookup_name = "has_key"
    is_many = False
