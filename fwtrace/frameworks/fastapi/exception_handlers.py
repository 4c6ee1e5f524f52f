"""What the client is told of an error, where the application says nothing else."""

from __future__ import annotations

import math
from typing import Any, cast

from fwtrace.frameworks.fastapi.encoders import jsonable_encoder
from fwtrace.frameworks.fastapi.exceptions import (
    RequestValidationError,
    WebSocketRequestValidationError,
)
from fwtrace.frameworks.fastapi.utils import is_body_allowed_for_status_code
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import JSONResponse, Response
from fwtrace.toolkit.asgi.status import WS_1008_POLICY_VIOLATION
from fwtrace.toolkit.asgi.websockets import WebSocket

__all__ = [
    "http_exception_handler",
    "request_validation_exception_handler",
    "websocket_request_validation_exception_handler",
]


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """The status with its detail as JSON; without, where a body is not allowed."""
    status, headers = exc.status_code, getattr(exc, "headers", None)
    if not is_body_allowed_for_status_code(status):
        return Response(status_code=status, headers=headers)
    return JSONResponse({"detail": exc.detail}, status, headers)


async def request_validation_exception_handler(
    request: Request, exc: RequestValidationError
) -> JSONResponse:
    """422 with the list of errors."""
    errors = exc.errors()
    try:
        return JSONResponse({"detail": jsonable_encoder(errors)}, 422)
    except ValueError:  # they repeat an input that JSON has no way to write
        return JSONResponse({"detail": jsonable_encoder(_writable(errors))}, 422)


def _writable(value: Any) -> Any:
    """The same with null for NaN and infinity, and with bytes as text."""
    if isinstance(value, dict):
        return {key: _writable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_writable(each) for each in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


async def websocket_request_validation_exception_handler(
    websocket: WebSocket, exc: WebSocketRequestValidationError
) -> None:
    """Close it; the reason is the list of errors."""
    errors: Any = jsonable_encoder(exc.errors())
    await websocket.close(WS_1008_POLICY_VIOLATION, cast(str, errors))
