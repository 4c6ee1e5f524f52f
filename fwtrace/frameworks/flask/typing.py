"""The types of what an application hands over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeAlias

__all__ = [
    "AfterRequestCallable",
    "BeforeRequestCallable",
    "ErrorHandlerCallable",
    "HeadersValue",
    "ResponseReturnValue",
    "ResponseValue",
    "RouteCallable",
    "StatusCode",
    "TeardownCallable",
    "TemplateContextProcessorCallable",
]

ResponseValue: TypeAlias = (
    Any | str | bytes | list[Any] | Mapping[str, Any] | Iterator[str] | Iterator[bytes]
)
HeadersValue: TypeAlias = Mapping[str, Any] | list[tuple[str, Any]]
StatusCode: TypeAlias = int | str
ResponseReturnValue: TypeAlias = (
    ResponseValue
    | tuple[ResponseValue, HeadersValue]
    | tuple[ResponseValue, StatusCode]
    | tuple[ResponseValue, StatusCode, HeadersValue]
)
RouteCallable: TypeAlias = (
    Callable[..., ResponseReturnValue] | Callable[..., Awaitable[ResponseReturnValue]]
)
BeforeRequestCallable: TypeAlias = Callable[[], ResponseReturnValue | None]
AfterRequestCallable: TypeAlias = Callable[[Any], Any]
TeardownCallable: TypeAlias = Callable[[BaseException | None], None]
ErrorHandlerCallable: TypeAlias = Callable[[Any], ResponseReturnValue]
TemplateContextProcessorCallable: TypeAlias = Callable[[], dict[str, Any]]
