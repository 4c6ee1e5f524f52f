"""The body of a request as one field: what documents it, and whether it has keys."""

from __future__ import annotations

from copy import copy, deepcopy
from functools import partial
from typing import Annotated, Any, get_args

from pydantic import AliasChoices, BaseModel, ConfigDict, GetPydanticSchema

from fwtrace.frameworks.fastapi import kinds, params
from fwtrace.frameworks.fastapi.dependencies.forms import form_models
from fwtrace.frameworks.fastapi.fields import (
    ModelField,
    create_body_model,
    create_model_field,
    field_aliases,
    model_fields,
)

__all__ = ["get_body_field", "should_embed"]


def should_embed(fields: list[ModelField]) -> bool:
    """Whether each parameter is one key of the body, rather than all of it."""
    if not fields:
        return False
    if len({field.name for field in fields}) > 1:
        return True
    first, *others = fields
    models = form_models(first)
    if models and any(
        not form_models(other)
        or other.field_info.annotation is not first.field_info.annotation
        for other in others
    ):
        return True
    if getattr(first.field_info, "embed", None):
        return True
    is_model = kinds.is_subclass(first.field_info.annotation, BaseModel)
    is_form = isinstance(first.field_info, params.Form)
    return is_form and not is_model and not models


def _may_be_none(field: ModelField) -> bool:
    return type(None) in get_args(field.field_info.annotation)


def get_body_field(
    *, body_params: list[ModelField], name: str, embed_body_fields: bool
) -> ModelField | None:
    """The one field that stands for all parameters of the body, for the schema."""
    if not body_params:
        return None
    first = body_params[0]
    is_optional_form = any(form_models(f) and _may_be_none(f) for f in body_params)
    if not embed_body_fields and not is_optional_form:
        return first
    fields, config = body_params, None
    if any(form_models(field) for field in body_params):
        fields = [_part(number, field) for number, field in enumerate(body_params)]
        config = ConfigDict(json_schema_extra=partial(_flatten, body_params))
    model = create_body_model(fields=fields, model_name=f"Body_{name}", config=config)
    if not embed_body_fields:
        info = copy(first.field_info)
        info.annotation = model
        info.metadata = []
        info.discriminator = None
        return ModelField(info, first.name)
    options: dict[str, Any] = {"annotation": model, "alias": "body"}
    if not any(field.field_info.is_required() for field in body_params):
        options["default"] = None
    kind = _kind(body_params)
    if kind is not params.File:
        types = [
            each.field_info.media_type
            for each in body_params
            if isinstance(each.field_info, kind)
        ]
        if kind is params.Form and "multipart/form-data" in types:
            options["media_type"] = "multipart/form-data"
        elif len(set(types)) == 1:
            options["media_type"] = types[0]
    return create_model_field("body", model, alias="body", field_info=kind(**options))


def _kind(fields: list[ModelField]) -> type[params.Body]:
    for kind in (params.File, params.Form):
        if any(isinstance(field.field_info, kind) for field in fields):
            return kind
    return params.Body


# A form made of models and fields: in the schema all of them lie side by side.


def _part(number: int, field: ModelField) -> ModelField:
    info = copy(field.field_info)
    models = form_models(field)
    if len(models) == 1:
        hook = GetPydanticSchema(
            get_pydantic_json_schema=partial(_form_model_schema, models[0])
        )
        described: Any = Annotated[models[0], hook]
        is_plain = info.annotation is models[0]
        info.annotation = described if is_plain else described | None
    alias = f"field_{number}"
    info.alias = info.validation_alias = info.serialization_alias = alias
    info.title = info.title or field.name.replace("_", " ").title()
    return ModelField(info, alias)


def _form_model_schema(model: type[BaseModel], core: Any, handler: Any) -> Any:
    """The schema of the model, with the names that its fields have in the form."""
    schema = handler(core)
    found = handler.resolve_ref_schema(schema)
    properties, required = found.get("properties", {}), found.get("required", [])
    renamed: dict[str, list[str]] = {}
    for field in model_fields(model):
        declared = field.field_info.validation_alias
        alias: Any = field.validation_alias or field.alias
        if isinstance(declared, AliasChoices):
            alias = declared.choices[0]
        names = [name for name, _ in field_aliases(field)]
        if alias not in properties:
            continue
        if names[0] != alias or (len(names) > 1 and alias in required):
            renamed[alias] = names
    if not renamed:
        return schema
    found = deepcopy(found)
    found["properties"] = {
        renamed.get(name, [name])[0]: value for name, value in properties.items()
    }
    found["required"] = []
    for name in required:
        names = renamed.get(name, [name])
        if len(names) == 1:
            found["required"].append(names[0])
        else:
            any_of = [{"required": [each]} for each in names]
            found.setdefault("allOf", []).append({"anyOf": any_of})
    return found


def _flatten(fields: list[ModelField], schema: dict[str, Any]) -> None:
    parts = schema.pop("properties")
    schema.pop("required", None)
    properties: dict[str, Any] = {}
    required: dict[str, None] = {}
    conditions: list[dict[str, Any]] = []
    for number, field in enumerate(fields):
        part = parts[f"field_{number}"]
        models = form_models(field)
        is_required = field.field_info.is_required()
        if models:
            conditions += _conditions(field, models, part, is_required)
            continue
        alias = field_aliases(field)[0][0]
        if alias in properties:
            conditions.append({"properties": {alias: part}})
        else:
            properties[alias] = part
        if is_required:
            required[alias] = None
    if properties:
        schema["properties"] = properties
    if required:
        schema["required"] = list(required)
    schema["allOf"] = conditions


def _conditions(
    field: ModelField, models: list[type[BaseModel]], part: Any, is_required: bool
) -> list[dict[str, Any]]:
    part.pop("default", None)
    if not _may_be_none(field):
        return [part]
    # None means here that the form has none of the model's fields.
    part["anyOf"] = [each for each in part["anyOf"] if each.get("type") != "null"]
    takes_all = any(m.model_config.get("extra") in ("allow", "forbid") for m in models)
    names = sorted(
        {a for m in models for each in model_fields(m) for a, _ in field_aliases(each)}
    )
    absent: dict[str, Any] = {}
    if takes_all:
        absent = {"maxProperties": 0}
    elif names:
        absent = {"not": {"anyOf": [{"required": [name]} for name in names]}}
    if is_required:
        return [{"not": absent}, part]
    return [{"anyOf": [absent, part]}]
