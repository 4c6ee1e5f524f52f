"""The framework's errors: those a client sees, and those only its author does.

HTTPException, WebSocketException    raised by views, answered to the client
ValidationException                  data does not fit its types
  RequestValidationError               422, the client's fault
  WebSocketRequestValidationError      closes the WebSocket with 1008
  ResponseValidationError              500, the view's fault
FastAPIError                         the application is declared wrongly
  DependencyScopeError
  PydanticV1NotSupportedError
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from fwtrace.toolkit.asgi.exceptions import (
    HTTPException as StarletteHTTPException,
    WebSocketException as StarletteWebSocketException,
)

__all__ = [
    "DependencyScopeError",
    "EndpointContext",
    "FastAPIDeprecationWarning",
    "FastAPIError",
    "HTTPException",
    "PydanticV1NotSupportedError",
    "RequestValidationError",
    "ResponseValidationError",
    "StarletteHTTPException",
    "StarletteWebSocketException",
    "ValidationException",
    "WebSocketException",
    "WebSocketRequestValidationError",
]


class HTTPException(StarletteHTTPException):
    """Answers ``{"detail": detail}`` with this status; the detail is any JSON."""


class WebSocketException(StarletteWebSocketException):
    """Closes the WebSocket with this code and reason."""


class FastAPIError(RuntimeError):
    """The application is declared in a way that cannot work."""


class DependencyScopeError(FastAPIError):
    """A dependency needs another that ends before it does."""


class PydanticV1NotSupportedError(FastAPIError):
    """A model of ``pydantic.v1``: only those of pydantic 2 are understood."""


class FastAPIDeprecationWarning(UserWarning):
    """Something will go; no DeprecationWarning, since Python hides those."""


class EndpointContext(TypedDict, total=False):
    """Where an endpoint is: its function, ``GET /path``, file and line."""

    function: str
    path: str
    file: str
    line: int


class ValidationException(Exception):
    """Data that does not fit: pydantic's list of errors, and the endpoint it is of."""

    def __init__(
        self, errors: Sequence[Any], *, endpoint_ctx: EndpointContext | None = None
    ) -> None:
        self._errors = errors
        self.endpoint_ctx = endpoint_ctx
        found = endpoint_ctx or EndpointContext()
        self.endpoint_function = found.get("function")
        self.endpoint_path = found.get("path")
        self.endpoint_file = found.get("file")
        self.endpoint_line = found.get("line")

    def errors(self) -> Sequence[Any]:
        return self._errors

    def __str__(self) -> str:
        count = len(self._errors)
        title = f"{count} validation error{'' if count == 1 else 's'}:"
        errors = [f"  {error}" for error in self._errors]
        return "\n".join([title, *errors, *self._where()]).rstrip()

    def _where(self) -> list[str]:
        path, file = self.endpoint_path, self.endpoint_file
        if file and self.endpoint_line and self.endpoint_function:
            place = f'  File "{file}", line {self.endpoint_line}'
            lines = ["", f"{place}, in {self.endpoint_function}"]
            return [*lines, f"    {path}"] if path else lines
        return ["", f"  Endpoint: {path}"] if path else []


class _WithBody(ValidationException):
    """Keeps the data as well."""

    def __init__(
        self,
        errors: Sequence[Any],
        *,
        body: Any = None,
        endpoint_ctx: EndpointContext | None = None,
    ) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body


class RequestValidationError(_WithBody):
    """What the client sent does not fit; ``body`` is what it sent."""


class WebSocketRequestValidationError(ValidationException):
    """What a WebSocket was opened with does not fit."""


class ResponseValidationError(_WithBody):
    """What the endpoint returned does not fit; ``body`` is what it returned."""
