"""Names on several lines: broken where a reader would break them, never cut."""

from __future__ import annotations

import re

from rich.cells import cell_len

__all__ = ["longest_piece", "wrap"]

# Where a name may go on in the next line: after a separator, before a capital.
_PIECE = re.compile(r"[^\s/.:,;_(=&?-]*[/.:,;_(=&?-]*\s*")
_HUMP = re.compile(r"[A-Z]*[^A-Z]+|[A-Z]+")


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` cells.

    wrap("middleware shop.layers.Session", 20)  ["middleware", "shop.layers.Session"]
    wrap("shop.layers.Session", 12)             ["shop.layers.", "Session"]
    wrap("SecurityHeadersMiddleware", 20)       ["SecurityHeaders", "Middleware"]
    """
    width = max(1, width)
    lines = [""]
    for word in re.findall(r"\S+\s*", text):
        for piece in _fitting(word, width):
            if lines[-1] and cell_len((lines[-1] + piece).rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    return [line.rstrip() for line in lines]


def _fitting(word: str, width: int) -> list[str]:
    """The word whole when it fits a line, else in pieces that do."""
    if cell_len(word.rstrip()) <= width:
        return [word]
    for pattern in (_PIECE, _HUMP):
        pieces = [piece for piece in pattern.findall(word) if piece]
        if len(pieces) > 1:
            return [part for piece in pieces for part in _fitting(piece, width)]
    return _folded(word, width)


def _folded(word: str, width: int) -> list[str]:
    lines = [""]
    for char in word:
        if lines[-1] and cell_len(lines[-1] + char) > width:
            lines.append("")
        lines[-1] += char
    return lines


def longest_piece(text: str) -> int:
    """Cells that the longest part needs which should not be broken."""
    return max((cell_len(piece.strip()) for piece in _PIECE.findall(text)), default=0)
