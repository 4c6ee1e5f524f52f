"""Middleware: an app around an app. A stack is a fold."""

from collections.abc import Callable, Sequence
from typing import Any

from fwtrace.toolkit.wsgi.types import WSGIApp

__all__ = ["Layer", "stack"]

Layer = Callable[..., WSGIApp] | tuple[Callable[..., WSGIApp], dict[str, Any]]


def stack(app: WSGIApp, middleware: Sequence[Layer]) -> WSGIApp:
    """The app inside its middleware, the first of which is outermost.

    A layer is a class, or a class with its options: ``(GZipMiddleware, {"level": 9})``.
    """
    for layer in reversed(middleware):
        cls, options = layer if isinstance(layer, tuple) else (layer, {})
        app = cls(app, **options)
    return app
