"""The JSON schema of every field of an application, and of the models they share."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from fwtrace.frameworks.fastapi.fields import ModelField
from fwtrace.frameworks.fastapi.kinds import is_subclass
from fwtrace.frameworks.fastapi.openapi.constants import REF_TEMPLATE

_READY = frozenset({str, int, bool, type(None)})


class Schemas:
    """All schemas, generated at once: only together do models get unique names.

    ``definitions`` are the models by name; ``of(field)`` is what a field says, which
    for a model is a reference to its definition.
    """

    def __init__(self, fields: Iterable[ModelField], *, separate: bool = True) -> None:
        self._separate = separate
        self._modes: dict[ModelField, JsonSchemaMode] = {
            field: self._mode(field) for field in fields
        }
        inputs: list[Any] = [
            (field, mode, field._type_adapter.core_schema)
            for field, mode in self._modes.items()
        ]
        inputs += self._models_within()
        generator = _Generator(ref_template=REF_TEMPLATE)
        self._by_key, found = generator.generate_definitions(inputs)
        self.definitions: dict[str, dict[str, Any]] = {
            str(name): each for name, each in found.items()
        }
        for definition in self.definitions.values():
            if "description" in definition:
                # What follows a form feed is for readers of the code.
                definition["description"] = definition["description"].split("\f")[0]

    def of(self, field: ModelField, alias: str | None = None) -> dict[str, Any]:
        """The field's schema, titled after it, or after the alias it goes by here."""
        schema = self._by_key[field, self._modes[field]]
        if "$ref" in schema:
            return schema
        title = field.field_info.title
        if not title:
            title = (alias or _alias(field)).title().replace("_", " ")
        return {**schema, "title": title}

    def _mode(self, field: ModelField) -> JsonSchemaMode:
        if self._separate or _has_computed_fields(field):
            return field.mode
        return "validation"

    def _models_within(self) -> Iterable[tuple[Any, JsonSchemaMode, Any]]:
        """Models that a field's annotation holds, though its schema may not say so."""
        direct = {
            field.field_info.annotation
            for field in self._modes
            if isinstance(field.field_info.annotation, type)
        }
        modes: tuple[JsonSchemaMode, ...] = ("validation", "serialization")
        for mode in modes:
            models: dict[type, None] = {}
            for field in self._modes:
                if field.mode == mode:
                    _collect_models(field.field_info.annotation, models)
            for model in models.keys() - direct:
                adapter = TypeAdapter[Any](model)
                computed = self._separate or _computes(model, set())
                yield model, mode if computed else "validation", adapter.core_schema


class _Generator(GenerateJsonSchema):
    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        """Bytes are a file: its media type in the manner of JSON Schema 2020-12."""
        found: dict[str, Any] = {
            "type": "string",
            "contentMediaType": "application/octet-stream",
        }
        config = self._config
        if self.mode == "serialization":
            encoding = config.ser_json_bytes
        else:
            encoding = config.val_json_bytes
        if encoding == "base64":
            found["contentEncoding"] = "base64"
        self.update_with_validations(found, schema, self.ValidationsMapping.bytes)
        return found

    def encode_default(self, dft: Any) -> Any:
        """A default as JSON; pydantic would make a serialiser for each 0 and ""."""
        if type(dft) in _READY or (type(dft) is list and not dft):
            return dft
        return super().encode_default(dft)

    def sort(
        self, value: JsonSchemaValue, parent_key: str | None = None
    ) -> JsonSchemaValue:
        """As it is: the order in which fields were declared reads best."""
        return value


def _alias(field: ModelField) -> str:
    if field.mode == "validation":
        return field.validation_alias or field.alias
    return field.serialization_alias or field.alias


def _collect_models(annotation: Any, found: dict[type, None]) -> None:
    """Add the models and enums of the annotation, and those of the models' fields."""
    if is_subclass(annotation, (BaseModel, Enum)):
        if annotation not in found:
            found[annotation] = None
            for info in getattr(annotation, "model_fields", {}).values():
                _collect_models(info.annotation, found)
    else:
        for arg in get_args(annotation):
            _collect_models(arg, found)


def _has_computed_fields(field: ModelField) -> bool:
    schema: Any = field._type_adapter.core_schema
    if schema.get("schema", {}).get("computed_fields"):
        return True
    return _computes(field.field_info.annotation, set())


def _computes(annotation: Any, seen: set[type]) -> bool:
    """Whether a model in it has a field that is computed, in the output alone."""
    if not is_subclass(annotation, BaseModel):
        return any(_computes(arg, seen) for arg in get_args(annotation))
    if annotation in seen:
        return False
    seen.add(annotation)
    model: Any = annotation
    return bool(model.model_computed_fields) or any(
        _computes(info.annotation, seen) for info in model.model_fields.values()
    )
