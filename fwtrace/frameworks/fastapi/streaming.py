"""Endpoints that yield: events, lines of JSON, or what a response class makes of it."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from fwtrace.frameworks.fastapi import sse
from fwtrace.frameworks.fastapi.dependencies.plan import Solution
from fwtrace.frameworks.fastapi.encoders import jsonable_encoder
from fwtrace.frameworks.fastapi.exceptions import ResponseValidationError
from fwtrace.frameworks.fastapi.kinds import is_subclass
from fwtrace.toolkit.asgi.concurrency import iterate_in_threadpool
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import Response, StreamingResponse

if TYPE_CHECKING:
    from fwtrace.frameworks.fastapi.handler import RequestHandler

__all__ = ["stream"]


async def stream(
    handler: RequestHandler,
    request: Request,
    solution: Solution,
    values: dict[str, Any],
) -> Response:
    """The response whose body is what the endpoint yields."""
    items = handler.call(**values)
    is_async = handler.plan.endpoint.is_async_generator
    arguments = handler.arguments(solution)
    route = handler.route
    dump = _item_dumper(handler, request)
    response: Response
    if is_subclass(handler.response_class, sse.EventSourceResponse):
        each = items if is_async else iterate_in_threadpool(items)
        events = _with_pings(each, lambda item: _event(item, dump))
        received = await solution.request_stack.enter_async_context(events)
        response = StreamingResponse(
            _checked(received), media_type="text/event-stream", **arguments
        )
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Accel-Buffering"] = "no"  # nginx would hold it back
    elif route.is_json_stream:  # type: ignore[union-attr]
        lines: Any
        if is_async:
            lines = _checked(items, lambda item: dump(item) + b"\n")
        else:
            lines = (dump(item) + b"\n" for item in items)
        kind = "application/jsonl"
        response = StreamingResponse(lines, media_type=kind, **arguments)
    else:
        content = _checked(items) if is_async else items
        response = handler.response_class(content=content, **arguments)
    if solution.response is not None:
        response.raw_headers += solution.response.raw_headers
    return response


async def _checked(
    items: Any, make: Callable[[Any], Any] | None = None
) -> AsyncIterator[Any]:
    """The items; after each the request may be cancelled, however fast they come."""
    import anyio

    async for item in items:
        yield item if make is None else make(item)
        await anyio.sleep(0)


def _finite(data: Any) -> Any:
    """JSON has neither NaN nor infinity: they become null."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    return [_finite(item) for item in data] if isinstance(data, list) else data


def _dump(data: Any) -> bytes:
    return json.dumps(_finite(jsonable_encoder(data))).encode()


def _item_dumper(handler: RequestHandler, request: Request) -> Callable[[Any], bytes]:
    field = handler.route.stream_item_field  # type: ignore[union-attr]
    if field is None:
        return _dump

    def dump(item: Any) -> bytes:
        value, errors = field.validate(item, loc=("response",))
        if errors:
            where = handler.context(request.method, request.scope)
            raise ResponseValidationError(errors, body=item, endpoint_ctx=where)
        return field.serialize_json(value, **handler.dump_options)

    return dump


def _event(item: Any, dump: Callable[[Any], bytes]) -> bytes:
    if not isinstance(item, sse.ServerSentEvent):
        return sse.format_sse_event(data_str=dump(item).decode())
    data = item.raw_data
    if data is None and item.data is not None:
        as_json = getattr(item.data, "model_dump_json", None)
        data = _dump(item.data).decode() if as_json is None else as_json()
    return sse.format_sse_event(
        data_str=data,
        event=item.event,
        id=item.id,
        retry=item.retry,
        comment=item.comment,
    )


@asynccontextmanager
async def _with_pings(
    items: AsyncIterator[Any], make: Callable[[Any], bytes]
) -> AsyncIterator[Any]:
    """Events as they come, and a comment where none has come for a while.

    The items are taken by a task of their own: a timeout around the generator itself
    would end it.
    """
    import anyio

    sender, receiver = anyio.create_memory_object_stream[bytes](1)
    out, result = anyio.create_memory_object_stream[bytes](1)

    async def produce() -> None:
        async with sender:
            async for item in items:
                await sender.send(make(item))

    async def forward() -> None:
        async with out, receiver:
            while True:
                try:
                    with anyio.fail_after(sse.PING_INTERVAL):
                        event = await receiver.receive()
                except TimeoutError:
                    event = sse.KEEPALIVE_COMMENT
                except anyio.EndOfStream:
                    return
                await out.send(event)

    async with AsyncExitStack() as stack:
        group = await stack.enter_async_context(anyio.create_task_group())
        stack.push_async_callback(result.aclose)
        group.start_soon(produce)
        group.start_soon(forward)
        yield result
        group.cancel_scope.cancel()
