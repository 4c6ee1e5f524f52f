"""The toolkit's data structures, uploads that pydantic knows, and marked defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from fwtrace.toolkit.asgi import datastructures
from fwtrace.toolkit.asgi.datastructures import (
    URL,
    Address,
    FormData,
    Headers,
    QueryParams,
    State,
)

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

__all__ = [
    "URL",
    "Address",
    "Default",
    "DefaultPlaceholder",
    "FormData",
    "Headers",
    "QueryParams",
    "State",
    "UploadFile",
]

T = TypeVar("T")


class UploadFile(datastructures.UploadFile):
    """A file of a form, as the type of a parameter.

    Its methods are awaited; a plain function reads from ``.file``.
    """

    @classmethod
    def _validate(cls, value: Any, info: Any) -> UploadFile:
        # The form parser makes the toolkit's.
        if not isinstance(value, datastructures.UploadFile):
            raise ValueError(f"Expected UploadFile, received: {type(value)}")
        return cast(UploadFile, value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core.core_schema import with_info_plain_validator_function

        return with_info_plain_validator_function(cls._validate)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: Any
    ) -> dict[str, Any]:
        return {"type": "string", "contentMediaType": "application/octet-stream"}


class DefaultPlaceholder:
    """A default that nobody chose: as true as its value, but not mistaken for it."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DefaultPlaceholder) and other.value == self.value

    def __repr__(self) -> str:
        return f"Default({self.value!r})"


def Default(value: T) -> T:
    """The value, marked as one that nobody chose; typed as the value itself."""
    return cast(T, DefaultPlaceholder(value))
