"""Path operations: routes that are compiled when they are added."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from enum import Enum, IntEnum
from typing import Any, TypedDict

from fwtrace.frameworks.fastapi import params
from fwtrace.frameworks.fastapi.datastructures import Default, DefaultPlaceholder
from fwtrace.frameworks.fastapi.dependencies.analysis import (
    get_dependant,
    get_parameterless_sub_dependant,
    get_typed_return_annotation,
)
from fwtrace.frameworks.fastapi.dependencies.body import get_body_field, should_embed
from fwtrace.frameworks.fastapi.dependencies.calls import (
    is_async_generator,
    is_generator,
)
from fwtrace.frameworks.fastapi.dependencies.models import (
    Dependant,
    get_flat_body_params,
)
from fwtrace.frameworks.fastapi.exceptions import FastAPIError
from fwtrace.frameworks.fastapi.fields import ModelField, create_model_field
from fwtrace.frameworks.fastapi.handler import (
    STACKS,
    Handler,
    RequestHandler,
    WebSocketHandler,
)
from fwtrace.frameworks.fastapi.kinds import is_subclass
from fwtrace.frameworks.fastapi.types import IncEx
from fwtrace.frameworks.fastapi.utils import (
    check_body_size,
    generate_unique_id,
    is_body_allowed_for_status_code,
)
from fwtrace.toolkit.asgi import routing
from fwtrace.toolkit.asgi.concurrency import is_async_callable, run_in_threadpool
from fwtrace.toolkit.asgi.middleware.exceptions import find_handler, handle
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import JSONResponse, Response
from fwtrace.toolkit.asgi.routing import (
    BaseRoute,
    Route,
    WebSocketRoute,
)
from fwtrace.toolkit.asgi.sending import Sender, as_sender
from fwtrace.toolkit.asgi.types import ASGIApp, Receive, Scope, Send
from fwtrace.toolkit.asgi.websockets import WebSocket

__all__ = [
    "APIRoute",
    "APIWebSocketRoute",
    "OperationOptions",
    "Responses",
    "form_limits_of",
    "request_response",
    "websocket_session",
]

Responses = dict[int | str, dict[str, Any]]


class OperationOptions(TypedDict, total=False):
    """What a path operation takes, beside its path and its methods."""

    response_model: Any
    status_code: int | None
    tags: list[str | Enum] | None
    dependencies: Sequence[params.Depends] | None
    summary: str | None
    description: str | None
    response_description: str
    responses: Responses | None
    deprecated: bool | None
    operation_id: str | None
    response_model_include: IncEx | None
    response_model_exclude: IncEx | None
    response_model_by_alias: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    include_in_schema: bool
    response_class: type[Response]
    name: str | None
    callbacks: list[BaseRoute] | None
    openapi_extra: dict[str, Any] | None
    generate_unique_id_function: Callable[[APIRoute], str]
    max_body_size: int | None
    form_limits: dict[str, int] | None


def form_limits_of(limits: Any) -> dict[str, int]:
    """ValueError, of pydantic, for what is no limit of a form."""
    if limits is None:
        return {}
    from fwtrace.frameworks.fastapi.formlimits import check

    return check(limits)


# What runs a handler, within the stacks of what dependencies yield.


def _needs_stacks(handler: Any) -> bool:
    # What a route class put in the handler's place may call any handler.
    return not isinstance(handler, Handler) or handler.needs_stacks()


async def _in_stacks(
    scope: Scope, work: Callable[[], Awaitable[Any]], then: Callable[[Any], Any]
) -> None:
    """The work, what belongs to the function cleaned up, ``then``, and the rest."""
    is_done = False
    async with AsyncExitStack() as request_stack:
        async with AsyncExitStack() as function_stack:
            scope[STACKS] = request_stack, function_stack
            found = await work()
            is_done = True
        if is_done:
            await then(found)
    if not is_done:
        raise FastAPIError(
            "There is no response: a dependency with yield swallowed an exception. "
            "An except block in it has to raise the exception again."
        )


async def _respond_in_stacks(
    call: Any, request: Request, receive: Receive, sender: Sender
) -> None:
    async def then(response: Response) -> None:
        await response(request.scope, receive, sender)

    await _in_stacks(request.scope, lambda: call(request), then)


def request_response(
    func: Callable[[Request], Awaitable[Response] | Response],
) -> ASGIApp:
    """An ASGI app of what takes a request and gives a response."""
    call: Any = func
    if not is_async_callable(func):

        async def call(request: Request) -> Any:
            return await run_in_threadpool(func, request)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        sender = as_sender(send)
        request = Request(scope, receive, sender)
        try:
            if _needs_stacks(func):
                await _respond_in_stacks(call, request, receive, sender)
            else:
                response = await call(request)
                await response(scope, receive, sender)
        except Exception as error:
            await _handled(error, request, receive, sender)

    return app


def websocket_session(func: Callable[[WebSocket], Awaitable[None]]) -> ASGIApp:
    """An ASGI app of what talks to a WebSocket."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        sender = as_sender(send)
        session = WebSocket(scope, receive, sender)

        async def then(found: None) -> None:
            pass

        try:
            if _needs_stacks(func):
                await _in_stacks(scope, lambda: func(session), then)
            else:
                await func(session)
        except Exception as error:
            await _handled(error, session, receive, sender)

    return app


async def _handled(
    error: Exception, connection: Any, receive: Receive, sender: Sender
) -> None:
    handler = find_handler(connection.scope, error)
    if handler is None:
        raise error
    await handle(error, handler, connection, receive, sender)


def _build_dependant(
    path: str, call: Callable[..., Any], dependencies: Sequence[params.Depends]
) -> Dependant:
    dependant = get_dependant(path=path, call=call, scope="function")
    dependant.dependencies[:0] = [
        get_parameterless_sub_dependant(depends=each, path=path)
        for each in dependencies
    ]
    return dependant


class APIWebSocketRoute(WebSocketRoute):
    """A WebSocket whose endpoint has dependencies and parameters."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        dependency_overrides_provider: Any = None,
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = routing.get_name(endpoint) if name is None else name
        self.dependencies = list(dependencies or ())
        self.dependency_overrides_provider = dependency_overrides_provider
        self._compile(path)
        self.dependant = _build_dependant(self.path_format, endpoint, self.dependencies)
        self._embed_body_fields = should_embed(get_flat_body_params(self.dependant))
        self.app = websocket_session(WebSocketHandler(self))


class APIRoute(Route):
    """A path operation: its attributes are what OpenAPI and the handler are made of."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        response_model: Any = Default(None),
        status_code: int | None = None,
        tags: list[str | Enum] | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        summary: str | None = None,
        description: str | None = None,
        response_description: str = "Successful Response",
        responses: Responses | None = None,
        deprecated: bool | None = None,
        name: str | None = None,
        methods: Iterable[str] | None = None,
        operation_id: str | None = None,
        response_model_include: IncEx | None = None,
        response_model_exclude: IncEx | None = None,
        response_model_by_alias: bool = True,
        response_model_exclude_unset: bool = False,
        response_model_exclude_defaults: bool = False,
        response_model_exclude_none: bool = False,
        include_in_schema: bool = True,
        response_class: type[Response] = Default(JSONResponse),
        dependency_overrides_provider: Any = None,
        callbacks: list[BaseRoute] | None = None,
        openapi_extra: dict[str, Any] | None = None,
        generate_unique_id_function: Callable[[APIRoute], str] = Default(
            generate_unique_id
        ),
        strict_content_type: bool = Default(True),
        max_body_size: int | None = None,
        form_limits: dict[str, int] | None = None,
    ) -> None:
        if not callable(endpoint):
            raise AssertionError("An endpoint must be a callable")
        self.path = path
        self.endpoint = endpoint
        self.name = routing.get_name(endpoint) if name is None else name
        self._compile(path)
        self.methods: set[str] = {method.upper() for method in methods or ("GET",)}
        self.tags = tags or []
        self.dependencies = list(dependencies or ())
        self.summary = summary
        described = description or inspect.cleandoc(endpoint.__doc__ or "")
        # What follows a form feed is for readers of the code only.
        self.description = described.split("\f")[0].strip()
        self.response_description = response_description
        self.responses = responses or {}
        self.deprecated = deprecated
        self.operation_id = operation_id
        self.response_model_include = response_model_include
        self.response_model_exclude = response_model_exclude
        self.response_model_by_alias = response_model_by_alias
        self.response_model_exclude_unset = response_model_exclude_unset
        self.response_model_exclude_defaults = response_model_exclude_defaults
        self.response_model_exclude_none = response_model_exclude_none
        self.include_in_schema = include_in_schema
        self.response_class: Any = response_class
        self.dependency_overrides_provider = dependency_overrides_provider
        self.callbacks = callbacks
        self.openapi_extra = openapi_extra
        self.generate_unique_id_function: Any = generate_unique_id_function
        self.strict_content_type: Any = strict_content_type
        check_body_size(max_body_size)
        self.max_body_size = max_body_size
        self.form_limits = form_limits_of(form_limits)
        is_code = isinstance(status_code, IntEnum)
        self.status_code = int(status_code) if is_code else status_code  # type: ignore[arg-type]
        make_id: Any = self.generate_unique_id_function
        if isinstance(make_id, DefaultPlaceholder):
            make_id = make_id.value
        self.unique_id: str = operation_id or make_id(self)
        self.dependant = _build_dependant(self.path_format, endpoint, self.dependencies)
        body_params = get_flat_body_params(self.dependant)
        self._embed_body_fields = should_embed(body_params)
        self.body_field = get_body_field(
            body_params=body_params,
            name=self.unique_id,
            embed_body_fields=self._embed_body_fields,
        )
        self._set_response_fields(response_model)
        self.app = routing._wrap(
            request_response(self.get_route_handler()), None, max_body_size
        )

    def _set_response_fields(self, response_model: Any) -> None:
        yields = is_generator(self.endpoint) or is_async_generator(self.endpoint)
        is_default = isinstance(self.response_class, DefaultPlaceholder)
        is_events = False
        if yields and not is_default:
            from fwtrace.frameworks.fastapi.sse import EventSourceResponse

            is_events = is_subclass(self.response_class, EventSourceResponse)
        self.is_sse_stream = is_events
        self.is_json_stream = yields and is_default
        self.stream_item_type = None
        if isinstance(response_model, DefaultPlaceholder):
            response_model = get_typed_return_annotation(self.endpoint)
            item = _stream_item(response_model)
            if is_subclass(response_model, Response):
                response_model = None
            elif item is not None and yields:
                response_model = None
                if (is_default or is_events) and not _is_event(item):
                    self.stream_item_type = item
        self.response_model = response_model
        self.response_field = self._response_field("Response_", response_model)
        if response_model:
            self._check_may_have_body(self.status_code)
        self.stream_item_field = self._response_field(
            "StreamItem_", self.stream_item_type
        )
        self.response_fields: dict[int | str, ModelField] = {}
        for status, response in self.responses.items():
            if not isinstance(response, dict):
                raise AssertionError("An additional response must be a dict")
            model = response.get("model")
            if model:
                self._check_may_have_body(status)
                field = self._response_field(f"Response_{status}_", model)
                assert field is not None
                self.response_fields[status] = field

    def _response_field(self, prefix: str, kind: Any) -> ModelField | None:
        if not kind:
            return None
        return create_model_field(prefix + self.unique_id, kind, mode="serialization")

    def _check_may_have_body(self, status: int | str | None) -> None:
        if not is_body_allowed_for_status_code(status):
            raise AssertionError(f"Status code {status} must not have a response body")

    def get_route_handler(self) -> Callable[[Request], Any]:
        """What takes the request; a route class may put its own in front of it."""
        return RequestHandler(self)


def _stream_item(annotation: Any) -> Any:
    """The type of the items of an annotation such as ``AsyncIterable[Item]``."""
    from collections import abc
    from typing import get_args, get_origin

    streams = (
        *(abc.AsyncIterable, abc.AsyncIterator, abc.AsyncGenerator),
        *(abc.Iterable, abc.Iterator, abc.Generator),
    )
    if get_origin(annotation) not in streams:
        return None
    arguments = get_args(annotation)
    return arguments[0] if arguments else Any


def _is_event(item: Any) -> bool:
    from fwtrace.frameworks.fastapi.sse import ServerSentEvent

    return is_subclass(item, ServerSentEvent)
