"""Forms and models: the fields of a model are the fields of the form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Tag

from fwtrace.frameworks.fastapi import kinds, params
from fwtrace.frameworks.fastapi.fields import (
    ModelField,
    Undefined,
    field_aliases,
    is_json,
    model_fields,
    sequence_of,
)
from fwtrace.toolkit.asgi.datastructures import (
    FormData,
    Headers,
    ImmutableMultiDict,
    UploadFile,
)

__all__ = [
    "add_form_validators",
    "extras",
    "form_items",
    "form_models",
    "is_supplied",
    "read_form",
    "read_form_model",
    "value_of",
]


def _union_models(annotation: Any) -> list[type[BaseModel]]:
    """The models of a union of several, None aside; empty for any other type."""
    if not kinds.is_union(annotation):
        return []
    models = []
    for arg in get_args(annotation):
        if arg is type(None):
            continue
        bare = get_args(arg)[0] if get_origin(arg) is Annotated else arg
        if not kinds.is_subclass(bare, BaseModel):
            return []
        models.append(bare)
    return models if len(models) > 1 else []


def form_models(field: ModelField) -> list[type[BaseModel]]:
    """The models, any of which the fields of the form make up; none for most."""
    info = field.field_info
    if not isinstance(info, params.Form) or info.embed or is_json(field):
        return []
    model = kinds.model_of(info.annotation)
    return _union_models(info.annotation) if model is None else [model]


def add_form_validators(annotation: Any) -> Any:
    """A union of models, each of which reads the form in its own way."""
    if not _union_models(annotation):
        return annotation
    choices: list[Any] = []
    for choice in get_args(annotation):
        if choice is type(None):
            choices.append(choice)
            continue
        model, metadata = choice, []
        if get_origin(choice) is Annotated:
            model, *metadata = get_args(choice)
        tags: list[Tag] = [item for item in metadata if isinstance(item, Tag)]
        tag = tags[-1] if tags else Tag(model.__name__)
        before = BeforeValidator(partial(_read_as, model=model))
        choices.append(Annotated[choice, before, tag])
    return Union[tuple(choices)]  # noqa: UP007


def _read_as(value: Any, *, model: type[BaseModel]) -> Any:
    if not isinstance(value, dict):
        return value
    pairs = [
        (key, item)
        for key, items in value.items()
        for item in (items if isinstance(items, list) else [items])
    ]
    found = {
        alias: item
        for alias, item, _ in form_items(model_fields(model), FormData(pairs))
    }
    for key, item in value.items():
        if item is None or item == []:  # no browser sends these, a validator may
            found[key] = item
    return found


def _is_empty_file(value: Any) -> bool:
    """What a browser sends where no file was chosen."""
    return isinstance(value, UploadFile) and value.filename == "" and value.size == 0


def value_of(field: ModelField, values: Mapping[str, Any], alias: str) -> Any:
    """What was sent by that name, a list for a sequence; Undefined for nothing."""
    is_many = kinds.is_sequence(field.field_info.annotation)
    is_form = isinstance(values, FormData)
    value: Any
    if is_many and not is_json(field) and hasattr(values, "getlist"):
        value = values.getlist(alias)
        if is_form:
            value = [item for item in value if not _is_empty_file(item)]
    else:
        value = values.get(alias)
    if value is None or (is_many and len(value) == 0):
        return Undefined
    if is_form and (value == "" or _is_empty_file(value)):
        return Undefined
    return value


def extras(values: Mapping[str, Any], known: set[str]) -> Iterator[tuple[str, Any]]:
    """What was sent by other names: a list for what came more than once."""
    pairs: Any
    if isinstance(values, ImmutableMultiDict):
        pairs = values.multi_items()
    else:
        pairs = values.items()
    grouped: dict[str, list[Any]] = {}
    for key, value in pairs:
        if key not in known:
            grouped.setdefault(key, []).append(value)
    is_multi = isinstance(values, (ImmutableMultiDict, Headers))
    for key, found in grouped.items():
        yield key, found if is_multi and len(found) > 1 else found[-1]


def form_items(
    fields: list[ModelField], form: FormData
) -> Iterator[tuple[str, Any, ModelField | None]]:
    """``(alias, value, field)`` of all that the form has, extras without a field."""
    known: set[str] = set()
    for field in fields:
        for alias, _ in field_aliases(field):
            known.add(alias)
            value = value_of(field, form, alias)
            if value is not Undefined:
                yield alias, value, field
                break
    for key, value in extras(form, known):
        yield key, value, None


async def read_form(
    fields: list[ModelField], form: FormData
) -> list[tuple[str, Any, ModelField | None]]:
    """``form_items``, where files that are wanted as bytes have been read."""
    found = []
    for alias, value, field in form_items(fields, form):
        if field is not None and isinstance(field.field_info, params.File):
            value = await _read_files(field, value)
        found.append((alias, value, field))
    return found


async def _read_files(field: ModelField, value: Any) -> Any:
    annotation = field.field_info.annotation
    if isinstance(value, UploadFile) and kinds.is_bytes(annotation):
        return await _content(value)
    if isinstance(value, list) and kinds.is_bytes_sequence(annotation):
        read = [
            await _content(item) if isinstance(item, UploadFile) else item
            for item in value
        ]
        return sequence_of(field, read)
    return value


async def _content(file: UploadFile) -> bytes:
    """All of the file, which stays where it was: others may read it too."""
    position = file.file.tell()
    try:
        return await file.read()
    finally:
        await file.seek(position)


def is_supplied(model: type[BaseModel], form: FormData) -> bool:
    """Whether the form has anything of the model."""
    names = {alias for each in model_fields(model) for alias, _ in field_aliases(each)}
    takes_all = model.model_config.get("extra") in ("allow", "forbid")
    return bool(names.intersection(form)) or (takes_all and bool(form))


async def read_form_model(
    field: ModelField, models: list[type[BaseModel]], form: FormData
) -> Any:
    """The values of a model's fields; Undefined where it may be left out, and is."""
    may_be_none = type(None) in get_args(field.field_info.annotation)
    if may_be_none and not any(is_supplied(model, form) for model in models):
        return Undefined
    fields = model_fields(models[0]) if len(models) == 1 else []
    return {alias: value for alias, value, _ in await read_form(fields, form)}
