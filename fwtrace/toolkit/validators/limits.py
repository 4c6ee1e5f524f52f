"""Limits: how large, how long, how many digits."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, ClassVar

from fwtrace.toolkit.validators.base import Validator
from fwtrace.toolkit.validators.errors import ValidationError

__all__ = [
    "BaseValidator",
    "DecimalValidator",
    "MaxLengthValidator",
    "MaxValueValidator",
    "MinLengthValidator",
    "MinValueValidator",
    "StepValueValidator",
]


class BaseValidator(Validator):
    """Compares what ``clean`` makes of the value with a limit, or what gives one.

    ``compare(cleaned, limit)`` is true for what is refused.
    """

    message: Any = "This must be %(limit_value)s; it is %(show_value)s."
    code = "limit_value"

    def __init__(self, limit_value: Any, message: Any = None) -> None:
        self.limit_value = limit_value
        if message:
            self.message = message

    def __call__(self, value: Any) -> None:
        cleaned, limit = self.clean(value), self.limit
        if self.compare(cleaned, limit):
            self.refuse(value, limit_value=limit, show_value=cleaned)

    @property
    def limit(self) -> Any:
        return self.limit_value() if callable(self.limit_value) else self.limit_value

    def compare(self, cleaned: Any, limit: Any) -> bool:
        return cleaned is not limit

    def clean(self, value: Any) -> Any:
        return value


class MaxValueValidator(BaseValidator):
    message = "This must not be more than %(limit_value)s."
    code = "max_value"

    def compare(self, cleaned: Any, limit: Any) -> bool:
        return bool(cleaned > limit)


class MinValueValidator(BaseValidator):
    message = "This must not be less than %(limit_value)s."
    code = "min_value"

    def compare(self, cleaned: Any, limit: Any) -> bool:
        return bool(cleaned < limit)


class MaxLengthValidator(BaseValidator):
    message = "At most %(limit_value)d characters are allowed; this has %(show_value)d."
    code = "max_length"

    def compare(self, cleaned: Any, limit: Any) -> bool:
        return bool(cleaned > limit)

    def clean(self, value: Any) -> int:
        return len(value)


class MinLengthValidator(BaseValidator):
    message = "At least %(limit_value)d characters are needed; this has %(show_value)d."
    code = "min_length"

    def compare(self, cleaned: Any, limit: Any) -> bool:
        return bool(cleaned < limit)

    def clean(self, value: Any) -> int:
        return len(value)


class StepValueValidator(BaseValidator):
    """``StepValueValidator(3, offset=1)`` takes 1, 4, 7, and so on."""

    message = "This must be a multiple of %(limit_value)s."
    code = "step_size"

    def __init__(self, limit_value: Any, message: Any = None, offset: Any = None):
        super().__init__(limit_value, message)
        self.offset = offset
        if offset is not None and not message:
            self.message = (
                "This must be %(offset)s, %(valid_value1)s, %(valid_value2)s, or "
                "another such step of %(limit_value)s."
            )

    def __call__(self, value: Any) -> None:
        if self.offset is None:
            return super().__call__(value)
        cleaned, step = self.clean(value), self.limit
        if self.compare(cleaned, step):
            offset = type(cleaned)(self.offset)
            self.refuse(
                value,
                limit_value=step,
                offset=offset,
                valid_value1=offset + step,
                valid_value2=offset + 2 * step,
            )

    def compare(self, cleaned: Any, limit: Any) -> bool:
        beyond = cleaned - (0 if self.offset is None else self.offset)
        return not math.isclose(math.remainder(beyond, limit), 0, abs_tol=1e-9)


class DecimalValidator(Validator):
    """``DecimalValidator(5, 2)`` takes -999.99 to 999.99 in steps of 0.01.

    Either may be None for any number of digits.
    """

    messages: ClassVar[dict[str, str]] = {
        "invalid": "This is not a number.",
        "max_digits": "At most %(max)s digits are allowed.",
        "max_decimal_places": "At most %(max)s digits are allowed after the point.",
        "max_whole_digits": "At most %(max)s digits are allowed before the point.",
    }

    def __init__(self, max_digits: int | None, decimal_places: int | None) -> None:
        self.max_digits = max_digits
        self.decimal_places = decimal_places

    def __call__(self, value: Decimal) -> None:
        if not value.is_finite():
            raise ValidationError(self.messages["invalid"], "invalid", {"value": value})
        whole, places = _digits(value)
        limits = (
            ("max_digits", whole + places, self.max_digits),
            ("max_decimal_places", places, self.decimal_places),
            ("max_whole_digits", whole, self._max_whole_digits),
        )
        for code, count, limit in limits:
            if limit is not None and count > limit:
                params = {"max": limit, "value": value}
                raise ValidationError(self.messages[code], code, params)

    @property
    def _max_whole_digits(self) -> int | None:
        if self.max_digits is None or self.decimal_places is None:
            return None
        return self.max_digits - self.decimal_places


def _digits(value: Decimal) -> tuple[int, int]:
    """How many digits it has before and after the point.

    12.50   2, 2
    0.05    0, 2
    1E+3    4, 0
    """
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # it is finite
    if exponent >= 0:
        return len(digits) + (exponent if any(digits) else 0), 0
    return max(0, len(digits) + exponent), -exponent
