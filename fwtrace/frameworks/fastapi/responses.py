"""The toolkit's responses, those of server-sent events, and of two JSON libraries."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from typing_extensions import deprecated

from fwtrace.frameworks.fastapi.exceptions import FastAPIDeprecationWarning
from fwtrace.frameworks.fastapi.sse import EventSourceResponse
from fwtrace.toolkit.asgi.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

__all__ = [
    "EventSourceResponse",
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "ORJSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
    "UJSONResponse",
]


def _library(name: str, response: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        # The original asserts; an application may catch that.
        raise AssertionError(
            f"{name} must be installed to use {response}: pip install {name}"
        ) from None


@deprecated(
    "UJSONResponse is deprecated: pydantic writes the JSON of an endpoint with a "
    "return type or response_model, and faster. Leave it out, or use JSONResponse.",
    category=FastAPIDeprecationWarning,
)
class UJSONResponse(JSONResponse):
    """JSON written by ujson."""

    def render(self, content: Any) -> bytes:
        text: str = _library("ujson", "UJSONResponse").dumps(
            content, ensure_ascii=False
        )
        return text.encode()


@deprecated(
    "ORJSONResponse is deprecated: pydantic writes the JSON of an endpoint with a "
    "return type or response_model, and faster. Leave it out, or use JSONResponse.",
    category=FastAPIDeprecationWarning,
)
class ORJSONResponse(JSONResponse):
    """JSON written by orjson; of NumPy arrays too, and with keys of any type."""

    def render(self, content: Any) -> bytes:
        orjson = _library("orjson", "ORJSONResponse")
        option = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
        text: bytes = orjson.dumps(content, option=option)
        return text
