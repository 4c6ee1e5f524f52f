"""Byte ranges (RFC 9110, section 14): one range a request; several are not split."""

from fwtrace.toolkit.http.errors import RangeNotSatisfiable

__all__ = ["parse_range"]


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """The range as ``(start, stop)``, stop exclusive, of a body of ``size`` bytes.

    "bytes=0-4", 10  -> (0, 5)      "bytes=-3", 10 -> (7, 10)
    "bytes=7-",  10  -> (7, 10)     "lines=1-2"    -> None: serve the whole

    None also for malformed and for several ranges, which a server may ignore (14.2).
    Raises RangeNotSatisfiable for a range outside the body.
    """
    unit, equals, spec = header.partition("=")
    first, dash, last = spec.strip().partition("-")
    if unit.strip().lower() != "bytes" or not equals or not dash:
        return None
    if not _is_number(first) or not _is_number(last) or not (first or last):
        return None
    if not first:
        length = min(int(last), size)
        if not length:
            raise RangeNotSatisfiable(size)
        return size - length, size
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise RangeNotSatisfiable(size)
    return start, min(int(last) + 1, size) if last else size


def _is_number(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and len(text) < 20)
