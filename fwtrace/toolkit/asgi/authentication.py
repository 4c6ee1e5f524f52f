"""Who is asking, and what it may: users, scopes, and endpoints that require them.

AuthenticationMiddleware puts both on the connection: ``request.user`` and
``request.auth``.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec
from urllib.parse import urlencode

from fwtrace.toolkit.asgi.concurrency import is_async_callable
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.requests import HTTPConnection, Request
from fwtrace.toolkit.asgi.responses import RedirectResponse
from fwtrace.toolkit.asgi.websockets import WebSocket

__all__ = [
    "AuthCredentials",
    "AuthenticationBackend",
    "AuthenticationError",
    "BaseUser",
    "SimpleUser",
    "UnauthenticatedUser",
    "has_required_scope",
    "requires",
]

P = ParamSpec("P")

_CONNECTIONS: dict[str, type[HTTPConnection]] = {
    "request": Request,
    "websocket": WebSocket,
}


def has_required_scope(conn: HTTPConnection, scopes: Sequence[str]) -> bool:
    return all(scope in conn.auth.scopes for scope in scopes)


def requires(
    scopes: str | Sequence[str],
    status_code: int = 403,
    redirect: str | None = None,
) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Let an endpoint, which has a ``request`` or a ``websocket``, ask for scopes.

    Without them a request is sent to the route named ``redirect``, with where it
    wanted to go as ``?next=``, or else refused with the status; a WebSocket is closed.
    """
    needed = [scopes] if isinstance(scopes, str) else list(scopes)

    def refuse(request: Request) -> RedirectResponse:
        if redirect is None:
            raise HTTPException(status_code)
        after = urlencode({"next": str(request.url)})
        return RedirectResponse(f"{request.url_for(redirect)}?{after}", 303)

    def decorate(func: Callable[P, Any]) -> Callable[P, Any]:
        name, place = _connection_of(func)

        def find(args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
            given = args[place] if place < len(args) else None
            conn = kwargs.get(name, given)
            kind = _CONNECTIONS[name]
            if not isinstance(conn, kind):
                raise AssertionError(
                    f"The argument {name!r} of {func!r} has to be a {kind.__name__}, "
                    f"not a {type(conn).__name__}."
                )
            return conn

        @functools.wraps(func)
        async def websocket_wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
            websocket: WebSocket = find(args, kwargs)
            if has_required_scope(websocket, needed):
                await func(*args, **kwargs)
            else:
                await websocket.close()

        @functools.wraps(func)
        async def async_wrapper(*args: P.args, **kwargs: P.kwargs) -> Any:
            request: Request = find(args, kwargs)
            if has_required_scope(request, needed):
                return await func(*args, **kwargs)
            return refuse(request)

        @functools.wraps(func)
        def sync_wrapper(*args: P.args, **kwargs: P.kwargs) -> Any:
            request: Request = find(args, kwargs)
            if has_required_scope(request, needed):
                return func(*args, **kwargs)
            return refuse(request)

        if name == "websocket":
            return websocket_wrapper
        return async_wrapper if is_async_callable(func) else sync_wrapper

    return decorate


def _connection_of(func: Callable[..., Any]) -> tuple[str, int]:
    """Name and place of the parameter that takes the connection."""
    for place, name in enumerate(inspect.signature(func).parameters):
        if name in _CONNECTIONS:
            return name, place
    raise TypeError(f'{func!r} has no argument "request" or "websocket": add one.')


class AuthenticationError(Exception):
    """What a client showed to prove who it is does not."""


class AuthenticationBackend:
    """Override ``authenticate``."""

    async def authenticate(
        self, conn: HTTPConnection
    ) -> tuple[AuthCredentials, BaseUser] | None:
        """Scopes and user; None for nobody. AuthenticationError for a wrong proof."""
        raise NotImplementedError()


class AuthCredentials:
    """The scopes: what the user may do."""

    def __init__(self, scopes: Sequence[str] | None = None) -> None:
        self.scopes = list(scopes or ())


class BaseUser:
    @property
    def is_authenticated(self) -> bool:
        raise NotImplementedError()

    @property
    def display_name(self) -> str:
        raise NotImplementedError()

    @property
    def identity(self) -> str:
        raise NotImplementedError()


class SimpleUser(BaseUser):
    """One that is known by a name."""

    def __init__(self, username: str) -> None:
        self.username = username

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.username

    @property
    def identity(self) -> str:
        return self.username


class UnauthenticatedUser(BaseUser):
    """Nobody in particular."""

    @property
    def is_authenticated(self) -> bool:
        return False

    @property
    def display_name(self) -> str:
        return ""

    @property
    def identity(self) -> str:
        return ""
