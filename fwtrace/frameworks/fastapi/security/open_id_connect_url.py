"""OpenID Connect."""

from __future__ import annotations

from fwtrace.frameworks.fastapi.security.base import SecurityBase
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.requests import HTTPConnection

__all__ = ["OpenIdConnect"]


class OpenIdConnect(SecurityBase):
    """Gives the whole Authorization header; to understand it is for a subclass."""

    def __init__(
        self,
        *,
        openIdConnectUrl: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        fields = {"openIdConnectUrl": openIdConnectUrl, "description": description}
        self._describe("OpenIdConnect", scheme_name, auto_error, **fields)
        self._check(openIdConnectUrl)

    def make_not_authenticated_error(self) -> HTTPException:
        challenge = {"WWW-Authenticate": "Bearer"}
        return HTTPException(401, "Not authenticated", challenge)

    async def __call__(self, request: HTTPConnection) -> str | None:
        header: str | None = request.headers.get("authorization")
        if header:
            return header
        self._refuse()
        return None
