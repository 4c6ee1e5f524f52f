"""What all validators are: callables that know how they were made."""

from __future__ import annotations

from typing import Any, NoReturn, Self

from fwtrace.toolkit.validators.errors import ValidationError

__all__ = ["Validator"]


class Validator:
    """Called with a value, it raises ValidationError or returns nothing.

    Two of the same class and settings are equal, and ``deconstruct()`` tells how to
    make one again: ``(path, args, kwargs)``.
    """

    message: Any = "This value is not valid."
    code = "invalid"

    _made_of: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls)
        made._made_of = args, kwargs
        return made

    def __call__(self, value: Any) -> None:
        raise NotImplementedError

    def refuse(self, value: Any, **params: Any) -> NoReturn:
        raise ValidationError(self.message, self.code, {"value": value, **params})

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        kind = type(self)
        module = kind.__module__
        if module.startswith("fwtrace.toolkit.validators."):
            module = "fwtrace.toolkit.validators"
        args, kwargs = self._made_of
        return f"{module}.{kind.__qualname__}", args, kwargs

    def _settings(self) -> dict[str, Any]:
        settings = {k: v for k, v in vars(self).items() if k != "_made_of"}
        return {"message": self.message, "code": self.code, **settings}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Validator):
            return NotImplemented
        return type(self) is type(other) and self._settings() == other._settings()

    def __hash__(self) -> int:
        return hash((type(self), self.code))

    def __repr__(self) -> str:
        args, kwargs = self._made_of
        named = [f"{name}={value!r}" for name, value in kwargs.items()]
        return f"{type(self).__name__}({', '.join([*map(repr, args), *named])})"
