"""Dates, times and durations as people and databases write them."""

import datetime
from datetime import date, time, timedelta

import pytest
from hypothesis import given, strategies as st

from fwtrace.toolkit.dateparse import (
    duration_string,
    parse_date,
    parse_datetime,
    parse_duration,
    parse_time,
)

UTC = datetime.UTC


def zone(**offset):
    return datetime.timezone(timedelta(**offset))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2024-02-03", date(2024, 2, 3)),
        ("2024-2-3", date(2024, 2, 3)),
        ("20240203", date(2024, 2, 3)),
        ("3.2.2024", None),
        ("2024-02-03 04:05", None),
        ("", None),
    ],
)
def test_dates(text, found):
    assert parse_date(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("04:05", time(4, 5)),
        ("4:5", time(4, 5)),
        ("04:05:06", time(4, 5, 6)),
        ("4:05:06.5", time(4, 5, 6, 500_000)),
        ("4:05:06,0000019", time(4, 5, 6, 1)),
        ("04:05+02:00", time(4, 5)),
        ("noon", None),
    ],
)
def test_times(text, found):
    assert parse_time(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2024-02-03T04:05", datetime.datetime(2024, 2, 3, 4, 5)),
        ("2024-2-3 4:5:6,7", datetime.datetime(2024, 2, 3, 4, 5, 6, 700_000)),
        ("2024-2-3 4:5Z", datetime.datetime(2024, 2, 3, 4, 5, tzinfo=UTC)),
        (
            "2024-2-3 4:5 -0330",
            datetime.datetime(2024, 2, 3, 4, 5, tzinfo=zone(hours=-3, minutes=-30)),
        ),
        (
            "2024-2-3 4:5+05",
            datetime.datetime(2024, 2, 3, 4, 5, tzinfo=zone(hours=5)),
        ),
        ("2024-2-3", None),
        ("yesterday", None),
    ],
)
def test_datetimes(text, found):
    made = parse_datetime(text)
    assert made == found
    if made is not None:
        assert made.tzinfo == found.tzinfo


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_date, "2024-2-30"),
        (parse_time, "25:00"),
        (parse_datetime, "2024-2-3 24:01"),
        (parse_datetime, "2024-2-3 4:5+99"),
        (parse_duration, "9" * 20),
    ],
)
def test_what_cannot_be_is_an_error(parse, text):
    with pytest.raises((ValueError, OverflowError)):
        parse(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("15", timedelta(seconds=15)),
        ("1.5", timedelta(seconds=1.5)),
        ("04:05", timedelta(minutes=4, seconds=5)),
        ("04:05:06", timedelta(hours=4, minutes=5, seconds=6)),
        ("-04:05", -timedelta(minutes=4, seconds=5)),
        ("3 04:05:06", timedelta(days=3, hours=4, minutes=5, seconds=6)),
        ("-3 04:05:06", timedelta(days=-3, hours=4, minutes=5, seconds=6)),
        ("1 day, 0:00:01", timedelta(days=1, seconds=1)),
        ("3 days 04:05:06", timedelta(days=3, hours=4, minutes=5, seconds=6)),
        ("-1 days -00:00:01", timedelta(days=-1, seconds=-1)),
        ("2 days", timedelta(days=2)),
        ("0.0000019", timedelta(microseconds=1)),
        ("P3DT4H5M6.5S", timedelta(days=3, hours=4, minutes=5, seconds=6.5)),
        ("P0,5D", timedelta(hours=12)),
        ("-PT1H", -timedelta(hours=1)),
        ("P1Y", None),
        ("2", timedelta(seconds=2)),
        ("2 ", None),
        ("soon", None),
        ("", None),
        ("0" * 101, None),
    ],
)
def test_durations(text, found):
    assert parse_duration(text) == found


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(), "00:00:00"),
        (timedelta(days=1, seconds=7384, microseconds=5), "1 02:03:04.000005"),
        (timedelta(seconds=-1), "-1 23:59:59"),
    ],
)
def test_durations_are_written(duration, text):
    assert duration_string(duration) == text


@given(st.timedeltas())
def test_duration_is_read_as_it_was_written(duration):
    assert parse_duration(duration_string(duration)) == duration


@given(st.datetimes(timezones=st.none() | st.just(UTC)))
def test_moment_is_read_as_it_was_written(moment):
    assert parse_datetime(str(moment)) == parse_datetime(moment.isoformat()) == moment


@given(st.text() | st.text("0123456789-:.,+PTDHMSday ", max_size=30))
def test_any_text_is_read_or_refused(text):
    for parse in (parse_date, parse_time, parse_datetime, parse_duration):
        try:
            parse(text)
        except (ValueError, OverflowError):
            pass
