"""What looking up and building a URL raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fwtrace.frameworks.flask.exceptions import BadRequest, HTTPException

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.routing.map import MapAdapter
    from fwtrace.frameworks.flask.routing.rules import Rule

__all__ = [
    "BuildError",
    "RequestRedirect",
    "RoutingException",
    "ValidationError",
    "WebsocketMismatch",
]


class RoutingException(Exception):
    """What looking up or building a URL raises."""


class RequestRedirect(HTTPException, RoutingException):
    """The rule wants the client to go to ``new_url``."""

    code = 308

    def __init__(self, new_url: str) -> None:
        super().__init__(new_url)
        self.new_url = new_url

    def get_response(self, environ: Any = None, scope: Any = None) -> Any:
        from fwtrace.frameworks.flask.helpers import _redirect

        return _redirect(self.new_url, 308)


class WebsocketMismatch(BadRequest):
    """The only rule for the URL is for WebSockets, or for anything but those."""


class BuildError(RoutingException, LookupError):
    """No rule of the endpoint takes these values; the message says what is wrong."""

    def __init__(
        self,
        endpoint: Any,
        values: Mapping[str, Any],
        method: str | None,
        adapter: MapAdapter | None = None,
    ) -> None:
        super().__init__(endpoint, values, method)
        self.endpoint = endpoint
        self.values = values
        self.method = method
        self.adapter = adapter

    @property
    def suggested(self) -> Rule | None:
        """The rule that was probably meant."""
        import difflib

        if self.adapter is None:
            return None
        rules = {str(rule.endpoint): rule for rule in self.adapter.map.iter_rules()}
        near = difflib.get_close_matches(str(self.endpoint), rules, n=1, cutoff=0)
        return rules[near[0]] if near else None

    def __str__(self) -> str:
        found = f"Could not build url for endpoint {self.endpoint!r}"
        if self.method:
            found += f" ({self.method!r})"
        if self.values:
            found += f" with values {sorted(self.values)!r}"
        suggested = self.suggested
        if suggested is None:
            return f"{found}."
        if suggested.endpoint != self.endpoint:
            return f"{found}. Did you mean {suggested.endpoint!r} instead?"
        if self.method and suggested.methods and self.method not in suggested.methods:
            return (
                f"{found}. Did you mean to use methods {sorted(suggested.methods)!r}?"
            )
        missing = suggested.arguments - set(suggested.defaults or ()) - set(self.values)
        if missing:
            found += f". Did you forget to specify values {sorted(missing)!r}?"
        return found


class ValidationError(ValueError):
    """Raised by a converter's ``to_python``: the text is no match after all."""
