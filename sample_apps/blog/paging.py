"""One page of many rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fwtrace.toolkit.orm import QuerySet

__all__ = ["Page", "page_of"]


@dataclass(frozen=True, slots=True)
class Page:
    """``items`` of page ``number``; ``count`` of all rows on all ``pages``."""

    items: list[Any]
    number: int
    pages: int
    count: int


def page_of(rows: QuerySet[Any], number: int, size: int) -> Page:
    """The page of that number, or the nearest there is."""
    count = rows.count()
    pages = max(1, -(-count // size))
    number = min(max(number, 1), pages)
    start = (number - 1) * size
    return Page(list(rows[start : start + size]), number, pages, count)
