"""A field: a parameter or a response, with its validator and serialiser prepared."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import copy
from dataclasses import is_dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, cast, get_origin

from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    PydanticSchemaGenerationError,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined as Undefined, SchemaValidator

from fwtrace.frameworks.fastapi import kinds, params
from fwtrace.frameworks.fastapi.exceptions import FastAPIError

__all__ = [
    "ModelField",
    "Undefined",
    "copy_field_info",
    "create_body_model",
    "create_model_field",
    "field_aliases",
    "is_json",
    "missing",
    "model_fields",
    "param_model",
]

Errors = list[dict[str, Any]]

# What of a field stands beside its annotation and its metadata.
_ATTRIBUTES = (
    *("default", "default_factory", "alias", "alias_priority", "validation_alias"),
    *("serialization_alias", "title", "field_title_generator", "description"),
    *("examples", "exclude", "exclude_if", "discriminator", "deprecated"),
    *("json_schema_extra", "frozen", "validate_default", "repr", "init", "init_var"),
    "kw_only",
)


def _attributes(info: FieldInfo) -> dict[str, Any]:
    return {
        name: value
        for name in _ATTRIBUTES
        if (value := getattr(info, name, Undefined)) is not Undefined
    }


def _adapter_of(info: FieldInfo, config: ConfigDict | None) -> TypeAdapter[Any]:
    """The validator of a field; those of mere types are made once."""
    kind: Any = info.annotation
    said = info._attributes_set.keys()
    is_bare = not said - {"annotation", "default", "alias"} and info.is_required()
    # No union: those of another order are equal, but not the same.
    is_class = isinstance(kind, type) and get_origin(kind) is None
    if is_bare and is_class and not info.metadata and config is None:
        return _adapter_of_type(kind)
    # Of the field's own metadata pydantic wants to hear within Annotated only.
    field: Any = Field(**_attributes(info))
    return _make_adapter(Annotated[(kind, *info.metadata, field)], config)


def _make_adapter(kind: Any, config: ConfigDict | None = None) -> TypeAdapter[Any]:
    with warnings.catch_warnings():
        from pydantic.warnings import UnsupportedFieldAttributeWarning

        warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
        return TypeAdapter(kind, config=config)


@lru_cache(maxsize=4096)
def _adapter_of_type(kind: Any) -> TypeAdapter[Any]:
    return _make_adapter(kind)


class ModelField:
    """A name with a type: ``validate`` what came in, ``serialize`` what goes out."""

    __slots__ = (
        *("__weakref__", "_adapter", "_validate", "config", "field_info"),
        *("_to_json", "mode", "name"),
    )

    def __init__(
        self,
        field_info: FieldInfo,
        name: str,
        mode: Literal["validation", "serialization"] = "validation",
        config: ConfigDict | None = None,
    ) -> None:
        self.field_info = field_info
        self.name = name
        self.mode = mode
        self.config = config
        self._adapter = _adapter_of(field_info, config)
        # A model whose names are not all known yet is built when it is first needed.
        is_built = isinstance(self._adapter.validator, SchemaValidator)
        source: Any = self._adapter.validator if is_built else self._adapter
        self._validate = source.validate_python
        self._to_json = (
            self._adapter.serializer.to_json if is_built else self._adapter.dump_json
        )

    def __repr__(self) -> str:
        return f"ModelField({self.name!r}, {self.field_info!r}, mode={self.mode!r})"

    @property
    def type_adapter(self) -> TypeAdapter[Any]:
        return self._adapter

    _type_adapter = type_adapter

    @property
    def alias(self) -> str:
        found = self.field_info.alias
        return self.name if found is None else found

    @property
    def validation_alias(self) -> str | None:
        found = self.field_info.validation_alias
        return found if isinstance(found, str) and found else None

    @property
    def serialization_alias(self) -> str | None:
        return self.field_info.serialization_alias or None

    @property
    def default(self) -> Any:
        """The default, made anew where a factory makes it; Undefined where none is."""
        if self.field_info.is_required():
            return Undefined
        return self.field_info.get_default(call_default_factory=True)

    def validate(
        self, value: Any, values: Any = None, *, loc: tuple[int | str, ...] = ()
    ) -> tuple[Any, Errors]:
        """``(validated value, [])``, or ``(None, errors)`` that begin at ``loc``."""
        try:
            return self._validate(value, from_attributes=True), []
        except ValidationError as error:
            found: Any = error.errors(include_url=False)
            return None, [{**each, "loc": loc + each["loc"]} for each in found]

    def serialize(
        self, value: Any, *, mode: Literal["json", "python"] = "json", **options: Any
    ) -> Any:
        """A valid value as data for JSON; ``options`` are those of ``dump_python``."""
        return self._adapter.dump_python(value, mode=mode, **options)

    def serialize_json(self, value: Any, **options: Any) -> bytes:
        """A valid value as JSON, in one step."""
        return self._to_json(value, **options)


def missing(loc: tuple[int | str, ...]) -> dict[str, Any]:
    """The error of a value that should have been there."""
    return {"type": "missing", "loc": loc, "msg": "Field required", "input": None}


def create_model_field(
    name: str,
    type_: Any,
    default: Any = Undefined,
    field_info: FieldInfo | None = None,
    alias: str | None = None,
    mode: Literal["validation", "serialization"] = "validation",
) -> ModelField:
    """A field of this type; FastAPIError for a type that pydantic knows nothing of."""
    if field_info is None:
        field_info = FieldInfo(annotation=type_, default=default, alias=alias)
    try:
        return ModelField(field_info, name, mode)
    except PydanticSchemaGenerationError:
        raise FastAPIError(
            f"Invalid args for response field! Hint: check that {type_} is a type "
            "that pydantic validates. If it only annotates what the function returns, "
            "say response_model=None."
        ) from None


def copy_field_info(*, field_info: FieldInfo, annotation: Any) -> FieldInfo:
    """A copy with all that the annotation's metadata says merged into it."""
    merged = type(field_info).from_annotation(annotation)
    copied = copy(field_info)
    for name, value in _attributes(merged).items():
        setattr(copied, name, value)
    copied._attributes_set = dict(merged._attributes_set)
    copied.metadata = merged.metadata
    copied.annotation = merged.annotation
    return copied


def create_body_model(
    *, fields: Sequence[ModelField], model_name: str, config: ConfigDict | None = None
) -> type[BaseModel]:
    """The model of a body that has each of these fields under a key."""
    members: Any = {
        field.name: (field.field_info.annotation, field.field_info) for field in fields
    }
    made = create_model(model_name, __config__=config, **members)
    return cast("type[BaseModel]", made)


@lru_cache(maxsize=4096)
def model_fields(model: type[BaseModel]) -> list[ModelField]:
    """The fields of a model, each with a validator of its own."""
    found = []
    for name, info in model.model_fields.items():
        kind = info.annotation
        has_own_config = kinds.is_subclass(kind, (BaseModel, dict))
        config = None if has_own_config or is_dataclass(kind) else model.model_config
        found.append(ModelField(info, name, config=config))
    return found


def is_json(field: ModelField) -> bool:
    """Whether it is JSON within a string."""
    return any(type(item) is Json for item in field.field_info.metadata)


def param_model(field: ModelField) -> type[BaseModel] | None:
    """The model whose fields are parameters, each by itself."""
    annotation = field.field_info.annotation
    if isinstance(field.field_info, (params.Query, params.Header, params.Cookie)):
        annotation = kinds.model_of(annotation)
    if kinds.is_subclass(annotation, BaseModel) and not is_json(field):
        return cast("type[BaseModel]", annotation)
    return None


def field_aliases(
    field: ModelField, *, convert_underscores: bool = False
) -> list[tuple[str, str]]:
    """``[(name within the model, name within the request)]``, the best first."""
    alias = field.validation_alias or field.alias
    asked = alias
    if convert_underscores and alias == field.name:
        asked = alias.replace("_", "-")
    declared = field.field_info.validation_alias
    found = [(alias, asked)]
    if isinstance(field.field_info, params.Path) or isinstance(declared, AliasPath):
        return found
    if isinstance(declared, AliasChoices):
        if any(isinstance(choice, AliasPath) for choice in declared.choices):
            return found
        found = [(str(choice), str(choice)) for choice in declared.choices]
    config: Any = field.config or {}
    by_alias = config.get("validate_by_alias")
    by_name = config.get("validate_by_name", config.get("populate_by_name", False))
    if by_alias is False or by_name:
        name = field.name.replace("_", "-") if convert_underscores else field.name
        if by_alias is False:
            return [(field.name, name)]
        if all(alias != field.name for alias, _ in found):
            found.append((field.name, name))
    return found


def sequence_of(field: ModelField, value: Any) -> Any:
    """The values as the kind of sequence that the field is annotated with."""
    kind = get_origin(field.field_info.annotation) or field.field_info.annotation
    if kinds.is_union(field.field_info.annotation):
        from typing import get_args

        args = get_args(field.field_info.annotation)
        first = next(arg for arg in args if arg is not type(None))
        kind = get_origin(first) or first
    return kinds.SEQUENCES[cast(Any, kind)](value)
