"""Byte ranges of a request, several of them: for a multipart answer (RFC 9110, 14)."""

from __future__ import annotations

__all__ = ["MalformedRange", "NoSuchRange", "parse"]


class MalformedRange(ValueError):
    """The header makes no sense; the message says why."""


class NoSuchRange(ValueError):
    """A range begins outside of the body."""


def parse(header: str, size: int, most: int) -> list[tuple[int, int]]:
    """``(start, stop)`` of each range, stop exclusive, in order; those that touch are
    one. Empty for more than ``most`` ranges: the whole is sent then.

    Raises MalformedRange and NoSuchRange.
    """
    units, equals, specs = header.partition("=")
    if not equals:
        raise MalformedRange("Malformed range header.")
    if units.strip().lower() != "bytes":
        raise MalformedRange("Only support bytes range")
    if specs.count(",") >= most:
        return []
    ranges = [found for spec in specs.split(",") if (found := _span(spec, size))]
    if not ranges:
        raise MalformedRange("Range header: range must be requested")
    if any(not 0 <= start < size for start, _ in ranges):
        raise NoSuchRange(size)
    if any(start >= stop for start, stop in ranges):
        raise MalformedRange("Range header: start must be less than end")
    if len(ranges) == 1:
        return ranges
    first, *others = sorted(ranges)
    joined = [first]
    for start, stop in others:
        last_start, last_stop = joined[-1]
        if start <= last_stop:
            joined[-1] = (last_start, max(last_stop, stop))
        else:
            joined.append((start, stop))
    return joined


def _span(spec: str, size: int) -> tuple[int, int] | None:
    """One range; None for what is none, which is passed over."""
    first, dash, last = (part.strip() for part in spec.partition("-"))
    if not dash or not (first or last):
        return None
    try:
        if not first:
            return max(size - int(last), 0), size
        return int(first), min(int(last) + 1, size) if last else size
    except ValueError:
        return None
