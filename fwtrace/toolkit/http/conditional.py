"""Conditional requests: entity tags and the order of preconditions (RFC 9110, 13)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from fwtrace.toolkit.http.dates import parse_http_date

__all__ = ["ETags", "evaluate", "generate_etag", "if_range_holds"]


# RFC 9110, 8.8.3: tags are quoted and may hold commas, so a split will not do.
_TAG = re.compile(r'(?:W/)?"[^"]*"')


def generate_etag(data: bytes, weak: bool = False) -> str:
    """A quoted tag of the content: ``'"2ef7bde608ce5404"'``, ``'W/"..."'`` if weak."""
    import hashlib

    tag = f'"{hashlib.blake2b(data, digest_size=8).hexdigest()}"'
    return f"W/{tag}" if weak else tag


class ETags:
    """The list of tags in ``If-Match`` and ``If-None-Match``; ``*`` is any."""

    __slots__ = ("any", "tags")

    def __init__(self, header: str) -> None:
        self.any = header.strip() == "*"
        self.tags: list[str] = [] if self.any else _TAG.findall(header)

    def contains(self, etag: str | None, weak: bool) -> bool:
        """Whether the tag is among them, by weak or strong comparison (8.8.3.2)."""
        if self.any:
            return etag is not None
        if etag is None:
            return False
        if weak:
            return _opaque(etag) in map(_opaque, self.tags)
        return not etag.startswith("W/") and etag in self.tags


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/")


def evaluate(
    method: str,
    header: Callable[[str], str | None],
    etag: str | None,
    last_modified: datetime | None,
) -> int:
    """200, 304 or 412: what the preconditions of a request come to (13.2.2).

    ``header(name)`` gives a request header or None; ``last_modified`` is in UTC.
    """
    safe = method in ("GET", "HEAD")
    if_match = header("If-Match")
    if if_match is not None:
        if not ETags(if_match).contains(etag, weak=False):
            return 412
    elif _is_newer(last_modified, header("If-Unmodified-Since")):
        return 412
    if_none_match = header("If-None-Match")
    if if_none_match is not None:
        if ETags(if_none_match).contains(etag, weak=True):
            return 304 if safe else 412
        return 200
    since = header("If-Modified-Since")
    if safe and since is not None and last_modified is not None:
        moment = parse_http_date(since)
        if moment is not None and last_modified.replace(microsecond=0) <= moment:
            return 304
    return 200


def _is_newer(last_modified: datetime | None, header: str | None) -> bool:
    moment = parse_http_date(header) if header else None
    if moment is None or last_modified is None:
        return False
    return last_modified.replace(microsecond=0) > moment


def if_range_holds(
    header: str | None, etag: str | None, last_modified: datetime | None
) -> bool:
    """Whether a range may be served: ``If-Range`` is absent or names what we have."""
    if header is None:
        return True
    if '"' in header:
        return ETags(header).contains(etag, weak=False)
    moment = parse_http_date(header)
    return (
        moment is not None
        and last_modified is not None
        and last_modified.replace(microsecond=0) == moment
    )
