"""What comes from a field of a form, as the database can keep it."""

from __future__ import annotations

__all__ = ["cleaned"]


def cleaned(text: str) -> str:
    """The text without space around it, its lines ended by one character.

    HTML ends lines in a form with two, and PostgreSQL keeps no NUL.
    """
    return text.replace("\r\n", "\n").replace("\0", "").strip()
