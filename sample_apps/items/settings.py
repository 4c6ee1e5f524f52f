"""What differs from one place of use to the next."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """``database`` is a file, or "" for a temporary one; ``token_age`` is in seconds,
    ``image_size`` in bytes."""

    database: str = field(default_factory=lambda: os.environ.get("ITEMS_DATABASE", ""))
    secret_key: str = field(
        default_factory=lambda: os.environ.get("SECRET_KEY") or "for development only"
    )
    token_age: int = 60 * 60
    image_size: int = 1024 * 1024
