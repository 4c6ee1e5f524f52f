"""A route becomes a path item: for each of its methods one operation."""

from __future__ import annotations

import http.client
import inspect
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from fwtrace.frameworks.fastapi.fields import ModelField
from fwtrace.frameworks.fastapi.inclusion import iter_route_contexts
from fwtrace.frameworks.fastapi.kinds import is_subclass
from fwtrace.frameworks.fastapi.openapi.constants import (
    METHODS_WITH_BODY,
    REF_PREFIX,
    SSE_EVENT_SCHEMA,
    STATUS_RANGES,
)
from fwtrace.frameworks.fastapi.openapi.definitions import Schemas
from fwtrace.frameworks.fastapi.openapi.parameters import (
    demands_of,
    describe_parameters,
    describe_security,
    examples_of,
)
from fwtrace.frameworks.fastapi.openapi.plain import merged
from fwtrace.toolkit.asgi.responses import JSONResponse

_JSON = "application/json"


class Source:
    """A route to describe, with what must be known before the schemas are made."""

    def __init__(self, route: Any) -> None:
        self.route = route
        self.is_shown: bool = route.include_in_schema
        if self.is_shown:
            self.demands = demands_of(route.dependant)
            self.parameter_fields = self.demands.fields()
            self.callbacks = list(sources_of(route.callbacks or ()))

    def response_fields(self) -> Iterator[ModelField]:
        route = self.route
        if route.response_field:
            yield route.response_field
        yield from route.response_fields.values()
        if route.stream_item_field:
            yield route.stream_item_field


def sources_of(routes: Iterable[Any]) -> Iterator[Source]:
    """Those of the routes that know their fields: no mounts, no WebSockets."""
    for route in iter_route_contexts(list(routes)):
        if hasattr(route, "response_fields"):
            yield Source(route)


def fields_of(sources: list[Source]) -> list[ModelField]:
    """Every field of the routes: callbacks, bodies, responses, then parameters.

    The order decides which of two models with one name is numbered first.
    """
    found: list[ModelField] = []
    shown = [source for source in sources if source.is_shown]
    for source in shown:
        found += fields_of(source.callbacks)
    found += [each.route.body_field for each in shown if each.route.body_field]
    for source in shown:
        found += source.response_fields()
    for source in shown:
        found += source.parameter_fields
    return found


class Operations:
    """Describes routes one after the other, and notes what they have in common."""

    def __init__(self, schemas: Schemas, ids: set[str] | None = None) -> None:
        self.schemas = schemas
        self.ids: set[str] = set() if ids is None else ids
        self.security_schemes: dict[str, Any] = {}
        self.may_be_invalid = False

    def paths(self, sources: Iterable[Source]) -> dict[str, dict[str, Any]]:
        """Path items by path; routes with the same path share one."""
        found: dict[str, dict[str, Any]] = {}
        for source in sources:
            item = self.path_item(source)
            if item:
                found.setdefault(source.route.path_format, {}).update(item)
        return found

    def path_item(self, source: Source) -> dict[str, Any]:
        methods = source.route.methods if source.is_shown else ()
        return {method.lower(): self.operation(source, method) for method in methods}

    def operation(self, source: Source, method: str) -> dict[str, Any]:
        """All that is known of the route when it is called with this method."""
        route = source.route
        operation = self._metadata(route)
        schemes, wanted = describe_security(source.demands)
        if wanted:
            operation["security"] = wanted
            self.security_schemes |= schemes
        if parameters := describe_parameters(source.demands, self.schemas):
            operation["parameters"] = parameters
        if method in METHODS_WITH_BODY and route.body_field:
            operation["requestBody"] = self._request_body(route.body_field)
        if route.callbacks:
            operation["callbacks"] = self._callbacks(source)
        operation["responses"] = self._responses(source)
        return merged(operation, route.openapi_extra or {})

    def _metadata(self, route: Any) -> dict[str, Any]:
        operation: dict[str, Any] = {}
        if route.tags:
            operation["tags"] = route.tags
        operation["summary"] = route.summary or route.name.replace("_", " ").title()
        if route.description:
            operation["description"] = route.description
        operation["operationId"] = self._unique_id(route)
        if route.deprecated:
            operation["deprecated"] = route.deprecated
        return operation

    def _unique_id(self, route: Any) -> str:
        found: str = route.operation_id or route.unique_id
        if found in self.ids:
            endpoint = route.endpoint
            name = getattr(endpoint, "__name__", "<unnamed_endpoint>")
            file = getattr(endpoint, "__globals__", {}).get("__file__")
            where = f" at {file}" if file else ""
            warnings.warn(
                f"Duplicate Operation ID {found} for function {name}{where}",
                stacklevel=1,
            )
        self.ids.add(found)
        return found

    def _request_body(self, field: ModelField) -> dict[str, Any]:
        info: Any = field.field_info
        content = {"schema": self.schemas.of(field), **examples_of(info)}
        body: dict[str, Any] = {"content": {info.media_type: content}}
        if info.is_required():
            body["required"] = True
        return body

    def _callbacks(self, source: Source) -> dict[str, Any]:
        """What the application will ask of its caller: routes on the other side.

        Their security schemes are the caller's, so they are not noted here.
        """
        theirs = Operations(self.schemas, self.ids)
        return {
            each.route.name: {each.route.path: theirs.path_item(each)}
            for each in source.callbacks
        }

    def _responses(self, source: Source) -> dict[str, Any]:
        route = source.route
        kind = _response_class(route)
        status = str(
            _default_status(kind) if route.status_code is None else route.status_code
        )
        first: dict[str, Any] = {"description": route.response_description}
        if _may_have_body(route.status_code):
            first |= self._content(route, kind)
        responses = {status: first}
        for code, declared in (route.responses or {}).items():
            key = "default" if str(code).upper() == "DEFAULT" else str(code).upper()
            field = route.response_fields.get(code)
            media_type = kind.media_type or _JSON
            responses[key] = self._additional(
                code, declared, field, media_type, responses.get(key, {})
            )
        if source.parameter_fields or route.body_field:
            if not responses.keys() & {"422", "4XX", "default"}:
                self.may_be_invalid = True
                responses["422"] = _invalid()
        return responses

    def _content(self, route: Any, kind: Any) -> dict[str, Any]:
        """The content of the response that the function itself makes."""
        item = route.stream_item_field
        if route.is_json_stream:
            schema = self.schemas.of(item) if item else {}
            return {"content": {"application/jsonl": {"itemSchema": schema}}}
        if route.is_sse_stream:
            schema = self._event(item)
            return {"content": {"text/event-stream": {"itemSchema": schema}}}
        if not kind.media_type:
            return {}
        if not is_subclass(kind, JSONResponse):
            schema = {"type": "string"}
        elif route.response_field:
            schema = self.schemas.of(route.response_field)
        else:
            schema = {}
        return {"content": {kind.media_type: {"schema": schema}}}

    def _event(self, item: ModelField | None) -> dict[str, Any]:
        if item is None:
            return SSE_EVENT_SCHEMA
        data = {
            "type": "string",
            "contentMediaType": _JSON,
            "contentSchema": self.schemas.of(item),
        }
        typed = {"required": ["data"], "properties": {"data": data}}
        return merged(SSE_EVENT_SCHEMA, typed)

    def _additional(
        self,
        code: int | str,
        declared: dict[str, Any],
        field: ModelField | None,
        media_type: str,
        known: dict[str, Any],
    ) -> dict[str, Any]:
        """A response of ``responses=``, on top of what is known of that status."""
        response = {key: value for key, value in declared.items() if key != "model"}
        if field:
            content = {media_type: {"schema": self.schemas.of(field)}}
            response = merged(response, {"content": content})
        description = (
            response.get("description")
            or known.get("description")
            or STATUS_RANGES.get(str(code).upper())
            or http.client.responses.get(int(code))
            or "Additional Response"
        )
        return {**merged(known, response), "description": description}


def _response_class(route: Any) -> Any:
    """The route's own, or the one it was given for want of its own."""
    found = route.response_class
    return found if isinstance(found, type) else found.value


@lru_cache(maxsize=256)
def _default_status(response_class: Any) -> int:
    parameters = inspect.signature(response_class.__init__).parameters
    default = getattr(parameters.get("status_code"), "default", None)
    return default if isinstance(default, int) else 200


def _may_have_body(status_code: int | None) -> bool:
    if status_code is None:
        return True
    return status_code >= 200 and status_code not in (204, 205, 304)


def _invalid() -> dict[str, Any]:
    schema = {"$ref": REF_PREFIX + "HTTPValidationError"}
    return {"description": "Validation Error", "content": {_JSON: {"schema": schema}}}
