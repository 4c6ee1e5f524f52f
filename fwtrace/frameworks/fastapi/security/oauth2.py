"""OAuth 2 (RFC 6749): tokens in a header, the password form, and scopes."""

from typing import TYPE_CHECKING, Annotated, Any

from fwtrace.frameworks.fastapi.exceptions import HTTPException
from fwtrace.frameworks.fastapi.param_functions import Form
from fwtrace.frameworks.fastapi.security.base import SecurityBase
from fwtrace.frameworks.fastapi.security.utils import get_authorization_scheme_param
from fwtrace.toolkit.asgi.requests import HTTPConnection

if TYPE_CHECKING:
    from fwtrace.frameworks.fastapi.openapi.security_models import OAuthFlows

__all__ = [
    "OAuth2",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm",
    "OAuth2PasswordRequestFormStrict",
    "SecurityScopes",
]

_HIDDEN = {"format": "password"}


def __getattr__(name: str) -> Any:
    """OAuth2Model and OAuthFlowsModel, which applications look for here too."""
    if name not in ("OAuth2Model", "OAuthFlowsModel"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fwtrace.frameworks.fastapi.openapi import security_models

    return getattr(security_models, name.removesuffix("Model"))


class OAuth2PasswordRequestForm:
    """The form of the password flow, as a dependency; ``scopes`` is a list.

    RFC 6749, 4.3.2, wants ``grant_type=password``; here it may be missing.
    """

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Form(json_schema_extra=_HIDDEN)],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form(json_schema_extra=_HIDDEN)] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """The same, but with ``grant_type`` as the RFC wants it."""

    def __init__(
        self,
        grant_type: Annotated[str, Form(pattern="^password$")],
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        super().__init__(
            grant_type=grant_type,
            username=username,
            password=password,
            scope=scope,
            client_id=client_id,
            client_secret=client_secret,
        )


class OAuth2(SecurityBase):
    """Gives the whole Authorization header; ``flows`` say how to get a token."""

    def __init__(
        self,
        *,
        flows: "OAuthFlows | dict[str, dict[str, Any]] | None" = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        fields = {"flows": flows or {}, "description": description}
        self._describe("OAuth2", scheme_name, auto_error, **fields)
        if flows:
            self._check(flows)

    def make_not_authenticated_error(self) -> HTTPException:
        challenge = {"WWW-Authenticate": "Bearer"}
        return HTTPException(401, "Not authenticated", challenge)

    async def __call__(self, request: HTTPConnection) -> str | None:
        header: str | None = request.headers.get("authorization")
        if header:
            return header
        self._refuse()
        return None


class _BearerToken(OAuth2):
    """Gives the token alone."""

    async def __call__(self, request: HTTPConnection) -> str | None:
        header = request.headers.get("authorization")
        scheme, token = get_authorization_scheme_param(header)
        if scheme.lower() == "bearer":
            return token
        self._refuse()
        return None


class OAuth2PasswordBearer(_BearerToken):
    """A token that was got at ``tokenUrl`` for a name and a password."""

    def __init__(
        self,
        tokenUrl: str,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,
    ) -> None:
        flow = {"tokenUrl": tokenUrl, "refreshUrl": refreshUrl, "scopes": scopes or {}}
        fields = {"flows": {"password": flow}, "description": description}
        self._describe("OAuth2", scheme_name, auto_error, **fields)
        self._check(tokenUrl)


class OAuth2AuthorizationCodeBearer(_BearerToken):
    """A token that was got at ``tokenUrl`` for a code from ``authorizationUrl``."""

    def __init__(
        self,
        authorizationUrl: str,
        tokenUrl: str,
        refreshUrl: str | None = None,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        flow = {
            "authorizationUrl": authorizationUrl,
            "tokenUrl": tokenUrl,
            "refreshUrl": refreshUrl,
            "scopes": scopes or {},
        }
        fields = {"flows": {"authorizationCode": flow}, "description": description}
        self._describe("OAuth2", scheme_name, auto_error, **fields)
        self._check(authorizationUrl, tokenUrl)


class SecurityScopes:
    """As the type of a parameter: the scopes that all above the dependency ask for."""

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes = scopes or []
        self.scope_str = " ".join(self.scopes)
