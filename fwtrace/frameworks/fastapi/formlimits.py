"""Limits of forms: how many fields and files, and how long a field may be."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

__all__ = ["FormLimits", "check"]

Count = Annotated[int, Field(ge=0)]


@with_config(ConfigDict(strict=True, extra="forbid"))
class FormLimits(TypedDict, total=False):
    """``max_part_size`` is in bytes."""

    max_fields: Count
    max_files: Count
    max_part_size: Count


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(FormLimits)


def check(limits: Any) -> dict[str, int]:
    """The limits; ValueError, of pydantic, for what is none."""
    found: dict[str, int] = _adapter().validate_python(limits)
    return found
