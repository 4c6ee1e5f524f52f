"""``current_app``, ``g``, ``request`` and ``session``: what belongs to this moment.

The contexts live in context variables, so threads, tasks and generators that have a
context of their own have contexts of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from fwtrace.frameworks.flask.local import LocalProxy

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask
    from fwtrace.frameworks.flask.ctx import (
        AppContext,
        RequestContext,
        _AppCtxGlobals,
    )
    from fwtrace.frameworks.flask.sessions import SessionMixin
    from fwtrace.frameworks.flask.wrappers import Request

__all__ = ["app_ctx", "current_app", "g", "request", "request_ctx", "session"]

_NO_APP = (
    "This needs an application, and none is active here: it works while the app "
    "handles a request or a command. Elsewhere, enter 'with app.app_context():' first."
)
_NO_REQUEST = (
    "This needs a request, and none is being handled here. In a test or a shell, enter "
    "'with app.test_request_context():' first."
)

_cv_app: ContextVar[AppContext] = ContextVar("fwtrace.flask.app_ctx")
_cv_request: ContextVar[RequestContext] = ContextVar("fwtrace.flask.request_ctx")


def _of(variable: ContextVar[Any], otherwise: str, name: str = "") -> Callable[[], Any]:
    get = variable.get

    def find() -> Any:
        try:
            found = get()
        except LookupError:
            raise RuntimeError(otherwise) from None
        return getattr(found, name) if name else found

    return find


app_ctx = cast("AppContext", LocalProxy(_of(_cv_app, _NO_APP)))
current_app = cast("Flask", LocalProxy(_of(_cv_app, _NO_APP, "app")))
g = cast("_AppCtxGlobals", LocalProxy(_of(_cv_app, _NO_APP, "g")))
request_ctx = cast("RequestContext", LocalProxy(_of(_cv_request, _NO_REQUEST)))
request = cast("Request", LocalProxy(_of(_cv_request, _NO_REQUEST, "request")))
session = cast("SessionMixin", LocalProxy(_of(_cv_request, _NO_REQUEST, "session")))
