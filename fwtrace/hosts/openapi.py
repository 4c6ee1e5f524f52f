"""The OpenAPI schema of an app, by whatever way it has one, and its operations.

FastAPI makes it (``app.openapi()``); any app may serve it, so a few usual paths are
asked for, as a client would.
"""

from __future__ import annotations

import json
from typing import Any, TypedDict

from fwtrace.hosts.inprocess import send

__all__ = ["PATHS", "Operation", "find_schema", "operations"]

PATHS = (
    "/openapi.json",
    "/schema/openapi.json",
    "/api/openapi.json",
    "/swagger.json",
    "/apispec_1.json",
)
"""Where frameworks and their extensions serve the schema."""

_METHODS = (
    "get",
    "put",
    "post",
    "delete",
    "options",
    "head",
    "patch",
    "trace",
    "query",
)


class Operation(TypedDict):
    """One method of one path; ``parameters`` as ``["item_id* path integer"]``."""

    method: str
    path: str
    operation: str
    summary: str
    tags: list[str]
    deprecated: bool
    parameters: list[str]
    body: list[str]
    responses: list[str]
    security: list[str]


def find_schema(app: Any, path: str | None = None) -> dict[str, Any]:
    """The schema as data; ``path`` is where the app serves it.

    Raises LookupError for an app that has none.
    """
    make = getattr(app, "openapi", None)
    if path is None and callable(make):
        found = make()
        if isinstance(found, dict) and "paths" in found:
            return found
    for each in (path,) if path else PATHS:
        served = _served(app, each)
        if served is not None:
            return served
    where = f"at {path}" if path else f"at {', '.join(PATHS)}"
    raise LookupError(
        f"This app has no OpenAPI schema {where}. Say where it serves one: --path PATH."
    )


def _served(app: Any, path: str) -> dict[str, Any] | None:
    status, _, body = send(app, "GET", path, [("Accept", "application/json")])
    if not status.startswith("200"):
        return None
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "paths" in found else None


def operations(schema: dict[str, Any]) -> list[Operation]:
    """All operations, in the order of the schema."""
    return [
        _operation(schema, path, method, item)
        for path, item in schema["paths"].items()
        for method in item
        if method in _METHODS
    ]


def _operation(
    schema: dict[str, Any], path: str, method: str, item: dict[str, Any]
) -> Operation:
    found = item[method]
    parameters = [*item.get("parameters", ()), *found.get("parameters", ())]
    content = _resolved(schema, found.get("requestBody", {}))
    secured = found.get("security", schema.get("security", ()))
    return {
        "method": method.upper(),
        "path": path,
        "operation": found.get("operationId", ""),
        "summary": found.get("summary", ""),
        "tags": found.get("tags", []),
        "deprecated": bool(found.get("deprecated", False)),
        "parameters": [_parameter(_resolved(schema, each)) for each in parameters],
        "body": _types(content.get("content", {})),
        "responses": [
            " ".join([status, *_types(_resolved(schema, each).get("content", {}))])
            for status, each in found.get("responses", {}).items()
        ],
        "security": [
            " ".join([name, *scopes])
            for each in secured
            for name, scopes in each.items()
        ],
    }


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """What a ``$ref`` within the schema stands for; itself for all else."""
    reference = part.get("$ref", "")
    if not reference.startswith("#/"):
        return part
    found: Any = schema
    for key in reference[2:].split("/"):
        found = found.get(key.replace("~1", "/").replace("~0", "~"), {})
    return found if isinstance(found, dict) else {}


def _parameter(parameter: dict[str, Any]) -> str:
    star = "*" if parameter.get("required") else ""
    kind = type_of(parameter.get("schema", parameter))
    return f"{parameter.get('name', '?')}{star} {parameter.get('in', '?')} {kind}"


def _types(content: dict[str, Any]) -> list[str]:
    """The types of a body: of each media type but JSON with its name."""
    found = []
    for media_type, each in content.items():
        kind = type_of(each.get("schema", {}))
        if media_type == "application/json":
            found.append(kind)
        else:
            found.append(media_type if kind == "any" else f"{kind} ({media_type})")
    return found


def type_of(schema: Any) -> str:
    """A schema in a word or two: ``Item``, ``list[Item]``, ``integer | null``."""
    if not isinstance(schema, dict):
        return "any"
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(dict.fromkeys(map(type_of, schema[union])))
    if len(schema.get("allOf", ())) == 1:
        return type_of(schema["allOf"][0])
    if "enum" in schema:
        return " | ".join(map(repr, schema["enum"][:5]))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " | ".join(kind)
    if kind == "array":
        return f"list[{type_of(schema.get('items', {}))}]"
    return str(schema.get("format", kind) if kind == "string" else kind)
