"""Keys in a query parameter, a header or a cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fwtrace.frameworks.fastapi.security.base import SecurityBase
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.requests import HTTPConnection

if TYPE_CHECKING:
    from fwtrace.frameworks.fastapi.openapi.security_models import APIKeyIn

__all__ = ["APIKeyBase", "APIKeyCookie", "APIKeyHeader", "APIKeyQuery"]


def __getattr__(name: str) -> Any:
    """APIKey and APIKeyIn, which applications look for here too."""
    if name not in ("APIKey", "APIKeyIn"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fwtrace.frameworks.fastapi.openapi import security_models

    return getattr(security_models, name)


class APIKeyBase(SecurityBase):
    """Gives the key; an empty one is none."""

    def __init__(
        self,
        location: APIKeyIn | str,
        name: str,
        description: str | None,
        scheme_name: str | None,
        auto_error: bool,
    ) -> None:
        fields = {"in": location, "name": name, "description": description}
        self._describe("APIKey", scheme_name, auto_error, **fields)
        self._check(name)

    def make_not_authenticated_error(self) -> HTTPException:
        # RFC 9110, 15.5.2: a 401 must have a challenge, though there is none for keys.
        challenge = {"WWW-Authenticate": "APIKey"}
        return HTTPException(401, "Not authenticated", challenge)

    def check_api_key(self, api_key: str | None) -> str | None:
        if api_key:
            return api_key
        self._refuse()
        return None


class APIKeyQuery(APIKeyBase):
    """``?name=key``"""

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__("query", name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.query_params.get(self._field("name")))


class APIKeyHeader(APIKeyBase):
    """``Name: key``"""

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__("header", name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.headers.get(self._field("name")))


class APIKeyCookie(APIKeyBase):
    """``Cookie: name=key``"""

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__("cookie", name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.cookies.get(self._field("name")))
