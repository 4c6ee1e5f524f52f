"""Conditions: ``Q`` as they are written, ``Where`` as a query holds them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.expressions import Expression
from fwtrace.toolkit.orm.fields import recipe
from fwtrace.toolkit.orm.slots import Scope, Slots

if TYPE_CHECKING:
    from fwtrace.toolkit.deconstruct import Recipe
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.slots import SQL

__all__ = ["Nothing", "Q", "Where", "outcomes"]

AND, OR, XOR = "AND", "OR", "XOR"


class Q:
    """Conditions to combine: ``Q(a=1) | ~Q(b=2)``."""

    AND, OR, XOR = AND, OR, XOR
    conditional = True
    contains_aggregate = contains_window = False
    children: list[Any]

    def __init__(
        self,
        *args: Any,
        _connector: str = AND,
        _negated: bool = False,
        **kwargs: Any,
    ) -> None:
        for each in args:
            if not _is_condition(each):
                raise TypeError(
                    f"A condition is a Q, an expression or name=value, not {each!r}."
                )
        self.children = [*args, *kwargs.items()]
        self.connector = _connector
        self.negated = _negated

    def _combine(self, other: Any, connector: str) -> Q:
        if not getattr(other, "conditional", False):
            raise TypeError(f"A Q combines with another condition, not with {other!r}.")
        if not self.children:
            return other if isinstance(other, Q) else Q(other)
        if isinstance(other, Q) and not other.children:
            return self
        children: list[Any] = []
        for each in (self, other):
            flat = (
                isinstance(each, Q)
                and not each.negated
                and connector != XOR
                and (each.connector == connector or len(each.children) == 1)
            )
            children += each.children if flat else [each]
        made = Q(_connector=connector)
        made.children = children
        return made

    def __and__(self, other: Any) -> Q:
        return self._combine(other, AND)

    def __or__(self, other: Any) -> Q:
        return self._combine(other, OR)

    def __xor__(self, other: Any) -> Q:
        return self._combine(other, XOR)

    def __invert__(self) -> Q:
        return Q(self, _negated=True)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Q):
            return NotImplemented
        return bool(self._identity() == other._identity())

    def __hash__(self) -> int:
        return hash((self.connector, self.negated, len(self.children)))

    def deconstruct(self) -> Recipe:
        """How to make it again: ``("fwtrace.toolkit.orm.Q", (("a", 1),), {})``."""
        options: dict[str, Any] = {}
        if self.connector != AND:
            options["_connector"] = self.connector
        if self.negated:
            options["_negated"] = True
        return recipe.path(type(self)), tuple(self.children), options

    def _identity(self) -> Any:
        return (self.connector, self.negated, self.children)

    def __bool__(self) -> bool:
        return bool(self.children)

    def __repr__(self) -> str:
        parts = (
            f"{each[0]}={each[1]!r}" if isinstance(each, tuple) else repr(each)
            for each in self.children
        )
        joined = f" {self.connector} ".join(parts)
        return f"<Q: {'NOT ' if self.negated else ''}({joined})>"

    # As part of an expression.

    def split(self, slots: Slots) -> Hashable:
        """The shape; see :meth:`Expression.split`."""
        shape: list[Hashable] = [Q, self.connector, self.negated]
        for number, child in enumerate(self.children):
            if isinstance(child, tuple):
                name, value = child
                shape.append((name, split_value(self, number, value, slots)))
            else:
                shape.append(child.split(slots))
        return tuple(shape)

    def resolve(self, scope: Scope) -> Any:
        return scope.query.build_where(self, scope)


def _is_condition(value: Any) -> bool:
    if isinstance(value, tuple):
        return len(value) == 2 and isinstance(value[0], str)
    return bool(getattr(value, "conditional", False))


_CONSTANT = (type(None), bool)
_LISTS = (list, tuple, set, frozenset)


class _Marker:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return f"_{self.name}"


_PLAIN, _EMPTY, _LIST = _Marker("PLAIN"), _Marker("EMPTY"), _Marker("LIST")


def split_value(leaf: Any, position: int, value: Any, slots: Slots) -> Hashable:
    """The shape of the right-hand side of a condition."""
    kind = type(value)
    if kind in _CONSTANT:
        return value  # type: ignore[no-any-return]
    if hasattr(value, "split") and hasattr(value, "resolve"):
        return value.split(slots)  # type: ignore[no-any-return]
    if hasattr(value, "slot_values"):  # a queryset
        shape = (kind, value.shape())
        slots.extend(value, value.slot_values())
        return shape
    if kind in _LISTS:
        if not value:
            return _EMPTY
        if any(hasattr(each, "resolve") for each in value):
            raise TypeError("a list with expressions in it has no shape")
    slots.add(leaf, value, position)
    return _LIST if kind in _LISTS else _PLAIN


class Where(Expression):
    """Conditions joined by AND, OR or XOR, perhaps negated."""

    parts = ("nodes",)
    conditional = True

    def __init__(
        self, nodes: tuple[Any, ...] = (), connector: str = AND, negated: bool = False
    ) -> None:
        self.nodes = nodes
        self.connector = connector
        self.negated = negated

    def __repr__(self) -> str:
        inner = f" {self.connector} ".join(map(repr, self.nodes))
        return f"NOT ({inner})" if self.negated else f"({inner})"

    def infer_field(self) -> Any:
        from fwtrace.toolkit.orm.fields import BooleanField

        return BooleanField()

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        parts: list[str] = []
        params: list[Any] = []
        for node in self.nodes:
            sql, more = compiler.compile(node)
            if sql:
                nested = isinstance(node, Where) and len(node.nodes) > 1
                bare = not nested or node.negated or len(self.nodes) == 1
                parts.append(sql if bare else f"({sql})")
                params += more
        if self.connector == XOR and len(parts) > 1:
            cases = (f"CASE WHEN {part} THEN 1 ELSE 0 END" for part in parts)
            sql = f"{compiler.dialect.modulo(' + '.join(cases), 2)} = 1"
        else:
            sql = f" {self.connector} ".join(parts)
        if self.negated:
            sql = f"NOT ({sql})" if sql else "0 = 1"
        return sql, params


class Nothing(Expression):
    """A condition that no row fulfils."""

    parts = ()
    conditional = True

    def __init__(self) -> None:
        pass

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return "0 = 1", []


TRUE, FALSE, NULL = "T", "F", "N"
_ANY = frozenset((TRUE, FALSE, NULL))
_NOT = {TRUE: FALSE, FALSE: TRUE, NULL: NULL}


def outcomes(node: Any, aliases: frozenset[str]) -> frozenset[str]:
    """What a condition can come to in a row where all these tables' columns are NULL.

    Where that cannot be true, an outer join of those tables may as well be inner.
    """
    if isinstance(node, Where):
        found = [outcomes(each, aliases) for each in node.nodes]
        result = _joined(found, node.connector)
        return frozenset(map(_NOT.__getitem__, result)) if node.negated else result
    tell = getattr(node, "outcomes", None)
    if tell is not None:
        return tell(aliases)  # type: ignore[no-any-return]
    return frozenset((NULL,)) if node.nulls(aliases) else _ANY


def _joined(found: list[frozenset[str]], connector: str) -> frozenset[str]:
    if connector == XOR:
        return _ANY
    strong, weak = (FALSE, TRUE) if connector == AND else (TRUE, FALSE)
    result = set()
    if any(strong in each for each in found):
        result.add(strong)
    if any(each == {strong} for each in found):
        return frozenset((strong,))
    if all(weak in each for each in found):
        result.add(weak)
    if any(NULL in each for each in found):
        result.add(NULL)
    return frozenset(result)
