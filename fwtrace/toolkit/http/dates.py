"""HTTP dates (RFC 9110, section 5.6.7)."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["http_date", "parse_http_date"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip


def http_date(when: float | datetime | None = None) -> str:
    """``784111777`` -> ``"Sun, 06 Nov 1994 08:49:37 GMT"``; now when nothing is given.

    A datetime without a zone is taken as UTC.
    """
    if when is None:
        when = time.time()
    if isinstance(when, datetime):
        moment = when if when.tzinfo else when.replace(tzinfo=UTC)
        when = moment.timestamp()
    at = time.gmtime(when)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year:04}"
        f" {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )


def parse_http_date(text: str) -> datetime | None:
    """The moment, in UTC, in any of the three formats; None for anything else.

    Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate
    Sunday, 06-Nov-94 08:49:37 GMT   RFC 850
    Sun Nov  6 08:49:37 1994         asctime
    """
    if len(text) > 40 or not text.isascii():
        return None
    words = text.replace(",", " ").replace("-", " ").split()
    try:
        if len(words) == 6 and words[5].upper() in ("GMT", "UTC"):
            day, month, year, clock = words[1], words[2], words[3], words[4]
        elif len(words) == 5:
            day, month, year, clock = words[2], words[1], words[4], words[3]
        else:
            return None
        hour, minute, second = map(int, clock.split(":"))
        return datetime(
            _year(year),
            _MONTHS.index(month.title()) + 1,
            int(day),
            hour,
            minute,
            min(second, 59),  # a leap second has no datetime
            tzinfo=UTC,
        )
    except ValueError:
        return None


def _year(text: str) -> int:
    """RFC 9110: a two-digit year over 50 years in the future is in the past."""
    year = int(text)
    if len(text) != 2:
        return year
    now = datetime.now(UTC).year
    year += now // 100 * 100
    return year - 100 if year > now + 50 else year
