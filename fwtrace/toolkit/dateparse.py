"""Text to dates, times and durations, ISO 8601 and what is close to it.

    parse_date("2024-2-3")                    date(2024, 2, 3)
    parse_datetime("2024-02-03 4:05+02:00")   datetime(2024, 2, 3, 4, 5, tzinfo=+02:00)
    parse_duration("1 02:03:04.5")            timedelta(days=1, seconds=7384.5)

Each returns None for text that is nothing of the kind, and raises ValueError (or its
cousin OverflowError) for what has the form but cannot be, such as the 30th of February.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

__all__ = [
    "duration_string",
    "parse_date",
    "parse_datetime",
    "parse_duration",
    "parse_time",
]

LONGEST = 100  # characters; what a person or a database writes is far shorter

_DATE = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
_TIME = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2})"
    r"(?::(?P<second>[0-9]{1,2})(?:[.,](?P<microsecond>[0-9]{1,6})[0-9]{0,6})?)?"
)
_ZONE = r"(?P<zone>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
_date = re.compile(_DATE)
_time = re.compile(_TIME)
_datetime = re.compile(rf"{_DATE}[T ]{_TIME} ?{_ZONE}")

_clock = re.compile(
    r"(?:(?P<days>-?[0-9]+) (?:days?,?(?: |$)|(?=[-+0-9])))?"
    r"(?:(?P<sign>[-+])?(?:(?:(?P<hours>[0-9]+):)?(?P<minutes>[0-9]+):)?"
    r"(?P<seconds>[0-9]+(?:[.,][0-9]{1,6})?)(?:(?<=[.,][0-9]{6})[0-9]{1,6})?)?"
)
_number = r"[0-9]+(?:[.,][0-9]+)?"
_iso = re.compile(
    rf"(?P<sign>[-+])?P(?:(?P<days>{_number})D)?(?:T(?:(?P<hours>{_number})H)?"
    rf"(?:(?P<minutes>{_number})M)?(?:(?P<seconds>{_number})S)?)?"
)


def parse_date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        found = _match(_date, text)
        return datetime.date(**_integers(found)) if found else None


def parse_time(text: str) -> datetime.time | None:
    """A time of day; a zone, which means nothing without a date, is left out."""
    try:
        return datetime.time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        found = _match(_time, text)
        return datetime.time(**_integers(found)) if found else None


def parse_datetime(text: str) -> datetime.datetime | None:
    """A moment; aware if the text says how far it is from UTC."""
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        found = _match(_datetime, text)
        if found is None:
            return None
        zone = _zone(found.pop("zone"))
        return datetime.datetime(**_integers(found), tzinfo=zone)


def parse_duration(text: str) -> datetime.timedelta | None:
    """``3 days, 4:05:06``, ``-1 04:05:06.5``, ``04:05``, ``15``, ``P3DT4H5M6S``."""
    found = _match(_clock, text)
    if found is not None and any(found.values()):
        # The sign after the days is the time's alone.
        return _days(found) + _signed(found, _span(found))
    found = _match(_iso, text)
    if found is None:
        return None
    return _signed(found, _days(found) + _span(found))


def duration_string(duration: datetime.timedelta) -> str:
    """``1 02:03:04.500000``: as ``parse_duration`` reads it, days only if there are."""
    clock = duration - datetime.timedelta(duration.days)
    minutes, seconds = divmod(clock.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{duration.days} " if duration.days else ""
    parts = f".{clock.microseconds:06}" if clock.microseconds else ""
    return f"{days}{hours:02}:{minutes:02}:{seconds:02}{parts}"


def _match(pattern: re.Pattern[str], text: str) -> dict[str, str | None] | None:
    found = pattern.fullmatch(text) if len(text) <= LONGEST else None
    return found.groupdict() if found else None


def _integers(found: dict[str, str | None]) -> dict[str, Any]:
    if found.get("microsecond"):
        found["microsecond"] = str(found["microsecond"]).ljust(6, "0")
    return {name: int(value) for name, value in found.items() if value is not None}


def _zone(text: str | None) -> datetime.tzinfo | None:
    if text is None:
        return None
    if text == "Z":
        return datetime.UTC
    sign, hours, minutes = text[0], int(text[1:3]), int(text[3:].lstrip(":") or 0)
    offset = datetime.timedelta(hours=hours, minutes=minutes)
    return datetime.timezone(-offset if sign == "-" else offset)


def _days(found: dict[str, str | None]) -> datetime.timedelta:
    return datetime.timedelta(days=_float(found["days"]))


def _span(found: dict[str, str | None]) -> datetime.timedelta:
    names = ("hours", "minutes", "seconds")
    return datetime.timedelta(**{name: _float(found[name]) for name in names})


def _signed(
    found: dict[str, str | None], duration: datetime.timedelta
) -> datetime.timedelta:
    return -duration if found["sign"] == "-" else duration


def _float(text: str | None) -> float:
    return float(text.replace(",", ".")) if text else 0.0
