from datetime import UTC, datetime, timedelta, timezone

import pytest

from fwtrace.toolkit import timezone as zones

PLAIN = datetime(2024, 5, 1, 12)
HALF_PAST = timezone(timedelta(hours=5, minutes=30))


def test_now_is_in_utc():
    assert zones.now().tzinfo is UTC
    assert abs(zones.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_aware_and_naive():
    assert zones.is_naive(PLAIN)
    assert not zones.is_aware(PLAIN)
    assert zones.is_aware(zones.make_aware(PLAIN))


def test_there_and_back():
    aware = zones.make_aware(PLAIN, HALF_PAST)
    assert aware.astimezone(UTC).isoformat() == "2024-05-01T06:30:00+00:00"
    assert zones.make_naive(aware, HALF_PAST) == PLAIN
    assert zones.make_naive(aware) == datetime(2024, 5, 1, 6, 30)


def test_what_has_a_zone_gets_no_other():
    with pytest.raises(ValueError, match="has a time zone already"):
        zones.make_aware(zones.now())
    with pytest.raises(ValueError, match="has no time zone"):
        zones.make_naive(PLAIN)
