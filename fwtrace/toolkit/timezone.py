"""The time, with its zone; names are those of ``django.utils.timezone``."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

__all__ = ["UTC", "is_aware", "is_naive", "make_aware", "make_naive", "now", "utc"]

utc = UTC


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def is_aware(value: datetime) -> bool:
    return value.utcoffset() is not None


def is_naive(value: datetime) -> bool:
    return value.utcoffset() is None


def make_aware(value: datetime, timezone: tzinfo = UTC) -> datetime:
    """The moment at which clocks in that zone show this; ValueError where the value
    has a zone already."""
    if is_aware(value):
        raise ValueError(f"{value} has a time zone already: use astimezone().")
    return value.replace(tzinfo=timezone)


def make_naive(value: datetime, timezone: tzinfo = UTC) -> datetime:
    """What clocks in that zone show at this moment; ValueError where the value has no
    zone."""
    if is_naive(value):
        raise ValueError(f"{value} has no time zone to come from.")
    return value.astimezone(timezone).replace(tzinfo=None)
