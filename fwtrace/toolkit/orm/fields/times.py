"""Dates, times of day, moments (aware and in UTC), and durations."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from datetime import UTC
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.dateparse import (
    duration_string,
    parse_date,
    parse_datetime,
    parse_duration,
    parse_time,
)
from fwtrace.toolkit.orm.fields import methods
from fwtrace.toolkit.orm.fields.base import NOT_PROVIDED, Field

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = ["DateField", "DateTimeField", "DurationField", "TimeField"]


SEVERAL = "has one of auto_now, auto_now_add and default, not several"


class _Temporal(Field):
    """What can be read from ISO 8601 text.

    Text of another form is ``invalid``; text of that form for what there is not, such
    as the 30th of February, has a code of its own.
    """

    empty_strings_allowed = False
    parsers: ClassVar[dict[Callable[[str], Any], str]]
    """How to read text, by turns, and the code when there is no such thing."""

    def parse(self, text: Any) -> Any:
        if not isinstance(text, str):
            raise self.invalid(text)
        for parse, code in self.parsers.items():
            try:
                found = parse(text)
            except (ValueError, OverflowError):
                raise self.invalid(text, code) from None
            if found is not None:
                return found
        raise self.invalid(text)

    def value_to_string(self, instance: Model) -> str:
        value = self.value_from_object(instance)
        return "" if value is None else self.text(value)

    def text(self, value: Any) -> str:
        return str(value.isoformat())


class _Clocked(_Temporal):
    """What the clock can set: with ``auto_now`` at every save, with ``auto_now_add`` at
    the first."""

    default_options: ClassVar[dict[str, Any]] = {
        "auto_now": False,
        "auto_now_add": False,
    }

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        auto_now: bool = False,
        auto_now_add: bool = False,
        **options: Any,
    ) -> None:
        self.auto_now = auto_now
        self.auto_now_add = auto_now_add
        if self._is_set:
            options = {**options, "editable": False, "blank": True}
        super().__init__(verbose_name, name, **options)

    def _check_options(self) -> None:
        super()._check_options()
        if self.auto_now and self.auto_now_add:
            self._refuse(SEVERAL)

    def contribute_to_class(self, model: type[Model], name: str) -> None:
        has_default = self.default not in (None, NOT_PROVIDED)
        # In a migration the default may be for the rows that are there.
        if self._is_set and has_default and not model._meta.apps.is_lazy:
            self._refuse(SEVERAL)
        super().contribute_to_class(model, name)

    @property
    def _is_set(self) -> bool:
        return self.auto_now or self.auto_now_add

    def pre_save(self, instance: Model, add: bool) -> Any:
        if self.auto_now or (self.auto_now_add and add):
            now = self.now()
            setattr(instance, self.attname, now)
            return now
        return super().pre_save(instance, add)

    def now(self) -> Any:
        raise NotImplementedError

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        if self._is_set:
            del options["editable"], options["blank"]
        return name, path, args, options


class DateField(_Clocked):
    """A day, as it is in UTC."""

    internal_type = "DateField"
    description = "A date"
    expects = "a date or ISO 8601 text"
    stored: ClassVar[type | None] = datetime.date
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is not a date.",
        "invalid_date": "There is no such date as %(value)s.",
    }
    parsers: ClassVar[dict[Callable[[str], Any], str]] = {parse_date: "invalid_date"}

    def now(self) -> Any:
        return datetime.datetime.now(UTC).date()

    def to_python(self, value: Any) -> Any:
        if isinstance(value, datetime.datetime):
            return self._in_utc(value).date()
        if value is None or isinstance(value, datetime.date):
            return value
        return self.parse(value)

    def _in_utc(self, value: datetime.datetime) -> datetime.datetime:
        if value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        try:
            return value.astimezone(UTC)
        except (ValueError, OverflowError):
            code, *_ = self.parsers.values()
            raise self.invalid(value, code) from None

    def contribute_to_class(self, model: type[Model], name: str) -> None:
        super().contribute_to_class(model, name)
        if not self.null:
            for name, following in (("next", True), ("previous", False)):
                method = methods.neighbour(self, following)
                methods.put(model, f"get_{name}_by_{self.name}", method)


class DateTimeField(DateField):
    """A moment, aware and in UTC; a naive one is taken as UTC.

    ``auto_now`` sets it at every save, ``auto_now_add`` at the first.
    """

    internal_type = "DateTimeField"
    description = "A date and time"
    expects = "a datetime or ISO 8601 text"
    stored = datetime.datetime
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is not a date and time.",
        "invalid_datetime": "There is no such moment as %(value)s.",
    }
    parsers: ClassVar[dict[Callable[[str], Any], str]] = {
        parse_datetime: "invalid_datetime",
        parse_date: "invalid_date",
    }

    def now(self) -> Any:
        return datetime.datetime.now(UTC)

    def to_python(self, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, datetime.date):
            value = self.parse(value)
        if isinstance(value, datetime.datetime):
            return self._in_utc(value)
        return datetime.datetime(value.year, value.month, value.day, tzinfo=UTC)

    def get_prep_value(self, value: Any) -> Any:
        if type(value) is self.stored and value.tzinfo is UTC:
            return value
        return None if value is None else self.prepare(value)


class TimeField(_Clocked):
    """A time of day, which has no zone."""

    internal_type = "TimeField"
    description = "A time of day"
    expects = "a time or ISO 8601 text"
    stored = datetime.time
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is not a time of day.",
        "invalid_time": "There is no such time as %(value)s.",
    }
    parsers: ClassVar[dict[Callable[[str], Any], str]] = {parse_time: "invalid_time"}

    def now(self) -> Any:
        return datetime.datetime.now(UTC).time()

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, datetime.time):
            return value
        if isinstance(value, datetime.datetime):
            return value.time()
        return self.parse(value)

    def get_prep_value(self, value: Any) -> Any:
        if type(value) is self.stored and value.tzinfo is None:
            return value
        return None if value is None else self.prepare(value)

    def prepare(self, value: Any) -> Any:
        found = super().prepare(value)
        if getattr(found, "tzinfo", None) is not None:
            raise self.unfit(value)
        return found


class DurationField(_Temporal):
    """A length of time."""

    internal_type = "DurationField"
    description = "A length of time"
    expects = "a timedelta, or text such as '1 02:03:04' or 'P1DT2H3M4S'"
    stored = datetime.timedelta
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is not a length of time, such as '1 02:03:04'.",
        "overflow": "%(value)s is longer than can be kept.",
    }
    parsers: ClassVar[dict[Callable[[str], Any], str]] = {parse_duration: "overflow"}

    def to_python(self, value: Any) -> datetime.timedelta | None:
        if value is None or isinstance(value, datetime.timedelta):
            return value
        return self.parse(value)  # type: ignore[no-any-return]

    def text(self, value: Any) -> str:
        return duration_string(value)
