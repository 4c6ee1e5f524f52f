"""Plain values as Python writes them, each with the imports that it needs.

"it's"                                  "it's"
Decimal("1.50")                         Decimal("1.50")     from decimal import Decimal
noon in Rome                            datetime.datetime(2026, 7, 1, 10, 0,
                                            tzinfo=datetime.timezone.utc)
"""

from __future__ import annotations

import datetime
import ipaddress
import math
import os
import pathlib
import re
import uuid
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fwtrace.toolkit.orm.migrations.exceptions import CannotSerialize

__all__ = ["LITERALS", "Written", "quoted", "regex_flags"]

Written = tuple[str, set[str]]
"""An expression, and the lines that import what it names."""


def quoted(value: str | bytes) -> str:
    """In double quotes, unless it has more of them than of the others; without escapes
    where it has backslashes that can be read: ``r"\\d+"``."""
    if isinstance(value, bytes):
        return "b" + _quoted([repr(part)[2:-1] for part in value.split(b'"')])
    if "\\" in value and value.isprintable() and value[-1] != "\\":
        if '"' not in value:
            return f'r"{value}"'
    return _quoted([repr(part)[1:-1] for part in value.split('"')])


def _quoted(parts: list[str]) -> str:
    """Of what stands between the double quotes."""
    if len(parts) - 1 > "".join(parts).count("'"):
        return "'" + '"'.join(part.replace("'", "\\'") for part in parts) + "'"
    return '"' + '\\"'.join(parts) + '"'


def _text(value: str) -> Written:
    return quoted(str.__str__(value)), set()


def _bytes(value: bytes | memoryview) -> Written:
    return quoted(bytes(value)), set()


def _plain(value: Any) -> Written:
    return repr(value), set()


def _integer(value: int) -> Written:
    return int.__repr__(value), set()


def _float(value: float) -> Written:
    if not math.isfinite(value):
        return f'float("{float(value)}")', set()
    return float.__repr__(value).replace("e+", "e"), set()


def _complex(value: complex) -> Written:
    return f"complex({_float(value.real)[0]}, {_float(value.imag)[0]})", set()


def _decimal(value: Decimal) -> Written:
    return f'Decimal("{value}")', {"from decimal import Decimal"}


def _bytearray(value: bytearray) -> Written:
    return f"bytearray({quoted(bytes(value))})", set()


# Moments. An aware one is the same moment in UTC, whatever becomes of its zone.

_DATETIME = {"import datetime"}


def _datetime(value: datetime.datetime) -> Written:
    value = _in_utc(value)
    numbers = [value.year, value.month, value.day, value.hour, value.minute]
    numbers += _without_zeros([value.second, value.microsecond])
    return _moment("datetime", numbers, value)


def _in_utc(value: datetime.datetime) -> datetime.datetime:
    offset = value.utcoffset()
    if offset is None:
        return value
    try:
        return value.astimezone(datetime.UTC)
    except OverflowError:  # it is the first or the last day of all
        return value.replace(tzinfo=datetime.timezone(offset))


def _date(value: datetime.date) -> Written:
    return f"datetime.date({value.year}, {value.month}, {value.day})", _DATETIME


def _time(value: datetime.time) -> Written:
    numbers = [value.hour, value.minute]
    numbers += _without_zeros([value.second, value.microsecond])
    return _moment("time", numbers, value)


def _without_zeros(numbers: list[int]) -> list[int]:
    """Without those at the end, which need not be said."""
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers


def _moment(kind: str, numbers: list[int], value: Any) -> Written:
    zone, imports = _zone(value.tzinfo) if value.tzinfo else ("", set())
    given = [str(number) for number in numbers]
    given += ["fold=1"] if value.fold else []
    given += [f"tzinfo={zone}"] if zone else []
    return f"datetime.{kind}({', '.join(given)})", _DATETIME | imports


def _timedelta(value: datetime.timedelta) -> Written:
    return datetime.timedelta.__repr__(value), _DATETIME


def _timezone(value: datetime.timezone) -> Written:
    if value is datetime.UTC:
        return "datetime.timezone.utc", _DATETIME
    offset, *name = value.__getinitargs__()  # type: ignore[attr-defined]
    given = ", ".join([repr(offset), *map(quoted, name)])
    return f"datetime.timezone({given})", _DATETIME


def _zone_info(value: zoneinfo.ZoneInfo) -> Written:
    if value.key is None:
        raise CannotSerialize(
            value,
            "a time zone that was read from a file has no name",
            "Make it with its name, as in ZoneInfo('Europe/Rome').",
        )
    return f"zoneinfo.ZoneInfo({quoted(value.key)})", {"import zoneinfo"}


def _zone(value: datetime.tzinfo) -> Written:
    for kind, write in LITERALS:
        if isinstance(value, kind):
            return write(value)
    raise CannotSerialize(
        value,
        "only the time zones of the standard library can be written",
        "Use datetime.timezone or zoneinfo.ZoneInfo.",
    )


# Others.


def _pattern(value: re.Pattern[Any]) -> Written:
    usual = re.compile(value.pattern[:0]).flags
    text, imports = quoted(value.pattern), {"import re"}
    flags = re.RegexFlag(value.flags & ~usual)
    given = f"{text}, {regex_flags(flags)[0]}" if flags else text
    return f"re.compile({given})", imports


def regex_flags(value: re.RegexFlag) -> Written:
    names = [f"re.{flag.name}" for flag in value]
    return " | ".join(names) or "re.RegexFlag(0)", {"import re"}


def _path(value: pathlib.PurePath) -> Written:
    """Of a path, not of a place in the file system of the machine that wrote it."""
    is_windows = isinstance(value, pathlib.PureWindowsPath)
    kind = "PureWindowsPath" if is_windows else "PurePosixPath"
    return f"pathlib.{kind}({quoted(str(value))})", {"import pathlib"}


def _path_like(value: os.PathLike[Any]) -> Written:
    return quoted(os.fspath(value)), set()


def _uuid(value: uuid.UUID) -> Written:
    return f'uuid.UUID("{value}")', {"import uuid"}


def _address(value: Any) -> Written:
    kind = type(value).__name__
    return f'ipaddress.{kind}("{value}")', {"import ipaddress"}


LITERALS: tuple[tuple[Any, Callable[[Any], Written]], ...] = (
    ((bool, type(None), type(...), type(NotImplemented), range), _plain),
    (int, _integer),
    (float, _float),
    (complex, _complex),
    (str, _text),
    ((bytes, memoryview), _bytes),
    (bytearray, _bytearray),
    (Decimal, _decimal),
    (datetime.datetime, _datetime),
    (datetime.date, _date),
    (datetime.time, _time),
    (datetime.timedelta, _timedelta),
    (datetime.timezone, _timezone),
    (zoneinfo.ZoneInfo, _zone_info),
    (uuid.UUID, _uuid),
    (re.Pattern, _pattern),
    (pathlib.PurePath, _path),
    (os.PathLike, _path_like),
    (
        (
            ipaddress.IPv4Address,
            ipaddress.IPv6Address,
            ipaddress.IPv4Network,
            ipaddress.IPv6Network,
        ),
        _address,
    ),
)
"""Kinds of values and what writes them; the first that fits does."""
