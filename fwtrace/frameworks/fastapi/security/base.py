"""What all security schemes have in common."""

from __future__ import annotations

from functools import cached_property
from typing import Any

__all__ = ["SecurityBase"]


class SecurityBase:
    """A scheme: called with the request it gives the credentials.

    ``scheme_name`` and ``model`` are how it stands in the OpenAPI schema. The model is
    made when it is asked for, since its module takes long to import.
    """

    scheme_name: str
    auto_error: bool
    _kind: str
    _fields: dict[str, Any]

    def _describe(
        self, kind: str, scheme_name: str | None, auto_error: bool, **fields: Any
    ) -> None:
        """Keep what makes the model: its class in OpenAPI, and its fields."""
        self._kind = kind
        self._fields = fields
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def _check(self, *required: Any) -> None:
        """Make the model at once where it may be wrong, so that the mistake is seen."""
        if not all(isinstance(value, str) for value in required):
            _ = self.model

    @cached_property
    def model(self) -> Any:
        from fwtrace.frameworks.fastapi.openapi import security_models

        return getattr(security_models, self._kind)(**self._fields)

    def _field(self, name: str) -> Any:
        """A field of the model; an application may have set another model."""
        model = self.__dict__.get("model")
        return self._fields[name] if model is None else getattr(model, name)

    def make_not_authenticated_error(self) -> Exception:
        raise NotImplementedError

    def _refuse(self) -> None:
        """Without (right) credentials: an error, or nothing where that is wanted."""
        if self.auto_error:
            raise self.make_not_authenticated_error()
