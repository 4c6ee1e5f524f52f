"""UUIDs, JSON documents and bytes."""

from __future__ import annotations

import base64
import json
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from fwtrace.toolkit.orm.fields.base import Field, Validate
from fwtrace.toolkit.validators import MaxLengthValidator

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = ["BinaryField", "JSONField", "UUIDField"]


class UUIDField(Field):
    """A universally unique identifier; ``default=uuid.uuid4`` makes one."""

    internal_type = "UUIDField"
    description = "A UUID"
    expects = "a UUID"
    stored = uuid.UUID
    empty_strings_allowed = False
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is not a UUID."
    }

    def to_python(self, value: Any) -> uuid.UUID | None:
        if value is None or isinstance(value, uuid.UUID):
            return value
        try:
            if isinstance(value, int):
                return uuid.UUID(int=value)
            return uuid.UUID(value)
        except (AttributeError, TypeError, ValueError):
            raise self.invalid(value) from None


class JSONField(Field):
    """Whatever JSON can say, as Python has it.

    ``encoder`` and ``decoder`` are classes as ``json`` takes them, for what it does not
    know by itself; the backend that writes and reads the text uses them.
    """

    internal_type = "JSONField"
    description = "A JSON document"
    expects = "what JSON can say"
    empty_strings_allowed = False
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "This cannot be written as JSON."
    }
    default_options: ClassVar[dict[str, Any]] = {"encoder": None, "decoder": None}

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        encoder: type[json.JSONEncoder] | None = None,
        decoder: type[json.JSONDecoder] | None = None,
        **options: Any,
    ) -> None:
        self.encoder = encoder
        self.decoder = decoder
        super().__init__(verbose_name, name, **options)

    def _check_options(self) -> None:
        super()._check_options()
        for option in ("encoder", "decoder"):
            given = getattr(self, option)
            if given is not None and not callable(given):
                self._refuse(f"takes a class as {option}, not {given!r}", TypeError)

    def get_prep_value(self, value: Any) -> Any:
        """The document as text."""
        if value is None or hasattr(value, "as_sql"):
            return value
        try:
            return json.dumps(
                value, cls=self.encoder, ensure_ascii=False, separators=(",", ":")
            )
        except (TypeError, ValueError, RecursionError) as error:
            raise self.unfit(value) from error

    def validate(self, value: Any, instance: Model | None) -> None:
        super().validate(value, instance)
        try:
            json.dumps(value, cls=self.encoder)
        except (TypeError, ValueError, RecursionError):
            raise self.invalid(value) from None

    def value_to_string(self, instance: Model) -> Any:
        return self.value_from_object(instance)


class BinaryField(Field):
    """Bytes. No form shows them unless ``editable=True``."""

    internal_type = "BinaryField"
    description = "Bytes"
    expects = "bytes"
    stored = bytes
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "%(value)r is not bytes, nor base64 text."
    }
    empty_values: ClassVar[list[Any]] = [None, b""]
    default_options: ClassVar[dict[str, Any]] = {"editable": False}

    def __init__(self, *args: Any, editable: bool = False, **options: Any) -> None:
        super().__init__(*args, editable=editable, **options)

    def _check_options(self) -> None:
        super()._check_options()
        if isinstance(self.default, str):
            self._refuse("takes bytes as default, not text", TypeError)

    @property
    def _nothing(self) -> Any:
        return None if self.null else b""

    def to_python(self, value: Any) -> bytes | None:
        """Text is base64, as files have it (``value_to_string``)."""
        if value is None or isinstance(value, bytes):
            return value
        try:
            if isinstance(value, str):
                return base64.b64decode(value, validate=True)
            return bytes(memoryview(value))
        except (TypeError, ValueError):
            raise self.invalid(value) from None

    def prepare(self, value: Any) -> Any:
        if isinstance(value, str):
            raise self.unfit(value)
        return super().prepare(value)

    def option_validators(self) -> list[Validate]:
        return [] if self.max_length is None else [MaxLengthValidator(self.max_length)]

    def value_to_string(self, instance: Model) -> str:
        value = self.value_from_object(instance)
        return base64.b64encode(value or b"").decode("ascii")
