"""Small facts about routes and statuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fwtrace.frameworks.fastapi.datastructures import DefaultPlaceholder

if TYPE_CHECKING:
    from fwtrace.frameworks.fastapi.routes import APIRoute

__all__ = [
    "check_body_size",
    "deep_dict_update",
    "first_given",
    "generate_unique_id",
    "get_path_param_names",
    "get_value_or_default",
    "is_body_allowed_for_status_code",
]

_RANGES = {"default", "1XX", "2XX", "3XX", "4XX", "5XX"}


def is_body_allowed_for_status_code(status_code: int | str | None) -> bool:
    """Whether a response of this status may have a body (RFC 9110, 15)."""
    if status_code is None or status_code in _RANGES:
        return True
    code = int(status_code)
    return code >= 200 and code not in (204, 205, 304)


def get_path_param_names(path: str) -> set[str]:
    return set(re.findall("{(.*?)}", path))


def generate_unique_id(route: APIRoute) -> str:
    """``read_item_items__id__get`` of ``read_item`` at ``/items/{id}``."""
    text = re.sub(r"\W", "_", f"{route.name}{route.path_format}")
    return f"{text}_{next(iter(route.methods)).lower()}"


def deep_dict_update(main_dict: dict[Any, Any], update_dict: dict[Any, Any]) -> None:
    """Merge dictionaries in dictionaries; lists are joined."""
    for key, value in update_dict.items():
        old = main_dict.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            deep_dict_update(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            main_dict[key] = old + value
        else:
            main_dict[key] = value


def get_value_or_default(first_item: Any, *extra_items: Any) -> Any:
    """The first that someone has chosen, else the first."""
    for item in (first_item, *extra_items):
        if not isinstance(item, DefaultPlaceholder):
            return item
    return first_item


def first_given(*values: Any) -> Any:
    """The first that is not None."""
    return next((value for value in values if value is not None), None)


def check_body_size(limit: Any) -> None:
    """ValueError for what is no number of bytes."""
    if limit is None or (type(limit) is int and limit >= 0):
        return
    raise ValueError("max_body_size must be a non-negative integer or None")
