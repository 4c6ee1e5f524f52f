"""From a signature to a :class:`Dependant`: once, when a route is added."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Annotated, Any, ForwardRef, Literal, get_args, get_origin

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from fwtrace.frameworks.fastapi import kinds, params
from fwtrace.frameworks.fastapi.dependencies.forms import add_form_validators
from fwtrace.frameworks.fastapi.dependencies.models import Dependant
from fwtrace.frameworks.fastapi.exceptions import DependencyScopeError
from fwtrace.frameworks.fastapi.fields import (
    ModelField,
    Undefined,
    copy_field_info,
    create_model_field,
)
from fwtrace.frameworks.fastapi.params import Concurrency
from fwtrace.frameworks.fastapi.security.oauth2 import SecurityScopes
from fwtrace.frameworks.fastapi.utils import get_path_param_names
from fwtrace.toolkit.asgi.background import BackgroundTasks
from fwtrace.toolkit.asgi.requests import HTTPConnection, Request
from fwtrace.toolkit.asgi.responses import Response
from fwtrace.toolkit.asgi.websockets import WebSocket

__all__ = [
    "get_dependant",
    "get_parameterless_sub_dependant",
    "get_typed_return_annotation",
    "get_typed_signature",
]

_EMPTY = inspect.Signature.empty

# What is handed in as it is, by its class; a subclass before what it derives from.
_INJECTED: dict[type, str] = {
    Request: "request_param_name",
    WebSocket: "websocket_param_name",
    HTTPConnection: "http_connection_param_name",
    Response: "response_param_name",
    BackgroundTasks: "background_tasks_param_name",
    SecurityScopes: "security_scopes_param_name",
}


def _signature(call: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(call, eval_str=True)
    except NameError:  # a name that only a type checker imports
        return inspect.signature(call)


def _evaluated(annotation: Any, names: dict[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation
    from pydantic._internal._typing_extra import try_eval_type

    found = try_eval_type(ForwardRef(annotation), names, names)[0]
    return None if found is type(None) else found


def _names_of(call: Callable[..., Any]) -> dict[str, Any]:
    return getattr(inspect.unwrap(call), "__globals__", {})


def get_typed_signature(call: Callable[..., Any]) -> inspect.Signature:
    """The signature with its annotations evaluated, as far as they can be."""
    names = _names_of(call)
    found = [
        param.replace(annotation=_evaluated(param.annotation, names))
        for param in _signature(call).parameters.values()
    ]
    return inspect.Signature(found)


def get_typed_return_annotation(call: Callable[..., Any]) -> Any:
    annotation = _signature(call).return_annotation
    return None if annotation is _EMPTY else _evaluated(annotation, _names_of(call))


def get_parameterless_sub_dependant(*, depends: params.Depends, path: str) -> Dependant:
    """A dependency that is called for what it does, not for its value."""
    if not callable(depends.dependency):
        raise AssertionError(
            "A parameter-less dependency must have a callable dependency"
        )
    return get_dependant(
        path=path,
        call=depends.dependency,
        scope=depends.scope,
        concurrency=depends.concurrency,
        own_oauth_scopes=_scopes_of(depends),
    )


def _scopes_of(depends: params.Depends) -> list[str]:
    scopes: Sequence[str] | None = getattr(depends, "scopes", None)
    return list(scopes or ())


def get_dependant(
    *,
    path: str,
    call: Callable[..., Any],
    name: str | None = None,
    own_oauth_scopes: list[str] | None = None,
    parent_oauth_scopes: list[str] | None = None,
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
    concurrency: Concurrency | None = None,
) -> Dependant:
    """What the callable needs at this path, with all below it.

    Raises AssertionError for a declaration that contradicts itself, FastAPIError for
    a type that cannot be validated.
    """
    dependant = Dependant(
        call=call,
        name=name,
        path=path,
        use_cache=use_cache,
        scope=scope,
        concurrency=concurrency,
        own_oauth_scopes=own_oauth_scopes,
        parent_oauth_scopes=parent_oauth_scopes,
    )
    scopes = [*(parent_oauth_scopes or ()), *(own_oauth_scopes or ())]
    in_path = get_path_param_names(path)
    for param in get_typed_signature(call).parameters.values():
        found = _analyze(param.name, param.annotation, param.default, in_path)
        if isinstance(found, params.Depends):
            _check_scope(dependant, found)
            assert found.dependency is not None
            below = get_dependant(
                path=path,
                call=found.dependency,
                name=param.name,
                own_oauth_scopes=_scopes_of(found),
                parent_oauth_scopes=scopes,
                use_cache=found.use_cache,
                scope=found.scope,
                concurrency=found.concurrency,
            )
            dependant.dependencies.append(below)
        elif isinstance(found, ModelField):
            _fields_of(dependant, found).append(found)
        else:
            setattr(dependant, found, param.name)
    return dependant


def _check_scope(dependant: Dependant, below: params.Depends) -> None:
    if dependant.computed_scope == "request" and below.scope == "function":
        from fwtrace.frameworks.fastapi.dependencies.calls import (
            is_async_generator,
            is_generator,
        )

        if is_generator(dependant.call) or is_async_generator(dependant.call):
            name = getattr(dependant.call, "__name__", "<unnamed_callable>")
            raise DependencyScopeError(
                f'The dependency "{name}" has a scope of "request", it cannot depend '
                'on dependencies with scope "function".'
            )


def _fields_of(dependant: Dependant, found: ModelField) -> list[ModelField]:
    info = found.field_info
    if isinstance(info, params.Body):
        return dependant.body_params
    kind = getattr(info, "in_", None)
    if not isinstance(kind, params.ParamTypes):
        raise AssertionError(
            "non-body parameters must be in path, query, header or cookie: "
            f"{found.name}"
        )
    fields: list[ModelField] = getattr(dependant, f"{kind.value}_params")
    return fields


def _analyze(
    name: str, annotation: Any, value: Any, in_path: set[str]
) -> params.Depends | ModelField | str:
    """A dependency, a field, or the attribute of Dependant for what is injected."""
    # type Alias = ... stands for its value (PEP 695).
    annotation = getattr(annotation, "__value__", annotation)
    use: Any = Any if annotation is _EMPTY else annotation
    kind, declared = use, None
    if get_origin(use) is Annotated:
        kind, *metadata = get_args(use)
        declared = _last_declared(metadata)
    info: FieldInfo | None = None
    depends: params.Depends | None = None
    if isinstance(declared, FieldInfo):
        info = _of_metadata(declared, use, value, name, name in in_path)
    elif declared is not None:
        depends = declared
    if isinstance(value, params.Depends):
        _refuse_both(name, "`Depends`", depends is not None)
        _refuse_both(name, "a FastAPI annotation", info is not None, "`Depends`")
        depends = value
    elif isinstance(value, FieldInfo):
        _refuse_both(name, "FastAPI annotations", info is not None)
        info = value
        info.annotation = kind
    if depends is not None:
        if depends.dependency is None:
            depends = dataclasses.replace(depends, dependency=kind)
        return depends
    for injected, attribute in _INJECTED.items():
        if kinds.is_subclass(kind, injected):
            if info is not None:
                raise AssertionError(
                    f"Cannot specify FastAPI annotation for type {kind!r}"
                )
            return attribute
    if info is None:
        info = _inferred(kind, use, value, name in in_path)
    return _field(name, use, info, in_path)


def _last_declared(metadata: Iterable[Any]) -> Any:
    known = (params.Param, params.Body, params.Depends)
    return next((m for m in reversed([*metadata]) if isinstance(m, known)), None)


def _refuse_both(name: str, what: str, both: bool, other: str = "") -> None:
    if both:
        where = f"and {other} as a default value" if other else "and default value"
        raise AssertionError(
            f"Cannot specify {what} in `Annotated` {where} together for {name!r}"
        )


def _of_metadata(
    declared: FieldInfo, use: Any, value: Any, name: str, is_path: bool
) -> FieldInfo:
    info = copy_field_info(field_info=declared, annotation=use)
    if info.default is not Undefined and info.default is not ...:
        raise AssertionError(
            f"`{type(info).__name__}` default value cannot be set in `Annotated` for "
            f"{name!r}. Set the default value with `=` instead."
        )
    if value is not _EMPTY:
        if is_path:
            raise AssertionError("Path parameters cannot have default values")
        info.default = value
    else:
        info.default = Undefined
    return info


def _inferred(kind: Any, use: Any, value: Any, is_path: bool) -> FieldInfo:
    """What is declared nowhere: a part of the path, a file, the body, or a query."""
    default = Undefined if value is _EMPTY else value
    info: FieldInfo
    if is_path:
        info = params.Path(annotation=use)
    elif kinds.is_file(kind) or kinds.is_file_sequence(kind):
        info = params.File(default, annotation=use)
    elif not kinds.is_scalar(kind):
        info = params.Body(default, annotation=use)
    else:
        info = params.Query(default, annotation=use)
    if get_origin(use) is Annotated:
        default = info.default
        info = copy_field_info(field_info=info, annotation=use)
        info.default = default
        if is_path:
            info.default_factory = None
    return info


def _field(name: str, use: Any, info: FieldInfo, in_path: set[str]) -> ModelField:
    is_path = name in in_path
    if is_path and not isinstance(info, params.Path):
        raise AssertionError(
            f"Cannot use `{type(info).__name__}` for path param {name!r}"
        )
    if isinstance(info, params.Param) and getattr(info, "in_", None) is None:
        info.in_ = params.ParamTypes.query
    if isinstance(info, params.Form):
        info.annotation = add_form_validators(info.annotation)
    choices = info.validation_alias
    if isinstance(info, params.Path) and isinstance(choices, AliasChoices):
        # The route says which of the names it is.
        chosen = next((c for c in choices.choices if c in in_path), None)
        if chosen is not None and all(isinstance(c, str) for c in choices.choices):
            info = copy(info)
            info.validation_alias = str(chosen)
    if not info.alias and getattr(info, "convert_underscores", False):
        info.alias = name.replace("_", "-")
    else:
        info.alias = info.alias or name
    field = create_model_field(
        name, use, default=info.default, alias=info.alias, field_info=info
    )
    annotation = info.annotation
    if is_path and not kinds.is_scalar(annotation):
        raise AssertionError("Path params must be of one of the supported types")
    if isinstance(info, params.Query) and not (
        kinds.is_scalar(annotation)
        or kinds.is_scalar_sequence(annotation)
        or kinds.model_of(annotation) is not None
    ):
        raise AssertionError(
            f"Query parameter {name!r} must be one of the supported types"
        )
    return field
