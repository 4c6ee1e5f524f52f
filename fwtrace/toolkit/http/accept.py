"""Content negotiation: what the client would rather have (RFC 9110, section 12.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

__all__ = ["Accept"]

MAX_PARTS = 100


class Accept:
    """An ``Accept``, ``Accept-Language`` or ``Accept-Encoding`` header.

    ``Accept("text/html;q=0.8, application/json").best(["text/html",
    "application/json"])`` -> ``"application/json"``. An empty header accepts all;
    malformed parts are passed over.
    """

    __slots__ = ("_ranges",)

    def __init__(self, header: str = "") -> None:
        self._ranges: list[tuple[str, float]] = []
        for part in header.split(",", MAX_PARTS)[:MAX_PARTS]:
            value, *options = part.split(";")
            name = value.strip().lower()
            quality = _quality(options)
            if name and quality is not None:
                self._ranges.append((name, quality))

    def __iter__(self) -> Iterator[str]:
        """The ranges that are acceptable, the best first."""
        ranked = sorted(self._ranges, key=lambda each: -each[1])
        return (name for name, quality in ranked if quality > 0)

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def __contains__(self, offer: str) -> bool:
        return self.quality(offer) > 0

    def quality(self, offer: str) -> float:
        """0 to 1: that of the most specific range which covers the offer."""
        if not self._ranges:
            return 1.0
        offer = offer.lower()
        best, found = -1, 0.0
        for name, quality in self._ranges:
            fit = _specificity(name, offer)
            if fit > best:
                best, found = fit, quality
        if best < 0 and offer == "identity":
            return 1.0  # RFC 9110, 12.5.3: acceptable unless excluded
        return found if best >= 0 else 0.0

    def best(self, offers: Sequence[str]) -> str | None:
        """The offer that the client likes best, the first of equals; None if none."""
        chosen, top = None, 0.0
        for offer in offers:
            quality = self.quality(offer)
            if quality > top:
                chosen, top = offer, quality
        return chosen


def _quality(options: list[str]) -> float | None:
    for option in options:
        name, _, value = option.partition("=")
        if name.strip().lower() == "q":
            try:
                quality = float(value)
            except ValueError:
                return None
            return quality if 0 <= quality <= 1 else None
    return 1.0


def _specificity(name: str, offer: str) -> int:
    """How closely a range names the offer: exact, by its prefix, as a wildcard."""
    if name == offer:
        return 3
    if name.endswith("/*") and offer.startswith(name[:-1]):
        return 1
    if "/" not in name and offer.startswith(name + "-"):
        return 2  # a language range covers its regions: "en" takes "en-GB"
    return 0 if name in ("*", "*/*") else -1
