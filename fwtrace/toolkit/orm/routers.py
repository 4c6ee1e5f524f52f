"""Routers: which database a model's rows are read from and written to."""

from __future__ import annotations

from typing import Any

__all__ = ["db_for_read", "db_for_write"]


def db_for_read(model: Any, **hints: Any) -> str:
    instance = hints.get("instance")
    return (instance is not None and instance._state.db) or "default"


db_for_write = db_for_read
