"""Where the value of a parameter comes from, and what else is declared with it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, ClassVar, Literal, TypedDict

from pydantic import AliasChoices, AliasPath, Discriminator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined as Undefined

from fwtrace.frameworks.fastapi.exceptions import FastAPIDeprecationWarning

__all__ = [
    "Body",
    "Cookie",
    "Depends",
    "File",
    "Form",
    "Header",
    "Param",
    "ParamTypes",
    "Path",
    "Query",
    "Security",
]


class FieldOptions(TypedDict, total=False):
    """What every declared parameter takes, beside its default."""

    default_factory: Callable[[], Any] | None
    annotation: Any
    alias: str | None
    alias_priority: int | None
    validation_alias: str | AliasPath | AliasChoices | None
    serialization_alias: str | None
    title: str | None
    description: str | None
    gt: float | None
    ge: float | None
    lt: float | None
    le: float | None
    min_length: int | None
    max_length: int | None
    pattern: str | None
    regex: str | None
    discriminator: str | Discriminator | None
    strict: bool | None
    validate_default: bool | None
    union_mode: Literal["smart", "left_to_right"] | None
    fail_fast: bool | None
    multiple_of: float | None
    allow_inf_nan: bool | None
    max_digits: int | None
    decimal_places: int | None
    examples: list[Any] | None
    example: Any
    openapi_examples: dict[str, Any] | None
    deprecated: str | bool | None
    include_in_schema: bool
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None


class HeaderOptions(FieldOptions, total=False):
    convert_underscores: bool


class FormOptions(FieldOptions, total=False):
    media_type: str


class BodyOptions(FormOptions, total=False):
    embed: bool | None


_OWN = ("example", "include_in_schema", "openapi_examples")
_UNSET: Any = object()


class _Declared(FieldInfo):  # type: ignore[misc]
    """A field of pydantic, and what OpenAPI is told of it.

    ``example`` and ``regex`` are deprecated: ``examples`` and ``pattern`` are meant.
    """

    options: ClassVar[frozenset[str]] = frozenset(FieldOptions.__annotations__)

    def __init__(self, default: Any = Undefined, **options: Any) -> None:
        unknown = options.keys() - self.options
        if unknown:
            name = type(self).__name__
            raise TypeError(f"{name}() has no argument {sorted(unknown)[0]!r}.")
        self.example = options.pop("example", _UNSET)
        self.include_in_schema = options.pop("include_in_schema", True)
        self.openapi_examples = options.pop("openapi_examples", None)
        regex = options.pop("regex", None)
        for name, given, instead in (
            ("example", self.example is not _UNSET, "examples"),
            ("regex", regex is not None, "pattern"),
        ):
            if given:
                warnings.warn(
                    f"`{name}` has been deprecated, please use `{instead}` instead",
                    category=FastAPIDeprecationWarning,
                    stacklevel=4,
                )
        if regex is not None:
            options.setdefault("pattern", regex)
        alias = options.get("alias")
        if isinstance(alias, str) and options.get("serialization_alias") is None:
            options["serialization_alias"] = alias
        if "alias" in options and options.get("validation_alias") is None:
            options["validation_alias"] = alias
        super().__init__(default=default, **options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.default})"


class ParamTypes(Enum):
    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class Param(_Declared):  # type: ignore[misc]
    """A parameter outside of the body."""

    in_: ParamTypes


class Path(Param):  # type: ignore[misc]
    """A part of the path, which is always there."""

    in_ = ParamTypes.path

    def __init__(self, default: Any = ..., **options: Any) -> None:
        if default is not ...:
            raise AssertionError("Path parameters cannot have a default value")
        super().__init__(default, **options)


class Query(Param):  # type: ignore[misc]
    in_ = ParamTypes.query


class Header(Param):  # type: ignore[misc]
    """A header: ``user_agent`` is read of ``user-agent``, unless told otherwise."""

    in_ = ParamTypes.header
    options = frozenset(HeaderOptions.__annotations__)

    def __init__(self, default: Any = Undefined, **options: Any) -> None:
        self.convert_underscores = options.pop("convert_underscores", True)
        super().__init__(default, **options)


class Cookie(Param):  # type: ignore[misc]
    in_ = ParamTypes.cookie


class Body(_Declared):  # type: ignore[misc]
    """The body, or with ``embed`` one key of it."""

    options = frozenset(BodyOptions.__annotations__)

    def __init__(
        self,
        default: Any = Undefined,
        *,
        embed: bool | None = None,
        media_type: str = "application/json",
        **options: Any,
    ) -> None:
        self.embed = embed
        self.media_type = media_type
        super().__init__(default, **options)


class Form(Body):  # type: ignore[misc]
    """A field of a form."""

    options = frozenset(FormOptions.__annotations__)

    def __init__(
        self,
        default: Any = Undefined,
        *,
        media_type: str = "application/x-www-form-urlencoded",
        **options: Any,
    ) -> None:
        super().__init__(default, media_type=media_type, **options)


class File(Form):  # type: ignore[misc]
    """A file that was sent with a form."""

    def __init__(
        self,
        default: Any = Undefined,
        *,
        media_type: str = "multipart/form-data",
        **options: Any,
    ) -> None:
        super().__init__(default, media_type=media_type, **options)


class Concurrency:
    """How many calls of a dependency may run at once, in each event loop."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    @cached_property
    def _of_loop(self) -> Any:
        from anyio.lowlevel import RunVar

        return RunVar("fwtrace_dependency_semaphore", None)

    def semaphore(self) -> Any:
        found = self._of_loop.get()
        if found is None:
            from anyio import Semaphore

            found = Semaphore(self.limit)
            self._of_loop.set(found)
        return found


@dataclass(frozen=True)
class Depends:
    """A parameter whose value is what ``dependency`` returns or yields.

    ``scope`` is when what it yields is cleaned up: with "function" before the
    response is sent, with "request" after it.
    """

    dependency: Callable[..., Any] | None = None
    use_cache: bool = True
    scope: Literal["function", "request"] | None = None
    max_concurrency: int | None = field(default=None, kw_only=True)
    # One for each declaration, so that typing.Annotated never takes two for equal.
    concurrency: Concurrency | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        limit = self.max_concurrency
        if limit is None:
            object.__setattr__(self, "concurrency", None)
            return
        if type(limit) is not int or limit < 1:
            raise ValueError("max_concurrency must be a positive integer or None")
        if self.concurrency is None or self.concurrency.limit != limit:
            object.__setattr__(self, "concurrency", Concurrency(limit))


@dataclass(frozen=True)
class Security(Depends):
    """A dependency that asks for scopes of OAuth2."""

    scopes: Sequence[str] | None = None
