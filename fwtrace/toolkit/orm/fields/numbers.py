"""Numbers: integers of several sizes, floats, decimals; and true and false."""

from __future__ import annotations

import decimal
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.fields.base import Field, Validate
from fwtrace.toolkit.validators import (
    BaseValidator,
    DecimalValidator,
    MaxValueValidator,
    MinValueValidator,
)

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = [
    "AutoField",
    "BigAutoField",
    "BigIntegerField",
    "BooleanField",
    "DecimalField",
    "FloatField",
    "IntegerField",
    "PositiveBigIntegerField",
    "PositiveIntegerField",
    "PositiveSmallIntegerField",
    "SmallAutoField",
    "SmallIntegerField",
]

LONGEST_INTEGER = 100  # digits; 1E+999999999 is short as a decimal, and long as an int


class IntegerField(Field):
    """A whole number of 32 bits."""

    internal_type = "IntegerField"
    description = "A whole number"
    expects = "a number"
    stored = int
    empty_strings_allowed = False
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is not a whole number."
    }
    bits: ClassVar[int] = 32
    positive: ClassVar[bool] = False

    def to_python(self, value: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, Decimal) and value.adjusted() > LONGEST_INTEGER:
            raise self.invalid(value)
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            raise self.invalid(value) from None

    @property
    def range(self) -> tuple[int, int]:
        """The smallest and the largest that every database can keep."""
        half: int = 2 ** (self.bits - 1)
        return (0 if self.positive else -half), half - 1

    def option_validators(self) -> list[Validate]:
        """The range, where no validator that was given is narrower."""
        lowest, highest = self.range
        made: list[Validate] = []
        if all(limit < lowest for limit in _limits(self, MinValueValidator)):
            made.append(MinValueValidator(lowest))
        if all(limit > highest for limit in _limits(self, MaxValueValidator)):
            made.append(MaxValueValidator(highest))
        return made


def _limits(field: Field, kind: type[BaseValidator]) -> list[Any]:
    given = [each.limit for each in field._validators if isinstance(each, kind)]
    return [limit() if callable(limit) else limit for limit in given]


class SmallIntegerField(IntegerField):
    """A whole number of 16 bits."""

    internal_type = "SmallIntegerField"
    bits = 16


class BigIntegerField(IntegerField):
    """A whole number of 64 bits."""

    internal_type = "BigIntegerField"
    bits = 64


class PositiveIntegerField(IntegerField):
    """A whole number of 32 bits from 0."""

    internal_type = "PositiveIntegerField"
    positive = True


class PositiveSmallIntegerField(SmallIntegerField):
    """A whole number of 16 bits from 0."""

    internal_type = "PositiveSmallIntegerField"
    positive = True


class PositiveBigIntegerField(BigIntegerField):
    """A whole number of 64 bits from 0."""

    internal_type = "PositiveBigIntegerField"
    positive = True


class AutoField(IntegerField):
    """An integer that the database counts up: the primary key of most models."""

    internal_type = "AutoField"
    description = "A whole number that counts up"
    default_options: ClassVar[dict[str, Any]] = {"blank": True}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "blank": True})

    def contribute_to_class(self, model: type[Model], name: str) -> None:
        if not self.primary_key:
            self._refuse("must be the primary key: give it primary_key=True")
        super().contribute_to_class(model, name)

    def validate(self, value: Any, instance: Model | None) -> None:
        """There may be none: the database has not counted yet."""


class BigAutoField(AutoField, BigIntegerField):
    """An AutoField of 64 bits."""

    internal_type = "BigAutoField"


class SmallAutoField(AutoField, SmallIntegerField):
    """An AutoField of 16 bits."""

    internal_type = "SmallAutoField"


class FloatField(Field):
    """A number of double precision."""

    internal_type = "FloatField"
    description = "A number"
    expects = "a number"
    stored = float
    empty_strings_allowed = False
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is not a number."
    }

    def to_python(self, value: Any) -> float | None:
        if value is None:
            return None
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            raise self.invalid(value) from None


class DecimalField(Field):
    """A decimal of ``max_digits`` digits, ``decimal_places`` of them after the point.

    A column needs both; what an expression gives (``output_field=DecimalField()``)
    needs neither.
    """

    internal_type = "DecimalField"
    description = "A decimal number"
    expects = "a decimal number"
    stored = Decimal
    empty_strings_allowed = False
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is not a decimal number."
    }
    default_options: ClassVar[dict[str, Any]] = {
        "max_digits": None,
        "decimal_places": None,
    }

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        max_digits: int | None = None,
        decimal_places: int | None = None,
        **options: Any,
    ) -> None:
        self.max_digits = max_digits
        self.decimal_places = decimal_places
        super().__init__(verbose_name, name, **options)

    def _check_options(self) -> None:
        super()._check_options()
        digits, places = self.max_digits, self.decimal_places
        if digits is None and places is None:
            return
        if type(digits) is not int or digits < 1:
            self._refuse(f"needs a positive whole max_digits, not {digits!r}")
        if type(places) is not int or places < 0:
            self._refuse(f"needs decimal_places of 0 or more, not {places!r}")
        if places > digits:
            self._refuse(
                f"cannot have more decimal_places ({places}) than max_digits ({digits})"
            )

    def contribute_to_class(self, model: type[Model], name: str) -> None:
        if self.max_digits is None:
            self._refuse("needs max_digits and decimal_places", TypeError)
        super().contribute_to_class(model, name)

    @property
    def context(self) -> decimal.Context:
        return decimal.Context(prec=self.max_digits or decimal.getcontext().prec)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        try:
            if isinstance(value, float):
                number = self.context.create_decimal_from_float(value)
            else:
                number = Decimal(value)
        except (ArithmeticError, TypeError, ValueError):
            raise self.invalid(value) from None
        if not number.is_finite():
            raise self.invalid(value)
        return number

    def get_prep_value(self, value: Any) -> Any:
        if type(value) is self.stored and value.is_finite():
            return value
        return None if value is None else self.prepare(value)

    def option_validators(self) -> list[Validate]:
        return [DecimalValidator(self.max_digits, self.decimal_places)]


class BooleanField(Field):
    """True or false; and None, where it may be null."""

    internal_type = "BooleanField"
    description = "True or false"
    expects = "true or false"
    stored = bool
    empty_strings_allowed = False
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is not true or false."
    }

    _values: ClassVar[dict[Any, bool]] = {
        True: True,
        "true": True,
        "1": True,
        "t": True,
        False: False,
        "false": False,
        "0": False,
        "f": False,
    }

    def to_python(self, value: Any) -> bool | None:
        if value is None or (self.null and value == ""):
            return None
        key = value.lower() if isinstance(value, str) else value
        try:
            return self._values[key]  # 1 and 1.0 are True to a dictionary
        except (KeyError, TypeError):
            raise self.invalid(value) from None
