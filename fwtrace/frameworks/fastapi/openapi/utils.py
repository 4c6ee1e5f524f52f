"""``get_openapi``: the whole description of an application, as data for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fwtrace.frameworks.fastapi.openapi.constants import REF_PREFIX
from fwtrace.frameworks.fastapi.openapi.definitions import Schemas
from fwtrace.frameworks.fastapi.openapi.operations import (
    Operations,
    fields_of,
    sources_of,
)
from fwtrace.frameworks.fastapi.openapi.plain import plain

__all__ = [
    "get_openapi",
    "validation_error_definition",
    "validation_error_response_definition",
]

# What a client receives with status 422; applications change it where theirs differs.
validation_error_definition: dict[str, Any] = {
    "title": "ValidationError",
    "type": "object",
    "required": ["loc", "msg", "type"],
    "properties": {
        "loc": {
            "title": "Location",
            "type": "array",
            "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        },
        "msg": {"title": "Message", "type": "string"},
        "type": {"title": "Error Type", "type": "string"},
        "input": {"title": "Input"},
        "ctx": {"title": "Context", "type": "object"},
    },
}
validation_error_response_definition: dict[str, Any] = {
    "title": "HTTPValidationError",
    "type": "object",
    "properties": {
        "detail": {
            "title": "Detail",
            "type": "array",
            "items": {"$ref": REF_PREFIX + "ValidationError"},
        }
    },
}


def get_openapi(
    *,
    title: str,
    version: str,
    openapi_version: str = "3.1.0",
    summary: str | None = None,
    description: str | None = None,
    routes: Sequence[Any],
    webhooks: Sequence[Any] | None = None,
    tags: list[dict[str, Any]] | None = None,
    servers: list[dict[str, Any]] | None = None,
    terms_of_service: str | None = None,
    contact: dict[str, Any] | None = None,
    license_info: dict[str, Any] | None = None,
    separate_input_output_schemas: bool = True,
    external_docs: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe these routes.

    Only what the application wrote about itself, such as ``contact``, is validated:
    the rest was made here, or by pydantic.
    """
    shown = list(sources_of(routes))
    hooks = list(sources_of(webhooks or ()))
    schemas = Schemas(
        fields_of([*shown, *hooks]), separate=separate_input_output_schemas
    )
    operations = Operations(schemas)
    info = {
        "title": title,
        "version": version,
        "summary": summary or None,
        "description": description or None,
        "termsOfService": terms_of_service or None,
        "contact": contact or None,
        "license": license_info or None,
    }
    found: dict[str, Any] = {
        "openapi": openapi_version,
        "info": _valid("Info", info) if contact or license_info else info,
        "servers": _valid_list("Server", servers),
        "paths": operations.paths(shown),
        "webhooks": operations.paths(hooks) or None,
        "components": _components(operations) or None,
        "tags": _valid_list("Tag", tags),
        "externalDocs": _valid("ExternalDocumentation", external_docs),
    }
    described: dict[str, Any] = plain(found)
    return described


def _components(operations: Operations) -> dict[str, Any]:
    definitions = operations.schemas.definitions
    if operations.may_be_invalid:
        definitions = definitions | {
            "HTTPValidationError": validation_error_response_definition,
            "ValidationError": validation_error_definition,
        }
    found: dict[str, Any] = {}
    if definitions:
        found["schemas"] = dict(sorted(definitions.items()))
    if operations.security_schemes:
        found["securitySchemes"] = operations.security_schemes
    return found


def _valid(model: str, data: Any) -> Any:
    """The data as an instance of that model of OpenAPI, which a mistake stops."""
    if not data:
        return None
    # Most applications declare none of this: they need no models.
    from fwtrace.frameworks.fastapi.openapi import models

    return getattr(models, model).model_validate(data)


def _valid_list(model: str, items: Any) -> Any:
    return [_valid(model, each) for each in items] if items else None
