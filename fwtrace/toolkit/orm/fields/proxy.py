"""OrderWrt: the column behind ``Meta.order_with_respect_to``."""

from __future__ import annotations

from typing import Any

from fwtrace.toolkit.orm.fields.numbers import IntegerField

__all__ = ["OrderWrt"]


class OrderWrt(IntegerField):
    """``_order``: the place of a row among those that belong to the same one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "name": "_order", "editable": False})
