"""GeneratedField: a column that the database works out of others.

GeneratedField(
    expression=F("width") * F("height"), output_field=IntegerField(), db_persist=True
)
    "area" integer GENERATED ALWAYS AS ("width" * "height") STORED

The output field is what queries and rows take the values for. A table's definition
holds the expression, so it may name the columns of its own row and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from fwtrace.toolkit.orm.exceptions import FieldError
from fwtrace.toolkit.orm.fields.base import Field
from fwtrace.toolkit.orm.fields.numbers import AutoField, DecimalField
from fwtrace.toolkit.orm.fields.recipe import NOT_PROVIDED

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.dialects import Dialect
    from fwtrace.toolkit.orm.model import Model

__all__ = ["GeneratedField"]


class GeneratedField(Field):
    """A column that is never written: what ``expression`` gives of the row's others.

    With ``db_persist`` the value is kept in the row, without it is worked out whenever
    it is read.
    """

    description = "A value that the database works out"
    generated = True
    default_options: ClassVar[dict[str, Any]] = {
        "expression": NOT_PROVIDED,
        "output_field": NOT_PROVIDED,
        "db_persist": NOT_PROVIDED,
        "editable": False,
        "blank": True,
    }

    def __init__(
        self,
        *,
        expression: Any = None,
        output_field: Field | None = None,
        db_persist: bool | None = None,
        editable: bool = False,
        blank: bool = True,
        **options: Any,
    ) -> None:
        self.expression = expression
        self._output_field: Any = output_field
        self.output_field: Any = output_field
        """The output field under this field's name; ``_output_field`` as given."""
        self.db_persist = db_persist
        super().__init__(editable=editable, blank=blank, **options)

    def _check_options(self) -> None:
        super()._check_options()
        output, persist = self._output_field, self.db_persist
        if not hasattr(self.expression, "resolve"):
            self._refuse(
                'needs an expression, such as F("width") * F("height"), not '
                f"{self.expression!r}",
                TypeError,
            )
        if not isinstance(output, Field):
            self._refuse(
                "needs an output_field, which says what the expression gives, such as "
                f"IntegerField(), not {output!r}",
                TypeError,
            )
        if output.is_relation or output.generated or isinstance(output, AutoField):
            kind = type(output).__name__
            self._refuse(f"cannot have a {kind} as its output_field", TypeError)
        if persist is not True and persist is not False:
            self._refuse(
                "needs db_persist=True, to keep its values in the table, or "
                f"db_persist=False, to work them out each time, not {persist!r}"
            )
        for name in ("default", "db_default"):
            if getattr(self, name) is not NOT_PROVIDED:
                self._refuse(f"has no {name}: the database works its value out")
        if self.primary_key:
            self._refuse("cannot be the primary key")
        if self.editable or not self.blank:
            self._refuse("has no value to be given: leave editable and blank away")

    def set_names(self, model: type[Model], name: str) -> None:
        super().set_names(model, name)
        output = self.output_field = copy(self._output_field)
        output.set_names(model, name)
        is_decimal = isinstance(self._output_field, DecimalField)
        if is_decimal and not hasattr(output, "from_db_value"):
            output.from_db_value = partial(_in_its_places, output)

    # The expression.

    def check_expression(self) -> None:
        """FieldError unless the expression is of columns of the row itself."""
        from fwtrace.toolkit.orm.slots import Scope, Slots
        from fwtrace.toolkit.orm.sql import Query

        query, slots = Query(self.model), Slots()
        try:
            self.expression.split(slots)
            found = self.expression.resolve(Scope(query, slots, allow_joins=False))
        except FieldError as error:
            raise FieldError(f"{self}: {error}") from None
        if query.joins:
            self._forbid("another table")
        if found.contains_aggregate:
            self._forbid("an aggregate")
        if found.contains_window:
            self._forbid("a window function")
        for node in _nodes(found):
            if hasattr(node, "queryset") or hasattr(node, "query"):
                self._forbid("the rows of a query")
            field = getattr(node, "field", None)
            if isinstance(field, GeneratedField):
                self._forbid(f"{field.name!r}, which is generated itself")

    def _forbid(self, what: str) -> NoReturn:
        raise FieldError(
            f"{self} is generated of columns of its own row: its expression cannot "
            f"refer to {what}."
        )

    def generated_sql(self, dialect: Dialect) -> str:
        """The expression as SQL."""
        from fwtrace.toolkit.orm.constraints import written

        self.check_expression()
        return written(self.expression, self.model, dialect)

    # Kinds and values: those of the output field.

    @property
    def kind(self) -> str:
        return str(self.output_field.kind)

    def get_internal_type(self) -> str:
        return str(self.output_field.get_internal_type())

    @property
    def decoder(self) -> Any:
        return getattr(self.output_field, "decoder", None)

    @property
    def from_db_value(self) -> Any:
        own = getattr(self.output_field, "from_db_value", None)
        if own is None:
            raise AttributeError("from_db_value")
        return own

    def get_lookup(self, name: str) -> Any:
        return self.output_field.get_lookup(name)

    def to_python(self, value: Any) -> Any:
        return self.output_field.to_python(value)

    def get_prep_value(self, value: Any) -> Any:
        return self.output_field.get_prep_value(value)

    def value_to_string(self, instance: Model) -> Any:
        return self.output_field.value_to_string(instance)


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in node.children() if hasattr(node, "children") else ():
        yield from _nodes(child)


def _in_its_places(field: DecimalField, value: Any, *others: Any) -> Any:
    """SQLite works decimals out as floats: 0.1 + 0.2 has more places than are meant."""
    places = field.decimal_places
    return value if value is None or places is None else round(value, places)
