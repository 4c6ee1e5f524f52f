"""Functions that SQLite lacks, written in Python: moments, regular expressions,
statistics."""

from __future__ import annotations

import datetime
import math
import re
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

__all__ = ["register"]


def register(connection: sqlite3.Connection) -> None:
    """Make the functions known to a connection."""
    for name, count, function in (
        ("regexp", 2, _regexp),
        ("fwtrace_extract", 2, _extract),
        ("fwtrace_truncate", 3, _truncate),
        ("fwtrace_in_zone", 2, _in_zone),
        ("fwtrace_add_moment", 3, _add_moment),
        ("fwtrace_difference", 2, _difference),
        ("least", -1, _least),
        ("greatest", -1, _greatest),
        ("ceiling", 1, _ceiling),
        ("floor", 1, _floor),
        ("power", 2, _power),
        ("mod", 2, _mod),
    ):
        connection.create_function(name, count, function, deterministic=True)
    for name, statistic in _STATISTICS.items():
        connection.create_aggregate(name, 1, statistic)


@lru_cache(maxsize=256)
def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source)


def _regexp(source: Any, text: Any) -> Any:
    if source is None or text is None:
        return None
    return _pattern(str(source)).search(str(text)) is not None


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


_PARTS: dict[str, Callable[[datetime.datetime], int]] = {
    "year": lambda moment: moment.year,
    "iso_year": lambda moment: moment.isocalendar().year,
    "quarter": lambda moment: (moment.month + 2) // 3,
    "month": lambda moment: moment.month,
    "week": lambda moment: moment.isocalendar().week,
    "week_day": lambda moment: moment.isoweekday() % 7 + 1,
    "iso_week_day": lambda moment: moment.isoweekday(),
    "day": lambda moment: moment.day,
    "hour": lambda moment: moment.hour,
    "minute": lambda moment: moment.minute,
    "second": lambda moment: moment.second,
}


def _extract(part: str, text: str | None) -> int | None:
    if text is None:
        return None
    if len(text) < 16 and ":" in text:  # a time alone
        text = f"2000-01-01 {text}"
    return _PARTS[part](_moment(text))


def _truncate(kind: str, text: str | None, gives: str) -> str | None:
    if text is None:
        return None
    if gives == "TimeField" and kind != "time":
        time = datetime.time.fromisoformat(text)
        kept = {"hour": time.replace(minute=0, second=0)}
        kept["minute"] = time.replace(second=0)
        return kept.get(kind, time).replace(microsecond=0).isoformat("microseconds")
    moment = _moment(text)
    if kind == "date":
        return moment.date().isoformat()
    if kind == "time":
        return moment.time().isoformat("microseconds")
    begun = _beginning(kind, moment)
    if gives == "DateField":
        return begun.date().isoformat()
    return begun.isoformat(" ", "microseconds")


def _beginning(kind: str, moment: datetime.datetime) -> datetime.datetime:
    moment = moment.replace(microsecond=0)
    if kind == "second":
        return moment
    moment = moment.replace(second=0)
    if kind == "minute":
        return moment
    moment = moment.replace(minute=0)
    if kind == "hour":
        return moment
    moment = moment.replace(hour=0)
    if kind == "day":
        return moment
    if kind == "week":
        return moment - datetime.timedelta(days=moment.weekday())
    if kind == "month":
        return moment.replace(day=1)
    if kind == "quarter":
        return moment.replace(day=1, month=(moment.month - 1) // 3 * 3 + 1)
    return moment.replace(day=1, month=1)


def _in_zone(text: str | None, zone: str) -> str | None:
    if text is None:
        return None
    moment = _moment(text).replace(tzinfo=datetime.UTC).astimezone(ZoneInfo(zone))
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")


def _add_moment(left: Any, sign: str, right: Any) -> str | None:
    if left is None or right is None:
        return None
    if isinstance(left, int):
        left, right = right, left
    change = datetime.timedelta(microseconds=int(right))
    moment = _moment(left)
    moved = moment + change if sign == "+" else moment - change
    return moved.isoformat(" ", "microseconds")


def _difference(left: Any, right: Any) -> int | None:
    if left is None or right is None:
        return None
    change = _moment(left) - _moment(right)
    return (change.days * 86_400 + change.seconds) * 1_000_000 + change.microseconds


def _least(*values: Any) -> Any:
    return None if None in values else min(values)


def _greatest(*values: Any) -> Any:
    return None if None in values else max(values)


def _ceiling(value: Any) -> Any:
    return None if value is None else math.ceil(value)


def _floor(value: Any) -> Any:
    return None if value is None else math.floor(value)


def _power(base: Any, exponent: Any) -> Any:
    return None if base is None or exponent is None else base**exponent


def _mod(value: Any, by: Any) -> Any:
    if value is None or not by:
        return None
    found = math.fmod(value, by)
    return int(found) if isinstance(value, int) and isinstance(by, int) else found


class _Statistic:
    """Variance in one pass (Welford)."""

    sampled = False
    is_root = False

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.squares = 0.0

    def step(self, value: Any) -> None:
        if value is None:
            return
        self.count += 1
        change = value - self.mean
        self.mean += change / self.count
        self.squares += change * (value - self.mean)

    def finalize(self) -> float | None:
        divisor = self.count - self.sampled
        if divisor <= 0:
            return None
        variance = self.squares / divisor
        return math.sqrt(variance) if self.is_root else variance


def _statistic(sampled: bool, is_root: bool) -> Any:
    return type("Statistic", (_Statistic,), {"sampled": sampled, "is_root": is_root})


_STATISTICS = {
    "fwtrace_var_pop": _statistic(False, False),
    "fwtrace_var_samp": _statistic(True, False),
    "fwtrace_stddev_pop": _statistic(False, True),
    "fwtrace_stddev_samp": _statistic(True, True),
}
