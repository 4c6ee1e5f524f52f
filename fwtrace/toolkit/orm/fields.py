"""Fields: what a model's attribute is in Python, and what it is in the database."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.models import Model

__all__ = [
    "NOT_PROVIDED",
    "AutoField",
    "BooleanField",
    "CharField",
    "DateTimeField",
    "Field",
    "IntegerField",
    "TextField",
]


def _is_name(text: str) -> bool:
    return text.isidentifier() and not iskeyword(text)


class _NotProvided:
    def __repr__(self) -> str:
        return "NOT_PROVIDED"


NOT_PROVIDED = _NotProvided()


class Field:
    """One column of a model.

    ``name`` is the attribute, ``attname`` the attribute that holds the column's value
    (``author_id`` for a foreign key ``author``), ``column`` the name in the table.
    """

    name: str
    attname: str
    column: str
    model: type[Model]
    is_relation = False
    many_to_many = many_to_one = one_to_many = one_to_one = False
    concrete = True
    auto_created = False
    internal_type = "TextField"

    def __init__(
        self,
        verbose_name: str | None = None,
        *,
        max_length: int | None = None,
        null: bool = False,
        blank: bool = False,
        default: Any = NOT_PROVIDED,
        choices: Sequence[tuple[Any, str]] | None = None,
        unique: bool = False,
        db_index: bool = False,
        primary_key: bool = False,
        db_column: str | None = None,
        editable: bool = True,
        help_text: str = "",
    ) -> None:
        self.verbose_name = verbose_name
        self.max_length = max_length
        self.null = null
        self.blank = blank
        self.default = default
        self.choices = choices
        self.unique = unique or primary_key
        self.db_index = db_index
        self.primary_key = primary_key
        self.db_column = db_column
        self.editable = editable
        self.help_text = help_text

    def __repr__(self) -> str:
        name = getattr(self, "name", None)
        return f"<{type(self).__name__}: {name}>"

    def contribute_to_class(self, model: type[Model], name: str) -> None:
        """Take the place that the class body gave the field."""
        if name == "pk" or "__" in name or name[-1:] == "_" or not _is_name(name):
            raise TypeError(
                f"A field cannot be called {name!r}: it must be a name in Python, pk "
                "is the primary key, and a double underscore leads to a lookup."
            )
        self.set_names(model, name)
        model._meta.add_field(self)

    def set_names(self, model: type[Model], name: str) -> None:
        self.model = model
        self.name = name
        self.attname = self.get_attname()
        self.column = self.db_column or self.attname
        self.verbose_name = self.verbose_name or name.replace("_", " ")

    def has_default(self) -> bool:
        return self.default is not NOT_PROVIDED

    def get_attname(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        """The internal type, by which a backend knows columns and converters."""
        return self.internal_type

    def get_default(self) -> Any:
        if self.default is NOT_PROVIDED:
            return None
        return self.default() if callable(self.default) else self.default

    def to_python(self, value: Any) -> Any:
        """The value as this field has it; ValueError or TypeError when it cannot be."""
        return value

    def get_prep_value(self, value: Any) -> Any:
        """The value for a statement, checked: ValueError names the field."""
        if value is None:
            return None
        if self.primary_key and isinstance(value, self.model):
            value = value.pk
        try:
            return self.to_python(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"Field {self.name!r} of {self.model.__name__} expected "
                f"{self.expects} but got {value!r}."
            ) from error

    expects = "a value"

    def pre_save(self, instance: Model, add: bool) -> Any:
        """The value to save."""
        return getattr(instance, self.attname)


class IntegerField(Field):
    internal_type = "IntegerField"
    expects = "a number"

    def to_python(self, value: Any) -> int:
        return int(value)


class AutoField(IntegerField):
    """An integer that the database counts up: the primary key of most models."""

    internal_type = "AutoField"


class CharField(Field):
    """Text of at most ``max_length`` characters."""

    internal_type = "CharField"
    expects = "text"

    def __init__(self, *args: Any, max_length: int = 255, **options: Any) -> None:
        super().__init__(*args, max_length=max_length, **options)

    def to_python(self, value: Any) -> str:
        return value if isinstance(value, str) else str(value)


class TextField(Field):
    """Text of any length."""

    expects = "text"

    def to_python(self, value: Any) -> str:
        return value if isinstance(value, str) else str(value)


class BooleanField(Field):
    internal_type = "BooleanField"
    expects = "true or false"

    _values: dict[Any, bool] = {
        "true": True,
        "1": True,
        "t": True,
        "false": False,
        "0": False,
        "f": False,
    }

    def to_python(self, value: Any) -> bool:
        if value in (True, False):
            return bool(value)
        try:
            return self._values[str(value).lower()]
        except KeyError:
            raise ValueError(value) from None


class DateTimeField(Field):
    """A moment, aware and in UTC; a naive one is taken as UTC.

    ``auto_now`` sets it at every save, ``auto_now_add`` at the first.
    """

    internal_type = "DateTimeField"
    expects = "a datetime or ISO 8601 text"

    def __init__(
        self,
        *args: Any,
        auto_now: bool = False,
        auto_now_add: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.auto_now = auto_now
        self.auto_now_add = auto_now_add

    def to_python(self, value: Any) -> datetime.datetime:
        if isinstance(value, str):
            value = datetime.datetime.fromisoformat(value)
        if isinstance(value, datetime.datetime):
            if value.tzinfo is None:
                return value.replace(tzinfo=datetime.UTC)
            return value.astimezone(datetime.UTC)
        if isinstance(value, datetime.date):
            return datetime.datetime(
                value.year, value.month, value.day, tzinfo=datetime.UTC
            )
        raise TypeError(value)

    def pre_save(self, instance: Model, add: bool) -> Any:
        if self.auto_now or (self.auto_now_add and add):
            now = datetime.datetime.now(datetime.UTC)
            setattr(instance, self.attname, now)
            return now
        return super().pre_save(instance, add)


def _simple(kind: str, base: type[Field], convert: Any) -> Any:
    def to_python(self: Any, value: Any) -> Any:
        return convert(value)

    return type(kind, (base,), {"internal_type": kind, "to_python": to_python})


class BigAutoField(AutoField):
    internal_type = "BigAutoField"


class SmallAutoField(AutoField):
    internal_type = "SmallAutoField"


class SmallIntegerField(IntegerField):
    internal_type = "SmallIntegerField"


class BigIntegerField(IntegerField):
    internal_type = "BigIntegerField"


class PositiveIntegerField(IntegerField):
    internal_type = "PositiveIntegerField"


class FloatField(Field):
    internal_type = "FloatField"

    def to_python(self, value: Any) -> Any:
        return float(value)


class DecimalField(Field):
    internal_type = "DecimalField"

    def __init__(
        self, *args: Any, max_digits: int = 30, decimal_places: int = 10, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.max_digits = max_digits
        self.decimal_places = decimal_places

    def to_python(self, value: Any) -> Any:
        from decimal import Decimal

        return Decimal(str(value)) if isinstance(value, float) else Decimal(value)


class DateField(Field):
    internal_type = "DateField"

    def to_python(self, value: Any) -> Any:
        if isinstance(value, datetime.datetime):
            return value.date()
        if isinstance(value, str):
            return datetime.date.fromisoformat(value)
        return value


class TimeField(Field):
    internal_type = "TimeField"


class DurationField(Field):
    internal_type = "DurationField"


class BinaryField(Field):
    internal_type = "BinaryField"


class UUIDField(Field):
    internal_type = "UUIDField"


class JSONField(Field):
    internal_type = "JSONField"


class SlugField(CharField):
    internal_type = "SlugField"


class EmailField(CharField):
    pass
