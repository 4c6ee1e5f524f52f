"""A trace in, a picture out. A renderer reads nothing but the trace."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["RENDERERS", "Options", "load"]


@dataclass(frozen=True, slots=True)
class Options:
    """``stages`` to show only (None: all), ``depth`` of the tree, code ``source``."""

    stages: frozenset[str] | None = None
    depth: int | None = None
    source: bool = False


RENDERERS = {
    "tree": "fwtrace.render.tree:render",
    "table": "fwtrace.render.table:render",
    "journey": "fwtrace.render.journey:render",
    "timeline": "fwtrace.render.timeline:render",
}
"""By its name, ``module:function``; the function is loaded when it is asked for."""


def load(name: str) -> Callable[..., Any]:
    """The renderer of that name: ``render(trace, options) -> a rich renderable``."""
    module, _, function = RENDERERS[name].partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found
