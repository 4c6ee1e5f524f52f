"""Credentials in the Authorization header: Basic, Bearer, Digest or another scheme."""

from __future__ import annotations

from base64 import b64decode
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from fwtrace.frameworks.fastapi.exceptions import HTTPException
from fwtrace.frameworks.fastapi.security.base import SecurityBase
from fwtrace.frameworks.fastapi.security.utils import get_authorization_scheme_param
from fwtrace.toolkit.asgi.requests import HTTPConnection

__all__ = [
    "HTTPAuthorizationCredentials",
    "HTTPBase",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPDigest",
]


class HTTPBasicCredentials(BaseModel):
    """What HTTPBasic gives; compare the password by ``secrets.compare_digest``."""

    model_config = ConfigDict(defer_build=True)

    username: str
    password: str


class HTTPAuthorizationCredentials(BaseModel):
    """``Bearer abc``: the scheme, as it was written, and the credentials."""

    model_config = ConfigDict(defer_build=True)

    scheme: str
    credentials: str


class HTTPBase(SecurityBase):
    """Gives the credentials of whatever scheme the header names."""

    # The one scheme that is taken, in lower case.
    _taken: ClassVar[str | None] = None

    def __init__(
        self,
        *,
        scheme: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        fields = {"scheme": scheme, "description": description}
        self._describe("HTTPBase", scheme_name, auto_error, **fields)
        self._check(scheme)

    def make_authenticate_headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": self._field("scheme").title()}

    def make_not_authenticated_error(self) -> HTTPException:
        return HTTPException(401, "Not authenticated", self.make_authenticate_headers())

    async def __call__(
        self, request: HTTPConnection
    ) -> HTTPAuthorizationCredentials | None:
        header = request.headers.get("authorization")
        scheme, credentials = get_authorization_scheme_param(header)
        if scheme and credentials and self._taken in (None, scheme.lower()):
            return HTTPAuthorizationCredentials(scheme=scheme, credentials=credentials)
        self._refuse()
        return None


class HTTPBasic(HTTPBase):
    """User name and password (RFC 7617), as HTTPBasicCredentials."""

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="basic",
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )
        self.realm = realm

    def make_authenticate_headers(self) -> dict[str, str]:
        realm = f' realm="{self.realm}"' if self.realm else ""
        return {"WWW-Authenticate": f"Basic{realm}"}

    async def __call__(  # type: ignore[override]
        self, request: HTTPConnection
    ) -> HTTPBasicCredentials | None:
        header = request.headers.get("authorization")
        scheme, encoded = get_authorization_scheme_param(header)
        if scheme.lower() != "basic":
            self._refuse()
            return None
        try:
            text = b64decode(encoded).decode("ascii")
        except ValueError as error:
            raise self.make_not_authenticated_error() from error
        username, colon, password = text.partition(":")
        if not colon:
            raise self.make_not_authenticated_error()
        return HTTPBasicCredentials(username=username, password=password)


class HTTPBearer(HTTPBase):
    """A token: ``Bearer abc``."""

    _taken = "bearer"

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        fields = {"bearerFormat": bearerFormat, "description": description}
        self._describe("HTTPBearer", scheme_name, auto_error, **fields)

    def make_authenticate_headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class HTTPDigest(HTTPBase):
    """``Digest ...`` (RFC 7616), unparsed: to understand it is for a subclass."""

    _taken = "digest"

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="digest",
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )
