"""``Authorization`` and ``WWW-Authenticate`` (RFC 9110, 11; RFC 7617)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from fwtrace.frameworks.flask.datastructures.directives import parse_directives
from fwtrace.frameworks.flask.datastructures.headers import quote_option
from fwtrace.frameworks.flask.datastructures.mappings import CallbackDict

__all__ = ["Authorization", "WWWAuthenticate"]


class Authorization:
    """The credentials of a request.

    ``type``        ``"basic"``, ``"bearer"``, ... in lower case
    ``parameters``  a dict: of basic ``username`` and ``password``
    ``token``       text, for schemes that have no parameters

    Parameters are attributes too: ``authorization.username``.
    """

    def __init__(
        self,
        auth_type: str,
        data: dict[str, str | None] | None = None,
        token: str | None = None,
    ) -> None:
        self.type = auth_type
        self.parameters = data or {}
        self.token = token

    @classmethod
    def from_header(cls, value: str | None) -> Authorization | None:
        """None for no header and for one that is malformed."""
        if not value:
            return None
        scheme, _, rest = value.partition(" ")
        scheme, rest = scheme.lower(), rest.strip()
        if scheme == "basic":
            try:
                text = base64.b64decode(rest, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError, ValueError):
                return None
            username, _, password = text.partition(":")
            return cls(scheme, {"username": username, "password": password})
        if "=" in rest.rstrip("="):
            return cls(scheme, parse_directives(rest))
        return cls(scheme, token=rest)

    def to_header(self) -> str:
        if self.type == "basic":
            pair = f"{self.username}:{self.password}"
            return f"Basic {base64.b64encode(pair.encode()).decode()}"
        return _to_header(self.type, self.token, self.parameters)

    def get(self, key: str, default: Any = None) -> Any:
        return self.parameters.get(key, default)

    def __getitem__(self, name: str) -> str | None:
        return self.parameters.get(name)

    def __getattr__(self, name: str) -> Any:
        if name == "parameters":
            raise AttributeError(name)
        return self.parameters.get(name)

    def __contains__(self, key: str) -> bool:
        return key in self.parameters

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Authorization) and (
            (self.type, self.token, self.parameters)
            == (other.type, other.token, other.parameters)
        )

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<Authorization {self.type}>"


class WWWAuthenticate:
    """A challenge: ``WWWAuthenticate("basic", {"realm": "Staff"})``.

    Parameters are attributes too; ``on_update`` is called when they change.
    """

    def __init__(
        self,
        auth_type: str,
        values: dict[str, Any] | None = None,
        token: str | None = None,
        on_update: Callable[[Any], None] | None = None,
    ) -> None:
        found = self.__dict__
        found["type"] = auth_type.lower()
        found["token"] = token
        found["on_update"] = on_update
        found["parameters"] = CallbackDict(values, lambda _: self._changed())

    @classmethod
    def from_header(
        cls, value: str | None, on_update: Callable[[Any], None] | None = None
    ) -> WWWAuthenticate | None:
        if not value:
            return None
        scheme, _, rest = value.partition(" ")
        rest = rest.strip()
        if "=" in rest.rstrip("="):
            return cls(scheme, parse_directives(rest), None, on_update)
        return cls(scheme, None, rest or None, on_update)

    def _changed(self) -> None:
        if self.on_update is not None:
            self.on_update(self)

    def to_header(self) -> str:
        return _to_header(self.type, self.token, self.parameters)

    def get(self, key: str, default: Any = None) -> Any:
        return self.parameters.get(key, default)

    def __getitem__(self, name: str) -> Any:
        return self.parameters.get(name)

    def __setitem__(self, name: str, value: Any) -> None:
        if value is None:
            self.parameters.pop(name, None)
        else:
            self.parameters[name] = value

    def __delitem__(self, name: str) -> None:
        self.parameters.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("type", "token", "parameters", "on_update"):
            self.__dict__[name] = value
            self._changed()
        else:
            self[name] = value

    def __contains__(self, key: str) -> bool:
        return key in self.parameters

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WWWAuthenticate) and str(self) == str(other)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<WWWAuthenticate {self.to_header()!r}>"


# RFC 7616, 3.3 and 3.4: of digest these are always quoted.
_QUOTED = ("realm", "domain", "nonce", "opaque", "qop", "cnonce", "response", "uri")


def _to_header(kind: str, token: str | None, parameters: dict[str, Any]) -> str:
    if token is not None:
        return f"{kind.title()} {token}"
    parts = []
    for key, value in parameters.items():
        if value is None:
            parts.append(key)
        elif key in _QUOTED or not value:
            escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'{key}="{escaped}"')
        else:
            parts.append(f"{key}={quote_option(str(value))}")
    return f"{kind.title()} {', '.join(parts)}"
