"""Text: short, long, and of some form (addresses, slugs, paths)."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar

from fwtrace.toolkit.orm.fields.base import Field, Validate
from fwtrace.toolkit.validators import (
    MaxLengthValidator,
    ProhibitNullCharactersValidator,
    URLValidator,
    clean_ipv6_address,
    ip_address_validators,
    validate_email,
    validate_slug,
    validate_unicode_slug,
)

__all__ = [
    "CharField",
    "EmailField",
    "FilePathField",
    "GenericIPAddressField",
    "SlugField",
    "TextField",
    "URLField",
]


class TextField(Field):
    """Text of any length."""

    description = "Text"
    expects = "text"
    stored = str
    default_validators: ClassVar[list[Validate]] = [ProhibitNullCharactersValidator()]
    default_options: ClassVar[dict[str, Any]] = {"db_collation": None}

    def __init__(
        self, *args: Any, db_collation: str | None = None, **options: Any
    ) -> None:
        self.db_collation = db_collation
        super().__init__(*args, **options)

    def to_python(self, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        return str(value.value if isinstance(value, Enum) else value)


class CharField(TextField):
    """Text of at most ``max_length`` characters."""

    internal_type = "CharField"
    length: ClassVar[int] = 255
    """The ``max_length`` where none is given."""
    default_options: ClassVar[dict[str, Any]] = {"max_length": 0}  # always told

    max_length: int

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        *,
        max_length: int | None = None,
        **options: Any,
    ) -> None:
        length = self.length if max_length is None else max_length
        super().__init__(verbose_name, name, max_length=length, **options)

    def _check_options(self) -> None:
        super()._check_options()
        if isinstance(self._choices, list):
            longest = max((len(str(value)) for value, _ in self.flatchoices), default=0)
            if longest > self.max_length:
                self._refuse(
                    f"of max_length={self.max_length} cannot hold its own choices, "
                    f"which have up to {longest} characters"
                )

    def option_validators(self) -> list[Validate]:
        return [MaxLengthValidator(self.max_length)]


class EmailField(CharField):
    description = "An email address"
    length = 254
    default_validators: ClassVar[list[Validate]] = [
        *CharField.default_validators,
        validate_email,
    ]


class URLField(CharField):
    description = "A URL"
    length = 200
    default_validators: ClassVar[list[Validate]] = [
        *CharField.default_validators,
        URLValidator(),
    ]
    default_options: ClassVar[dict[str, Any]] = {"max_length": length}


class SlugField(CharField):
    """Letters, digits, hyphens and underscores: a name for URLs. Has an index."""

    description = "A slug"
    length = 50
    default_options: ClassVar[dict[str, Any]] = {
        "max_length": length,
        "db_index": True,
        "allow_unicode": False,
    }

    def __init__(
        self,
        *args: Any,
        db_index: bool = True,
        allow_unicode: bool = False,
        **options: Any,
    ) -> None:
        self.allow_unicode = allow_unicode
        super().__init__(*args, db_index=db_index, **options)

    def option_validators(self) -> list[Validate]:
        slug = validate_unicode_slug if self.allow_unicode else validate_slug
        return [slug, *super().option_validators()]


class FilePathField(CharField):
    """The path of a file below ``path`` whose name matches ``match``.

    The options are for whoever offers the files to choose from.
    """

    description = "The path of a file"
    length = 100
    default_options: ClassVar[dict[str, Any]] = {
        "max_length": length,
        "path": "",
        "match": None,
        "recursive": False,
        "allow_files": True,
        "allow_folders": False,
    }

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        path: Any = "",
        match: str | None = None,
        recursive: bool = False,
        allow_files: bool = True,
        allow_folders: bool = False,
        **options: Any,
    ) -> None:
        self.path: str | Callable[[], str] = path
        self.match = match
        self.recursive = recursive
        self.allow_files = allow_files
        self.allow_folders = allow_folders
        super().__init__(verbose_name, name, **options)

    def _check_options(self) -> None:
        super()._check_options()
        if not (self.allow_files or self.allow_folders):
            self._refuse("needs allow_files=True or allow_folders=True")


class GenericIPAddressField(Field):
    """An IPv4 or IPv6 address, the latter written the short way.

    ``protocol`` is ``"both"``, ``"IPv4"`` or ``"IPv6"``; with ``unpack_ipv4``
    ``::ffff:10.0.0.1`` becomes ``10.0.0.1``.
    """

    internal_type = "GenericIPAddressField"
    description = "An IP address"
    expects = "an IP address"
    empty_strings_allowed = False
    stored = None
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is not an IP address."
    }
    default_options: ClassVar[dict[str, Any]] = {
        "max_length": 39,
        "protocol": "both",
        "unpack_ipv4": False,
    }

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        protocol: str = "both",
        unpack_ipv4: bool = False,
        **options: Any,
    ) -> None:
        self.protocol = protocol
        self.unpack_ipv4 = unpack_ipv4
        self._addresses = ip_address_validators(protocol, unpack_ipv4)
        super().__init__(verbose_name, name, **{**options, "max_length": 39})

    def _check_options(self) -> None:
        super()._check_options()
        if self.blank and not self.null:
            self._refuse("with blank=True needs null=True: an empty one is NULL")

    def to_python(self, value: Any) -> str | None:
        if value is None:
            return None
        text = str(value).strip()
        try:
            return clean_ipv6_address(text, self.unpack_ipv4) if ":" in text else text
        except ValueError:
            raise self.invalid(value) from None

    def prepare(self, value: Any) -> Any:
        """An empty one is NULL; a piece of one, for a lookup, is itself."""
        try:
            return super().prepare(value) or None
        except ValueError:
            if isinstance(value, str):
                return value
            raise

    def option_validators(self) -> list[Validate]:
        return list(self._addresses)
