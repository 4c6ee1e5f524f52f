"""The declarations of parameters as functions: a type checker takes them for values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Unpack

from pydantic_core import PydanticUndefined as Undefined

from fwtrace.frameworks.fastapi import params
from fwtrace.frameworks.fastapi.params import (
    BodyOptions,
    FieldOptions,
    FormOptions,
    HeaderOptions,
)

__all__ = [
    "Body",
    "Cookie",
    "Depends",
    "File",
    "Form",
    "Header",
    "Path",
    "Query",
    "Security",
]


def Path(default: Any = ..., **options: Unpack[FieldOptions]) -> Any:
    """A part of the path."""
    return params.Path(default, **options)


def Query(default: Any = Undefined, **options: Unpack[FieldOptions]) -> Any:
    """A parameter of the query string."""
    return params.Query(default, **options)


def Header(default: Any = Undefined, **options: Unpack[HeaderOptions]) -> Any:
    """A header; underscores stand for hyphens unless ``convert_underscores=False``."""
    return params.Header(default, **options)


def Cookie(default: Any = Undefined, **options: Unpack[FieldOptions]) -> Any:
    return params.Cookie(default, **options)


def Body(default: Any = Undefined, **options: Unpack[BodyOptions]) -> Any:
    """The body; with ``embed=True`` the value of one of its keys."""
    return params.Body(default, **options)


def Form(default: Any = Undefined, **options: Unpack[FormOptions]) -> Any:
    """A field of a form."""
    return params.Form(default, **options)


def File(default: Any = Undefined, **options: Unpack[FormOptions]) -> Any:
    """An uploaded file, as ``bytes`` or ``UploadFile``."""
    return params.File(default, **options)


def Depends(
    dependency: Callable[..., Any] | None = None,
    *,
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
    max_concurrency: int | None = None,
) -> Any:
    """What this callable returns or yields; without one, the annotation is called."""
    return params.Depends(
        dependency, use_cache=use_cache, scope=scope, max_concurrency=max_concurrency
    )


def Security(
    dependency: Callable[..., Any] | None = None,
    *,
    scopes: Sequence[str] | None = None,
    use_cache: bool = True,
    max_concurrency: int | None = None,
) -> Any:
    """A dependency that needs these scopes of OAuth2."""
    return params.Security(
        dependency, scopes=scopes, use_cache=use_cache, max_concurrency=max_concurrency
    )
