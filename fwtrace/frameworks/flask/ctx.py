"""The contexts: what is active while an app works, and while it handles a request.

AppContext      current_app, g
RequestContext  request, session, the URL that matched, flashed messages
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextvars import Token
from functools import update_wrapper
from types import TracebackType
from typing import TYPE_CHECKING, Any

from fwtrace.frameworks.flask.exceptions import HTTPException
from fwtrace.frameworks.flask.globals import _cv_app, _cv_request
from fwtrace.frameworks.flask.signals import appcontext_popped, appcontext_pushed

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask
    from fwtrace.frameworks.flask.sessions import SessionMixin
    from fwtrace.frameworks.flask.wrappers import Request
    from fwtrace.toolkit.wsgi.types import Environ

__all__ = [
    "AppContext",
    "RequestContext",
    "after_this_request",
    "copy_current_request_context",
    "has_app_context",
    "has_request_context",
]

_sentinel: Any = object()


class _AppCtxGlobals:
    """``g``: a place to keep things for as long as the app context lasts."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"g has no {name!r}: nothing has set it in this context.")

    if TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None: ...

    def get(self, name: str, default: Any = None) -> Any:
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: Any = _sentinel) -> Any:
        if default is _sentinel:
            return self.__dict__.pop(name)
        return self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        return self.__dict__.setdefault(name, default)

    def __contains__(self, item: str) -> bool:
        return item in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        context = _cv_app.get(None)
        return (
            object.__repr__(self)
            if context is None
            else f"<flask.g of {context.app.name!r}>"
        )


def after_this_request(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Have the function change the response of this request alone; returns it."""
    _current("after_this_request()")._after_request_functions.append(f)
    return f


def copy_current_request_context(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function, to be called elsewhere (a thread, a task) within a copy of this
    request's context."""
    copied = _current("copy_current_request_context()").copy()
    app = copied.app

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with copied:
            return app.ensure_sync(f)(*args, **kwargs)

    return update_wrapper(wrapper, f)


def _current(what: str) -> RequestContext:
    context = _cv_request.get(None)
    if context is None:
        raise RuntimeError(
            f"{what} can only be used while a request is handled, such as in a view."
        )
    return context


def has_request_context() -> bool:
    """Whether a request is being handled here."""
    return _cv_request.get(None) is not None


def has_app_context() -> bool:
    """Whether an app is active here."""
    return _cv_app.get(None) is not None


class AppContext:
    """What ``current_app`` and ``g`` stand for: ``with app.app_context():``."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._g: Any = None
        self._adapter: Any = _sentinel
        self._cv_tokens: list[Token[AppContext]] = []

    @property
    def g(self) -> Any:
        found = self._g
        if found is None:
            found = self._g = self.app.app_ctx_globals_class()
        return found

    @g.setter
    def g(self, value: Any) -> None:
        self._g = value

    @property
    def url_adapter(self) -> Any:
        """What builds URLs where no request says which host it is."""
        if self._adapter is _sentinel:
            self._adapter = self.app.create_url_adapter(None)
        return self._adapter

    def push(self) -> None:
        self._cv_tokens.append(_cv_app.set(self))
        if appcontext_pushed.connections:
            appcontext_pushed.send(self.app)

    def pop(self, exc: BaseException | None = _sentinel) -> None:
        try:
            if len(self._cv_tokens) == 1:
                if exc is _sentinel:
                    exc = sys.exc_info()[1]
                self.app.do_teardown_appcontext(exc)
        finally:
            found = _cv_app.get()
            _cv_app.reset(self._cv_tokens.pop())
        if found is not self:
            raise AssertionError(
                f"Popped the wrong app context: {found!r}, not {self!r}."
            )
        if appcontext_popped.connections:
            appcontext_popped.send(self.app)

    def __enter__(self) -> AppContext:
        self.push()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.pop(exc_value)


class RequestContext:
    """One request being handled: ``app.test_request_context()`` makes one by hand.

    Pushing it pushes an app context where the app's is not active, opens the session
    and matches the URL; what goes wrong there is raised when the app dispatches.
    """

    def __init__(
        self,
        app: Flask,
        environ: Environ,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        self.app = app
        if request is None:
            request = app.request_class(environ)
            request.app = app
        self.request: Request = request
        try:
            self.url_adapter = app.create_url_adapter(request)
        except HTTPException as error:
            self.url_adapter = None
            request.routing_exception = error
        self.flashes: list[tuple[str, str]] | None = None
        self._session: Any = session
        self._after_request_functions: list[Callable[[Any], Any]] = []
        self._cv_tokens: list[tuple[Token[RequestContext], AppContext | None]] = []

    @property
    def session(self) -> Any:
        """The session; looking at it makes the response vary by cookie."""
        session = self._session
        if session is None:
            raise AssertionError("The session is opened when the context is pushed.")
        session.accessed = True
        return session

    def copy(self) -> RequestContext:
        """A context of the same request, to be pushed elsewhere."""
        return type(self)(
            self.app, self.request.environ, request=self.request, session=self._session
        )

    def match_request(self) -> None:
        """Find the view; or remember why there is none, for dispatch to raise."""
        request = self.request
        try:
            rule, request.view_args = self.url_adapter.match(return_rule=True)  # type: ignore[union-attr]
            request.url_rule = rule
        except HTTPException as error:
            request.routing_exception = error

    def push(self) -> None:
        app = self.app
        current = _cv_app.get(None)
        pushed = None
        if current is None or current.app is not app:
            pushed = app.app_context()
            pushed.push()
        self._cv_tokens.append((_cv_request.set(self), pushed))
        if self._session is None:
            interface = app.session_interface
            self._session = interface.open_session(app, self.request)
            if self._session is None:
                self._session = interface.make_null_session(app)
        if self.url_adapter is not None:
            self.match_request()

    def pop(self, exc: BaseException | None = _sentinel) -> None:
        is_last = len(self._cv_tokens) == 1
        try:
            if is_last:
                if exc is _sentinel:
                    exc = sys.exc_info()[1]
                self.app.do_teardown_request(exc)
                self.request.close()
        finally:
            found = _cv_request.get()
            token, pushed = self._cv_tokens.pop()
            _cv_request.reset(token)
            if pushed is not None:
                pushed.pop(exc)
        if found is not self:
            raise AssertionError(
                f"Popped the wrong request context: {found!r}, not {self!r}."
            )

    def __enter__(self) -> RequestContext:
        self.push()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.pop(exc_value)

    def __repr__(self) -> str:
        request = self.request
        return f"<RequestContext {request.url!r} [{request.method}] of {self.app.name}>"
