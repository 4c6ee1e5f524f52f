"""Layers around an ASGI app: each takes the app, and is one itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec

__all__ = ["Middleware"]

P = ParamSpec("P")


class Middleware:
    """One layer of a stack: its class, and what that gets besides the app.

    Middleware(GZipMiddleware, minimum_size=9)  ->  GZipMiddleware(app, minimum_size=9)
    """

    def __init__(
        self, cls: Callable[Concatenate[Any, P], Any], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        self.cls: Any = cls
        self.args: tuple[Any, ...] = args
        self.kwargs: dict[str, Any] = kwargs

    def __iter__(self) -> Iterator[Any]:
        return iter((self.cls, self.args, self.kwargs))

    def __repr__(self) -> str:
        given = [getattr(self.cls, "__name__", repr(self.cls))]
        given += map(repr, self.args)
        given += (f"{name}={value!r}" for name, value in self.kwargs.items())
        return f"{type(self).__name__}({', '.join(given)})"
