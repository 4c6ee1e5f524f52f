"""What a request must bring for a route: parameters and proofs of identity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fwtrace.frameworks.fastapi.dependencies.models import (
    Dependant,
    is_security_scheme,
    oauth_scopes,
    security_scheme,
)
from fwtrace.frameworks.fastapi.encoders import jsonable_encoder
from fwtrace.frameworks.fastapi.fields import (
    ModelField,
    field_aliases,
    model_fields,
    param_model,
)
from fwtrace.frameworks.fastapi.openapi.definitions import Schemas
from fwtrace.frameworks.fastapi.params import _UNSET

_LOCATIONS = ("path", "query", "header", "cookie")


@dataclass(slots=True)
class Parameter:
    """One declared parameter; that of a model stands for all fields of the model."""

    location: str
    declared: ModelField
    fields: list[ModelField]
    # Such a model may be left out as a whole, whatever its fields require.
    is_optional_model: bool


@dataclass(slots=True)
class Demands:
    """What a route and all of its dependencies declare, each once."""

    parameters: list[Parameter] = field(default_factory=list)
    security: list[tuple[Any, list[str]]] = field(default_factory=list)

    def fields(self) -> list[ModelField]:
        return [each for parameter in self.parameters for each in parameter.fields]


def demands_of(dependant: Dependant) -> Demands:
    """Read a route's dependencies, from the outermost inwards."""
    found = Demands()
    declared: dict[str, list[ModelField]] = {where: [] for where in _LOCATIONS}
    for each, scopes in _visit(dependant):
        for location, fields in declared.items():
            fields += getattr(each, f"{location}_params")
        if each is not dependant and is_security_scheme(each):
            found.security.append((security_scheme(each), scopes))
    found.parameters = [
        _parameter(location, each)
        for location, fields in declared.items()
        for each in fields
    ]
    return found


def _visit(root: Dependant) -> Iterator[tuple[Dependant, list[str]]]:
    """Each dependency once, with the scopes that it and those above it ask for."""
    seen = set()
    waiting: list[tuple[Dependant, list[str]]] = [(root, [])]
    while waiting:
        dependant, above = waiting.pop()
        if dependant.cache_key in seen:
            continue
        seen.add(dependant.cache_key)
        scopes = list(dict.fromkeys([*above, *oauth_scopes(dependant)]))
        yield dependant, scopes
        waiting += [(each, scopes) for each in reversed(dependant.dependencies)]


def _parameter(location: str, declared: ModelField) -> Parameter:
    info = declared.field_info
    model = param_model(declared)
    if model is None:
        return Parameter(location, declared, [declared], is_optional_model=False)
    optional = info.annotation is not model and not info.is_required()
    return Parameter(location, declared, model_fields(model), optional)


def describe_parameters(demands: Demands, schemas: Schemas) -> list[dict[str, Any]]:
    """The parameters of an operation; of two with one name the required one stays."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    required: dict[tuple[str, str], dict[str, Any]] = {}
    for parameter in demands.parameters:
        if getattr(parameter.declared.field_info, "include_in_schema", True):
            for each in parameter.fields:
                described = _describe(parameter, each, schemas)
                key = (described["in"], described["name"])
                found[key] = described
                if described["required"]:
                    required[key] = described
    return list((found | required).values())


def _describe(
    parameter: Parameter, each: ModelField, schemas: Schemas
) -> dict[str, Any]:
    info = each.field_info
    dashed = parameter.location == "header" and getattr(
        info,
        "convert_underscores",
        getattr(parameter.declared.field_info, "convert_underscores", True),
    )
    alias, name = field_aliases(each, convert_underscores=dashed)[0]
    described: dict[str, Any] = {
        "name": name,
        "in": parameter.location,
        "required": info.is_required() and not parameter.is_optional_model,
        "schema": schemas.of(each, alias),
    }
    if info.description:
        described["description"] = info.description
    described |= examples_of(info)
    if info.deprecated:
        described["deprecated"] = True
    return described


def examples_of(info: Any) -> dict[str, Any]:
    """The examples that OpenAPI, not JSON Schema, has a place for."""
    if examples := getattr(info, "openapi_examples", None):
        return {"examples": jsonable_encoder(examples)}
    example = getattr(info, "example", _UNSET)
    return {} if example is _UNSET else {"example": jsonable_encoder(example)}


def describe_security(
    demands: Demands,
) -> tuple[dict[str, Any], list[dict[str, list[str]]]]:
    """The schemes by name, and which of them with which scopes the operation wants."""
    schemes: dict[str, Any] = {}
    wanted: dict[str, dict[str, None]] = {}
    for scheme, scopes in demands.security:
        name = scheme.scheme_name
        schemes[name] = scheme.model
        wanted.setdefault(name, {}).update(dict.fromkeys(scopes))
    return schemes, [{name: list(scopes)} for name, scopes in wanted.items()]
