"""Readers of parameters: prepared with the route, run with each request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, TypeAlias

from fwtrace.frameworks.fastapi import kinds, params
from fwtrace.frameworks.fastapi.dependencies.body import should_embed
from fwtrace.frameworks.fastapi.dependencies.forms import (
    extras,
    form_models,
    read_form,
    read_form_model,
    value_of,
)
from fwtrace.frameworks.fastapi.fields import (
    Errors,
    ModelField,
    Undefined,
    field_aliases,
    is_json,
    missing,
    model_fields,
    param_model,
)
from fwtrace.toolkit.asgi.datastructures import FormData, Headers

__all__ = ["BodyReader", "Reader", "readers_of"]

Reader: TypeAlias = Callable[[Mapping[str, Any], dict[str, Any], Errors], None]
"""``reader(source, values, errors)`` puts its value, or its errors."""

_NO_DEFAULT: Any = object()


def readers_of(fields: list[ModelField]) -> tuple[Reader, ...]:
    return tuple(map(_reader, fields))


def _reader(field: ModelField) -> Reader:
    model = param_model(field)
    if model is not None:
        return _ModelReader(field, model).read
    info = field.field_info
    assert isinstance(info, params.Param)
    names = [name for _, name in field_aliases(field)]
    is_many = kinds.is_sequence(info.annotation) or is_json(field)
    if len(names) == 1 and not is_many:
        return _scalar_reader(field, info.in_.value, names[0])
    return _any_reader(field, info.in_.value, names)


def _constant_default(field: ModelField) -> Any:
    """The default, where it is one and the same for every request."""
    info = field.field_info
    if info.is_required() or info.validate_default or info.default_factory is not None:
        return _NO_DEFAULT
    if isinstance(info.default, (str, int, float, bool, type(None), bytes)):
        return info.default
    return _NO_DEFAULT


def _scalar_reader(field: ModelField, source: str, name: str) -> Reader:
    """By far the most common: one name, one value."""
    loc, into = (source, name), field.name
    default = _constant_default(field)

    def read(given: Mapping[str, Any], values: dict[str, Any], errors: Errors) -> None:
        value = given.get(name)
        if value is None:
            if default is _NO_DEFAULT:
                _put(field, Undefined, loc, values, errors)
            else:
                values[into] = default
            return
        value, found = field.validate(value, loc=loc)
        if found:
            errors += found
        else:
            values[into] = value

    return read


def _any_reader(field: ModelField, source: str, names: list[str]) -> Reader:
    def read(given: Mapping[str, Any], values: dict[str, Any], errors: Errors) -> None:
        name = next((each for each in names if each in given), names[0])
        _put(field, value_of(field, given, name), (source, name), values, errors)

    return read


def _put(
    field: ModelField,
    value: Any,
    loc: tuple[int | str, ...],
    values: dict[str, Any],
    errors: Errors,
) -> None:
    value, found = validated(field, value, loc)
    if found:
        errors += found
    else:
        values[field.name] = value


def validated(
    field: ModelField, value: Any, loc: tuple[int | str, ...]
) -> tuple[Any, Errors]:
    """The value or, for Undefined, the default; else errors."""
    if value is Undefined:
        if field.field_info.is_required():
            return None, [missing(loc)]
        value = deepcopy(field.default)
        if not field.field_info.validate_default:
            return value, []
    return field.validate(value, loc=loc)


class _ModelReader:
    """A model whose fields are parameters, each by itself."""

    def __init__(self, field: ModelField, model: Any) -> None:
        info = field.field_info
        assert isinstance(info, params.Param)
        self.field = field
        self.model = model
        self.source = info.in_.value
        is_header = info.in_ is params.ParamTypes.header
        default = getattr(info, "convert_underscores", True)
        self.members = [
            (
                each,
                field_aliases(
                    each,
                    convert_underscores=is_header
                    and getattr(each.field_info, "convert_underscores", default),
                ),
            )
            for each in model_fields(model)
        ]
        names = {name for _, aliases in self.members for _, name in aliases}
        self.names = {name.lower() for name in names} if is_header else names
        self.takes_all = model.model_config.get("extra") in ("allow", "forbid")

    def read(
        self, given: Mapping[str, Any], values: dict[str, Any], errors: Errors
    ) -> None:
        found: dict[str, Any] = {}
        known: set[str] = set()
        headers: dict[str, str] = {}
        is_headers = isinstance(given, Headers)
        for member, aliases in self.members:
            alias, name = next((p for p in aliases if p[1] in given), aliases[0])
            value = value_of(member, given, name)
            if value is not Undefined:
                found[alias] = value
            if not is_headers:
                known.add(name)
                continue
            known.add(name.lower())
            # A field's name is no header, where another stands for it.
            known |= {each.lower() for each, header in aliases if each != header}
            if alias != name:
                headers[member.name] = name
        found.update(extras(given, known))
        value = found
        if self.field.field_info.annotation is not self.model and not (
            self.names.intersection(given) or (self.takes_all and found)
        ):
            value = Undefined  # none of it was sent, so it may be None
        value, wrong = validated(self.field, value, (self.source,))
        if headers and self.model.model_config.get("loc_by_alias", True):
            wrong = [_at_header(error, headers) for error in wrong]
        if wrong:
            errors += wrong
        else:
            values[self.field.name] = value


def _at_header(error: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    source, *rest = error["loc"]
    if rest and rest[0] in headers:
        return {**error, "loc": (source, headers[rest[0]], *rest[1:])}
    return error


class BodyReader:
    """The parameters which one callable takes of the body."""

    def __init__(self, fields: list[ModelField], embed: bool) -> None:
        self.fields = fields
        self.is_whole = (
            len(fields) == 1
            and not embed
            and not should_embed(fields)
            and not form_models(fields[0])
        )
        self.models = {field.name: form_models(field) for field in fields}

    def read(self, body: Any, values: dict[str, Any], errors: Errors) -> None:
        """``body`` is data of JSON, bytes, or Undefined."""
        if self.is_whole:
            field = self.fields[0]
            values[field.name], found = validated(field, body, ("body",))
            errors += found
            return
        for field in self.fields:
            self._read_key(field, body, values, errors)

    def _read_key(
        self, field: ModelField, body: Any, values: dict[str, Any], errors: Errors
    ) -> None:
        aliases = [alias for alias, _ in field_aliases(field)]
        loc, value = ("body", aliases[0]), Undefined
        if body is not Undefined and not isinstance(body, bytes):
            if not hasattr(body, "get"):  # keys are wanted, this has none
                errors.append(missing(loc))
                return
            for alias in aliases:
                value = body.get(alias, Undefined)
                if value is not Undefined:
                    loc = ("body", alias)
                    break
        _put(field, value, loc, values, errors)

    async def read_form(
        self, form: FormData, values: dict[str, Any], errors: Errors
    ) -> None:
        single = [field for field in self.fields if not self.models[field.name]]
        found, data = {}, {}
        if single:
            for alias, value, of in await read_form(single, form):
                data[alias] = value
                if of is not None:
                    found[of.name] = alias, value
        if self.is_whole:
            field = self.fields[0]
            value, wrong = validated(field, data, ("body",))
            values[field.name] = value
            errors += wrong
            return
        for field in self.fields:
            loc: tuple[str, ...]
            models = self.models[field.name]
            if models:
                loc, value = ("body",), await read_form_model(field, models, form)
            else:
                first = field_aliases(field)[0][0]
                alias, value = found.get(field.name, (first, Undefined))
                loc = ("body", alias)
            _put(field, value, loc, values, errors)
