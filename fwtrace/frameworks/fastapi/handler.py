"""From a request to a response, by what was compiled with the route."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from fwtrace.frameworks.fastapi import params
from fwtrace.frameworks.fastapi.datastructures import DefaultPlaceholder
from fwtrace.frameworks.fastapi.dependencies.plan import Plan, Solution
from fwtrace.frameworks.fastapi.encoders import jsonable_encoder
from fwtrace.frameworks.fastapi.exceptions import (
    EndpointContext,
    RequestValidationError,
    ResponseValidationError,
    WebSocketRequestValidationError,
)
from fwtrace.frameworks.fastapi.fields import Undefined
from fwtrace.frameworks.fastapi.utils import (
    get_value_or_default,
    is_body_allowed_for_status_code,
)
from fwtrace.toolkit.asgi.concurrency import run_in_threadpool
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import JSONResponse, Response, json_bytes
from fwtrace.toolkit.asgi.types import Scope
from fwtrace.toolkit.asgi.websockets import WebSocket

if TYPE_CHECKING:
    from fwtrace.frameworks.fastapi.routes import APIRoute, APIWebSocketRoute

__all__ = ["STACKS", "Handler", "RequestHandler", "WebSocketHandler"]

STACKS = "fwtrace.fastapi.stacks"
FORM_LIMITS = "fwtrace.fastapi.form_limits"


class _Json(bytes):
    """A body that has been serialised."""


class Handler:
    """Has the plan of a route, and those that overrides make of it."""

    def __init__(self, route: APIRoute | APIWebSocketRoute) -> None:
        self.route = route
        self.call: Any = route.endpoint
        self.provider = route.dependency_overrides_provider
        self.plan = Plan(route.dependant, route._embed_body_fields)
        self._overrides: dict[Any, Any] = {}
        self._overridden = self.plan

    def needs_stacks(self) -> bool:
        """Whether something is left to be cleaned up after the response."""
        return self.current_plan().yields

    def current_plan(self) -> Plan:
        provider = self.provider
        if provider is None or not provider.dependency_overrides:
            return self.plan
        overrides = provider.dependency_overrides
        if overrides != self._overrides:
            self._overridden = Plan(self.plan.dependant, self.plan.embed, overrides)
            self._overrides = dict(overrides)
        return self._overridden

    def context(self, kind: str, scope: Scope) -> EndpointContext:
        """Where the endpoint is, for messages."""
        import inspect

        found: EndpointContext = {}
        call = self.route.endpoint
        try:
            file = inspect.getsourcefile(call)
            line = inspect.getsourcelines(call)[1]
        except (TypeError, OSError):
            file = None
        if file is not None:
            found["file"], found["line"] = file, line
        if hasattr(call, "__name__"):
            found["function"] = call.__name__
        mount = scope.get("root_path", "").rstrip("/")
        found["path"] = f"{kind} {mount}{self.route.path_format}"
        return found


class RequestHandler(Handler):
    """``await handler(request)`` reads the body, solves, calls and serialises."""

    def __init__(self, route: APIRoute) -> None:
        super().__init__(route)
        endpoint = self.plan.endpoint
        self.is_coroutine = endpoint.is_coroutine
        self.yields = endpoint.yields
        self.may_need_stacks = self.plan.yields or endpoint.yields
        self.has_body = route.body_field is not None
        self.is_form = self.has_body and isinstance(
            route.body_field.field_info,  # type: ignore[union-attr]
            params.Form,
        )
        self.may_need_stacks |= self.is_form
        self.is_strict = get_value_or_default(route.strict_content_type)
        if isinstance(self.is_strict, DefaultPlaceholder):
            self.is_strict = self.is_strict.value
        self.status_code = route.status_code
        chosen: Any = route.response_class
        self.dumps_json = isinstance(chosen, DefaultPlaceholder)
        self.response_class = chosen.value if self.dumps_json else chosen
        self.field = route.response_field
        self.renders_json = self.response_class is JSONResponse
        self.dump_options: dict[str, Any] = {
            name: value
            for name, value in (
                ("include", route.response_model_include),
                ("exclude", route.response_model_exclude),
                ("exclude_unset", route.response_model_exclude_unset),
                ("exclude_defaults", route.response_model_exclude_defaults),
                ("exclude_none", route.response_model_exclude_none),
            )
            if value is not None and value is not False
        }
        self.dump_options["by_alias"] = route.response_model_by_alias

    def needs_stacks(self) -> bool:
        return self.may_need_stacks or self.current_plan().yields

    async def __call__(self, request: Request) -> Response:
        body = Undefined
        if self.has_body:
            body = await self.read_body(request)
        plan = self.current_plan()
        solution = Solution(request, plan.size, body, request.scope.get(STACKS))
        values = {} if plan.is_empty else await plan.solve(solution)
        if solution.errors:
            raise RequestValidationError(
                solution.errors,
                body=None if body is Undefined else body,
                endpoint_ctx=self.context(request.method, request.scope),
            )
        if self.yields:
            from fwtrace.frameworks.fastapi.streaming import stream

            return await stream(self, request, solution, values)
        if self.is_coroutine:
            found = await self.call(**values)
            if not isinstance(found, Response):
                found = self.serialize(found, request)
        else:
            # One hop into a thread for all that may take its time.
            found = await run_in_threadpool(self._call_and_serialize, values, request)
        if isinstance(found, Response):
            if found.background is None:
                found.background = solution.background_tasks
            return found
        return self.respond(found, solution)

    def _call_and_serialize(self, values: dict[str, Any], request: Request) -> Any:
        found = self.call(**values)
        return found if isinstance(found, Response) else self.serialize(found, request)

    def serialize(self, value: Any, request: Request) -> Any:
        """What is left of the value by the response model: JSON, or data for it."""
        field = self.field
        if field is None:
            return self._encode(value)
        valid, errors = field.validate(value, loc=("response",))
        if errors:
            raise ResponseValidationError(
                errors,
                body=value,
                endpoint_ctx=self.context(request.method, request.scope),
            )
        dump = field.serialize_json if self.dumps_json else field.serialize
        return dump(valid, **self.dump_options)

    def _encode(self, value: Any) -> Any:
        """JSON, where all of the value is data already; else data for the response."""
        if self.renders_json:
            try:
                body = json_bytes(value)
            except (TypeError, ValueError, RecursionError):
                pass
            else:
                # SQLAlchemy keeps its state among a row's own attributes.
                if b'"_sa' not in body:
                    return _Json(body)
        return jsonable_encoder(value)

    def arguments(self, solution: Solution) -> dict[str, Any]:
        """Status and background tasks of the response, as far as anyone chose them."""
        found: dict[str, Any] = {"background": solution.background_tasks}
        status = self.status_code or None
        if solution.response is not None:
            status = solution.response.status_code or status
        if status is not None:
            found["status_code"] = status
        return found

    def respond(self, content: Any, solution: Solution) -> Response:
        arguments = self.arguments(solution)
        if type(content) is _Json or (self.dumps_json and self.field is not None):
            response = Response(content, media_type="application/json", **arguments)
        else:
            response = self.response_class(content, **arguments)
        if not is_body_allowed_for_status_code(response.status_code):
            response.body = b""
        if solution.response is not None:
            response.raw_headers += solution.response.raw_headers
        return response

    # The body.

    async def read_body(self, request: Request) -> Any:
        """Data of JSON, bytes, a form, or Undefined; a 4xx for what is malformed."""
        try:
            if self.is_form:
                return await self._read_form(request)
            body = await request.body()
            if not body:
                return Undefined
            if not self._is_json(request):
                return body
            if type(request) is Request:
                return _parse(body)
            return await request.json()  # of a Request that a route class made
        except json.JSONDecodeError as error:
            raise RequestValidationError(
                [
                    {
                        "type": "json_invalid",
                        "loc": ("body", error.pos),
                        "msg": "JSON decode error",
                        "input": {},
                        "ctx": {"error": error.msg},
                    }
                ],
                body=error.doc,
                endpoint_ctx=self.context(request.method, request.scope),
            ) from error
        except HTTPException:
            raise
        except Exception as error:
            raise HTTPException(400, "There was an error parsing the body") from error

    async def _read_form(self, request: Request) -> Any:
        limits = {
            **request.scope.get(FORM_LIMITS, {}),
            **self.route.form_limits,  # type: ignore[union-attr]
        }
        form = await request.form(**limits)
        stacks: tuple[AsyncExitStack, AsyncExitStack] = request.scope[STACKS]
        stacks[0].push_async_callback(form.close)
        return form

    def _is_json(self, request: Request) -> bool:
        raw = b""
        for name, value in request.scope["headers"]:
            if name == b"content-type":
                raw = value
                break
        if raw == b"application/json":
            return True
        if not raw:
            return not self.is_strict
        kind = raw.decode("latin-1")
        from email.message import Message

        message = Message()
        message["content-type"] = kind
        subtype = message.get_content_subtype()
        is_json = subtype == "json" or subtype.endswith("+json")
        return is_json and message.get_content_maintype() == "application"


def _parse(body: bytes) -> Any:
    try:
        return from_json(body)
    except ValueError:
        # It may be JSON after all (another encoding, a lone surrogate); if not, the
        # standard library says where it stops being so.
        return json.loads(body)


class WebSocketHandler(Handler):
    """``await handler(websocket)`` solves and calls."""

    async def __call__(self, websocket: WebSocket) -> None:
        plan = self.current_plan()
        scope = websocket.scope
        solution = Solution(websocket, plan.size, Undefined, scope.get(STACKS))
        values = await plan.solve(solution)
        if solution.errors:
            raise WebSocketRequestValidationError(
                solution.errors, endpoint_ctx=self.context("WS", scope)
            )
        await self.call(**values)
