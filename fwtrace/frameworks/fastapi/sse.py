"""Server-sent events: one event as a model, and as the bytes that are sent.

The wire format is that of the HTML standard, section 9.2.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from fwtrace.toolkit.asgi.responses import StreamingResponse

__all__ = [
    "KEEPALIVE_COMMENT",
    "PING_INTERVAL",
    "EventSourceResponse",
    "ServerSentEvent",
    "format_sse_event",
]

KEEPALIVE_COMMENT = b": ping\n\n"

# Seconds of silence after which a ping is sent: proxies close what is quiet for longer.
PING_INTERVAL = 15.0


class EventSourceResponse(StreamingResponse):
    """The ``response_class`` of an endpoint that yields: each item is one event."""

    media_type = "text/event-stream"


def _one_line(value: str | None, field: str) -> str | None:
    if value is not None and ("\n" in value or "\r" in value):
        raise ValueError(f"SSE '{field}' must be a single line")
    return value


def _check_event(value: str | None) -> str | None:
    return _one_line(value, "event")


def _check_id(value: str | None) -> str | None:
    if value is not None and "\0" in value:
        raise ValueError("SSE 'id' must not contain null characters")
    return _one_line(value, "id")


class ServerSentEvent(BaseModel):
    """One event; all of it is optional.

    ``data`` is sent as JSON, also a string; ``raw_data`` is text that is sent as it is.
    ``event`` names the kind, ``id`` comes back as Last-Event-ID, ``retry`` is the
    milliseconds until the browser connects again, a ``comment`` it does not see.
    """

    model_config = ConfigDict(defer_build=True)

    data: Any = None
    raw_data: str | None = None
    event: Annotated[str | None, AfterValidator(_check_event)] = None
    id: Annotated[str | None, AfterValidator(_check_id)] = None
    retry: Annotated[int | None, Field(ge=0)] = None
    comment: str | None = None

    @model_validator(mode="after")
    def _check_data(self) -> ServerSentEvent:
        if self.data is not None and self.raw_data is not None:
            raise ValueError(
                "Cannot set both 'data' and 'raw_data' of one ServerSentEvent: "
                "'data' is for what is sent as JSON, 'raw_data' for text."
            )
        return self


def _lines(field: str, value: str) -> list[str]:
    # splitlines() knows more line ends than the format does.
    parts = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [f"{field}: {part}" for part in parts]


def format_sse_event(
    *,
    data_str: str | None = None,
    event: str | None = None,
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    """The bytes of one event, whose data is text already.

    data_str="a\\nb", id="7"  ->  b"data: a\\ndata: b\\nid: 7\\n\\n"
    """
    lines = []
    if comment is not None:
        lines += _lines("", comment)
    if event is not None:
        lines.append(f"event: {event}")
    if data_str is not None:
        lines += _lines("data", data_str)
    if id is not None:
        lines.append(f"id: {id}")
    if retry is not None:
        lines.append(f"retry: {retry}")
    return "\n".join([*lines, "", ""]).encode()
