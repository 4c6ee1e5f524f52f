"""Which of the two gateway interfaces an app speaks, told without calling it.

WSGI (PEP 3333)  app(environ, start_response)
ASGI 3           await app(scope, receive, send)
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, Literal, TypeAlias

__all__ = ["NotAnApp", "Protocol", "protocol_of"]

Protocol: TypeAlias = Literal["wsgi", "asgi"]

_CALLS = (
    "a WSGI app is called with (environ, start_response), "
    "an ASGI app with (scope, receive, send)"
)


class NotAnApp(TypeError):
    """It speaks neither; the message ends a sentence that begins with its name."""


def protocol_of(app: Any) -> Protocol:
    """``"wsgi"`` or ``"asgi"``, by what the app can be called with.

    Raises :class:`NotAnApp` for what is neither.
    """
    if not callable(app):
        raise NotAnApp(f"is {type(app).__name__!r}, not an app: {_CALLS}.")
    if _takes(app, 1) and _makes_asgi2(app):
        raise NotAnApp(
            "is an ASGI 2 app, app(scope)(receive, send); fwtrace hosts ASGI 3: wrap "
            "it in asgiref.compatibility.guarantee_single_callable()."
        )
    if isinstance(app, type):
        # As uvicorn has it: calling such a class with three gives what is awaited.
        if hasattr(app, "__await__") and _takes(app, 3):
            return "asgi"
        raise NotAnApp(f"is a class, not an app: {_CALLS}. Name an instance of it.")
    if _is_coroutine(app):
        if _takes(app, 3):
            return "asgi"
        raise NotAnApp(f"is asynchronous, but no ASGI app: {_CALLS}.")
    if _takes(app, 2):
        return "wsgi"
    if _takes(app, 3):
        return "asgi"
    raise NotAnApp(f"is callable, but not an app: {_CALLS}.")


def _bare(app: Any) -> Any:
    while isinstance(app, functools.partial):
        app = app.func
    return app


def _is_coroutine(app: Any) -> bool:
    bare = _bare(app)
    call = getattr(type(bare), "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(bare) or inspect.iscoroutinefunction(call)


def _takes(app: Any, count: int) -> bool:
    """Whether it can be called with so many arguments, as far as one can see."""
    try:
        signature = inspect.signature(app)
    except (TypeError, ValueError):
        return count == 2
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _makes_asgi2(app: Any) -> bool:
    """Whether the one argument is a scope, and what it gives is to be awaited."""
    if isinstance(app, type):
        return _is_coroutine_method(app) and not hasattr(app, "__await__")
    try:
        names = list(inspect.signature(app).parameters)
    except (TypeError, ValueError):
        return False
    return names == ["scope"] and not _is_coroutine(app)


def _is_coroutine_method(kind: type) -> bool:
    return inspect.iscoroutinefunction(vars(kind).get("__call__"))
