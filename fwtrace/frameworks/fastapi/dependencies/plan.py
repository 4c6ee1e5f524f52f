"""A plan: the graph of dependencies in the order in which it is solved.

Each callable of the graph is a :class:`Step`; those that share a value are one step.
A step reads its own parameters, takes the values of the steps before it, and calls.
Nothing here looks at a signature.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from fwtrace.frameworks.fastapi.concurrency import contextmanager_in_threadpool
from fwtrace.frameworks.fastapi.dependencies.calls import (
    is_async_generator,
    is_coroutine,
    is_generator,
)
from fwtrace.frameworks.fastapi.dependencies.models import Dependant, oauth_scopes
from fwtrace.frameworks.fastapi.dependencies.reading import BodyReader, readers_of
from fwtrace.frameworks.fastapi.fields import Errors, Undefined
from fwtrace.frameworks.fastapi.security.oauth2 import SecurityScopes
from fwtrace.toolkit.asgi.background import BackgroundTasks
from fwtrace.toolkit.asgi.concurrency import run_in_threadpool
from fwtrace.toolkit.asgi.datastructures import FormData
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import Response
from fwtrace.toolkit.asgi.websockets import WebSocket

__all__ = ["Plan", "Solution", "Step"]


class Solution:
    """What has been found for one request so far.

    ``values`` by number of the step; ``failed`` the errors of those that could not be
    called, and of those that need them.
    """

    __slots__ = (
        *("background_tasks", "body", "connection", "errors", "failed"),
        *("function_stack", "request_stack", "response", "values"),
    )

    def __init__(
        self,
        connection: Request | WebSocket,
        size: int,
        body: Any,
        stacks: tuple[AsyncExitStack, AsyncExitStack] | None,
    ) -> None:
        self.connection = connection
        self.body = body
        self.values: list[Any] = [Undefined] * size
        self.failed: dict[int, Errors] = {}
        self.errors: Errors = []
        self.background_tasks: BackgroundTasks | None = None
        self.response: Response | None = None
        if stacks is not None:
            self.request_stack, self.function_stack = stacks

    def sub_response(self) -> Response:
        """The response that a parameter asks for: its status and headers are used."""
        if self.response is None:
            self.response = Response()
            self.response.raw_headers.clear()
            self.response.status_code = None  # type: ignore[assignment]
        return self.response


class Step:
    """One callable: what it needs, and how it is called.

    ``inputs`` are ``(parameter, number of the step)``; ``below`` are the numbers of all
    steps that it needs, also for no parameter: their errors keep it from being called.
    """

    def __init__(
        self,
        dependant: Dependant,
        call: Callable[..., Any],
        number: int,
        inputs: tuple[tuple[str | None, int], ...],
        embed: bool,
    ) -> None:
        self.dependant = dependant
        self.call = call
        self.number = number
        self.below = tuple(below for _, below in inputs)
        self.inputs = tuple((name, below) for name, below in inputs if name is not None)
        self.path = readers_of(dependant.path_params)
        self.query = readers_of(dependant.query_params)
        self.headers = readers_of(dependant.header_params)
        self.cookies = readers_of(dependant.cookie_params)
        self.has_params = bool(self.path or self.query or self.headers or self.cookies)
        self.body = None
        if dependant.body_params:
            self.body = BodyReader(dependant.body_params, embed)
        self.injected = _injected(dependant)
        self.is_coroutine = is_coroutine(call)
        self.is_generator = is_generator(call)
        self.is_async_generator = is_async_generator(call)
        self.yields = self.is_generator or self.is_async_generator
        self.scope = dependant.scope
        self.concurrency = dependant.concurrency

    def __repr__(self) -> str:
        name = getattr(self.call, "__name__", type(self.call).__name__)
        return f"Step({self.number}, {name})"

    async def gather(self, solution: Solution) -> tuple[dict[str, Any], Errors]:
        """The arguments of the call, and what is wrong with them."""
        errors: Errors = []
        if solution.failed:
            for below in self.below:
                errors += solution.failed.get(below, ())
        found = solution.values
        values: dict[str, Any] = {}
        for name, below in self.inputs:
            values[name] = found[below]
        if self.has_params:
            self.read(solution.connection, values, errors)
        if self.body is not None:
            if isinstance(solution.body, FormData):
                await self.body.read_form(solution.body, values, errors)
            else:
                self.body.read(solution.body, values, errors)
        for inject in self.injected:
            inject(solution, values)
        return values, errors

    def read(
        self, connection: Request | WebSocket, values: dict[str, Any], errors: Errors
    ) -> None:
        """Its parameters of the path, the query, the headers and the cookies."""
        if self.path:
            given: Any = connection.path_params
            for read in self.path:
                read(given, values, errors)
        if self.query:
            given = connection.query_params
            for read in self.query:
                read(given, values, errors)
        if self.headers:
            given = connection.headers
            for read in self.headers:
                read(given, values, errors)
        if self.cookies:
            given = connection.cookies
            for read in self.cookies:
                read(given, values, errors)

    async def run(self, solution: Solution, values: dict[str, Any]) -> Any:
        """Call it; what it yields is taken, and cleaned up with the stack's end."""
        if self.yields:
            return await self._enter(solution, values)
        if self.concurrency is None:
            return await self._call(values)
        async with self.concurrency.semaphore():
            return await self._call(values)

    async def _call(self, values: dict[str, Any]) -> Any:
        if self.is_coroutine:
            return await self.call(**values)
        return await run_in_threadpool(self.call, **values)

    async def _enter(self, solution: Solution, values: dict[str, Any]) -> Any:
        from contextlib import asynccontextmanager, contextmanager

        from fwtrace.frameworks.fastapi.dependencies.cleanup import limited, shielded

        manager: Any
        if self.is_async_generator:
            manager = shielded(
                asynccontextmanager(self.call)(**values), solution.request_stack
            )
        else:
            manager = contextmanager_in_threadpool(contextmanager(self.call)(**values))
        if self.concurrency is not None:
            manager = limited(manager, self.concurrency.semaphore())
        is_function = self.scope == "function"
        stack = solution.function_stack if is_function else solution.request_stack
        return await stack.enter_async_context(manager)


def _injected(
    dependant: Dependant,
) -> tuple[Callable[[Solution, dict[str, Any]], None], ...]:
    """What puts the request and the like among the arguments."""
    found: list[Callable[[Solution, dict[str, Any]], None]] = []
    names = (
        (dependant.http_connection_param_name, (Request, WebSocket)),
        (dependant.request_param_name, Request),
        (dependant.websocket_param_name, WebSocket),
    )
    for name, kind in names:
        if name is not None:
            found.append(_connection(name, kind))
    if dependant.background_tasks_param_name is not None:
        found.append(_background(dependant.background_tasks_param_name))
    if dependant.response_param_name is not None:
        found.append(_response(dependant.response_param_name))
    if dependant.security_scopes_param_name is not None:
        found.append(_scopes(dependant.security_scopes_param_name, dependant))
    return tuple(found)


def _connection(name: str, kind: Any) -> Callable[[Solution, dict[str, Any]], None]:
    def inject(solution: Solution, values: dict[str, Any]) -> None:
        if isinstance(solution.connection, kind):
            values[name] = solution.connection

    return inject


def _background(name: str) -> Callable[[Solution, dict[str, Any]], None]:
    def inject(solution: Solution, values: dict[str, Any]) -> None:
        if solution.background_tasks is None:
            from fwtrace.frameworks.fastapi.background import BackgroundTasks

            solution.background_tasks = BackgroundTasks()
        values[name] = solution.background_tasks

    return inject


def _response(name: str) -> Callable[[Solution, dict[str, Any]], None]:
    def inject(solution: Solution, values: dict[str, Any]) -> None:
        values[name] = solution.sub_response()

    return inject


def _scopes(
    name: str, dependant: Dependant
) -> Callable[[Solution, dict[str, Any]], None]:
    scopes = oauth_scopes(dependant)

    def inject(solution: Solution, values: dict[str, Any]) -> None:
        values[name] = SecurityScopes(scopes=[*scopes])

    return inject


class Plan:
    """The steps of an endpoint, the endpoint's own last."""

    def __init__(
        self,
        dependant: Dependant,
        embed: bool,
        overrides: dict[Callable[..., Any], Callable[..., Any]] | None = None,
    ) -> None:
        self.dependant = dependant
        self.embed = embed
        self._overrides = overrides or {}
        self._known: dict[tuple[Any, ...], int] = {}
        self.steps: list[Step] = []
        assert dependant.call is not None
        inputs = self._add_all(dependant)
        self.endpoint = Step(dependant, dependant.call, len(self.steps), inputs, embed)
        self.size = len(self.steps) + 1
        self.yields = any(step.yields for step in self.steps)
        end = self.endpoint
        self.is_empty = not (self.steps or end.has_params or end.body or end.injected)

    def _add_all(self, dependant: Dependant) -> tuple[tuple[str | None, int], ...]:
        return tuple((each.name, self._add(each)) for each in dependant.dependencies)

    def _add(self, dependant: Dependant) -> int:
        """The number of the dependency's step, which may be one that is there."""
        # It is known by what it stands for, also where something else takes its place.
        key = dependant.cache_key
        if dependant.use_cache and key in self._known:
            return self._known[key]
        used = self._overridden(dependant)
        assert used.call is not None
        inputs = self._add_all(used)
        step = Step(used, used.call, len(self.steps), inputs, self.embed)
        self.steps.append(step)
        self._known.setdefault(key, step.number)
        return step.number

    def _overridden(self, dependant: Dependant) -> Dependant:
        call = self._overrides.get(dependant.call) if self._overrides else None  # type: ignore[arg-type]
        if call is None:
            return dependant
        from fwtrace.frameworks.fastapi.dependencies.analysis import get_dependant

        return get_dependant(
            path=dependant.path or "",
            call=call,
            name=dependant.name,
            parent_oauth_scopes=oauth_scopes(dependant),
            scope=dependant.scope,
            concurrency=dependant.concurrency,
        )

    async def solve(self, solution: Solution) -> dict[str, Any]:
        """The arguments of the endpoint; ``solution.errors`` says what is wrong."""
        for step in self.steps:
            values, errors = await step.gather(solution)
            if errors:
                solution.failed[step.number] = errors
            else:
                solution.values[step.number] = await step.run(solution, values)
        values, solution.errors = await self.endpoint.gather(solution)
        return values
