"""Expressions: the nodes that SQL is made of.

An expression is written with names (``F("pages") + 1``); ``resolve`` puts columns and
parameters in their place; ``as_sql`` writes a resolved one down. ``split`` tells its
shape apart from the values in it: two that differ in values alone share one statement.
"""

from __future__ import annotations

import copy
import datetime
import uuid
from collections.abc import Callable, Hashable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Self

from fwtrace.toolkit.orm import fields
from fwtrace.toolkit.orm.exceptions import FieldError
from fwtrace.toolkit.orm.fields import recipe
from fwtrace.toolkit.orm.slots import SQL, Const, Param, Scope, Slots

if TYPE_CHECKING:
    from fwtrace.toolkit.deconstruct import Recipe
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.fields import Field

__all__ = [
    "Case",
    "Col",
    "Combinable",
    "Combined",
    "Expression",
    "ExpressionWrapper",
    "F",
    "Func",
    "Given",
    "OrderBy",
    "Parameter",
    "RawCondition",
    "RawSQL",
    "Star",
    "Value",
    "When",
    "as_expression",
    "as_ordering",
    "plain",
    "plain_value",
]

Given = tuple[tuple[Any, ...], dict[str, Any]]
"""Arguments by position and by name."""


class Combinable:
    """Arithmetic: ``F("a") + 1`` and so on; ``bitand``, ``bitor``, ``bitxor``."""

    def _combine(self, other: Any, connector: str, reversed: bool = False) -> Combined:
        other = as_expression(other, Value)
        pair = (other, self) if reversed else (self, other)
        return Combined(pair[0], connector, pair[1])

    def __add__(self, other: Any) -> Combined:
        return self._combine(other, "+")

    def __sub__(self, other: Any) -> Combined:
        return self._combine(other, "-")

    def __mul__(self, other: Any) -> Combined:
        return self._combine(other, "*")

    def __truediv__(self, other: Any) -> Combined:
        return self._combine(other, "/")

    def __mod__(self, other: Any) -> Combined:
        return self._combine(other, "%")

    def __pow__(self, other: Any) -> Combined:
        return self._combine(other, "^")

    def __radd__(self, other: Any) -> Combined:
        return self._combine(other, "+", True)

    def __rsub__(self, other: Any) -> Combined:
        return self._combine(other, "-", True)

    def __rmul__(self, other: Any) -> Combined:
        return self._combine(other, "*", True)

    def __rtruediv__(self, other: Any) -> Combined:
        return self._combine(other, "/", True)

    def __rmod__(self, other: Any) -> Combined:
        return self._combine(other, "%", True)

    def __rpow__(self, other: Any) -> Combined:
        return self._combine(other, "^", True)

    def __neg__(self) -> Combined:
        return self._combine(-1, "*")

    def bitand(self, other: Any) -> Combined:
        return self._combine(other, "&")

    def bitor(self, other: Any) -> Combined:
        return self._combine(other, "|")

    def bitxor(self, other: Any) -> Combined:
        return self._combine(other, "#")

    def __and__(self, other: Any) -> Any:
        return self._logic() & other

    def __or__(self, other: Any) -> Any:
        return self._logic() | other

    def __xor__(self, other: Any) -> Any:
        return self._logic() ^ other

    def __rand__(self, other: Any) -> Any:
        return other & self._logic()

    def __ror__(self, other: Any) -> Any:
        return other | self._logic()

    def __invert__(self) -> Any:
        return ~self._logic()

    def _logic(self) -> Any:
        from fwtrace.toolkit.orm.where import Q

        if not getattr(self, "conditional", False):
            raise NotImplementedError("Use .bitand(), .bitor() and .bitxor() for bits.")
        return Q(self)


class Expression(Combinable):
    """A node. ``parts`` names the attributes that hold the nodes below it."""

    parts: ClassVar[tuple[str, ...]] = ("args",)
    aggregate: ClassVar[bool] = False
    conditional: bool = False
    strict: ClassVar[bool] = False
    """NULL whenever one of its arguments is."""
    gives: ClassVar[Field | None] = None
    """The kind of its values, where that is always the same."""
    is_key: ClassVar[bool] = False
    """It is a primary key of several columns."""
    takes_keys: ClassVar[bool] = False

    args: tuple[Any, ...] = ()
    given_field: Field | None = None

    def __init__(self, *args: Any, output_field: Field | None = None) -> None:
        self.args = tuple(map(as_expression, args))
        self.given_field = output_field

    def __repr__(self) -> str:
        inner = ", ".join(map(repr, self.children()))
        return f"{type(self).__name__}({inner})"

    # How it was made, read off what it keeps: making one must cost no more for it.

    def deconstruct(self) -> Recipe:
        """How to make it again: ``("fwtrace.toolkit.orm.Lower", ("name",), {})``."""
        args, options = self.given()
        return recipe.path(type(self)), args, options

    def given(self) -> Given:
        """The arguments that make it again."""
        return tuple(map(plain, self.args)), self.given_options()

    def given_options(self, **options: Any) -> dict[str, Any]:
        """The ``output_field`` and these, except what is None."""
        options["output_field"] = self.given_field
        return {k: v for k, v in options.items() if v is not None}

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return bool(self.identity() == other.identity())

    def __hash__(self) -> int:
        return hash((type(self), *self.children()))

    def identity(self) -> Any:
        """What is the same in two that are alike."""
        return {name: _comparable(value) for name, value in vars(self).items()}

    # Walking the tree.

    def children(self) -> Iterator[Any]:
        for part in self.parts:
            held = getattr(self, part)
            if isinstance(held, tuple):
                yield from held
            elif held is not None:
                yield held

    def rebuilt(self, change: Callable[[Any], Any]) -> Self:
        """A copy with ``change(child)`` in each child's place."""
        made = copy.copy(self)
        for part in self.parts:
            held = getattr(self, part)
            if isinstance(held, tuple):
                setattr(made, part, tuple(map(change, held)))
            elif held is not None:
                setattr(made, part, change(held))
        return made

    @property
    def contains_aggregate(self) -> bool:
        return self.aggregate or any(c.contains_aggregate for c in self.children())

    @property
    def contains_window(self) -> bool:
        return any(c.contains_window for c in self.children())

    def nulls(self, aliases: frozenset[str]) -> bool:
        """Whether it is NULL for sure where these tables' columns all are."""
        return self.strict and any(c.nulls(aliases) for c in self.children())

    # Its life: shape, resolved, text.

    def key(self) -> Hashable:
        """What else belongs to the shape, beside the type and the children."""
        return None

    def split(self, slots: Slots) -> Hashable:
        """The shape; the values go to ``slots``. TypeError where it has no shape."""
        shape = [type(self), self.key(), _field_key(self.given_field)]
        shape += [child.split(slots) for child in self.children()]
        return tuple(shape)

    def resolve(self, scope: Scope) -> Any:
        made = self.rebuilt(lambda child: child.resolve(scope))
        if not self.takes_keys:
            for child in made.children():
                if child.is_key:
                    raise ValueError(
                        f"{type(self).__name__} takes one column, and the primary key "
                        f"is of several: name one of {', '.join(child.field.attnames)}."
                    )
        return made

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        raise NotImplementedError(type(self).__name__)

    # What it gives.

    @property
    def output_field(self) -> Field:
        """The kind of value it gives; FieldError when nobody can tell."""
        found = self.given_field or self.infer_field()
        if found is None:
            raise FieldError(
                f"Cannot tell what {type(self).__name__} gives: say so with "
                "output_field=..., as in output_field=IntegerField()."
            )
        return found

    @property
    def field_or_none(self) -> Field | None:
        try:
            return self.output_field
        except FieldError:
            return None

    def infer_field(self) -> Field | None:
        """That of the first argument whose kind is known, unless the class knows."""
        if self.gives is not None:
            return self.gives
        for child in self.children():
            found = child.field_or_none
            if found is not None:
                return found  # type: ignore[no-any-return]
        return None

    # Ordering.

    def asc(self, **nulls: Any) -> OrderBy:
        return OrderBy(self, **nulls)

    def desc(self, **nulls: Any) -> OrderBy:
        return OrderBy(self, descending=True, **nulls)

    def reverse_ordering(self) -> Any:
        return OrderBy(self).reverse_ordering()


def plain(node: Any) -> Any:
    """What to give for a node where text names a field."""
    if type(node) is F:
        return node.name
    value = plain_value(node)
    return node if isinstance(value, str) else value


def plain_value(node: Any) -> Any:
    """What to give for a node where text is text."""
    is_bare = type(node) is Value and node.given_field is None
    return node.value if is_bare else node


def _comparable(value: Any) -> Any:
    if isinstance(value, fields.Field):
        return getattr(value, "model", None), value.deconstruct()
    return value


def _field_key(field: Field | None) -> Hashable:
    if field is None:
        return None
    facts = ("max_length", "max_digits", "decimal_places")
    return (type(field), *(getattr(field, name, None) for name in facts))


def as_expression(value: Any, plain: Callable[[Any], Any] | None = None) -> Any:
    """An expression of what a call was given: text names a field."""
    if hasattr(value, "resolve") and hasattr(value, "split"):
        return value
    if plain is None:
        plain = F if isinstance(value, str) else Value
    return plain(value)


# Leaves.


class F(Combinable):
    """A column or an annotation, by its name: ``F("author__age")``."""

    aggregate = contains_aggregate = contains_window = False

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"F({self.name!r})"

    def deconstruct(self) -> Recipe:
        return recipe.path(type(self)), (self.name,), {}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.name == other.name

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def split(self, slots: Slots) -> Hashable:
        return (type(self), self.name)

    def resolve(self, scope: Scope) -> Any:
        return scope.query.resolve_name(self.name, scope)

    def asc(self, **nulls: Any) -> OrderBy:
        return OrderBy(self, **nulls)

    def desc(self, **nulls: Any) -> OrderBy:
        return OrderBy(self, descending=True, **nulls)


class Col(Expression):
    """A column of one of the query's tables, known there by an alias."""

    parts = ()

    def __init__(self, alias: str, field: Field) -> None:
        self.alias = alias
        self.field = field

    def __repr__(self) -> str:
        return f"Col({self.alias}.{self.field.column})"

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return compiler.column(self.alias, self.field.column), []

    def infer_field(self) -> Field:
        field: Any = self.field
        found: Field = field.output_field if field.generated else field
        return found

    def nulls(self, aliases: frozenset[str]) -> bool:
        return self.alias in aliases

    def resolve(self, scope: Scope) -> Any:
        return self


class Star(Expression):
    """The ``*`` of ``COUNT(*)``."""

    parts = ()

    def __init__(self) -> None:
        pass

    def resolve(self, scope: Scope) -> Any:
        return self

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return "*", []

    def infer_field(self) -> None:
        return None


class Value(Expression):
    """A value given in Python."""

    parts = ()

    def __init__(self, value: Any, output_field: Field | None = None) -> None:
        self.value = value
        self.given_field = output_field

    def __repr__(self) -> str:
        return f"Value({self.value!r})"

    def given(self) -> Given:
        return (self.value,), self.given_options()

    def identity(self) -> Any:
        return type(self.value), super().identity()  # 1 and True are two values

    def split(self, slots: Slots) -> Hashable:
        if self.value is None or self.value is True or self.value is False:
            return (Value, self.value, _field_key(self.given_field))
        slots.add(self, self.value)
        return (Value, type(self.value), _field_key(self.given_field))

    def resolve(self, scope: Scope) -> Any:
        place = scope.slots.place(self)
        if place is None:
            return self
        made = Parameter(place, self.field_or_none)
        if self.given_field is not None:
            scope.slots.prepares[place] = self.given_field.get_prep_value
        return made

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        if self.value is None:
            return "NULL", []
        value = self.value
        if self.given_field is not None:
            value = self.given_field.get_prep_value(value)
        return compiler.literal(self, Const(value))

    def infer_field(self) -> Field | None:
        return _field_of(self.value)


class Parameter(Expression):
    """A value of the call, by its number."""

    parts = ()

    def __init__(self, place: int, field: Field | None = None) -> None:
        self.place = place
        self.given_field = field

    def __repr__(self) -> str:
        return f"?{self.place}"

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return compiler.literal(self, Param(self.place + compiler.offset))

    def infer_field(self) -> None:
        return None


def _field_of(value: Any) -> Field | None:
    for kinds, field in _FIELDS:
        if isinstance(value, kinds):
            return field
    return None


_FIELDS: tuple[tuple[Any, Field], ...] = (
    (str, fields.CharField()),
    (bool, fields.BooleanField()),
    (int, fields.IntegerField()),
    (float, fields.FloatField()),
    (datetime.datetime, fields.DateTimeField()),
    (datetime.date, fields.DateField()),
    (datetime.time, fields.TimeField()),
    (datetime.timedelta, fields.DurationField()),
    (Decimal, fields.DecimalField(max_digits=30, decimal_places=15)),
    (bytes, fields.BinaryField()),
    (uuid.UUID, fields.UUIDField()),
)


class RawSQL(Expression):
    """SQL as it is, with ``%s`` for each of ``params``. It must not hold user input."""

    parts = ()

    def __init__(
        self, sql: str, params: Sequence[Any] = (), output_field: Field | None = None
    ) -> None:
        self.sql = sql
        self.params = tuple(params)
        self.given_field = output_field

    def given(self) -> Given:
        return (self.sql, self.params), self.given_options()

    def key(self) -> Hashable:
        return (self.sql, self.params)

    def resolve(self, scope: Scope) -> Any:
        return self

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        sql = compiler.dialect.from_format(self.sql)
        return f"({sql})", [Const(param) for param in self.params]


class RawCondition(RawSQL):
    """SQL that is true or false, as it is."""

    conditional = True


# Inner nodes.


class Combined(Expression):
    """``left connector right``."""

    strict = True

    def __init__(self, left: Any, connector: str, right: Any) -> None:
        super().__init__(left, right)
        self.connector = connector

    def given(self) -> Given:
        left, right = self.args
        return (left, self.connector, right), {}

    def key(self) -> Hashable:
        return self.connector

    def infer_field(self) -> Field | None:
        left, right = (child.field_or_none for child in self.args)
        return _combined_field(left, self.connector, right)

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        left, params = compiler.compile(self.args[0])
        right, right_params = compiler.compile(self.args[1])
        kinds = [_kind(child.field_or_none) for child in self.args]
        sql = compiler.dialect.combine(left, self.connector, right, kinds)
        return sql, [*params, *right_params]


def _kind(field: Field | None) -> str:
    return field.kind if field is not None else ""


def _combined_field(
    left: Field | None, connector: str, right: Field | None
) -> Field | None:
    if left is None or right is None:
        return left or right
    kinds = {left.kind, right.kind}
    moments = kinds & {"DateField", "DateTimeField", "TimeField"}
    if moments and "DurationField" in kinds:
        return left if left.kind in moments else right
    if moments and connector == "-":
        return fields.DurationField()
    if "DurationField" in kinds:
        return left if left.kind == "DurationField" else right
    for kind in ("FloatField", "DecimalField"):
        if kind in kinds:
            return left if left.kind == kind else right
    return left


class Func(Expression):
    """A function of the database: ``Func(F("name"), function="LOWER")``."""

    function: str | None = None
    template = "{function}({expressions})"
    joiner = ", "
    arity: ClassVar[int | None] = None
    strict = False

    def __init__(
        self,
        *args: Any,
        output_field: Field | None = None,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
    ) -> None:
        if self.arity is not None and len(args) != self.arity:
            many = "argument" if self.arity == 1 else "arguments"
            raise TypeError(
                f"{type(self).__name__} takes exactly {self.arity} {many} "
                f"({len(args)} given)"
            )
        super().__init__(*args, output_field=output_field)
        if function is not None:
            self.function = function
        if template is not None:  # Django's templates are of the % kind
            self.template = template.replace("%(function)s", "{function}").replace(
                "%(expressions)s", "{expressions}"
            )
        if arg_joiner is not None:
            self.joiner = arg_joiner

    def given_options(self, **options: Any) -> dict[str, Any]:
        for name in ("function", "template"):
            options[name] = vars(self).get(name)
        return super().given_options(arg_joiner=vars(self).get("joiner"), **options)

    def key(self) -> Hashable:
        return (self.function, self.template, self.joiner)

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        parts, params = compiler.compile_all(self.args)
        function = self.function or ""
        sql = self.template.format(
            function=compiler.dialect.functions.get(function, function),
            expressions=self.joiner.join(parts),
        )
        return sql, params


class ExpressionWrapper(Expression):
    """An expression that is said to give another kind of value."""

    def __init__(self, expression: Any, output_field: Field) -> None:
        super().__init__(expression, output_field=output_field)

    @property
    def conditional(self) -> bool:  # type: ignore[override]
        return self.args[0].conditional is True

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        return compiler.compile(self.args[0])

    def nulls(self, aliases: frozenset[str]) -> bool:
        return bool(self.args[0].nulls(aliases))


class When(Expression):
    """``When(age__gt=60, then=Value("old"))``, of a :class:`Case`."""

    parts = ("condition", "result")

    def __init__(self, condition: Any = None, then: Any = None, **lookups: Any) -> None:
        from fwtrace.toolkit.orm.where import Q

        if condition is None and not lookups:
            raise TypeError("When() needs a condition: a Q, a lookup or an expression.")
        given = () if condition is None else (condition,)
        self.condition = Q(*given, **lookups)
        self.result = as_expression(then, _text_or_value)

    def given(self) -> Given:
        given = self.condition.children
        lookups: dict[str, Any] = dict(c for c in given if isinstance(c, tuple))
        conditions = (c for c in given if not isinstance(c, tuple))
        return tuple(conditions), {**lookups, "then": plain(self.result)}

    def infer_field(self) -> Field | None:
        return self.result.field_or_none  # type: ignore[no-any-return]

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        condition, params = compiler.compile(self.condition)
        result, result_params = compiler.compile(self.result)
        sql = f"WHEN {condition or '1 = 1'} THEN {result}"
        return sql, [*params, *result_params]


def _text_or_value(value: Any) -> Any:
    return F(value) if isinstance(value, str) else Value(value)


class Case(Expression):
    """The ``then`` of the first ``When`` that holds, else the default."""

    parts = ("args", "default")

    def __init__(
        self, *cases: When, default: Any = None, output_field: Field | None = None
    ) -> None:
        if not all(isinstance(case, When) for case in cases):
            raise TypeError("Positional arguments of Case() are When objects.")
        super().__init__(*cases, output_field=output_field)
        self.default = as_expression(default, _text_or_value)

    def given_options(self, **options: Any) -> dict[str, Any]:
        default = plain(self.default)
        return super().given_options(default=default, **options)

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        parts, params = compiler.compile_all(self.args)
        default, default_params = compiler.compile(self.default)
        if not parts:
            return default, default_params
        sql = f"CASE {' '.join(parts)} ELSE {default} END"
        return sql, [*params, *default_params]


# Queries within queries.


# Ordering.


class OrderBy(Expression):
    """An expression in an ORDER BY."""

    takes_keys = True

    def __init__(
        self,
        expression: Any,
        descending: bool = False,
        nulls_first: bool | None = None,
        nulls_last: bool | None = None,
    ) -> None:
        if nulls_first and nulls_last:
            raise ValueError("nulls_first and nulls_last are mutually exclusive.")
        super().__init__(expression)
        self.descending = descending
        self.nulls_first = bool(nulls_first)
        self.nulls_last = bool(nulls_last)

    def given_options(self, **options: Any) -> dict[str, Any]:
        names = ("descending", "nulls_first", "nulls_last")
        return super().given_options(**{n: getattr(self, n) or None for n in names})

    def key(self) -> Hashable:
        return (self.descending, self.nulls_first, self.nulls_last)

    def by_column(self) -> list[Any]:
        """By each column of a key that has several."""
        inner = self.args[0]
        return list(map(self.of, inner.cols)) if inner.is_key else [self]

    def of(self, inner: Any) -> Self:
        """The same order by something else."""
        made = copy.copy(self)
        made.args = (inner,)
        return made

    def as_sql(self, compiler: SQLCompiler) -> SQL:
        if self.args[0].is_key:
            parts, params = compiler.compile_all(self.by_column())
            return ", ".join(parts), params
        sql, params = compiler.compile(self.args[0])
        direction = "DESC" if self.descending else "ASC"
        if self.nulls_first or self.nulls_last:
            return compiler.dialect.order_nulls(
                sql, direction, self.nulls_first, params
            )
        return f"{sql} {direction}", params

    def reverse_ordering(self) -> OrderBy:
        made = copy.copy(self)
        made.descending = not self.descending
        made.nulls_first, made.nulls_last = self.nulls_last, self.nulls_first
        return made


# Windows.


def as_ordering(given: Any) -> Any:
    """``"-name"``, an expression, or what ``asc()`` and ``desc()`` give."""
    if isinstance(given, str):
        return OrderBy(F(given.removeprefix("-")), descending=given.startswith("-"))
    given = as_expression(given)
    return given if isinstance(given, OrderBy) else OrderBy(given)
